//! Calculations: a jq program over the entity as its reader sees it.

use std::collections::BTreeMap;

use jsonschema::Validator;

use crate::catalog::definition::{check_definition, renames_itself};
use crate::catalog::schema::options;
use crate::catalog::violation::word;
use crate::model::{Blueprint, EntityKey, MetaProperty, Value};

use super::needs::words;
use super::{Derivation, Derived};

/// Runs the program. Whatever goes wrong becomes an error value, never a failure of whoever reads.
pub(super) fn calculation(
    derivation: &Derivation<'_>,
    key: &EntityKey,
    blueprint: &Blueprint,
    name: &str,
    program: &str,
    depth: usize,
) -> Derived {
    let input = match input(derivation, key, blueprint, name, program, depth) {
        Ok(input) => input,
        Err(error) => return error,
    };
    if !derivation.may_evaluate() {
        return Derived::Error("too many calculations are needed for one answer".to_owned());
    }
    let mut outputs = match derivation.catalog().expressions().evaluate(program, &input) {
        Ok(outputs) => outputs.into_iter(),
        Err(error) => return Derived::Error(error.to_string()),
    };
    match (outputs.next(), outputs.len()) {
        (None | Some(Value::Null), 0) => Derived::Absent,
        (Some(value), 0) => match derivation.wrong(blueprint, name, &value) {
            None => Derived::Value(value),
            Some(wrong) => Derived::Error(wrong),
        },
        (_, more) => Derived::Error(format!("it yields {} values, where one is wanted", more.saturating_add(1))),
    }
}

/// The entity as Port hands it to a calculation: `.identifier`, `.title`, `.icon`, `.blueprint`, `.team`, `.properties`,
/// `.relations` and the meta-properties of history. Of derived properties those that the program names.
fn input(
    derivation: &Derivation<'_>,
    key: &EntityKey,
    blueprint: &Blueprint,
    name: &str,
    program: &str,
    depth: usize,
) -> Result<Value, Derived> {
    let mut pairs: Vec<(Box<str>, Value)> = Vec::new();
    for meta in MetaProperty::ALL {
        let plain = meta.as_str().trim_start_matches('$');
        let value = derivation.read(key, meta.as_str(), depth).into_value().unwrap_or(Value::Null);
        pairs.push((plain.into(), value));
    }
    let mut properties = BTreeMap::new();
    for property in blueprint.properties.keys() {
        if let Some(value) = derivation.read(key, property, depth).into_value() {
            properties.insert(property.clone(), value);
        }
    }
    for property in words(program).into_iter().filter(|word| *word != name && blueprint.derived.contains_key(*word)) {
        match derivation.read(key, property, depth) {
            Derived::Value(value) => {
                properties.insert(property.into(), value);
            }
            Derived::Absent => {}
            error @ Derived::Error(_) => return Err(error),
        }
    }
    pairs.push(("properties".into(), Value::Map(properties.into_iter().collect())));
    pairs.push(("relations".into(), Value::from_pairs(derivation.relations(key, blueprint))));
    Ok(Value::from_pairs(pairs))
}

/// Why the declared `type`, `format` and `items` of a calculation cannot judge its result.
pub fn definition_fault(definition: &Value) -> Option<String> {
    match Wanted::of(definition) {
        Wanted::Unsound(why) => Some(why),
        Wanted::Anything | Wanted::Valid(_) => None,
    }
}

/// What a calculation's result has to be: its declared `type`, `format` and `items`.
pub(super) enum Wanted {
    Anything,
    Valid(Box<Validator>),
    /// Its definition cannot be used, and why.
    Unsound(String),
}

impl Wanted {
    pub(super) fn of(definition: &Value) -> Self {
        let keys = ["type", "format", "items"];
        let schema = Value::from_pairs(keys.iter().filter_map(|key| Some((Box::from(*key), definition.get(key)?.clone()))));
        if let Some(fault) = check_definition(&schema, &schema).into_iter().next() {
            return Self::Unsound(fault.message);
        }
        if renames_itself(&schema) {
            return Self::Unsound("its definition renames itself".to_owned());
        }
        if schema == Value::from_pairs([]) {
            return Self::Anything;
        }
        match options().build(&schema.to_json()) {
            Ok(validator) => Self::Valid(Box::new(validator)),
            Err(error) => Self::Unsound(crate::catalog::shorten(&error.to_string())),
        }
    }

    /// What is wrong with a result.
    pub(super) fn wrong(&self, value: &Value) -> Option<String> {
        match self {
            Self::Anything => None,
            Self::Unsound(why) => Some(why.clone()),
            Self::Valid(validator) => {
                let json = value.to_json();
                let error = validator.iter_errors(&json).next()?;
                let message = word(&error).into_iter().next().map_or_else(|| error.to_string(), |violation| violation.message);
                Some(format!("its result does not fit its definition: {}", crate::catalog::shorten(&message)))
            }
        }
    }
}
