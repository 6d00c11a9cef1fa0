//! Draws one finding as a compiler does: rule, place, the line with a caret, help.

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use crate::model::{Severity, Span};

use super::PlacedFinding;
use super::defuse::{line, paragraphs, prose};

/// How many characters are drawn at most after what is wrong: enough for the widest terminal.
const TAIL: usize = 200;

/// One finding, ending in a line break.
pub(super) fn draw(placed: &PlacedFinding<'_>, styled: bool) -> String {
    let finding = placed.finding;
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Info => Level::INFO,
    };
    let mut group = Group::with_title(level.primary_title(prose(&finding.message)).id(finding.rule));
    if let Some(file) = &placed.file {
        let file = prose(file);
        match (placed.span, &placed.source_line) {
            (Some(span), Some(text)) => group = group.element(snippet(text, span).path(file)),
            (Some(span), None) => group = group.element(origin(file, span)),
            (None, _) => group = group.element(Origin::path(file)),
        }
    }
    if let Some(help) = &finding.help {
        group = group.element(Level::HELP.message(paragraphs(help)));
    }
    if let Some(commit) = finding.commit {
        group = group.element(Level::NOTE.message(format!("laid to commit {}", commit.short())));
    }
    let renderer = if styled { Renderer::styled() } else { Renderer::plain() };
    let mut out = renderer.render(&[group]);
    out.push('\n');
    out
}

fn origin(file: String, span: Span) -> Origin<'static> {
    Origin::path(file).line(number(span.line)).char_column(number(span.column))
}

/// The line with what is wrong marked in it; the renderer cuts what is too wide for a terminal.
fn snippet(source_line: &str, span: Span) -> Snippet<'static, Annotation<'static>> {
    let chars: Vec<char> = line(source_line).chars().collect();
    let start = number(span.column).saturating_sub(1).min(chars.len());
    // What goes on over several lines is marked on its first: a person needs to know where to begin.
    let end = if span.end_line > span.line { chars.len() } else { number(span.end_column).saturating_sub(1) };
    let end = end.clamp(start, chars.len());
    let bytes_to = |at: usize| chars.iter().take(at).map(|c| c.len_utf8()).sum::<usize>();
    let text: String = chars.iter().take(end.saturating_add(TAIL)).collect();
    Snippet::source(text).line_start(number(span.line)).annotation(AnnotationKind::Primary.span(bytes_to(start)..bytes_to(end)))
}

fn number(from_one: u32) -> usize {
    usize::try_from(from_one).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{FilePath, Finding, Place};

    fn drawn(text: &str, span: (u32, u32, u32, u32)) -> String {
        let (line, column, end_line, end_column) = span;
        let span = Span { line, column, end_line, end_column };
        let finding = Finding::error("a/b", "wrong").at(Place::span(&FilePath::new("f.yaml"), span));
        let source = (!text.is_empty()).then(|| text.to_owned());
        draw(&PlacedFinding { finding: &finding, file: Some("f.yaml".into()), span: Some(span), source_line: source }, false)
    }

    #[test]
    fn carets_stand_below_what_is_wrong() {
        insta::assert_snapshot!(
            [
                drawn("key: value", (3, 6, 3, 11)),
                drawn("nothing after the colon:", (1, 25, 1, 25)),
                drawn("goes: [on, over", (7, 7, 9, 2)),
                drawn("名前: wert", (1, 5, 1, 9)),
                drawn("\t\ttabs", (1, 3, 1, 7)),
                drawn("", (4, 2, 4, 3)),
                drawn("short", (1, 90, 1, 95)),
            ]
            .join("\n")
        );
    }
}
