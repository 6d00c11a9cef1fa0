//! OpenPGP signatures by keys of the roster: primary keys and signing subkeys, not revoked, not expired, no weak hash.

use pgp::composed::{Deserializable, DetachedSignature, SignedPublicKey, SignedPublicSubKey};
use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{self, SignatureType, SubpacketData};
use pgp::ser::Serialize;
use pgp::types::{KeyDetails, PublicParams, Tag, VerifyingKey};

use super::signature::Doubt;
use crate::model::{KeyFingerprint, SigningKey, Timestamp};

/// The least encoded length of RSA parameters whose modulus has 2,048 bits: two lengths, the modulus, one byte of exponent.
const MIN_RSA_LENGTH: usize = 2 + 256 + 2 + 1;

/// A key of the roster with its subkeys.
pub(super) struct Certificate {
    fingerprint: KeyFingerprint,
    key: SignedPublicKey,
}

/// When a key may sign.
struct Lifetime {
    from: i64,
    until: Option<i64>,
}

impl Certificate {
    /// Reads a roster's key: the one key of its block whose fingerprint the roster names.
    pub(super) fn read(key: &SigningKey) -> Option<Self> {
        let (keys, _) = SignedPublicKey::from_string_many(&key.public).ok()?;
        keys.filter_map(Result::ok)
            .map(|k| Self { fingerprint: KeyFingerprint(format!("{:X}", k.primary_key.fingerprint())), key: k })
            .find(|c| c.fingerprint.0.eq_ignore_ascii_case(&key.fingerprint.0))
    }

    fn primary_may_sign(&self) -> Result<Lifetime, String> {
        let self_signature = self.self_signature().ok_or("the key has no valid self-signature with a strong hash")?;
        if flags(self_signature).is_some_and(|sign| !sign) {
            return Err("the primary key is not for signing".to_owned());
        }
        Ok(lifetime(&self.key.primary_key, self_signature))
    }

    /// The newest valid statement of the key about itself.
    fn self_signature(&self) -> Option<&packet::Signature> {
        let primary = &self.key.primary_key;
        let direct = self.key.details.direct_signatures.iter().filter(|s| strong(s).is_ok() && s.verify_key(primary).is_ok());
        let of_users = self.key.details.users.iter().flat_map(|user| {
            let own = user
                .signatures
                .iter()
                .filter(|s| strong(s).is_ok() && s.verify_certification(primary, Tag::UserId, &user.id).is_ok());
            // A user id that was taken back says nothing any more.
            let newest = own.max_by_key(|s| s.created().map(|t| t.as_secs()));
            newest.filter(|s| s.typ() != Some(SignatureType::CertRevocation))
        });
        direct.chain(of_users).max_by_key(|s| s.created().map(|t| t.as_secs()))
    }

    /// Whether anything says the primary key is revoked. One that cannot be verified (a designated revoker's) counts too.
    fn is_revoked(&self) -> bool {
        !self.key.details.revocation_signatures.is_empty()
    }

    fn subkey_may_sign(&self, subkey: &SignedPublicSubKey) -> Result<Lifetime, String> {
        let primary = &self.key.primary_key;
        if subkey.signatures.iter().any(|s| s.typ() == Some(SignatureType::SubkeyRevocation)) {
            return Err("the subkey is revoked".to_owned());
        }
        let binding = subkey
            .signatures
            .iter()
            .filter(|s| strong(s).is_ok() && s.verify_subkey_binding(primary, &subkey.key).is_ok())
            .max_by_key(|s| s.created().map(|t| t.as_secs()))
            .ok_or("the subkey is not bound to its primary key with a strong hash")?;
        if flags(binding) != Some(true) {
            return Err("the subkey is not for signing".to_owned());
        }
        // Without the subkey's own consent anybody could claim somebody else's signatures.
        let consents = binding.embedded_signature().is_some_and(|s| s.verify_primary_key_binding(&subkey.key, primary).is_ok());
        if !consents {
            return Err("the subkey does not confirm its primary key".to_owned());
        }
        Ok(lifetime(&subkey.key, binding))
    }
}

