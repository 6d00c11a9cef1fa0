//! Speaks HTTP to addresses that people wrote down: only to hosts that are allowed, never to the inside of a network unless it is, and
//! within bounds of time and size.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

/// What may be spoken to, and how long.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OutboundPolicy {
    /// Hosts: `deploy.acme.example`, `*.acme.example` for every name below, each with an optional `:port`. Empty: nobody.
    pub hosts: Vec<String>,
    /// Ranges of private, loopback and link-local addresses that are allowed all the same: `10.1.0.0/16`, `127.0.0.1`.
    pub private: Vec<String>,
    /// Whether plain `http` is allowed, besides `https`.
    pub plain_http: bool,
    /// For connecting.
    pub connect_timeout: Duration,
    /// For the whole exchange.
    pub timeout: Duration,
    /// Bytes of an answer's body that are read at most.
    pub most_answer: usize,
}

impl Default for OutboundPolicy {
    fn default() -> Self {
        Self {
            hosts: Vec::new(),
            private: Vec::new(),
            plain_http: false,
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(30),
            most_answer: 64 * 1024,
        }
    }
}

/// A request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request {
    /// `POST`
    pub method: String,
    /// The whole address.
    pub url: String,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// Overrides the policy's.
    pub timeout: Option<Duration>,
}

/// What was answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answered {
    /// The status: 200.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body, cut off at the bound.
    pub body: Vec<u8>,
    /// Whether it was cut off.
    pub cut_off: bool,
    /// Who answered.
    pub peer: Option<IpAddr>,
}

/// Why there is no answer.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum OutboundError {
    /// It is not allowed: nothing was sent, and asking again changes nothing.
    #[error("{0}")]
    Forbidden(String),
    /// Nobody could be reached: nothing was sent.
    #[error("{0}")]
    Unreachable(String),
    /// It broke off after something may have been sent.
    #[error("{0}")]
    Broken(String),
}
