//! Whether a delivery was signed with one of our secrets.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::forge::github::Secret;

/// Whether `header`, which is `X-Hub-Signature-256`, signs exactly these bytes with one of the secrets. There are several while one is
/// exchanged for another. An empty secret signs nothing: anybody has it.
///
/// It takes as long for a signature that is nearly right as for one that is not at all, and looks at nothing inside of the body.
pub fn verify(secrets: &[Secret], body: &[u8], header: &str) -> bool {
    let Some(claimed) = header.strip_prefix("sha256=").and_then(digest) else { return false };
    let usable = secrets.iter().filter(|secret| !secret.reveal().is_empty());
    // Each is tried, so that the time does not tell which one it was.
    usable.fold(false, |fits, secret| signs(secret, body, &claimed) | fits)
}

fn signs(secret: &Secret, body: &[u8], claimed: &[u8]) -> bool {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.reveal().as_bytes()) else { return false };
    mac.update(body);
    // In constant time.
    mac.verify_slice(claimed).is_ok()
}

/// 64 hexadecimal digits.
fn digest(text: &str) -> Option<[u8; 32]> {
    let mut out = [0; 32];
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != out.len() || !rest.is_empty() {
        return None;
    }
    for (byte, [high, low]) in out.iter_mut().zip(pairs) {
        *byte = value(*high)? << 4 | value(*low)?;
    }
    Some(out)
}

fn value(digit: u8) -> Option<u8> {
    u8::try_from(char::from(digit).to_digit(16)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// GitHub's own example, from "Validating webhook deliveries".
    const SECRET: &str = "It's a Secret to Everybody";
    const BODY: &[u8] = b"Hello, World!";
    const SIGNATURE: &str = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

    fn with(secrets: &[&str], body: &[u8], header: &str) -> bool {
        let secrets: Vec<Secret> = secrets.iter().map(|text| Secret::new(text)).collect();
        verify(&secrets, body, header)
    }

    #[test]
    fn the_published_example_is_right() {
        assert!(with(&[SECRET], BODY, SIGNATURE));
    }

    #[test]
    fn either_secret_will_do_while_one_is_exchanged() {
        assert!(with(&["new", SECRET], BODY, SIGNATURE));
        assert!(with(&[SECRET, "new"], BODY, SIGNATURE));
        assert!(!with(&["new", "newer"], BODY, SIGNATURE));
    }

    #[test]
    fn whatever_is_not_exactly_that_is_refused() {
        assert!(!with(&[SECRET], b"Hello, World", SIGNATURE), "another body");
        assert!(!with(&["another"], BODY, SIGNATURE), "another secret");
        assert!(!with(&[], BODY, SIGNATURE), "no secret");
        for header in [
            "",
            "sha256=",
            "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
            "sha1=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
            "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e1",
            "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e18",
            "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e1700",
            "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043eg7",
            "sha256=+57107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
            "sha256=äöü",
        ] {
            assert!(!with(&[SECRET], BODY, header), "{header}");
        }
    }

    /// Where no secret is set, a signature with the empty one must not open the door.
    #[test]
    fn an_empty_secret_signs_nothing() {
        let mac = Hmac::<Sha256>::new_from_slice(b"").unwrap().chain_update(BODY).finalize().into_bytes();
        let header: String = mac.iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(!with(&[""], BODY, &format!("sha256={header}")));
        assert!(!with(&[" \n"], BODY, &format!("sha256={header}")));
    }
}
