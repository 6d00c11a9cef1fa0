//! Catalogs by tree: each one read as the difference from the nearest that is held already.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::catalog::{Catalog, Document};
use crate::git::{Blob, ObjectId, Repository};
use crate::model::{CommitId, Expressions, FilePath, Kind, Limits};

use super::handles::{Handle, Handles};
use super::{FactsError, Progress, load};

/// How many catalogs are held. They share what they do not change, so this bounds bookkeeping rather than memory.
const HELD: usize = 512;

/// How many of those are held in which git refused something: enough for one judgement beside a base that is so itself. Where nothing
/// else is held they share nothing with each other.
const REFUSED: usize = 16;

/// The catalog at one tree.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The tree, in the repository or merged in memory.
    pub tree: ObjectId,
    /// Its catalog.
    pub catalog: Catalog,
    /// The limits it was read with: another policy reads it anew.
    limits: Limits,
    /// Whether git refused something in it. What is refused stands outside the files that a difference tells of, so
    /// such a snapshot is never the start of another.
    refused: bool,
    /// Whether its tree may live in the memory of one handle alone.
    transient: bool,
}

/// One repository, with the catalogs read from it. Methods block; call them off async threads.
pub struct Workspace {
    handles: Arc<Handles>,
    root: String,
    /// The empty catalog that every other starts from: it carries the evaluator of expressions.
    empty: Catalog,
    held: Mutex<VecDeque<Snapshot>>,
    pub(super) progress: Arc<Progress>,
}

impl Workspace {
    /// Opens the repository at `repo`, whose catalog lives under `root` (empty: at the top). `expressions` evaluates the jq of
    /// its catalogs: [`crate::jq::Jq`], or [`crate::model::NoExpressions`] to refuse whatever depends on any.
    pub fn open(repo: &Path, root: &str, expressions: Arc<dyn Expressions>) -> Result<Self, FactsError> {
        Self::open_with(repo, root, &[], expressions)
    }

    /// As [`Workspace::open`], with the objects in these directories too: those of a push that is still in quarantine.
    pub fn open_with(
        repo: &Path,
        root: &str,
        objects: &[PathBuf],
        expressions: Arc<dyn Expressions>,
    ) -> Result<Self, FactsError> {
        let root = root.trim_matches('/').to_owned();
        if root.split('/').any(|part| part == "." || part == ".." || (part.is_empty() && !root.is_empty())) {
            return Err(FactsError::Root(root));
        }
        Repository::open_with(repo, objects)?;
        let empty = Catalog::with_expressions(expressions);
        let held = Mutex::new(VecDeque::new());
        Ok(Self { handles: Handles::new(repo, objects), root, empty, held, progress: Arc::default() })
    }

    /// Where the repository is.
    pub fn path(&self) -> &Path {
        self.handles.path()
    }

    /// The catalog's directory inside it.
    pub fn root(&self) -> &str {
        &self.root
    }

    /// The catalog of a tree with nothing in it.
    pub(super) fn empty(&self) -> Catalog {
        self.empty.clone()
    }

    /// How far its reading has come, also while it goes on in another thread.
    pub fn progress(&self) -> Arc<Progress> {
        Arc::clone(&self.progress)
    }

    /// A handle of its own on the repository; objects merged in memory live in the handle that merged them.
    pub fn repository(&self) -> Result<Handle, FactsError> {
        Ok(self.handles.take()?)
    }

    /// The catalog at a commit, read with the limits of its own policy.
    pub fn snapshot(&self, commit: CommitId) -> Result<Snapshot, FactsError> {
        let repository = self.repository()?;
        let tree = repository.tree_of(commit)?;
        // Looked at by itself first, so that a catalog with limits of its own is not read twice.
        let expected = self.limits_at(&repository, tree)?;
        let read = self.at_tree(&repository, tree, &expected, None)?;
        if !self.root.is_empty() && read.catalog.file_count() == 0 {
            return Err(FactsError::NoCatalog { root: self.root.clone(), commit });
        }
        if expected != Limits::default() && !read.catalog.policies().is_empty() {
            return Ok(read);
        }
        // What limits there are is what a reading with the usual ones says.
        let first = self.at_tree(&repository, tree, &Limits::default(), None)?;
        let limits = first.catalog.policy().limits;
        if limits == first.limits { Ok(first) } else { self.at_tree(&repository, tree, &limits, None) }
    }

