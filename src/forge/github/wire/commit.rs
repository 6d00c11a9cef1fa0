//! Commits with GitHub's word on their signatures.

use serde::Deserialize;

use super::Account;

/// A commit. Its committer here is the account that GitHub maps the committer's address to.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
pub(crate) struct Commit {
    pub(crate) sha: Option<String>,
    pub(crate) commit: Option<Inner>,
    pub(crate) committer: Option<Account>,
}

/// The commit as git has it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
pub(crate) struct Inner {
    pub(crate) verification: Option<Verification>,
}

/// What GitHub found of the signature.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
pub(crate) struct Verification {
    pub(crate) verified: Option<bool>,
}

impl Commit {
    /// Whether GitHub has verified its signature; where it does not say so, it has not.
    pub(crate) fn is_verified(&self) -> bool {
        let verification = self.commit.as_ref().and_then(|commit| commit.verification.as_ref());
        verification.and_then(|found| found.verified) == Some(true)
    }
}
