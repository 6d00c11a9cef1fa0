//! `portcullis import` as a person meets it: the documents of the seeds, Port's answers, Backstage's files, and who would misuse it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // a test may fail loudly

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What it printed and how it ended.
struct Ended {
    code: Option<i32>,
    told: String,
    complained: String,
}

fn import(at: &Path, args: &[&str]) -> Ended {
    fed(at, args, "")
}

fn fed(at: &Path, args: &[&str], input: &str) -> Ended {
    use std::io::Write as _;
    let mut child = Command::new(env!("CARGO_BIN_EXE_portcullis"))
        .arg("import")
        .args(args)
        .current_dir(at)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ended { code: output.status.code(), told: text(output.stdout), complained: text(output.stderr) }
}

fn write(at: &Path, path: &str, text: &str) {
    let path = at.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Every file below a directory.
fn files(at: &Path) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    let mut directories = vec![at.to_owned()];
    while let Some(directory) = directories.pop() {
        for path in fs::read_dir(directory).into_iter().flatten().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                directories.push(path);
            } else {
                out.insert(path.strip_prefix(at).unwrap().to_str().unwrap().to_owned(), fs::read_to_string(&path).unwrap());
            }
        }
    }
    out
}

fn seed(name: &str) -> String {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/import/seeds");
    let found: Vec<PathBuf> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    let named = |path: &&PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with(name);
    found.iter().find(named).unwrap().to_str().unwrap().to_owned()
}

#[test]
fn the_documents_of_the_article_become_a_clean_catalog() {
    let dir = tempfile::tempdir().unwrap();
    let named = ["05", "08", "09", "10", "11", "12", "13", "14"].map(|number| seed(&format!("approval-{number}")));
    let args: Vec<&str> = ["port"].into_iter().chain(named.iter().map(String::as_str)).collect();
    let ended = import(dir.path(), &args);
    assert_eq!(ended.code, Some(1), "what is named is still missing\n{}", ended.told);
    for (number, blueprint) in
        [("01", "Domain"), ("02", "System"), ("03", "System"), ("04", "Resource"), ("06", "Component"), ("07", "Component")]
    {
        let file = seed(&format!("approval-{number}"));
        let refused = import(dir.path(), &["port", &file, "--dry-run"]);
        assert_eq!(refused.code, Some(1));
        assert!(refused.told.contains("the entity does not say its blueprint"), "{}", refused.told);
        let remedy = refused.told.lines().find(|line| line.contains("--blueprint")).unwrap();
        assert!(remedy.contains(blueprint), "the right one is among those that are proposed: {remedy}");
        import(dir.path(), &["port", &file, "--blueprint", blueprint]);
    }
    let again = import(dir.path(), &args);
    assert_eq!((again.code, again.complained.as_str()), (Some(0), ""), "{}", again.told);
    assert!(again.told.ends_with("0 documents written to ., 8 as they were.\nThe catalog is clean.\n"), "{}", again.told);
    assert_eq!(files(dir.path()).len(), 14);
}

#[test]
fn fragments_of_permissions_complete_each_other_and_one_that_contradicts_is_kept_out() {
    let dir = tempfile::tempdir().unwrap();
    let all: Vec<String> = ["00", "01", "03", "05"].iter().map(|number| seed(&format!("permissions-{number}"))).collect();
    let mut args = vec!["port", "--blueprint", "Env", "--dry-run"];
    args.extend(all.iter().map(String::as_str));
    assert!(import(dir.path(), &args).told.contains("would write permissions/Env.yaml"));
    args.retain(|arg| *arg != "--dry-run");
    import(dir.path(), &args);
    insta::assert_snapshot!(fs::read_to_string(dir.path().join("permissions/Env.yaml")).unwrap());
    let contradiction = seed("permissions-02");
    args.push(&contradiction);
    let ended = import(dir.path(), &args);
    assert!(ended.told.contains("kept out: permissions/Env: `deployedAt` is ruled twice, and differently"), "{}", ended.told);
    let nobodys = import(dir.path(), &["port", &contradiction]);
    assert!(nobodys.told.contains("the permissions do not say whose they are"), "{}", nobodys.told);
}

