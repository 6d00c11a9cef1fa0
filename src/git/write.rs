//! Writes objects to the store and moves refs from where they were seen: for the few things that the controller itself commits.

use std::path::{Path, PathBuf};
use std::time::Duration;

use git2::{ErrorCode, ObjectType, RepositoryOpenFlags};

use super::tree::{Entry, entries_of, write_tree};
use super::{GitError, ObjectId, Repository, SshSigner};
use crate::model::{CommitId, Timestamp};

/// Directories that a path may lead through.
const DEEPEST: usize = 64;
/// Nobody holds the lock of a ref for as long: it is taken to write one line.
const ABANDONED: Duration = Duration::from_secs(60);
const REGULAR: u32 = 0o100_644;
const DIRECTORY: u32 = 0o40_000;

/// A repository that is written to. Unlike those of a [`Repository`], its objects go to the disk.
pub struct Writer {
    repo: git2::Repository,
    reader: Repository,
}

/// Whether a ref could be moved.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Moved {
    /// It stands where we put it.
    Yes,
    /// Somebody else has moved it, or is about to.
    Contended,
}

/// A commit that is to be written.
#[derive(Clone, Copy, Debug)]
pub struct NewCommit<'a> {
    /// Its tree.
    pub tree: ObjectId,
    /// Its parent, where it has one.
    pub parent: Option<CommitId>,
    /// The name on the author's and the committer's line.
    pub name: &'a str,
    /// The address on both.
    pub email: &'a str,
    /// When.
    pub at: Timestamp,
    /// The message, without a line feed at its end.
    pub message: &'a str,
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Writer").field(&self.repo.path()).finish()
    }
}

impl Writer {
    /// Opens the repository at `path`.
    ///
    /// # Errors
    /// As [`Repository::open`].
    pub fn open(path: &Path) -> Result<Self, GitError> {
        let reader = Repository::open(path)?;
        let none: [&str; 0] = [];
        let repo = git2::Repository::open_ext(path, RepositoryOpenFlags::NO_SEARCH, none)?;
        Ok(Self { repo, reader })
    }

    /// What it reads with.
    pub fn reader(&self) -> &Repository {
        &self.reader
    }

    /// Writes a blob.
    ///
    /// # Errors
    /// [`GitError::Library`] where the disk does not take it.
    pub fn blob(&self, bytes: &[u8]) -> Result<ObjectId, GitError> {
        self.write(ObjectType::Blob, bytes)
    }

    /// The tree in which a regular file stands at `path` with this content, or nothing does; everything else is as it was, to the byte.
    /// Directories that become empty are gone.
    ///
    /// # Errors
    /// [`GitError::Refused`] where something else than a directory is in the way; [`GitError::Malformed`] for a tree that cannot be read.
    pub fn tree_with(&self, tree: Option<ObjectId>, path: &str, blob: Option<ObjectId>) -> Result<ObjectId, GitError> {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let odd = |part: &&str| matches!(*part, "." | "..") || part.contains('\0');
        if parts.is_empty() || parts.len() > DEEPEST || parts.iter().any(odd) {
            return Err(GitError::Refused(format!("`{}` is no path of a file", path.escape_debug())));
        }
        match self.put(tree, &parts, blob)? {
            Some(tree) => Ok(tree),
            None => self.write(ObjectType::Tree, &[]),
        }
    }

    fn put(&self, tree: Option<ObjectId>, path: &[&str], blob: Option<ObjectId>) -> Result<Option<ObjectId>, GitError> {
        let Some((name, below)) = path.split_first() else { return Ok(tree) };
        let raw = tree.map(|tree| self.reader.raw_tree(tree)).transpose()?.unwrap_or_default();
        let mut entries: Vec<Entry<'_>> = entries_of(tree.unwrap_or(ObjectId([0; 20])), &raw)?;
        let there = entries.iter().find(|entry| entry.name == name.as_bytes()).copied();
        let (mode, id) = if below.is_empty() {
            if there.is_some_and(|entry| entry.is_directory()) {
                return Err(GitError::Refused(format!("`{}` is a directory", name.escape_debug())));
            }
            (REGULAR, blob)
        } else {
            if there.is_some_and(|entry| !entry.is_directory()) {
                return Err(GitError::Refused(format!("`{}` is no directory", name.escape_debug())));
            }
            (DIRECTORY, self.put(there.map(|entry| entry.id), below, blob)?)
        };
        entries.retain(|entry| entry.name != name.as_bytes());
        entries.extend(id.map(|id| Entry { mode, name: name.as_bytes(), id }));
        if entries.is_empty() {
            return Ok(None);
        }
        self.write(ObjectType::Tree, &write_tree(entries)).map(Some)
    }

