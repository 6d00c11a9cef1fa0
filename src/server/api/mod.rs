//! Port's calls about runs, below `/v1`: whoever performs a run reports by them, and published clients need no more than another address.

mod answer;
mod body;
mod counting;
mod limiter;
mod runs;
mod shape;
mod token;
mod watching;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use serde_json::json;

use crate::config::Credential;
use crate::controller::{Clock, Metrics};
use crate::store::Store;

use super::listener::Peer;
use answer::Failure;
use limiter::Limiter;
pub use watching::{Described, Loop, Watching};

/// From the head of a request to the last byte of its answer.
const DEADLINE: Duration = Duration::from_secs(15);

/// The API. Clones are one.
#[derive(Clone)]
pub struct Api(Arc<Parts>);

struct Parts {
    credentials: Vec<Credential>,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    watching: Arc<dyn Watching>,
    limiter: Limiter,
    room: body::Room,
}

impl Api {
    /// For these clients. Where there are none, nobody can report, and no route should be served.
    pub fn new(credentials: Vec<Credential>, store: Arc<dyn Store>, clock: Arc<dyn Clock>, watching: Arc<dyn Watching>) -> Self {
        let (limiter, room) = (Limiter::default(), body::Room::default());
        Self(Arc::new(Parts { credentials, store, clock, watching, limiter, room }))
    }
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Api")
    }
}

/// The routes. What is not among them is told so in the API's own words, so that a client of the whole of Port's API says what it misses.
pub(super) fn routes(api: Api, metrics: Arc<Metrics>) -> Router {
    Router::new()
        .route(counting::TOKEN, post(access_token))
        .route(counting::RUNS, get(runs::list))
        .route(counting::RUN, get(runs::show).patch(runs::update))
        .route(counting::LOGS, get(runs::read_log).post(runs::append_log))
        .route(counting::APPROVERS, get(runs::approvers))
        .route("/v1/{*rest}", any(|| async { Failure::NotServed.into_response() }))
        .method_not_allowed_fallback(|| async { Failure::NotServed.into_response() })
        .with_state(api)
        .layer(from_fn(bounded))
        .layer(from_fn_with_state(metrics, counting::counted))
}

/// Cuts off what takes too long.
async fn bounded(request: Request, next: Next) -> Response {
    match tokio::time::timeout(DEADLINE, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Failure::Unavailable.into_response(),
    }
}

/// `POST /v1/auth/access_token`: a token for whoever knows a client's secret. It can be asked for one run alone, to be handed on.
async fn access_token(State(api): State<Api>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let parts = &api.0;
    let peer = head.extensions.get::<ConnectInfo<Peer>>().map(|ConnectInfo(peer)| peer.0.ip());
    let issue = async {
        let steady = parts.clock.elapsed();
        let asked = body::AccessToken::read(&head.headers, body, &parts.room).await?;
        parts.limiter.check(peer, &asked.client_id, steady)?;
        match token::of_client(&parts.credentials, &asked.client_id, &asked.client_secret) {
            Some(credential) => Ok(token::issue(credential, asked.run.as_ref(), parts.clock.now())),
            None => {
                parts.limiter.failed(peer, &asked.client_id, steady);
                tracing::warn!(peer = ?peer, "no token for whoever does not know the client's secret");
                Err(Failure::Unauthorized("the client is not known, or this is not its secret"))
            }
        }
    };
    match issue.await {
        Ok(token) => answer::ok(json!({
            "ok": true,
            "accessToken": token,
            "expiresIn": token::LIFETIME.as_secs(),
            "tokenType": "Bearer",
        })),
        Err(failure) => failure.into_response(),
    }
}
