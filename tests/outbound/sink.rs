//! A receiver that plays a part, and remembers what it was sent; and names that lead where the test says.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use portcullis::outbound::{Outbound, OutboundPolicy, Request, Resolve, SystemResolver};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// What a receiver does with a connection, one after the other.
#[derive(Clone)]
pub(crate) enum Act {
    /// Reads one whole request.
    Hear,
    /// Writes.
    Say(Vec<u8>),
    /// Writes the same again and again, until the other side hangs up.
    Repeat(Vec<u8>),
    /// Writes the same again and again, slowly.
    Drip(Vec<u8>),
    /// Does nothing until the other side hangs up.
    Hang,
}

impl Act {
    pub(crate) fn say(text: &str) -> Self {
        Self::Say(text.as_bytes().to_vec())
    }
}

/// A receiver.
pub(crate) struct Sink {
    pub(crate) address: SocketAddr,
    heard: Arc<Mutex<Vec<String>>>,
    connections: Arc<AtomicUsize>,
    hung_up: Arc<AtomicUsize>,
    /// Ends with the test.
    _tasks: JoinSet<()>,
}

impl Sink {
    /// Hears a request and answers it.
    pub(crate) async fn answering(answer: &str) -> Self {
        Self::playing(vec![Act::Hear, Act::say(answer)]).await
    }

    /// Plays the same on every connection.
    pub(crate) async fn playing(acts: Vec<Act>) -> Self {
        Self::listening(acts, |stream| async move { Some(stream) }).await
    }

    /// Plays on what `accept` makes of each connection: TLS, for one.
    pub(crate) async fn listening<S, F, A>(acts: Vec<Act>, accept: A) -> Self
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        F: Future<Output = Option<S>> + Send + 'static,
        A: Fn(tokio::net::TcpStream) -> F + Send + Sync + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (heard, connections, hung_up) = (Arc::default(), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let mut tasks = JoinSet::new();
        let (h, c, u) = (Arc::clone(&heard), Arc::clone(&connections), Arc::clone(&hung_up));
        tasks.spawn(async move {
            let mut players = JoinSet::new();
            loop {
                let Ok((stream, _)) = listener.accept().await else { return };
                c.fetch_add(1, Ordering::SeqCst);
                let (accepting, acts, heard, hung_up) = (accept(stream), acts.clone(), Arc::clone(&h), Arc::clone(&u));
                players.spawn(async move {
                    if let Some(mut stream) = accepting.await {
                        play(&mut stream, &acts, &heard).await;
                    }
                    hung_up.fetch_add(1, Ordering::SeqCst);
                });
            }
        });
        Self { address, heard, connections, hung_up, _tasks: tasks }
    }

    /// `http://127.0.0.1:PORT/path`
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The requests that it was sent, whole.
    pub(crate) fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Waits until so many connections have come to their end.
    pub(crate) async fn ended(&self, connections: usize) {
        let end = async {
            while self.hung_up.load(Ordering::SeqCst) < connections {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), end).await.expect("the connection ends");
    }

    /// What may speak to this receiver alone.
    pub(crate) fn policy(&self) -> OutboundPolicy {
        OutboundPolicy {
            hosts: vec![self.address.to_string()],
            private: vec!["127.0.0.1".to_owned()],
            plain_http: true,
            timeout: Duration::from_secs(20),
            ..OutboundPolicy::default()
        }
    }

    pub(crate) fn outbound(&self) -> Outbound {
        Outbound::new(self.policy(), Arc::new(SystemResolver)).unwrap()
    }
}

async fn play<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, acts: &[Act], heard: &Mutex<Vec<String>>) {
    for act in acts {
        match act {
            Act::Hear => match hear(stream).await {
                Some(request) => heard.lock().unwrap().push(request),
                None => return,
            },
            Act::Say(bytes) => {
                if stream.write_all(bytes).await.is_err() {
                    return;
                }
                let _ = stream.flush().await;
            }
            Act::Repeat(bytes) => while stream.write_all(bytes).await.is_ok() {},
            Act::Drip(bytes) => {
                while stream.write_all(bytes).await.is_ok() {
                    let _ = stream.flush().await;
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            }
            Act::Hang => {
                let mut nothing = [0; 1024];
                while stream.read(&mut nothing).await.is_ok_and(|read| read > 0) {}
            }
        }
    }
    let _ = stream.shutdown().await;
}

/// One request with its body, by its `content-length`; `None` where the other side says nothing whole.
async fn hear<S: AsyncRead + Unpin>(stream: &mut S) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |n| n.parse().unwrap());
            if bytes.len() >= end + 4 + length {
                return Some(String::from_utf8_lossy(&bytes).into_owned());
            }
        }
        let mut buffer = [0; 4096];
        match stream.read(&mut buffer).await {
            Ok(read) if read > 0 => bytes.extend_from_slice(&buffer[..read]),
            _ => return None,
        }
    }
}

/// A request as a run's would be.
pub(crate) fn post(url: &str) -> Request {
    Request { method: "POST".into(), url: url.into(), headers: Vec::new(), body: b"{\"a\":1}".to_vec(), timeout: None }
}

/// Names that lead where the test says: each question gets the next answer, and the last for ever.
pub(crate) struct Names {
    answers: Mutex<VecDeque<Vec<IpAddr>>>,
    asked: Mutex<Vec<String>>,
}

impl Names {
    pub(crate) fn leading_to(answers: &[&[&str]]) -> Arc<Self> {
        let answers = answers.iter().map(|each| each.iter().map(|address| address.parse().unwrap()).collect()).collect();
        Arc::new(Self { answers: Mutex::new(answers), asked: Mutex::default() })
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

#[async_trait]
impl Resolve for Names {
    async fn resolve(&self, host: &str) -> Result<Vec<IpAddr>, String> {
        self.asked.lock().unwrap().push(host.to_owned());
        let mut answers = self.answers.lock().unwrap();
        if answers.len() > 1 {
            answers.pop_front().ok_or_else(String::new)
        } else {
            Ok(answers.front().cloned().unwrap_or_default())
        }
    }
}
