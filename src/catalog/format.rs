//! The formats of JSON Schema that Port has: what each demands of a value, for every one is asserted.

use std::net::Ipv6Addr;

use jsonschema::ValidationOptions;
use serde_json::{Value as Json, json};

use crate::model::{Identifier, Part, Value};

use super::definition::children;

/// Adds Port's own formats to those of JSON Schema. Whether users and teams exist is asked beside the schema.
pub(super) fn assert_all(options: ValidationOptions<'_>) -> ValidationOptions<'_> {
    let text = |_: &str| true;
    options
        .with_format("url", is_url)
        .with_format("idn-email", is_idn_email)
        .with_format("user", |text: &str| Identifier::new(text).is_ok())
        .with_format("team", |text: &str| Identifier::new(text).is_ok())
        .with_format("timer", is_timer)
        .with_format("markdown", text)
        .with_format("yaml", text)
        .with_format("proto", text)
}

/// `scheme://host…` without spaces.
pub(super) fn is_url(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let letters = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let place = authority.rsplit_once('@').map_or(authority, |(_, place)| place);
    let unwelcome =
        |c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | '{' | '}' | '|' | '\\' | '^' | '`');
    letters && is_host(place) && !rest.chars().any(unwelcome)
}

/// `host`, `host:port` or `[v6]:port`.
fn is_host(place: &str) -> bool {
    let port = |port: &str| port.is_empty() || (port.len() <= 5 && port.parse::<u16>().is_ok() && !port.starts_with('+'));
    if let Some(rest) = place.strip_prefix('[') {
        let Some((address, after)) = rest.split_once(']') else { return false };
        let good = address.parse::<Ipv6Addr>().is_ok();
        return good && (after.is_empty() || after.strip_prefix(':').is_some_and(port));
    }
    match place.split_once(':') {
        Some((host, number)) => !host.is_empty() && port(number),
        None => !place.is_empty() && !place.contains([']', '[']),
    }
}

/// `local@domain`, in any script.
fn is_idn_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && c != '@';
    !local.is_empty() && local.chars().all(plain) && domain.split('.').all(|label| !label.is_empty() && label.chars().all(plain))
}

/// A moment as RFC 3339 writes it, with seconds and an offset.
fn is_timer(text: &str) -> bool {
    let shape = |text: &str, shape: &str| {
        text.len() == shape.len()
            && text.bytes().zip(shape.bytes()).all(|(c, wanted)| match wanted {
                b'0' => c.is_ascii_digit(),
                b'T' => matches!(c, b'T' | b't'),
                b'Z' => matches!(c, b'Z' | b'z'),
                b'+' => matches!(c, b'+' | b'-'),
                other => c == other,
            })
    };
    let Some((moment, rest)) = text.split_at_checked("0000-00-00T00:00:00".len()) else { return false };
    let offset = match rest.strip_prefix('.') {
        Some(fraction) => {
            let offset = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
            if offset.len() == fraction.len() {
                return false;
            }
            offset
        }
        None => rest,
    };
    shape(moment, "0000-00-00T00:00:00")
        && (shape(offset, "Z") || shape(offset, "+00:00"))
        && text.parse::<jiff::Timestamp>().is_ok()
}

/// Whether `labeled-url`, which JSON Schema knows no format for, stands in a definition.
pub(super) fn stands_for_more(schema: &Value) -> bool {
    is_labeled_url(schema) || children(schema).into_iter().any(|(_, child)| stands_for_more(child))
}

fn is_labeled_url(schema: &Value) -> bool {
    schema.get("format").and_then(Value::as_str) == Some("labeled-url")
}

/// Writes the formats of maps out as schemas, at every place of a definition where a schema stands.
pub(super) fn spell_out(schema: &Value, json: &mut Json) {
    for (way, child) in children(schema) {
        let place = way.iter().try_fold(&mut *json, |here, part| match part {
            Part::Key(key) => here.get_mut(&**key),
            Part::Index(index) => here.get_mut(*index),
        });
        if let Some(place) = place {
            spell_out(child, place);
        }
    }
    if let (true, Json::Object(map)) = (is_labeled_url(schema), json) {
        map.remove("format");
        let demand = json!({
            "type": "object",
            "properties": { "url": { "type": "string", "format": "url" }, "displayText": { "type": "string" } },
            "required": ["url"],
            "propertyNames": { "enum": ["url", "displayText"] }
        });
        match map.get_mut("allOf") {
            Some(Json::Array(all)) => all.push(demand),
            _ => drop(map.insert("allOf".to_owned(), json!([demand]))),
        }
    }
}
