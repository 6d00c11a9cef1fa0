//! Texts of strangers, made fit to be shown: one line, of bounded length, without control characters.

use crate::model::is_invisible;

/// At most `most` characters of a text, in one line; what is invisible or gives commands to a terminal becomes a space.
pub(crate) fn plain(text: &str, most: usize) -> String {
    let mut out = String::new();
    let mut shown = 0;
    for c in text.chars() {
        let c = if is_invisible(c) || c.is_whitespace() { ' ' } else { c };
        if c == ' ' && (out.is_empty() || out.ends_with(' ')) {
            continue;
        }
        if shown == most {
            out.push('…');
            break;
        }
        out.push(c);
        shown += 1;
    }
    out.trim_end().to_owned()
}
