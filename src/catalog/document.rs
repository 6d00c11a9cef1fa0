//! Strict YAML: saphyr-parser's events become positioned nodes, and what two readers could read differently is refused.

use super::shown::shown;
use std::borrow::Cow;

use saphyr_parser::{Event, Parser, ScalarStyle};

use crate::model::{Limits, RuleDoc, Span};

use super::builder::{Builder, Fatal};
use super::complaint;
use super::node::{NodeKind, Problem, Tree, point};
use super::quote::{self, TypographicQuotes};
use super::{scalar, simple};

/// The rules for YAML.
pub(super) const RULES: &[RuleDoc] = &[
    RuleDoc {
        id: "yaml/anchor",
        summary: "A document has no anchors (`&name`).",
        remedy: "Remove the anchor and write the value out where it is needed.",
    },
    RuleDoc {
        id: "yaml/alias",
        summary: "A document has no aliases (`*name`).",
        remedy: "Write the value out; put a text that begins with `*` in quotes.",
    },
    RuleDoc { id: "yaml/merge-key", summary: "A document has no merge keys (`<<`).", remedy: "Write the merged entries out." },
    RuleDoc {
        id: "yaml/tag",
        summary: "A document has no explicit tags (`!!str`, `!custom`).",
        remedy: "Remove the tag; quotes make a text, a bare word is read by the core schema of YAML 1.2.",
    },
    RuleDoc { id: "yaml/directive", summary: "A file has no directives (`%YAML`, `%TAG`).", remedy: "Remove the line." },
    RuleDoc {
        id: "yaml/several-documents",
        summary: "A file holds one document.",
        remedy: "Put each document in a file of its own; several entities may stand in one file as a list.",
    },
    RuleDoc {
        id: "yaml/key",
        summary: "A key is a text: no list, no mapping, not left out, and no number or word that reads otherwise than it is written.",
        remedy: "Write a text as the key; quotes make a text of anything.",
    },
    RuleDoc { id: "yaml/tab", summary: "Indentation is made of spaces.", remedy: "Replace the tab by spaces." },
    RuleDoc {
        id: "yaml/last-line",
        summary: "A block text (`|`, `>`) does not end in a line of nothing but spaces.",
        remedy: "Remove the spaces of its last line.",
    },
    RuleDoc {
        id: "yaml/syntax",
        summary: "A file is well-formed YAML 1.2.",
        remedy: "Mend the text where the finding points; the message says what was expected.",
    },
];

/// Reads one YAML document; total, and linear in the text up to the limits.
pub(super) fn read_yaml<'a>(text: &'a str, limits: &Limits) -> Tree<'a> {
    simple::read_simple(text, limits).unwrap_or_else(|| read_in_full(text, limits))
}

/// The same by the full reader alone.
pub(super) fn read_in_full<'a>(text: &'a str, limits: &Limits) -> Tree<'a> {
    let lines = if text.contains('\t') { text.lines().collect() } else { Vec::new() };
    let quotes = TypographicQuotes::default();
    let mut reader = Reader { text, builder: Builder::new(limits), quotes, documents: 0, lines, open: Vec::new() };
    let complete = reader.run().is_ok();
    let Reader { mut builder, quotes, .. } = reader;
    builder.problems.extend(quotes.problem());
    builder.finish(complete)
}

struct Reader<'a> {
    text: &'a str,
    builder: Builder<'a>,
    quotes: TypographicQuotes,
    documents: usize,
    /// The lines of a text that has tabs in it; most have none.
    lines: Vec<&'a str>,
    /// For each collection around, whether it is written in brackets; kept where there are tabs.
    open: Vec<bool>,
}

impl<'a> Reader<'a> {
    fn run(&mut self) -> Result<(), Fatal> {
        let mut parser = Parser::new_from_str(self.text);
        while let Some(next) = parser.next_event() {
            match next {
                Ok((event, span)) => self.event(event, convert(span))?,
                Err(error) => {
                    let at = marker(error.marker());
                    if self.documents == 0 && self.refuse_directives(at.line) {
                        return Err(Fatal);
                    }
                    let problem = complaint::explain(error.info(), at, self.text);
                    self.builder.problems.push(problem);
                    return Err(Fatal);
                }
            }
        }
        Ok(())
    }

