//! Text of a file inside a message: cut short, and with nothing in it that a terminal would obey or an eye would miss.

use std::fmt::Write;

use crate::model::is_invisible;

const LONGEST: usize = 60;

/// The text as a person may see it.
pub(super) fn shown(text: &str) -> String {
    let mut out = String::new();
    for (i, c) in text.chars().enumerate() {
        if i == LONGEST {
            out.push('…');
            break;
        }
        if is_invisible(c) {
            let _ = write!(out, "{}", c.escape_default()); // writing to a String cannot fail
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn escapes_are_seen_and_quotes_stay() {
        assert_eq!(shown("it's \"ü\""), "it's \"ü\"");
        assert_eq!(shown("a\u{1b}[31m\u{202e}b"), "a\\u{1b}[31m\\u{202e}b");
        assert_eq!(shown(&"x".repeat(100)).chars().count(), 61);
    }
}
