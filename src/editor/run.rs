//! Schemas of runs: one for each action, and one for the directory of runs.

use serde_json::{Map, Value as Json, json};

use crate::model::{Action, ActionOperation, Kind, Value};

use super::known::{Known, object};
use super::table::document;
use super::value::{Translation, is_computed, nullable, without_queries};
use super::write::Writer;

/// A run of this action.
pub(super) fn of_action(known: &Known<'_>, action: &Action) -> Map<String, Json> {
    let Some(section) = document(Kind::Run) else { return Map::new() };
    let mut run = Writer { known, about: None }.section(section);
    let mut required = vec!["action"];
    let inputs = inputs(known, action);
    if inputs.get("required").is_some() {
        required.push("inputs");
    }
    if let Some(keys) = run.get_mut("properties").and_then(Json::as_object_mut) {
        let mut replace = |key: &str, mut schema: Map<String, Json>| {
            for told in ["title", "description"] {
                schema.extend(keys.get(key).and_then(|old| old.get(told)).map(|text| (told.to_owned(), text.clone())));
            }
            keys.insert(key.to_owned(), Json::Object(schema));
        };
        replace("action", object(json!({ "type": "string", "enum": [action.identifier.as_str()] })));
        if action.trigger.operation != ActionOperation::Create {
            required.push("entity");
            replace("entity", known.entities(&action.blueprint));
        }
        let optional = inputs.get("required").is_none();
        let inputs = Json::Object(inputs);
        replace("inputs", object(if optional { nullable(inputs) } else { inputs }));
        if action.trigger.operation == ActionOperation::Create {
            let none =
                json!({ "type": "null", "description": "This action makes its entity: a run names none.", "doNotSuggest": true });
            keys.insert("entity".to_owned(), none);
        }
    }
    run.insert("required".to_owned(), json!(required));
    run.insert("title".to_owned(), json!(action.title.as_deref().unwrap_or(action.identifier.as_str())));
    let told = action.definition.get("description").and_then(Value::as_str);
    run.extend(told.map(|told| ("description".to_owned(), json!(told))));
    run
}

fn inputs(known: &Known<'_>, action: &Action) -> Map<String, Json> {
    let asked = &action.trigger.user_inputs;
    let translation = Translation { known, properties: "#/definitions/inputs/properties", names_are_judged: true };
    let mut all = Map::new();
    let pairs: &[(Box<str>, Value)] = match asked.get("properties") {
        Some(Value::Map(pairs)) => pairs,
        _ => &[],
    };
    for (name, definition) in pairs {
        let refers = definition.canonical().contains("\"$ref\"");
        let schema = if refers { json!({}) } else { without_queries(definition, |definition| translation.schema(definition)) };
        all.insert(name.to_string(), schema);
    }
    let mut required: Vec<&str> = Vec::new();
    if let Some(Value::List(names)) = asked.get("required").filter(|required| !is_computed(required)) {
        let has_default = |name: &str| pairs.iter().any(|(known, d)| **known == *name && d.get("default").is_some());
        required.extend(names.iter().filter_map(Value::as_str).filter(|name| !has_default(name)));
    }
    let mut out = object(json!({ "type": "object", "properties": all, "additionalProperties": false }));
    if !required.is_empty() {
        out.insert("required".to_owned(), json!(required));
    }
    out
}

/// A run of any action.
pub(super) fn anywhere(known: &Known<'_>) -> Map<String, Json> {
    let branches: Vec<Json> = known
        .catalog
        .actions()
        .iter()
        .map(|(id, action)| {
            json!({
                "if": { "properties": { "action": { "const": id.as_str() } }, "required": ["action"] },
                "then": of_action(known, &action.value),
            })
        })
        .collect();
    let mut out = document(Kind::Run).map(|section| Writer { known, about: None }.section(section)).unwrap_or_default();
    if !branches.is_empty() {
        out.insert("allOf".to_owned(), json!(branches));
    }
    out
}
