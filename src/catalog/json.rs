//! Strict JSON: the same positioned nodes as from YAML, read without recursion; common slips are told and read on.

use std::borrow::Cow;

use crate::model::{Limits, RuleDoc, Span};

use super::builder::{Builder, Fatal};
use super::node::{NodeKind, Problem, Tree, point};
use super::quote::{self, TypographicQuotes};
use word::{bare_help, number};

mod text;
mod word;

/// The rules for JSON.
pub(super) const RULES: &[RuleDoc] = &[
    RuleDoc {
        id: "json/syntax",
        summary: "A .json file is well-formed JSON.",
        remedy: "Mend the text where the finding points; the message says what was expected.",
    },
    RuleDoc {
        id: "json/comma",
        summary: "Commas stand between entries, and nowhere else.",
        remedy: "Remove a comma before a closing bracket; add one between two entries.",
    },
    RuleDoc {
        id: "json/comment",
        summary: "JSON has no comments.",
        remedy: "Remove the comment, or rename the file to .yaml, where `#` begins one.",
    },
    RuleDoc {
        id: "json/quote",
        summary: "Keys and texts stand in double quotes.",
        remedy: "Write \"…\" instead of '…' or bare words.",
    },
    RuleDoc {
        id: "json/escape",
        summary: "A text uses JSON's own escapes, and surrogates in pairs.",
        remedy: "Write \\\\ for a backslash, \\t for a tab, \\n for a line break, \\uXXXX for any other character.",
    },
    RuleDoc {
        id: "json/number",
        summary: "A number is written as JSON writes it.",
        remedy: "No leading zeros, no plus sign, digits on both sides of the point.",
    },
];

/// Reads one JSON document; total, linear in the text, and never recursive.
pub(super) fn read_json<'a>(text: &'a str, limits: &Limits) -> Tree<'a> {
    let mut reader = Reader {
        rest: text,
        line: 1,
        column: 1,
        builder: Builder::new(limits),
        quotes: TypographicQuotes::default(),
        nest: Vec::new(),
    };
    let complete = reader.run().is_ok();
    let Reader { mut builder, quotes, .. } = reader;
    builder.problems.extend(quotes.problem());
    builder.finish(complete)
}

#[derive(Clone, Copy, PartialEq)]
enum Nest {
    List,
    Map,
}

struct Reader<'a> {
    rest: &'a str,
    line: u32,
    column: u32,
    builder: Builder<'a>,
    quotes: TypographicQuotes,
    nest: Vec<Nest>,
}

impl<'a> Reader<'a> {
    fn run(&mut self) -> Result<(), Fatal> {
        self.space()?;
        if self.rest.is_empty() {
            return Ok(());
        }
        self.value()?;
        while let Some(&nest) = self.nest.last() {
            self.space()?;
            self.entry_or_end(nest)?;
        }
        self.space()?;
        match self.peek() {
            None => Ok(()),
            Some(_) => self.fatal("the document is over before this", "a .json file holds one value; check the brackets above"),
        }
    }

    /// After a value inside a collection, or right after its opening bracket.
    fn entry_or_end(&mut self, nest: Nest) -> Result<(), Fatal> {
        let close = if nest == Nest::List { ']' } else { '}' };
        let first = self.builder.is_empty_collection();
        let mut comma = None;
        while self.peek() == Some(',') {
            let at = self.here();
            if first || comma.is_some() {
                self.builder.problem("json/comma", at, "a comma stands here without an entry before it", "remove it");
                self.builder.patience()?;
            }
            comma = Some(at);
            self.bump();
            self.space()?;
        }
        match self.peek() {
            Some(c) if c == close => {
                if let Some(at) = comma.filter(|_| !first) {
                    self.builder.problem("json/comma", at, format!("a comma stands before the closing {close}"), "remove it");
                }
                let at = self.here();
                self.bump();
                self.nest.pop();
                self.builder.close(Some(at));
                return Ok(());
            }
            None => {
                return self
                    .fatal(&format!("the file ends before the closing {close}"), "close every bracket; is the file cut off?");
            }
            Some(c @ (']' | '}')) => {
                return self.fatal(
                    &format!("{c} stands where {close} was expected"),
                    "close the brackets in the order they were opened",
                );
            }
            Some(_) => {}
        }
        if comma.is_none() && !first {
            let at = self.here();
            self.builder.problem("json/comma", at, "a comma is missing before this entry", "write a comma between two entries");
        }
        match nest {
            Nest::List => self.value(),
            Nest::Map => self.pair(),
        }
    }

