//! The schemas for editors refuse nothing that is accepted, and show what an editor can show: hold them against examples and random documents.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)] // a test may fail loudly

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use portcullis::catalog::{Catalog, FileDelta, kind_of, parse_file};
use portcullis::check;
use portcullis::editor::{Cover, References, SchemaFile, Section, Wants, schemas, sections, text};
use portcullis::model::{FilePath, Kind, Limits};
use proptest::prelude::*;
use serde_json::{Value, json};

fn example() -> Vec<(FilePath, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/catalog-repo");
    let mut found = Vec::new();
    let mut directories = vec![root.clone()];
    while let Some(directory) = directories.pop() {
        for path in fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                directories.push(path);
            } else {
                let name = FilePath::new(path.strip_prefix(&root).unwrap().to_str().unwrap());
                if kind_of(&name).is_some() {
                    found.push((name, fs::read_to_string(&path).unwrap()));
                }
            }
        }
    }
    found.sort();
    found
}

fn catalog(files: &[(FilePath, String)]) -> Catalog {
    let jq = portcullis::jq::Jq::new(env!("CARGO_BIN_EXE_portcullis").into());
    Catalog::with_expressions(std::sync::Arc::new(jq))
        .apply(files.iter().map(|(path, text)| FileDelta::put(parse_file(path, text.as_bytes(), &Limits::default()))))
}

/// The document as a second reader of YAML has it, so that our own reader's opinion does not count twice.
fn value(text: &str) -> Value {
    serde_yaml::from_str(text).unwrap()
}

struct Judges(BTreeMap<String, (SchemaFile, jsonschema::Validator)>);

impl Judges {
    fn of(catalog: &Catalog) -> Self {
        let compiled = schemas(catalog, References::Known).into_iter().map(|file| {
            let meta = jsonschema::draft7::meta::validate(&file.schema);
            assert!(meta.is_ok(), "{} is a JSON Schema: {meta:?}", file.name);
            let validator = jsonschema::options()
                .with_draft(jsonschema::Draft::Draft7)
                .should_validate_formats(true)
                .build(&file.schema)
                .unwrap_or_else(|error| panic!("{}: {error}", file.name));
            (file.name.clone(), (file, validator))
        });
        Self(compiled.collect())
    }

    fn refusals(&self, name: &str, value: &Value) -> Vec<String> {
        let (_, validator) = self.0.get(name).unwrap_or_else(|| panic!("no schema {name}"));
        validator.iter_errors(value).map(|error| format!("{name}: {}: {error}", error.instance_path())).collect()
    }

    /// The schemas that an editor holds against this file.
    fn covering(&self, path: &str) -> Vec<&str> {
        let stem = FilePath::new(path).stem().to_owned();
        let covers = |cover: &Cover| match cover {
            Cover::File(file) => file == path,
            Cover::Stem(directory, wanted) => path.starts_with(&format!("{directory}/")) && *wanted == stem,
            Cover::Below(directory, except) => path.starts_with(&format!("{directory}/")) && !except.contains(&stem),
            Cover::Directly(directory, _) => path.rsplit_once('/').is_some_and(|(parent, _)| parent == directory),
        };
        self.0.values().filter(|(file, _)| file.covers.iter().any(covers)).map(|(file, _)| file.name.as_str()).collect()
    }
}

#[test]
fn every_file_of_the_example_has_one_schema_that_takes_it() {
    let files = example();
    let catalog = catalog(&files);
    let judges = Judges::of(&catalog);
    for (path, text) in &files {
        let covering = judges.covering(path.as_str());
        assert_eq!(covering.len(), 1, "{path:?}: {covering:?}");
        assert_eq!(judges.refusals(covering[0], &value(text)), Vec::<String>::new(), "{path:?}");
    }
    for (_, run) in catalog.runs().iter() {
        let text = &files.iter().find(|(path, _)| *path == run.file).unwrap().1;
        let name = format!("run.{}.json", run.value.action);
        assert_eq!(judges.refusals(&name, &value(text)), Vec::<String>::new());
    }
}

