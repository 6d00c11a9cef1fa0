//! One request over the wire: within its deadline, read to its end, and never more than fits.

use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, IF_NONE_MATCH, USER_AGENT};
use http::{Method, Request, Uri};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{self, Client};
use hyper_util::rt::TokioExecutor;
use octocrab::{AuthState, OctoBody, Octocrab, OctocrabBuilder};

use super::{ApiError, Secret};

/// The largest body that is read. The largest lists have a hundred items of some kilobytes.
const LARGEST: usize = 32 << 20;

/// What is sent.
pub(super) struct Letter<'l> {
    pub(super) method: &'l Method,
    pub(super) uri: &'l Uri,
    /// JSON.
    pub(super) body: Option<&'l Bytes>,
    /// With which validator we ask whether it has changed.
    pub(super) etag: Option<&'l str>,
    /// The `Authorization` header.
    pub(super) authorization: &'l Secret,
}

/// A whole answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// There was no whole answer.
#[derive(Debug)]
pub(super) enum Broken {
    /// Nothing was sent: there was no connection.
    Unsent(String),
    /// Something may have arrived.
    Cut(String),
    /// It is larger than anything we read.
    TooLarge,
}

enum Connections {
    Secure(Client<HttpsConnector<HttpConnector>, OctoBody>),
    /// Without TLS; see [`Address`](super::address::Address).
    Loopback(Client<HttpConnector, OctoBody>),
}

/// Connections to one GitHub.
pub(super) struct Transport {
    client: Connections,
    /// Built by the first request: it starts a task, for which there must be a runtime.
    octocrab: OnceLock<Octocrab>,
    deadline: Duration,
}

impl Transport {
    /// Connects to nothing yet. Certificates are the machine's own (`SSL_CERT_FILE` names others).
    ///
    /// # Errors
    /// Where https is demanded, and the machine has no root certificates.
    pub(super) fn new(https: bool, deadline: Duration) -> Result<Self, ApiError> {
        let client = if https {
            let builder = HttpsConnectorBuilder::new().with_native_roots().map_err(|_| ApiError::Refused {
                status: 0,
                what: "this machine has no root certificates, so no https: install `ca-certificates`, or name a file in SSL_CERT_FILE".into(),
            })?;
            Connections::Secure(pool().build(builder.https_only().enable_http1().build()))
        } else {
            Connections::Loopback(pool().build_http())
        };
        Ok(Self { client, octocrab: OnceLock::new(), deadline })
    }

    /// For one request, from its first byte to the last of its answer.
    pub(super) fn deadline(&self) -> Duration {
        self.deadline
    }

    /// Sends, and reads the whole answer. The deadline is the machine's time, whatever clock is passed in elsewhere: it is about sockets.
    ///
    /// # Errors
    /// Where there was no whole answer.
    pub(super) async fn send(&self, letter: Letter<'_>) -> Result<Answer, Broken> {
        let request = request(&letter).map_err(|()| Broken::Unsent("the request cannot be written".into()))?;
        match tokio::time::timeout(self.deadline, self.exchange(request)).await {
            Ok(ended) => ended,
            Err(_) => Err(Broken::Cut(format!("no whole answer within {:?}", self.deadline))),
        }
    }

    async fn exchange(&self, request: Request<OctoBody>) -> Result<Answer, Broken> {
        let response = self.octocrab().send(request).await.map_err(|error| broken(&error))?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, LARGEST).collect().await.map_err(|error| {
            if error.downcast_ref::<LengthLimitError>().is_some() {
                Broken::TooLarge
            } else {
                Broken::Cut("the answer ends early".into())
            }
        })?;
        Ok(Answer { status: head.status.as_u16(), headers: head.headers, body: body.to_bytes() })
    }

    fn octocrab(&self) -> &Octocrab {
        self.octocrab.get_or_init(|| {
            let builder = OctocrabBuilder::new_empty();
            let built = match &self.client {
                Connections::Secure(client) => builder.with_service(client.clone()).with_auth(AuthState::None).build(),
                Connections::Loopback(client) => builder.with_service(client.clone()).with_auth(AuthState::None).build(),
            };
            match built {
                Ok(octocrab) => octocrab,
                Err(never) => match never {},
            }
        })
    }
}

fn pool() -> legacy::Builder {
    Client::builder(TokioExecutor::new())
}

fn request(letter: &Letter<'_>) -> Result<Request<OctoBody>, ()> {
    let mut authorization = HeaderValue::from_str(letter.authorization.reveal()).map_err(|_| ())?;
    authorization.set_sensitive(true);
    let mut request = Request::builder()
        .method(letter.method)
        .uri(letter.uri)
        .header(ACCEPT, "application/vnd.github+json")
        .header("x-github-api-version", "2022-11-28")
        .header(USER_AGENT, concat!("portcullis/", env!("CARGO_PKG_VERSION")))
        .header(AUTHORIZATION, authorization);
    if let Some(etag) = letter.etag {
        request = request.header(IF_NONE_MATCH, etag);
    }
    let body = match letter.body {
        Some(body) => {
            request = request.header(CONTENT_TYPE, "application/json");
            OctoBody::from(body.clone())
        }
        None => OctoBody::empty(),
    };
    request.body(body).map_err(|_| ())
}

/// Whether a request that failed can have left us. Errors of connections hold addresses and causes, and nothing that was sent.
fn broken(error: &octocrab::Error) -> Broken {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    let (mut connecting, mut last) = (false, String::new());
    while let Some(found) = cause {
        connecting |= found.downcast_ref::<legacy::Error>().is_some_and(legacy::Error::is_connect);
        last = found.to_string();
        cause = found.source();
    }
    if connecting {
        Broken::Unsent(format!("no connection: {last}"))
    } else {
        Broken::Cut(format!("the connection broke: {last}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn over_https_nothing_goes_out_in_clear() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let transport = Transport::new(true, Duration::from_secs(5)).unwrap();
        let uri = format!("http://{}/user", listener.local_addr().unwrap()).parse().unwrap();
        let authorization = Secret::new("Bearer canary");
        let letter = Letter { method: &Method::GET, uri: &uri, body: None, etag: None, authorization: &authorization };
        let broken = transport.send(letter).await.unwrap_err();
        assert!(matches!(&broken, Broken::Unsent(why) if !why.contains("canary")), "{broken:?}");
    }
}
