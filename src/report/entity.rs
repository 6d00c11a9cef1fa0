//! What `portcullis show` prints: an entity as one reader sees it, with defaults, derived properties and where it comes from.

use std::fmt::Write as _;

use serde_json::{Map, Value as Json, json};

use crate::catalog::Catalog;
use crate::catalog::derive::{Derivation, Derived};
use crate::model::{EntityKey, MetaProperty, Value};

use super::defuse::prose;
use super::json::pretty;

/// An entity as one reader sees it.
#[derive(Clone, PartialEq, Debug)]
pub struct EntityView {
    /// Which.
    pub key: EntityKey,
    /// The meta-properties that are there.
    pub meta: Vec<(MetaProperty, Value)>,
    /// The properties that have a value, or should have one and cannot be computed; in order of name.
    pub properties: Vec<PropertyView>,
    /// The relations that are set.
    pub relations: Vec<(Box<str>, Value)>,
}

/// One property of it.
#[derive(Clone, PartialEq, Debug)]
pub struct PropertyView {
    /// Its name.
    pub name: Box<str>,
    /// Where the value comes from: `default` or a family, `mirrorProperties`; `None` for one that the entity sets.
    pub source: Option<&'static str>,
    /// The value, or why there is none.
    pub value: Result<Value, String>,
}

impl EntityView {
    /// What the derivation's reader sees of an entity; `None` where that is nothing, whether or not it is there.
    pub fn of(catalog: &Catalog, derivation: &Derivation<'_>, key: &EntityKey) -> Option<Self> {
        let entity = catalog.entities().get(key).filter(|_| derivation.sees(key))?;
        let blueprint = &catalog.blueprints().get(&key.blueprint)?.value;
        let meta = MetaProperty::ALL.into_iter();
        let meta = meta.filter_map(|meta| Some((meta, derivation.value(key, meta.as_str()).into_value()?)));
        let written = blueprint.properties.keys().map(|name| {
            let set = entity.value.properties.contains_key(name);
            (name, if set { None } else { Some("default") })
        });
        let derived = blueprint.derived.iter().map(|(name, derived)| (name, Some(derived.family())));
        #[allow(clippy::borrowed_box)] // the keys of both maps are boxed, and are cloned
        let view = |(name, source): (&Box<str>, _)| {
            let value = match derivation.value(key, name) {
                Derived::Value(value) => Ok(value),
                Derived::Error(why) => Err(why),
                Derived::Absent => return None,
            };
            Some(PropertyView { name: name.clone(), source, value })
        };
        let mut properties: Vec<PropertyView> = written.chain(derived).filter_map(view).collect();
        properties.sort_by(|a, b| a.name.cmp(&b.name));
        Some(Self { key: key.clone(), meta: meta.collect(), properties, relations: derivation.relations(key, blueprint) })
    }

    /// As Port's API gives an entity, with `errors` for what could not be computed and `sources` for what nobody wrote.
    fn json(&self) -> Json {
        let mut all = Map::new();
        for (meta, value) in &self.meta {
            all.insert(meta.as_str().trim_start_matches('$').to_owned(), value.to_json());
        }
        let good = |p: &PropertyView| p.value.as_ref().ok().map(|value| (p.name.to_string(), value.to_json()));
        let bad = |p: &PropertyView| p.value.as_ref().err().map(|why| (p.name.to_string(), json!(why)));
        let source = |p: &PropertyView| p.source.map(|source| (p.name.to_string(), json!(source)));
        all.insert("properties".into(), self.properties.iter().filter_map(good).collect());
        all.insert("relations".into(), self.relations.iter().map(|(name, value)| (name.to_string(), value.to_json())).collect());
        all.insert("sources".into(), self.properties.iter().filter_map(source).collect());
        all.insert("errors".into(), self.properties.iter().filter_map(bad).collect());
        Json::Object(all)
    }
}

/// For a program.
pub fn entity_json(view: &EntityView) -> String {
    pretty(&view.json())
}

/// The same as YAML.
pub fn entity_yaml(view: &EntityView) -> String {
    let mut out = String::new();
    write_yaml(&mut out, &view.json(), 0);
    out
}

