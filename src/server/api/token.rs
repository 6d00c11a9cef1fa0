//! Tokens: signed by a key that follows from the client's secret, so that every replica knows them and none has to remember them.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::config::Credential;
use crate::forge::github::Secret;
use crate::model::Timestamp;
use crate::run::life::RunHandle;

/// How long a token is good for.
pub(super) const LIFETIME: Duration = Duration::from_secs(3600);
/// Clocks of replicas may differ by this.
const SKEW: Duration = Duration::from_secs(60);
/// A token is no longer than this.
const LONGEST: usize = 2048;
/// The one head that a token may have. It is compared and never read: a token cannot choose how it is checked.
const HEAD: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

/// What a token says.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Claims {
    iss: String,
    /// The client.
    sub: String,
    iat: i64,
    exp: i64,
    /// The one run that it is for; any that the client may report about where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    run: Option<String>,
    /// Published clients ask whether they are a machine or a person.
    is_machine: bool,
}

/// Whoever holds a token that is good.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Holder<'a> {
    /// The client.
    pub(super) credential: &'a Credential,
    /// The one run that they may speak of.
    pub(super) run: Option<RunHandle>,
}

/// The client that knows its secret. As long is spent on one that is not there.
pub(super) fn of_client<'a>(credentials: &'a [Credential], id: &str, secret: &str) -> Option<&'a Credential> {
    let known = credentials.iter().find(|credential| credential.client_id == id);
    let nobody = Secret::new("nobody has this secret, whose length is that of a good one");
    let right = known.map_or(&nobody, |credential| &credential.secret);
    // Both are hashed, so that the time tells neither where they differ nor how long they are.
    let fits = mac(right.reveal().as_bytes(), b"client secret")
        .zip(mac(secret.trim().as_bytes(), b"client secret"))
        .is_some_and(|(right, given)| right.verify(&given.finalize().into_bytes()).is_ok());
    known.filter(|_| fits)
}

/// A token for a client, for one run alone where one is named.
pub(super) fn issue(credential: &Credential, run: Option<&RunHandle>, now: Timestamp) -> String {
    let claims = Claims {
        iss: "portcullis".to_owned(),
        sub: credential.client_id.clone(),
        iat: now.as_second(),
        exp: now.as_second().saturating_add_unsigned(LIFETIME.as_secs()),
        run: run.map(|run| run.as_str().to_owned()),
        is_machine: true,
    };
    let claims = serde_json::to_string(&claims).unwrap_or_default();
    let said = format!("{}.{}", URL_SAFE_NO_PAD.encode(HEAD), URL_SAFE_NO_PAD.encode(claims));
    let signature = key(credential).and_then(|key| mac(&key, said.as_bytes())).map(|mac| mac.finalize().into_bytes());
    format!("{said}.{}", URL_SAFE_NO_PAD.encode(signature.unwrap_or_default()))
}

/// Who holds a token; `None` where it is not one of ours, has run out, or its client is gone or has another secret now.
pub(super) fn holder<'a>(credentials: &'a [Credential], token: &str, now: Timestamp) -> Option<Holder<'a>> {
    if token.len() > LONGEST {
        return None;
    }
    let (said, signature) = token.rsplit_once('.')?;
    let (head, claims) = said.split_once('.')?;
    if head != URL_SAFE_NO_PAD.encode(HEAD) {
        return None;
    }
    let claims: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
    let credential = credentials.iter().find(|credential| credential.client_id == claims.sub)?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    // In constant time.
    mac(&key(credential)?, said.as_bytes())?.verify_slice(&signature).ok()?;
    let (now, skew) = (now.as_second(), SKEW.as_secs());
    let began = claims.iat <= now.saturating_add_unsigned(skew);
    let short = claims.exp <= claims.iat.saturating_add_unsigned(LIFETIME.as_secs());
    if !began || !short || claims.exp <= now {
        return None;
    }
    let run = match claims.run {
        Some(run) => Some(RunHandle::parse(&run)?),
        None => None,
    };
    Some(Holder { credential, run })
}