#[test]
fn what_is_no_document_is_named_and_nothing_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let ended = import(dir.path(), &["port", &seed("approval-00")]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.told.contains("it is none of the documents of Port that are known here"), "{}", ended.told);
    for (text, why) in [
        ("{\"ok\": false, \"error\": \"unauthorized\", \"message\": \"no token\"}", "Port answered with an error: no token"),
        ("[1]", "it is no document"),
        ("{", "it is no JSON in line 1"),
        ("{\"identifier\": \"a\", \"identifier\": \"b\"}", "it is no JSON"),
        ("", "it is no JSON"),
    ] {
        let ended = fed(dir.path(), &["port", "-"], text);
        assert_eq!(ended.code, Some(1), "{text}");
        assert!(ended.told.contains(why), "{text}: {}", ended.told);
    }
    assert_eq!(import(dir.path(), &["port", "nowhere.json"]).code, Some(2));
    assert!(files(dir.path()).is_empty());
}

const EXPORT: &str = r#"{
  "ok": true,
  "blueprints": [{
    "identifier": "Env", "title": "Environment", "icon": null, "createdAt": "2024-01-01T00:00:00Z", "createdBy": "x", "updatedAt": "y", "updatedBy": "z",
    "schema": { "properties": { "ttl": { "type": "string" }, "url": { "type": "string", "format": "url" } }, "required": [] },
    "mirrorProperties": {}, "calculationProperties": { "shout": { "type": "string", "calculation": ".identifier" } }, "relations": {},
    "changelogDestination": { "type": "KAFKA" }, "teamInheritance": null
  }],
  "entities": [
    { "identifier": "prod", "title": "Production", "blueprint": "Env", "team": ["Platform Team"], "icon": null,
      "properties": { "ttl": "never: ever", "url": null, "shout": "prod" }, "relations": {}, "createdAt": "2024-01-01T00:00:00Z", "updatedBy": "q" },
    { "identifier": "a/b:c", "blueprint": "Env", "team": [], "properties": { "ttl": "1.10" } }
  ],
  "actions": [
    { "identifier": "extend", "id": "action_1", "title": "Extend", "trigger": "DAY-2", "blueprint": "Env",
      "userInputs": { "properties": { "ttl": { "type": "string" } }, "required": ["ttl"] },
      "invocationMethod": { "type": "WEBHOOK", "url": "https://example.com/hook" }, "requiredApproval": true },
    { "identifier": "sync", "trigger": { "type": "automation", "event": { "type": "ENTITY_CREATED" } }, "invocationMethod": { "type": "WEBHOOK", "url": "https://x.example" } },
    { "identifier": "stream", "trigger": { "type": "self-service", "operation": "DAY-2", "blueprintIdentifier": "Env" }, "invocationMethod": { "type": "KAFKA", "payload": {} } },
    { "identifier": "dispatch", "trigger": { "type": "self-service", "operation": "DAY-2", "blueprintIdentifier": "Env", "userInputs": { "properties": {} } },
      "invocationMethod": { "type": "INTEGRATION_ACTION", "installationId": "i", "integrationActionType": "dispatch_workflow",
        "integrationActionExecutionProperties": { "org": "acme", "repo": "infra", "workflow": "x.yml" } } }
  ],
  "users": [
    { "email": "alice@acme.dev", "firstName": "Alice", "lastName": "Liddell", "status": "ACTIVE", "roles": [{ "name": "Admin" }, { "name": "Boss" }], "teams": [{ "name": "Platform Team" }] },
    { "email": "bob@acme.dev", "firstName": "Bob", "lastName": "", "status": "DISABLED", "roles": [{ "name": "Admin" }], "teams": [] }
  ],
  "teams": [{ "name": "Platform Team", "description": "they run it", "provider": "port", "users": [{ "email": "alice@acme.dev" }, { "email": "bob@acme.dev" }] }],
  "scorecards": [{ "identifier": "readiness", "rules": [] }],
  "pages": [{ "identifier": "home", "widgets": [] }],
  "blueprint_permissions": { "Env": { "entities": { "register": { "roles": ["Admin", "Member"], "users": [], "teams": ["Platform Team"], "ownedByTeam": false } } } },
  "action_permissions": { "extend": { "execute": { "roles": ["Member"], "users": [], "teams": [], "ownedByTeam": true, "policy": null }, "approve": { "roles": ["Admin"], "users": [], "teams": [] } } },
  "page_permissions": { "home": { "read": { "roles": ["Admin"] } } }
}"#;

