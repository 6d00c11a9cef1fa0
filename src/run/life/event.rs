//! What can happen to a run, and what follows from it outside.

use serde::{Deserialize, Serialize};

use crate::model::{RunState, Timestamp};

pub use crate::model::Occasion;

use super::{Grant, Landing};

/// Something that happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// Its state before anything was sent was derived anew. What was claimed and is not approved any more fails unsent.
    Decided {
        /// The state: waiting, approved, declined, expired or cancelled.
        state: RunState,
    },
    /// It came onto the watched branch.
    Landed(Landing),
    /// Somebody who may took it back.
    Withdrawn {
        /// Who.
        by: String,
    },
    /// Those who may approve are to be asked once more.
    Reminded,
    /// Everything was checked again, and it is to be executed. What was claimed and not sent yet may be claimed anew, and from a while after
    /// the claim on it must be.
    Claimed {
        /// What was found.
        grant: Grant,
        /// The idempotency key.
        key: String,
        /// Whether the receiver dedupes by it.
        dedupes: bool,
        /// When it is given up.
        deadline: Timestamp,
        /// Of whoever claims.
        epoch: i64,
    },
    /// It is about to be sent. Nothing may leave before this is durable.
    Begun {
        /// Of whoever sends.
        epoch: i64,
    },
    /// The attempt of this epoch has ended.
    Answered {
        /// Of whoever sent.
        epoch: i64,
        /// How.
        answer: Answer,
    },
    /// Whoever sent is gone, and what came of it was not written down.
    Lost {
        /// Of whoever finds it so.
        epoch: i64,
        /// What the receiver says of it, where it could be asked; `None` where it cannot.
        found: Option<Answer>,
    },
    /// Whoever performs it reports.
    Reported(Report),
    /// Its deadline has passed.
    DeadlinePassed,
    /// A person settles what came of it.
    Resolved {
        /// Who.
        by: String,
        /// How.
        outcome: Outcome,
        /// What they say of it.
        note: Option<String>,
        /// Where people see what was done.
        link: Option<String>,
    },
}

impl Event {
    /// A word for it, as the journal writes it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Decided { .. } => "decided",
            Self::Landed(_) => "landed",
            Self::Withdrawn { .. } => "withdrawn",
            Self::Reminded => "reminded",
            Self::Claimed { .. } => "claimed",
            Self::Begun { .. } => "begun",
            Self::Answered { .. } => "answered",
            Self::Lost { .. } => "lost",
            Self::Reported(_) => "reported",
            Self::DeadlinePassed => "deadline",
            Self::Resolved { .. } => "resolved",
        }
    }
}

/// How an attempt to have a run performed ended.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "camelCase")]
pub enum Answer {
    /// It is done.
    Done {
        /// Whether it succeeded.
        success: bool,
        /// What the receiver says, shortened.
        says: String,
        /// Where people see what was done.
        link: Option<String>,
        /// What the receiver calls it.
        outside: Option<String>,
    },
    /// It is taken on, and its outcome will be reported.
    Accepted {
        /// What the receiver calls it.
        outside: Option<String>,
        /// Where people see it at work.
        link: Option<String>,
    },
    /// The receiver has certainly not performed it, and may do so later: no connection, or it says that it is busy.
    NotPerformed {
        /// Why.
        why: String,
        /// Seconds that it asks us to wait.
        after: Option<u64>,
    },
    /// The receiver has certainly not performed it, and never will: it refused, or it cannot be asked at all.
    Refused {
        /// Why.
        why: String,
    },
    /// Nobody knows: the connection broke after something was sent, or the answer makes no sense.
    Unknown {
        /// What happened.
        why: String,
    },
}

/// What whoever performs a run reports of it; what is `None` stays as it is.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Report {
    /// `Some(true)` for success, `Some(false)` for failure: final. `None`: it goes on.
    pub success: Option<bool>,
    /// `statusLabel`
    pub label: Option<String>,
    /// `link`
    pub links: Option<Vec<String>>,
    /// `summary`
    pub summary: Option<String>,
    /// What the receiver calls the run.
    pub outside: Option<String>,
}

/// How a person settles a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It was performed.
    Success,
    /// It was not, or failed.
    Failure,
    /// It was not performed, and is to be sent again.
    Again,
}

/// What follows outside, written down in the same transaction as the state.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Effect {
    /// People are told.
    Tell(Occasion),
    /// The audit note of the commit that added the run is brought up to date.
    Audit,
}
