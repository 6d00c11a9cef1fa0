//! What is sent: the call's own headers and body, and what lets its receiver verify it, dedupe it, and report.

use crate::model::Timestamp;
use crate::outbound::Request;
use crate::run::call::{HeaderValue, Scrub, SecretPiece, WebhookCall};

use super::super::Order;
use super::WebhookOptions;

/// Headers that say who sends what run: an action may not choose them.
const OURS: [&str; 4] = ["idempotency-key", "webhook-id", "webhook-timestamp", "webhook-signature"];
/// And all that begin so.
const OUR_PREFIX: &str = "x-portcullis-";

/// A request, and what must not be repeated of its answer.
pub(super) struct Letter {
    pub(super) request: Request,
    pub(super) scrub: Scrub,
}

/// # Errors
/// Why it cannot be written. No secret stands in it.
pub(super) fn write(order: &Order, call: &WebhookCall, options: &WebhookOptions, at: Timestamp) -> Result<Letter, String> {
    // What is signed is what is sent: these bytes, made once.
    let body = match call.method.as_str() {
        "GET" => Vec::new(),
        _ => serde_json::to_vec(&call.body).map_err(|_| "its body cannot be written as JSON".to_owned())?,
    };
    let mut scrub = order.secrets.clone();
    let mut headers = Vec::new();
    for (name, value) in &call.headers {
        let lower = name.to_ascii_lowercase();
        if OURS.contains(&lower.as_str()) || lower.starts_with(OUR_PREFIX) {
            return Err(format!("the header `{name}` is Portcullis's own"));
        }
        headers.push((name.clone(), filled(value, options, &mut scrub)?));
    }
    let has = |wanted: &str| call.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(wanted));
    if !body.is_empty() && !has("content-type") {
        headers.push(("content-type".to_owned(), "application/json".to_owned()));
    }
    headers.push(("idempotency-key".to_owned(), order.key.clone()));
    headers.push(("x-portcullis-run".to_owned(), order.handle.as_str().to_owned()));
    headers.push(("x-portcullis-attempt".to_owned(), order.attempt.to_string()));
    headers.push(("x-portcullis-timestamp".to_owned(), at.as_second().to_string()));
    if let Some(signer) = &options.signer {
        headers.push(("x-portcullis-signature".to_owned(), signer.sign(&order.key, at, &body)));
        headers.extend(signer.headers(&order.key, at, &body));
    }
    let request = Request { method: call.method.clone(), url: call.url.clone(), headers, body, timeout: options.timeout };
    Ok(Letter { request, scrub })
}

/// A header's value with its secrets; each of them is remembered, so that it is not shown again.
fn filled(value: &HeaderValue, options: &WebhookOptions, scrub: &mut Scrub) -> Result<String, String> {
    let pieces = match value {
        HeaderValue::Text(text) => return Ok(text.clone()),
        HeaderValue::Secret(pieces) => pieces,
    };
    let mut whole = String::new();
    for piece in pieces {
        match piece {
            SecretPiece::Text(text) => whole.push_str(text),
            SecretPiece::Secret(name) => {
                let secret = options.secrets.get(name).filter(|secret| !secret.reveal().is_empty());
                let secret = secret.ok_or_else(|| {
                    format!("the daemon's configuration has no secret `{name}`: it would stand under `secrets`")
                })?;
                scrub.add(secret.reveal());
                whole.push_str(secret.reveal());
            }
        }
    }
    scrub.add(&whole);
    Ok(whole)
}
