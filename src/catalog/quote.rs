//! Typographic quotes where straight ones belong: what a word processor makes of JSON.

use std::borrow::Cow;

use crate::model::{RuleDoc, Span};

use super::node::Problem;

/// The rule for quotes, in YAML and JSON alike.
pub(super) const RULES: &[RuleDoc] = &[RuleDoc {
    id: "document/typographic-quote",
    summary: "Texts stand in straight quotes (\" or '), not in typographic ones (“ ” „ ‟ ‘ ’).",
    remedy: "Replace them by straight quotes; a text that really is in typographic quotes goes into straight ones: \"“so”\".",
}];

/// Whether this is a quote that a word processor makes of `"`.
pub(super) fn is_double(c: char) -> bool {
    matches!(c, '\u{201C}' | '\u{201D}' | '\u{201E}' | '\u{201F}' | '\u{2033}' | '\u{FF02}')
}

/// Whether this is a quote that a word processor makes of `'`.
pub(super) fn is_single(c: char) -> bool {
    matches!(c, '\u{2018}' | '\u{2019}' | '\u{201A}' | '\u{201B}' | '\u{FF07}')
}

/// Whether a plain text begins with a typographic quote that was meant to be syntax; `“So” she said` is prose.
pub(super) fn opens(text: &str) -> bool {
    let mut chars = text.chars();
    match chars.next() {
        Some(c) if is_double(c) => {
            let rest = chars.as_str();
            rest.ends_with(is_double) || !rest.contains(is_double)
        }
        Some(c) if is_single(c) => chars.as_str().ends_with(is_single),
        _ => false,
    }
}

/// The typographic quotes of one file: told once, with their number.
#[derive(Debug, Default)]
pub(super) struct TypographicQuotes {
    first: Option<(Span, char)>,
    texts: usize,
}

impl TypographicQuotes {
    /// Notes one text in such quotes.
    pub(super) fn note(&mut self, span: Span, quote: char) {
        self.first.get_or_insert((span, quote));
        self.texts += 1;
    }

    /// The text without its typographic quotes, so that the rest of the document can be judged too.
    pub(super) fn strip<'a>(&mut self, text: Cow<'a, str>, span: Span) -> Cow<'a, str> {
        let Some(first) = text.chars().next().filter(|_| opens(&text)) else { return text };
        self.note(span, first);
        let inner = text.strip_prefix(first).unwrap_or(&text);
        let inner = inner.strip_suffix(|c| is_double(c) || is_single(c)).unwrap_or(inner);
        Cow::Owned(inner.to_owned())
    }

    /// The problem, where there is one.
    pub(super) fn problem(&self) -> Option<Problem> {
        let (span, quote) = self.first?;
        let others = match self.texts {
            1 => String::new(),
            2 => " (and one more text in this file)".to_owned(),
            n => format!(" (and {} more texts in this file)", n - 1),
        };
        Some(Problem::new(
            "document/typographic-quote",
            span,
            format!("the text here is in typographic quotes ({quote}), which quote nothing{others}"),
            "replace “ and ” by the straight quote \" throughout the file; a text that really is in typographic quotes goes into straight \
             ones: \"“so”\"",
        ))
    }
}
