//! `docs/reference.md` is what the program knows, and what the program says it knows is what its decoder takes.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)] // a test may fail loudly

use std::collections::{BTreeMap, BTreeSet};

use portcullis::catalog::parse_file;
use portcullis::editor::{self, Key, Section, Wants, sections};
use portcullis::model::{FilePath, Finding, Kind, Limits, Part};
use serde_json::{Value, json};

const KINDS: [Kind; 8] =
    [Kind::Policy, Kind::Blueprint, Kind::Entity, Kind::Permissions, Kind::Action, Kind::Run, Kind::User, Kind::Team];

#[test]
fn the_page_is_what_the_program_knows() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reference.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(file, editor::reference()).unwrap();
    }
    let written = std::fs::read_to_string(file).unwrap_or_default();
    assert!(written == editor::reference(), "docs/reference.md is out of date: run `UPDATE_DOCS=1 cargo test --test reference`");
}

/// A document in which a section occurs, and the way to it. `catalog.yaml` is written as JSON too, which is YAML.
fn probe(kind: Kind, section: &str) -> (&'static str, Value, Vec<&'static str>) {
    let webhook = json!({ "type": "WEBHOOK", "url": "https://example.com/hook" });
    let action = |trigger: Value, method: Value, approval: Value| {
        let approval = if approval.is_null() { json!(false) } else { approval };
        (
            "actions/a.json",
            json!({ "identifier": "a", "trigger": trigger, "invocationMethod": method, "requiredApproval": approval }),
        )
    };
    let trigger = || json!({ "operation": "DAY-2", "blueprintIdentifier": "Env", "userInputs": { "properties": { "x": { "type": "string" } } } });
    let blueprint = |key: &str, value: Value| ("blueprints/Env.json", json!({ "identifier": "Env", key: value }));
    let at = |(path, document): (&'static str, Value), way: &[&'static str]| (path, document, way.to_vec());
    let spec = json!({ "target": "X", "calculationSpec": { "calculationBy": "entities", "func": "count" } });
    match (kind, section) {
        (Kind::Policy, "catalog.yaml") => at(("catalog.yaml", json!({ "expiry": "14d" })), &[]),
        (Kind::Policy, "limits") => at(("catalog.yaml", json!({ "limits": {} })), &["limits"]),
        (Kind::Blueprint, "Blueprint") => at(blueprint("title", json!("x")), &[]),
        (Kind::Blueprint, "schema") => at(blueprint("schema", json!({})), &["schema"]),
        (Kind::Blueprint, "schema.properties.<property>") => {
            at(blueprint("schema", json!({ "properties": { "x": { "type": "string" } } })), &["schema", "properties", "x"])
        }
        (Kind::Blueprint, "specAuthentication") => {
            let who = json!({ "clientId": "a", "tokenUrl": "b", "authorizationUrl": "c" });
            let schema = json!({ "properties": { "x": { "type": "string", "specAuthentication": who } } });
            at(blueprint("schema", schema), &["schema", "properties", "x", "specAuthentication"])
        }
        (Kind::Blueprint, "relations.<relation>") => {
            at(blueprint("relations", json!({ "x": { "target": "X" } })), &["relations", "x"])
        }
        (Kind::Blueprint, "mirrorProperties.<property>") => {
            at(blueprint("mirrorProperties", json!({ "x": { "path": "a.b" } })), &["mirrorProperties", "x"])
        }
        (Kind::Blueprint, "formulaProperties.<property>") => {
            at(blueprint("formulaProperties", json!({ "x": { "formula": "a" } })), &["formulaProperties", "x"])
        }
        (Kind::Blueprint, "calculationProperties.<property>") => at(
            blueprint("calculationProperties", json!({ "x": { "calculation": ".", "type": "string" } })),
            &["calculationProperties", "x"],
        ),
        (Kind::Blueprint, "aggregationProperties.<property>") => {
            at(blueprint("aggregationProperties", json!({ "x": spec })), &["aggregationProperties", "x"])
        }
        (Kind::Blueprint, "calculationSpec") => {
            at(blueprint("aggregationProperties", json!({ "x": spec })), &["aggregationProperties", "x", "calculationSpec"])
        }
        (Kind::Blueprint, "pathFilter[]") => {
            let mut spec = spec;
            spec["pathFilter"] = json!([{ "path": ["a"] }]);
            at(blueprint("aggregationProperties", json!({ "x": spec })), &["aggregationProperties", "x", "pathFilter", "0"])
        }
        (Kind::Blueprint, "teamInheritance") => at(blueprint("teamInheritance", json!({ "path": "a" })), &["teamInheritance"]),
        (Kind::Blueprint, "ownership") => at(blueprint("ownership", json!({ "type": "Inherited", "path": "a" })), &["ownership"]),
        (Kind::Entity, _) => at(("entities/x.json", json!({ "identifier": "x", "blueprint": "Env" })), &[]),
        (Kind::Permissions, "Permissions") => at(("permissions/Env.json", json!({ "blueprint": "Env" })), &[]),
        (Kind::Permissions, "entities") => at(("permissions/Env.json", json!({ "entities": {} })), &["entities"]),
        (Kind::Permissions, "actions.<action>") => {
            at(("permissions/Env.json", json!({ "actions": { "a": {} } })), &["actions", "a"])
        }
        (Kind::Permissions, "a rule") => {
            at(("permissions/Env.json", json!({ "entities": { "update": { "roles": [] } } })), &["entities", "update"])
        }
        (Kind::Permissions, "policy") => {
            let policy = json!({ "entities": { "update": { "policy": { "queries": {}, "conditions": ["true"] } } } });
            at(("permissions/Env.json", policy), &["entities", "update", "policy"])
        }
        (Kind::Permissions, "a search" | "a search rule") => {
            let search = json!({ "combinator": "and", "rules": [{ "property": "$title", "operator": "=", "value": "x" }] });
            let policy =
                json!({ "entities": { "update": { "policy": { "queries": { "q": search }, "conditions": ["true"] } } } });
            let way: &[&str] = &["entities", "update", "policy", "queries", "q", "rules", "0"];
            at(("permissions/Env.json", policy), if section == "a search" { &way[..5] } else { way })
        }
        (Kind::Action, "Action") => at(action(trigger(), webhook, Value::Null), &[]),
        (Kind::Action, "trigger") => at(action(trigger(), webhook, Value::Null), &["trigger"]),
        (Kind::Action, "userInputs") => at(action(trigger(), webhook, Value::Null), &["trigger", "userInputs"]),
        (Kind::Action, "userInputs.properties.<input>") => {
            at(action(trigger(), webhook, Value::Null), &["trigger", "userInputs", "properties", "x"])
        }
        (Kind::Action, "requiredApproval") => at(action(trigger(), webhook, json!({ "type": "ANY" })), &["requiredApproval"]),
        (Kind::Action, "requiredApproval.when") => {
            at(action(trigger(), webhook, json!({ "when": { "title": "x" } })), &["requiredApproval", "when"])
        }
        (Kind::Action, "invocationMethod (WEBHOOK)") => at(action(trigger(), webhook, Value::Null), &["invocationMethod"]),
        (Kind::Action, "invocationMethod (GITHUB)") => {
            let github = json!({ "type": "GITHUB", "org": "a", "repo": "b", "workflow": "c.yml" });
            at(action(trigger(), github, Value::Null), &["invocationMethod"])
        }
        (Kind::Action, "invocationMethod (UPSERT_ENTITY)" | "mapping") => {
            let upsert = json!({ "type": "UPSERT_ENTITY", "blueprintIdentifier": "Env", "mapping": { "identifier": "x" } });
            let way: &[&str] = if section == "mapping" { &["invocationMethod", "mapping"] } else { &["invocationMethod"] };
            at(action(trigger(), upsert, Value::Null), way)
        }
        (Kind::Action, "invocationMethod (DELETE_ENTITY)" | "mapping (DELETE_ENTITY)") => {
            let delete = json!({ "type": "DELETE_ENTITY", "blueprintIdentifier": "Env", "mapping": { "identifier": "x" } });
            let way: &[&str] =
                if section.starts_with("mapping") { &["invocationMethod", "mapping"] } else { &["invocationMethod"] };
            at(action(trigger(), delete, Value::Null), way)
        }
        (Kind::Policy, "notifications[]") => {
            at(("catalog.yaml", json!({ "notifications": [{ "channel": "ops" }] })), &["notifications", "0"])
        }
        (Kind::Policy, "execution") => at(("catalog.yaml", json!({ "execution": { "deadline": "1h" } })), &["execution"]),
        (Kind::Run, _) => at(("runs/r.json", json!({ "action": "a", "reason": "b" })), &[]),
        (Kind::User, "User") => at(("users/a.json", json!({ "identifier": "a@b.c", "name": "A" })), &[]),
        (Kind::User, "github") => at(("users/a.json", json!({ "identifier": "a@b.c", "github": { "id": 1 } })), &["github"]),
        (Kind::User, "signingKeys[]") => {
            let key = include_str!("../src/catalog/tests/keys/ed25519.pub").trim();
            at(("users/a.json", json!({ "identifier": "a@b.c", "signingKeys": [{ "key": key }] })), &["signingKeys", "0"])
        }
        (Kind::Team, "github (team)") => {
            at(("teams/a.json", json!({ "identifier": "a", "github": { "team": "a/b", "id": 1 } })), &["github"])
        }
        (Kind::Team, _) => at(("teams/a.json", json!({ "identifier": "a", "title": "A" })), &[]),
        (kind, section) => panic!("write a probe for `{section}` of {kind:?}"),
    }
}

