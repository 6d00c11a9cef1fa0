//! A receiver of HTTP that does what a script says, one step a request, and remembers what came.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What the receiver does with a request.
#[derive(Clone, Debug)]
pub enum Does {
    /// Answers with this status and these further headers.
    Answers(u16, &'static str),
    /// Reads it, and says nothing for ever.
    Hangs,
    /// Reads it, and closes.
    Closes,
    /// Begins to answer well, and breaks off.
    BreaksOff,
}

/// What came.
#[derive(Clone, Debug)]
pub struct Received {
    /// The first line.
    pub line: String,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Received {
    /// The value of a header.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value)
    }

    /// The body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// The receiver; it ends with its value.
pub struct Sink {
    /// Its address, `http://127.0.0.1:PORT`.
    pub url: String,
    received: Arc<Mutex<Vec<Received>>>,
    task: JoinHandle<()>,
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Sink {
    /// Does what the script says, and then answers well.
    pub async fn that(script: &[Does]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let received = Arc::new(Mutex::new(Vec::new()));
        let (seen, script) = (received.clone(), Arc::new(Mutex::new(script.to_vec())));
        let task = tokio::spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else { return };
                let (seen, script) = (seen.clone(), script.clone());
                tokio::spawn(async move {
                    let _ = serve(stream, &seen, &script).await;
                });
            }
        });
        Self { url, received, task }
    }

    /// What has come so far.
    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }
}

async fn serve(mut stream: TcpStream, seen: &Mutex<Vec<Received>>, script: &Mutex<Vec<Does>>) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(());
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.lines();
    let line = lines.next().unwrap_or_default().to_owned();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length").map_or(0, |(_, value)| value.parse().unwrap());
    while bytes.len() < end + length {
        if stream.read_buf(&mut bytes).await? == 0 {
            break;
        }
    }
    seen.lock().unwrap().push(Received { line, headers, body: bytes[end..].to_vec() });
    let does = {
        let mut script = script.lock().unwrap();
        if script.is_empty() { Does::Answers(200, "") } else { script.remove(0) }
    };
    match does {
        Does::Answers(status, headers) => {
            let answer = format!("HTTP/1.1 {status} X\r\n{headers}content-length: 2\r\nconnection: close\r\n\r\nok");
            stream.write_all(answer.as_bytes()).await?;
        }
        Does::Hangs => std::future::pending().await,
        Does::Closes => {}
        Does::BreaksOff => stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\no").await?,
    }
    Ok(())
}
