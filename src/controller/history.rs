//! What the loop asks of git: where refs point, and how commits lie to each other. All of it blocks; call it off the async threads.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::git::{Blob, GitError, Repository};
use crate::model::{CommitId, FilePath};

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
