//! SSH signatures (`ssh-keygen -Y sign`, namespace `git`) by keys of the roster.

use std::collections::BTreeMap;

use ssh_key::public::KeyData;
use ssh_key::{HashAlg, PublicKey, SshSig};

use super::signature::Doubt;
use crate::model::{KeyFingerprint, SigningKey};

/// Git signs in this namespace; a signature made for a file, a login or anything else is not a signature of a commit.
const NAMESPACE: &str = "git";
/// The least RSA modulus, in bits.
const MIN_RSA_BITS: usize = 2048;
/// A security key was touched.
const USER_PRESENT: u8 = 1;
/// Flags and counter at the end of a security key's signature, in bytes.
const SECURITY_KEY_TRAILER: usize = 5;

/// The roster's SSH keys, by what they are.
#[derive(Default)]
pub(super) struct SshKeys(BTreeMap<KeyData, PublicKey>);

impl SshKeys {
    /// Takes a key in, if it can be read.
    pub(super) fn add(&mut self, key: &SigningKey) {
        if let Ok(public) = PublicKey::from_openssh(key.public.trim()) {
            self.0.insert(public.key_data().clone(), public);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The fingerprint of the roster's key that signed `payload`, or why there is none.
    pub(super) fn verify(&self, text: &str, payload: &[u8]) -> Result<KeyFingerprint, Doubt> {
        let signature = SshSig::from_pem(text).map_err(|e| format!("the SSH signature cannot be read: {e}"))?;
        let fingerprint = signature.public_key().fingerprint(HashAlg::Sha256).to_string();
        if signature.version() != SshSig::VERSION {
            return Err(format!("the SSH signature is of version {}", signature.version()).into());
        }
        if signature.namespace() != NAMESPACE {
            let namespace: String = signature.namespace().escape_debug().take(40).collect();
            return Err(format!("the SSH signature was made for `{namespace}`, not for `{NAMESPACE}`").into());
        }
        // Known first: work is done for keys of the roster only.
        let Some(key) = self.0.get(signature.public_key()) else {
            return Err(Doubt::UnknownKey(fingerprint));
        };
        strong(key.key_data())?;
        present(&signature)?;
        key.verify(NAMESPACE, payload, &signature)
            .map_err(|_| format!("the SSH signature by {fingerprint} does not match what the commit says"))?;
        Ok(KeyFingerprint(fingerprint))
    }
}

fn strong(key: &KeyData) -> Result<(), String> {
    match key {
        KeyData::Ed25519(_) | KeyData::Ecdsa(_) | KeyData::SkEd25519(_) | KeyData::SkEcdsaSha2NistP256(_) => Ok(()),
        KeyData::Rsa(rsa) => {
            let modulus = rsa.n.as_positive_bytes().unwrap_or_default();
            let bits = modulus.first().map_or(0, |top| modulus.len() * 8 - top.leading_zeros() as usize);
            if bits < MIN_RSA_BITS {
                return Err(format!("the RSA key has {bits} bits; {MIN_RSA_BITS} is the least that counts"));
            }
            Ok(())
        }
        _ => Err(format!("keys of type {} do not count; use Ed25519, ECDSA or RSA", key.algorithm())),
    }
}

/// A security key that signs without being touched signs for whatever runs on the machine.
fn present(signature: &SshSig) -> Result<(), String> {
    let is_security_key = matches!(signature.public_key(), KeyData::SkEd25519(_) | KeyData::SkEcdsaSha2NistP256(_));
    let flags = signature.signature_bytes().iter().rev().nth(SECURITY_KEY_TRAILER - 1).copied().unwrap_or_default();
    if is_security_key && flags & USER_PRESENT == 0 {
        return Err("the security key was not touched when it signed".to_owned());
    }
    Ok(())
}
