//! The address of a webhook: scheme and host written out, and places only where what fills them cannot change what is spoken to.

use crate::catalog::shown::shown;
use crate::model::{Template, TemplatePiece, UrlTemplate};

use super::super::cursor::{Cursor, Decoder};
use super::{URL, template};

const WHOLE: &str = "write the whole address: https://example.com/hook";

/// Longer ones are refused by many servers.
const LONGEST: usize = 4096;

/// Reads `url`.
pub(super) fn address(d: &mut Decoder<'_>, at: Cursor<'_, '_>) -> Option<UrlTemplate> {
    let written = d.text(at)?;
    let behind = written.strip_prefix("https://").or_else(|| written.strip_prefix("http://"));
    let Some(behind) = behind else {
        d.error(URL, at, format!("`{}` is not an http address", shown(written)), WHOLE);
        return None;
    };
    if written.len() > LONGEST {
        d.error(URL, at, "this address is too long", "pass what it says in the body");
        return None;
    }
    let end = behind.find(['/', '?', '#']).unwrap_or(behind.len());
    let (authority, rest) = behind.split_at_checked(end)?;
    let origin = written.strip_suffix(rest)?;
    if let Some((message, help)) = wrong_authority(authority) {
        d.error(URL, at, message, help);
        return None;
    }
    let rest = template::text(d, at, rest, false)?;
    match wrong_rest(&rest) {
        Some((message, help)) => d.error(URL, at, message, help),
        None => return Some(UrlTemplate { origin: origin.into(), rest }),
    }
    None
}

/// What is wrong with `host:port`, and what to write instead.
fn wrong_authority(authority: &str) -> Option<(String, &'static str)> {
    let told = |message: &str, help| Some((message.to_owned(), help));
    if authority.contains("{{") || authority.contains("}}") {
        return told(
            "a template may not stand in the host of an address",
            "write the host out: a run never says who is spoken to; or write one action for each host",
        );
    }
    if authority.contains('@') {
        let help = "take them out; a secret goes into a header: `Authorization: \"Bearer {{ .secrets.name }}\"`";
        return told("an address may not hold a user or a password", help);
    }
    let (host, port) = match authority.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
        Some((inside, port)) if inside.bytes().all(|b| b.is_ascii_hexdigit() || matches!(b, b':' | b'.')) => (inside, port),
        Some(_) => return told("this host is no IPv6 address", WHOLE),
        None => authority.find(':').and_then(|colon| authority.split_at_checked(colon)).unwrap_or((authority, "")),
    };
    let port_is_good = match port.strip_prefix(':') {
        Some(digits) => digits.bytes().all(|b| b.is_ascii_digit()) && digits.parse::<u16>().is_ok_and(|port| port > 0),
        None => port.is_empty(),
    };
    if !port_is_good {
        return told("the port of this address is none", "write a number from 1 to 65535");
    }
    let is_ipv6 = authority.starts_with('[');
    let label = |label: &str| !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    if !is_ipv6 && !host.split('.').all(label) {
        let message = format!("`{}` is no host", shown(host));
        return Some((message, "write a name of letters, digits, `-` and dots; other alphabets in their ASCII form, `xn--…`"));
    }
    None
}

/// What is wrong with path and query.
fn wrong_rest(rest: &Template) -> Option<(String, &'static str)> {
    // Where we stand: in the path, in a key of the query, or in a value of it.
    let (mut in_query, mut in_value) = (false, false);
    for piece in rest.pieces() {
        match piece {
            TemplatePiece::Text(text) => {
                if let Some(odd) = text.chars().find(|c| !allowed(*c)) {
                    let help = "percent-encode it; a fragment (`#`) is never sent, so take it out";
                    return Some((format!("`{}` may not stand in an address", odd.escape_default()), help));
                }
                for c in text.chars() {
                    match c {
                        '?' if !in_query => (in_query, in_value) = (true, false),
                        '&' if in_query => in_value = false,
                        '=' if in_query => in_value = true,
                        _ => {}
                    }
                }
            }
            TemplatePiece::Path(path) if in_query && !in_value => {
                let message = format!("`{}` stands in a key of the query", shown(&path.to_string()));
                return Some((message, "write the key out: `?ttl={{ .inputs.ttl }}`"));
            }
            TemplatePiece::Path(_) => {}
        }
    }
    let path: String = rest
        .pieces()
        .iter()
        .map(|piece| match piece {
            TemplatePiece::Text(text) => &**text,
            TemplatePiece::Path(_) => "x",
        })
        .collect();
    let path = path.split('?').next().unwrap_or_default();
    let dots = path.split('/').any(|segment| matches!(&*segment.to_lowercase().replace("%2e", "."), "." | ".."));
    dots.then(|| ("the path of this address climbs".to_owned(), "write it without `.` and `..`"))
}

/// The characters of RFC 3986 but for `#`, which ends what is sent.
fn allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._~:/?[]@!$&'()*+,;=%".contains(c)
}
