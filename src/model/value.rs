//! A JSON value compared by meaning: what a property, an input or a payload holds.

use std::fmt;

/// A value as the catalog means it.
///
/// Equality is of meaning: the order of keys does not count, `1` and `1.0` are one number, `1` and `"1"` are two values.
#[derive(Clone, PartialEq)]
pub enum Value {
    /// `null`, which differs from being absent.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number that fits in 64 bits, signed or unsigned.
    Int(i128),
    /// Any other finite number.
    Float(f64),
    /// Text.
    String(Box<str>),
    /// A list; order counts.
    List(Box<[Value]>),
    /// Keys sorted, each once.
    Map(Box<[(Box<str>, Value)]>),
}

impl Value {
    /// A number; whole floats in the range of 64 bits become [`Value::Int`], so that `1.0` equals `1`.
    pub fn from_f64(number: f64) -> Self {
        const WHOLE: f64 = 9_007_199_254_740_992.0; // 2^53: beyond it a float no longer tells neighbours apart
        if number.fract() == 0.0 && number.abs() <= WHOLE {
            #[allow(clippy::cast_possible_truncation)] // whole, and within 2^53
            return Self::Int(number as i128);
        }
        Self::Float(number)
    }

    /// A map; of two equal keys the last stands, so callers that must refuse duplicates do it before.
    pub fn from_pairs(pairs: impl IntoIterator<Item = (Box<str>, Value)>) -> Self {
        let map: std::collections::BTreeMap<_, _> = pairs.into_iter().collect();
        Self::Map(map.into_iter().collect())
    }

    /// The value under `key`, where this is a map that has it.
    pub fn get(&self, key: &str) -> Option<&Value> {
        match self {
            Self::Map(pairs) => pairs.binary_search_by(|(k, _)| (**k).cmp(key)).ok().and_then(|i| pairs.get(i)).map(|(_, v)| v),
            _ => None,
        }
    }

    /// The text, where this is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(s) => Some(s),
            _ => None,
        }
    }

    /// Whether this is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The same for serde_json, which validators and payloads speak.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Null => serde_json::Value::Null,
            Self::Bool(b) => (*b).into(),
            Self::Int(i) => {
                i64::try_from(*i).map_or_else(|_| u64::try_from(*i).map_or(serde_json::Value::Null, Into::into), Into::into)
            }
            Self::Float(f) => serde_json::Number::from_f64(*f).map_or(serde_json::Value::Null, serde_json::Value::Number),
            Self::String(s) => serde_json::Value::String(s.to_string()),
            Self::List(items) => items.iter().map(Self::to_json).collect(),
            Self::Map(pairs) => serde_json::Value::Object(pairs.iter().map(|(k, v)| (k.to_string(), v.to_json())).collect()),
        }
    }

    /// From serde_json; a number outside 64 bits or not finite becomes `null` there already.
    pub fn from_json(json: &serde_json::Value) -> Self {
        match json {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(b) => Self::Bool(*b),
            serde_json::Value::Number(n) => {
                if let Some(i) = n.as_i64() {
                    Self::Int(i.into())
                } else if let Some(u) = n.as_u64() {
                    Self::Int(u.into())
                } else {
                    n.as_f64().map_or(Self::Null, Self::from_f64)
                }
            }
            serde_json::Value::String(s) => Self::String(s.as_str().into()),
            serde_json::Value::Array(items) => Self::List(items.iter().map(Self::from_json).collect()),
            serde_json::Value::Object(map) => Self::from_pairs(map.iter().map(|(k, v)| (k.as_str().into(), Self::from_json(v)))),
        }
    }

    /// The one text of this meaning (sorted keys, no spaces): what digests are made of.
    pub fn canonical(&self) -> String {
        // serde_json's map is sorted unless its `preserve_order` feature is on; ours is sorted in any case, and
        // written here by hand so that no feature of a dependency can change a digest.
        let mut out = String::new();
        self.write_canonical(&mut out);
        out
    }

    fn write_canonical(&self, out: &mut String) {
        match self {
            Self::List(items) => {
                out.push('[');
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    item.write_canonical(out);
                }
                out.push(']');
            }
            Self::Map(pairs) => {
                out.push('{');
                for (i, (key, value)) in pairs.iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    out.push_str(&serde_json::Value::String(key.to_string()).to_string());
                    out.push(':');
                    value.write_canonical(out);
                }
                out.push('}');
            }
            scalar => out.push_str(&scalar.to_json().to_string()),
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.canonical())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.into())
    }
}

impl From<bool> for Value {
    fn from(b: bool) -> Self {
        Self::Bool(b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meaning_not_spelling() {
        let json = |s: &str| Value::from_json(&serde_json::from_str(s).unwrap());
        assert_eq!(json(r#"{"a":1,"b":[1.0]}"#), json(r#"{"b":[1],"a":1.0}"#));
        assert_ne!(json("1"), json("\"1\""));
        assert_ne!(json("[1,2]"), json("[2,1]"));
        assert_eq!(json("-0.0"), json("0"));
        assert_eq!(json(r#"{"b":1,"a":{"d":null,"c":"é\n"}}"#).canonical(), r#"{"a":{"c":"é\n","d":null},"b":1}"#);
    }

    #[test]
    fn numbers_keep_all_64_bits() {
        for text in ["18446744073709551615", "-9223372036854775808", "0.1"] {
            assert_eq!(Value::from_json(&serde_json::from_str(text).unwrap()).canonical(), text);
        }
    }
}
