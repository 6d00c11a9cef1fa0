//! The request of a webhook.

use std::fmt::Write;

use crate::model::{Template, TemplatePiece, UrlTemplate, Webhook};

use super::fill::{CallError, Filling, at};
use super::{HeaderValue, SecretPiece, WebhookCall};

/// Bytes of an address, and of a header's value, that servers commonly take.
const LONGEST: usize = 8 * 1024;

pub(super) fn fill(method: &Webhook, filling: &mut Filling) -> Result<WebhookCall, CallError> {
    let url = address(&method.url, filling)?;
    let headers = method.headers.iter().map(|(name, value)| Ok((name.to_string(), header(name, value, filling)?)));
    let headers = headers.collect::<Result<_, CallError>>()?;
    let body = match &method.body {
        Some(body) => body.fill(&filling.root, &mut filling.allowance).map_err(at("body"))?,
        None => {
            filling.allowance.take(filling.root.canonical().len()).map_err(at("body"))?;
            filling.root.clone()
        }
    };
    Ok(WebhookCall { url, method: method.method.to_string(), headers, body: body.to_json(), synchronized: method.synchronized })
}

/// The address: what fills a place is percent-encoded, so that it ends no segment, starts no query and leads nowhere else.
fn address(url: &UrlTemplate, filling: &mut Filling) -> Result<String, CallError> {
    let unfit = |why| CallError::Unfit { place: "url".into(), what: "address", why };
    let rest = url.rest.text(&filling.root, &mut filling.allowance, percent_encoded).map_err(at("url"))?;
    let path = rest.split('?').next().unwrap_or_default();
    let written: usize = url
        .rest
        .pieces()
        .iter()
        .map(|piece| match piece {
            TemplatePiece::Text(text) => text.split('?').next().unwrap_or_default().matches("//").count(),
            TemplatePiece::Path(_) => 0,
        })
        .sum();
    // Servers and proxies resolve encoded dots like plain ones, and some drop an empty segment: either way another path is meant.
    if path.split('/').any(|segment| matches!(&*segment.to_ascii_lowercase().replace("%2e", "."), "." | "..")) {
        return Err(unfit("a segment of its path is `.` or `..`"));
    }
    if path.matches("//").count() > written || (path.ends_with('/') && !ends_with_slash(&url.rest)) {
        return Err(unfit("a segment of its path is empty"));
    }
    let whole = format!("{}{rest}", url.origin);
    if whole.len() > LONGEST { Err(unfit("it is too long")) } else { Ok(whole) }
}

/// Whether the path that the action wrote ends with a slash of its own.
fn ends_with_slash(rest: &Template) -> bool {
    let mut path = String::new();
    for piece in rest.pieces() {
        match piece {
            TemplatePiece::Text(text) => path.push_str(text),
            TemplatePiece::Path(_) => path.push('x'),
        }
    }
    path.split('?').next().is_some_and(|path| path.ends_with('/'))
}

/// Everything but RFC 3986's unreserved characters is encoded.
fn percent_encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}"); // writing to a String never fails
        }
        out
    })
}

/// The value of a header: one line of plain ASCII. Secrets stay names here; whoever sends knows them.
fn header(name: &str, value: &Template, filling: &mut Filling) -> Result<HeaderValue, CallError> {
    let place = || format!("headers.{name}");
    let mut pieces: Vec<SecretPiece> = Vec::new();
    let mut length = 0_usize;
    for piece in value.pieces() {
        if let TemplatePiece::Path(path) = piece
            && path.first() == "secrets"
        {
            pieces.push(SecretPiece::Secret(path.key(1).unwrap_or_default().to_owned()));
            continue;
        }
        let text = match piece {
            TemplatePiece::Text(text) => text.to_string(),
            TemplatePiece::Path(path) => path.text(&filling.root).map_err(at(place()))?.into_owned(),
        };
        if !text.chars().all(|c| matches!(c, ' '..='~' | '\t')) {
            let why = "it holds a line break, or something beyond plain ASCII";
            return Err(CallError::Unfit { place: place(), what: "header", why });
        }
        filling.allowance.take(text.len()).map_err(at(place()))?;
        length = length.saturating_add(text.len());
        match pieces.last_mut() {
            Some(SecretPiece::Text(before)) => before.push_str(&text),
            _ => pieces.push(SecretPiece::Text(text)),
        }
    }
    if length > LONGEST {
        return Err(CallError::Unfit { place: place(), what: "header", why: "it is too long" });
    }
    Ok(match pieces.as_slice() {
        [] => HeaderValue::Text(String::new()),
        [SecretPiece::Text(text)] => HeaderValue::Text(text.clone()),
        _ => HeaderValue::Secret(pieces),
    })
}
