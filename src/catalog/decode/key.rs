//! The public keys of a user, and when they are valid.

use pgp::composed::{Deserializable, SignedPublicKey};
use pgp::types::KeyDetails;
use ssh_key::public::KeyData;
use ssh_key::{HashAlg, PublicKey};

use crate::catalog::node::NodeKind;
use crate::model::{KeyFingerprint, RuleDoc, SigningKey};

use super::cursor::{Cursor, Decoder};
use super::time;

pub(super) const RULES: &[RuleDoc] = &[
    RuleDoc {
        id: "user/signing-key",
        summary: "A signing key is one public key: a line of OpenSSH, or an armoured OpenPGP block.",
        remedy: "Paste the line of `~/.ssh/id_ed25519.pub`, or what `gpg --armor --export <address>` prints, below `|`.",
    },
    RuleDoc {
        id: "user/private-key",
        summary: "A private key never stands in the catalog.",
        remedy: "Revoke that key now: it is in git's history. Make a new one, and write its public half here.",
    },
    RuleDoc {
        id: "user/weak-key",
        summary: "A signing key is ed25519, ecdsa, or RSA of at least 2048 bits.",
        remedy: "Make a new key: `ssh-keygen -t ed25519`.",
    },
    RuleDoc {
        id: "user/key-validity",
        summary: "A key's `from` is before its `until`.",
        remedy: "Correct the dates, or remove the key.",
    },
];

/// Reads `ssh-ed25519 AAAA…`, or `{key, from, until}`.
pub(super) fn signing_key(d: &mut Decoder<'_>, at: Cursor<'_, '_>) -> Option<SigningKey> {
    if !matches!(at.node.kind, NodeKind::Map(_)) {
        let (public, fingerprint) = public_key(d, at)?;
        return Some(SigningKey { public, fingerprint, from: None, until: None });
    }
    d.fields(at, &["key", "from", "until"]);
    let key = d.required(&at, "key", "ssh-ed25519 AAAA…").and_then(|key| public_key(d, key));
    let from = at.given("from").and_then(|from| time::moment(d, from, false));
    let until = at.given("until").and_then(|until| time::moment(d, until, true));
    if let (Some(from), Some(until)) = (from, until)
        && from >= until
    {
        d.error("user/key-validity", at, "the key is never valid: it ends before it begins", "correct `from` and `until`");
    }
    key.map(|(public, fingerprint)| SigningKey { public, fingerprint, from, until })
}

fn public_key(d: &mut Decoder<'_>, at: Cursor<'_, '_>) -> Option<(String, KeyFingerprint)> {
    let text = d.text(at)?.trim();
    if text.contains("PRIVATE KEY") {
        let help = "revoke it now: it is in git's history; make a new one, and write its public half here";
        d.error("user/private-key", at, "this is a private key", help);
        return None;
    }
    if text.starts_with("-----BEGIN") { open_pgp(d, at, text) } else { open_ssh(d, at, text) }
}

fn open_ssh(d: &mut Decoder<'_>, at: Cursor<'_, '_>, text: &str) -> Option<(String, KeyFingerprint)> {
    let help = "paste the one line of the .pub file, such as ~/.ssh/id_ed25519.pub, as it is";
    let key = match PublicKey::from_openssh(text) {
        Ok(key) if !matches!(key.key_data(), KeyData::Other(_)) && !text.contains('\n') => key,
        Ok(_) => {
            d.error("user/signing-key", at, "this is not one OpenSSH public key of a known kind", help);
            return None;
        }
        Err(_) if text.contains("-cert-v01@openssh.com") => {
            d.error("user/signing-key", at, "this is a certificate, not a public key", help);
            return None;
        }
        Err(error) => {
            d.error("user/signing-key", at, format!("this is not an OpenSSH public key ({error})"), help);
            return None;
        }
    };
    let weak = match key.key_data() {
        KeyData::Dsa(_) => Some("DSA keys are too weak".to_owned()),
        KeyData::Rsa(rsa) => {
            let bits = rsa.n.as_positive_bytes().map_or(0, |bytes| {
                let leading = bytes.first().map_or(0, |b| b.leading_zeros());
                (bytes.len() * 8).saturating_sub(usize::try_from(leading).unwrap_or_default())
            });
            (bits < 2048).then(|| format!("an RSA key of {bits} bits is too weak"))
        }
        _ => None,
    };
    if let Some(message) = weak {
        d.error("user/weak-key", at, message, "make a new key: ssh-keygen -t ed25519");
        return None;
    }
    Some((text.to_owned(), KeyFingerprint(key.fingerprint(HashAlg::Sha256).to_string())))
}

fn open_pgp(d: &mut Decoder<'_>, at: Cursor<'_, '_>, text: &str) -> Option<(String, KeyFingerprint)> {
    let help = "paste what `gpg --armor --export <address>` prints, below `key: |`, each line indented";
    if text.matches("-----BEGIN").count() > 1 {
        d.error("user/signing-key", at, "this holds several blocks", "write each key as an item of its own");
        return None;
    }
    match SignedPublicKey::from_string(text) {
        Ok((key, _)) => {
            let fingerprint = key.fingerprint().as_bytes().iter().map(|b| format!("{b:02X}")).collect();
            Some((text.to_owned(), KeyFingerprint(fingerprint)))
        }
        Err(_) => {
            d.error("user/signing-key", at, "this is not an OpenPGP public key", help);
            None
        }
    }
}