/// For a person.
pub fn entity_text(view: &EntityView) -> String {
    let mut out = format!("{}\n", prose(&view.key.to_string()));
    let mut line = |name: &str, value: &str, source: Option<&str>| {
        let source = source.map(|source| format!("   ({source})")).unwrap_or_default();
        let _ = writeln!(out, "  {:<24} {value}{source}", prose(name));
    };
    for (meta, value) in view.meta.iter().filter(|(meta, _)| !matches!(meta, MetaProperty::Identifier | MetaProperty::Blueprint))
    {
        line(meta.as_str(), &word(value), None);
    }
    for property in &view.properties {
        match &property.value {
            Ok(value) => line(&property.name, &word(value), property.source),
            Err(why) => line(&property.name, &format!("error: {}", prose(why)), property.source),
        }
    }
    for (name, value) in &view.relations {
        line(name, &word(value), Some("relation"));
    }
    out
}

/// A value on one line: a text as it is, a list of texts with commas, all else as JSON.
fn word(value: &Value) -> String {
    match value {
        Value::String(text) => prose(text),
        Value::List(items) if items.iter().all(|item| item.as_str().is_some()) => {
            let items: Vec<String> = items.iter().filter_map(Value::as_str).map(prose).collect();
            if items.is_empty() { "-".to_owned() } else { items.join(", ") }
        }
        Value::Null => "-".to_owned(),
        other => prose(&other.canonical()),
    }
}

/// Block style down to the leaves; leaves as JSON, which is YAML too, so that no text is taken for something else.
fn write_yaml(out: &mut String, value: &Json, indent: usize) {
    let pad = " ".repeat(indent);
    let leaf = |value: &Json| super::json_safe(&value.to_string());
    let nested = |value: &Json| match value {
        Json::Object(map) => !map.is_empty(),
        Json::Array(items) => !items.is_empty(),
        _ => false,
    };
    let mut entry = |head: String, value: &Json| {
        if nested(value) {
            let _ = writeln!(out, "{pad}{head}");
            write_yaml(out, value, indent + 2);
        } else {
            let _ = writeln!(out, "{pad}{head} {}", leaf(value));
        }
    };
    match value {
        Json::Object(map) => map.iter().for_each(|(key, value)| {
            let plain =
                key.starts_with(|c: char| c.is_ascii_alphabetic()) && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            let word =
                matches!(key.to_ascii_lowercase().as_str(), "true" | "false" | "null" | "yes" | "no" | "on" | "off" | "y" | "n");
            let key = if plain && !word { key.clone() } else { leaf(&Json::from(key.as_str())) };
            entry(format!("{key}:"), value);
        }),
        Json::Array(items) => items.iter().for_each(|item| entry("-".to_owned(), item)),
        other => {
            let _ = writeln!(out, "{pad}{}", leaf(other));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Identifier;

    fn view() -> EntityView {
        let id = |text| Identifier::new(text).unwrap();
        let json = |json: Json| Value::from_json(&json);
        let property = |name: &str, source, value| PropertyView { name: name.into(), source, value };
        EntityView {
            key: EntityKey { blueprint: id("Env"), identifier: id("prod") },
            meta: vec![
                (MetaProperty::Identifier, json(json!("prod"))),
                (MetaProperty::Title, json(json!("Pro\u{202e}duction"))),
                (MetaProperty::Team, json(json!(["red", "blue"]))),
            ],
            properties: vec![
                property("cost", Some("aggregationProperties"), Ok(Value::Int(3))),
                property("no", None, Ok(json(json!({"a": [1, {"b": "yes"}], "c": []})))),
                property("tier", Some("default"), Ok(json(json!("low")))),
                property("score", Some("calculationProperties"), Err("it fails: no".to_owned())),
            ],
            relations: vec![("service".into(), json(json!("cart")))],
        }
    }

    #[test]
    fn people_and_programs_get_the_same() {
        insta::assert_snapshot!(format!("{}---\n{}---\n{}", entity_text(&view()), entity_yaml(&view()), entity_json(&view())));
    }
}
