//! `portcullis schema` as a person meets it: what it writes, keeps, removes and refuses.
#![allow(clippy::unwrap_used, clippy::panic)] // a test may fail loudly

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// A repository with one blueprint, one entity and one team, all committed.
fn repository() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), "catalog.yaml", "identity: declared\n");
    write(directory.path(), "blueprints/Env.yaml", "identifier: Env\nrelations:\n  twin: { target: Env }\n");
    write(directory.path(), "entities/Env/prod.yaml", "identifier: prod\n");
    git(directory.path(), &["init", "-q", "-b", "main"]);
    git(directory.path(), &["add", "-A"]);
    git(directory.path(), &["commit", "-qm", "Begin"]);
    directory
}

fn git(at: &Path, args: &[&str]) {
    let done = Command::new("git")
        .current_dir(at)
        .args(["-c", "user.name=A", "-c", "user.email=a@acme.dev", "-c", "commit.gpgSign=false"])
        .args(args)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .status()
        .unwrap();
    assert!(done.success(), "git {args:?}");
}

fn write(at: &Path, path: &str, text: &str) {
    let path = at.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn schema(at: &Path, args: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } =
        Command::new(env!("CARGO_BIN_EXE_portcullis")).arg("schema").args(args).current_dir(at).output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

#[test]
fn what_is_written_once_is_up_to_date_until_the_catalog_changes() {
    let repo = repository();
    let (code, told, _) = schema(repo.path(), &["--check"]);
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("would write .portcullis/schemas/entity.Env.json\n") && told.ends_with(" out of date\n"), "{told}");
    assert!(!repo.path().join(".portcullis").exists() && !repo.path().join(".vscode").exists());
    let (code, told, _) = schema(repo.path(), &["--dry-run"]);
    assert_eq!((code, repo.path().join(".portcullis").exists()), (Some(0), false), "{told}");

    let (code, told, _) = schema(repo.path(), &[]);
    assert_eq!(code, Some(0));
    assert!(told.contains("wrote .vscode/settings.json\n") && told.contains("wrote .idea/jsonSchemas.xml\n"), "{told}");
    assert_eq!(schema(repo.path(), &["--check"]), (Some(0), "10 schemas, all up to date\n".to_owned(), String::new()));

    write(repo.path(), "entities/Env/staging.yaml", "identifier: staging\n");
    let (code, told, _) = schema(repo.path(), &["--check"]);
    assert_eq!(code, Some(1), "a new name to offer");
    assert!(told.contains("would change .portcullis/schemas/entity.Env.json\n"), "{told}");
    schema(repo.path(), &[]);
    let text = fs::read_to_string(repo.path().join(".portcullis/schemas/entity.Env.json")).unwrap();
    assert!(text.contains("\"staging\""), "{text}");
}

#[test]
fn what_is_not_ours_is_kept_and_what_was_ours_goes() {
    let repo = repository();
    write(repo.path(), ".vscode/settings.json", "{\n  // my own\n  \"editor.rulers\": [80],\n}\n");
    write(repo.path(), ".portcullis/schemas/mine.json", "{}\n");
    write(repo.path(), "blueprints/Gone.yaml", "identifier: Gone\n");
    schema(repo.path(), &[]);
    assert!(repo.path().join(".portcullis/schemas/entity.Gone.json").exists());
    fs::remove_file(repo.path().join("blueprints/Gone.yaml")).unwrap();
    let (_, told, _) = schema(repo.path(), &[]);
    assert!(told.contains("removed .portcullis/schemas/entity.Gone.json\n"), "{told}");
    assert!(repo.path().join(".portcullis/schemas/mine.json").exists());
    let settings = fs::read_to_string(repo.path().join(".vscode/settings.json")).unwrap();
    assert!(settings.starts_with("{\n  // my own\n  \"editor.rulers\": [80],\n"), "{settings}");
    assert!(settings.contains("entity.Env.json") && !settings.contains("entity.Gone.json"), "{settings}");
}

#[test]
fn settings_that_cannot_be_read_are_left_alone() {
    let repo = repository();
    write(repo.path(), ".vscode/settings.json", "{ \"yaml.schemas\": ");
    let (code, told, complained) = schema(repo.path(), &[]);
    assert_eq!((code, told.as_str()), (Some(2), ""));
    assert!(
        complained.contains(".vscode/settings.json is left as it is") && complained.contains("--editors none"),
        "{complained}"
    );
    assert_eq!(fs::read_to_string(repo.path().join(".vscode/settings.json")).unwrap(), "{ \"yaml.schemas\": ");
    assert_eq!(schema(repo.path(), &["--editors", "none"]).0, Some(0));
}

/// A pull request may bring a link where the schemas or settings go; whoever runs the command on it must not write through it.
#[cfg(unix)]
#[test]
fn nothing_is_written_through_a_link() {
    let elsewhere = tempfile::tempdir().unwrap();
    for link in [".portcullis", ".vscode", ".idea"] {
        let repo = repository();
        std::os::unix::fs::symlink(elsewhere.path(), repo.path().join(link)).unwrap();
        let (code, _, complained) = schema(repo.path(), &[]);
        assert_eq!(code, Some(2), "{link}");
        assert!(complained.contains("is a symbolic link"), "{complained}");
        assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
    }
    let repo = repository();
    for out in ["../x", "/tmp/x", "a/../../x", ".", ""] {
        let (code, _, complained) = schema(repo.path(), &["--out", out]);
        assert_eq!(code, Some(2), "{out}: {complained}");
        assert!(complained.contains("is no directory inside the work tree"), "{out}: {complained}");
    }
}

#[test]
fn one_schema_is_printed_and_one_that_is_not_there_is_guessed() {
    let repo = repository();
    let (code, printed, _) = schema(repo.path(), &["--kind", "entity.Env", "--rev", "HEAD"]);
    assert_eq!(code, Some(0));
    let printed: serde_json::Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(printed.pointer("/definitions/Env/properties/relations/properties/twin/enum/0"), Some(&serde_json::json!("prod")));
    let (code, _, complained) = schema(repo.path(), &["--kind", "entity.Evn"]);
    assert_eq!(code, Some(2));
    assert!(complained.contains("did you mean `entity.Env`?"), "{complained}");
}

#[test]
fn a_catalog_in_a_subdirectory_is_wired_from_the_top() {
    let repo = repository();
    fs::create_dir(repo.path().join("catalog")).unwrap();
    for part in ["catalog.yaml", "blueprints", "entities"] {
        fs::rename(repo.path().join(part), repo.path().join("catalog").join(part)).unwrap();
    }
    git(repo.path(), &["add", "-A"]);
    git(repo.path(), &["commit", "-qm", "Move"]);
    assert_eq!(schema(repo.path(), &["--root", "catalog"]).0, Some(0));
    let settings = fs::read_to_string(repo.path().join(".vscode/settings.json")).unwrap();
    assert!(settings.contains("\"catalog/entities/Env/**/*.yaml\""), "{settings}");
}
