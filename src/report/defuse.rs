//! Makes what strangers wrote harmless to whoever reads it: no character may move a cursor, turn the direction of
//! writing, hide, or end a line that is not ours to end.

use crate::model::is_invisible;

/// The longest piece of a stranger's text that is repeated to a person; machines get all of it.
const LONGEST: usize = 2_000;

/// Whether a reader could be deceived by this character.
pub(super) fn is_hostile(c: char) -> bool {
    // The two separators end a line in some programs although no one sees them.
    is_invisible(c) || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Text for the middle of our own line: hostile characters are written as their escapes, `\u{1b}`, line breaks as `\n`.
pub fn prose(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.chars().enumerate() {
        if at == LONGEST {
            out.push('…');
            break;
        }
        match c {
            '\n' | '\r' | '\t' => out.extend(c.escape_default()),
            c if is_hostile(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}

/// Text that may have several lines of its own: as [`prose`], line by line.
pub fn paragraphs(text: &str) -> String {
    text.lines().map(prose).collect::<Vec<_>>().join("\n")
}

/// A line of source: one visible character for each hostile one, so that columns stay true.
pub fn line(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            // Columns count characters, and a tab is drawn wider than one by some terminals.
            '\t' => ' ',
            '\u{7f}' => '\u{2421}',
            c if u32::from(c) < 0x20 => char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}'),
            c if is_hostile(c) => '\u{fffd}',
            c => c,
        })
        .collect()
}

/// Finished JSON in which every hostile character is written as an escape: no program sees a difference, no terminal is
/// deceived. Line breaks between tokens stay.
pub fn json_safe(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if c != '\n' && is_hostile(c) {
            let mut units = [0u16; 2];
            for unit in c.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const ATTACK: &str = "a\u{1b}[2J\u{202e}b\u{200b}\r\n::error::\u{9b}31m\u{2028}\u{e0041}";

    #[test]
    fn nothing_hostile_is_left_in_prose() {
        let out = prose(ATTACK);
        assert!(!out.chars().any(is_hostile), "{out:?}");
        assert_eq!(out, "a\\u{1b}[2J\\u{202e}b\\u{200b}\\r\\n::error::\\u{9b}31m\\u{2028}\\u{e0041}");
    }

    #[test]
    fn a_line_keeps_its_columns() {
        let out = line(ATTACK);
        assert!(!out.chars().any(is_hostile), "{out:?}");
        assert_eq!(out.chars().count(), ATTACK.chars().count());
    }

    #[test]
    fn json_means_the_same() {
        let json = serde_json::to_string_pretty(&serde_json::json!({ ATTACK: [ATTACK] })).unwrap();
        let safe = json_safe(&json);
        assert!(!safe.chars().any(|c| c != '\n' && is_hostile(c)), "{safe:?}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&safe).unwrap(), serde_json::json!({ ATTACK: [ATTACK] }));
    }

    #[test]
    fn a_flood_ends() {
        assert_eq!(prose(&"x".repeat(70_000)).chars().count(), LONGEST + 1);
    }
}