    fn event(&mut self, event: Event<'a>, span: Span) -> Result<(), Fatal> {
        match event {
            Event::DocumentStart(explicit) => self.document_start(explicit, span),
            Event::Alias(_) => self.alias(span),
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse_tabs(span);
                self.refuse_decorations(anchor, tag.is_some(), span);
                let tagged = tag.is_some();
                let span = self.scalar_span(style, &text, span);
                match self.builder.wants_key() {
                    true => self.key(text, style, span),
                    // What a tag would have made of it is not guessed.
                    false if tagged => self.builder.scalar(NodeKind::Broken, span),
                    false => self.value(text, style, span),
                }
            }
            Event::SequenceStart(anchor, tag) => {
                self.enter(span);
                self.refuse_decorations(anchor, tag.is_some(), span);
                self.refuse_complex_key(span, "a list");
                self.builder.open_list(span)
            }
            Event::MappingStart(anchor, tag) => {
                self.enter(span);
                self.refuse_decorations(anchor, tag.is_some(), span);
                self.refuse_complex_key(span, "a mapping");
                self.builder.open_map(span)
            }
            Event::SequenceEnd | Event::MappingEnd => {
                self.open.pop();
                // A block collection ends where its last child ends; only a bracket has a width of its own.
                let bracket = span.line == span.end_line && span.end_column == span.column + 1;
                self.builder.close(bracket.then_some(span));
                Ok(())
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
        }
    }

    fn document_start(&mut self, explicit: bool, span: Span) -> Result<(), Fatal> {
        self.documents += 1;
        if self.documents > 1 {
            self.builder.problem(
                "yaml/several-documents",
                span,
                "a second document begins here",
                "put it in a file of its own; several entities may stand in one file as a list",
            );
            return Err(Fatal);
        }
        if explicit {
            self.refuse_directives(span.line);
        }
        Ok(())
    }

    /// Directives stand before the `---`; the parser swallows them without an event.
    fn refuse_directives(&mut self, before: u32) -> bool {
        let mut found = false;
        for (line, text) in (1..before).zip(self.text.lines()) {
            if text.starts_with('%') {
                if self.builder.patience().is_err() {
                    break;
                }
                found = true;
                let width = u32::try_from(text.trim_end().chars().count()).unwrap_or(u32::MAX);
                self.builder.problem(
                    "yaml/directive",
                    Span { line, column: 1, end_line: line, end_column: width.saturating_add(1) },
                    format!("the directive `{}` is not allowed", shown(text.trim_end())),
                    "remove the line: every file is read as YAML 1.2",
                );
            }
        }
        found
    }

    fn refuse_decorations(&mut self, anchor: usize, tag: bool, span: Span) {
        let at = Span { end_line: span.line, end_column: span.column + 1, ..span };
        if anchor > 0 {
            self.builder.problem(
                "yaml/anchor",
                at,
                "anchors are not allowed",
                "remove `&…` and write the value out where it is needed; put a text that begins with & in quotes",
            );
        }
        if tag {
            self.builder.problem(
                "yaml/tag",
                at,
                "explicit tags are not allowed",
                "remove `!…`; to make a text of something, put it in quotes",
            );
        }
    }

    /// A collection begins.
    fn enter(&mut self, span: Span) {
        if self.lines.is_empty() {
            return;
        }
        self.refuse_tabs(span);
        // Inside of brackets a line may be long, and is not looked at again for each of them.
        let inside = self.open.last() == Some(&true);
        self.open.push(inside || self.before(span).is_some_and(|(_, rest)| rest.starts_with(['[', '{'])));
    }

    /// The line that something stands on, parted where it begins.
    fn before(&self, span: Span) -> Option<(&'a str, &'a str)> {
        let line = self.lines.get(usize::try_from(span.line).ok()?.checked_sub(1)?)?;
        let column = usize::try_from(span.column).ok()?.checked_sub(1)?;
        let at = line.char_indices().nth(column).map_or(line.len(), |(at, _)| at);
        line.split_at_checked(at)
    }

