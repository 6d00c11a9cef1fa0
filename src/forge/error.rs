//! Why a forge could not be asked or told, and whether asking again may help.

use std::time::Duration;

/// A forge's failure.
#[derive(Debug, thiserror::Error)]
pub enum ForgeError {
    /// It may work later, by itself.
    #[error("{what}")]
    Retryable {
        /// What failed, and why.
        what: String,
        /// How long the forge asks us to wait, if it says.
        after: Option<Duration>,
    },
    /// It will not work until somebody changes something.
    #[error("{what}")]
    Permanent {
        /// What failed, why, and who could mend it.
        what: String,
    },
}

impl ForgeError {
    /// A failure that may pass.
    pub fn retryable(what: impl Into<String>) -> Self {
        Self::Retryable { what: what.into(), after: None }
    }

    /// A failure that stays.
    pub fn permanent(what: impl Into<String>) -> Self {
        Self::Permanent { what: what.into() }
    }

    /// Whether asking again may help without anybody's doing.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Retryable { .. })
    }

    /// How long the forge asks us to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Retryable { after, .. } => *after,
            Self::Permanent { .. } => None,
        }
    }
}
