//! What an answer says about limits: how much is left, and how long to wait.

use std::time::Duration;

use http::header::{DATE, HeaderMap, RETRY_AFTER};

use crate::model::Timestamp;

/// What GitHub asks for where it names no time: "at least one minute".
const UNNAMED: Duration = Duration::from_secs(60);

/// No wait is believed to be longer: limits are counted by the hour.
const LONGEST: Duration = Duration::from_secs(2 * 60 * 60);

/// The quota, as an answer tells it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Rate {
    /// Requests an hour.
    pub(super) limit: u64,
    /// How many of them are left.
    pub(super) remaining: u64,
    /// How long until they are whole again.
    pub(super) resets_in: Duration,
}

/// We were turned away for asking too much.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Limit {
    /// How long to wait.
    pub(super) wait: Duration,
    /// Whether it is for the way we ask and not for the hour's quota.
    pub(super) secondary: bool,
}

/// The quota of the requests we make; `None` where an answer does not say, or speaks of another one (search).
pub(super) fn rate(headers: &HeaderMap, now: Timestamp) -> Option<Rate> {
    if text(headers, "x-ratelimit-resource").is_some_and(|resource| resource != "core") {
        return None;
    }
    let limit = number(headers, "x-ratelimit-limit").filter(|limit| *limit > 0)?;
    Some(Rate { limit, remaining: number(headers, "x-ratelimit-remaining")?.min(limit), resets_in: resets_in(headers, now)? })
}

/// The server's clock.
pub(super) fn date(headers: &HeaderMap) -> Option<Timestamp> {
    http_date(headers.get(DATE)?.to_str().ok()?)
}

/// How long a server asks to be left alone, by the server's clock.
pub(super) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => Duration::try_from(http_date(text)?.duration_since(now)).unwrap_or_default(),
    };
    Some(wait.clamp(Duration::from_secs(1), LONGEST))
}

/// Whether an answer turns us away for asking too much; `said` is what its body says.
pub(super) fn limit(status: u16, headers: &HeaderMap, said: &str, now: Timestamp) -> Option<Limit> {
    if status != 403 && status != 429 {
        return None;
    }
    let exhausted = number(headers, "x-ratelimit-remaining") == Some(0);
    let said = said.to_ascii_lowercase();
    let secondary = said.contains("secondary rate limit") || said.contains("abuse detection");
    if let Some(wait) = retry_after(headers, now) {
        return Some(Limit { wait, secondary: secondary || !exhausted });
    }
    if secondary {
        return Some(Limit { wait: UNNAMED, secondary });
    }
    if exhausted {
        return Some(Limit { wait: resets_in(headers, now).unwrap_or(UNNAMED), secondary });
    }
    (status == 429 || said.contains("rate limit exceeded")).then_some(Limit { wait: UNNAMED, secondary: status == 429 })
}

/// Until the quota is whole again, with a second for clocks that are cut to seconds.
fn resets_in(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let at = Timestamp::from_second(i64::try_from(number(headers, "x-ratelimit-reset")?).ok()?).ok()?;
    Some(Duration::try_from(at.duration_since(now)).unwrap_or_default().saturating_add(Duration::from_secs(1)).min(LONGEST))
}

fn http_date(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text.trim()).ok()
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    text(headers, name)?.trim().parse().ok()
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (http::HeaderName::from_static(name), http::HeaderValue::from_static(value))).collect()
    }

    fn now() -> Timestamp {
        Timestamp::from_second(1_000_000).unwrap()
    }

    fn secondary(wait: u64) -> Option<Limit> {
        Some(Limit { wait: Duration::from_secs(wait), secondary: true })
    }

    #[test]
    fn the_quota_is_read() {
        let told = headers(&[("x-ratelimit-limit", "5000"), ("x-ratelimit-remaining", "4999"), ("x-ratelimit-reset", "1000060")]);
        assert_eq!(rate(&told, now()), Some(Rate { limit: 5000, remaining: 4999, resets_in: Duration::from_secs(61) }));
        let past = headers(&[("x-ratelimit-limit", "60"), ("x-ratelimit-remaining", "70"), ("x-ratelimit-reset", "9")]);
        assert_eq!(rate(&past, now()), Some(Rate { limit: 60, remaining: 60, resets_in: Duration::from_secs(1) }));
    }

    #[test]
    fn the_quota_of_something_else_is_not_ours() {
        let search = [
            ("x-ratelimit-limit", "30"),
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", "9"),
            ("x-ratelimit-resource", "search"),
        ];
        assert_eq!(rate(&headers(&search), now()), None);
        assert_eq!(rate(&headers(&[("x-ratelimit-limit", "nonsense")]), now()), None);
        assert_eq!(
            rate(&headers(&[("x-ratelimit-limit", "0"), ("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "9")]), now()),
            None
        );
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        assert_eq!(retry_after(&headers(&[("retry-after", "7")]), now()), Some(Duration::from_secs(7)));
        assert_eq!(
            retry_after(&headers(&[("retry-after", "Mon, 12 Jan 1970 13:47:10 GMT")]), now()),
            Some(Duration::from_secs(30))
        );
        assert_eq!(
            retry_after(&headers(&[("retry-after", "Mon, 12 Jan 1970 13:00:00 GMT")]), now()),
            Some(Duration::from_secs(1))
        );
        assert_eq!(retry_after(&headers(&[("retry-after", "0")]), now()), Some(Duration::from_secs(1)));
        assert_eq!(retry_after(&headers(&[("retry-after", "999999999")]), now()), Some(LONGEST));
        assert_eq!(retry_after(&headers(&[("retry-after", "-3")]), now()), None);
        assert_eq!(retry_after(&headers(&[]), now()), None);
    }

    #[test]
    fn a_limit_is_told_from_a_plain_no() {
        assert_eq!(limit(403, &headers(&[]), "Resource not accessible by integration", now()), None);
        assert_eq!(limit(404, &headers(&[("retry-after", "7")]), "", now()), None);
        assert_eq!(limit(403, &headers(&[("retry-after", "7")]), "", now()), secondary(7));
        assert_eq!(limit(403, &headers(&[]), "You have exceeded a secondary rate limit.", now()), secondary(60));
        assert_eq!(limit(429, &headers(&[]), "", now()), secondary(60));
        let spent = headers(&[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1000100")]);
        assert_eq!(
            limit(403, &spent, "API rate limit exceeded", now()),
            Some(Limit { wait: Duration::from_secs(101), secondary: false })
        );
    }
}
