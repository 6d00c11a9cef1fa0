//! One request and its answer over one connection, each within its bounds.

use std::collections::BTreeMap;
use std::error::Error;
use std::pin::pin;

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CONNECTION, HOST, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use http::{Method, Request as Prepared, Version};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::time::{Instant, timeout_at};

use super::connection::Stream;
use super::target::Target;
use super::{Answered, OutboundError, Request, words};

/// Bytes of an answer's status line and headers, and how many headers.
const MOST_HEAD: usize = 32 * 1024;
const MOST_HEADERS: usize = 100;
/// What a connection reads ahead.
const BUFFER: usize = 64 * 1024;

/// What may be asked. `CONNECT` and `TRACE` are for proxies and for reading one's own headers back.
const METHODS: [Method; 5] = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];

/// Headers that say where a message ends or to whom it goes: they are ours alone to set.
const OURS: [&str; 12] = [
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "upgrade",
    "te",
    "trailer",
    "expect",
    "accept-encoding",
    "http2-settings",
    "forwarded",
];

/// The request as it is sent.
///
/// # Errors
/// [`OutboundError::Forbidden`] where it cannot be: no header's value is repeated.
pub(super) fn prepare(request: &Request, target: &Target) -> Result<Prepared<Full<Bytes>>, OutboundError> {
    let forbidden = |why: String| OutboundError::Forbidden(why);
    let method = METHODS
        .iter()
        .find(|method| method.as_str() == request.method)
        .ok_or_else(|| forbidden(format!("the method `{}` is not allowed", words::plain(&request.method, 20))))?;
    let mut prepared = Prepared::builder()
        .method(method)
        .uri(&target.path)
        .version(Version::HTTP_11)
        .body(Full::new(Bytes::from(request.body.clone())))
        .map_err(|_| forbidden("the address's path cannot be sent".to_owned()))?;
    let headers = prepared.headers_mut();
    for (name, value) in &request.headers {
        let shown = words::plain(name, 60);
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| forbidden(format!("`{shown}` is no header's name")))?;
        if OURS.contains(&name.as_str()) || name.as_str().starts_with("proxy-") {
            return Err(forbidden(format!("the header `{shown}` cannot be chosen")));
        }
        let mut value =
            HeaderValue::from_str(value).map_err(|_| forbidden(format!("the value of the header `{shown}` cannot be sent")))?;
        value.set_sensitive(true);
        headers.append(name, value);
    }
    let host =
        HeaderValue::from_str(&target.to_string()).map_err(|_| forbidden("the address's host cannot be sent".to_owned()))?;
    headers.insert(HOST, host);
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    if !headers.contains_key(USER_AGENT) {
        headers.insert(USER_AGENT, HeaderValue::from_static(concat!("portcullis/", env!("CARGO_PKG_VERSION"))));
    }
    Ok(prepared)
}

/// Sends it and reads the answer.
///
/// # Errors
/// [`OutboundError::Unreachable`] where certainly no byte of it was sent, else [`OutboundError::Broken`].
pub(super) async fn exchange(
    stream: Box<dyn Stream>,
    request: Prepared<Full<Bytes>>,
    target: &Target,
    deadline: Instant,
    most_answer: usize,
) -> Result<Answered, OutboundError> {
    let (mut sender, connection) = http1::Builder::new()
        .max_headers(MOST_HEADERS)
        .max_header_size(MOST_HEAD)
        .max_buf_size(BUFFER)
        .handshake::<_, Full<Bytes>>(TokioIo::new(stream))
        .await
        .map_err(|error| OutboundError::Unreachable(format!("no connection to {target}: {}", cause(&error))))?;
    let asking = async {
        let response = sender.try_send_request(request).await.map_err(|mut failed| match failed.take_message() {
            Some(_) => OutboundError::Unreachable(format!("{target} hung up before anything was sent")),
            None => broken(target, &failed.into_error()),
        })?;
        let (head, body) = response.into_parts();
        let (body, cut_off) = read(body, most_answer).await.map_err(|error| broken(target, &error))?;
        Ok(Answered { status: head.status.as_u16(), headers: legible(&head.headers), body, cut_off, peer: None })
    };
    let (mut asking, mut connection) = (pin!(asking), pin!(connection));
    let mut connected = true;
    let whole = async {
        loop {
            tokio::select! {
                ended = &mut asking => return ended,
                _ = &mut connection, if connected => connected = false, // what went wrong, `asking` is told
            }
        }
    };
    match timeout_at(deadline, whole).await {
        Ok(ended) => ended,
        Err(_) => Err(OutboundError::Broken(format!("{target} gave no whole answer in time"))),
    }
}

/// The body, up to a bound, and whether there was more.
async fn read(mut body: Incoming, most: usize) -> Result<(Vec<u8>, bool), hyper::Error> {
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue }; // trailers say nothing that we ask
        let room = most.saturating_sub(bytes.len());
        if let Some(fitting) = data.get(..room)
            && data.len() > room
        {
            bytes.extend_from_slice(fitting);
            return Ok((bytes, true));
        }
        bytes.extend_from_slice(&data);
    }
    Ok((bytes, false))
}

fn legible(headers: &HeaderMap) -> BTreeMap<String, String> {
    let mut legible: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        legible
            .entry(name.as_str().to_owned())
            .and_modify(|all| {
                all.push_str(", ");
                all.push_str(&value);
            })
            .or_insert_with(|| value.clone().into_owned());
    }
    legible
}

fn broken(target: &Target, error: &hyper::Error) -> OutboundError {
    OutboundError::Broken(format!("the connection to {target} broke: {}", cause(error)))
}

/// The innermost reason.
fn cause(error: &hyper::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    words::plain(&cause.to_string(), 200)
}
