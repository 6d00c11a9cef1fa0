//! Counts calls by what they are, never by what whoever calls has written.

use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;

use crate::controller::Metrics;

/// The routes that are told apart.
pub(super) const TOKEN: &str = "/v1/auth/access_token";
pub(super) const RUNS: &str = "/v1/actions/runs";
pub(super) const RUN: &str = "/v1/actions/runs/{run}";
pub(super) const LOGS: &str = "/v1/actions/runs/{run}/logs";
pub(super) const APPROVERS: &str = "/v1/actions/runs/{run}/approvers";

/// Counts a call once it is answered.
pub(super) async fn counted(State(metrics): State<Arc<Metrics>>, request: Request, next: Next) -> Response {
    let matched = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let route = [TOKEN, RUNS, RUN, LOGS, APPROVERS].into_iter().find(|route| *route == matched).unwrap_or("other");
    let method = method(request.method());
    let response = next.run(request).await;
    metrics.called(method, route, class(response.status()));
    response
}

fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PATCH => "PATCH",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        _ => "other",
    }
}

fn class(status: StatusCode) -> &'static str {
    match status.as_u16() / 100 {
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        5 => "5xx",
        _ => "other",
    }
}
