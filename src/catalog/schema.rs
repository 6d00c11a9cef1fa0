//! A blueprint's schema, compiled once and shared by every revision that has the blueprint.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use jsonschema::{Draft, PatternOptions, ValidationOptions, Validator};
use serde_json::json;

use crate::model::{Blueprint, Part, Value};

use super::definition::{DefinitionFault, check_definition, renames_itself};
use super::format;
use super::mention::{conditional, names_anyone, root_of};
use super::plain::PlainProperties;
use super::violation::word;

pub use super::violation::Violation;

/// Where a catalog keeps the compiled schema of one blueprint; it goes when the last catalog with that blueprint goes.
#[derive(Clone, Default)]
pub struct SchemaSlot(Arc<OnceLock<Arc<EntitySchema>>>);

impl SchemaSlot {
    pub(super) fn get(&self, blueprint: &Blueprint) -> Arc<EntitySchema> {
        self.0.get_or_init(|| Arc::new(EntitySchema::compile(blueprint))).clone()
    }
}

impl std::fmt::Debug for SchemaSlot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.get().is_some() { "compiled" } else { "not compiled yet" })
    }
}

/// The properties of a blueprint, ready to judge entities by. Required, unknown and derived names are judged beside it.
#[derive(Debug)]
pub struct EntitySchema {
    validator: Option<Validator>,
    /// Asked first, as it is quicker by far.
    plain: PlainProperties,
    /// Definitions that cannot stand, by property; such a property takes any value until it is mended.
    pub faults: Vec<(Box<str>, DefinitionFault)>,
    /// Defaults that their own definition refuses, by property.
    pub bad_defaults: Vec<(Box<str>, Violation)>,
}

/// How every schema is compiled: formats asserted, patterns in linear time and bounded memory, nothing fetched.
pub(super) fn options<'a>() -> ValidationOptions<'a> {
    let options = jsonschema::options()
        .with_draft(Draft::Draft202012)
        .offline()
        .should_validate_formats(true)
        .with_pattern_options(PatternOptions::regex().size_limit(1 << 20).dfa_size_limit(1 << 20));
    format::assert_all(options)
}

/// A definition as the validator takes it: the formats of maps written out as the schemas they stand for.
fn spelled_out(definition: &Value) -> serde_json::Value {
    let mut json = definition.to_json();
    if format::stands_for_more(definition) {
        format::spell_out(definition, &mut json);
    }
    json
}

impl EntitySchema {
    fn compile(blueprint: &Blueprint) -> Self {
        let root = root_of(blueprint);
        let names_anyone = blueprint.properties.values().any(|property| names_anyone(&property.definition));
        let mut faults = Vec::new();
        let mut sound = BTreeMap::new();
        for (name, property) in &blueprint.properties {
            let mut found = faults_of(&root, &property.definition);
            if found.is_empty() && names_anyone {
                found = conditional(&root, &property.definition);
            }
            let definition = if found.is_empty() && !renames_itself(&property.definition) {
                spelled_out(&property.definition)
            } else {
                json!(true)
            };
            sound.insert(name.to_string(), definition);
            faults.extend(found.into_iter().map(|fault| (name.clone(), fault)));
        }
        let schema = json!({ "properties": sound, "schema": { "properties": sound } });
        let validator = match options().build(&schema) {
            Ok(validator) => Some(validator),
            Err(error) => {
                let name = error.schema_path().iter().find_map(|segment| {
                    let text = segment.to_string();
                    blueprint.properties.keys().find(|name| ***name == *text).cloned()
                });
                let message = format!("this schema cannot be compiled: {}", super::definition::shorten(&error.to_string()));
                let fault = DefinitionFault { rule: "schema/definition", way: Vec::new(), message, help: None };
                faults.push((name.or_else(|| blueprint.properties.keys().next().cloned()).unwrap_or_default(), fault));
                None
            }
        };
        let plain = PlainProperties::of(blueprint);
        let mut this = Self { validator, plain, faults, bad_defaults: Vec::new() };
        for (name, property) in &blueprint.properties {
            let Some(default) = property.default() else { continue };
            let found = this.violations([(&**name, default)]);
            this.bad_defaults.extend(found.into_iter().map(|violation| (name.clone(), violation)));
        }
        this
    }

    /// Everything these properties have wrong by their definitions; the way of each begins with the property's name.
    pub fn violations<'a>(&self, properties: impl IntoIterator<Item = (&'a str, &'a Value)>) -> Vec<Violation> {
        let Some(validator) = &self.validator else { return Vec::new() };
        // The others stand by themselves: one property's definition says nothing of another's value.
        let open = properties.into_iter().filter(|(name, value)| !self.plain.surely(name, value));
        let instance: serde_json::Map<String, serde_json::Value> = open.map(|(k, v)| (k.to_owned(), v.to_json())).collect();
        if instance.is_empty() {
            return Vec::new();
        }
        let instance = serde_json::Value::Object(instance);
        if validator.is_valid(&instance) {
            return Vec::new();
        }
        validator.iter_errors(&instance).flat_map(|error| word(&error)).collect()
    }
}

/// What is wrong with one definition: by JSON Schema itself, then by what we ask beyond.
fn faults_of(root: &Value, definition: &Value) -> Vec<DefinitionFault> {
    let json = definition.to_json();
    let meta = jsonschema::draft202012::meta::validator();
    let mut faults: Vec<DefinitionFault> = meta
        .iter_errors(&json)
        .map(|error| {
            let violation = word(&error).into_iter().next();
            DefinitionFault {
                rule: "schema/definition",
                way: violation.as_ref().map_or_else(Vec::new, |v| v.way.clone()),
                message: violation.map_or_else(|| error.to_string(), |v| v.message),
                help: Some(
                    "a property's definition is a JSON Schema: `type: string`, `enum: [a, b]`, `format: url` and the like".into(),
                ),
            }
        })
        .collect();
    // The metaschema says one thing along several of its branches.
    faults.dedup_by(|a, b| a.way == b.way);
    faults.extend(check_definition(root, definition));
    faults
}

/// One step as JSON Schema's locations tell it.
pub(super) fn part(segment: &jsonschema::paths::LocationSegment<'_>) -> Part {
    match segment {
        jsonschema::paths::LocationSegment::Property(name) => Part::Key(name.as_ref().into()),
        jsonschema::paths::LocationSegment::Index(index) => Part::Index(*index),
    }
}
