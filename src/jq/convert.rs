//! Values in and out of the engine: JSON as the catalog means it, and as jq means it.

use jaq_json::{Map, Num, Val};
use serde_json::{Number, Value};

/// The deepest that an output may nest; the deepest document may nest half as deep.
const DEPTH: usize = 64;

/// What an expression is given.
pub(super) fn to_engine(json: Value) -> Val {
    match json {
        Value::Null => Val::Null,
        Value::Bool(flag) => Val::Bool(flag),
        Value::Number(number) => Val::Num(to_number(&number)),
        Value::String(text) => Val::from(text),
        Value::Array(items) => items.into_iter().map(to_engine).collect(),
        Value::Object(pairs) => {
            Val::obj(pairs.into_iter().map(|(key, value)| (Val::from(key), to_engine(value))).collect::<Map>())
        }
    }
}

fn to_number(number: &Number) -> Num {
    if let Some(signed) = number.as_i64() {
        Num::from_integral(signed)
    } else if let Some(unsigned) = number.as_u64() {
        Num::from_integral(unsigned)
    } else {
        Num::Float(number.as_f64().unwrap_or(f64::NAN))
    }
}

/// Why an output cannot be given.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Unfit {
    /// It, or all outputs together, come to more than they may.
    TooMuch,
    /// It is no JSON.
    NotJson(&'static str),
}

/// Turns outputs into JSON as long as they come to no more than so many bytes.
///
/// A value of a few bytes may stand a billion times in another, so it is counted where it stands.
pub(super) struct Outputs {
    left: usize,
    /// What was turned so far.
    pub(super) values: Vec<Value>,
}

impl Outputs {
    pub(super) fn new(most: usize) -> Self {
        Self { left: most, values: Vec::new() }
    }

    /// Takes one more output.
    pub(super) fn take(&mut self, output: &Val) -> Result<(), Unfit> {
        let value = self.value_of(output, 0)?;
        self.values.push(value);
        Ok(())
    }

    fn spend(&mut self, bytes: usize) -> Result<(), Unfit> {
        self.left = self.left.checked_sub(bytes).ok_or(Unfit::TooMuch)?;
        Ok(())
    }

    fn value_of(&mut self, value: &Val, depth: usize) -> Result<Value, Unfit> {
        if depth > DEPTH {
            return Err(Unfit::NotJson("it yields something nested deeper than 64 levels"));
        }
        self.spend(2)?;
        Ok(match value {
            Val::Null => Value::Null,
            Val::Bool(flag) => Value::Bool(*flag),
            Val::Num(number) => {
                self.spend(8)?;
                number_of(number).map_or(Value::Null, Value::Number)
            }
            Val::TStr(text) => Value::String(self.text(text)?),
            Val::BStr(_) => return Err(Unfit::NotJson("it yields bytes, which are no JSON")),
            Val::Arr(items) => {
                let mut out = Vec::new();
                for item in items.iter() {
                    out.push(self.value_of(item, depth + 1)?);
                }
                Value::Array(out)
            }
            Val::Obj(pairs) => {
                let mut out = serde_json::Map::new();
                for (key, value) in pairs.iter() {
                    let Val::TStr(key) = key else {
                        return Err(Unfit::NotJson("it yields an object with a key that is no text"));
                    };
                    let key = self.text(key)?;
                    out.insert(key, self.value_of(value, depth + 1)?);
                }
                Value::Object(out)
            }
        })
    }

    /// Text; what is no UTF-8 becomes the replacement character, as in jq.
    fn text(&mut self, bytes: &[u8]) -> Result<String, Unfit> {
        self.spend(bytes.len())?;
        Ok(String::from_utf8_lossy(bytes).into_owned())
    }
}

