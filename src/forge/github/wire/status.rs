//! Statuses of commits.

use serde::{Deserialize, Serialize};

use super::Account;

/// A status that stands there.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
pub(crate) struct Status {
    pub(crate) state: Option<String>,
    pub(crate) context: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) target_url: Option<String>,
    pub(crate) creator: Option<Account>,
}

/// A status to be posted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct StatusBody {
    pub(crate) state: &'static str,
    pub(crate) context: String,
    pub(crate) description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) target_url: Option<String>,
}
