//! Why GitHub could not be asked or told.

use std::time::Duration;

use crate::forge::ForgeError;

/// A failure, told apart by what whoever asked can do. No variant holds a secret.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ApiError {
    /// GitHub answered, and said no; asking again gives the same.
    #[error("{what}")]
    Refused {
        /// The HTTP status; 0 where nothing was sent.
        status: u16,
        /// What was asked, and GitHub's own words.
        what: String,
    },
    /// It may work later, by itself: a limit, a network, a server's fault.
    #[error("{what}")]
    Later {
        /// What failed, and why.
        what: String,
        /// How long GitHub, or our own budget, asks to wait.
        after: Option<Duration>,
    },
    /// A write was sent, and nobody knows whether it was done.
    #[error("{what}")]
    Unknown {
        /// What was sent, and what happened then.
        what: String,
    },
}

impl From<ApiError> for ForgeError {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::Refused { what, .. } => Self::permanent(what),
            ApiError::Later { what, after } => Self::Retryable { what, after },
            ApiError::Unknown { what } => Self::retryable(what),
        }
    }
}
