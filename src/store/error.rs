//! Why the store could not answer.

use std::path::PathBuf;

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It cannot be opened.
    #[error("cannot open the store `{}`: {why}", .path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why, and what to do.
        why: String,
    },
    /// It cannot answer now: somebody else holds it, or the disk is full. Asking again may help.
    #[error("the store cannot answer now: {0}")]
    Unavailable(String),
    /// A row does not read as we write it: the file was changed by other hands, or is damaged.
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
