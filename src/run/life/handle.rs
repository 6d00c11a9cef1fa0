//! The names by which others know a run: one for those who report, one for receivers that dedupe.

use std::fmt;

use sha2::{Digest as _, Sha256};

use crate::model::Identifier;

/// What the API calls a run: `r_` and 24 hexadecimal digits, the same for one run of one repository for ever.
///
/// Identifiers of runs are unique in their repository alone. It is no secret, and guessing one grants nothing.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RunHandle(String);

impl RunHandle {
    /// Of a run of the repository that the store calls `repository`.
    pub fn of(repository: &str, run: &Identifier) -> Self {
        let digest = hex(&["run", repository, run.as_str()]);
        Self(format!("r_{}", digest.get(..24).unwrap_or(&digest)))
    }

    /// Reads one; `None` where it cannot be one.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("r_")?;
        let fits = digits.len() == 24 && digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        fits.then(|| Self(text.to_owned()))
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RunHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a receiver dedupes by: of repository, run and digest, and so the same on every attempt (spec 8).
pub fn idempotency_key(repository: &str, run: &Identifier, digest: &str) -> String {
    hex(&["idempotency", repository, run.as_str(), digest])
}

/// SHA-256 over texts, each with its length, so that no two lists of texts are one text.
fn hex(parts: &[&str]) -> String {
    use fmt::Write as _;
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}"); // writing to a String never fails
        out
    })
}
