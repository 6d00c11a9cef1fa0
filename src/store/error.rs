//! Why the store could not answer.

use super::{Epoch, RepositoryKey};

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It cannot be opened.
    #[error("cannot open the store `{place}`: {why}")]
    Open {
        /// The file or the database, without a password.
        place: String,
        /// Why, and what to do.
        why: String,
    },
    /// It cannot answer now: it is down, somebody else holds it, or the disk is full. Asking again may help. Where it happened in a
    /// write, whether that was kept is not known.
    #[error("the store cannot answer now: {0}")]
    Unavailable(String),
    /// The write was made under a fence that does not hold any more, or not for this repository. It changed nothing, and never will.
    #[error("the lease of `{of}` in epoch {ours} gives no right to write about `{repository}`, which is in epoch {now}")]
    Fenced {
        /// What was to be written about.
        repository: RepositoryKey,
        /// What the fence is for.
        of: RepositoryKey,
        /// The epoch of the fence.
        ours: Epoch,
        /// The epoch in which the repository is.
        now: Epoch,
    },
    /// A row does not read as we write it: the database was changed by other hands, or is damaged.
    #[error("the store holds {what} that cannot be read; restore it from a copy, or move it away to begin anew")]
    Damaged {
        /// What.
        what: String,
    },
    /// Anything else the database says.
    #[error("the store failed: {0}")]
    Database(String),
}

impl StoreError {
    /// Whether asking again may help without anybody's doing.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}
