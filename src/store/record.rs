//! What the store keeps, as values.

use std::fmt;

use serde_json::Value as Json;

use crate::model::{CommitId, Identifier, RunState, Timestamp};
use crate::run::life::Life;

/// Which repository and branch a row is about, where several are watched: a name the configuration gives and never changes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RepositoryKey(String);

impl RepositoryKey {
    /// Takes a name.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RepositoryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A tree, by its SHA-1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TreeId(pub [u8; 20]);

impl TreeId {
    /// Reads forty hexadecimal digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        CommitId::from_hex(text).map(|id| Self(id.0))
    }
}

impl fmt::Display for TreeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&CommitId(self.0), f)
    }
}

impl fmt::Debug for TreeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A commit of the watched branch that became the live catalog.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Acceptance {
    /// The commit.
    pub commit: CommitId,
    /// When.
    pub at: Timestamp,
    /// Why, in one sentence: `judged green`, `tree of pull request 17`, `rewritten history accepted by alice`.
    pub reason: String,
}

/// How the reason begins where a person accepted rewritten history.
const BY_A_PERSON: &str = "rewritten history accepted by";

impl Acceptance {
    /// A person, named as they name themselves, accepts rewritten history.
    pub fn by_a_person(commit: CommitId, at: Timestamp, who: &str) -> Self {
        Self { commit, at, reason: format!("{BY_A_PERSON} {who}") }
    }

    /// Whether it was rewritten history that a person accepted.
    pub fn is_by_a_person(&self) -> bool {
        self.reason.starts_with(BY_A_PERSON)
    }
}

/// The alert that the watched branch's history was rewritten.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Halt {
    /// The tip that does not descend from the accepted revision.
    pub seen: CommitId,
    /// Since when.
    pub since: Timestamp,
}

/// A merge result that was judged green.
#[derive(Clone, PartialEq, Debug)]
pub struct Judged {
    /// The pull request.
    pub pull_request: String,
    /// Its head.
    pub head: CommitId,
    /// The accepted revision it was judged against.
    pub base: CommitId,
    /// The tree of its clean merge into base.
    pub tree: TreeId,
    /// What was concluded, for whoever accepts the tree later.
    pub verdict: Json,
    /// When.
    pub at: Timestamp,
}

/// Where a run stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// It was on the branch at first sight: history, never executed.
    Adopted,
    /// It was last decided to be in this state.
    Decided(RunState),
}

/// What is recorded of a run. It is a record of decisions, not a source of them: before execution the state is derived from facts.
#[derive(Clone, PartialEq, Debug)]
pub struct RunRecord {
    /// Its identifier.
    pub id: Identifier,
    /// Where it stands.
    pub standing: Standing,
    /// What the journal holds of it; `None` for an adopted one.
    pub life: Option<Life>,
    /// How many transitions led here; 0 for a run that nothing was recorded of before it was adopted.
    pub revision: u64,
    /// The facts of the last decision.
    pub decision: Json,
    /// When it was last decided, or adopted.
    pub at: Timestamp,
}

/// One step in the life of a run.
#[derive(Clone, PartialEq, Debug)]
pub struct RunTransition {
    /// Its number, from 1.
    pub revision: u64,
    /// The state before; `None` at the first decision.
    pub from: Option<RunState>,
    /// The state after.
    pub to: RunState,
    /// The facts of the decision.
    pub decision: Json,
    /// What happened, in one word of [`crate::run::life::Event::word`]; empty where an older version wrote it.
    pub event: String,
    /// When.
    pub at: Timestamp,
}
