//! What is reconciled, and what it is reconciled for.

use std::fmt;
use std::sync::Arc;

use crate::model::{CommitId, Identifier};

/// One thing of one repository.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Key {
    /// The repository's name.
    pub repository: Arc<str>,
    /// The thing.
    pub thing: Thing,
}

/// The things of a repository.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Thing {
    /// The repository as a whole: what has changed, and which of the others must run for it.
    Sweep,
    /// The watched branch and its accepted revision.
    Branch,
    /// A pull request, by the forge's id.
    PullRequest(String),
    /// An entry of the merge queue, by the rest of its ref's name.
    MergeGroup(String),
    /// A run that stands on the watched branch and has not come to its end.
    Run(Identifier),
    /// What pull requests show of the runs that they brought.
    Progress,
}

impl Thing {
    /// The word for its kind, for metrics.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Sweep => "sweep",
            Self::Branch => "branch",
            Self::PullRequest(_) => "pull_request",
            Self::MergeGroup(_) => "merge_group",
            Self::Run(_) => "run",
            Self::Progress => "progress",
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.thing {
            Thing::PullRequest(id) => write!(f, "{}/pull-request/{id}", self.repository),
            Thing::MergeGroup(rest) => write!(f, "{}/merge-group/{rest}", self.repository),
            Thing::Run(id) => write!(f, "{}/run/{id}", self.repository),
            thing => write!(f, "{}/{}", self.repository, thing.word()),
        }
    }
}

/// What a judgement depends on besides time: while none of it changes, nothing needs judging again.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Input {
    /// The tip of the branch, or the head of the pull request.
    pub head: Option<CommitId>,
    /// The accepted revision.
    pub accepted: Option<CommitId>,
    /// Where the refs point that hold reviews.
    pub reviews: Vec<Option<CommitId>>,
    /// Of a pull request, whether it is open; of the branch, whether its history stands as rewritten.
    pub flag: bool,
    /// Of a pull request, its last change in the forge's own words; of a run, the revision of its record.
    pub version: String,
    /// A hash of who is in the teams of the forge that base's roster names; empty where it names none.
    pub members: Vec<u8>,
}

impl Input {
    /// Whether somebody waits for the answer: whoever has just pushed to what was known before does; nobody has asked for what is looked at
    /// again because base or the reviews moved.
    pub(super) fn presses(before: Option<&Self>, now: &Self) -> bool {
        before.is_some_and(|before| before.head != now.head)
    }
}
