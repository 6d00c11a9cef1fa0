//! Numbers made of numbers: exact where all are whole, finite always.

use std::cmp::Ordering;

use crate::model::{Function, Value};

const TOO_LARGE: &str = "the numbers add up to more than 64 bits hold";

/// Applies a function to numbers; nothing where there are none, except that their sum is 0 then.
///
/// # Errors
/// A value that is no number, a sum that leaves the range of numbers.
pub(super) fn apply(function: Function, mut numbers: Vec<Value>) -> Result<Option<Value>, String> {
    if let Some(other) = numbers.iter().find(|v| !matches!(v, Value::Int(_) | Value::Float(_))) {
        return Err(format!("{} is not a number", crate::catalog::shorten(&other.canonical())));
    }
    if function == Function::Sum {
        return sum(&numbers).map(Some);
    }
    if numbers.is_empty() {
        return Ok(None);
    }
    match function {
        Function::Sum | Function::Average => shared(&sum(&numbers)?, numbers.len() as f64).map(Some),
        Function::Min => Ok(numbers.into_iter().min_by(order)),
        Function::Max => Ok(numbers.into_iter().max_by(order)),
        Function::Median => {
            numbers.sort_by(order);
            let middle = numbers.len() / 2;
            let upper = numbers.get(middle).cloned();
            if numbers.len() % 2 == 1 {
                return Ok(upper);
            }
            let pair: Vec<Value> = numbers.get(middle.saturating_sub(1)).cloned().into_iter().chain(upper).collect();
            shared(&sum(&pair)?, 2.0).map(Some)
        }
    }
}

/// The sum: whole where all are whole.
pub(super) fn sum(numbers: &[Value]) -> Result<Value, String> {
    let whole = numbers.iter().try_fold(0_i128, |sum, number| match number {
        Value::Int(i) => sum.checked_add(*i),
        _ => None,
    });
    match whole {
        Some(sum) if i64::try_from(sum).is_ok() || u64::try_from(sum).is_ok() => Ok(Value::Int(sum)),
        Some(_) => Err(TOO_LARGE.to_owned()),
        None => finite(numbers.iter().map(float).sum()),
    }
}

/// A number divided by a positive one: whole where it comes out even.
pub(super) fn shared(number: &Value, among: f64) -> Result<Value, String> {
    if let (Value::Int(whole), true) = (number, among.fract() == 0.0 && (1.0..1e15).contains(&among)) {
        #[allow(clippy::cast_possible_truncation)] // whole, and far below 2^53
        let among = among as i128;
        if whole.checked_rem(among) == Some(0) {
            return Ok(Value::Int(whole / among));
        }
    }
    finite(float(number) / among)
}

fn finite(number: f64) -> Result<Value, String> {
    if number.is_finite() { Ok(Value::from_f64(number)) } else { Err(TOO_LARGE.to_owned()) }
}

#[allow(clippy::cast_precision_loss)] // the nearest float is what is wanted
fn float(number: &Value) -> f64 {
    match number {
        Value::Int(i) => *i as f64,
        Value::Float(f) => *f,
        _ => 0.0,
    }
}

fn order(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => a.cmp(b),
        _ => float(a).total_cmp(&float(b)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ints(all: &[i128]) -> Vec<Value> {
        all.iter().copied().map(Value::Int).collect()
    }

    #[test]
    fn whole_numbers_stay_exact() {
        let large = 9_007_199_254_740_993; // 2^53 + 1, which no float holds
        assert_eq!(apply(Function::Sum, ints(&[large, 0])), Ok(Some(Value::Int(large))));
        assert_eq!(apply(Function::Max, ints(&[large - 1, large])), Ok(Some(Value::Int(large))));
        assert_eq!(apply(Function::Average, ints(&[large, large])), Ok(Some(Value::Int(large))));
        assert_eq!(apply(Function::Average, ints(&[1, 2])), Ok(Some(Value::Float(1.5))));
        assert_eq!(apply(Function::Median, ints(&[3, 1, 2])), Ok(Some(Value::Int(2))));
        assert_eq!(apply(Function::Median, ints(&[4, 1, 2, 9])), Ok(Some(Value::Int(3))));
    }

    #[test]
    fn nothing_has_a_sum_and_no_mean() {
        assert_eq!(apply(Function::Sum, Vec::new()), Ok(Some(Value::Int(0))));
        for function in [Function::Average, Function::Min, Function::Max, Function::Median] {
            assert_eq!(apply(function, Vec::new()), Ok(None));
        }
    }

    #[test]
    fn what_is_no_number_or_too_large_is_an_error() {
        assert!(apply(Function::Sum, vec![Value::from("1")]).is_err());
        assert!(apply(Function::Sum, ints(&[u64::MAX.into(), 1])).is_err());
        assert!(apply(Function::Sum, vec![Value::Float(f64::MAX), Value::Float(f64::MAX)]).is_err());
        assert_eq!(apply(Function::Sum, vec![Value::Float(0.5), Value::Int(1)]), Ok(Some(Value::Float(1.5))));
    }
}
