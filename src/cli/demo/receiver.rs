//! Whoever performs runs in the demo: a listener of its own on this machine, which says yes to everything and keeps what it was asked.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver as Inbox, Sender, channel};
use std::time::Duration;

use crate::cli::CommandError;

/// How long one request may take to arrive, and how long the story waits for one.
const PATIENCE: Duration = Duration::from_secs(20);

/// Bytes that are read of a request's head, and of its body.
const MOST: u64 = 64 * 1024;

/// What it was asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Asked {
    /// `POST /environments HTTP/1.1`
    pub(super) line: String,
    /// Every header, as it came.
    pub(super) headers: Vec<(String, String)>,
    /// The body.
    pub(super) body: String,
}

impl Asked {
    /// A header, by its name in any case of letters.
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
    }
}

/// It listens for as long as the program lives.
#[derive(Debug)]
pub(super) struct Receiver {
    address: SocketAddr,
    asked: Mutex<Inbox<Asked>>,
}

impl Receiver {
    /// Begins to listen, on a free port of this machine alone.
    pub(super) fn listen() -> Result<Self, CommandError> {
        let cannot =
            |error: std::io::Error| CommandError::could_not_judge("the demo's receiver of runs cannot listen").because(&error);
        let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(cannot)?;
        let address = listener.local_addr().map_err(cannot)?;
        let (tell, asked) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A caller that breaks off is the daemon's to deal with.
                let _ = answer(&stream, &tell);
            }
        });
        Ok(Self { address, asked: Mutex::new(asked) })
    }

    /// `127.0.0.1:PORT`
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The next request; `None` where none comes.
    pub(super) fn next(&self) -> Option<Asked> {
        self.asked.lock().ok()?.recv_timeout(PATIENCE).ok()
    }

    /// Whether it was asked once more since.
    pub(super) fn was_asked_again(&self) -> bool {
        self.asked.lock().is_ok_and(|asked| asked.try_recv().is_ok())
    }
}

fn answer(stream: &TcpStream, tell: &Sender<Asked>) -> std::io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut reader = BufReader::new(stream);
    let mut head = (&mut reader).take(MOST);
    let (mut line, mut headers) = (String::new(), Vec::new());
    head.read_line(&mut line)?;
    loop {
        let mut header = String::new();
        if head.read_line(&mut header)? == 0 || header.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = header.split_once(':') {
            headers.push((name.trim().to_owned(), value.trim().to_owned()));
        }
    }
    let mut asked = Asked { line: line.trim().to_owned(), headers, body: String::new() };
    let length = asked.header("content-length").parse::<u64>().unwrap_or(0).min(MOST);
    (&mut reader).take(length).read_to_string(&mut asked.body)?;
    let _ = tell.send(asked);
    (&mut &*stream).write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 21\r\nConnection: close\r\n\r\nenvironment is there\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_keeps_what_it_was_asked_and_says_yes() {
        let receiver = Receiver::listen().unwrap();
        let mut stream = TcpStream::connect(receiver.address()).unwrap();
        stream.write_all(b"POST /x HTTP/1.1\r\nIdempotency-Key: k\r\nContent-Length: 2\r\n\r\n{}").unwrap();
        let mut said = String::new();
        stream.read_to_string(&mut said).unwrap();
        assert!(said.starts_with("HTTP/1.1 200 OK\r\n") && said.ends_with("\r\n\r\nenvironment is there\n"), "{said}");
        let asked = receiver.next().unwrap();
        assert_eq!((asked.line.as_str(), asked.header("idempotency-key"), asked.body.as_str()), ("POST /x HTTP/1.1", "k", "{}"));
        assert!(!receiver.was_asked_again());
    }
}
