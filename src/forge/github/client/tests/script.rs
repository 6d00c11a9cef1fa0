//! A socket that answers by script, and a clock that moves when somebody sleeps by it.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::super::{Client, Credentials, Github, GithubOptions, Secret, Time};
use super::keys;
use crate::model::Timestamp;

/// What `Authorization` carries when the credentials are a plain token.
pub(super) const TOKEN: &str = "github_pat_canary";

/// A request as it came over the wire.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Seen {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// What is answered.
pub(super) enum Reply {
    /// These bytes; the connection ends after them.
    Bytes(Vec<u8>),
    /// Nothing, and the connection stays.
    Hang,
    /// Nothing, and the connection ends.
    Close,
}

/// An answer with a body, whole.
pub(super) fn json(status: u16, headers: &[(&str, &str)], body: &str) -> Reply {
    let mut text = format!("HTTP/1.1 {status} Said\r\ncontent-length: {}\r\nconnection: close\r\n", body.len());
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    Reply::Bytes(format!("{text}\r\n{body}").into_bytes())
}

/// Bytes as they are.
pub(super) fn raw(text: &str) -> Reply {
    Reply::Bytes(text.as_bytes().to_vec())
}

type Script = Box<dyn FnMut(&Seen, usize) -> Reply + Send>;

/// One GitHub, as far as the script goes.
pub(super) struct Stage {
    pub(super) address: String,
    pub(super) clock: Arc<Clock>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Stage {
    /// Answers each request by what the script makes of it and of its number, from 0.
    pub(super) async fn open(script: impl FnMut(&Seen, usize) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (seen, script) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(Box::new(script) as Script)));
        let shared = (seen.clone(), script);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, shared.clone()));
            }
        });
        Self { address, clock: Arc::new(Clock::default()), seen }
    }

    /// Where nobody listens.
    pub(super) fn empty() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        Self { address: format!("http://{}", listener.local_addr().unwrap()), clock: Arc::default(), seen: Arc::default() }
    }

    pub(super) fn github(&self, credentials: Credentials) -> Github {
        let options = GithubOptions {
            api: self.address.clone(),
            git: self.address.clone(),
            credentials,
            deadline: Duration::from_millis(1500),
        };
        Github::new(options, self.clock.clone(), fastrand::Rng::with_seed(7)).unwrap()
    }

    /// A client of `acme/catalog` with a plain token.
    pub(super) fn client(&self) -> Client {
        self.github(Credentials::Token(Secret::new(TOKEN))).repository("acme/catalog")
    }

    /// The same as an App.
    pub(super) fn app(&self) -> Client {
        let credentials = Credentials::App { id: "42".into(), key: Secret::new(keys::pkcs1()) };
        self.github(credentials).repository("acme/catalog")
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// `GET /user`, in order.
    pub(super) fn lines(&self) -> Vec<String> {
        self.seen().iter().map(|seen| format!("{} {}", seen.method, seen.path)).collect()
    }
}

async fn serve(mut stream: TcpStream, (seen, script): (Arc<Mutex<Vec<Seen>>>, Arc<Mutex<Script>>)) {
    let Some(request) = read(&mut stream).await else { return };
    let number = {
        let mut seen = seen.lock().unwrap();
        seen.push(request.clone());
        seen.len() - 1
    };
    let reply = (script.lock().unwrap())(&request, number);
    match reply {
        Reply::Bytes(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
        }
        // Until the other side gives up.
        Reply::Hang => drop(stream.read(&mut [0; 1]).await),
        Reply::Close => {}
    }
}

async fn read(stream: &mut TcpStream) -> Option<Seen> {
    let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
            let mut lines = head.lines();
            let mut first = lines.next()?.split(' ');
            let (method, path) = (first.next()?.to_owned(), first.next()?.to_owned());
            let headers: Vec<(String, String)> =
                lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            let mut seen = Seen { method, path, headers, body: bytes[end + 4..].to_vec() };
            let length = seen.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
            while seen.body.len() < length {
                let read = stream.read(&mut chunk).await.ok().filter(|read| *read > 0)?;
                seen.body.extend(&chunk[..read]);
            }
            return Some(seen);
        }
        let read = stream.read(&mut chunk).await.ok().filter(|read| *read > 0)?;
        bytes.extend(&chunk[..read]);
    }
}

/// Whoever sleeps by it takes it forward.
#[derive(Default)]
pub(super) struct Clock {
    elapsed: Mutex<Duration>,
    slept: Mutex<Vec<Duration>>,
}

impl Clock {
    pub(super) fn advance(&self, by: Duration) {
        *self.elapsed.lock().unwrap() += by;
    }

    pub(super) fn slept(&self) -> Duration {
        self.slept.lock().unwrap().iter().sum()
    }

    pub(super) fn start() -> Timestamp {
        "2026-05-01T12:00:00Z".parse().unwrap()
    }
}

impl Time for Clock {
    fn now(&self) -> Timestamp {
        Self::start() + self.elapsed()
    }

    fn elapsed(&self) -> Duration {
        *self.elapsed.lock().unwrap()
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        self.advance(duration);
        self.slept.lock().unwrap().push(duration);
        Box::pin(tokio::task::yield_now())
    }
}
