//! Three routes, read only; one that takes webhooks where there is a receiver for them; and the API where there are clients of it.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::controller::{Health, Metrics};

use super::api::{self, Api};
use super::webhook::{self, Receiver};

/// An answer takes no longer than this.
const DEADLINE: Duration = Duration::from_secs(5);
/// Bytes of a request's body; no route reads one.
const MOST_BODY: usize = 1024;

/// What the pages show.
#[derive(Clone)]
struct Shown {
    metrics: Arc<Metrics>,
    health: Arc<Health>,
}

/// The routes: `/healthz`, `/readyz`, `/metrics`; [`super::WEBHOOK_PATH`] with a receiver, and what is below `/v1` with an API.
pub fn router(metrics: Arc<Metrics>, health: Arc<Health>, receiver: Option<Receiver>, api: Option<Api>) -> Router {
    let pages = Router::new()
        .route("/healthz", get(alive))
        .route("/readyz", get(ready))
        .route("/metrics", get(counted))
        .with_state(Shown { metrics: metrics.clone(), health })
        .layer(DefaultBodyLimit::max(MOST_BODY))
        .layer(from_fn(bounded));
    // Bounds of their own: they alone take bodies, and the pages keep refusing any.
    let webhooks = receiver.map_or_else(Router::new, |receiver| webhook::routes(receiver, metrics.clone()));
    let api = api.map_or_else(Router::new, |api| api::routes(api, metrics));
    pages.merge(webhooks).merge(api).layer(map_response(hardened))
}

async fn alive() -> &'static str {
    "alive\n"
}

async fn ready(State(shown): State<Shown>) -> (StatusCode, String) {
    let reasons = shown.health.reasons();
    match reasons.is_empty() {
        true => (StatusCode::OK, "ready\n".to_owned()),
        false => (StatusCode::SERVICE_UNAVAILABLE, reasons.join("\n") + "\n"),
    }
}

async fn counted(State(shown): State<Shown>) -> impl IntoResponse {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, HeaderValue::from_static(kind))], shown.metrics.render())
}

/// Refuses what carries a body, and cuts off what takes too long.
async fn bounded(request: Request, next: Next) -> Response {
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    let streams = request.headers().contains_key(header::TRANSFER_ENCODING);
    if streams || length.is_some_and(|length| length > MOST_BODY) {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    }
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")]).into_response();
    }
    match tokio::time::timeout(DEADLINE, next.run(request)).await {
        Ok(response) => response,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

/// Nothing here is to be framed, sniffed, cached or scripted.
async fn hardened(mut response: Response) -> Response {
    let set = [
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    for (name, value) in set {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