#[test]
fn schemas_are_the_same_whenever_they_are_written() {
    let files = example();
    let mut turned = files.clone();
    turned.reverse();
    let texts = |files: &[(FilePath, String)]| -> Vec<(String, String)> {
        schemas(&catalog(files), References::Known).into_iter().map(|file| (file.name, text(&file.schema))).collect()
    };
    assert_eq!(texts(&files), texts(&turned));
}

/// What breaks an entity in a way that an editor is to show.
#[test]
fn what_is_wrong_with_an_entity_or_a_run_shows() {
    let files = example();
    let judges = Judges::of(&catalog(&files));
    let env =
        |properties: Value, relations: Value| json!({ "identifier": "x", "properties": properties, "relations": relations });
    for (name, document, wrong) in [
        ("entity.Env.json", env(json!({ "kind": "staging" }), json!({ "deployedAt": "eu-1" })), "deployedAt"),
        ("entity.Env.json", env(json!({ "kind": "stagin" }), json!({})), "kind"),
        ("entity.Env.json", env(json!({ "slackChannelUrl": "no url" }), json!({})), "slackChannelUrl"),
        ("entity.Env.json", env(json!({ "colour": "red" }), json!({})), "colour"),
        ("entity.Env.json", json!({ "title": "x" }), "identifier"),
        ("entity.Env.json", json!({ "identifier": "x", "team": "plattform" }), "team"),
        ("entity.json", json!({ "identifier": "x" }), "blueprint"),
        ("entity.json", json!({ "identifier": "x", "blueprint": "Env", "properties": { "kind": 1 } }), "kind"),
        ("entity.json", json!([{ "identifier": "x", "blueprint": "Runbook" }]), "relations"),
        ("run.json", json!({ "action": "extend_env_ttl", "entity": "env-42", "inputs": { "ttl": "9 days" } }), "ttl"),
        ("run.json", json!({ "action": "extend_env_ttl", "inputs": { "ttl": "10 days" } }), "entity"),
        ("run.json", json!({ "action": "create_env", "entity": "prod", "inputs": { "name": "abc", "ttl": "3 days" } }), "entity"),
        ("run.json", json!({ "action": "deploy", "entity": "cart-backend", "inputs": { "version": "1" } }), "environment"),
        ("permissions.Env.json", json!({ "entities": { "register": null } }), "register"),
        ("permissions.Env.json", json!({ "entities": { "register": { "roles": ["admin"] } } }), "roles"),
        ("team.json", json!({ "identifier": "x", "members": ["nobody@acme.dev"] }), "members"),
    ] {
        let refusals = judges.refusals(name, &document);
        assert!(refusals.iter().any(|refusal| refusal.contains(wrong)), "{document}: {refusals:?}");
    }
}

