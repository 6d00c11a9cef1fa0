//! How a GitHub App says who it is: a JWT, signed with its key and valid for a few minutes.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::rsa::KeyPair;
use ring::signature::RSA_PKCS1_SHA256;
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject;
use serde::Serialize;

use super::{ApiError, Secret};
use crate::model::Timestamp;

/// Issued this long ago: a server whose clock is a little behind refuses what comes from its future.
const BACKDATED: i64 = 60;
/// Valid for this long from now; GitHub takes at most ten minutes, by its own clock.
const VALID: i64 = 8 * 60;

/// What signs for an App.
pub(super) struct Signer {
    issuer: String,
    key: KeyPair,
}

#[derive(Serialize)]
struct Claims<'c> {
    iat: i64,
    exp: i64,
    iss: &'c str,
}

impl Signer {
    /// Takes an App's id (or client id), and its private key in PEM, as GitHub hands it out (PKCS#1) or as other tools turn it (PKCS#8).
    ///
    /// # Errors
    /// Where either cannot be used; never with a word of the key.
    pub(super) fn new(issuer: &str, pem: &Secret) -> Result<Self, ApiError> {
        let refused = |why: &str| ApiError::Refused { status: 0, what: format!("the GitHub App's private key {why}") };
        if issuer.trim().is_empty() {
            return Err(ApiError::Refused {
                status: 0,
                what: "the GitHub App's id is empty; it is on the App's settings page".into(),
            });
        }
        // Environment variables often carry a key on one line, with its line breaks written out.
        let pem = Secret::new(&pem.reveal().replace("\\n", "\n"));
        let der = PrivateKeyDer::from_pem_slice(pem.reveal().as_bytes())
            .map_err(|_| refused("is no private key in PEM; give the .pem file that GitHub made, as it is"))?;
        let key = match &der {
            PrivateKeyDer::Pkcs1(der) => KeyPair::from_der(der.secret_pkcs1_der()),
            PrivateKeyDer::Pkcs8(der) => KeyPair::from_pkcs8(der.secret_pkcs8_der()),
            _ => return Err(refused("is not an RSA key; give the .pem file that GitHub made")),
        };
        let key = key.map_err(|_| refused("is not a sound RSA key of 2048 bits or more; give the .pem file that GitHub made"))?;
        Ok(Self { issuer: issuer.trim().to_owned(), key })
    }

    /// A JWT for this moment, by GitHub's clock.
    ///
    /// # Errors
    /// Where the machine has no randomness.
    pub(super) fn sign(&self, now: Timestamp) -> Result<Secret, ApiError> {
        let failed = || ApiError::Later { what: "the GitHub App's JWT could not be signed".into(), after: None };
        let claims = Claims { iat: now.as_second() - BACKDATED, exp: now.as_second() + VALID, iss: &self.issuer };
        let claims = serde_json::to_vec(&claims).map_err(|_| failed())?;
        let said = format!("{}.{}", URL_SAFE_NO_PAD.encode(br#"{"alg":"RS256","typ":"JWT"}"#), URL_SAFE_NO_PAD.encode(claims));
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), said.as_bytes(), &mut signature).map_err(|_| failed())?;
        Ok(Secret::new(&format!("{said}.{}", URL_SAFE_NO_PAD.encode(signature))))
    }
}

#[cfg(test)]
mod tests {
    use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

    use super::super::tests::keys;
    use super::*;

    fn noon() -> Timestamp {
        "2026-05-01T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_jwt_is_signed_by_the_key_and_short_lived() {
        for pem in [keys::pkcs1(), keys::pkcs8(), &keys::pkcs1().replace('\n', "\\n")] {
            let signer = Signer::new(" 12345 ", &Secret::new(pem)).unwrap();
            let jwt = signer.sign(noon()).unwrap();
            let (said, signature) = jwt.reveal().rsplit_once('.').unwrap();
            let (header, claims) = said.split_once('.').unwrap();
            let read = |part: &str| serde_json::from_slice::<serde_json::Value>(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
            assert_eq!(read(header), serde_json::json!({"alg": "RS256", "typ": "JWT"}));
            let (iat, exp) = (noon().as_second() - 60, noon().as_second() + 480);
            assert_eq!(read(claims), serde_json::json!({"iat": iat, "exp": exp, "iss": "12345"}));
            UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, signer.key.public())
                .verify(said.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap())
                .unwrap();
        }
    }

    #[test]
    fn a_key_that_cannot_be_used_is_refused_without_a_word_of_it() {
        let pem = keys::pkcs1();
        let cut = pem.lines().filter(|line| !line.starts_with("-----END")).collect::<Vec<_>>().join("\n");
        let short: String = pem.lines().enumerate().filter(|(i, _)| *i != 3).map(|(_, line)| format!("{line}\n")).collect();
        let line = pem.lines().nth(5).unwrap();
        for bad in ["", "canary", &cut, &short, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"] {
            let error = Signer::new("1", &Secret::new(bad)).err().unwrap().to_string();
            assert!(
                error.starts_with("the GitHub App's private key") && !error.contains(line) && !error.contains("canary"),
                "{error}"
            );
        }
        assert!(Signer::new(" ", &Secret::new(pem)).is_err());
    }
}
