//! What a plain YAML scalar means, by the core schema of YAML 1.2: `yes`, `no` and `on` are texts.

use std::borrow::Cow;

use crate::model::RuleDoc;

use super::node::NodeKind;

/// The rules for numbers, in YAML and JSON alike.
pub(super) const RULES: &[RuleDoc] = &[
    RuleDoc {
        id: "document/integer-range",
        summary: "A whole number fits in 64 bits: from -9223372036854775808 to 18446744073709551615.",
        remedy: "Write it as a text, in quotes.",
    },
    RuleDoc {
        id: "document/not-finite",
        summary: "A number is finite: no `.nan`, no `.inf`, nothing too large for a 64-bit float.",
        remedy: "Write null, a finite number, or a text in quotes.",
    },
];

/// Why a scalar that looks like a number is none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum NotANumber {
    /// Whole, and beyond 64 bits.
    IntegerRange,
    /// Infinite, not a number, or too large.
    NotFinite,
}

impl NotANumber {
    /// The rule, what is wrong, and what to write instead.
    pub(super) fn explain(self, text: &str) -> (&'static str, String, String) {
        let shown: String = text.chars().take(40).collect();
        match self {
            Self::IntegerRange => (
                "document/integer-range",
                format!("the whole number {shown} does not fit in 64 bits"),
                format!("write it as a text: \"{shown}\""),
            ),
            Self::NotFinite => (
                "document/not-finite",
                format!("{shown} is not a finite number"),
                format!("write null, a finite number, or, if the text is meant, \"{shown}\""),
            ),
        }
    }
}

/// Resolves a plain scalar.
pub(super) fn resolve(text: Cow<'_, str>) -> Result<NodeKind<'_>, (NotANumber, Cow<'_, str>)> {
    match text.as_bytes().first() {
        None | Some(b'~' | b'n' | b'N' | b't' | b'T' | b'f' | b'F') => Ok(word(text)),
        Some(b'0'..=b'9' | b'+' | b'-' | b'.') => match number(&text) {
            Some(Ok(kind)) => Ok(kind),
            Some(Err(why)) => Err((why, text)),
            None => Ok(NodeKind::Text(text)),
        },
        Some(_) => Ok(NodeKind::Text(text)),
    }
}

/// What to write instead of a plain key that a reader may turn into something that is spelled otherwise: `0x10` becomes 16,
/// `~` nothing, `True` true. `None` for all others; `8080` and `true` are the same to everybody.
pub(super) fn other_key(text: &str) -> Option<String> {
    let same = match resolve(Cow::Borrowed(text)) {
        Ok(NodeKind::Text(_)) => true,
        Ok(NodeKind::Bool(b)) => text == if b { "true" } else { "false" },
        Ok(NodeKind::Int(i)) => text == i.to_string(),
        Ok(NodeKind::Float(f)) => f.abs() < 1e15 && text == f.to_string(),
        _ => false,
    };
    (!same).then(|| format!("put it in quotes: \"{text}\""))
}

fn word(text: Cow<'_, str>) -> NodeKind<'_> {
    match text.as_ref() {
        "" | "~" | "null" | "Null" | "NULL" => NodeKind::Null,
        "true" | "True" | "TRUE" => NodeKind::Bool(true),
        "false" | "False" | "FALSE" => NodeKind::Bool(false),
        _ => NodeKind::Text(text),
    }
}

/// `None` where the text is no number at all.
fn number(text: &str) -> Option<Result<NodeKind<'static>, NotANumber>> {
    let radix = |digits: &str, radix: u32| {
        let good = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
        let significant = digits.trim_start_matches('0');
        good.then(|| if significant.is_empty() { Ok(0) } else { i128::from_str_radix(significant, radix) })
    };
    let whole = if let Some(hex) = text.strip_prefix("0x") {
        radix(hex, 16)
    } else if let Some(octal) = text.strip_prefix("0o") {
        radix(octal, 8)
    } else {
        let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
        let good = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        good.then(|| text.parse::<i128>())
    };
    if let Some(parsed) = whole {
        return Some(integer(parsed.ok()));
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Some(Err(NotANumber::NotFinite));
    }
    is_float(unsigned).then(|| float(text))
}

/// A whole number as far as it fits in 64 bits, signed or unsigned.
pub(super) fn integer(parsed: Option<i128>) -> Result<NodeKind<'static>, NotANumber> {
    parsed
        .filter(|i| (i128::from(i64::MIN)..=i128::from(u64::MAX)).contains(i))
        .map(NodeKind::Int)
        .ok_or(NotANumber::IntegerRange)
}

/// A float as far as it is finite; the text is known to have the shape of one.
pub(super) fn float(text: &str) -> Result<NodeKind<'static>, NotANumber> {
    text.parse::<f64>().ok().filter(|f| f.is_finite()).map(NodeKind::Float).ok_or(NotANumber::NotFinite)
}

/// `(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_float(text: &str) -> bool {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    let mantissa = match mantissa.split_once('.') {
        Some((whole, fraction)) => digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty()),
        None => !mantissa.is_empty() && digits(mantissa),
    };
    let exponent = exponent.is_none_or(|e| {
        let e = e.strip_prefix(['+', '-']).unwrap_or(e);
        !e.is_empty() && digits(e)
    });
    mantissa && exponent
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Value;

    fn value(text: &str) -> Value {
        let span = super::super::node::point(1, 1);
        super::super::node::Node { span, kind: resolve(Cow::Borrowed(text)).unwrap() }.to_value()
    }

    #[test]
    fn the_core_schema_of_yaml_1_2() {
        for text in [
            "yes",
            "no",
            "on",
            "off",
            "Yes",
            "y",
            "nULL",
            "tRUE",
            "1_000",
            "0b1",
            "1:30",
            "0x",
            "0o8",
            "+",
            ".",
            "-.",
            "1e",
            "e1",
            "2026-01-01",
            "+.nan",
            "1.2.3",
            "- 1",
            "0xg",
        ] {
            assert_eq!(value(text), Value::from(text), "{text}");
        }
        for text in ["", "~", "null", "Null", "NULL"] {
            assert_eq!(value(text), Value::Null);
        }
        for (text, number) in [
            ("0x1F", 31),
            ("0o17", 15),
            ("007", 7),
            ("+5", 5),
            ("-5", -5),
            ("0x00", 0),
            ("0", 0),
            ("-0", 0),
            ("1.0", 1),
            ("1.", 1),
            ("1e3", 1000),
            ("1E+2", 100),
        ] {
            assert_eq!(value(text), Value::Int(number), "{text}");
        }
        assert_eq!(value(".5"), Value::Float(0.5));
        assert_eq!(value("-1.5e-3"), Value::Float(-0.0015));
        assert_eq!(value("18446744073709551615"), Value::Int(u64::MAX.into()));
        assert_eq!(value("-9223372036854775808"), Value::Int(i64::MIN.into()));
    }

    #[test]
    fn numbers_beyond_the_machine_are_refused() {
        for text in [
            "18446744073709551616",
            "-9223372036854775809",
            "0x10000000000000000",
            &"9".repeat(400),
            &format!("0x{}", "f".repeat(90)),
        ] {
            assert!(matches!(resolve(Cow::Borrowed(text)), Err((NotANumber::IntegerRange, _))), "{text}");
        }
        for text in [".inf", "-.Inf", "+.INF", ".nan", ".NaN", ".NAN", "1e999", "-1.0e400"] {
            assert!(matches!(resolve(Cow::Borrowed(text)), Err((NotANumber::NotFinite, _))), "{text}");
        }
    }
}
