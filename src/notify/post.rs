//! Slack, Teams and receivers of one's own: a message is one request to one address.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::forge::github::Secret;
use crate::model::Timestamp;
use crate::outbound::{Answered, Outbound, OutboundError, OutboundPolicy, PolicyError, Request, Resolve, Signer};
use crate::report::notice::{slack, teams, webhook};

use super::{Channel, DeliveryError, Letter};

/// For the whole exchange: nobody waits longer for a word of thanks.
const TIMEOUT: Duration = Duration::from_secs(20);
/// Bytes of an answer that are read.
const MOST_ANSWER: usize = 4 * 1024;
/// The longest wait that a receiver may ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(6 * 60 * 60);

/// How a message is written.
#[derive(Clone, Debug)]
pub enum Form {
    /// For an incoming webhook of Slack.
    Slack,
    /// For a workflow of Microsoft Teams.
    Teams,
    /// As JSON, signed.
    Webhook(Signer),
}

/// Why a channel cannot be made. The address is never repeated: whoever knows it can post.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PostError {
    /// It is no address.
    #[error("its address is none: it begins with `https://`")]
    Address,
    /// Where it leads cannot be spoken to.
    #[error(transparent)]
    Policy(#[from] PolicyError),
}

/// A channel that posts to an address.
pub struct PostChannel {
    form: Form,
    url: Secret,
    outbound: Outbound,
    now: fn() -> Timestamp,
}

impl fmt::Debug for PostChannel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostChannel({:?})", self.form)
    }
}

impl PostChannel {
    /// A channel to `url`. Its host is allowed by being written there; where that host leads is held to `private` and `authorities` of
    /// `policy`, and this machine itself is allowed only where it is written as such.
    ///
    /// # Errors
    /// Where the address is none, or nothing could ever be sent there.
    pub fn new(form: Form, url: Secret, policy: &OutboundPolicy, resolve: Arc<dyn Resolve>) -> Result<Self, PostError> {
        let uri: http::Uri = url.reveal().parse().map_err(|_| PostError::Address)?;
        let authority = uri.authority().filter(|authority| !authority.as_str().contains('@')).ok_or(PostError::Address)?;
        let here = is_this_machine(authority.host());
        let plain = uri.scheme_str() == Some("http");
        if !(uri.scheme_str() == Some("https") || (plain && (here || policy.plain_http))) {
            return Err(PostError::Address);
        }
        let mut private = policy.private.clone();
        if here {
            private.extend(["127.0.0.0/8".to_owned(), "::1".to_owned()]);
        }
        let outbound = Outbound::new(
            OutboundPolicy {
                hosts: vec![authority.as_str().to_owned()],
                private,
                plain_http: plain,
                timeout: TIMEOUT,
                most_answer: MOST_ANSWER,
                ..policy.clone()
            },
            resolve,
        )?;
        Ok(Self { form, url, outbound, now: Timestamp::now })
    }

    fn request(&self, letter: &Letter) -> Request {
        let mut headers = vec![("content-type".to_owned(), "application/json; charset=utf-8".to_owned())];
        let body = match &self.form {
            Form::Slack => slack(&letter.notice).to_string(),
            Form::Teams => teams(&letter.notice).to_string(),
            Form::Webhook(signer) => {
                let body = webhook(&letter.notice);
                headers.extend(signer.headers(&letter.id, (self.now)(), body.as_bytes()));
                body
            }
        };
        Request { method: "POST".to_owned(), url: self.url.reveal().to_owned(), headers, body: body.into_bytes(), timeout: None }
    }
}

#[async_trait]
impl Channel for PostChannel {
    async fn deliver(&self, letter: &Letter) -> Result<(), DeliveryError> {
        match self.outbound.send(self.request(letter)).await {
            Ok(answered) => read(&answered),
            Err(OutboundError::Forbidden(why)) => Err(DeliveryError::Standing { why }),
            Err(OutboundError::Unreachable(why) | OutboundError::Broken(why)) => Err(DeliveryError::Passing { why, after: None }),
        }
    }
}

/// What an answer means. Of its body only a word is repeated, as Slack's `invalid_payload`: the rest might repeat what it was sent.
fn read(answered: &Answered) -> Result<(), DeliveryError> {
    let status = answered.status;
    let body = String::from_utf8_lossy(&answered.body);
    let is_word = (1..=40).contains(&body.len()) && body.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    let why = match is_word {
        true => format!("it answered {status}: {body}"),
        false => format!("it answered {status}"),
    };
    match status {
        200..=299 => Ok(()),
        300..=399 => Err(DeliveryError::Standing { why: format!("{why}; redirects are not followed") }),
        408 | 425 | 429 | 500..=599 => Err(DeliveryError::Passing { why, after: wait(answered) }),
        _ => Err(DeliveryError::Standing { why }),
    }
}

/// `Retry-After` in seconds; as a date it is not read.
fn wait(answered: &Answered) -> Option<Duration> {
    let seconds = answered.headers.get("retry-after")?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_WAIT))
}

fn is_this_machine(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16, headers: &[(&str, &str)], body: &str) -> Answered {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Answered { status, headers, body: body.as_bytes().to_vec(), cut_off: false, peer: None }
    }

    #[test]
    fn what_an_answer_means() {
        assert_eq!(read(&answered(200, &[], "ok")), Ok(()));
        assert_eq!(read(&answered(202, &[], "")), Ok(()));
        let passing = |why: &str, after| Err(DeliveryError::Passing { why: why.to_owned(), after });
        assert_eq!(read(&answered(429, &[("retry-after", "30")], "")), passing("it answered 429", Some(Duration::from_secs(30))));
        assert_eq!(read(&answered(429, &[("retry-after", "99999999")], "")), passing("it answered 429", Some(LONGEST_WAIT)));
        assert_eq!(read(&answered(503, &[("retry-after", "soon")], "")), passing("it answered 503", None));
        let standing = |why: &str| Err(DeliveryError::Standing { why: why.to_owned() });
        assert_eq!(read(&answered(400, &[], "invalid_payload")), standing("it answered 400: invalid_payload"));
        assert_eq!(read(&answered(403, &[], "you sent: TOKEN")), standing("it answered 403"));
        assert_eq!(
            read(&answered(302, &[("location", "http://169.254.169.254/")], "")),
            standing("it answered 302; redirects are not followed")
        );
    }

    #[test]
    fn no_address_stands_in_an_error_or_a_log() {
        let resolve: Arc<dyn Resolve> = Arc::new(crate::outbound::SystemResolver);
        let policy = OutboundPolicy::default();
        for url in ["", "canary", "ftp://canary.example/x", "https://canary@x.example/", "http://canary.example/T0/B0/canary"] {
            let error = PostChannel::new(Form::Slack, Secret::new(url), &policy, resolve.clone()).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
        }
        let channel = PostChannel::new(Form::Slack, Secret::new("http://127.0.0.1:1/T0/canary"), &policy, resolve).unwrap();
        assert_eq!(format!("{channel:?}"), "PostChannel(Slack)");
    }
}
