//! The forge: where pull requests, reviews and statuses live. Each forge translates its own words into ours and decides nothing.

mod answer;
mod appraise;
mod error;
pub mod github;
mod question;

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;

use crate::model::{CommitId, ForgeTeam};

pub use answer::{
    Analysis, ForeignStatus, Merge, MergeMethod, Merged, Publication, Published, Remark, Report, RunTold, Status, Story,
};
pub use appraise::{GitForge, GitForgeOptions};
pub use error::ForgeError;
pub use question::{Asking, BranchDetails, Command, CommandWord, MergeGroup, PullRequest, PullRequestDetails, Remote};

/// What the controller needs of a forge. Facts are told as the forge knows them; what they mean is decided elsewhere.
///
/// Every call may be repeated at any time: reading changes nothing, and [`Forge::publish`] reads before it writes.
#[async_trait]
pub trait Forge: Send + Sync {
    /// The pull requests that are open onto the watched branch, in order of their ids.
    async fn open_pull_requests(&self) -> Result<Vec<PullRequest>, ForgeError>;

    /// One pull request by its id, open or not; `None` where the forge has never heard of it.
    async fn pull_request(&self, id: &str) -> Result<Option<PullRequest>, ForgeError>;

    /// Everything else that is known of a pull request, as of now.
    async fn details(&self, pull_request: &PullRequest, asking: Asking<'_>) -> Result<PullRequestDetails, ForgeError>;

    /// Makes these the current statuses and analyses, and leaves every other (commit, context) as it is. What stands there already is
    /// not written again, so that a caller who died before noting success may simply ask again.
    async fn publish(&self, publication: &Publication) -> Result<Published, ForgeError>;

    /// Whether pull requests show how the runs get on that they brought.
    fn tells_runs(&self) -> bool {
        false
    }

    /// Makes the one comment about a run say this, on a pull request that may long be merged, and returns whether anything had to be
    /// written. Reads before it writes, so that there is never a second one; one that somebody deleted is written anew.
    async fn tell_run(&self, _told: &RunTold) -> Result<bool, ForgeError> {
        Ok(false)
    }

    /// The current statuses of some commits, by anybody, as a reader of the forge would see them: at most one for each (commit, context).
    async fn statuses(&self, commits: &[CommitId]) -> Result<Vec<Status>, ForgeError>;

    /// Where the repository is fetched from; `None` where that is no matter of the forge's. Credentials may be short-lived: ask before
    /// each fetch.
    async fn remote(&self) -> Result<Option<Remote>, ForgeError> {
        Ok(None)
    }

    /// Who moved the watched branch, and for which of these signed commits on it the forge vouches. A forge without accounts knows neither.
    async fn branch(&self, _signed: &[CommitId]) -> Result<BranchDetails, ForgeError> {
        Ok(BranchDetails::default())
    }

    /// The accounts in each of these teams, by numeric id. A team that is missing here is unknown, and grants nobody anything.
    async fn teams(&self, _teams: &BTreeSet<ForgeTeam>) -> Result<BTreeMap<ForgeTeam, BTreeSet<u64>>, ForgeError> {
        Ok(BTreeMap::new())
    }

    /// The prefix of the refs under which a merge queue for the watched branch proposes groups, `refs/heads/gh-readonly-queue/main/`; `None`
    /// where there are no queues.
    fn queue(&self) -> Option<String> {
        None
    }

    /// What the rest of such a ref's name says; `None` where it says nothing that is understood.
    fn merge_group(&self, _rest: &str) -> Option<MergeGroup> {
        None
    }

    /// How many times longer than usual it asks us to wait between two looks, 1 or more: a forge that counts requests may run short.
    fn patience(&self) -> f64 {
        1.0
    }

    /// How many requests were made of it since the start, by kind, for metrics; nothing where nobody counts.
    fn requests(&self) -> Vec<(&'static str, u64)> {
        Vec::new()
    }

    /// Merges a pull request, if its head is still the one that is named.
    async fn merge(&self, _merge: &Merge) -> Result<Merged, ForgeError> {
        Err(ForgeError::permanent("this forge merges nothing by itself"))
    }
}