/// As jq writes numbers: what is undefined is null, what is infinite is the largest there is; whole ones within 64 bits are
/// exact, beyond that near.
fn number_of(number: &Num) -> Option<Number> {
    let exact = match number {
        Num::Int(_) | Num::BigInt(_) => {
            let text = number.to_string();
            text.parse::<i64>().map(Number::from).or_else(|_| text.parse::<u64>().map(Number::from)).ok()
        }
        _ => None,
    };
    exact.or_else(|| Number::from_f64(float(number).clamp(f64::MIN, f64::MAX)))
}

fn float(number: &Num) -> f64 {
    match number {
        Num::Float(float) => *float,
        other => other.to_string().parse().unwrap_or(f64::NAN),
    }
}

/// A value as jq writes it into text: JSON without spaces, keys in the order they were set, whole floats without `.0`.
pub(super) fn write_text(value: &Val, out: &mut String) {
    match value {
        Val::Null => out.push_str("null"),
        Val::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Val::Num(number) => write_number(number, out),
        Val::TStr(bytes) | Val::BStr(bytes) => write_quoted(&String::from_utf8_lossy(bytes), out),
        Val::Arr(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_text(item, out);
            }
            out.push(']');
        }
        Val::Obj(pairs) => {
            out.push('{');
            for (at, (key, value)) in pairs.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_text(key, out);
                out.push(':');
                write_text(value, out);
            }
            out.push('}');
        }
    }
}

fn write_number(number: &Num, out: &mut String) {
    const WHOLE: f64 = 1e17; // from here on jq writes an exponent
    match (number, float(number)) {
        (Num::Int(_) | Num::BigInt(_), _) => out.push_str(&number.to_string()),
        (_, float) if float.is_nan() => out.push_str("null"),
        (_, float) if float.fract() == 0.0 && float.abs() < WHOLE => out.push_str(&format!("{float:.0}")),
        (_, float) => {
            out.push_str(&Number::from_f64(float.clamp(f64::MIN, f64::MAX)).map_or_else(String::new, |n| n.to_string()))
        }
    }
}

fn write_quoted(text: &str, out: &mut String) {
    out.push_str(&Value::from(text).to_string());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn through(json: &str) -> Result<String, Unfit> {
        let mut outputs = Outputs::new(1000);
        outputs.take(&to_engine(serde_json::from_str(json).unwrap()))?;
        Ok(outputs.values.remove(0).to_string())
    }

    #[test]
    fn json_goes_through_unharmed() {
        for json in [
            r#"{"a":[null,true,"é\n\u0000"],"b":{}}"#,
            "18446744073709551615",
            "-9223372036854775808",
            "9007199254740993",
            "0.1",
            "1e300",
        ] {
            let same: Value = serde_json::from_str(json).unwrap();
            assert_eq!(through(json).unwrap(), same.to_string());
        }
    }

    #[test]
    fn numbers_are_written_as_jq_writes_them() {
        let text = |value: Val| {
            let mut out = String::new();
            write_text(&value, &mut out);
            out
        };
        assert_eq!(text(Val::from(5.0)), "5");
        assert_eq!(text(Val::from(-2.5)), "-2.5");
        assert_eq!(text(Val::from(f64::NAN)), "null");
        assert_eq!(text(to_engine(serde_json::json!({"a": 1.0, "b": [1, "\""]}))), r#"{"a":1,"b":[1,"\""]}"#);
    }

    #[test]
    fn what_is_shared_counts_where_it_stands() {
        let mut value = Val::from("x".repeat(10));
        for _ in 0..40 {
            value = [value.clone(), value].into_iter().collect();
        }
        assert_eq!(Outputs::new(1_000_000).take(&value), Err(Unfit::TooMuch));
    }

    #[test]
    fn what_is_no_json_is_refused() {
        let mut deep = Val::Null;
        for _ in 0..100 {
            deep = std::iter::once(deep).collect();
        }
        let keyed = Val::obj([(Val::from(1_isize), Val::Null)].into_iter().collect());
        for value in [deep, keyed, Val::byte_str(vec![1])] {
            assert!(matches!(Outputs::new(1000).take(&value), Err(Unfit::NotJson(_))), "{value}");
        }
    }
}
