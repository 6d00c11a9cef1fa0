//! What a forge tells of pull requests, and what it must be told to be able to.

use std::collections::BTreeMap;

use crate::model::{CommitId, ForgeUser, PullRequestState, Push, Review, SigningKey, Timestamp, Vouched};

/// What whoever asks knows and a forge may need.
#[derive(Clone, Copy, Debug)]
pub struct Asking<'a> {
    /// The keys of base's roster: what OpenPGP signatures are verified with.
    pub keys: &'a [SigningKey],
    /// The proposed commits that carry a signature: those that the forge may vouch for.
    pub signed: &'a [CommitId],
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
    /// Differs whenever the forge would tell anything else of it: its last change, in the forge's own words. Empty where refs tell all.
    pub version: String,
    /// The ref of the repository that is fetched for its head, `refs/pull/7/head`; `None` where `head_ref` is fetched anyway.
    pub fetched_ref: Option<String>,
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
    /// For whose signature on a commit the forge vouches.
    pub verified: BTreeMap<CommitId, Vouched>,
    /// Whether its author has marked it as not ready: it is judged, and never merged.
    pub draft: bool,
    /// Whether it wants to become part of the watched branch as of now; one that was retargeted does not any more.
    pub onto_watched: bool,
    /// What people have asked for in comments, oldest first.
    pub commands: Vec<Command>,
    /// What the forge may still tell by itself within moments, such as who pushed the head: a clause. Look again soon.
    pub pending: Option<String>,
}

/// What somebody asks for in a comment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Command {
    /// The forge's name for the comment.
    pub comment: String,
    /// Whose; `None` for a deleted account.
    pub by: Option<ForgeUser>,
    /// What.
    pub word: CommandWord,
    /// Whether it has been acknowledged already.
    pub answered: bool,
}

/// The words that are understood after `/portcullis`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum CommandWord {
    /// `recheck`: judge again, and say it again where it does not stand there.
    Recheck,
    /// `why`: have the comment explain every rule that speaks in it, and who could do what is refused.
    Why,
    /// `withdraw`: take back every run that whoever says so asked for in this pull request and that has not begun.
    Withdraw,
}

/// What is known of commits that are on the watched branch already.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct BranchDetails {
    /// Who moved the branch, oldest first.
    pub pushes: Vec<Push>,
    /// For whose signature on a commit the forge vouches.
    pub verified: BTreeMap<CommitId, Vouched>,
    /// What the forge may still tell by itself within moments.
    pub pending: Option<String>,
}

/// Where a repository is fetched from, as the forge has it now.
#[derive(Clone, PartialEq, Eq)]
pub struct Remote {
    /// An https address without credentials.
    pub url: String,
    /// The value of the `Authorization` header: a secret.
    pub authorization: Option<String>,
}

impl std::fmt::Debug for Remote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Remote").field("url", &self.url).finish_non_exhaustive()
    }
}

/// One entry of a merge queue: what the branch would be after this pull request.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct MergeGroup {
    /// The pull request that it adds.
    pub pull_request: String,
    /// What it adds it to: the branch's tip, or the group before it.
    pub onto: CommitId,
}
