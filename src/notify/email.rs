//! Email: one mail a person, handed over to one server by SMTP.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use sha2::{Digest as _, Sha256};

use crate::forge::github::Secret;
use crate::outbound::plain;
use crate::report::notice::email;

use super::{Channel, DeliveryError, Letter};

/// For each step of the conversation with the server.
const TIMEOUT: Duration = Duration::from_secs(15);
/// For one mail, the whole conversation.
const MAIL: Duration = Duration::from_secs(40);
/// Letters of which it is remembered who has them already.
const MOST_REMEMBERED: usize = 1_000;

/// How the way to the server is kept secret.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Security {
    /// It begins in the clear, and goes over to TLS or ends.
    Starttls,
    /// TLS from the first byte.
    Implicit,
    /// None.
    None,
}

/// Where email is handed over.
#[derive(Clone, Debug)]
pub struct EmailSettings {
    /// The server's name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// `Name <address>`, or the address alone.
    pub from: String,
    /// How the way is kept secret.
    pub security: Security,
    /// Who the daemon is to the server, and the password.
    pub login: Option<(String, Secret)>,
    /// Certificates in PEM of authorities that are trusted besides the machine's own; empty for none.
    pub authorities: String,
}

/// Why a channel of email cannot be made.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum EmailError {
    /// Nobody can be written to from there.
    #[error("`{0}` is nobody whom email can be from")]
    From(String),
    /// TLS cannot be set up.
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
}

/// A channel of email.
pub struct EmailChannel {
    from: Mailbox,
    transport: AsyncSmtpTransport<Tokio1Executor>,
    /// Who has a letter already that is tried again because others do not. Lost with the process: they then have it twice, by one id.
    done: Mutex<BTreeMap<String, BTreeSet<Address>>>,
}

impl fmt::Debug for EmailChannel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EmailChannel({})", self.from.email)
    }
}

impl EmailChannel {
    /// A channel by a server; connects to nothing.
    ///
    /// # Errors
    /// Where nobody could be written to like this.
    pub fn new(settings: &EmailSettings) -> Result<Self, EmailError> {
        let from: Mailbox = settings.from.parse().map_err(|_| EmailError::From(plain(&settings.from, 100)))?;
        let tls = match settings.security {
            Security::None => Tls::None,
            Security::Starttls => Tls::Required(parameters(settings)?),
            Security::Implicit => Tls::Wrapper(parameters(settings)?),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(settings.host.as_str())
            .port(settings.port)
            .timeout(Some(TIMEOUT))
            .tls(tls);
        if let Some((user, password)) = &settings.login {
            builder = builder.credentials(Credentials::new(user.clone(), password.reveal().to_owned()));
        }
        Ok(Self { from, transport: builder.build(), done: Mutex::default() })
    }

    async fn mail(&self, letter: &Letter, to: &Address) -> Result<(), DeliveryError> {
        let standing = |why: String| DeliveryError::Standing { why };
        let message = message(&self.from, letter, to).map_err(|error| standing(plain(&error.to_string(), 200)))?;
        match tokio::time::timeout(MAIL, self.transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => {
                let why = plain(&words(&error), 300);
                Err(if error.is_permanent() { standing(why) } else { DeliveryError::Passing { why, after: None } })
            }
            Err(_) => Err(DeliveryError::Passing { why: format!("the server took longer than {MAIL:?}"), after: None }),
        }
    }

    fn has(&self, letter: &str, who: &Address) -> bool {
        self.done.lock().unwrap_or_else(PoisonError::into_inner).get(letter).is_some_and(|done| done.contains(who))
    }

    fn remember(&self, letter: &str, who: &Address) {
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        if done.len() >= MOST_REMEMBERED && !done.contains_key(letter) {
            done.pop_first();
        }
        done.entry(letter.to_owned()).or_default().insert(who.clone());
    }

    fn forget(&self, letter: &str) {
        self.done.lock().unwrap_or_else(PoisonError::into_inner).remove(letter);
    }
}

#[async_trait]
impl Channel for EmailChannel {
    async fn deliver(&self, letter: &Letter) -> Result<(), DeliveryError> {
        let people: BTreeSet<Address> =
            letter.to.iter().filter_map(|person| person.email.as_deref()).filter_map(|email| email.parse().ok()).collect();
        if people.is_empty() {
            return Err(DeliveryError::Standing { why: "nobody whom it is for has an address of email".to_owned() });
        }
        let (mut passing, mut standing, mut delivered) = (None, None, false);
        for person in &people {
            if self.has(&letter.id, person) {
                delivered = true;
                continue;
            }
            match self.mail(letter, person).await {
                Ok(()) => {
                    self.remember(&letter.id, person);
                    delivered = true;
                }
                Err(DeliveryError::Passing { why, .. }) => {
                    passing = Some(why);
                    break; // the server has no time now: it is not asked once for each of them
                }
                Err(DeliveryError::Standing { why }) => {
                    tracing::warn!(id = %letter.id, %why, "a mail was refused for one of those it is for");
                    standing = Some(why);
                }
            }
        }
        if let Some(why) = passing {
            return Err(DeliveryError::Passing { why, after: None });
        }
        self.forget(&letter.id);
        match standing {
            Some(why) if !delivered => Err(DeliveryError::Standing { why }),
            _ => Ok(()),
        }
    }
}

fn parameters(settings: &EmailSettings) -> Result<TlsParameters, EmailError> {
    let failed = |error: lettre::transport::smtp::Error| EmailError::Tls(plain(&words(&error), 200));
    let mut builder = TlsParameters::builder(settings.host.clone());
    if !settings.authorities.is_empty() {
        builder = builder.add_root_certificate(Certificate::from_pem(settings.authorities.as_bytes()).map_err(failed)?);
    }
    builder.build_rustls().map_err(failed)
}

/// An error with what is behind it.
fn words(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

/// The mail. Its id follows from the letter, and is one for all whom the letter is for; all letters about a run refer to one id that no
/// mail has, so that readers show them as one conversation whichever of them came first.
fn message(from: &Mailbox, letter: &Letter, to: &Address) -> Result<Message, lettre::error::Error> {
    let mail = email(&letter.notice);
    let id = |text: &str| format!("<{}@{}>", digest(text), from.email.domain());
    let header = |name: &'static str, value: &str| HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned());
    Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, to.clone()))
        .subject(mail.subject)
        .date(SystemTime::from(letter.notice.at))
        .message_id(Some(id(&letter.id)))
        .in_reply_to(id(&letter.thread))
        .references(id(&letter.thread))
        // Nobody's absence is to be told to a machine (RFC 3834).
        .raw_header(header("Auto-Submitted", "auto-generated"))
        .raw_header(header("X-Auto-Response-Suppress", "All"))
        .multipart(MultiPart::alternative_plain_html(mail.text, mail.html))
}

/// What may stand in an id of a mail, whatever the text.
fn digest(text: &str) -> String {
    use std::fmt::Write as _;
    Sha256::digest(text.as_bytes()).iter().take(16).fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}"); // writing to a String never fails
        out
    })
}
