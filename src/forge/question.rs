//! What a forge tells of pull requests, and what it must be told to be able to.

use std::collections::BTreeMap;

use crate::model::{CommitId, ForgeUser, PullRequestState, Push, Review, SigningKey, Timestamp};

/// What whoever asks knows and a forge may need.
#[derive(Clone, Copy, Debug)]
pub struct Asking<'a> {
    /// The keys of base's roster: what OpenPGP signatures are verified with.
    pub keys: &'a [SigningKey],
    /// Now: the time of receipt of what nobody has seen before.
    pub now: Timestamp,
}

/// A pull request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PullRequest {
    /// The forge's name for it, unique in the repository: a number, or for git itself the id of the first commit of the review.
    pub id: String,
    /// Its first line; anybody's text, for display.
    pub title: String,
    /// The proposed commit.
    pub head: CommitId,
    /// The ref that holds it, `refs/heads/extend-env`; empty where there is none.
    pub head_ref: String,
    /// The ref it wants to become part of, `refs/heads/main`; empty where it was abandoned.
    pub base_ref: String,
    /// Who says to have opened it; anybody's text, for display.
    pub requester: String,
    /// Where a person reads it.
    pub url: Option<String>,
}

/// What is known of a pull request beyond its name and head.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PullRequestDetails {
    /// Its head as of now, which may have moved since the pull request was listed.
    pub head: CommitId,
    /// Open, closed or merged. One that has vanished is closed.
    pub state: PullRequestState,
    /// Who opened it, by the forge's word; `None` where the forge has no word of its own (git itself).
    pub opener: Option<ForgeUser>,
    /// Who moved its head, oldest first.
    pub pushes: Vec<Push>,
    /// Its reviews, oldest first.
    pub reviews: Vec<Review>,
    /// Whose signature the forge has verified on a commit.
    pub verified: BTreeMap<CommitId, ForgeUser>,
}
