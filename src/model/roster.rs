//! The roster: users, the keys they sign with, and teams.

use std::collections::BTreeSet;
use std::fmt;

use super::{ForgeTeam, Identifier, Role, Timestamp};

/// What a key is recognised by: `SHA256:…` for SSH, the upper-case hexadecimal fingerprint for OpenPGP.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct KeyFingerprint(pub String);

impl fmt::Display for KeyFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A key a user signs with, and when it is valid.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SigningKey {
    /// The public key: one line of OpenSSH, or an armoured OpenPGP block.
    pub public: String,
    /// Its fingerprint.
    pub fingerprint: KeyFingerprint,
    /// `from`: first moment it is valid; a bare date begins at its midnight UTC.
    pub from: Option<Timestamp>,
    /// `until`: first moment it is no longer valid; a bare date counts whole, so it ends at the next midnight UTC.
    pub until: Option<Timestamp>,
}

impl SigningKey {
    /// Whether it is valid at `at`, the time the server received what it signs.
    pub fn valid_at(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }
}

/// A person or a bot that may act.
#[derive(Clone, PartialEq, Debug)]
pub struct User {
    /// `identifier`: an email address, as in Port.
    pub identifier: Identifier,
    /// `name`
    pub name: Option<String>,
    /// `roles`
    pub roles: Vec<Role>,
    /// `emails`: further addresses that are theirs.
    pub emails: Vec<String>,
    /// `github.id`: the numeric id decides.
    pub github_id: Option<u64>,
    /// `github.login`: for display.
    pub github_login: Option<String>,
    /// `signingKeys`
    pub signing_keys: Vec<SigningKey>,
    /// `bot`: a bot never approves.
    pub bot: bool,
}

impl User {
    /// Every email address that is theirs, lower-cased: the identifier and `emails`.
    pub fn addresses(&self) -> BTreeSet<String> {
        self.emails.iter().map(String::as_str).chain([self.identifier.as_str()]).map(str::to_lowercase).collect()
    }
}

/// A team.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Team {
    /// `identifier`
    pub identifier: Identifier,
    /// `title`
    pub title: Option<String>,
    /// `members`, by the user's identifier.
    pub members: BTreeSet<Identifier>,
    /// `github`: a team of the forge whose members are members too.
    pub github: Option<ForgeTeam>,
}
