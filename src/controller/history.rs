//! What the loop asks of git: where refs point, and how commits lie to each other. All of it blocks; call it off the async threads.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::git::{Blob, GitError, Repository};
use crate::model::{CommitId, FilePath};
use crate::store::TreeId;

/// Commits of one range whose times of receipt are kept; a longer range is refused by the judgement itself.
const LONGEST_RANGE: usize = 10_000;
/// Steps along first parents; a longer way is judged as a whole.
const LONGEST_WAY: usize = 1_000;
/// Bytes of a file that findings are placed in; larger ones are refused by the judgement itself.
const LARGEST_SOURCE: usize = 4 << 20;

/// The history of one repository.
#[derive(Clone, Debug)]
pub(super) struct History {
    path: PathBuf,
}

impl History {
    pub(super) fn of(path: &Path) -> Self {
        Self { path: path.to_path_buf() }
    }

    /// Where each of these refs points.
    pub(super) fn refs(&self, names: &[&str]) -> Result<Vec<Option<CommitId>>, GitError> {
        let repository = Repository::open(&self.path)?;
        names.iter().map(|name| repository.reference(name)).collect()
    }

    /// Whether `to` is `from` or comes after it.
    pub(super) fn leads_to(&self, from: CommitId, to: CommitId) -> Result<bool, GitError> {
        let repository = Repository::open(&self.path)?;
        // An accepted revision that git has thrown away is no ancestor of anything.
        match repository.commit(from) {
            Err(GitError::Missing { shallow: false, .. }) => Ok(false),
            _ => repository.is_ancestor(from, to),
        }
    }

    /// The commits in `from..to`; none where they are too many to be judged.
    pub(super) fn range(&self, from: CommitId, to: CommitId) -> Result<Vec<CommitId>, GitError> {
        Ok(Repository::open(&self.path)?.range(from, to, LONGEST_RANGE)?.commits)
    }

    /// Those of `commits` that are not in the store.
    pub(super) fn missing(&self, commits: &[CommitId]) -> Result<BTreeSet<CommitId>, GitError> {
        let repository = Repository::open(&self.path)?;
        let mut missing = BTreeSet::new();
        for commit in commits {
            match repository.commit(*commit) {
                Err(GitError::Missing { .. }) => missing.insert(*commit),
                // One that cannot be read is here, and is told of by whoever judges it.
                _ => false,
            };
        }
        Ok(missing)
    }

    /// The commits in `from..to` that carry a signature in their header, whoever made it.
    pub(super) fn signed(&self, from: CommitId, to: CommitId) -> Result<Vec<CommitId>, GitError> {
        let repository = Repository::open(&self.path)?;
        let range = repository.range(from, to, LONGEST_RANGE)?.commits;
        let signed = |id: &CommitId| repository.commit(*id).is_ok_and(|commit| commit.signature.is_some());
        Ok(range.into_iter().filter(signed).collect())
    }

    /// The refs that begin with `prefix`: the rest of each name, and its commit.
    pub(super) fn under(&self, prefix: &str) -> Result<Vec<(String, CommitId)>, GitError> {
        let found = Repository::open(&self.path)?.references(prefix)?;
        Ok(found.into_iter().filter_map(|(name, at)| Some((name.strip_prefix(prefix)?.to_owned(), at))).collect())
    }

    /// The tree of a commit.
    pub(super) fn tree(&self, commit: CommitId) -> Result<TreeId, GitError> {
        Ok(TreeId(Repository::open(&self.path)?.tree_of(commit)?.0))
    }

    /// The way from `from` to `to` along first parents, oldest first; `None` where it does not lead there, or is too long.
    pub(super) fn first_parents(&self, from: CommitId, to: CommitId) -> Result<Option<Vec<CommitId>>, GitError> {
        let repository = Repository::open(&self.path)?;
        let (mut way, mut at, mut seen) = (Vec::new(), to, BTreeSet::new());
        while at != from {
            if way.len() >= LONGEST_WAY || !seen.insert(at) {
                return Ok(None);
            }
            way.push(at);
            match repository.commit(at)?.parents.first() {
                Some(parent) => at = *parent,
                None => return Ok(None),
            }
        }
        way.reverse();
        Ok(Some(way))
    }

    /// A file as it stands at a commit.
    pub(super) fn source(&self, commit: CommitId, root: &str, path: &FilePath) -> Option<Vec<u8>> {
        let repository = Repository::open(&self.path).ok()?;
        let blob = repository.file_at(repository.tree_of(commit).ok()?, root, path).ok()??;
        match repository.blob(blob, LARGEST_SOURCE).ok()? {
            Blob::Content(bytes) => Some(bytes),
            Blob::TooLarge(_) => None,
        }
    }

    /// The directory that holds the refs, shared by all worktrees.
    pub(super) fn common_directory(&self) -> Result<PathBuf, GitError> {
        Ok(Repository::open(&self.path)?.common_path().to_path_buf())
    }
}
