//! Signs commits as `ssh-keygen -Y sign -n git` does, with a private key from a file.

use std::path::Path;

use ssh_key::{HashAlg, LineEnding, PrivateKey};

use super::GitError;
use crate::model::KeyFingerprint;

/// Git signs in this namespace.
const NAMESPACE: &str = "git";
/// The greatest key file that is read, in bytes.
const MOST: u64 = 64 * 1024;

/// A private key that signs commits. It is shown nowhere.
pub struct SshSigner(PrivateKey);

impl std::fmt::Debug for SshSigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("SshSigner").field(&self.fingerprint()).finish()
    }
}

impl SshSigner {
    /// Reads a key in OpenSSH's format, without a passphrase: nobody is there to type one.
    ///
    /// # Errors
    /// [`GitError::File`], or [`GitError::Refused`] for what is no such key. Nothing of the file is repeated.
    pub fn read(path: &Path) -> Result<Self, GitError> {
        let refuse = |why: &str| GitError::Refused(format!("{}: {why}", path.display()));
        let file = |source| GitError::File { path: path.to_path_buf(), source };
        if std::fs::metadata(path).map_err(file)?.len() > MOST {
            return Err(refuse("this is no private key: it is too large"));
        }
        let text = std::fs::read_to_string(path).map_err(file)?;
        let key = PrivateKey::from_openssh(&text).map_err(|_| {
            refuse("this is no private key in OpenSSH's format; make one with `ssh-keygen -t ed25519 -N '' -f FILE`")
        })?;
        if key.is_encrypted() {
            return Err(refuse("the key has a passphrase, and nobody is there to type it; make one without for the daemon"));
        }
        Ok(Self(key))
    }

    /// As a roster knows it.
    pub fn fingerprint(&self) -> KeyFingerprint {
        KeyFingerprint(self.0.fingerprint(HashAlg::Sha256).to_string())
    }

    /// The public half, as `signingKeys` of a user writes it; without a comment.
    pub fn public(&self) -> String {
        let line = self.0.public_key().to_openssh().unwrap_or_default();
        line.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
    }

    /// The armoured signature of a commit's bytes.
    pub(super) fn sign(&self, payload: &[u8]) -> Result<String, GitError> {
        let failed = |error: ssh_key::Error| GitError::Refused(format!("the commit could not be signed: {error}"));
        self.0.sign(NAMESPACE, HashAlg::Sha512, payload).and_then(|made| made.to_pem(LineEnding::LF)).map_err(failed)
    }
}
