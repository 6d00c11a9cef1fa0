//! How the definition of an input is read: what is computed in it, and what it names.

use crate::model::{Identifier, Value};

/// What an input names, where it names something of the catalog.
pub(super) enum Reference {
    /// `format: user`
    User,
    /// `format: team`
    Team,
    /// `format: entity`, with its blueprint.
    Entity(Identifier),
}

/// What the values of a definition name.
pub(super) fn reference(definition: &Value) -> Option<Reference> {
    match definition.get("format").and_then(Value::as_str)? {
        "user" => Some(Reference::User),
        "team" => Some(Reference::Team),
        "entity" => {
            let blueprint = definition.get("blueprint").and_then(Value::as_str)?;
            Identifier::new(blueprint).ok().map(Reference::Entity)
        }
        _ => None,
    }
}

/// The program, where a value is computed: `{jqQuery: …}`.
pub(in crate::check) fn program(value: &Value) -> Option<&str> {
    value.get("jqQuery").and_then(Value::as_str)
}

/// Whether a `jqQuery` stands in it, at any depth that a parsed file can have.
pub(in crate::check) fn is_computed(value: &Value) -> bool {
    match value {
        Value::Map(pairs) => pairs.iter().any(|(key, value)| &**key == "jqQuery" || is_computed(value)),
        Value::List(items) => items.iter().any(is_computed),
        _ => false,
    }
}

/// The value with everything computed in it replaced by what `ask` answers.
///
/// # Errors
/// The first that has no answer.
pub(super) fn resolve(value: &Value, ask: &mut dyn FnMut(&str) -> Result<Value, String>) -> Result<Value, String> {
    if let Some(program) = program(value) {
        return ask(program);
    }
    Ok(match value {
        Value::Map(pairs) => {
            let mut out = Vec::new();
            for (key, value) in pairs {
                out.push((key.clone(), resolve(value, ask)?));
            }
            Value::from_pairs(out)
        }
        Value::List(items) => {
            let mut out = Vec::new();
            for item in items {
                out.push(resolve(item, ask)?);
            }
            Value::List(out.into())
        }
        scalar => scalar.clone(),
    })
}

/// The entries of a map; nothing of anything else.
pub(in crate::check) fn pairs(map: Option<&Value>) -> impl Iterator<Item = (&str, &Value)> {
    let pairs = match map {
        Some(Value::Map(pairs)) => &**pairs,
        _ => &[],
    };
    pairs.iter().map(|(key, value)| (&**key, value))
}

/// The texts of a list; nothing of anything else.
pub(super) fn texts(list: Option<&Value>) -> impl Iterator<Item = &str> {
    let items = match list {
        Some(Value::List(items)) => &**items,
        _ => &[],
    };
    items.iter().filter_map(Value::as_str)
}

/// A map without some of its entries.
pub(super) fn without(map: &Value, drop: impl Fn(&str, &Value) -> bool) -> Value {
    match map {
        Value::Map(_) => {
            Value::from_pairs(pairs(Some(map)).filter(|(k, v)| !drop(k, v)).map(|(key, value)| (key.into(), value.clone())))
        }
        other => other.clone(),
    }
}

/// The inputs with the written defaults of `definition` filled in, also inside objects that are there.
pub(super) fn fill(definition: &Value, inputs: &Value) -> Value {
    let Value::Map(given) = inputs else { return inputs.clone() };
    let mut filled: Vec<(Box<str>, Value)> = Vec::new();
    for (name, of_input) in pairs(definition.get("properties")) {
        match (inputs.get(name), of_input.get("default")) {
            (None, Some(default)) if !is_computed(default) => filled.push((name.into(), fill(of_input, default))),
            (Some(value), _) => filled.push((name.into(), fill(of_input, value))),
            (None, _) => {}
        }
    }
    Value::from_pairs(given.iter().cloned().chain(filled))
}

/// Whether a default is computed that these inputs leave to the form, at any depth: what it comes to is then not known.
pub(super) fn leaves_to_compute(definition: &Value, inputs: &Value) -> bool {
    pairs(definition.get("properties")).any(|(name, of_input)| match inputs.get(name) {
        None => of_input.get("default").is_some_and(is_computed),
        Some(value) => leaves_to_compute(of_input, value),
    })
}

/// A filter with a text in the place of everything computed, to see whether the rest can be read. Where an operator wants a
/// list, it gets a list.
pub(in crate::check) fn stand_in(rules: &Value) -> Value {
    match rules {
        Value::Map(entries) => {
            let list = matches!(rules.get("operator").and_then(Value::as_str), Some("containsAny" | "in" | "notIn"));
            let moment = matches!(rules.get("operator").and_then(Value::as_str), Some(">" | ">=" | "<" | "<="));
            Value::from_pairs(entries.iter().map(|(key, value)| {
                let text = || Value::from("computed");
                let value = match program(value) {
                    Some(_) if list => Value::List([text()].into()),
                    Some(_) if moment => Value::Int(0),
                    Some(_) => text(),
                    None => stand_in(value),
                };
                (key.clone(), value)
            }))
        }
        Value::List(items) => Value::List(items.iter().map(stand_in).collect()),
        scalar => scalar.clone(),
    }
}
