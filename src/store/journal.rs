//! The journal and its outbox, as values: what happened to runs, and what is to be done outside because of it.

use serde_json::Value as Json;

use crate::model::{Identifier, Timestamp};
use crate::run::life::{Landing, Life};

use super::{RepositoryKey, RunRecord};

/// What happened to a run, with everything that follows from it: written in one transaction, or not at all.
#[derive(Clone, Debug)]
pub struct Advance<'a> {
    /// The run.
    pub run: &'a Identifier,
    /// The revision that it must still have; 0 for a run of which nothing is recorded yet.
    pub from: u64,
    /// Its life from now on.
    pub life: &'a Life,
    /// What happened, in one word.
    pub event: &'a str,
    /// The facts behind it, for whoever asks why.
    pub decision: &'a Json,
    /// What is to be done outside.
    pub messages: &'a [NewMessage],
    /// When.
    pub at: Timestamp,
}

/// A run that comes onto the watched branch with a revision that is accepted.
#[derive(Clone, PartialEq, Debug)]
pub struct Landed {
    /// The run.
    pub run: Identifier,
    /// How.
    pub landing: Landing,
    /// What is to be done outside because of it, put into the outbox where it lands.
    pub messages: Vec<NewMessage>,
}

/// What is to be done outside, at least once: put into the outbox by the transaction that makes it due.
#[derive(Clone, PartialEq, Debug)]
pub struct NewMessage {
    /// What makes it this message and no other; a second one of the same id is not put in. Receivers dedupe by it.
    pub id: String,
    /// Who takes it out.
    pub kind: MessageKind,
    /// Which lane it goes by, the name of a channel: what is stuck in one lane does not hold up the others.
    pub lane: String,
    /// What it says.
    pub body: Json,
    /// Not before.
    pub due: Timestamp,
}

/// Who takes a message out of the outbox.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum MessageKind {
    /// People are told by a channel. Any replica delivers it.
    Notify,
    /// An audit note is brought up to date. Whoever holds the repository does.
    Audit,
    /// The comment about a run on its pull request is brought up to date. Whoever holds the repository does.
    Show,
}

impl MessageKind {
    /// As the database writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Notify => "notify",
            Self::Audit => "audit",
            Self::Show => "show",
        }
    }

    /// Reads what [`Self::as_str`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Notify, Self::Audit, Self::Show].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// A message of the outbox.
#[derive(Clone, PartialEq, Debug)]
pub struct Message {
    /// About which repository.
    pub repository: RepositoryKey,
    /// About which run.
    pub run: Identifier,
    /// Its id.
    pub id: String,
    /// Who takes it out.
    pub kind: MessageKind,
    /// By which lane.
    pub lane: String,
    /// What it says.
    pub body: Json,
    /// How often it was tried.
    pub attempts: u32,
    /// What kept the last attempt from succeeding.
    pub trouble: Option<String>,
    /// When it was put in.
    pub created: Timestamp,
    /// Not before; of a dead letter, when it was given up.
    pub due: Timestamp,
    /// Which taking out this is: a word about an earlier one changes nothing any more.
    pub claim: u64,
}

/// Which messages somebody takes out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wanted<'a> {
    /// Of this kind.
    pub kind: MessageKind,
    /// Of one repository alone.
    pub repository: Option<&'a RepositoryKey>,
    /// So many at most.
    pub limit: u32,
    /// So many of one lane at most.
    pub each: u32,
    /// None of these lanes: there is no room for them now.
    pub without: &'a [String],
}

impl<'a> Wanted<'a> {
    /// All of a kind, so many at most.
    pub fn of(kind: MessageKind, limit: u32) -> Self {
        Self { kind, repository: None, limit, each: limit, without: &[] }
    }

    /// Of this repository alone.
    pub fn about(self, repository: &'a RepositoryKey) -> Self {
        Self { repository: Some(repository), ..self }
    }
}

/// What became of an attempt to deliver a message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Delivered {
    /// It is done, and forgotten after a while.
    Done,
    /// It is tried again.
    Later {
        /// When.
        due: Timestamp,
        /// Why.
        trouble: String,
    },
    /// It was not tried at all, which counts as no attempt.
    PutOff {
        /// Until when.
        due: Timestamp,
        /// Why.
        trouble: String,
    },
    /// It is given up, and kept for whoever replays it.
    Dead {
        /// Why.
        trouble: String,
    },
}

/// A line that whoever performs a run has written about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogLine {
    /// Its number, from 1.
    pub number: u64,
    /// What it says.
    pub message: String,
    /// When it came.
    pub at: Timestamp,
}

/// A run that somebody names by its handle.
#[derive(Clone, PartialEq, Debug)]
pub struct FoundRun {
    /// The repository.
    pub repository: RepositoryKey,
    /// The run.
    pub record: RunRecord,
}
