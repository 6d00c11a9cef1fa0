//! The official JSON Schema Test Suite, each case as the definition of a property in a blueprint and the value of an entity:
//! what we take, we judge as the suite does; what we do not take, we refuse by a finding.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may fail loudly

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use portcullis::catalog::{Catalog, FileDelta, parse_file};
use portcullis::check::validate;
use portcullis::model::{FilePath, Finding, Limits};
use serde_json::{Value, json};

/// Keywords of the suite's schemas that no blueprint may have: each must be refused.
const REFUSED: &[&str] = &[
    "$id",
    "$schema",
    "$anchor",
    "$dynamicRef",
    "$dynamicAnchor",
    "contentMediaType",
    "contentEncoding",
    "contentSchema",
    "unevaluatedItems",
    "unevaluatedProperties",
];

/// Further schemas that are refused, by file and schema (`*` for all of a file), and why.
const REFUSED_SCHEMAS: &[(&str, &str, &str)] = &[
    ("defs", "validate definition against metaschema", "it refers to another document, and nothing is fetched"),
    ("ref", "remote ref, containing refs itself", "it refers to another document, and nothing is fetched"),
    ("dynamicRef", "$ref to $dynamicRef finds detached $dynamicAnchor", "it refers to another document, and nothing is fetched"),
    ("refRemote", "*", "it refers to other documents, and nothing is fetched"),
    ("ref", "root pointer ref", "it leads back to itself, and its cost could not be bounded"),
    ("optional/unknown", "*", "a format that nobody knows would check nothing"),
    ("format", "regex format", "no format of Port's"),
    ("format", "idn-hostname format", "no format of Port's"),
    ("format", "json-pointer format", "no format of Port's"),
    ("format", "relative-json-pointer format", "no format of Port's"),
    ("format", "iri format", "no format of Port's"),
    ("format", "iri-reference format", "no format of Port's"),
    ("format", "uri-reference format", "no format of Port's"),
    ("format", "uri-template format", "no format of Port's"),
    ("format", "duration format", "no format of Port's"),
];

/// The suite leaves it open whether a format is asserted, and expects by default that it is not. Ours all are; the files
/// under `optional/` say how.
const ANNOTATION: &str = "string is only an annotation by default";

#[derive(Debug, PartialEq)]
enum Verdict {
    /// The definition is refused, by these rules.
    Refused(BTreeSet<&'static str>),
    Valid,
    Invalid,
}

/// The suite's references start at its schema, which stands deeper in a blueprint.
fn rebased(schema: &Value) -> Value {
    match schema {
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| {
                if matches!(key.as_str(), "enum" | "const") {
                    return (key.clone(), value.clone());
                }
                let value = match value.as_str().and_then(|text| text.strip_prefix("#/")) {
                    Some(rest) if key == "$ref" => format!("#/properties/p/properties/v/{rest}").into(),
                    _ => rebased(value),
                };
                (key.clone(), value)
            })
            .collect(),
        Value::Array(items) => items.iter().map(rebased).collect(),
        other => other.clone(),
    }
}

fn put(path: &str, document: &Value) -> FileDelta {
    FileDelta::put(parse_file(&FilePath::new(path), document.to_string().as_bytes(), &Limits::default()))
}

fn errors(catalog: &Catalog, file: &str) -> Vec<Finding> {
    let here = |finding: &Finding| finding.place.as_ref().is_some_and(|place| place.file.as_str() == file);
    validate(catalog).into_iter().filter(|finding| finding.is_error() && here(finding)).collect()
}

/// What we say of a schema by itself.
fn blueprint(schema: &Value) -> Result<Catalog, BTreeSet<&'static str>> {
    let definition = json!({ "type": "object", "properties": { "v": rebased(schema) } });
    let document = json!({ "identifier": "T", "schema": { "properties": { "p": definition } } });
    // Formats of the roster are no part of the suite, and its schemas name nobody.
    let catalog = Catalog::default().apply([put("blueprints/T.json", &document)]);
    let rules: BTreeSet<&'static str> = errors(&catalog, "blueprints/T.json").iter().map(|finding| finding.rule).collect();
    if rules.is_empty() { Ok(catalog) } else { Err(rules) }
}

