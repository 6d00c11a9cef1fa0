//! Texts in JSON: quotes and escapes.

use std::borrow::Cow;

use crate::catalog::builder::Fatal;
use crate::catalog::quote;
use crate::model::Span;

use super::Reader;

impl<'a> Reader<'a> {
    /// A text in quotes of any sort; only `"` is right.
    pub(super) fn text(&mut self, open: char) -> Result<(Cow<'a, str>, Span), Fatal> {
        let start = self.here();
        self.bump();
        let closes = |c: char| match open {
            '"' | '\'' => c == open,
            _ => c == '"' || quote::is_double(c) || quote::is_single(c),
        };
        let mut text = Cow::Borrowed("");
        loop {
            self.builder.patience()?;
            let plain = self.rest.split(|c| closes(c) || matches!(c, '\\' | '\n' | '\r' | '\t')).next().unwrap_or_default();
            self.skip(plain);
            if text.is_empty() {
                text = Cow::Borrowed(plain)
            } else {
                text.to_mut().push_str(plain)
            }
            match self.peek() {
                Some('\\') => self.escape(text.to_mut())?,
                Some('\t') => {
                    let at = self.here();
                    self.builder.problem("json/escape", at, "a tab stands inside a text", "write \\t");
                    text.to_mut().push('\t');
                    self.bump();
                }
                Some('\n' | '\r') | None => {
                    let end = Span { end_line: self.line, end_column: self.column, ..start };
                    self.builder.problem(
                        "json/syntax",
                        end,
                        "the text is not closed on its line",
                        "close it with \"; write a line break as \\n",
                    );
                    return Err(Fatal);
                }
                Some(_) => break,
            }
        }
        self.bump();
        let span = Span { end_line: self.line, end_column: self.column, ..start };
        match open {
            '"' => {}
            '\'' => self.builder.problem("json/quote", span, "a text stands in double quotes, not in single ones", "write \"…\""),
            other => self.quotes.note(span, other),
        }
        Ok((text, span))
    }

    fn escape(&mut self, text: &mut String) -> Result<(), Fatal> {
        let at = self.here();
        self.bump();
        let c = match self.peek() {
            Some('"') => '"',
            Some('\\') => '\\',
            Some('/') => '/',
            Some('b') => '\u{8}',
            Some('f') => '\u{C}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('u') => {
                self.bump();
                text.push(self.unicode_escape(at));
                return Ok(());
            }
            _ => {
                let at = Span { end_column: at.column + 2, ..at };
                self.builder.problem("json/escape", at, "this escape is not known to JSON", "write \\\\ for a backslash");
                return Ok(());
            }
        };
        text.push(c);
        self.bump();
        Ok(())
    }

    fn unicode_escape(&mut self, at: Span) -> char {
        let decoded = self.hex().and_then(|unit| match unit {
            0xD800..=0xDBFF if self.rest.starts_with("\\u") => {
                self.skip("\\u");
                let low = self.hex().filter(|low| (0xDC00..=0xDFFF).contains(low))?;
                char::from_u32(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00))
            }
            _ => char::from_u32(unit), // half a surrogate pair is no character
        });
        decoded.unwrap_or_else(|| {
            let at = Span { end_line: self.line, end_column: self.column, ..at };
            self.builder.problem(
                "json/escape",
                at,
                "this \\u escape is no character",
                "write four hexadecimal digits; characters beyond U+FFFF are a pair such as \\ud83d\\ude80",
            );
            char::REPLACEMENT_CHARACTER
        })
    }

    fn hex(&mut self) -> Option<u32> {
        let digits = self.rest.get(..4).filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()))?;
        self.skip(digits);
        u32::from_str_radix(digits, 16).ok()
    }
}