/// What `check` accepts, though it might look odd.
#[test]
fn what_check_accepts_no_schema_refuses() {
    let mut files = example();
    let add = [
        (
            "blueprints/Odd.json",
            json!({
                "identifier": "Odd", "title": null, "icon": null,
                "schema": { "required": ["level"], "properties": {
                    "level": { "type": "number", "default": 3, "enum": [1, 2, 3] },
                    "word": { "type": "string", "pattern": "(?i)^[a-z]+$", "minLength": 2 },
                    "letters": { "type": "string", "pattern": "^\\p{L}+$" },
                    "other": { "$ref": "#/properties/word", "type": "string", "maxLength": 9 },
                    "pair": { "type": "array", "prefixItems": [{ "type": "string" }, { "type": "number" }], "items": { "type": "boolean" } },
                    "link": { "type": "string", "format": "url" },
                    "who": { "type": "string", "format": "user" },
                    "map": { "type": "object", "patternProperties": { "(?i)^x": { "type": "string" } }, "additionalProperties": false },
                    "few": { "type": "array", "contains": { "const": 1 }, "minContains": 0, "maxContains": 1 },
                    "either": { "type": "string", "oneOf": [{ "const": "a" }, { "const": "b" }] },
                    "needs": { "type": "object", "dependentRequired": { "a": ["b"] } },
                } },
                "relations": { "self": { "target": "Odd", "many": true }, "none": { "target": "Odd" } },
            }),
        ),
        (
            "entities/odd.json",
            json!([
                { "identifier": "a", "blueprint": "Odd", "title": null, "team": null, "properties": null, "relations": null },
                { "identifier": "b", "blueprint": "Odd", "team": "platform", "relations": { "self": ["a", "b"], "none": null }, "properties": {
                    "level": 1, "word": "ABC", "letters": "Äß", "other": "ABC", "pair": ["x", 1, true, false], "link": null,
                    "who": "alice@acme.dev", "map": { "Xy": "z" }, "few": [2], "either": "a", "needs": {} } },
            ]),
        ),
        ("entities/Odd/c.json", json!({ "identifier": "c", "blueprint": null, "properties": { "either": null, "other": null } })),
        ("entities/Odd/elsewhere.json", json!({ "identifier": "d", "blueprint": "Domain" })),
        (
            "permissions/nested/Odd.json",
            json!({ "entities": {
            "update": { "roles": ["Nobody-moderator"], "users": ["gone@acme.dev"], "teams": null, "ownedByTeam": null },
            "updateProperties": { "$title": {}, "unknown": {} } }, "actions": null }),
        ),
        (
            "actions/odd.json",
            json!({
            "identifier": "odd", "blueprint": "Odd", "trigger": "CREATE", "requiredApproval": { "when": { "properties": {} } },
            "userInputs": { "properties": { "who": { "type": "string", "format": "team", "default": "platform", "visible": { "jqQuery": "true" } } },
                            "required": ["who"], "order": ["who"] },
            "invocationMethod": { "type": "WEBHOOK", "url": "https://example.com", "method": null, "headers": null } }),
        ),
        ("runs/odd.json", json!({ "action": "odd", "inputs": null, "entity": null })),
        (
            "users/odd.json",
            json!({ "identifier": "o@x.y", "roles": null, "emails": null, "github": null, "signingKeys": null, "bot": null }),
        ),
    ];
    files.extend(add.iter().map(|(path, document)| (FilePath::new(path), document.to_string())));
    files.sort();
    let catalog = catalog(&files);
    let broken: Vec<_> = catalog.broken_files().iter().map(|(path, findings)| (path.clone(), findings.clone())).collect();
    assert!(broken.is_empty(), "{broken:#?}");
    let findings: Vec<_> = check::validate(&catalog).into_iter().filter(|finding| finding.is_error()).collect();
    assert!(findings.is_empty(), "{findings:#?}");
    let judges = Judges::of(&catalog);
    for (path, text) in &files {
        for name in judges.covering(path.as_str()) {
            assert_eq!(judges.refusals(name, &value(text)), Vec::<String>::new(), "{path:?}");
        }
    }
}

/// Values for what a key wants: mostly as they should be, sometimes not.
fn fitting(wants: &'static Wants, depth: u32) -> BoxedStrategy<Value> {
    let words = prop_oneof![
        Just("Env"),
        Just("a.b"),
        Just("Admin"),
        Just("x"),
        Just("14d"),
        Just("2026-01-01"),
        Just("a@b.c"),
        Just("https://a.b")
    ];
    let junk =
        prop_oneof![Just(json!(null)), Just(json!(true)), Just(json!(7)), Just(json!([])), Just(json!({})), Just(json!("x"))];
    if depth == 0 {
        return junk.boxed();
    }
    let text = words.prop_map(|word| json!(word)).boxed();
    let good: BoxedStrategy<Value> = match wants {
        Wants::Search => prop_oneof![
            Just(json!({ "combinator": "and", "rules": [{ "property": "$title", "operator": "=", "value": "x" }] })),
            Just(json!({ "combinator": "or", "rules": [{ "combinator": "and", "rules": [] }] }))
        ]
        .boxed(),
        Wants::Comparison => {
            Just(json!({ "blueprint": "Env", "operator": "relatedTo", "value": "x", "direction": "upstream" })).boxed()
        }
        Wants::Any | Wants::Mapping | Wants::Schema(_) => prop_oneof![
            Just(json!({ "type": "string" })),
            Just(json!({})),
            Just(json!({ "enum": [1], "title": "t" })),
            junk.clone()
        ]
        .boxed(),
        Wants::Null => Just(json!(null)).boxed(),
        Wants::Text | Wants::Icon | Wants::Identifier | Wants::Name(_) | Wants::Duration | Wants::Moment => text,
        Wants::Flag => any::<bool>().prop_map(|flag| json!(flag)).boxed(),
        Wants::Whole(..) | Wants::Number => {
            prop_oneof![Just(json!(1)), Just(json!(50)), Just(json!(5000)), Just(json!(-1)), Just(json!(2.5))].boxed()
        }
        Wants::Word(all) => proptest::sample::select(all.to_vec()).prop_map(|word| json!(word)).boxed(),
        Wants::List(of) => proptest::collection::vec(fitting(of, depth - 1), 0..3).prop_map(|list| json!(list)).boxed(),
        Wants::Part(section) => document_of(section, depth - 1),
        Wants::Named(_, of) => {
            let name = prop_oneof![Just("x"), Just("y-z"), Just("a.b"), Just("ä")];
            proptest::collection::btree_map(name, fitting(of, depth - 1), 0..3).prop_map(|map| json!(map)).boxed()
        }
        Wants::Either(several) => {
            proptest::sample::select(several.to_vec()).prop_flat_map(move |one| fitting(one, depth)).boxed()
        }
        Wants::ByWord(_, several) => {
            proptest::sample::select(several.to_vec()).prop_flat_map(move |(_, section)| document_of(section, depth - 1)).boxed()
        }
    };
    prop_oneof![24 => good, 1 => junk].boxed()
}