    /// Writes a commit, signed where there is a signer.
    ///
    /// # Errors
    /// [`GitError::Refused`] where it cannot be signed; [`GitError::Library`] where the disk does not take it.
    pub fn commit(&self, new: &NewCommit<'_>, signer: Option<&SshSigner>) -> Result<CommitId, GitError> {
        let clean = |text: &str| text.chars().filter(|c| !c.is_control() && !matches!(c, '<' | '>')).collect::<String>();
        let who = format!("{} <{}> {} +0000", clean(new.name), clean(new.email), new.at.as_second().max(0));
        let parent = new.parent.map(|parent| format!("parent {parent}\n")).unwrap_or_default();
        let header = format!("tree {}\n{parent}author {who}\ncommitter {who}\n", new.tree);
        let body = format!("\n{}\n", new.message.replace('\0', ""));
        let signature = signer.map(|signer| signer.sign(format!("{header}{body}").as_bytes())).transpose()?;
        // As git folds it: each further line begins with a space.
        let signed = signature.map(|text| format!("gpgsig {}\n", text.trim_end().replace('\n', "\n "))).unwrap_or_default();
        let id = self.write(ObjectType::Commit, format!("{header}{signed}{body}").as_bytes())?;
        Ok(CommitId(id.0))
    }

    /// Moves a ref from where it was seen; `from` is `None` where it must not exist yet.
    ///
    /// # Errors
    /// [`GitError::Library`] for anything but somebody else's hand on it.
    pub fn move_ref(&self, name: &str, from: Option<CommitId>, to: CommitId, why: &str) -> Result<Moved, GitError> {
        let to = ObjectId::from(to).oid()?;
        let moved = match from {
            Some(from) => self.repo.reference_matching(name, to, true, ObjectId::from(from).oid()?, why),
            None => self.repo.reference(name, to, false, why),
        };
        match moved {
            Ok(_) => Ok(Moved::Yes),
            Err(e) if e.code() == ErrorCode::Locked => {
                // It is tried again by whoever asked.
                if self.break_abandoned_lock(name) {
                    tracing::warn!(reference = name, "removed the lock that a killed process had left on a ref");
                }
                Ok(Moved::Contended)
            }
            Err(e) if matches!(e.code(), ErrorCode::Modified | ErrorCode::Exists | ErrorCode::NotFound) => Ok(Moved::Contended),
            Err(e) => Err(e.into()),
        }
    }

    /// Removes the lock of a ref that has not changed for [`ABANDONED`]: whoever took it was killed, and nobody else ever would.
    fn break_abandoned_lock(&self, name: &str) -> bool {
        let lock = self.repo.commondir().join(format!("{name}.lock"));
        let age = std::fs::metadata(&lock).and_then(|data| data.modified()).ok().and_then(|at| at.elapsed().ok());
        age.is_some_and(|age| age >= ABANDONED) && std::fs::remove_file(&lock).is_ok()
    }

    /// The working tree in which a branch is checked out: moving its ref would pull it away from under whoever works there.
    ///
    /// # Errors
    /// [`GitError::Library`] where the worktrees cannot be listed.
    pub fn checked_out(&self, reference: &str) -> Result<Option<PathBuf>, GitError> {
        let stands_on = |repo: &git2::Repository| {
            let head = repo.find_reference("HEAD").ok();
            head.is_some_and(|head| head.symbolic_target().ok().flatten() == Some(reference))
        };
        if let Some(directory) = self.repo.workdir().filter(|_| stands_on(&self.repo)) {
            return Ok(Some(directory.to_path_buf()));
        }
        for name in self.repo.worktrees()?.iter() {
            let Ok(Some(name)) = name else { continue };
            let Ok(worktree) = self.repo.find_worktree(name) else { continue };
            if git2::Repository::open_from_worktree(&worktree).is_ok_and(|repo| stands_on(&repo)) {
                return Ok(Some(worktree.path().to_path_buf()));
            }
        }
        Ok(None)
    }

    fn write(&self, kind: ObjectType, bytes: &[u8]) -> Result<ObjectId, GitError> {
        self.repo.odb()?.write(kind, bytes)?.try_into()
    }
}
