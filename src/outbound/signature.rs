//! Signs what is sent, so that its receiver knows that it is ours, whole, and not sent again later by somebody else.
//!
//! The form is that of Standard Webhooks, whose published verifiers work: HMAC-SHA256 over `ID.TIMESTAMP.BODY`.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::model::Timestamp;

/// The shortest key, in bytes.
const SHORTEST: usize = 16;

/// Why a signing key is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SigningKeyError {
    /// Behind `whsec_` stands base64.
    #[error("behind `whsec_` stands something that is no base64")]
    NoBase64,
    /// It can be guessed.
    #[error("a signing key has 16 bytes or more; `openssl rand -base64 32` makes one, to be written behind `whsec_`")]
    Short,
}

/// A key to sign with.
#[derive(Clone)]
pub struct Signer {
    key: Vec<u8>,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer(***)")
    }
}

impl Signer {
    /// Reads a key: `whsec_` and base64, as Standard Webhooks writes it, or any other text as it is.
    ///
    /// # Errors
    /// Where it is none, without repeating it.
    pub fn parse(text: &str) -> Result<Self, SigningKeyError> {
        let key = match text.strip_prefix("whsec_") {
            Some(encoded) => STANDARD.decode(encoded).map_err(|_| SigningKeyError::NoBase64)?,
            None => text.as_bytes().to_vec(),
        };
        if key.len() < SHORTEST {
            return Err(SigningKeyError::Short);
        }
        Ok(Self { key })
    }

    /// `v1,` and the signature in base64, over the very bytes that are sent.
    ///
    /// `id` stays the same on every attempt, and holds no dot.
    pub fn sign(&self, id: &str, at: Timestamp, body: &[u8]) -> String {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.key) else { return String::new() }; // takes keys of every length
        for part in [id.as_bytes(), b".", at.as_second().to_string().as_bytes(), b".", body] {
            mac.update(part);
        }
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }

    /// The headers of Standard Webhooks: `webhook-id`, `webhook-timestamp`, `webhook-signature`.
    pub fn headers(&self, id: &str, at: Timestamp, body: &[u8]) -> [(String, String); 3] {
        [
            ("webhook-id".to_owned(), id.to_owned()),
            ("webhook-timestamp".to_owned(), at.as_second().to_string()),
            ("webhook-signature".to_owned(), self.sign(id, at, body)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the Standard Webhooks libraries.
    #[test]
    fn signs_as_the_published_verifiers_expect() {
        let signer = Signer::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let at = Timestamp::from_second(1_614_265_330).unwrap();
        let signature = signer.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", at, br#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_key_that_can_be_guessed_is_refused_and_none_is_shown() {
        assert_eq!(Signer::parse("").unwrap_err(), SigningKeyError::Short);
        assert_eq!(Signer::parse("whsec_").unwrap_err(), SigningKeyError::Short);
        assert_eq!(Signer::parse("whsec_***").unwrap_err(), SigningKeyError::NoBase64);
        let signer = Signer::parse("a canary of sixteen bytes").unwrap();
        assert_eq!(format!("{signer:?}"), "Signer(***)");
    }
}