#[test]
fn an_export_is_laid_out_and_what_is_not_in_it_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let ended = fed(dir.path(), &["port", "-"], EXPORT);
    assert_eq!((ended.code, ended.complained.as_str()), (Some(1), ""), "{}", ended.told);
    insta::assert_snapshot!("told_of_an_export", ended.told);
    let laid: String = files(dir.path()).iter().map(|(path, text)| format!("# {path}\n{text}\n")).collect();
    insta::assert_snapshot!("laid_from_an_export", laid);
    let again = fed(dir.path(), &["port", "-"], EXPORT);
    assert!(again.told.contains("0 documents written to ., 8 as they were"), "{}", again.told);
    assert_eq!(laid, files(dir.path()).iter().map(|(path, text)| format!("# {path}\n{text}\n")).collect::<String>());
}

#[test]
fn what_is_there_is_changed_where_it_stands_and_keeps_what_port_does_not_know() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "catalog.yaml", "identity: declared\n");
    write(
        dir.path(),
        "entities/mine.yaml",
        "# ours\n- identifier: prod\n  blueprint: Env\n- identifier: other\n  blueprint: Env\n",
    );
    write(dir.path(), "entities/Env/same.yaml", "# as it was\nidentifier: 'a/b:c'\nproperties: {ttl: '1.10'}\n");
    write(
        dir.path(),
        "users/a.json",
        "{\"identifier\": \"alice@acme.dev\", \"emails\": [\"alice@home.example\"], \"roles\": [\"Member\"]}\n",
    );
    let ended = fed(dir.path(), &["port", "-"], EXPORT);
    let files = files(dir.path());
    assert!(
        ended.told.contains("changed entities/mine.yaml\n") && ended.told.contains("changed users/a.json\n"),
        "{}",
        ended.told
    );
    assert!(ended.told.contains("comments do not outlive a change of their file: entities/mine.yaml"), "{}", ended.told);
    assert!(
        files["entities/mine.yaml"].contains("ttl: \"never: ever\"")
            && files["entities/mine.yaml"].contains("- identifier: other\n")
    );
    assert!(files["entities/Env/same.yaml"].starts_with("# as it was\n"), "what says the same is left alone");
    assert!(
        files["users/a.json"].contains("alice@home.example") && files["users/a.json"].contains("Admin"),
        "{}",
        files["users/a.json"]
    );
    assert!(!files.contains_key("users/alice@acme.dev.yaml") && !files.contains_key("entities/Env/prod.yaml"));
}

#[test]
fn a_file_that_holds_no_document_is_written_over_on_request_alone() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "blueprints/Domain.yaml", "not a blueprint: [\n");
    let file = seed("approval-13");
    let refused = import(dir.path(), &["port", &file]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.told.contains("blueprints/Domain.yaml is in the way, and holds no document"), "{}", refused.told);
    assert_eq!(files(dir.path())["blueprints/Domain.yaml"], "not a blueprint: [\n");
    let forced = import(dir.path(), &["port", &file, "--force"]);
    assert_eq!(forced.code, Some(0), "{}", forced.told);
    assert!(forced.told.contains("wrote over blueprints/Domain.yaml"), "{}", forced.told);
}

/// Names that look alike on some file systems, and names that some file system takes for something else.
#[test]
fn no_two_documents_want_one_file_and_no_name_leads_elsewhere() {
    let dir = tempfile::tempdir().unwrap();
    let names = ["../../escape", "prod", "PROD", "con", ".git", "a\\\\b", "-x"];
    let entities: Vec<String> = names
        .iter()
        .map(|name| format!("{{\"identifier\": \"{name}\", \"blueprint\": \"Env\", \"properties\": {{}}}}"))
        .collect();
    fed(dir.path(), &["port", "-", "--out", "in"], &format!("[{}]", entities.join(",")));
    let laid: Vec<String> = files(dir.path()).into_keys().collect();
    assert_eq!(
        laid,
        [
            "in/entities/Env/%2D%78.yaml".replace("%78", "x").as_str(),
            "in/entities/Env/%2E.%2F..%2Fescape.yaml",
            "in/entities/Env/%2Egit.yaml",
            "in/entities/Env/%63on.yaml",
            "in/entities/Env/PROD.yaml",
            "in/entities/Env/a%5Cb.yaml",
            "in/entities/Env/prod~2.yaml",
        ]
    );
}

