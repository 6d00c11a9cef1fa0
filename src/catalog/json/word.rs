//! Bare words in JSON: numbers, and what was meant to be one of the words it knows.

use crate::catalog::node::NodeKind;
use crate::catalog::scalar;

/// What to write instead of a bare word.
pub(super) fn bare_help(word: &str) -> String {
    match word {
        "True" | "TRUE" => "write true".to_owned(),
        "False" | "FALSE" => "write false".to_owned(),
        "None" | "Null" | "NULL" | "nil" | "undefined" => "write null".to_owned(),
        "NaN" | "Infinity" | "-Infinity" => "write null or a finite number".to_owned(),
        _ => format!("write \"{word}\""),
    }
}

/// A JSON number; `Err(None)` where the word is none.
pub(super) fn number(word: &str) -> Result<NodeKind<'static>, Option<scalar::NotANumber>> {
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    let unsigned = word.strip_prefix('-').unwrap_or(word);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let leading_zero = whole.len() > 1 && whole.starts_with('0');
    if !digits(whole) || leading_zero || !fraction.is_none_or(digits) || !exponent.is_none_or(digits) {
        return Err(None);
    }
    let read = if fraction.is_none() && exponent.is_none() { scalar::integer(word.parse().ok()) } else { scalar::float(word) };
    read.map_err(Some)
}