    fn pair(&mut self) -> Result<(), Fatal> {
        let (key, span) = match self.peek() {
            Some(c) if c == '"' || c == '\'' || quote::is_double(c) || quote::is_single(c) => self.text(c)?,
            Some(c) if is_word(c) => {
                let (word, span) = self.word();
                self.builder.problem("json/quote", span, "a key stands in double quotes", format!("write \"{word}\""));
                (Cow::Borrowed(word), span)
            }
            Some(c @ ('{' | '[')) => {
                return self.fatal(&format!("{c} stands where a key was expected"), "write a text in double quotes");
            }
            _ => return self.fatal("a key was expected here", "write a text in double quotes"),
        };
        self.builder.key(key, span)?;
        self.space()?;
        if self.peek() != Some(':') {
            return self.fatal("a colon was expected after the key", "write \"key\": value");
        }
        self.bump();
        self.space()?;
        self.value()
    }

    fn value(&mut self) -> Result<(), Fatal> {
        let start = self.here();
        match self.peek() {
            Some('{') => {
                self.builder.open_map(start)?;
                self.nest.push(Nest::Map);
                self.bump();
                Ok(())
            }
            Some('[') => {
                self.builder.open_list(start)?;
                self.nest.push(Nest::List);
                self.bump();
                Ok(())
            }
            Some(c) if c == '"' || c == '\'' || quote::is_double(c) || quote::is_single(c) => {
                let (text, span) = self.text(c)?;
                self.builder.scalar(NodeKind::Text(text), span)
            }
            Some(c) if is_word(c) => self.bare(),
            Some(c) => self.fatal(
                &format!("`{}` cannot begin a value", c.escape_debug()),
                "write a text in double quotes, a number, true, false, null, [ or {",
            ),
            None => self.fatal("the file ends where a value was expected", "is the file cut off?"),
        }
    }

    /// A number, `true`, `false`, `null`, or a text that lost its quotes.
    fn bare(&mut self) -> Result<(), Fatal> {
        let (word, span) = self.word();
        let kind = match word {
            "null" => NodeKind::Null,
            "true" => NodeKind::Bool(true),
            "false" => NodeKind::Bool(false),
            _ => match number(word) {
                Ok(kind) => kind,
                Err(None) => {
                    let rule = if word.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.')) {
                        "json/number"
                    } else {
                        "json/quote"
                    };
                    let message = if rule == "json/number" {
                        format!("{word} is not a number as JSON writes it")
                    } else {
                        "a text stands in double quotes".to_owned()
                    };
                    self.builder.problem(rule, span, message, bare_help(word));
                    NodeKind::Broken
                }
                Err(Some(why)) => {
                    let (rule, message, help) = why.explain(word);
                    self.builder.problems.push(Problem::new(rule, span, message, help));
                    NodeKind::Broken
                }
            },
        };
        self.builder.scalar(kind, span)
    }

    fn word(&mut self) -> (&'a str, Span) {
        let start = self.here();
        let word = self.rest.split(|c| !is_word(c)).next().unwrap_or_default();
        self.skip(word);
        (word, Span { end_line: self.line, end_column: self.column, ..start })
    }

    /// Skips white space, and comments with a complaint.
    fn space(&mut self) -> Result<(), Fatal> {
        loop {
            let blank = self.rest.split(|c| !matches!(c, ' ' | '\t' | '\n' | '\r')).next().unwrap_or_default();
            self.skip(blank);
            let comment = if self.rest.starts_with("//") || self.rest.starts_with('#') {
                self.rest.split('\n').next().unwrap_or_default().trim_end()
            } else if self.rest.starts_with("/*") {
                match self.rest.find("*/").and_then(|end| self.rest.get(..end + 2)) {
                    Some(comment) => comment,
                    None => return self.fatal("this comment is never closed", "JSON has no comments: remove it"),
                }
            } else {
                return Ok(());
            };
            let start = self.here();
            self.skip(comment);
            let span = Span { end_line: self.line, end_column: self.column, ..start };
            self.builder.problem(
                "json/comment",
                span,
                "JSON has no comments",
                "remove it, or rename the file to .yaml, where # begins one",
            );
            self.builder.patience()?;
        }
    }

    fn fatal(&mut self, message: &str, help: &str) -> Result<(), Fatal> {
        let at = self.here();
        self.builder.problem("json/syntax", at, message, help);
        Err(Fatal)
    }

    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    /// The next character's place; at the end of the text it has no width.
    fn here(&self) -> Span {
        let mut span = point(self.line, self.column);
        span.end_column += u32::from(self.peek().is_some_and(|c| c != '\n' && c != '\r'));
        span
    }

    fn bump(&mut self) {
        let mut chars = self.rest.chars();
        if let Some(c) = chars.next() {
            self.rest = chars.as_str();
            self.advance(c);
        }
    }

    fn skip(&mut self, taken: &str) {
        taken.chars().for_each(|c| self.advance(c));
        self.rest = self.rest.get(taken.len()..).unwrap_or_default();
    }

    fn advance(&mut self, c: char) {
        if c == '\n' {
            (self.line, self.column) = (self.line.saturating_add(1), 1);
        } else {
            self.column = self.column.saturating_add(1);
        }
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '$' | '-' | '+' | '.')
}
