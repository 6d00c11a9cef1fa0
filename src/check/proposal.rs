//! Everything a judgement needs to know, gathered before it begins; nothing is fetched in the middle of it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Performed, Reach};
use crate::catalog::Catalog;
use crate::model::{
    CommitId, FilePath, Finding, ForgeUser, Identifier, IdentityMode, PullRequestState, Push, Review, SignatureFact, Timestamp,
    Vouched,
};

/// What stands on the watched branch and judges: roster, permissions, ownership and schemas come from here alone.
#[derive(Clone, Debug)]
pub struct Base<T>(pub T);

/// What is proposed and is judged; never a source of rights.
#[derive(Clone, Debug)]
pub struct Head<T>(pub T);

/// One commit of the range.
#[derive(Clone, Debug)]
pub struct CommitFacts {
    /// Its id.
    pub id: CommitId,
    /// Its parents.
    pub parents: Vec<CommitId>,
    /// The first line of its message.
    pub summary: String,
    /// The author line's address.
    pub author_email: String,
    /// The committer line's address.
    pub committer_email: String,
    /// The addresses of its co-authors, as the last paragraph of its message has them: they lend no right, and take that of approving.
    pub co_authors: Vec<String>,
    /// The committer line's time: anyone can write it.
    pub committed_at: Option<Timestamp>,
    /// Its signature.
    pub signature: SignatureFact,
    /// When the server first saw it: what key validity is measured at.
    pub received_at: Timestamp,
    /// In `forge` mode, by whose signature the forge vouches for it.
    pub vouched: Option<Vouched>,
    /// What it starts from: its parent, or the clean merge of its parents.
    pub before: Catalog,
    /// For a merge whose parents conflict: the parents. `before` then has every conflicting file as it was before all of them.
    pub sides: Vec<Catalog>,
    /// For such a merge, the files that conflict.
    pub conflicts: Vec<FilePath>,
    /// What it makes.
    pub after: Catalog,
    /// What git itself has wrong here: bad tree entries, conflicts, limits, unreadable objects.
    pub findings: Vec<Finding>,
}

/// What the forge knows of the pull request.
#[derive(Clone, Debug)]
pub struct PullRequestFacts {
    /// Open, closed or merged.
    pub state: PullRequestState,
    /// Who opened it.
    pub opener: Option<ForgeUser>,
    /// Who moved its head.
    pub pushes: Vec<Push>,
    /// Its reviews, oldest first.
    pub reviews: Vec<Review>,
    /// For the commits that reviews name: the catalog at that commit, and at its merge base with base.
    /// A commit that is missing here is unknown to git, and a review on it counts for nothing.
    pub reviewed: BTreeMap<CommitId, (Head<Catalog>, Base<Catalog>)>,
}

/// What the range is to become.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Target {
    /// Commits proposed to the watched branch.
    PullRequest,
    /// Commits that are on the watched branch already.
    WatchedBranch,
    /// Files of a working tree.
    WorkingTree,
}

/// A range of commits that wants to become base, and all facts about it.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// What it is to become.
    pub target: Target,
    /// The accepted revision.
    pub base_id: CommitId,
    /// Its catalog.
    pub base: Base<Catalog>,
    /// Whether base is known to be valid, so that only what depends on the change needs judging.
    pub base_is_valid: bool,
    /// The proposed commit; `None` for a working tree.
    pub head_id: Option<CommitId>,
    /// The clean merge of head into base: the catalog as it would be.
    pub merged: Head<Catalog>,
    /// The catalog at head itself, where it differs from `merged`: what the run digest is taken of.
    pub head: Head<Catalog>,
    /// Files that cannot be merged cleanly.
    pub conflicts: Vec<FilePath>,
    /// The commits in base..head, parents before children. For a working tree one commit that does not exist yet.
    pub commits: Vec<CommitFacts>,
    /// The identity mode to judge by: base's policy, unless the person at the command line says otherwise.
    pub identity: IdentityMode,
    /// `--as`: judge every commit as this user, who need not exist.
    pub as_user: Option<Identifier>,
    /// The pull request, where there is one.
    pub pull_request: Option<PullRequestFacts>,
    /// For a range that is on the watched branch already, who moved the branch, as the forge tells it; `None` where it has no word of its own.
    pub branch_pushes: Option<Vec<Push>>,
    /// What is known of the heads of pushes that are not in the range; those that are missing may have reached anything.
    pub reach: Reach,
    /// What the controller itself has committed for runs.
    pub performed: Performed,
    /// Identifiers of every run that was ever on the watched branch; needed only where a run is added.
    pub used_runs: BTreeSet<Identifier>,
    /// The runs that were taken back before they were begun, and who did, as they are known where they said so.
    pub withdrawn: BTreeMap<Identifier, String>,
    /// When the controller first saw what is proposed; where unknown, the committer's date of the commit that adds a run.
    pub first_seen: Option<Timestamp>,
    /// Now.
    pub now: Timestamp,
    /// What is wrong with the range itself: too many commits, unreadable objects.
    pub findings: Vec<Finding>,
}
