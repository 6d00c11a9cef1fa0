//! Which inputs are secret, and what is said of them outward.

use std::collections::BTreeSet;

use crate::model::{Action, Value};

/// What stands for a secret.
pub const HIDDEN: &str = "(secret)";

/// The inputs of an action that are secret: those with Port's `encryption`, in whatever way.
pub fn secret_inputs(action: &Action) -> BTreeSet<Box<str>> {
    let Some(Value::Map(properties)) = action.trigger.user_inputs.get("properties") else { return BTreeSet::new() };
    properties.iter().filter(|(_, definition)| is_secret(definition)).map(|(name, _)| name.clone()).collect()
}

/// Every text that stands in a run's secret inputs, numbers too; where nobody knows the action, in each of its inputs.
pub(super) fn secret_texts(action: Option<&Action>, inputs: &Value) -> Vec<String> {
    let Value::Map(given) = inputs else { return Vec::new() };
    let secret = action.map(secret_inputs);
    let hidden = given.iter().filter(|(name, _)| secret.as_ref().is_none_or(|secret| secret.contains(name)));
    hidden.flat_map(|(_, value)| texts(value)).collect()
}

/// Every text and number in a value.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.to_string()],
        Value::List(items) => items.iter().flat_map(texts).collect(),
        Value::Map(pairs) => pairs.iter().flat_map(|(_, value)| texts(value)).collect(),
        Value::Int(_) | Value::Float(_) => vec![value.canonical()],
        Value::Null | Value::Bool(_) => Vec::new(),
    }
}

/// Whether an input is secret, by its own definition or by that of a part of it.
fn is_secret(definition: &Value) -> bool {
    let encrypted = definition.get("encryption").is_some_and(|given| !matches!(given, Value::Null | Value::Bool(false)));
    let parts = definition.get("properties").into_iter().flat_map(|parts| match parts {
        Value::Map(pairs) => pairs.iter().map(|(_, part)| part).collect(),
        _ => Vec::new(),
    });
    encrypted || parts.chain(definition.get("items")).any(is_secret)
}

/// The inputs of a run as they may be shown: what is secret, and what the action does not define, is hidden as a whole.
///
/// Where nobody knows the action any more, nothing is known to be public, so everything is hidden.
pub fn redacted(action: Option<&Action>, inputs: &Value) -> Value {
    let Value::Map(given) = inputs else { return Value::from(HIDDEN) };
    let secret = action.map(secret_inputs).unwrap_or_default();
    let known = |name: &str| {
        let properties = action.and_then(|action| action.trigger.user_inputs.get("properties"));
        properties.is_some_and(|properties| properties.get(name).is_some())
    };
    Value::from_pairs(given.iter().map(|(name, value)| {
        let open = known(name) && !secret.contains(name);
        (name.clone(), if open { value.clone() } else { Value::from(HIDDEN) })
    }))
}
