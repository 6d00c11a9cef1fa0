//! Whoever performs runs, and whoever is told of them: raw HTTP, written down before it is answered.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What arrived.
#[derive(Default)]
pub(crate) struct Heard {
    /// Requests that ask for a run, in order: whose case it is, the run's key.
    runs: Vec<(String, String)>,
    /// The ids of messages that people were told.
    told: BTreeSet<(String, String)>,
}

/// Listens until the test ends. Many cases share it; each says in a header, or in the path, which it is.
#[derive(Clone)]
pub(crate) struct Receiver {
    pub address: SocketAddr,
    heard: Arc<Mutex<Heard>>,
}

impl Receiver {
    pub(crate) fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let receiver = Self { address: listener.local_addr().unwrap(), heard: Arc::default() };
        let inner = receiver.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let inner = inner.clone();
                // Whoever asks may die in the middle of it.
                std::thread::spawn(move || inner.answer(stream).unwrap_or_default());
            }
        });
        receiver
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, mut stream: TcpStream) -> std::io::Result<()> {
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        let mut reader = BufReader::new(stream.try_clone()?);
        let mut first = String::new();
        reader.read_line(&mut first)?;
        let mut headers = BTreeMap::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
        let length: u64 = headers.get("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
        let mut body = Vec::new();
        reader.take(length).read_to_end(&mut body)?;
        if u64::try_from(body.len()).unwrap() < length {
            return Ok(()); // It died while it was speaking, and has asked for nothing.
        }
        let path = first.split(' ').nth(1).unwrap_or_default();
        let of = |name: &str| headers.get(name).cloned().unwrap_or_default();
        match path.strip_prefix("/told/") {
            Some(case) => drop(self.heard().told.insert((case.to_owned(), of("webhook-id")))),
            None => self.heard().runs.push((of("x-case"), of("idempotency-key"))),
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}")
    }

    /// How often a case asked for each run, by the run's key.
    pub(crate) fn asked(&self, case: &str) -> BTreeMap<String, usize> {
        let mut keys = BTreeMap::new();
        for (_, key) in self.heard().runs.iter().filter(|(of, _)| of == case) {
            *keys.entry(key.clone()).or_default() += 1;
        }
        keys
    }

    /// The messages that people were told of in a case.
    pub(crate) fn told(&self, case: &str) -> BTreeSet<String> {
        self.heard().told.iter().filter(|(of, _)| of == case).map(|(_, id)| id.clone()).collect()
    }
}