/// A pull request may bring a link where documents go; whoever imports on it must not write through it.
#[cfg(unix)]
#[test]
fn nothing_is_written_through_a_link() {
    let elsewhere = tempfile::tempdir().unwrap();
    for link in ["blueprints", "blueprints/Domain.yaml"] {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join(link).parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(elsewhere.path().join("x"), dir.path().join(link)).unwrap();
        let ended = import(dir.path(), &["port", &seed("approval-13"), &seed("approval-14"), "--force"]);
        assert_eq!(ended.code, Some(2), "{link}: {}", ended.told);
        assert!(ended.complained.contains("is a symbolic link"), "{}", ended.complained);
        assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
        assert!(!dir.path().join("blueprints/System.yaml").exists(), "nothing is written where one way leads outside");
    }
}

const BACKSTAGE: &str = include_str!("import/catalog-info.yaml");

#[test]
fn a_catalog_of_backstage_becomes_a_clean_catalog() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "src/shop/catalog-info.yaml", BACKSTAGE);
    write(dir.path(), "src/shop/deployment.yaml", "apiVersion: apps/v1\nkind: Deployment\n");
    write(dir.path(), "out/catalog.yaml", "identity: declared\n");
    let ended = import(dir.path(), &["backstage", "src", "--out", "out"]);
    assert_eq!((ended.code, ended.complained.as_str()), (Some(0), ""), "{}", ended.told);
    insta::assert_snapshot!("told_of_backstage", ended.told);
    let laid = files(&dir.path().join("out"));
    let documents = laid.iter().filter(|(path, _)| !path.starts_with("blueprints/") && *path != "catalog.yaml");
    insta::assert_snapshot!(
        "laid_from_backstage",
        documents.map(|(path, text)| format!("# {path}\n{text}\n")).collect::<String>()
    );
    let again = import(dir.path(), &["backstage", "src", "--out", "out"]);
    assert!(again.told.contains("0 documents written to out"), "{}", again.told);
    assert_eq!(laid, files(&dir.path().join("out")));
}

#[test]
fn what_backstage_could_not_hold_either_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let odd = "kind: Deployment\napiVersion: apps/v1\nmetadata: { name: x }\n---\napiVersion: backstage.io/v1alpha1\nkind: Robot\nmetadata: { name: r2 }\n---\na: &x 1\n";
    let ended = fed(dir.path(), &["backstage", "-"], odd);
    assert_eq!(ended.code, Some(1));
    for why in [
        "its `apiVersion` is another",
        "nothing like the kind `robot`",
        "standard input:9: it cannot be read: anchors are not allowed",
    ] {
        assert!(ended.told.contains(why), "{why}\n{}", ended.told);
    }
    assert!(files(dir.path()).is_empty());
}

/// Less said may be more granted: what is not understood in a rule stays, and the document grants nothing until it is mended.
#[test]
fn a_rule_is_never_thinned_out() {
    let dir = tempfile::tempdir().unwrap();
    let rule = r#"{ "blueprint": "Env", "entities": { "update": { "roles": ["Member"], "unless": { "locked": true } }, "register": null } }"#;
    write(dir.path(), "blueprints/Env.yaml", "identifier: Env\n");
    let ended = fed(dir.path(), &["port", "-"], rule);
    assert_eq!(ended.code, Some(1));
    assert!(ended.told.contains("error[document/unknown-key]: `unless` is not a known key here"), "{}", ended.told);
    let written = fs::read_to_string(dir.path().join("permissions/Env.yaml")).unwrap();
    assert!(written.contains("unless:") && !written.contains("register"), "{written}");
    let again = fed(dir.path(), &["port", "-"], rule);
    assert!(again.told.contains("0 documents written"), "{}", again.told);
}
