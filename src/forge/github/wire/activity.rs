//! Who moved which branch, and where a branch stands.

use serde::Deserialize;

use super::Account;

/// One entry of a repository's activity.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
pub(crate) struct Activity {
    pub(crate) before: Option<String>,
    pub(crate) after: Option<String>,
    #[serde(rename = "ref")]
    pub(crate) reference: Option<String>,
    pub(crate) timestamp: Option<String>,
    pub(crate) actor: Option<Account>,
}

/// A branch.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
pub(crate) struct Branch {
    pub(crate) commit: Option<Tip>,
}

/// Where it stands.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
pub(crate) struct Tip {
    pub(crate) sha: Option<String>,
}
