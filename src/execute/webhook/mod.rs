//! `WEBHOOK`: an HTTP request, signed, with the run's key, to a host that is allowed; its answer is read as what it says and no more.

mod answer;
mod letter;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::forge::github::Secret;
use crate::model::Timestamp;
use crate::outbound::{Outbound, OutboundError, Signer};
use crate::run::call::Call;
use crate::run::life::Answer;

use super::{Order, Performer};

/// Tells the time.
pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What the daemon's own configuration says about webhooks.
#[derive(Clone, Debug, Default)]
pub struct WebhookOptions {
    /// The secrets that headers may name.
    pub secrets: BTreeMap<String, Secret>,
    /// Signs what is sent; without one nothing is signed.
    pub signer: Option<Signer>,
    /// For one exchange; `None` for the policy's.
    pub timeout: Option<Duration>,
}

/// Has runs performed by HTTP requests.
pub struct WebhookPerformer {
    outbound: Arc<Outbound>,
    options: WebhookOptions,
    now: Now,
}

impl fmt::Debug for WebhookPerformer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebhookPerformer({:?}, {:?})", self.outbound, self.options)
    }
}

impl WebhookPerformer {
    /// Sends through `outbound`; `now` stamps what is sent.
    pub fn new(outbound: Arc<Outbound>, options: WebhookOptions, now: Now) -> Self {
        Self { outbound, options, now }
    }
}

#[async_trait]
impl Performer for WebhookPerformer {
    async fn perform(&self, order: &Order) -> Answer {
        let Call::Webhook(call) = &order.call else {
            return Answer::Refused { why: "this is no webhook".to_owned() };
        };
        let at = (self.now)();
        let letter = match letter::write(order, call, &self.options, at) {
            Ok(letter) => letter,
            Err(why) => return Answer::Refused { why },
        };
        match self.outbound.send(letter.request).await {
            Ok(answered) => answer::read(&answered, call.synchronized, order.dedupes, at, &letter.scrub),
            // The words of these name the host alone.
            Err(OutboundError::Forbidden(why)) => Answer::Refused { why },
            Err(OutboundError::Unreachable(why)) => Answer::NotPerformed { why, after: None },
            Err(OutboundError::Broken(why)) => Answer::Unknown { why },
        }
    }
}
