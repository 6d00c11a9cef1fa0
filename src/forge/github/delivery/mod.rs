//! Deliveries of webhooks: whether GitHub sent one, and whom it wakes. Nothing that a delivery tells is believed beyond that.

mod payload;
mod read;
mod signature;

pub use read::{COMMAND, EVENTS, read};
pub use signature::verify;

/// What a delivery comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivered {
    /// Something may have changed.
    Wake(Vec<Woken>),
    /// Nothing changed that a judgement or an answer depends on; why.
    Ignored(&'static str),
    /// It is not what GitHub sends; why.
    Unreadable(String),
}

/// Somebody who is to look at the world again. Waking too many, or too often, costs time and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Woken {
    /// Where it happened, by the name that the repository has now.
    pub repository: Option<RepositoryRef>,
    /// The installation of the App, where the webhook is an App's.
    pub installation: Option<u64>,
    /// The account that did it. Whoever posts statuses hears of them again, and may leave out what it did itself.
    pub sender: Option<u64>,
    /// How much is to be looked at.
    pub what: What,
}

/// A repository of GitHub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositoryRef {
    /// Stays the same when it is renamed or moved.
    pub id: u64,
    /// `owner/name`.
    pub full_name: String,
}

/// How much is to be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// One pull request of the repository.
    PullRequest(u64),
    /// The repository: its branches, its queue, the list of its pull requests.
    Repository,
    /// The repository, and what stands on all its open pull requests although nothing about them has changed.
    Standing,
    /// Every repository, and which there are.
    Everything,
}
