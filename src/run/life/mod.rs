//! What the journal holds of one run, what can happen to it, and what follows: one pure function that production, the random tests and the
//! model checker share (spec 8).

mod event;
mod handle;
mod perform;
mod step;
#[cfg(test)]
mod step_tests;

use serde::{Deserialize, Serialize};

use crate::model::{CommitId, Identifier, RunState, Timestamp};

pub use event::{Answer, Effect, Event, Occasion, Outcome, Report};
pub use handle::{RunHandle, idempotency_key};
pub use step::{Refusal, Step, step};

/// Everything that is remembered of a run.
///
/// Until it is claimed its state is only what was last derived from facts; from then on it is what has happened.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Life {
    /// Where it stands.
    pub state: RunState,
    /// How it came onto the watched branch; nothing is executed before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub landing: Option<Landing>,
    /// Who took it back before it was begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<Withdrawal>,
    /// When those who may move it were last reminded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reminded: Option<Timestamp>,
    /// Its execution, once it is claimed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution: Option<Execution>,
}

/// How a run came onto the watched branch.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Landing {
    /// The accepted revision before: what the run was judged by.
    pub from: CommitId,
    /// The first accepted revision that holds it.
    pub to: CommitId,
    /// The pull request that brought it, where one is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pull_request: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// That somebody took a run back.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Withdrawal {
    /// Who, as they are known where they said so.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// What allows a run to be executed: the facts as they were found at the moment of the claim.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Grant {
    /// The accepted revision by which everything was checked.
    pub revision: CommitId,
    /// The run digest there: 64 hexadecimal digits.
    pub digest: String,
    /// The action.
    pub action: Identifier,
    /// Who asked: users of the roster.
    pub requesters: Vec<Identifier>,
    /// Who had a hand in the change that asks.
    pub contributors: Vec<Identifier>,
    /// Whose approvals count, each given on this digest, by somebody who may approve now.
    pub approvals: Vec<Identifier>,
    /// How many approvals it needs; 0 where it needs none.
    pub needed: usize,
    /// Whether the action lets requester and contributors approve.
    pub self_approval: bool,
}

impl Grant {
    /// Whether it grants anything: somebody asked, and enough people approved who are neither requester nor contributor, unless the action
    /// lets them. Whoever made the grant has seen to it; this asks once more, at the last moment.
    pub fn is_sound(&self) -> bool {
        let barred = |who: &Identifier| self.requesters.contains(who) || self.contributors.contains(who);
        let counting: std::collections::BTreeSet<&Identifier> =
            self.approvals.iter().filter(|who| self.self_approval || !barred(who)).collect();
        !self.digest.is_empty() && !self.requesters.is_empty() && counting.len() >= self.needed
    }
}

/// The execution of a run.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Execution {
    /// Why it may be executed.
    pub grant: Grant,
    /// What the receiver knows it by: the same on every attempt.
    pub key: String,
    /// Whether the receiver performs what carries one key only once, so that asking again does no harm.
    pub dedupes: bool,
    /// The greatest epoch in which somebody acted on it.
    pub epoch: i64,
    /// How often it was sent, or begun to be.
    pub attempt: u32,
    /// Where it stands.
    pub phase: Phase,
    /// When it was claimed: what the receiver has of it is not older.
    pub since: Timestamp,
    /// When it is given up where nobody reports an outcome.
    pub deadline: Timestamp,
    /// Seconds from its claim to its deadline: as many again are given where a person has it sent again.
    pub patience: u64,
    /// Whether an attempt was sent of which nobody knows whether it arrived: then no later refusal says that it was not performed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub doubt: bool,
    /// What the receiver calls it: the number of a workflow's run, a commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outside: Option<String>,
    /// Where people see it at work.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<String>,
    /// A word of the receiver about where it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// What has come of it, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
}

/// Seconds for which a claim stands before the first byte: later everything is checked once more.
const CLAIM_STANDS: i64 = 60;

impl Execution {
    /// Whether certainly nothing was sent yet.
    pub fn is_unsent(&self) -> bool {
        self.attempt == 0 && matches!(self.phase, Phase::Ready { .. })
    }

    /// Whether nothing was sent for so long since the claim that what it rests on may not hold any more: it is to be decided about and claimed
    /// anew ([`Event::Decided`], [`Event::Claimed`]), and is not begun before.
    pub fn is_stale(&self, now: Timestamp) -> bool {
        self.is_unsent() && now.duration_since(self.since).as_secs() > CLAIM_STANDS
    }

    fn another_deadline(&self, now: Timestamp) -> Timestamp {
        now.checked_add(std::time::Duration::from_secs(self.patience)).unwrap_or(Timestamp::MAX)
    }
}

/// Where an execution stands.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "camelCase")]
pub enum Phase {
    /// Nothing is under way; it is to be sent at `due`.
    Ready {
        /// When.
        due: Timestamp,
    },
    /// It may have been sent. Written before the first byte leaves.
    Sending {
        /// By whoever held the repository in this epoch.
        epoch: i64,
        /// Since when.
        since: Timestamp,
    },
    /// The receiver has taken it and will report.
    Running,
    /// Nobody knows whether the receiver has it, and it cannot be asked again: a person decides.
    Unknown {
        /// Since when.
        since: Timestamp,
        /// What happened.
        why: String,
    },
    /// It has come to its end.
    Ended,
}

impl Life {
    /// A run of which nothing but a state is known.
    pub fn new(state: RunState) -> Self {
        Self { state, landing: None, withdrawn: None, reminded: None, execution: None }
    }

    /// Whether nothing moves it any more.
    ///
    /// A decision about a run that is only proposed is none of these: who declined may approve after all.
    pub fn is_final(&self) -> bool {
        let settled = self.withdrawn.is_some() || self.landing.is_some() || self.execution.is_some();
        settled && super::is_terminal(self.state)
    }

    /// Whether it stands on the watched branch and has not come to its end: somebody must keep looking at it.
    pub fn is_under_way(&self) -> bool {
        self.landing.is_some() && !self.is_final()
    }

    /// Where its execution stands.
    pub fn phase(&self) -> Option<&Phase> {
        self.execution.as_ref().map(|execution| &execution.phase)
    }
}
