//! Headers of a webhook: which names an action may set, and what may stand in their values.

use crate::catalog::shown::shown;
use crate::model::{Template, TemplatePiece};

use super::super::cursor::{Cursor, Decoder};
use super::{HEADER, template};

/// What belongs to the connection, and to the controller: a receiver trusts these.
const RESERVED: &[&str] = &[
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "accept-encoding",
    "content-encoding",
    "http2-settings",
    "idempotency-key",
];

const RESERVED_PREFIXES: &[&str] = &["x-portcullis-", "webhook-", "proxy-", "sec-"];

/// How many headers an action may set.
const MOST: usize = 50;

/// Reads `headers`, in the order of their names.
pub(super) fn headers(d: &mut Decoder<'_>, at: Cursor<'_, '_>) -> Vec<(Box<str>, Template)> {
    if !d.mapping(at) {
        return Vec::new();
    }
    let mut read: Vec<(Box<str>, Template)> = Vec::new();
    for (number, header) in at.pairs().enumerate() {
        let name = header.name();
        if number == MOST {
            d.key_error(HEADER, header, format!("these are more than {MOST} headers"), "pass the rest in the body");
            break;
        }
        let named = is_named(d, header, name);
        let value = d.text(header).and_then(|text| value(d, header, text));
        if read.iter().any(|(other, _)| other.eq_ignore_ascii_case(name)) {
            d.key_error(HEADER, header, format!("the header `{}` is set twice", shown(name)), "remove one of the two");
        } else if let Some(value) = value.filter(|_| named) {
            read.push((name.into(), value));
        }
    }
    read.sort_by(|a, b| a.0.cmp(&b.0));
    read
}

fn is_named(d: &mut Decoder<'_>, at: Cursor<'_, '_>, name: &str) -> bool {
    if !template::fixed(d, at, name, true) {
        return false;
    }
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    if name.is_empty() || name.len() > 100 || !name.bytes().all(token) {
        let message = format!("`{}` is no name of a header", shown(name));
        d.key_error(HEADER, at, message, "write letters, digits and `-`: X-Team");
        return false;
    }
    let lower = name.to_ascii_lowercase();
    if RESERVED.contains(&&*lower) || RESERVED_PREFIXES.iter().any(|prefix| lower.starts_with(prefix)) {
        let message = format!("the controller itself sets `{}`", shown(name));
        d.key_error(HEADER, at, message, "take it out, or choose another name");
        return false;
    }
    true
}

fn value(d: &mut Decoder<'_>, at: Cursor<'_, '_>, text: &str) -> Option<Template> {
    let template = template::text(d, at, text, true)?;
    let odd = template.pieces().iter().find_map(|piece| match piece {
        TemplatePiece::Text(text) => text.chars().find(|c| !matches!(c, ' '..='~' | '\t')),
        TemplatePiece::Path(_) => None,
    });
    if let Some(odd) = odd {
        let message = format!("`{}` may not stand in the value of a header", odd.escape_default());
        d.error(HEADER, at, message, "write one line of plain ASCII");
        return None;
    }
    Some(template)
}
