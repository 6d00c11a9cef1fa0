//! What an answer means for whoever asked, before its body is looked into.

use super::limits::{self, Limit};
use super::transport::Answer;
use crate::model::Timestamp;

/// The longest that GitHub's own words are repeated.
const LONGEST: usize = 400;

/// What a status says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Meaning {
    /// It was done, and the body tells.
    Done,
    /// It has not changed since.
    Unchanged,
    /// It does not exist, or not for us.
    Absent,
    /// It is elsewhere; `kept` where the same request is to be sent there, whatever its method.
    Moved { kept: bool },
    /// We asked too much.
    Limited(Limit),
    /// The server failed, and nobody knows what became of the request.
    Fault,
    /// It does not know who we are.
    Stranger,
    /// No.
    No,
}

/// Reads a status with what goes with it. `said` is what the body says; `now` is the server's clock.
pub(super) fn meaning(answer: &Answer, said: &str, now: Timestamp) -> Meaning {
    match answer.status {
        200..=299 => Meaning::Done,
        304 => Meaning::Unchanged,
        301..=303 => Meaning::Moved { kept: false },
        307 | 308 => Meaning::Moved { kept: true },
        401 => Meaning::Stranger,
        404 | 410 => Meaning::Absent,
        408 | 500..=599 => Meaning::Fault,
        status => limits::limit(status, &answer.headers, said, now).map_or(Meaning::No, Meaning::Limited),
    }
}

/// GitHub's own words for why not, on one line, without `secret` where an answer echoes it.
pub(super) fn words(answer: &Answer, secret: &str) -> String {
    let Ok(body) = serde_json::from_slice::<serde_json::Value>(&answer.body) else { return String::new() };
    let text = |value: &serde_json::Value, key: &str| value.get(key).and_then(|text| text.as_str()).map(str::to_owned);
    let mut said: Vec<String> = text(&body, "message").into_iter().collect();
    for error in body.get("errors").and_then(|errors| errors.as_array()).into_iter().flatten() {
        let named = || Some(format!("{} {}", text(error, "field")?, text(error, "code")?));
        said.extend(error.as_str().map(str::to_owned).or_else(|| text(error, "message")).or_else(named));
    }
    let said: String = said.join("; ").chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    // Shown secrets are worse than missing words; the scheme before the token is no secret.
    let token = secret.rsplit(' ').next().filter(|token| !token.is_empty());
    let said = token.map_or(said.clone(), |token| said.replace(token, "***"));
    if said.chars().count() <= LONGEST { said } else { said.chars().take(LONGEST).chain(['…']).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &'static str) -> Answer {
        Answer { status, headers: http::HeaderMap::new(), body: bytes::Bytes::from_static(body.as_bytes()) }
    }

    #[test]
    fn every_status_means_something() {
        let now = Timestamp::from_second(0).unwrap();
        for status in 100..=999 {
            let meaning = meaning(&answer(status, ""), "", now);
            let expected = match status {
                200..=299 => Meaning::Done,
                304 => Meaning::Unchanged,
                301..=303 => Meaning::Moved { kept: false },
                307 | 308 => Meaning::Moved { kept: true },
                401 => Meaning::Stranger,
                404 | 410 => Meaning::Absent,
                408 | 500..=599 => Meaning::Fault,
                429 => Meaning::Limited(Limit { wait: std::time::Duration::from_secs(60), secondary: true }),
                _ => Meaning::No,
            };
            assert_eq!(meaning, expected, "{status}");
        }
    }

    #[test]
    fn words_are_github_s_own() {
        let body = r#"{"message":"Validation Failed","errors":[{"resource":"Status","code":"custom","message":"too many"},{"field":"sha","code":"invalid"},"plain"]}"#;
        assert_eq!(words(&answer(422, body), ""), "Validation Failed; too many; sha invalid; plain");
        assert_eq!(words(&answer(502, "<html>no</html>"), ""), "");
        assert_eq!(words(&answer(400, "[1]"), ""), "");
    }

    #[test]
    fn an_echoed_secret_is_not_shown() {
        let body = r#"{"message":"bad header: Bearer ghs_canary\nand more"}"#;
        assert_eq!(words(&answer(400, body), "Bearer ghs_canary"), "bad header: Bearer *** and more");
    }

    #[test]
    fn long_words_are_cut() {
        let body = format!(r#"{{"message":"{}"}}"#, "ä".repeat(1000));
        let said = words(&Answer { body: body.into(), ..answer(422, "") }, "");
        assert_eq!(said.chars().count(), LONGEST + 1);
    }
}