    /// Outside of brackets nothing is indented by tabs: some readers take them there, and others do not.
    fn refuse_tabs(&mut self, span: Span) {
        if self.lines.is_empty() || self.open.last() == Some(&true) {
            return;
        }
        let Some((before, _)) = self.before(span) else { return };
        let indentation = before.chars().all(|c| matches!(c, ' ' | '\t' | '-' | '?'));
        let Some(column) = before.chars().position(|c| c == '\t').filter(|_| indentation) else { return };
        let column = u32::try_from(column).unwrap_or(u32::MAX).saturating_add(1);
        let at = Span { line: span.line, column, end_line: span.line, end_column: column.saturating_add(1) };
        if self.builder.problems.last().is_none_or(|problem| problem.span != at) {
            self.builder.problem("yaml/tab", at, "a tab stands in the indentation", "replace it by spaces");
        }
    }

    fn alias(&mut self, span: Span) -> Result<(), Fatal> {
        self.builder.problem(
            "yaml/alias",
            span,
            "aliases are not allowed",
            "write the value out; put a text that begins with * in quotes",
        );
        if self.builder.wants_key() {
            self.builder.skip_key();
            return Ok(());
        }
        self.builder.scalar(NodeKind::Broken, span)
    }

    fn refuse_complex_key(&mut self, span: Span, what: &str) {
        if !self.builder.wants_key() {
            return;
        }
        let braces = self.line(span.line).contains("{{");
        let help = if braces {
            "a text that begins with {{ wants quotes: \"{{ … }}\""
        } else {
            "write a text as the key; if the braces belong to a text, put it in quotes"
        };
        self.builder.problem("yaml/key", span, format!("a key must be a text, not {what}"), help);
    }

    fn key(&mut self, text: Cow<'a, str>, style: ScalarStyle, span: Span) -> Result<(), Fatal> {
        let plain = style == ScalarStyle::Plain;
        if plain && text == "<<" {
            self.builder.problem(
                "yaml/merge-key",
                span,
                "merge keys are not allowed",
                "write the merged entries out; if the key is really called <<, put it in quotes",
            );
            self.builder.skip_key();
            return Ok(());
        }
        if plain && text.is_empty() {
            self.builder.problem("yaml/key", span, "a key is missing before the colon", "write a text as the key");
            self.builder.skip_key();
            return Ok(());
        }
        if plain && let Some(help) = scalar::other_key(&text) {
            let message = format!("the key {} means something else to some readers", shown(&text));
            self.builder.problem("yaml/key", span, message, help);
        }
        let text = if plain { self.quotes.strip(text, span) } else { text };
        self.builder.key(text, span)
    }

    fn value(&mut self, text: Cow<'a, str>, style: ScalarStyle, span: Span) -> Result<(), Fatal> {
        if style != ScalarStyle::Plain {
            let block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
            let last = text.trim_end_matches('\n').rsplit('\n').next().unwrap_or_default();
            if block && !last.is_empty() && last.chars().all(|c| c == ' ') {
                let message = "this text ends in a line of nothing but spaces, which some readers leave out";
                self.builder.problem("yaml/last-line", span, message, "remove the spaces of its last line");
            }
            return self.builder.scalar(NodeKind::Text(text), span);
        }
        if quote::opens(&text) {
            let text = self.quotes.strip(text, span);
            return self.builder.scalar(NodeKind::Text(text), span);
        }
        let kind = match scalar::resolve(text) {
            Ok(kind) => kind,
            Err((why, text)) => {
                let (rule, message, help) = why.explain(&text);
                self.builder.problems.push(Problem::new(rule, span, message, help));
                NodeKind::Broken
            }
        };
        self.builder.scalar(kind, span)
    }

    /// A value that is not there stands after its key's colon; a block text is pointed at by its first character.
    fn scalar_span(&self, style: ScalarStyle, text: &str, span: Span) -> Span {
        match style {
            ScalarStyle::Plain if text.is_empty() => match self.builder.pending_key_end() {
                Some(end) => point(end.line, end.column + 1),
                None => point(span.line, span.column),
            },
            ScalarStyle::Literal | ScalarStyle::Folded => Span { end_line: span.line, end_column: span.column + 1, ..span },
            _ => span,
        }
    }

    fn line(&self, line: u32) -> &'a str {
        complaint::line(self.text, line)
    }
}

fn marker(at: &saphyr_parser::Marker) -> Span {
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    point(number(at.line()), number(at.col()).saturating_add(1))
}

fn convert(span: saphyr_parser::Span) -> Span {
    let (start, end) = (marker(&span.start), marker(&span.end));
    Span { line: start.line, column: start.column, end_line: end.line, end_column: end.column }
}
