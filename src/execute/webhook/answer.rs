//! What an answer says of a run. What is not certain is unknown: nothing is sent twice on a guess.

use crate::model::Timestamp;
use crate::outbound::{Answered, plain};
use crate::run::call::Scrub;
use crate::run::life::Answer;

/// Characters of what a receiver says that are kept.
const MOST_SAID: usize = 500;

/// The receiver says that it has not begun: it was too slow to read us, asks for less, or will not act yet.
const NOT_BEGUN: [u16; 3] = [408, 425, 429];
/// Somebody before the receiver speaks for it, or it is overloaded: what came of the request is not known.
const GATEWAY: [u16; 3] = [502, 503, 504];
/// It will never do this, and says so.
const NEVER: [u16; 2] = [501, 505];

/// Reads the answer to a request that was sent at `at`.
pub(super) fn read(answered: &Answered, synchronized: bool, dedupes: bool, at: Timestamp, scrub: &Scrub) -> Answer {
    let status = answered.status;
    let said = said(answered, scrub);
    let why = match said.as_str() {
        "" => format!("the receiver answered {status}"),
        said => format!("the receiver answered {status}: {said}"),
    };
    match status {
        200..=299 if synchronized => Answer::Done { success: true, says: said, link: None, outside: None },
        200..=299 => Answer::Accepted { outside: None, link: None },
        _ if dedupes && (NOT_BEGUN.contains(&status) || GATEWAY.contains(&status)) => {
            Answer::NotPerformed { why, after: retry_after(answered, at) }
        }
        _ if NOT_BEGUN.contains(&status) => Answer::Refused { why },
        _ if GATEWAY.contains(&status) => Answer::Unknown { why },
        300..=399 => failed(synchronized, format!("{why}; redirects are not followed: write the address that it leads to")),
        400..=499 => failed(synchronized, why),
        500..=599 if synchronized || NEVER.contains(&status) => failed(synchronized, why),
        // It broke while it did something, and nobody knows what.
        _ => Answer::Unknown { why },
    }
}

/// The outcome, where the answer is one; else that it was not taken on.
fn failed(synchronized: bool, why: String) -> Answer {
    if synchronized { Answer::Done { success: false, says: why, link: None, outside: None } } else { Answer::Refused { why } }
}

/// What the receiver says, in one short line and without our secrets.
fn said(answered: &Answered, scrub: &Scrub) -> String {
    let text = String::from_utf8_lossy(&answered.body);
    let text = if answered.cut_off { scrub.clean_end(&text) } else { &text };
    // First without secrets, then short: a secret that was cut could not be found any more.
    plain(&scrub.clean(text), MOST_SAID)
}

/// Seconds that the receiver asks us to wait: as a number, or until a time (RFC 9110, 10.2.3).
fn retry_after(answered: &Answered, at: Timestamp) -> Option<u64> {
    let value = answered.headers.get("retry-after")?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(seconds);
    }
    let until = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
    Some(u64::try_from(until.as_second().saturating_sub(at.as_second())).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp::UNIX_EPOCH;

    fn answered(status: u16, body: &str, headers: &[(&str, &str)]) -> Answered {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Answered { status, headers, body: body.into(), cut_off: false, peer: None }
    }

    /// `done+`, `done-`, `accepted`, `again`, `refused`, `unknown`.
    fn word(answer: &Answer) -> &'static str {
        match answer {
            Answer::Done { success: true, .. } => "done+",
            Answer::Done { .. } => "done-",
            Answer::Accepted { .. } => "accepted",
            Answer::NotPerformed { .. } => "again",
            Answer::Refused { .. } => "refused",
            Answer::Unknown { .. } => "unknown",
        }
    }

    /// The table of `docs/webhooks.md`.
    #[test]
    fn every_status_has_one_meaning() {
        // status, synchronized and dedupes, synchronized, asynchronous and dedupes, asynchronous
        let table = [
            (200, ["done+", "done+", "accepted", "accepted"]),
            (202, ["done+", "done+", "accepted", "accepted"]),
            (204, ["done+", "done+", "accepted", "accepted"]),
            (301, ["done-", "done-", "refused", "refused"]),
            (307, ["done-", "done-", "refused", "refused"]),
            (400, ["done-", "done-", "refused", "refused"]),
            (404, ["done-", "done-", "refused", "refused"]),
            (408, ["again", "refused", "again", "refused"]),
            (409, ["done-", "done-", "refused", "refused"]),
            (425, ["again", "refused", "again", "refused"]),
            (429, ["again", "refused", "again", "refused"]),
            (500, ["done-", "done-", "unknown", "unknown"]),
            (501, ["done-", "done-", "refused", "refused"]),
            (502, ["again", "unknown", "again", "unknown"]),
            (503, ["again", "unknown", "again", "unknown"]),
            (504, ["again", "unknown", "again", "unknown"]),
            (599, ["done-", "done-", "unknown", "unknown"]),
            (101, ["unknown", "unknown", "unknown", "unknown"]),
            (999, ["unknown", "unknown", "unknown", "unknown"]),
        ];
        for (status, expected) in table {
            let answered = answered(status, "", &[]);
            let found = [(true, true), (true, false), (false, true), (false, false)]
                .map(|(synchronized, dedupes)| word(&read(&answered, synchronized, dedupes, AT, &Scrub::default())));
            assert_eq!(found, expected, "{status}");
        }
    }

    /// Whatever is answered, a receiver that does not dedupe is never asked again by itself.
    #[test]
    fn who_does_not_dedupe_is_never_asked_again() {
        for status in 100..1000 {
            for synchronized in [true, false] {
                let answer = read(&answered(status, "", &[("retry-after", "1")]), synchronized, false, AT, &Scrub::default());
                assert!(!matches!(answer, Answer::NotPerformed { .. }), "{status}");
            }
        }
    }

    #[test]
    fn what_the_receiver_asks_us_to_wait_is_heeded() {
        let after = |value: &str| match read(&answered(429, "", &[("retry-after", value)]), true, true, AT, &Scrub::default()) {
            Answer::NotPerformed { after, .. } => after,
            other => panic!("{other:?}"),
        };
        assert_eq!(after("120"), Some(120));
        assert_eq!(after("Thu, 01 Jan 1970 00:02:00 GMT"), Some(120));
        assert_eq!(after("Wed, 31 Dec 1969 00:00:00 GMT"), Some(0));
        assert_eq!(after("soon"), None);
        assert_eq!(after("-5"), None);
        assert_eq!(after("99999999999999999999999"), None);
    }

    #[test]
    fn what_the_receiver_says_is_short_in_one_line_and_without_secrets() {
        let mut scrub = Scrub::default();
        scrub.add("canary-of-a-secret");
        let body = format!("\u{1b}[31mno\r\n\u{202e}canary-of-a-secret {}", "x".repeat(600));
        let Answer::Done { says, .. } = read(&answered(200, &body, &[]), true, true, AT, &scrub) else { panic!() };
        assert!(says.starts_with("[31mno *** xxx"), "{says}");
        assert_eq!(says.chars().count(), MOST_SAID + 1);
        let Answer::Refused { why } = read(&answered(403, "canary-of-a-secret", &[]), false, true, AT, &scrub) else { panic!() };
        assert_eq!(why, "the receiver answered 403: ***");
    }
}
