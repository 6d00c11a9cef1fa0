//! Compares two values by an operator of Port's, or says that they cannot be compared.

use std::cmp::Ordering;

use crate::catalog::decode::time::exact;
use crate::model::{Comparison, Timestamp, Value};

/// What a rule compares with, once it is known.
#[derive(Clone, Debug)]
pub(super) enum Known {
    Value(Value),
    Range(Timestamp, Timestamp),
}

/// Two values that the operator cannot compare.
#[derive(Debug, PartialEq)]
pub(super) struct Odd;

/// Whether `subject` stands in this relation to what it is compared with; absent and null are one.
pub(super) fn holds(operator: Comparison, subject: Option<&Value>, with: &Known) -> Result<bool, Odd> {
    use Comparison as C;
    if let Some(positive) = operator.denied() {
        return holds(positive, subject, with).map(|held| !held);
    }
    let subject = subject.filter(|value| !value.is_null());
    let with = match (operator, with) {
        (C::IsEmpty, _) => return Ok(subject.is_none_or(|value| matches!(value, Value::List(items) if items.is_empty()))),
        (C::Between, Known::Range(from, to)) => {
            let Some(subject) = subject else { return Ok(false) };
            let moment = moment(subject).ok_or(Odd)?;
            return Ok((*from..=*to).contains(&moment));
        }
        (C::Between, Known::Value(_)) | (_, Known::Range(..)) => return Err(Odd),
        (_, Known::Value(value)) => value,
    };
    let Some(subject) = subject else { return Ok(operator == C::Equal && with.is_null()) };
    match operator {
        C::Equal => match (subject, with) {
            (Value::List(_), Value::List(_)) | (_, Value::Null) => Ok(subject == with),
            (Value::List(_), _) | (_, Value::List(_)) => Err(Odd),
            _ => Ok(subject == with),
        },
        C::Greater => Ok(order(subject, with)?.is_gt()),
        C::GreaterOrEqual => Ok(order(subject, with)?.is_ge()),
        C::Less => Ok(order(subject, with)?.is_lt()),
        C::LessOrEqual => Ok(order(subject, with)?.is_le()),
        C::Contains => match (subject, with) {
            (Value::String(text), Value::String(part)) => Ok(text.contains(&**part)),
            (Value::List(items), scalar) if !matches!(scalar, Value::List(_) | Value::Null) => Ok(items.contains(scalar)),
            _ => Err(Odd),
        },
        C::ContainsAny | C::In => Ok(items(subject).iter().any(|item| !item.is_null() && items(with).contains(item))),
        C::BeginsWith => texts(subject, with).map(|(text, part)| text.starts_with(part)),
        C::EndsWith => texts(subject, with).map(|(text, part)| text.ends_with(part)),
        _ => Err(Odd),
    }
}

/// A list is its items; anything else is one of its own.
pub(super) fn items(value: &Value) -> &[Value] {
    match value {
        Value::List(items) => items,
        one => std::slice::from_ref(one),
    }
}

fn texts<'a>(subject: &'a Value, with: &'a Value) -> Result<(&'a str, &'a str), Odd> {
    subject.as_str().zip(with.as_str()).ok_or(Odd)
}

/// Numbers by size, times by what comes first; nothing else has an order.
fn order(subject: &Value, with: &Value) -> Result<Ordering, Odd> {
    if let (Value::Int(a), Value::Int(b)) = (subject, with) {
        return Ok(a.cmp(b));
    }
    if let (Some(a), Some(b)) = (number(subject), number(with)) {
        return a.partial_cmp(&b).ok_or(Odd);
    }
    moment(subject).zip(moment(with)).map(|(a, b)| a.cmp(&b)).ok_or(Odd)
}

#[allow(clippy::cast_precision_loss)] // beside a fraction, the last digits of a number beyond 2^53 do not decide
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(whole) => Some(*whole as f64),
        Value::Float(number) => Some(*number),
        _ => None,
    }
}

fn moment(value: &Value) -> Option<Timestamp> {
    value.as_str().and_then(exact)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(value: serde_json::Value) -> Value {
        Value::from_json(&value)
    }

    fn told(operator: &str, subject: serde_json::Value, with: serde_json::Value) -> Result<bool, Odd> {
        holds(Comparison::parse(operator).unwrap(), Some(&json(subject)), &Known::Value(json(with)))
    }

    #[test]
    fn each_operator_compares_what_it_can() {
        use serde_json::json;
        for (operator, subject, with) in [
            ("=", json!("a"), json!("a")),
            ("=", json!(1.0), json!(1)),
            ("!=", json!("1"), json!(1)),
            (">", json!(2.5), json!(2)),
            (">=", json!(2), json!(2)),
            ("<", json!("2026-01-01T00:00:00+01:00"), json!("2026-01-01T00:00:00Z")),
            ("contains", json!("prod-eu"), json!("od-")),
            ("contains", json!(["a", "b"]), json!("b")),
            ("doesNotContains", json!(["ab"]), json!("a")),
            ("containsAny", json!(["a", "b"]), json!(["x", "b"])),
            ("in", json!("a"), json!(["a"])),
            ("notIn", json!(["a"]), json!(["b"])),
            ("beginsWith", json!("prod"), json!("pr")),
            ("doesNotEndsWith", json!("prod"), json!("pr")),
            ("isEmpty", json!([]), json!(null)),
            ("isNotEmpty", json!(0), json!(null)),
        ] {
            assert_eq!(told(operator, subject.clone(), with.clone()), Ok(true), "{subject} {operator} {with}");
        }
    }

    #[test]
    fn what_cannot_be_compared_is_neither_a_yes_nor_a_no() {
        use serde_json::json;
        for (operator, subject, with) in [
            ("=", json!(["a"]), json!("a")),
            ("!=", json!(["a"]), json!("a")),
            (">", json!("10"), json!(9)),
            ("<=", json!("yesterday"), json!("2026-01-01T00:00:00Z")),
            ("beginsWith", json!(5), json!("5")),
            ("doesNotBeginsWith", json!(5), json!("5")),
            ("contains", json!(5), json!(5)),
            ("between", json!("2026-01-01T00:00:00Z"), json!(1)),
        ] {
            assert_eq!(told(operator, subject.clone(), with.clone()), Err(Odd), "{subject} {operator} {with}");
        }
    }

    #[test]
    fn what_is_absent_satisfies_denials_and_nothing_else() {
        for (word, operator) in Comparison::SPELLINGS {
            let with = match word.to_lowercase().ends_with("between") {
                true => Known::Range(Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH),
                false => Known::Value(Value::List([Value::from("a")].into())),
            };
            let denies =
                operator.denied().is_some_and(|_| *operator != Comparison::IsNotEmpty) || *operator == Comparison::IsEmpty;
            assert_eq!(holds(*operator, None, &with), Ok(denies), "{word}");
            assert_eq!(holds(*operator, Some(&Value::Null), &with), Ok(denies), "{word}");
        }
    }
}