    /// The limits that the policy of a tree sets, if its file is read by itself.
    fn limits_at(&self, repository: &Repository, tree: ObjectId) -> Result<Limits, FactsError> {
        let path = FilePath::new(Kind::Policy.directory());
        let usual = Limits::default();
        let Some(id) = repository.file_at(tree, &self.root, &path)? else { return Ok(usual) };
        let parsed = load::parse_blob(repository, &path, id, &usual)?;
        let policy = parsed.documents.into_iter().find_map(|document| match document {
            Document::Policy(policy) => Some(policy.value.limits),
            _ => None,
        });
        Ok(policy.unwrap_or(usual))
    }

    /// The bytes of a file of a snapshot; `None` where it has none, it is too large, or it cannot be read.
    pub fn read(&self, repository: &Repository, snapshot: &Snapshot, path: &FilePath) -> Option<Vec<u8>> {
        let id = repository.file_at(snapshot.tree, &self.root, path).ok()??;
        match repository.blob(id, snapshot.limits.file_bytes).ok()? {
            Blob::Content(bytes) => Some(bytes),
            Blob::TooLarge(_) => None,
        }
    }

    /// The catalog at a tree, as the difference from `near`, or from the newest that is held.
    pub(super) fn at_tree(
        &self,
        repository: &Repository,
        tree: ObjectId,
        limits: &Limits,
        near: Option<&Snapshot>,
    ) -> Result<Snapshot, FactsError> {
        self.at(repository, tree, limits, near, false)
    }

    /// The same for a tree that may live in the memory of `repository` alone.
    pub(super) fn at_merged_tree(
        &self,
        repository: &Repository,
        tree: ObjectId,
        limits: &Limits,
        near: &Snapshot,
    ) -> Result<Snapshot, FactsError> {
        self.at(repository, tree, limits, Some(near), true)
    }

    fn at(
        &self,
        repository: &Repository,
        tree: ObjectId,
        limits: &Limits,
        near: Option<&Snapshot>,
        transient: bool,
    ) -> Result<Snapshot, FactsError> {
        let fits = |snapshot: &&Snapshot| snapshot.limits == *limits && !snapshot.refused;
        let start = {
            let mut held = self.held();
            if let Some(at) = held.iter().position(|s| s.tree == tree && s.limits == *limits)
                && let Some(snapshot) = held.remove(at)
            {
                held.push_front(snapshot.clone());
                return Ok(snapshot);
            }
            // Where the nearest is none to start from, the next best: to read everything anew for each commit of a range would be
            // the proposer's to cause.
            near.filter(fits).or_else(|| held.iter().find(|s| fits(s) && !s.transient)).cloned()
        };
        let trees = (start.as_ref().map(|s| s.tree), tree);
        let (deltas, refused) = load::difference(repository, trees, &self.root, limits, &self.progress)?;
        let catalog = start.map_or_else(|| self.empty.clone(), |s| s.catalog).apply(deltas);
        let snapshot = Snapshot { tree, catalog, limits: *limits, refused, transient };
        let mut held = self.held();
        held.push_front(snapshot.clone());
        held.truncate(HELD);
        if refused {
            let mut more = 0..REFUSED;
            held.retain(|snapshot| !snapshot.refused || more.next().is_some());
        }
        Ok(snapshot)
    }

    fn held(&self) -> MutexGuard<'_, VecDeque<Snapshot>> {
        // A panic while holding it leaves at worst one snapshot too few.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
