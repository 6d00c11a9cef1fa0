//! A notice as plain text: of mails for whoever reads no HTML.

use std::fmt::Write as _;

use super::Notice;
use super::words::wording;

/// A few lines.
pub fn text(notice: &Notice) -> String {
    let words = wording(notice);
    let mut out = format!("{}\n\n{}\n\n", words.headline, words.why);
    for (name, value) in &words.facts {
        let _ = writeln!(out, "{name}: {value}"); // writing to a String never fails
    }
    for (_, link) in &words.links {
        let _ = write!(out, "\n{link}\n");
    }
    out
}
