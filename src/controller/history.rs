//! What the loop asks of git: where refs point, and how commits lie to each other. All of it blocks; call it off the async threads.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::model::CommitId;

use super::Trouble;

/// Commits of one range that are looked at; a longer one is a finding of the judgement itself.
const LONGEST_RANGE: usize = 10_000;

/// The history of one repository.
#[derive(Clone, Debug)]
pub(super) struct History {
    path: PathBuf,
}

impl History {
    pub(super) fn of(path: &Path) -> Self {
        Self { path: path.to_path_buf() }
    }

    fn open(&self) -> Result<git2::Repository, Trouble> {
        Ok(git2::Repository::open(&self.path)?)
    }

    /// Where each of these refs points.
    pub(super) fn refs(&self, names: &[&str]) -> Result<Vec<Option<CommitId>>, Trouble> {
        let repo = self.open()?;
        names
            .iter()
            .map(|name| match repo.refname_to_id(name) {
                Ok(id) => Ok(commit_id(id)),
                Err(error) if error.code() == git2::ErrorCode::NotFound => Ok(None),
                Err(error) => Err(error.into()),
            })
            .collect()
    }

    /// Whether `to` is `from` or comes after it.
    pub(super) fn leads_to(&self, from: CommitId, to: CommitId) -> Result<bool, Trouble> {
        if from == to {
            return Ok(true);
        }
        let repo = self.open()?;
        // An accepted revision that git has thrown away is no ancestor of anything.
        if repo.find_commit(oid(from)?).is_err() {
            return Ok(false);
        }
        Ok(repo.graph_descendant_of(oid(to)?, oid(from)?)?)
    }

    /// The commits in `from..to`, in no promised order.
    pub(super) fn range(&self, from: CommitId, to: CommitId) -> Result<Vec<CommitId>, Trouble> {
        let repo = self.open()?;
        let mut walk = repo.revwalk()?;
        walk.push(oid(to)?)?;
        walk.hide(oid(from)?)?;
        walk.take(LONGEST_RANGE).filter_map(|id| id.map(commit_id).map_err(Trouble::from).transpose()).collect()
    }

    /// The way from `from` to `to` along first parents, oldest first; `None` where it does not lead there.
    pub(super) fn first_parents(&self, from: CommitId, to: CommitId) -> Result<Option<Vec<CommitId>>, Trouble> {
        let repo = self.open()?;
        let (mut way, mut at, mut seen) = (Vec::new(), oid(to)?, BTreeSet::new());
        let end = oid(from)?;
        while at != end {
            if way.len() >= LONGEST_RANGE || !seen.insert(at) {
                return Ok(None);
            }
            way.extend(commit_id(at));
            match repo.find_commit(at)?.parent_id(0) {
                Ok(parent) => at = parent,
                Err(_) => return Ok(None),
            }
        }
        way.reverse();
        Ok(Some(way))
    }

    /// The bytes of a file at a commit; `path` is from the repository's top.
    pub(super) fn source(&self, commit: CommitId, path: &str) -> Option<Vec<u8>> {
        let repo = self.open().ok()?;
        let tree = repo.find_commit(oid(commit).ok()?).ok()?.tree().ok()?;
        let entry = tree.get_path(Path::new(path)).ok()?;
        Some(repo.find_blob(entry.id()).ok()?.content().to_vec())
    }

    /// The directory that holds the refs, shared by all worktrees.
    pub(super) fn common_directory(&self) -> Result<PathBuf, Trouble> {
        Ok(self.open()?.commondir().to_path_buf())
    }
}

fn commit_id(id: git2::Oid) -> Option<CommitId> {
    id.as_bytes().try_into().ok().map(CommitId)
}

fn oid(id: CommitId) -> Result<git2::Oid, Trouble> {
    Ok(git2::Oid::from_bytes(&id.0)?)
}
