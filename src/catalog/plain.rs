//! Definitions so plain that a value can be seen to satisfy them at a glance, which most values of a catalog do.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Blueprint, Value};

use super::format::is_url;

/// Up to here a float holds every whole number, so that comparing by floats is comparing by value.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// What says nothing of a value.
const SILENT: &[&str] = &["title", "description", "icon", "default", "enumColors"];

/// A definition of one of the plainest kinds. It answers yes or nothing: where it does not say yes, the validator is asked.
#[derive(Debug, PartialEq)]
enum Plain {
    Text { one_of: Option<BTreeSet<Box<str>>>, least: usize, most: usize, url: bool },
    Number { whole: bool, least: f64, most: f64 },
    Switch,
}

impl Plain {
    /// `None` where there is anything in it that is not plain.
    fn of(definition: &Value) -> Option<Self> {
        let Value::Map(pairs) = definition else { return None };
        let only =
            |known: &[&str]| pairs.iter().all(|(key, _)| **key == *"type" || SILENT.contains(&&**key) || known.contains(&&**key));
        let number = |key: &str, otherwise: f64| match definition.get(key) {
            None => Some(otherwise),
            Some(value) => exact(value),
        };
        match definition.get("type")?.as_str()? {
            "string" if only(&["enum", "minLength", "maxLength", "format"]) => {
                let length = |key: &str, otherwise: usize| match definition.get(key) {
                    None => Some(otherwise),
                    Some(Value::Int(length)) => usize::try_from(*length).ok(),
                    Some(_) => None,
                };
                let one_of = match definition.get("enum") {
                    None => None,
                    Some(Value::List(items)) => {
                        Some(items.iter().map(|item| item.as_str().map(Box::from)).collect::<Option<_>>()?)
                    }
                    Some(_) => return None,
                };
                let url = match definition.get("format") {
                    None => false,
                    Some(format) if format.as_str() == Some("url") => true,
                    Some(_) => return None,
                };
                Some(Self::Text { one_of, least: length("minLength", 0)?, most: length("maxLength", usize::MAX)?, url })
            }
            kind @ ("number" | "integer") if only(&["minimum", "maximum"]) => Some(Self::Number {
                whole: kind == "integer",
                least: number("minimum", f64::NEG_INFINITY)?,
                most: number("maximum", f64::INFINITY)?,
            }),
            "boolean" if only(&[]) => Some(Self::Switch),
            _ => None,
        }
    }

    /// Whether a value surely satisfies it.
    fn surely(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Text { one_of, least, most, url }, Value::String(text)) => {
                // A character has four bytes at most, so most lengths are known without counting.
                let long = || text.len() >= least.saturating_mul(4) || text.chars().count() >= *least;
                let short = || text.len() <= *most || text.chars().count() <= *most;
                one_of.as_ref().is_none_or(|known| known.contains(text)) && long() && short() && (!url || is_url(text))
            }
            (Self::Number { whole, least, most }, number) => {
                let whole_enough = !whole || matches!(number, Value::Int(_));
                whole_enough && exact(number).is_some_and(|number| number >= *least && number <= *most)
            }
            (Self::Switch, Value::Bool(_)) => true,
            _ => false,
        }
    }
}

/// A number that a float holds exactly, and next to which it holds all others of its size.
fn exact(value: &Value) -> Option<f64> {
    match value {
        Value::Int(whole) => i64::try_from(*whole).ok().map(|whole| whole as f64).filter(|float| float.abs() < EXACT),
        Value::Float(float) => Some(*float).filter(|float| float.abs() < EXACT),
        _ => None,
    }
}

/// The plain ones among the properties of a blueprint.
#[derive(Debug, Default)]
pub(super) struct PlainProperties(BTreeMap<Box<str>, Plain>);

impl PlainProperties {
    pub(super) fn of(blueprint: &Blueprint) -> Self {
        let properties = blueprint.properties.iter();
        Self(properties.filter_map(|(name, property)| Some((name.clone(), Plain::of(&property.definition)?))).collect())
    }

