//! Speaks HTTP to addresses that people wrote down: only to hosts that are allowed, never to the inside of a network unless it is, and
//! within bounds of time and size.
//!
//! One request is one connection, to the very address that was checked: a name is looked up once, every address that it has is
//! judged ([`address`]), and no redirect is followed. Proxies that the environment names are not used: behind one, nobody could tell
//! which address is spoken to.

pub mod address;
mod allowed;
mod connection;
mod exchange;
mod resolve;
mod signature;
mod target;
mod words;

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use self::address::Range;
use self::allowed::AllowedHost;
use self::connection::{Authorities, connect};
use self::target::{Host, Target};

pub use self::resolve::{Resolve, SystemResolver};
pub use self::signature::{Signer, SigningKeyError};
pub(crate) use self::words::plain;

/// No exchange lasts longer, whatever was asked for.
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// What may be spoken to, and how long.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OutboundPolicy {
    /// Hosts: `deploy.acme.example`, `*.acme.example` for every name one level below, each with an optional `:port`; without one, the port
    /// of the scheme alone: 443, and 80 for plain http. An address is written as it is: `10.1.2.3`, `[fd00::1]:8443`. Empty: nobody.
    pub hosts: Vec<String>,
    /// Ranges of private, loopback and link-local addresses that are allowed all the same: `10.1.0.0/16`, `127.0.0.1`, `fd00::/8`.
    pub private: Vec<String>,
    /// Whether plain `http` is allowed, besides `https`.
    pub plain_http: bool,
    /// For connecting: looking the name up, TCP and TLS together.
    pub connect_timeout: Duration,
    /// For the whole exchange, connecting included.
    pub timeout: Duration,
    /// Bytes of an answer's body that are read at most.
    pub most_answer: usize,
    /// Certificates in PEM of authorities that are trusted besides the machine's own (`SSL_CERT_FILE` names those): a company's.
    pub authorities: String,
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
            authorities: String::new(),
        }
    }
}

/// Why a policy cannot be followed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PolicyError {
    /// An entry of `hosts` is no host.
    #[error("`{host}` is no host: {why}")]
    Host {
        /// As it was written.
        host: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// An entry of `private` is no range.
    #[error("`{range}` is no range of addresses: {why}")]
    Range {
        /// As it was written.
        range: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A certificate cannot be read.
    #[error("the certificates of the trusted authorities cannot be read: {0}")]
    Authorities(String),
    /// There is no root certificate, and plain http is not allowed.
    #[error("this machine has no root certificates, so no https: install `ca-certificates`, or name a file in SSL_CERT_FILE")]
    NoAuthorities,
}

/// A request. Its path, its headers and its body are never shown: any of them may hold a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// `POST`, `PUT`, `PATCH`, `DELETE` or `GET`.
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

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = Target::parse(&self.url).map_or_else(|_| "?".to_owned(), |target| target.to_string());
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        write!(f, "Request({} {host}, {names:?}, {} bytes)", self.method, self.body.len())
    }
}

/// What was answered. Its body is never shown by `{:?}`: receivers repeat what they were sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Answered {
    /// The status: 200.
    pub status: u16,
    /// The headers, names in lower case; one that came several times is joined by commas.
    pub headers: BTreeMap<String, String>,
    /// The body, cut off at the bound. As it came: nothing is decompressed.
    pub body: Vec<u8>,
    /// Whether it was cut off.
    pub cut_off: bool,
    /// Who answered.
    pub peer: Option<IpAddr>,
}

impl fmt::Debug for Answered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.keys().map(String::as_str).collect();
        write!(f, "Answered({}, {names:?}, {} bytes, cut off: {})", self.status, self.body.len(), self.cut_off)
    }
}

/// Why there is no answer. The words name the host alone: paths, headers and bodies may hold secrets.
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

/// Sends requests as one policy allows.
pub struct Outbound {
    policy: OutboundPolicy,
    hosts: Vec<AllowedHost>,
    private: Vec<Range>,
    authorities: Authorities,
    resolve: Arc<dyn Resolve>,
}

impl fmt::Debug for Outbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Outbound({:?}, {:?})", self.hosts, self.private)
    }
}

