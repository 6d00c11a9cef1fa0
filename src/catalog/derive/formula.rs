//! Formulas: a text with values put in.

use crate::model::{EntityKey, FormulaPart, Value};

use super::{Derivation, Derived};

/// The greatest text that a formula makes, in bytes: as much as a text of a file may have.
const LONGEST: usize = 65_536;

/// Puts the values in. Where one of them is missing the whole is missing: half a link would be a wrong link.
pub(super) fn formula(derivation: &Derivation<'_>, key: &EntityKey, parts: &[FormulaPart], depth: usize) -> Derived {
    let mut out = String::new();
    for part in parts {
        match part {
            FormulaPart::Text(text) => out.push_str(text),
            FormulaPart::Name(name) => match derivation.read(key, name.as_str(), depth) {
                Derived::Value(value) => match word(&value) {
                    Some(text) => out.push_str(&text),
                    None if value.is_null() => return Derived::Absent,
                    None => {
                        return Derived::Error(format!(
                            "the value of `{}` is not a text that could stand in a formula",
                            name.as_str()
                        ));
                    }
                },
                Derived::Absent => return Derived::Absent,
                error @ Derived::Error(_) => return error,
            },
        }
        if out.len() > LONGEST {
            return Derived::Error(format!("it makes a text of more than {LONGEST} bytes"));
        }
    }
    Derived::Value(Value::from(out.as_str()))
}

/// A scalar as it is written; of a list its scalars with commas between them, as Port's templates join them.
fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.to_string()),
        Value::Bool(_) | Value::Int(_) | Value::Float(_) => Some(value.canonical()),
        Value::List(items) => {
            let simple = |item: &Value| !matches!(item, Value::List(_));
            let words: Option<Vec<String>> = items.iter().map(|item| simple(item).then(|| word(item)).flatten()).collect();
            words.map(|words| words.join(","))
        }
        Value::Null | Value::Map(_) => None,
    }
}