fn judge(schema: &Value, data: &Value) -> Verdict {
    let catalog = match blueprint(schema) {
        Ok(catalog) => catalog,
        Err(rules) => return Verdict::Refused(rules),
    };
    let entity = json!({ "identifier": "e", "blueprint": "T", "properties": { "p": { "v": data } } });
    let catalog = catalog.apply([put("entities/e.json", &entity)]);
    if errors(&catalog, "entities/e.json").is_empty() { Verdict::Valid } else { Verdict::Invalid }
}

fn mentions_refused(schema: &Value) -> bool {
    match schema {
        Value::Object(map) => map.iter().any(|(key, value)| REFUSED.contains(&key.as_str()) || mentions_refused(value)),
        Value::Array(items) => items.iter().any(mentions_refused),
        _ => false,
    }
}

fn suite() -> BTreeMap<String, Value> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/json_schema_suite");
    let mut files = BTreeMap::new();
    for directory in [root.clone(), root.join("optional")] {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "json") {
                let name = path.strip_prefix(&root).unwrap().with_extension("").to_string_lossy().into_owned();
                files.insert(name, serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap());
            }
        }
    }
    files
}

/// The suite writes `$schema` over every schema; what remains is what a blueprint would hold.
fn without_dialect(schema: &Value) -> Value {
    let mut schema = schema.clone();
    if let Value::Object(map) = &mut schema
        && map.get("$schema").and_then(Value::as_str) == Some("https://json-schema.org/draft/2020-12/schema")
    {
        map.remove("$schema");
    }
    schema
}

fn expects_refusal(file: &str, about: &str, schema: &Value) -> bool {
    mentions_refused(schema) || REFUSED_SCHEMAS.iter().any(|(f, a, _)| *f == file && (*a == about || *a == "*"))
}

#[test]
fn our_verdict_is_the_suites() {
    let mut wrong = Vec::new();
    let mut counted = BTreeMap::<&str, usize>::new();
    let mut told: BTreeSet<(&str, &str, &str)> = BTreeSet::new();
    for (file, groups) in suite() {
        for group in groups.as_array().unwrap() {
            let schema = without_dialect(&group["schema"]);
            let about = group["description"].as_str().unwrap();
            for case in group["tests"].as_array().unwrap() {
                let name = case["description"].as_str().unwrap();
                let mut wanted = if case["valid"] == true { Verdict::Valid } else { Verdict::Invalid };
                if file == "format" && name.ends_with(ANNOTATION) {
                    wanted = Verdict::Invalid;
                }
                let expects_refusal = expects_refusal(&file, about, &schema);
                let found = judge(&schema, &case["data"]);
                match &found {
                    Verdict::Refused(_) if expects_refusal => {
                        *counted.entry("refused").or_default() += 1;
                        told.extend(REFUSED_SCHEMAS.iter().filter(|(f, a, _)| *f == file && (*a == about || *a == "*")).copied());
                    }
                    found if *found == wanted && !expects_refusal => *counted.entry("agreed").or_default() += 1,
                    found => wrong.push(format!("{file} / {about} / {name}: {found:?} of {} by {schema}", case["data"])),
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{counted:?}, {} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(told.len(), REFUSED_SCHEMAS.len(), "an exception that nobody needs");
    assert_eq!(counted, BTreeMap::from([("agreed", 1124), ("refused", 417)]));
}

#[test]
fn a_reference_is_read_as_the_validator_reads_it() {
    // `%62` is `b`: read literally, the reference would lead past the circle.
    let circle = json!({ "$defs": { "b": { "$ref": "#/$defs/%62" }, "%62": { "type": "string" } }, "properties": { "x": { "$ref": "#/$defs/b" } } });
    assert_eq!(judge(&circle, &json!({ "x": "y" })), Verdict::Refused(BTreeSet::from(["schema/ref"])));
}
