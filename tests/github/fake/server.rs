//! The listener: each request is held to the description, authenticated, counted, answered, and its answer held to the description too.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::thread::JoinHandle;

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode};
use http_body::Frame;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tokio::sync::Notify;

use super::answer::{Answer, Call, decoded};
use super::faults::{Fault, Trouble};
use super::journal::Called;
use super::state::{Quota, State};
use super::{git, locked};
use crate::openapi::Spec;

/// A thread with a runtime of its own, so that it serves whatever the test's runtime does, and ends when told.
pub struct Server {
    stop: Arc<Notify>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Listens on a port of loopback, any for 0; the state learns its address.
    pub fn start(shared: &Arc<Mutex<State>>, port: u16) -> Self {
        // Where it was before, somebody may pass through for a moment.
        let mut tries = std::iter::repeat_with(|| std::net::TcpListener::bind(("127.0.0.1", port))).take(500);
        let listener = tries
            .find_map(|bound| bound.map_err(|_| std::thread::sleep(std::time::Duration::from_millis(10))).ok())
            .expect("the port is taken");
        listener.set_nonblocking(true).unwrap();
        locked(shared).url = format!("http://{}", listener.local_addr().unwrap());
        let stop = Arc::new(Notify::new());
        let (stopped, state) = (stop.clone(), shared.clone());
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                let router = Router::new().fallback(move |request: Request| serve(state.clone(), request));
                tokio::select! {
                    ended = axum::serve(listener, router) => ended.unwrap(),
                    () = stopped.notified() => {}
                }
            });
        });
        Self { stop, thread: Some(thread) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.notify_one();
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

async fn serve(shared: Arc<Mutex<State>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 64 << 20).await.unwrap_or_default();
    let fault = {
        let mut state = locked(&shared);
        let path = parts.uri.path();
        state.faults.iter_mut().find_map(|fault| fault.strikes(parts.method.as_str(), path).then(|| fault.clone()))
    };
    let Some(fault) = fault else { return perform(&shared, &parts, body).await };
    suffer(&shared, &parts, body, fault).await
}

async fn perform(shared: &Mutex<State>, parts: &Parts, body: Bytes) -> Response {
    if git::repository(parts.uri.path()).is_some() {
        return git::serve(shared, parts, body).await;
    }
    locked(shared).respond(parts, &body)
}

/// What becomes of a request that something happens to.
async fn suffer(shared: &Mutex<State>, parts: &Parts, body: Bytes, fault: Fault) -> Response {
    let answered = matches!(fault.trouble, Trouble::BreaksOff | Trouble::CutShort);
    let held = matches!(fault.trouble, Trouble::Hangs(_)) && !fault.performed;
    let real = if fault.performed || answered {
        Some(perform(shared, parts, body.clone()).await)
    } else {
        let status = if let Trouble::Answers { status, .. } = &fault.trouble { *status } else { 0 };
        locked(shared).note(parts, &body, status, 0, "nobody".into());
        None
    };
    match fault.trouble {
        Trouble::Answers { status, headers, body } => {
            let mut response = Response::new(body.map_or_else(Body::empty, |body| Body::from(body.to_string())));
            *response.status_mut() = StatusCode::from_u16(status).unwrap();
            response.headers_mut().insert("content-type", HeaderValue::from_static("application/json; charset=utf-8"));
            response.headers_mut().insert("date", locked(shared).date());
            response.headers_mut().extend(headers);
            response
        }
        Trouble::BreaksOff => broken(real.unwrap(), true).await,
        Trouble::CutShort => broken(real.unwrap(), false).await,
        // Ends the connection without a word, and without a message of a panic.
        Trouble::HangsUp => std::panic::resume_unwind(Box::new("hangs up")),
        Trouble::Hangs(hold) => {
            hold.reached.notify_one();
            hold.released.notified().await;
            match real {
                Some(real) => real,
                None if held => perform(shared, parts, body).await,
                None => std::panic::resume_unwind(Box::new("hangs up")),
            }
        }
    }
}

/// The first half of an answer; then the connection breaks, or it pretends to be the whole.
async fn broken(real: Response, breaks: bool) -> Response {
    let (mut parts, body) = real.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let half = bytes.slice(..bytes.len() / 2);
    if !breaks {
        parts.headers.remove("content-length");
        return Response::from_parts(parts, Body::from(half));
    }
    parts.headers.insert("content-length", HeaderValue::from(bytes.len()));
    Response::from_parts(parts, Body::new(Half(Some(half))))
}

/// A body that ends by an error.
struct Half(Option<Bytes>);

impl HttpBody for Half {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let next = self.0.take().map(|bytes| Ok(Frame::data(bytes)));
        Poll::Ready(Some(next.unwrap_or_else(|| Err(std::io::Error::other("broken off")))))
    }
}

impl State {
    /// Performs a request to the API.
    fn respond(&mut self, parts: &Parts, body: &Bytes) -> Response {
        let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let caller = self.authenticate(header("authorization"));
        let by = self.called(caller.as_ref().ok());
        let sent = if body.is_empty() { None } else { serde_json::from_slice::<Value>(body).ok() };
        let (method, path, api) = self.place(parts);
        let operation = match Spec::load().check_request(method, &path, parts.uri.query(), sent.as_ref()) {
            Ok(operation) => Some(operation),
            Err(complaints) => {
                self.violations.extend(complaints.iter().map(|complaint| format!("asked: {complaint}")));
                None
            }
        };
        let segments = path.split('/').skip(1).map(decoded).collect();
        let query = parts.uri.query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
        let query = query.map(|(key, value)| (decoded(key), decoded(&value.replace('+', " ")))).collect();
        let answer = match caller {
            Err(refusal) => refusal,
            Ok(caller) => {
                let here = self.own_address(&api, &path);
                let call = Call { method, segments, query, body: sent, caller, here, most: self.most_of_a_page };
                self.demand_headers(parts);
                if self.spent(&by) {
                    Answer::refused(403, &format!("API rate limit exceeded for {by}."))
                } else {
                    self.route(&call).unwrap_or_else(|refusal| refusal)
                }
            }
        };
        if let Some(operation) = operation.filter(|_| answer.status < 300 || [405, 409, 422].contains(&answer.status)) {
            let described = answer.described.as_ref().or(answer.body.as_ref()).filter(|_| !answer.bare);
            let complaints = Spec::load().check_response(&operation, answer.status, described);
            self.violations.extend(complaints.iter().map(|it| format!("answered: {it}")));
        }
        self.send(parts, body, answer, by)
    }

