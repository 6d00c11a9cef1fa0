//! The first Admin: whom git knows, with the key that git signs with.

use std::fs;
use std::path::Path;

use crate::catalog::{Document, parse_file};
use crate::cli::CommandError;
use crate::cli::options::Mode;
use crate::model::{FilePath, Identifier, Limits};

use super::git;

/// Whoever lays the catalog.
pub(super) struct Founder {
    pub(super) email: Identifier,
    pub(super) name: Option<String>,
    /// A public key, of SSH in one line or of OpenPGP in a block; only where signatures count.
    pub(super) key: Option<String>,
}

impl Founder {
    pub(super) fn find(dir: &Path, admin: Option<&Identifier>, key: Option<&str>, identity: Mode) -> Result<Self, CommandError> {
        let configured = |name: &str| git(dir, &["config", "--get", name]).ok().filter(|value| !value.trim().is_empty());
        let own = configured("user.email");
        let email = match admin {
            Some(admin) => admin.clone(),
            None => {
                let Some(email) = &own else {
                    return Err(CommandError::could_not_judge("git does not know who you are: `user.email` is not set")
                        .hint("set it with `git config --global user.email you@example.com`, or say --admin EMAIL"));
                };
                Identifier::new(email).map_err(|error| {
                    CommandError::could_not_judge(format!("`{email}` cannot be an identifier"))
                        .because(&error)
                        .hint("say --admin EMAIL")
                })?
            }
        };
        if !email.as_str().contains('@') {
            return Err(CommandError::usage(format!("`{email}` is no email address, and commits name nobody otherwise")));
        }
        let is_own = own.as_deref() == Some(email.as_str());
        let name = configured("user.name").filter(|_| is_own);
        let key = match (identity, key) {
            (Mode::Signature, Some(said)) => Some(public_key(said)?),
            (Mode::Signature, None) => {
                let ssh = configured("gpg.format").as_deref() == Some("ssh");
                let known = configured("user.signingkey").filter(|_| ssh && is_own);
                Some(public_key(&known.ok_or_else(no_key)?)?)
            }
            _ => None,
        };
        Ok(Self { email, name, key })
    }
}

fn no_key() -> CommandError {
    CommandError::could_not_judge("there is no key to know the Admin's commits by")
        .hint("let git sign with an SSH key: `git config --global gpg.format ssh` and `git config --global user.signingkey ~/.ssh/id_ed25519.pub`")
        .hint("or name a public key with --signing-key, for OpenPGP: --signing-key \"$(gpg --armor --export KEY)\"")
        .hint("or say --identity declared, which believes what a commit says of itself, for a trial")
}

/// A key as `user.signingkey` or a command line gives it: itself, or the file it stands in. Of a private key the public half is read.
fn public_key(said: &str) -> Result<String, CommandError> {
    let said = said.trim();
    let literal = said.strip_prefix("key::").unwrap_or(said);
    let text = if literal.starts_with("ssh-") || literal.starts_with("ecdsa-") || literal.starts_with("-----BEGIN PGP PUBLIC") {
        literal.to_owned()
    } else {
        let path = match said.strip_prefix("~/") {
            Some(rest) => std::env::home_dir().unwrap_or_default().join(rest),
            None => Path::new(said).to_owned(),
        };
        let public = if path.extension().is_some_and(|extension| extension == "pub") {
            path.clone()
        } else {
            let mut name = path.clone().into_os_string();
            name.push(".pub");
            if Path::new(&name).is_file() { name.into() } else { path.clone() }
        };
        fs::read_to_string(&public).map_err(|error| {
            CommandError::could_not_judge(format!("the key in {} cannot be read", public.display())).because(&error)
        })?
    };
    let key = text.trim();
    let key = if key.starts_with("-----BEGIN PGP PUBLIC") {
        key.to_owned()
    } else {
        key.lines().next().unwrap_or_default().trim().to_owned()
    };
    if key.contains("PRIVATE KEY") || !is_taken(&key) {
        return Err(CommandError::could_not_judge("this is no public key that a roster can have").hint(
            "one line of OpenSSH (`ssh-ed25519 AAAA…`), or an armoured OpenPGP public key block; name it with --signing-key",
        ));
    }
    Ok(key)
}

/// Whether the roster would take it.
fn is_taken(key: &str) -> bool {
    let user = super::files::user("a@b", None, Some(key));
    let parsed = parse_file(&FilePath::new("users/_.yaml"), user.as_bytes(), &Limits::default());
    parsed.findings.is_empty() && matches!(parsed.documents.as_slice(), [Document::User(_)])
}
