//! How a call ends that does not end well, in the words and statuses of Port's API.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value as Json, json};

/// Why a call has no answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Failure {
    /// Whoever asks is not known, or not any more.
    Unauthorized(&'static str),
    /// There is no such run, or it is none of theirs: the two are answered alike.
    NotFound,
    /// Port has this call, and it is not served here; or nobody has it.
    NotServed,
    /// The body is too long.
    TooLarge,
    /// The body is not announced as JSON.
    NotJson,
    /// The body does not say what it should.
    Invalid(String),
    /// The run does not stand where this could happen to it.
    OutOfPlace(&'static str, String),
    /// Too many wrong secrets from there; the seconds to wait.
    TooMany(u64),
    /// The store or the time ran out: ask again.
    Unavailable,
}

impl Failure {
    fn told(&self) -> (StatusCode, &'static str, String) {
        match self {
            Self::Unauthorized(why) => (StatusCode::UNAUTHORIZED, "unauthorized", (*why).to_owned()),
            Self::NotFound => (StatusCode::NOT_FOUND, "not_found", "there is no such run for this client".to_owned()),
            Self::NotServed => (
                StatusCode::NOT_FOUND,
                "not_found",
                "of Port's API only tokens and runs are served here: docs/api.md lists the calls".to_owned(),
            ),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large", "the body is too long".to_owned()),
            Self::NotJson => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                "send JSON, and say so: `Content-Type: application/json`".to_owned(),
            ),
            Self::Invalid(why) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid_request", why.clone()),
            Self::OutOfPlace(error, why) => (StatusCode::UNPROCESSABLE_ENTITY, error, why.clone()),
            Self::TooMany(_) => (
                StatusCode::TOO_MANY_REQUESTS,
                "too_many_requests",
                "too many wrong secrets came from this address: wait a little".to_owned(),
            ),
            Self::Unavailable => {
                (StatusCode::SERVICE_UNAVAILABLE, "unavailable", "nothing is known to be written: ask again".to_owned())
            }
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let (status, error, message) = self.told();
        let mut response = with_status(status, &json!({ "ok": false, "error": error, "message": message }));
        match self {
            Self::Unauthorized(_) => {
                response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Self::TooMany(seconds) => {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            }
            Self::Unavailable => {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            }
            _ => {}
        }
        response
    }
}

/// 200 with this body.
pub(super) fn ok(body: Json) -> Response {
    with_status(StatusCode::OK, &body)
}

/// This body with a status.
pub(super) fn with_status(status: StatusCode, body: &Json) -> Response {
    let kind = HeaderValue::from_static("application/json; charset=utf-8");
    (status, [(header::CONTENT_TYPE, kind)], body.to_string()).into_response()
}
