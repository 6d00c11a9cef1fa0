//! Schemas of OpenAPI 3.0 as JSON Schema 2020-12, with every object closed that says what it has.

use std::collections::BTreeSet;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, ValidationError, Validator};
use serde_json::{Map, Value, json};

/// Errors that are told of one value.
const MOST_ERRORS: usize = 20;
/// What of a value an error may show, in characters.
const MOST_SHOWN: usize = 300;

/// Whether an object is on its own, or a part of one that an `allOf` and the like put together and close as a whole.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Closing {
    Own,
    Part,
}

/// Compiles a schema with whatever it refers to.
pub(super) fn compile(document: &Value, schema: &Value) -> Validator {
    let mut wanted = Wanted::default();
    let mut root = translate(schema, Closing::Own, &mut wanted);
    let mut defs = Map::new();
    while let Some((name, closing)) = wanted.waiting.pop() {
        let translated = translate(&document["components"]["schemas"][&name], closing, &mut wanted);
        defs.insert(defined(&name, closing), translated);
    }
    root["$defs"] = Value::Object(defs);
    jsonschema::options().with_draft(Draft::Draft202012).build(&root).unwrap()
}

#[derive(Default)]
struct Wanted {
    seen: BTreeSet<(String, Closing)>,
    waiting: Vec<(String, Closing)>,
}

fn defined(name: &str, closing: Closing) -> String {
    match closing {
        Closing::Own => format!("whole.{name}"),
        Closing::Part => format!("part.{name}"),
    }
}

fn translate(schema: &Value, closing: Closing, wanted: &mut Wanted) -> Value {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let name = reference.strip_prefix("#/components/schemas/").unwrap().to_owned();
        let wish = (name.clone(), closing);
        if wanted.seen.insert(wish.clone()) {
            wanted.waiting.push(wish);
        }
        return json!({ "$ref": format!("#/$defs/{}", defined(&name, closing)) });
    }
    let mut out = Map::new();
    let has = |key: &str| schema.get(key).is_some();
    for key in [
        "type",
        "enum",
        "pattern",
        "minLength",
        "maxLength",
        "minimum",
        "maximum",
        "minItems",
        "maxItems",
        "uniqueItems",
        "required",
    ] {
        if let Some(value) = schema.get(key) {
            out.insert(key.to_owned(), value.clone());
        }
    }
    if let Some(form) = schema["format"].as_str().and_then(form).filter(|_| !has("pattern")) {
        out.insert("pattern".to_owned(), form.into());
    }
    if let Some(items) = schema.get("items") {
        out.insert("items".to_owned(), translate(items, Closing::Own, wanted));
    }
    // `oneOf` is often said where values fit several, so it means `anyOf` here. Alternatives are each whole, except where they add to
    // fields that stand beside them.
    let beside = has("properties") || has("allOf");
    let alternatives = if beside { Closing::Part } else { closing };
    for (from, to, closing) in
        [("oneOf", "anyOf", alternatives), ("anyOf", "anyOf", alternatives), ("allOf", "allOf", Closing::Part)]
    {
        if let Some(parts) = schema[from].as_array() {
            out.insert(to.to_owned(), parts.iter().map(|part| translate(part, closing, wanted)).collect());
        }
    }
    close(schema, closing, &mut out, wanted);
    if schema["nullable"] == true { nullable(out) } else { Value::Object(out) }
}

/// Says which fields an object has, and that it has no others.
fn close(schema: &Value, closing: Closing, out: &mut Map<String, Value>, wanted: &mut Wanted) {
    let declared = schema["properties"].as_object().filter(|declared| !declared.is_empty());
    if let Some(declared) = declared {
        let translated = declared.iter().map(|(name, field)| (name.clone(), translate(field, Closing::Own, wanted)));
        out.insert("properties".to_owned(), Value::Object(translated.collect()));
    }
    let others = match schema.get("additionalProperties") {
        Some(others @ Value::Object(_)) => Some(translate(others, Closing::Own, wanted)),
        Some(Value::Bool(false)) if closing == Closing::Own && !out.contains_key("anyOf") => Some(false.into()),
        _ => None,
    };
    let composed = out.contains_key("anyOf") && declared.is_some() || out.contains_key("allOf");
    match others {
        Some(others) => out.insert("additionalProperties".to_owned(), others),
        // It says nothing of its fields: any will do, also where it is a part.
        None if declared.is_none() && schema["type"] == "object" && !composed && !out.contains_key("anyOf") => {
            out.insert("additionalProperties".to_owned(), true.into())
        }
        None if closing == Closing::Own && composed => out.insert("unevaluatedProperties".to_owned(), false.into()),
        None if closing == Closing::Own && declared.is_some() => out.insert("additionalProperties".to_owned(), false.into()),
        None => None,
    };
}

fn nullable(mut schema: Map<String, Value>) -> Value {
    match schema.get("type").cloned() {
        Some(kind @ Value::String(_)) if !schema.contains_key("anyOf") && !schema.contains_key("allOf") => {
            schema.insert("type".to_owned(), json!([kind, "null"]));
            if let Some(Value::Array(listed)) = schema.get_mut("enum") {
                listed.push(Value::Null);
            }
            Value::Object(schema)
        }
        _ => json!({ "anyOf": [Value::Object(schema), { "type": "null" }] }),
    }
}

/// A loose pattern of the formats that matter; the rest are words for people.
fn form(format: &str) -> Option<&'static str> {
    match format {
        "date-time" => Some(r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)? ?(Z|UTC|[+-]\d\d:?\d\d)$"),
        "uri" => Some(r"^[A-Za-z][A-Za-z0-9+.-]*:\S+$"),
        _ => None,
    }
}

/// What is wrong with a value, each with the place in it.
pub(super) fn errors(validator: &Validator, value: &Value) -> Vec<String> {
    let mut told = Vec::new();
    for error in validator.iter_errors(value) {
        tell(&error, &mut told);
    }
    told.truncate(MOST_ERRORS);
    told
}

/// Of alternatives, what is wrong with the one that fits best.
fn tell(error: &ValidationError<'_>, told: &mut Vec<String>) {
    if let ValidationErrorKind::AnyOf { context } = error.kind() {
        let depth = |errors: &Vec<ValidationError<'static>>| {
            let wrong_kind = errors
                .iter()
                .any(|e| matches!(e.kind(), ValidationErrorKind::Type { .. }) && e.instance_path() == error.instance_path());
            (wrong_kind, errors.len())
        };
        if let Some(nearest) = context.iter().filter(|errors| !errors.is_empty()).min_by_key(|errors| depth(errors)) {
            nearest.iter().for_each(|error| tell(error, told));
            return;
        }
    }
    let text: Vec<char> = error.to_string().chars().collect();
    // A message begins with the value, which may be a whole answer, and ends with what is wrong with it.
    let shown: String = match text.len().checked_sub(MOST_SHOWN) {
        Some(over) if over > 0 => {
            text.iter().take(MOST_SHOWN / 2).chain(&['…']).chain(text.iter().skip(over + MOST_SHOWN / 2)).collect()
        }
        _ => text.iter().collect(),
    };
    told.push(format!("`{}`: {shown}", error.instance_path()));
}