fn document_of(section: &'static Section, depth: u32) -> BoxedStrategy<Value> {
    let keys: Vec<BoxedStrategy<(&'static str, Option<Value>)>> = section
        .all()
        .map(|key| {
            let present = if key.required { 0.98 } else { 0.3 };
            proptest::option::weighted(present, fitting(key.wants, depth)).prop_map(move |value| (key.name, value)).boxed()
        })
        .collect();
    let all = keys.prop_map(|pairs| Value::Object(pairs.into_iter().filter_map(|(k, v)| Some((k.to_owned(), v?))).collect()));
    (all, prop_oneof![30 => Just(false), 1 => Just(true)])
        .prop_map(|(mut document, stray)| {
            if stray {
                document["stray"] = json!(1);
            }
            document
        })
        .boxed()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    /// Kind by kind: no document that is read without an error is shown as wrong. (Names are left open here: they are a matter of the
    /// whole catalog.)
    #[test]
    fn what_is_read_without_an_error_is_never_shown_as_wrong(
        (kind, document) in proptest::sample::select(vec![Kind::Policy, Kind::Blueprint, Kind::Permissions, Kind::Action, Kind::Run, Kind::User, Kind::Team, Kind::Entity])
            .prop_flat_map(|kind| (Just(kind), document_of(sections(kind)[0], 5)))
    ) {
        let (path, name) = match kind {
            Kind::Policy => ("catalog.yaml", "catalog.json"),
            Kind::Blueprint => ("blueprints/x.json", "blueprint.json"),
            Kind::Permissions => ("permissions/x.json", "permissions.json"),
            Kind::Action => ("actions/x.json", "action.json"),
            Kind::Run => ("runs/x.json", "run.json"),
            Kind::User => ("users/x.json", "user.json"),
            Kind::Team => ("teams/x.json", "team.json"),
            Kind::Entity => ("entities/X/x.json", "entity.json"),
        };
        let parsed = parse_file(&FilePath::new(path), document.to_string().as_bytes(), &Limits::default());
        thread_local! { static JUDGES: Judges = Judges::of(&Catalog::default()); }
        let mut document = document;
        if kind == Kind::Entity && document.get("blueprint").is_none_or(Value::is_null) {
            document["blueprint"] = json!("X"); // what the directory supplies
        }
        let refusals = JUDGES.with(|judges| judges.refusals(name, &document));
        if parsed.findings.is_empty() {
            prop_assert!(refusals.is_empty(), "{document}: {refusals:?}");
        } else if parsed.findings.iter().any(|finding| finding.rule == "document/unknown-key" && finding.message.contains("`stray`")) {
            prop_assert!(!refusals.is_empty(), "{document}");
        }
    }
}
