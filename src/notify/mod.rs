//! Tells people of runs: each channel delivers one message to one place, and decides nothing.

mod email;
mod post;

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::report::notice::{Notice, Person};

pub use email::{EmailChannel, EmailError, EmailSettings, Security};
pub use post::{Form, PostChannel, PostError};

/// What one message says, and to whom.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Letter {
    /// The same on every attempt: who receives it twice can tell.
    pub id: String,
    /// What all letters about one run share: a thread, an incident.
    pub thread: String,
    /// Whom it is for, as far as a channel has addresses of people; one that is a place is read by whoever is there.
    pub to: Vec<Person>,
    /// What it says.
    pub notice: Notice,
}

/// Why a letter was not delivered.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DeliveryError {
    /// It may be delivered later.
    #[error("{why}")]
    Passing {
        /// Why. No secret stands in it.
        why: String,
        /// How long the receiver asks us to wait.
        after: Option<Duration>,
    },
    /// It never will be: the receiver refuses it, or nobody is there.
    #[error("{why}")]
    Standing {
        /// Why. No secret stands in it.
        why: String,
    },
}

/// A way to people.
#[async_trait]
pub trait Channel: Send + Sync {
    /// Delivers a letter, within a bounded time.
    ///
    /// # Errors
    /// Why it is not delivered, or not known to be.
    async fn deliver(&self, letter: &Letter) -> Result<(), DeliveryError>;
}