/// The key that a client's tokens are signed with: its secret itself signs nothing else.
fn key(credential: &Credential) -> Option<Vec<u8>> {
    mac(credential.secret.reveal().as_bytes(), b"portcullis access token v1").map(|mac| mac.finalize().into_bytes().to_vec())
}

fn mac(key: &[u8], text: &[u8]) -> Option<Hmac<Sha256>> {
    // Keys of every length are taken.
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(text);
    Some(mac)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Names;

    fn client(id: &str, secret: &str) -> Credential {
        Credential { client_id: id.to_owned(), secret: Secret::new(secret), repositories: Names::All, actions: Names::All }
    }

    fn noon() -> Timestamp {
        "2026-11-22T12:00:00Z".parse().unwrap()
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(noon().as_second() + seconds).unwrap()
    }

    #[test]
    fn a_token_is_good_for_an_hour_and_for_its_client() {
        let clients = [client("deployer", "0123456789abcdef"), client("other", "fedcba9876543210")];
        let token = issue(&clients[0], None, noon());
        let held = |token: &str, now| holder(&clients, token, now).map(|holder| holder.credential.client_id.clone());
        assert_eq!(held(&token, noon()).as_deref(), Some("deployer"));
        assert_eq!(held(&token, at(3599)).as_deref(), Some("deployer"));
        assert_eq!(held(&token, at(3600)), None, "it has run out");
        assert_eq!(held(&token, at(-61)), None, "it was not yet issued");
        // The client is gone, or has another secret now.
        assert_eq!(holder(&clients[1..], &token, noon()), None);
        assert_eq!(holder(&[client("deployer", "0123456789abcdeX")], &token, noon()), None);
    }

    #[test]
    fn a_token_cannot_choose_how_it_is_checked() {
        let clients = [client("deployer", "0123456789abcdef")];
        let token = issue(&clients[0], None, noon());
        let parts: Vec<&str> = token.split('.').collect();
        let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
        let other = URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"HS256"}"#);
        let long = |run: &str| {
            let text = format!(
                r#"{{"iss":"portcullis","sub":"deployer","iat":{0},"exp":{1},"isMachine":true{run}}}"#,
                noon().as_second(),
                noon().as_second() + 7200
            );
            let said = format!("{}.{}", parts[0], URL_SAFE_NO_PAD.encode(text));
            let signature = mac(&key(&clients[0]).unwrap(), said.as_bytes()).unwrap().finalize().into_bytes();
            format!("{said}.{}", URL_SAFE_NO_PAD.encode(signature))
        };
        for forged in [
            format!("{none}.{}.", parts[1]),
            format!("{none}.{}.{}", parts[1], parts[2]),
            format!("{other}.{}.{}", parts[1], parts[2]),
            format!("{}.{}.", parts[0], parts[1]),
            format!("{}.{}.{}", parts[0], parts[1], URL_SAFE_NO_PAD.encode([0; 32])),
            format!("{}.{}.{}", parts[0], parts[1], parts[2].get(..10).unwrap()),
            format!("{token}."),
            format!("{token}.{token}"),
            format!("{token}="),
            long(""),
            long(r#","run":"all""#),
            String::new(),
            "..".to_owned(),
            "é.é.é".to_owned(),
            "a".repeat(LONGEST + 1),
        ] {
            assert_eq!(holder(&clients, &forged, noon()), None, "{forged}");
        }
    }

    #[test]
    fn a_client_is_known_by_its_whole_secret() {
        let clients = [client("deployer", "0123456789abcdef")];
        assert!(of_client(&clients, "deployer", "0123456789abcdef\n").is_some());
        for (id, secret) in [("deployer", "0123456789abcde"), ("deployer", ""), ("Deployer", "0123456789abcdef"), ("", "")] {
            assert!(of_client(&clients, id, secret).is_none(), "{id} {secret}");
        }
    }

    #[test]
    fn a_token_can_be_for_one_run_alone() {
        let clients = [client("deployer", "0123456789abcdef")];
        let run = RunHandle::parse("r_0123456789abcdef01234567").unwrap();
        let token = issue(&clients[0], Some(&run), noon());
        assert_eq!(holder(&clients, &token, noon()).unwrap().run, Some(run));
    }
}