impl Outbound {
    /// Reads the policy and the root certificates; connects to nothing.
    ///
    /// # Errors
    /// Where something in the policy cannot be read, or https would be impossible though it is demanded.
    pub fn new(policy: OutboundPolicy, resolve: Arc<dyn Resolve>) -> Result<Self, PolicyError> {
        let hosts = policy.hosts.iter().map(|host| AllowedHost::parse(host)).collect::<Result<_, _>>()?;
        let private = policy.private.iter().map(|range| Range::parse(range)).collect::<Result<_, _>>()?;
        let authorities = Authorities::load(&policy.authorities)?;
        if !authorities.any() && !policy.plain_http {
            return Err(PolicyError::NoAuthorities);
        }
        Ok(Self { policy, hosts, private, authorities, resolve })
    }

    /// Sends a request, and reads its answer. Any status is an answer, a redirect too.
    ///
    /// It ends within the request's timeout, or the policy's. Dropping the future closes the connection.
    ///
    /// # Errors
    /// Why there is no whole answer, and whether anything may have been sent.
    pub async fn send(&self, request: Request) -> Result<Answered, OutboundError> {
        let begun = Instant::now();
        let deadline = begun + request.timeout.unwrap_or(self.policy.timeout).min(LONGEST);
        let until = deadline.min(begun + self.policy.connect_timeout.min(LONGEST));
        let target = self.target(&request.url)?;
        let prepared = exchange::prepare(&request, &target)?;
        let connecting = async {
            let addresses = self.addresses(&target).await?;
            connect(&target, &addresses, self.policy.connect_timeout, &self.authorities).await
        };
        let (stream, peer) = tokio::time::timeout_at(until, connecting).await.map_err(|_| {
            OutboundError::Unreachable(format!("{} was not reached within {:?}", target.host, self.policy.connect_timeout))
        })??;
        exchange::exchange(stream, prepared, &target, deadline, self.policy.most_answer)
            .await
            .map(|answered| Answered { peer: Some(peer), ..answered })
    }

    /// Whether an address is one that requests may be sent to, as far as its words tell; what its name leads to is judged when it is sent.
    ///
    /// # Errors
    /// [`OutboundError::Forbidden`], with the reason.
    pub fn allows(&self, url: &str) -> Result<(), OutboundError> {
        self.target(url).map(|_| ())
    }

    fn target(&self, url: &str) -> Result<Target, OutboundError> {
        let target = Target::parse(url).map_err(|why| OutboundError::Forbidden(format!("the address is refused: {why}")))?;
        if !target.secure && !self.policy.plain_http {
            return Err(OutboundError::Forbidden(format!(
                "{}: plain http is not allowed, only https; `executionPlainHttp` of the daemon's configuration would allow it",
                target.host
            )));
        }
        if !self.hosts.iter().any(|allowed| allowed.allows(&target)) {
            let why = format!(
                "{target} is not among the hosts that the daemon may speak to: `executionHosts` of its configuration names them"
            );
            return Err(OutboundError::Forbidden(why));
        }
        Ok(target)
    }

    /// Every address that the host has, each of them allowed.
    async fn addresses(&self, target: &Target) -> Result<Vec<IpAddr>, OutboundError> {
        let found = match &target.host {
            Host::Address(address) => vec![*address],
            Host::Name(name) => self
                .resolve
                .resolve(name)
                .await
                .map_err(|why| OutboundError::Unreachable(format!("{name} has no address: {}", plain(&why, 200))))?,
        };
        if found.is_empty() {
            return Err(OutboundError::Unreachable(format!("{} has no address", target.host)));
        }
        // One address that is refused refuses the name: who answers for it may choose the order, and change it between two questions.
        for address in &found {
            if let Some(kind) = address::refused(*address)
                && !self.private.iter().any(|range| range.contains(*address))
            {
                let why = format!(
                    "{} leads to {address}, {kind}: nothing is sent there unless `executionPrivate` of the daemon's configuration names it",
                    target.host
                );
                return Err(OutboundError::Forbidden(why));
            }
        }
        Ok(found)
    }
}