/// The fingerprint of the roster's primary key behind the signature of `payload`, or why there is none.
pub(super) fn verify(
    roster: &[Certificate],
    text: &str,
    payload: &[u8],
    received_at: Timestamp,
) -> Result<KeyFingerprint, Doubt> {
    let unreadable = |e: pgp::errors::Error| format!("the OpenPGP signature cannot be read: {e}");
    let (mut signatures, _) = DetachedSignature::from_string_many(text).map_err(unreadable)?;
    let signature =
        signatures.next().ok_or_else(|| "there is no signature in the block".to_owned())?.map_err(unreadable)?.signature;
    if signatures.next().is_some() {
        return Err("there is more than one signature in the block".to_owned().into());
    }
    if signature.typ() != Some(SignatureType::Binary) {
        return Err("the OpenPGP signature is not over the bytes of the commit".to_owned().into());
    }
    strong(&signature)?;
    let created =
        signature.created().map(|t| i64::from(t.as_secs())).ok_or_else(|| "the OpenPGP signature has no time".to_owned())?;
    let ends = signature.signature_expiration_time().map_or(0, |d| i64::from(d.as_secs()));
    if ends != 0 && received_at.as_second() >= created + ends {
        return Err("the OpenPGP signature has expired".to_owned().into());
    }
    for certificate in roster {
        let primary = &certificate.key.primary_key;
        let named = if issued_by(&signature, primary) {
            Some(check(&signature, primary, payload, certificate.primary_may_sign()))
        } else {
            let subkey = certificate.key.public_subkeys.iter().find(|s| issued_by(&signature, &s.key));
            subkey.map(|s| check(&signature, &s.key, payload, certificate.subkey_may_sign(s)))
        };
        let Some(checked) = named else { continue };
        let fingerprint = &certificate.fingerprint;
        let fail = |why: String| format!("the OpenPGP signature by {fingerprint} does not count: {why}");
        let lifetime = checked.map_err(fail)?;
        if certificate.is_revoked() {
            return Err(fail("the key is revoked".to_owned()).into());
        }
        let whole = certificate.primary_lifetime();
        for part in [Some(lifetime), whole].into_iter().flatten() {
            part.covers(created, received_at.as_second()).map_err(fail)?;
        }
        return Ok(fingerprint.clone());
    }
    Err(Doubt::UnknownKey(issuer(&signature)))
}

impl Certificate {
    /// A subkey lives no longer than its primary key.
    fn primary_lifetime(&self) -> Option<Lifetime> {
        match self.self_signature() {
            Some(signature) => Some(lifetime(&self.key.primary_key, signature)),
            // Nothing valid says how long it lives, so it does not.
            None => Some(Lifetime { from: i64::MAX, until: None }),
        }
    }
}

impl Lifetime {
    fn covers(&self, created: i64, received: i64) -> Result<(), String> {
        if created < self.from {
            return Err("it is older than the key".to_owned());
        }
        match self.until {
            Some(until) if created >= until || received >= until => Err("the key has expired".to_owned()),
            _ => Ok(()),
        }
    }
}

fn check(
    signature: &packet::Signature,
    key: &impl VerifyingKey,
    payload: &[u8],
    lifetime: Result<Lifetime, String>,
) -> Result<Lifetime, String> {
    match key.public_params() {
        PublicParams::RSA(p) if p.write_len() < MIN_RSA_LENGTH => {
            return Err("the RSA key has fewer than 2048 bits".to_owned());
        }
        PublicParams::DSA(_) => return Err("DSA keys do not count; use Ed25519, ECDSA or RSA".to_owned()),
        _ => {}
    }
    let lifetime = lifetime?;
    signature.verify(key, payload).map_err(|_| "it does not match what the commit says".to_owned())?;
    Ok(lifetime)
}

fn strong(signature: &packet::Signature) -> Result<(), String> {
    match signature.hash_alg() {
        Some(
            HashAlgorithm::Sha256
            | HashAlgorithm::Sha384
            | HashAlgorithm::Sha512
            | HashAlgorithm::Sha3_256
            | HashAlgorithm::Sha3_512,
        ) => Ok(()),
        Some(weak) => Err(format!("the OpenPGP signature uses {weak}, which does not count; SHA-256 is the least")),
        None => Err("the OpenPGP signature is of a version that cannot be read".to_owned()),
    }
}

/// Whether the key flags name signing; `None` where there are none.
fn flags(signature: &packet::Signature) -> Option<bool> {
    let config = signature.config()?;
    config.hashed_subpackets().find_map(|p| match &p.data {
        SubpacketData::KeyFlags(flags) => Some(flags.sign()),
        _ => None,
    })
}

fn lifetime(key: &impl KeyDetails, signature: &packet::Signature) -> Lifetime {
    let from = i64::from(key.created_at().as_secs());
    let seconds = signature.key_expiration_time().map_or(0, |d| i64::from(d.as_secs()));
    Lifetime { from, until: (seconds != 0).then_some(from + seconds) }
}

fn issued_by(signature: &packet::Signature, key: &impl KeyDetails) -> bool {
    let fingerprints = signature.issuer_fingerprint();
    if fingerprints.is_empty() {
        return signature.issuer_key_id().contains(&&key.legacy_key_id());
    }
    fingerprints.iter().all(|f| **f == key.fingerprint())
}

fn issuer(signature: &packet::Signature) -> String {
    let fingerprint = signature.issuer_fingerprint().first().map(|f| format!("{f:X}"));
    fingerprint
        .or_else(|| signature.issuer_key_id().first().map(|id| id.to_string().to_uppercase()))
        .unwrap_or_else(|| "without a name".to_owned())
}
