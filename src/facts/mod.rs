//! Gathers everything a judgement needs to know from git and the forge, before it begins.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::catalog::Catalog;
use crate::check::{Base, Head, Proposal, PullRequestFacts, Target};
use crate::model::{CommitId, Finding, ForgeUser, Identifier, IdentityMode, PullRequestState, Push, Review, Timestamp};

/// A tree or a blob.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ObjectId(pub [u8; 20]);

/// Why facts could not be gathered.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct FactsError(String);

impl FactsError {
    /// Whether asking again may help.
    pub fn is_retryable(&self) -> bool {
        false
    }
}

impl From<git2::Error> for FactsError {
    fn from(error: git2::Error) -> Self {
        Self(error.message().to_owned())
    }
}

/// One revision of the catalog.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The commit.
    pub commit: CommitId,
    /// Its tree.
    pub tree: ObjectId,
    /// Its catalog.
    pub catalog: Catalog,
    /// What git itself has wrong there.
    pub findings: Vec<Finding>,
}

/// What the forge tells of the pull request that is asked about.
#[derive(Clone, Debug)]
pub struct PullRequestInput {
    /// Open, closed or merged.
    pub state: PullRequestState,
    /// Who opened it.
    pub opener: Option<ForgeUser>,
    /// Who moved its head.
    pub pushes: Vec<Push>,
    /// Its reviews.
    pub reviews: Vec<Review>,
    /// Whose signature the forge has verified.
    pub verified: BTreeMap<CommitId, ForgeUser>,
}

/// What is to be judged.
#[derive(Clone, Debug)]
pub struct Ask {
    /// What it is to become.
    pub target: Target,
    /// The accepted revision.
    pub base: CommitId,
    /// Whether it is known to be valid.
    pub base_is_valid: bool,
    /// The proposed commit.
    pub head: CommitId,
    /// Another identity mode than base's.
    pub identity: Option<IdentityMode>,
    /// Judge as this user.
    pub as_user: Option<Identifier>,
    /// The pull request.
    pub pull_request: Option<PullRequestInput>,
    /// When commits were received.
    pub received: BTreeMap<CommitId, Timestamp>,
    /// When it was first seen.
    pub first_seen: Option<Timestamp>,
    /// Now.
    pub now: Timestamp,
}

/// A repository whose catalogs are held.
#[derive(Debug)]
pub struct Workspace {
    path: PathBuf,
}

impl Workspace {
    /// Opens the repository.
    pub fn open(repo: &Path, _root: &str) -> Result<Self, FactsError> {
        git2::Repository::open(repo)?;
        Ok(Self { path: repo.to_path_buf() })
    }

    /// One revision.
    pub fn snapshot(&self, commit: CommitId) -> Result<Snapshot, FactsError> {
        let repo = git2::Repository::open(&self.path)?;
        let id = repo.find_commit(git2::Oid::from_bytes(&commit.0)?)?.tree_id();
        let tree = ObjectId(id.as_bytes().try_into().unwrap_or_default());
        Ok(Snapshot { commit, tree, catalog: Catalog::default(), findings: Vec::new() })
    }

    /// Everything about a range.
    pub fn propose(&self, ask: &Ask) -> Result<Proposal, FactsError> {
        let (base, head) = (self.snapshot(ask.base)?, self.snapshot(ask.head)?);
        let pull_request = ask.pull_request.clone().map(|p| PullRequestFacts {
            state: p.state,
            opener: p.opener,
            pushes: p.pushes,
            reviews: p.reviews,
            reviewed: BTreeMap::new(),
        });
        Ok(Proposal {
            target: ask.target,
            base_id: ask.base,
            base: Base(base.catalog),
            base_is_valid: ask.base_is_valid,
            head_id: Some(ask.head),
            merged: Head(head.catalog.clone()),
            head: Head(head.catalog),
            conflicts: Vec::new(),
            commits: Vec::new(),
            identity: IdentityMode::Declared,
            as_user: ask.as_user.clone(),
            pull_request,
            used_runs: Default::default(),
            first_seen: ask.first_seen,
            now: ask.now,
            findings: Vec::new(),
        })
    }

    /// The tree of the clean merge.
    pub fn merged_tree(&self, base: CommitId, head: CommitId) -> Result<Option<ObjectId>, FactsError> {
        let repo = git2::Repository::open(&self.path)?;
        let forward = repo.graph_descendant_of(git2::Oid::from_bytes(&head.0)?, git2::Oid::from_bytes(&base.0)?)?;
        Ok(if forward { Some(self.snapshot(head)?.tree) } else { None })
    }
}
