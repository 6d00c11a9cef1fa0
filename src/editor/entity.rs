//! Schemas of entities: one for the directory of each blueprint, one for entities that stand elsewhere.

use serde_json::{Map, Value, json};

use crate::model::{Blueprint, Kind, Relation};

use super::known::{Known, object};
use super::table::document;
use super::value::{Translation, nullable};
use super::write::{Writer, or_null};

/// The way to a definition in a written document, as part of a JSON pointer in a URI.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// An entity of this blueprint; `by_folder` where the directory supplies it.
fn of_blueprint(known: &Known<'_>, blueprint: &Blueprint, by_folder: bool) -> Value {
    let Some(section) = document(Kind::Entity) else { return json!({}) };
    let mut entity = Writer { known, about: Some(blueprint) }.section(section);
    let id = blueprint.identifier.as_str();
    let mut required = vec!["identifier"];
    if !by_folder {
        required.push("blueprint");
    }
    let properties = properties(known, blueprint);
    let relations = relations(known, blueprint);
    for (key, part) in [("properties", &properties), ("relations", &relations)] {
        if part.get("required").is_some() {
            required.push(key);
        }
    }
    entity.insert("required".to_owned(), json!(required));
    if let Some(keys) = entity.get_mut("properties").and_then(Value::as_object_mut) {
        for (key, mut part) in [("properties", properties), ("relations", relations)] {
            if part.get("required").is_none() {
                part = or_null(part);
            }
            for told in ["title", "description"] {
                part.extend(keys.get(key).and_then(|old| old.get(told)).map(|text| (told.to_owned(), text.clone())));
            }
            keys.insert(key.to_owned(), Value::Object(part));
        }
        if let Some(written) = keys.get_mut("blueprint").and_then(Value::as_object_mut) {
            written.remove("anyOf");
            written.remove("enumDescriptions");
            written.insert("type".to_owned(), json!(["string", "null"]));
            written.insert("enum".to_owned(), json!([id, null]));
        }
    }
    entity.insert("title".to_owned(), json!(blueprint.title.as_deref().unwrap_or(id)));
    if let Some(description) = &blueprint.description {
        entity.insert("description".to_owned(), json!(description));
    }
    Value::Object(entity)
}

/// What an entity may set. Derived properties are not among it: writing one is an error.
fn properties(known: &Known<'_>, blueprint: &Blueprint) -> Map<String, Value> {
    let way = format!("#/definitions/{}/properties/properties/properties", escaped(blueprint.identifier.as_str()));
    let translation = Translation { known, properties: &way, names_are_judged: true };
    let sound = known.catalog.schema_of(&blueprint.identifier);
    let mut all = Map::new();
    let mut required = Vec::new();
    for (name, property) in &blueprint.properties {
        // Of a definition that cannot stand nothing follows for entities until it is mended.
        let faulty = sound.as_ref().is_some_and(|schema| schema.faults.iter().any(|(faulty, _)| faulty == name));
        let mut schema = if faulty { json!({}) } else { translation.schema(&property.definition) };
        let demanded = blueprint.required.contains(name);
        if !demanded {
            schema = nullable(schema);
        }
        if demanded && property.default().is_none() {
            required.push(name.to_string());
        }
        all.insert(name.to_string(), schema);
    }
    closed(all, &required)
}

fn relations(known: &Known<'_>, blueprint: &Blueprint) -> Map<String, Value> {
    let mut all = Map::new();
    let mut required = Vec::new();
    for (name, relation) in &blueprint.relations {
        all.insert(name.to_string(), Value::Object(self::relation(known, relation)));
        if relation.required {
            required.push(name.to_string());
        }
    }
    closed(all, &required)
}

fn relation(known: &Known<'_>, relation: &Relation) -> Map<String, Value> {
    let target = known.entities(&relation.target);
    let mut schema = if relation.many { object(json!({ "type": "array", "items": target })) } else { target };
    if !relation.required {
        schema = or_null(schema);
    }
    if let Some(title) = &relation.title {
        schema.insert("title".to_owned(), json!(title));
    }
    let points = format!("{} of blueprint {}", if relation.many { "Entities" } else { "An entity" }, relation.target);
    let told = relation.description.as_ref().map_or_else(|| points.clone(), |told| format!("{told}\n\n{points}"));
    schema.insert("description".to_owned(), json!(told));
    schema
}

fn closed(all: Map<String, Value>, required: &[String]) -> Map<String, Value> {
    let mut out = object(json!({ "type": "object", "properties": all, "additionalProperties": false }));
    if !required.is_empty() {
        out.insert("required".to_owned(), json!(required));
    }
    out
}

/// One entity, or a list of them.
fn one_or_many(one: &Value) -> Map<String, Value> {
    object(json!({ "if": { "type": "array" }, "then": { "items": one, "minItems": 1 }, "else": one }))
}

/// The schema of entities below `entities/<Blueprint>/`, which need not say their blueprint.
pub(super) fn in_folder(known: &Known<'_>, blueprint: &Blueprint) -> Map<String, Value> {
    let id = blueprint.identifier.as_str();
    let elsewhere = Writer { known, about: None };
    let other = document(Kind::Entity).map(|section| elsewhere.section(section)).unwrap_or_default();
    let one = json!({
        "if": { "properties": { "blueprint": { "enum": [id, null] } } },
        "then": { "$ref": format!("#/definitions/{}", escaped(id)) },
        "else": other,
    });
    let mut out = one_or_many(&one);
    out.insert("definitions".to_owned(), json!({ id: of_blueprint(known, blueprint, true) }));
    out
}

/// The schema of entities that say their blueprint.
pub(super) fn anywhere(known: &Known<'_>) -> Map<String, Value> {
    let mut definitions = Map::new();
    let mut branches = Vec::new();
    for (id, blueprint) in known.catalog.blueprints().iter() {
        definitions.insert(id.to_string(), of_blueprint(known, &blueprint.value, false));
        branches.push(json!({
            "if": { "properties": { "blueprint": { "const": id.as_str() } }, "required": ["blueprint"] },
            "then": { "$ref": format!("#/definitions/{}", escaped(id.as_str())) },
        }));
    }
    let mut one = document(Kind::Entity).map(|section| Writer { known, about: None }.section(section)).unwrap_or_default();
    one.insert("required".to_owned(), json!(["identifier", "blueprint"]));
    if !branches.is_empty() {
        one.insert("allOf".to_owned(), json!(branches));
    }
    let mut out = one_or_many(&Value::Object(one));
    out.insert("definitions".to_owned(), Value::Object(definitions));
    out
}
