//! What can go wrong with git, and whether trying again can help.

use std::path::PathBuf;

use super::ObjectId;
use crate::model::CommitId;

/// Why git could not answer.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// There is no repository here.
    #[error("{} is not a git repository; name the repository's directory, its `.git`, or a bare repository", .0.display())]
    NotARepository(PathBuf),
    /// A repository of a kind that cannot be read; the text says which, and what to do.
    #[error("{} cannot be read: {why}", path.display())]
    Unsupported {
        /// The repository.
        path: PathBuf,
        /// What it uses, and what to do instead.
        why: String,
    },
    /// A revision that names nothing, or something that is no commit.
    #[error("`{rev}` names no commit here: {why}")]
    UnknownRevision {
        /// As given.
        rev: String,
        /// Why not.
        why: String,
    },
    /// An object that is not in the store: the clone is shallow or partial, or a push is still under way.
    #[error("object {id} is missing{}", if *.shallow { "; this clone is shallow: run `git fetch --unshallow`" } else { "" })]
    Missing {
        /// The object.
        id: ObjectId,
        /// Whether the clone is shallow, which explains it.
        shallow: bool,
    },
    /// An object that is not what its referrer says, or does not parse.
    #[error("object {id} is malformed: {why}")]
    Malformed {
        /// The object.
        id: ObjectId,
        /// What is wrong with it.
        why: String,
    },
    /// An object, or a comparison, larger than anything that is looked at.
    #[error("{what} is too large to be looked at: {size} against a limit of {limit}")]
    TooLarge {
        /// What.
        what: String,
        /// How large, in bytes or entries.
        size: usize,
        /// The limit, in the same unit.
        limit: usize,
    },
    /// Two commits that share no history have no merge.
    #[error("commits {} and {} share no history, so they have no merge; rebase one onto the other", .0.short(), .1.short())]
    Unrelated(CommitId, CommitId),
    /// A ref kept moving, or stayed locked, while it was to be written.
    #[error("ref {name} could not be updated after {attempts} attempts: {why}")]
    Contended {
        /// The ref.
        name: String,
        /// How often it was tried.
        attempts: u32,
        /// What stood in the way the last time.
        why: String,
    },
    /// The `git` program could not be run, failed, or did not come to an end in time.
    #[error("git {command} failed: {why}")]
    Program {
        /// The subcommand.
        command: &'static str,
        /// What it said, or that it ran out of time.
        why: String,
        /// Whether it may go better the next time.
        retryable: bool,
    },
    /// An argument that is refused before anything is done with it.
    #[error("{0}")]
    Refused(String),
    /// A file of the working tree could not be read.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Anything else libgit2 has to say.
    #[error("git: {0}")]
    Library(#[from] git2::Error),
}

impl GitError {
    /// Whether the same question may be answered later without anybody mending anything: objects that are still being
    /// pushed, locks, networks. What is malformed stays so until somebody pushes something else.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Missing { shallow, .. } => !shallow,
            Self::Contended { .. } | Self::File { .. } => true,
            Self::Program { retryable, .. } => *retryable,
            Self::Library(e) => matches!(e.class(), git2::ErrorClass::Os | git2::ErrorClass::Odb | git2::ErrorClass::Reference),
            Self::NotARepository(_)
            | Self::Unsupported { .. }
            | Self::UnknownRevision { .. }
            | Self::Malformed { .. }
            | Self::TooLarge { .. }
            | Self::Unrelated(..)
            | Self::Refused(_) => false,
        }
    }

    /// A malformed object.
    pub(super) fn malformed(id: impl Into<ObjectId>, why: impl Into<String>) -> Self {
        Self::Malformed { id: id.into(), why: why.into() }
    }
}
