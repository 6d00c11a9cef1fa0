//! Reads git, and what a forge told, into a [`crate::check::Proposal`]: every fact is here before the judgement begins.

mod commits;
#[cfg(test)]
mod fixture;
mod handles;
mod load;
mod policy_name;
mod progress;
mod propose;
mod provenance;
#[cfg(test)]
mod provenance_tests;
mod reach;
mod reviewed;
mod snapshots;
#[cfg(test)]
mod snapshots_tests;
mod sources;
mod still;

pub use handles::Handle;
pub use progress::Progress;
pub use propose::{Ask, BranchInput, Head, Proposed, PullRequestInput};
pub use provenance::{History, Origin, Origins};
pub use snapshots::{Snapshot, Workspace};
pub use sources::Sources;
pub use still::{Still, Trace};

use crate::git::GitError;
use crate::model::CommitId;

/// Why the facts could not be gathered. Nothing is judged then.
#[derive(Debug, thiserror::Error)]
pub enum FactsError {
    /// Git could not answer.
    #[error(transparent)]
    Git(#[from] GitError),
    /// A catalog directory that cannot be one.
    #[error("`{0}` is not a directory inside the repository: write it relative to the top, without `.` and `..`")]
    Root(String),
    /// A catalog directory in which no catalog stands.
    #[error("there is no catalog under `{root}` in commit {}: check the directory's name", commit.short())]
    NoCatalog {
        /// The directory.
        root: String,
        /// Where it was looked for.
        commit: CommitId,
    },
}

impl FactsError {
    /// Whether the same question may succeed later without anybody changing the input.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Git(error) => error.is_retryable(),
            Self::Root(_) | Self::NoCatalog { .. } => false,
        }
    }
}
