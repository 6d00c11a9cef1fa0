//! The cast: users of the example catalog, each with a fresh SSH key.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cli::CommandError;

/// Somebody on the stage.
#[derive(Clone, Debug)]
pub(super) struct Person {
    /// As the roster's file is called.
    pub(super) name: &'static str,
    pub(super) email: &'static str,
    /// The private key's file.
    pub(super) key: PathBuf,
    /// The public key, as the roster writes it.
    pub(super) public: String,
}

/// Those who act. `dave` is in the roster without ever acting here.
pub(super) const CAST: [(&str, &str); 4] = [
    ("alice", "alice@acme.dev"), // Admin
    ("bob", "bob@acme.dev"),     // moderator of environments
    ("carol", "carol@acme.dev"), // Member, team checkout
    ("dave", "dave@acme.dev"),   // Member
];

impl Person {
    /// Makes a key pair with `ssh-keygen`.
    pub(super) fn enrol(name: &'static str, email: &'static str, keys: &Path) -> Result<Self, CommandError> {
        let key = keys.join(name);
        let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-C", email, "-f"]).arg(&key).output();
        let made = made.map_err(|error| {
            CommandError::could_not_judge("`ssh-keygen` cannot be run").because(&error).hint("install OpenSSH's client")
        })?;
        if !made.status.success() {
            return Err(CommandError::could_not_judge("`ssh-keygen` failed").hint(String::from_utf8_lossy(&made.stderr).trim()));
        }
        let line = std::fs::read_to_string(key.with_extension("pub"))
            .map_err(|error| CommandError::could_not_judge("the fresh key cannot be read").because(&error))?;
        let public = line.split_whitespace().take(2).collect::<Vec<_>>().join(" ");
        Ok(Self { name, email, key, public })
    }
}
