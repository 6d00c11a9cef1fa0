//! Author and committer lines: text that anyone can write, read strictly so that it has one meaning.

use crate::model::Timestamp;

/// A name, an address and a time, as a commit's header claims them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ident {
    /// The name, shown only.
    pub name: String,
    /// The address, without its angle brackets.
    pub email: String,
    /// The time; `None` where the number lies beyond what a calendar can name.
    pub when: Option<Timestamp>,
    /// Minutes east of UTC.
    pub offset: i32,
}

impl Ident {
    /// Reads `Name <email> seconds zone`, with exactly one pair of angle brackets.
    pub(super) fn parse(line: &[u8]) -> Result<Self, &'static str> {
        let text = String::from_utf8_lossy(line);
        let (name, rest) = text.split_once('<').ok_or("it has no address in angle brackets")?;
        let (email, when) = rest.split_once('>').ok_or("its address does not end")?;
        if name.contains('>') || email.contains('<') || when.contains(['<', '>']) {
            return Err("it has more than one pair of angle brackets");
        }
        if text.contains('\0') {
            return Err("it has a NUL byte in it");
        }
        let (seconds, zone) = when.strip_prefix(' ').and_then(|w| w.split_once(' ')).ok_or("its time is not `seconds zone`")?;
        let is_number = !seconds.is_empty() && seconds.bytes().all(|b| b.is_ascii_digit());
        if !is_number {
            return Err("its time is not a number of seconds");
        }
        let when = seconds.parse::<i64>().ok().and_then(|s| Timestamp::from_second(s).ok());
        let offset = parse_zone(zone).ok_or("its time zone is not like `+0200`")?;
        // What git itself takes for white space, and not what Unicode does: an address is the one that git shows.
        let trim = |text: &str| text.trim_matches([' ', '\t', '\r']).to_owned();
        Ok(Self { name: trim(name), email: trim(email), when, offset })
    }
}

fn parse_zone(zone: &str) -> Option<i32> {
    let (sign, digits) = match zone.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    // Git writes four digits; old tools wrote more, and nothing here depends on the zone.
    if !(4..=7).contains(&digits.len()) || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number: i32 = digits.parse().ok()?;
    Some(sign * (number / 100 * 60 + number % 100))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_git_writes() {
        let ident = Ident::parse(b"Alice Liddell <alice@acme.dev> 1700000000 -0330").unwrap();
        assert_eq!((ident.name.as_str(), ident.email.as_str()), ("Alice Liddell", "alice@acme.dev"));
        assert_eq!(ident.when, Some(Timestamp::from_second(1_700_000_000).unwrap()));
        assert_eq!(ident.offset, -210);
        assert_eq!(Ident::parse(b" <> 0 +0000").unwrap().email, "");
    }

    #[test]
    fn an_address_with_an_invisible_space_is_another() {
        let ident = Ident::parse("Mallory <\u{a0}alice@acme.dev\u{2003}> 1 +0000".as_bytes()).unwrap();
        assert_eq!(ident.email, "\u{a0}alice@acme.dev\u{2003}");
        assert_eq!(Ident::parse(b"Alice < alice@acme.dev\t> 1 +0000").unwrap().email, "alice@acme.dev");
    }

    #[test]
    fn refuses_lines_with_two_meanings() {
        for bad in [
            &b"Mallory <mallory@evil.example> <alice@acme.dev> 1 +0000"[..],
            b"Mallory > <alice@acme.dev> 1 +0000",
            b"Mallory <alice@acme.dev 1 +0000",
            b"Mallory 1 +0000",
            b"Mallory <a@b>1 +0000",
            b"Mallory <a@b> -1 +0000",
            b"Mallory <a@b> 1",
            b"Mallory <a@b> 1 UTC",
            b"Mal\0lory <a@b> 1 +0000",
        ] {
            assert!(Ident::parse(bad).is_err(), "{}", String::from_utf8_lossy(bad));
        }
    }

    #[test]
    fn a_time_beyond_the_calendar_is_no_time() {
        assert_eq!(Ident::parse(b"A <a@b> 99999999999999999999 +0000").unwrap().when, None);
    }
}
