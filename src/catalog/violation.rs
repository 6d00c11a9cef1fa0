//! Words what a value has wrong by its schema: what was expected, what was found, what may have been meant.

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{JsonType, ValidationError};
use serde_json::Value as Json;

use crate::model::Part;

use super::decode::suggest::nearest;
use super::definition::shorten;
use super::schema::part;

/// One thing wrong in a value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Violation {
    /// The rule it breaks: `schema/…`.
    pub rule: &'static str,
    /// The way to it, outermost first.
    pub way: Vec<Part>,
    /// Whether the last step's key is meant rather than its value.
    pub on_key: bool,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}

/// A JSON Schema error in our own words; several where it names several keys.
pub(super) fn word(error: &ValidationError<'_>) -> Vec<Violation> {
    use ValidationErrorKind as K;
    let way: Vec<Part> = error.instance_path().iter().map(|segment| part(&segment)).collect();
    let found = || show(error.instance());
    let one =
        |rule, message: String, help: Option<String>| vec![Violation { rule, way: way.clone(), on_key: false, message, help }];
    let limit = |message: String| one("schema/limit", message, None);
    match error.kind() {
        K::Type { kind } => {
            let quoted = matches!(error.instance().as_ref(), Json::Number(_) | Json::Bool(_)) && wants_string(kind);
            let help = quoted.then(|| format!("write it in quotes to make it a text: \"{}\"", error.instance()));
            one("schema/type", format!("expected {}, found {}", types(kind), describe(error.instance())), help)
        }
        K::Enum { options } => {
            const COMPARED: usize = 1_000; // a list may be long, and many values wrong
            let options = options.as_array().map(Vec::as_slice).unwrap_or_default();
            let texts = options.iter().take(COMPARED).filter_map(Json::as_str);
            let meant = error.instance().as_str().and_then(|text| nearest(text, texts));
            let listed: Vec<String> = options.iter().take(12).map(show).collect();
            let more = options.len().saturating_sub(listed.len());
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let help = match meant {
                Some(meant) => format!("did you mean `{meant}`? allowed: {}{more}", listed.join(", ")),
                None => format!("allowed: {}{more}", listed.join(", ")),
            };
            one("schema/enum", format!("{} is not one of the allowed values", found()), Some(help))
        }
        K::Constant { expected_value } => {
            one("schema/enum", format!("expected {}, found {}", show(expected_value), found()), None)
        }
        K::Format { format } => {
            one("schema/format-mismatch", format!("{} is not a valid {}", found(), format_word(format)), format_help(format))
        }
        K::Pattern { pattern } => {
            one("schema/pattern-mismatch", format!("{} does not match the pattern `{}`", found(), shorten(pattern)), None)
        }
        K::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            one("schema/required", format!("`{name}` is required and missing"), Some(format!("add `{name}`")))
        }
        K::AdditionalProperties { unexpected } | K::UnevaluatedProperties { unexpected } => unexpected
            .iter()
            .map(|name| {
                let way = way.iter().cloned().chain([Part::Key(name.as_str().into())]).collect();
                let message = format!("`{}` is not allowed here", shorten(name));
                Violation { rule: "schema/unknown-property", way, on_key: true, message, help: Some("remove it".into()) }
            })
            .collect(),
        K::PropertyNames { error: inner } => {
            let message = format!("the key {} is not allowed here", show(inner.instance()));
            one("schema/mismatch", message, word(inner).into_iter().next().map(|v| v.message))
        }
        K::Minimum { limit: bound } => limit(format!("{} is less than the minimum of {bound}", found())),
        K::Maximum { limit: bound } => limit(format!("{} is greater than the maximum of {bound}", found())),
        K::ExclusiveMinimum { limit: bound } => limit(format!("{} must be greater than {bound}", found())),
        K::ExclusiveMaximum { limit: bound } => limit(format!("{} must be less than {bound}", found())),
        K::MultipleOf { multiple_of } => limit(format!("{} is not a multiple of {multiple_of}", found())),
        K::MinLength { limit: bound } => limit(format!("{} is shorter than {bound} characters", found())),
        K::MaxLength { limit: bound } => limit(format!("{} is longer than {bound} characters", found())),
        K::MinItems { limit: bound } => limit(format!("expected at least {bound} items, found {}", count(error.instance()))),
        K::MaxItems { limit: bound } => limit(format!("expected at most {bound} items, found {}", count(error.instance()))),
        K::MinProperties { limit: bound } => limit(format!("expected at least {bound} keys, found {}", count(error.instance()))),
        K::MaxProperties { limit: bound } => limit(format!("expected at most {bound} keys, found {}", count(error.instance()))),
        K::UniqueItems => limit("the same item stands here twice".to_owned()),
        K::FalseSchema => one("schema/mismatch", format!("nothing may stand here, found {}", found()), None),
        _ => one("schema/mismatch", shorten(&error.to_string()), None),
    }
}

fn wants_string(kind: &TypeKind) -> bool {
    matches!(kind, TypeKind::Single(JsonType::String))
}

fn types(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(one) => type_word(*one).to_owned(),
        TypeKind::Multiple(set) => set.iter().map(type_word).collect::<Vec<_>>().join(" or "),
    }
}

fn type_word(kind: JsonType) -> &'static str {
    match kind {
        JsonType::Array => "a list",
        JsonType::Boolean => "`true` or `false`",
        JsonType::Integer => "a whole number",
        JsonType::Null => "`null`",
        JsonType::Number => "a number",
        JsonType::Object => "a map",
        JsonType::String => "a text",
    }
}

/// What a value is, with the value itself where it is short.
fn describe(value: &Json) -> String {
    match value {
        Json::Null => "`null`".to_owned(),
        Json::Bool(_) => show(value),
        Json::Number(_) => format!("the number {}", show(value)),
        Json::String(_) => format!("the text {}", show(value)),
        Json::Array(items) => format!("a list of {}", items.len()),
        Json::Object(map) => format!("a map of {}", map.len()),
    }
}

fn count(value: &Json) -> usize {
    match value {
        Json::Array(items) => items.len(),
        Json::Object(map) => map.len(),
        _ => 1,
    }
}

fn show(value: &Json) -> String {
    match value {
        Json::String(text) => format!("`{}`", shorten(text)),
        Json::Number(_) | Json::Bool(_) | Json::Null => format!("`{value}`"),
        other => format!("`{}`", shorten(&other.to_string())),
    }
}

fn format_word(format: &str) -> &str {
    match format {
        "date-time" | "timer" => "RFC 3339 time",
        "email" | "idn-email" => "email address",
        "ipv4" => "IPv4 address",
        "ipv6" => "IPv6 address",
        "uri" | "url" => "URL",
        other => other,
    }
}

fn format_help(format: &str) -> Option<String> {
    let example = match format {
        "date-time" | "timer" => "2026-01-31T09:30:00Z",
        "email" | "idn-email" => "alice@acme.dev",
        "ipv4" => "10.0.0.1",
        "ipv6" => "2001:db8::1",
        "uri" | "url" => "https://acme.dev/docs",
        _ => return None,
    };
    Some(format!("write it like `{example}`"))
}
