//! Verifies what a commit's header carries as a signature, by the keys of a roster and no others.

use super::openpgp::Certificate;
use super::ssh::SshKeys;
use super::{RawCommit, Signature, SignatureKind};
use crate::model::{KeyFingerprint, SignatureFact, SigningKey, Timestamp};

/// The greatest signature that is looked at, in bytes.
const MAX_SIGNATURE: usize = 64 * 1024;

/// Why a signature is nobody's.
pub(super) enum Doubt {
    /// By a key that nobody in the roster has; which.
    UnknownKey(String),
    /// It does not hold; why.
    Bad(String),
}

impl From<String> for Doubt {
    fn from(why: String) -> Self {
        Self::Bad(why)
    }
}

/// The keys of a roster, read once for many commits. Keys that cannot be read verify nothing.
#[derive(Default)]
pub struct Keyring {
    ssh: SshKeys,
    openpgp: Vec<Certificate>,
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Keyring({} SSH, {} OpenPGP)", self.ssh.len(), self.openpgp.len())
    }
}

impl Keyring {
    /// Reads the keys.
    pub fn new<'a>(keys: impl IntoIterator<Item = &'a SigningKey>) -> Self {
        let mut ring = Self::default();
        for key in keys {
            if key.public.trim_start().starts_with("-----BEGIN PGP") {
                ring.openpgp.extend(Certificate::read(key));
            } else {
                ring.ssh.add(key);
            }
        }
        ring
    }

    /// What the commit's signature says: none, one that does not hold and why, or whose key made it.
    ///
    /// `received_at` is when the server first saw the commit: an OpenPGP key must not have expired by then. The roster's
    /// own `from` and `until` are not looked at here; the judgement does that.
    pub fn verify(&self, commit: &RawCommit, received_at: Timestamp) -> SignatureFact {
        match &commit.signature {
            None => SignatureFact::Unsigned,
            Some(signature) => match self.check(signature, &commit.signed_payload, received_at) {
                Ok(by) => SignatureFact::By(by),
                Err(Doubt::UnknownKey(key)) => SignatureFact::UnknownKey(key),
                Err(Doubt::Bad(why)) => SignatureFact::Invalid(why),
            },
        }
    }

    fn check(&self, signature: &Signature, payload: &[u8], received_at: Timestamp) -> Result<KeyFingerprint, Doubt> {
        if signature.text.len() > MAX_SIGNATURE {
            return Err(format!("the signature is {} bytes long", signature.text.len()).into());
        }
        let text = std::str::from_utf8(&signature.text).map_err(|_| "the signature is not text".to_owned())?;
        match signature.kind {
            SignatureKind::Ssh => {
                one_block(text, "SSH SIGNATURE")?;
                self.ssh.verify(text, payload)
            }
            SignatureKind::OpenPgp => {
                one_block(text, "PGP SIGNATURE")?;
                super::openpgp::verify(&self.openpgp, text, payload, received_at)
            }
            SignatureKind::X509 => Err("X.509 signatures are not supported; sign with an SSH or OpenPGP key".to_owned().into()),
            SignatureKind::Unknown => Err("the signature is of no kind that git knows".to_owned().into()),
        }
    }
}

/// Verifies one commit; [`Keyring`] reads the keys once where there are many.
pub fn verify(commit: &RawCommit, roster_keys: &[SigningKey], received_at: Timestamp) -> SignatureFact {
    Keyring::new(roster_keys).verify(commit, received_at)
}

/// A second block, or text around the first, would be seen by one tool and passed over by another.
fn one_block(text: &str, label: &str) -> Result<(), String> {
    let (begin, end) = (format!("-----BEGIN {label}-----\n"), format!("\n-----END {label}-----"));
    let body = text.trim_end_matches('\n').strip_prefix(&begin).and_then(|t| t.strip_suffix(&end));
    match body {
        None => Err("the signature is not one armoured block".to_owned()),
        Some(body) if body.contains("-----") => Err("there is more than one signature in the block".to_owned()),
        Some(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_block_is_one_block() {
        let one = "-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n";
        assert!(one_block(one, "SSH SIGNATURE").is_ok());
        assert!(one_block(&format!("{one}{one}"), "SSH SIGNATURE").is_err());
        assert!(one_block(&format!("x\n{one}"), "SSH SIGNATURE").is_err());
        assert!(one_block(&format!("{one}x"), "SSH SIGNATURE").is_err());
        assert!(one_block(one, "PGP SIGNATURE").is_err());
    }
}
