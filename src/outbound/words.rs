//! Texts of strangers, made fit to be shown: one line, of bounded length, without control characters.

/// At most `most` characters of a text, in one line; what is invisible or gives commands to a terminal becomes a space.
pub(crate) fn plain(text: &str, most: usize) -> String {
    let mut out = String::new();
    let mut shown = 0;
    for c in text.chars() {
        let c = if c.is_control() || is_invisible(c) || c.is_whitespace() { ' ' } else { c };
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

/// Marks that turn the direction of writing, join, or are not drawn at all.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}