    /// Whether this value of a property surely satisfies its definition.
    pub(super) fn surely(&self, name: &str, value: &Value) -> bool {
        self.0.get(name).is_some_and(|plain| plain.surely(value))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::catalog::schema::options;

    fn number() -> impl Strategy<Value = serde_json::Value> {
        prop_oneof![
            (-5i64..5).prop_map(|n| json!(n)),
            (-5.0f64..5.0).prop_map(|n| json!(n)),
            any::<i64>().prop_map(|n| json!(n)),
            any::<u64>().prop_map(|n| json!(n)),
            prop::sample::select(vec![
                json!(9_007_199_254_740_993_i64),
                json!(9.007_199_254_740_992e15),
                json!(-0.0),
                json!(1e300),
                json!(2.0)
            ]),
        ]
    }

    fn text() -> impl Strategy<Value = String> {
        prop_oneof![
            "[ab]{0,3}",
            ".{0,4}",
            Just("https://a.example/b".to_owned()),
            Just("http://".to_owned()),
            Just("a:b".to_owned())
        ]
    }

    fn value() -> impl Strategy<Value = serde_json::Value> {
        prop_oneof![
            number(),
            text().prop_map(|text| json!(text)),
            any::<bool>().prop_map(|b| json!(b)),
            Just(json!(null)),
            Just(json!([])),
            Just(json!({})),
        ]
    }

    prop_compose! {
        fn definition()(
            kind in prop::sample::select(vec!["string", "number", "integer", "boolean", "array"]),
            one_of in prop::option::weighted(0.3, prop::collection::vec(value(), 1..4)),
            words in prop::option::weighted(0.3, prop::collection::vec(text(), 1..4)),
            bounds in (prop::option::weighted(0.4, number()), prop::option::weighted(0.4, number())),
            lengths in (prop::option::weighted(0.4, 0u8..4), prop::option::weighted(0.4, 0u8..4)),
            format in prop::option::weighted(0.3, prop::sample::select(vec!["url", "email", "user"])),
            title in any::<bool>(),
        ) -> serde_json::Value {
            let mut map = serde_json::Map::new();
            map.insert("type".into(), json!(kind));
            let mut put = |key: &str, value: Option<serde_json::Value>| drop(value.map(|value| map.insert(key.into(), value)));
            let mut words = words.map(|words| json!(words)).or(one_of.map(|list| json!(list)));
            if let Some(serde_json::Value::Array(list)) = &mut words {
                let mut seen: Vec<serde_json::Value> = Vec::new();
                list.retain(|item| !seen.contains(item) && { seen.push(item.clone()); true });
            }
            put("enum", words);
            put("minimum", bounds.0);
            put("maximum", bounds.1);
            put("minLength", lengths.0.map(|n| json!(n)));
            put("maxLength", lengths.1.map(|n| json!(n)));
            put("format", format.map(|format| json!(format)));
            put("title", title.then(|| json!("A title")));
            serde_json::Value::Object(map)
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn says_yes_to_nothing_that_the_validator_refuses(definition in definition(), values in prop::collection::vec(value(), 1..8)) {
            let Some(plain) = Plain::of(&Value::from_json(&definition)) else { return Ok(()) };
            let validator = options().build(&definition).unwrap();
            for value in values {
                let meant = Value::from_json(&value);
                prop_assert!(!plain.surely(&meant) || validator.is_valid(&meant.to_json()), "{definition} {value}");
            }
        }
    }

    #[test]
    fn what_catalogs_are_full_of_is_seen_at_a_glance() {
        for (definition, value) in [
            (json!({ "type": "string", "title": "x" }), json!("anything")),
            (json!({ "type": "string", "enum": ["a", "b"], "enumColors": {"a": "red"} }), json!("b")),
            (json!({ "type": "string", "format": "url" }), json!("https://a.example/b?c")),
            (json!({ "type": "string", "maxLength": 3, "minLength": 3 }), json!("äöü")),
            (json!({ "type": "number", "minimum": 0, "maximum": 99.9 }), json!(99.9)),
            (json!({ "type": "integer" }), json!(3.0)),
            (json!({ "type": "boolean" }), json!(false)),
        ] {
            assert!(Plain::of(&Value::from_json(&definition)).unwrap().surely(&Value::from_json(&value)), "{definition} {value}");
        }
    }
}
