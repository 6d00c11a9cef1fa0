//! Whoever performs webhooks and hears notifications: records everything, dedupes where it promised to, and takes its time where it is told to.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value as Json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use crate::company::Kind;

/// What an ordinary request takes, so that kills find some under way.
const WORK: Duration = Duration::from_millis(20);

/// A request that had a run performed.
#[derive(Clone, Debug)]
pub struct Sent {
    pub repository: String,
    pub handle: String,
    pub key: String,
}

/// A request that is not answered before it is told to be.
pub struct HeldBack {
    pub sent: Sent,
    pub answer: oneshot::Sender<()>,
}

#[derive(Default)]
pub struct Told {
    pub sent: Vec<Sent>,
    /// What was really done by a receiver that dedupes, by key.
    pub done: BTreeSet<String>,
    /// The ids of messages about a run's end, by occasion and the run's handle.
    pub letters: BTreeMap<(String, String), BTreeSet<String>>,
    /// Messages that came, repetitions too.
    pub deliveries: usize,
    hold: Option<Kind>,
}

pub struct Receiver {
    pub address: SocketAddr,
    told: Arc<Mutex<Told>>,
    held: mpsc::UnboundedReceiver<HeldBack>,
    /// Ends with the test.
    _tasks: JoinSet<()>,
}

impl Receiver {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let told: Arc<Mutex<Told>> = Arc::default();
        let (tell, held) = mpsc::unbounded_channel();
        let mut tasks = JoinSet::new();
        let shared = told.clone();
        tasks.spawn(async move {
            let mut talks = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                talks.spawn(talk(stream, shared.clone(), tell.clone()));
                while talks.try_join_next().is_some() {}
            }
        });
        Self { address, told, held, _tasks: tasks }
    }

    pub fn told(&self) -> MutexGuard<'_, Told> {
        locked(&self.told)
    }

    /// The next run of a kind is not answered before it is told to be.
    pub fn hold_next(&self, kind: Kind) {
        self.told().hold = Some(kind);
    }

    /// The request that is held back.
    pub async fn held(&mut self) -> HeldBack {
        tokio::time::timeout(Duration::from_secs(120), self.held.recv()).await.expect("something is sent").unwrap()
    }

    /// How often each run was sent, by its handle.
    pub fn times(&self) -> BTreeMap<String, usize> {
        let mut times = BTreeMap::new();
        self.told().sent.iter().for_each(|sent| *times.entry(sent.handle.clone()).or_default() += 1);
        times
    }
}

fn locked(told: &Mutex<Told>) -> MutexGuard<'_, Told> {
    told.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn talk(mut stream: TcpStream, told: Arc<Mutex<Told>>, tell: mpsc::UnboundedSender<HeldBack>) {
    let Some((path, headers, body)) = hear(&mut stream).await else { return };
    let header = |name: &str| headers.get(name).cloned().unwrap_or_default();
    if path == "/notify" {
        let body: Json = serde_json::from_str(&body).unwrap();
        let handle = body["data"]["notice"]["handle"].as_str().unwrap().to_owned();
        let mut told = locked(&told);
        told.deliveries += 1;
        let about = (body["type"].as_str().unwrap().to_owned(), handle);
        told.letters.entry(about).or_default().insert(header("webhook-id"));
    } else {
        let mut parts = path.split('/').skip(1);
        let kind = if parts.next() == Some("safe") { Kind::Safe } else { Kind::Once };
        let repository = parts.next().unwrap().to_owned();
        let sent = Sent { repository, handle: header("x-portcullis-run"), key: header("idempotency-key") };
        let holds = {
            let mut told = locked(&told);
            told.sent.push(sent.clone());
            if kind == Kind::Safe {
                told.done.insert(sent.key.clone());
            }
            told.hold.take_if(|hold| *hold == kind).is_some()
        };
        match holds {
            true => {
                let (answer, answered) = oneshot::channel();
                let _ = tell.send(HeldBack { sent, answer });
                // Whoever drops it is done with it.
                let _ = answered.await;
            }
            false => tokio::time::sleep(WORK).await,
        }
    }
    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok").await;
    let _ = stream.shutdown().await;
}

/// One request, by its `content-length`; `None` where the other side died before it was whole.
async fn hear(stream: &mut TcpStream) -> Option<(String, BTreeMap<String, String>, String)> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let headers: BTreeMap<String, String> = head
                .lines()
                .filter_map(|line| line.split_once(':'))
                .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
                .collect();
            let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
            if bytes.len() >= end + 4 + length {
                let path = head.split(' ').nth(1)?.to_owned();
                return Some((path, headers, String::from_utf8_lossy(&bytes[end + 4..]).into_owned()));
            }
        }
        let mut buffer = [0; 4096];
        match stream.read(&mut buffer).await {
            Ok(read) if read > 0 => bytes.extend_from_slice(&buffer[..read]),
            _ => return None,
        }
    }
}