fn read(path: &str, document: &Value) -> Vec<Finding> {
    parse_file(&FilePath::new(path), document.to_string().as_bytes(), &Limits::default()).findings
}

/// Every key that any section has: what one takes, another has to refuse.
fn every_key() -> BTreeSet<&'static str> {
    KINDS
        .iter()
        .flat_map(|kind| sections(*kind))
        .flat_map(|section| section.all())
        .map(|key| key.name)
        .chain(["nonsense"])
        .collect()
}

#[test]
fn the_decoder_takes_the_keys_of_the_table_and_no_others() {
    let mut wrong = Vec::new();
    for kind in KINDS {
        for section in sections(kind) {
            let known: BTreeSet<&str> = section.all().map(|key| key.name).collect();
            let (path, document, way) = probe(kind, section.title);
            assert_eq!(read(path, &document), [], "{}", section.title);
            for name in every_key() {
                let takes = decoder_takes(path, &document, &way, name);
                if takes != known.contains(name) {
                    let (who, other) = if takes { ("the decoder", "the table") } else { ("the table", "the decoder") };
                    wrong.push(format!("{kind:?} / {}: {who} takes `{name}`, and {other} does not", section.title));
                }
            }
            for name in told_by_the_decoder(path, &document, &way) {
                if !known.contains(name.as_str()) {
                    wrong.push(format!("{kind:?} / {}: the decoder knows `{name}`, and the table does not", section.title));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "src/editor/table and the decoder differ:\n{}", wrong.join("\n"));
}

/// `userInputs` beside a trigger of the second version, and an event, are known keys that something else forbids.
fn decoder_takes(path: &str, document: &Value, way: &[&str], name: &str) -> bool {
    let pointer = pointer(way);
    if document.pointer(&pointer).unwrap().get(name).is_some() {
        return true; // the probe, which reads without a finding, has it
    }
    let mut document = document.clone();
    document.pointer_mut(&pointer).unwrap()[name] = json!("x");
    !read(path, &document).iter().any(|finding| {
        let place = finding.place.as_ref().unwrap();
        let last = place.pointer.parts().last();
        let said = |text: &str| finding.message.contains(text);
        place.on_key
            && place.pointer.parts().len() == way.len() + 1
            && matches!(last, Some(Part::Key(key)) if &**key == name)
            && (said("may not stand here") && name != "userInputs" || said("is not a known key"))
    })
}

/// The decoder's own list of keys, where it tells all of it.
fn told_by_the_decoder(path: &str, document: &Value, way: &[&str]) -> Vec<String> {
    let mut document = document.clone();
    document.pointer_mut(&pointer(way)).unwrap()["qqqqqqqq"] = json!("x");
    let found = read(path, &document);
    let help = found.iter().find_map(|finding| finding.help.as_deref()?.strip_prefix("known here: ").map(str::to_owned));
    help.unwrap_or_default().split(", ").filter(|word| !matches!(*word, "" | "…")).map(str::to_owned).collect()
}

fn pointer(way: &[&str]) -> String {
    way.iter().map(|part| format!("/{part}")).collect()
}

#[test]
fn required_keys_and_words_are_those_of_the_decoder() {
    let mut wrong = Vec::new();
    for kind in KINDS {
        for section in sections(kind) {
            let (path, document, way) = probe(kind, section.title);
            for key in section.all() {
                required(path, &document, &way, section, key, &mut wrong);
                words(path, &document, &way, section, key, &mut wrong);
            }
        }
    }
    assert!(wrong.is_empty(), "src/editor/table and the decoder differ:\n{}", wrong.join("\n"));
}

fn required(path: &str, document: &Value, way: &[&str], section: &Section, key: &Key, wrong: &mut Vec<String>) {
    let mut document = document.clone();
    document.pointer_mut(&pointer(way)).unwrap().as_object_mut().unwrap().remove(key.name);
    let missing = read(path, &document)
        .iter()
        .any(|f| f.rule == "document/missing-key" && f.message == format!("`{}` is missing", key.name));
    // One table of keywords serves nested schemas too, which need no `type`; an inherited owner needs a path, a direct one has none.
    let depends =
        matches!(section.title, "schema.properties.<property>" | "userInputs.properties.<input>" | "ownership" | "a search rule");
    if missing != key.required && !depends {
        wrong.push(format!("{}: whether `{}` is required", section.title, key.name));
    }
}

/// Each word of the table is one of the decoder's, and each that the decoder tells is one of the table's.
fn words(path: &str, document: &Value, way: &[&str], section: &Section, key: &Key, wrong: &mut Vec<String>) {
    let Wants::Word(known) = key.wants else { return };
    let apart = section.title.starts_with("invocationMethod (") || section.title == "requiredApproval.when";
    if apart && key.name == "type" {
        return; // this word says which of several sections it is; a nested schema may say `null` besides
    }
    let with = |word: &str| {
        let mut document = document.clone();
        document.pointer_mut(&pointer(way)).unwrap()[key.name] = json!(word);
        let rule = |f: &Finding| f.rule == "document/unknown-value";
        let here = |f: &Finding| f.place.as_ref().is_some_and(|place| place.pointer.parts().len() == way.len() + 1);
        read(path, &document).into_iter().find(|f| rule(f) && here(f))
    };
    for word in *known {
        // An input may be of format `entity`, a property may not; one table serves both.
        if with(word).is_some() && *word != "entity" {
            wrong.push(format!("{}: the decoder refuses `{}: {word}`", section.title, key.name));
        }
    }
    let Some(finding) = with("qqqqqqqq") else { return };
    let help = finding.help.unwrap_or_default();
    for word in help.strip_prefix("known here: ").unwrap_or_default().split(", ").filter(|word| !matches!(*word, "" | "…")) {
        if !known.contains(&word) {
            wrong.push(format!("{}: the decoder takes `{}: {word}`", section.title, key.name));
        }
    }
}

#[test]
fn every_key_says_what_it_means_and_every_example_is_taken() {
    let mut wrong: Vec<String> = Vec::new();
    let mut told: BTreeMap<&str, usize> = BTreeMap::new();
    for kind in KINDS {
        for section in sections(kind) {
            let (path, document, way) = probe(kind, section.title);
            for key in section.all() {
                assert!(key.meaning.ends_with('.'), "{}: `{}`", section.title, key.name);
                *told.entry(section.title).or_default() += 1;
                if key.example.is_empty() || key.example.contains('…') {
                    continue;
                }
                let mut document = document.clone();
                let here = document.pointer_mut(&pointer(&way)).unwrap();
                here[key.name] = json!("PLACEHOLDER");
                if key.name == "const" {
                    here.as_object_mut().unwrap().remove("enum");
                }
                // As YAML, in which the example is written.
                let text = document.to_string().replacen("\"PLACEHOLDER\"", key.example, 1).replace("\":", "\": ");
                let path = path.replace(".json", ".yaml");
                let found = parse_file(&FilePath::new(&path), text.as_bytes(), &Limits::default()).findings;
                let about = |f: &Finding| {
                    let depends = matches!(
                        f.rule,
                        "document/required-property"
                            | "document/enum"
                            | "blueprint/aggregation"
                            | "document/checks-nothing"
                            | "action/unknown-input"
                    );
                    // A comparison says either of two things, and is no group.
                    let apart = section.title == "a search rule";
                    let misplaced = matches!(f.rule, "blueprint/two-ownerships" | "action/two-blueprints")
                        || f.message.contains("`userInputs` may not");
                    !depends && !misplaced && !apart
                };
                if let Some(finding) = found.iter().find(|f| about(f)) {
                    wrong.push(format!(
                        "{}: `{}: {}`: {} ({})",
                        section.title, key.name, key.example, finding.message, finding.rule
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "examples that the decoder refuses:\n{}", wrong.join("\n"));
}
