//! The forge: where pull requests, reviews and statuses live. Each forge translates its own words into ours and decides nothing.

mod answer;
mod appraise;
mod error;
mod question;

use async_trait::async_trait;

use crate::model::CommitId;

pub use answer::{Analysis, Publication, Published, Remark, Status};
pub use appraise::{GitForge, GitForgeOptions};
pub use error::ForgeError;
pub use question::{Asking, PullRequest, PullRequestDetails};

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

    /// The current statuses of some commits, by anybody, as a reader of the forge would see them: at most one for each (commit, context).
    async fn statuses(&self, commits: &[CommitId]) -> Result<Vec<Status>, ForgeError>;
}
