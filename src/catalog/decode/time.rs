//! Durations such as `14d`, and moments such as `2026-01-01`.

use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::catalog::shown::shown;
use crate::model::{RuleDoc, Timestamp};

use super::cursor::{Cursor, Decoder};

pub(super) const RULES: &[RuleDoc] = &[
    RuleDoc {
        id: "document/duration",
        summary: "A duration is a whole number and a unit (`90s`, `30m`, `1h`, `14d`, `2w`), from one second to ten years.",
        remedy: "Write it so.",
    },
    RuleDoc {
        id: "document/date",
        summary: "A moment is a date (`2026-01-01`) or an RFC 3339 time with its offset (`2026-01-01T09:00:00Z`).",
        remedy: "Write it so.",
    },
];

const DAY: u64 = 24 * 3600;

/// Ten years: far beyond any wait, and safe to add to any moment.
const LONGEST: u64 = 3650 * DAY;

const UNITS: [(char, u64); 5] = [('w', 7 * DAY), ('d', DAY), ('h', 3600), ('m', 60), ('s', 1)];

pub(super) fn duration(d: &mut Decoder<'_>, at: Cursor<'_, '_>) -> Option<Duration> {
    let text = d.text(at)?;
    let parsed = UNITS.iter().find_map(|(unit, seconds)| {
        let digits = text.strip_suffix(*unit).filter(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))?;
        digits.parse::<u64>().ok()?.checked_mul(*seconds).filter(|s| (1..=LONGEST).contains(s))
    });
    if parsed.is_none() {
        let help = "write a whole number and a unit: 90s, 30m, 1h, 14d or 2w; at most ten years";
        d.error("document/duration", at, format!("`{}` is not a duration", shown(text)), help);
    }
    parsed.map(Duration::from_secs)
}

/// The shortest text that [`duration`] reads back to the same.
pub(in crate::catalog) fn duration_text(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (unit, length) = UNITS.iter().find(|(_, length)| seconds.is_multiple_of(*length)).unwrap_or(&('s', 1));
    format!("{}{unit}", seconds / length)
}

/// The beginning of a moment's date, or, where `end`, the end of it; an exact time is itself.
pub(super) fn moment(d: &mut Decoder<'_>, at: Cursor<'_, '_>, end: bool) -> Option<Timestamp> {
    let text = d.text(at)?;
    let parsed = if text.len() == "2026-01-01".len() { date(text, end) } else { exact(text) };
    if parsed.is_none() {
        let help = "write a date (2026-01-01) or a time with its offset (2026-01-01T09:00:00Z)";
        d.error("document/date", at, format!("`{}` is not a date or time", shown(text)), help);
    }
    parsed
}

fn date(text: &str, end: bool) -> Option<Timestamp> {
    let date: Date = text.parse().ok()?;
    let date = if end { date.tomorrow().ok()? } else { date };
    date.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

/// RFC 3339 and nothing of what the library reads besides (spaces, week dates, zone names).
pub(in crate::catalog) fn exact(text: &str) -> Option<Timestamp> {
    let shaped = text.as_bytes().get(10) == Some(&b'T') && text.bytes().all(|b| b.is_ascii_digit() || b"-+:.TZ".contains(&b));
    shaped.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_written_as_shortly_as_it_can_be() {
        for (seconds, text) in [(90, "90s"), (1800, "30m"), (3600, "1h"), (14 * DAY, "2w"), (15 * DAY, "15d"), (1, "1s")] {
            assert_eq!(duration_text(Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn a_bare_date_counts_whole() {
        assert_eq!(date("2026-01-01", false).unwrap().to_string(), "2026-01-01T00:00:00Z");
        assert_eq!(date("2026-12-31", true).unwrap().to_string(), "2027-01-01T00:00:00Z");
        assert_eq!(date("9999-12-31", true), None);
        assert_eq!(exact("2026-01-01T09:00:00+02:00").unwrap().to_string(), "2026-01-01T07:00:00Z");
        assert_eq!(exact("2026-01-01 09:00:00Z"), None);
        assert_eq!(exact("2026-01-01T09:00:00"), None);
    }
}