    /// The method, the path below the API's address by the name the repository has, and that address.
    fn place<'a>(&self, parts: &'a Parts) -> (&'a str, String, String) {
        let path = parts.uri.path();
        let (base, path) = match path.strip_prefix("/api/v3") {
            Some(rest) => (format!("{}/api/v3", self.url), rest),
            None => (self.url.clone(), path),
        };
        // Pages and redirects name a repository by its id.
        let by_id = path.strip_prefix("/repositories/").map(|rest| rest.split_once('/').unwrap_or((rest, "")));
        if let Some((id, rest)) = by_id
            && let Some(id) = id.parse().ok().filter(|id| self.repositories.contains_key(id))
        {
            let full = format!("/repos/{}/{rest}", self.full_name(id));
            return (parts.method.as_str(), full.trim_end_matches('/').to_owned(), base);
        }
        (parts.method.as_str(), path.to_owned(), base)
    }

    /// The address that the links of a list have.
    fn own_address(&self, api: &str, path: &str) -> String {
        let mut segments = path.trim_start_matches('/').splitn(4, '/');
        let (kind, owner, name, rest) = (segments.next(), segments.next(), segments.next(), segments.next());
        match (kind, owner, name) {
            (Some("repos"), Some(owner), Some(name)) => match self.repository_id(&format!("{owner}/{name}")) {
                Some(id) => format!("{api}/repositories/{id}/{}", rest.unwrap_or_default()),
                None => format!("{api}{path}"),
            },
            _ => format!("{api}{path}"),
        }
    }

    /// What every request has to have.
    fn demand_headers(&mut self, parts: &Parts) {
        for name in ["user-agent", "accept", "x-github-api-version"] {
            if !parts.headers.contains_key(name) {
                self.violations.push(format!("asked: {} {}: without {name}", parts.method, parts.uri.path()));
            }
        }
    }

    fn send(&mut self, parts: &Parts, sent: &Bytes, answer: Answer, by: String) -> Response {
        let body = answer.body.map(|body| body.to_string()).unwrap_or_default();
        let etag = hex(&Sha256::digest(format!("{by}\n{body}")));
        let etag = format!("\"{etag}\"");
        let asked = parts.headers.get("if-none-match").and_then(|value| value.to_str().ok());
        let reading = parts.method == http::Method::GET && answer.status == 200;
        let same = reading && asked.is_some_and(|asked| asked.split(',').any(|it| it.trim().trim_start_matches("W/") == etag));
        let status = if same { 304 } else { answer.status };
        let cost = u64::from(!same && !parts.uri.path().ends_with("/rate_limit"));
        let quota = self.count(&by, cost);
        let mut headers = HeaderMap::new();
        let mut put = |name: &'static str, value: String| drop(headers.insert(name, HeaderValue::try_from(value).unwrap()));
        put("x-ratelimit-limit", self.quota.to_string());
        put("x-ratelimit-used", quota.used.to_string());
        put("x-ratelimit-remaining", self.quota.saturating_sub(quota.used).to_string());
        put("x-ratelimit-reset", quota.reset.as_second().to_string());
        put("x-ratelimit-resource", "core".into());
        put("x-github-request-id", format!("{:04X}", self.journal.len()));
        put("cache-control", "private, max-age=60, s-maxage=60".into());
        if reading {
            put("etag", etag);
        }
        answer.headers.into_iter().for_each(|(name, value)| put(name, value));
        if !same && !body.is_empty() {
            put("content-type", "application/json; charset=utf-8".into());
        }
        headers.insert("date", self.date());
        self.note(parts, sent, status, cost, by);
        let mut response = Response::new(if same { Body::empty() } else { Body::from(body) });
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        *response.headers_mut() = headers;
        response
    }

    fn note(&mut self, parts: &Parts, sent: &Bytes, status: u16, cost: u64, by: String) {
        let path = parts.uri.path();
        let git = git::repository(path).is_some();
        let (method, conditional) = (parts.method.to_string(), parts.headers.contains_key("if-none-match"));
        let path = if git { path.to_owned() } else { self.place(parts).1 };
        let query = parts.uri.query().unwrap_or_default().to_owned();
        let body = serde_json::from_slice(sent).ok();
        self.journal.push(Called { method, path, query, conditional, status, cost, by, body, git });
    }

    fn spent(&mut self, by: &str) -> bool {
        self.count(by, 0).used >= self.quota
    }

    fn count(&mut self, by: &str, cost: u64) -> Quota {
        let now = self.now();
        let fresh = Quota { used: 0, reset: now + jiff::SignedDuration::from_hours(1) };
        let quota = self.quotas.entry(by.to_owned()).or_insert(fresh);
        if quota.reset <= now {
            *quota = fresh;
        }
        quota.used += cost;
        *quota
    }

    /// The value of a Date header.
    fn date(&self) -> HeaderValue {
        let date = (self.now() + self.skew).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        HeaderValue::try_from(date).unwrap()
    }
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
