//! A daemon as far as its receiver of webhooks goes, and deliveries as GitHub makes them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use hmac::{Hmac, KeyInit, Mac};
use portcullis::controller::{Health, ManualClock, Metrics};
use portcullis::forge::github::Secret;
use portcullis::forge::github::delivery::Woken;
use portcullis::model::Timestamp;
use portcullis::server::{Receiver, WEBHOOK_PATH, router, serve};
use portcullis::store::SqliteStore;
use sha2::Sha256;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What deliveries are signed with.
pub(crate) const SECRET: &str = "the webhook's secret";

/// A daemon as far as its receiver goes.
pub(crate) struct Daemon {
    pub(crate) dir: TempDir,
    pub(crate) address: SocketAddr,
    woken: Arc<Mutex<Vec<Woken>>>,
    store: SqliteStore,
    server: tokio::task::JoinHandle<()>,
}

impl Daemon {
    pub(crate) async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&dir.path().join("portcullis.db")).await.unwrap();
        let woken = Arc::new(Mutex::new(Vec::new()));
        let wake = {
            let woken = woken.clone();
            Arc::new(move |one: Woken| woken.lock().unwrap().push(one))
        };
        let clock = Arc::new(ManualClock::at(Timestamp::from_second(1_800_000_000).unwrap()));
        let secrets = vec![Secret::new("the next secret"), Secret::new(SECRET)];
        let receiver = Receiver::new(secrets, Arc::new(store.clone()), clock, wake);
        let router = router(Arc::new(Metrics::default()), Arc::new(Health::default()), Some(receiver), None);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async { serve(listener, router, std::future::pending()).await.unwrap() });
        Self { dir, address, woken, store, server }
    }

    /// Sends exactly this, and reads what comes back until the connection ends.
    pub(crate) async fn exchange(&self, head: &str, body: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        // Whoever is refused by his head alone may find the line closed.
        let _ = stream.write_all(body).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8(answer).unwrap()
    }

    /// The status and the text of the answer.
    pub(crate) async fn deliver(&self, delivery: &Delivery<'_>) -> (u16, String) {
        let answer = self.exchange(&delivery.head(), delivery.body).await;
        let (head, text) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {answer:?}"));
        assert!(head.contains("x-content-type-options: nosniff") && head.contains("cache-control: no-store"), "{head}");
        (head.split(' ').nth(1).unwrap().parse().unwrap(), text.to_owned())
    }

    pub(crate) fn woken(&self) -> Vec<Woken> {
        std::mem::take(&mut *self.woken.lock().unwrap())
    }

    pub(crate) async fn counted(&self) -> String {
        let page = self.exchange("GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", b"").await;
        page.lines()
            .filter(|line| line.starts_with("portcullis_webhook_deliveries_total"))
            .fold(String::new(), |all, line| all + line + "\n")
    }

    pub(crate) async fn stop(self) {
        self.server.abort();
        let _ = self.server.await;
        self.store.close().await;
    }
}

/// A request as GitHub makes it, until it is tampered with.
pub(crate) struct Delivery<'a> {
    pub(crate) method: &'a str,
    pub(crate) body: &'a [u8],
    pub(crate) length: Option<usize>,
    pub(crate) headers: BTreeMap<&'a str, String>,
}

pub(crate) fn signed<'a>(id: &str, event: &str, body: &'a [u8]) -> Delivery<'a> {
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("user-agent", "GitHub-Hookshot/044aadd".to_owned()),
        ("x-github-delivery", id.to_owned()),
        ("x-github-event", event.to_owned()),
        ("x-hub-signature-256", signature(SECRET, body)),
    ];
    Delivery { method: "POST", body, length: Some(body.len()), headers: headers.into() }
}

impl<'a> Delivery<'a> {
    pub(crate) fn with(mut self, header: &'a str, value: &str) -> Self {
        self.headers.insert(header, value.to_owned());
        self
    }

    pub(crate) fn without(mut self, header: &str) -> Self {
        self.headers.remove(header);
        self
    }

    pub(crate) fn head(&self) -> String {
        let mut head = format!("{} {WEBHOOK_PATH} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n", self.method);
        for (name, value) in &self.headers {
            write!(head, "{name}: {value}\r\n").unwrap();
        }
        match self.length {
            Some(length) => write!(head, "content-length: {length}\r\n\r\n").unwrap(),
            None => head.push_str("transfer-encoding: chunked\r\n\r\n"),
        }
        head
    }
}

pub(crate) fn signature(secret: &str, body: &[u8]) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap().chain_update(body).finalize().into_bytes();
    mac.iter().fold("sha256=".to_owned(), |text, byte| text + &format!("{byte:02x}"))
}
