//! Why a reconciliation came to no end, and whether repeating it may help.

use std::time::Duration;

use crate::facts::FactsError;
use crate::forge::ForgeError;
use crate::git::GitError;
use crate::store::StoreError;

/// A failure on the way, decided once: to be repeated, or to rest until something changes.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{what}")]
pub(super) struct Trouble {
    /// What failed.
    pub(super) what: String,
    /// Whether repeating it may help.
    pub(super) passes: bool,
    /// How long whoever failed asks us to wait.
    pub(super) after: Option<Duration>,
    /// Whether it was the store.
    pub(super) of_store: bool,
}

impl Trouble {
    /// It may pass.
    pub(super) fn passing(what: impl Into<String>) -> Self {
        Self { what: what.into(), passes: true, after: None, of_store: false }
    }

    /// It stays until something changes.
    pub(super) fn standing(what: impl Into<String>) -> Self {
        Self { passes: false, ..Self::passing(what) }
    }
}

impl From<ForgeError> for Trouble {
    fn from(error: ForgeError) -> Self {
        Self { what: error.to_string(), passes: error.is_retryable(), after: error.retry_after(), of_store: false }
    }
}

impl From<StoreError> for Trouble {
    /// A store that fails says nothing about the key at hand: it is always asked again.
    fn from(error: StoreError) -> Self {
        // A lease that is lost is no fault of the store.
        Self { of_store: !matches!(error, StoreError::Fenced { .. }), ..Self::passing(error.to_string()) }
    }
}

impl From<FactsError> for Trouble {
    fn from(error: FactsError) -> Self {
        Self { passes: error.is_retryable(), ..Self::passing(error.to_string()) }
    }
}

impl From<GitError> for Trouble {
    fn from(error: GitError) -> Self {
        Self { passes: error.is_retryable(), ..Self::passing(error.to_string()) }
    }
}
