//! Draws one finding as a compiler does: rule, place, the line with a caret, help.

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use crate::model::{Severity, Span};

use super::PlacedFinding;
use super::defuse::{line, paragraphs, prose};
use super::excerpt::Excerpt;
use super::fold::Told;
use super::words;

/// One mistake, ending in a line break.
pub(super) fn draw(told: &Told<'_, '_>, styled: bool) -> String {
    let placed = told.first;
    let finding = placed.finding;
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Info => Level::INFO,
    };
    let mut group = Group::with_title(level.primary_title(prose(&finding.message)).id(finding.rule));
    if let Some(file) = &placed.file {
        group = locate(group, file, placed.span, placed.excerpt.as_ref());
    }
    if let Some(others) = told.others_in_words() {
        group = group.element(Level::NOTE.message(format!("{others} (--expand shows all)")));
    }
    for related in &placed.related {
        let at = words::position_of(&related.file, related.span);
        group = group.element(Level::NOTE.message(format!("{} at {at}", prose(related.message))));
    }
    if let Some(help) = &finding.help {
        group = group.element(Level::HELP.message(paragraphs(help)));
    }
    if let Some(commit) = finding.commit {
        group = group.element(Level::NOTE.message(format!("laid to commit {}", commit.short())));
    }
    let renderer = if styled { Renderer::styled() } else { Renderer::plain() };
    let mut out = in_the_line(renderer.render(&[group]), placed);
    out.push('\n');
    out
}

/// The renderer counts columns from the beginning of what it is given; where that is a stretch, the place below the title
/// gets the column of the line.
fn in_the_line(drawn: String, placed: &PlacedFinding<'_>) -> String {
    let (Some(file), Some(span), Some(excerpt)) = (&placed.file, placed.span, &placed.excerpt) else { return drawn };
    match drawn.split_once('\n') {
        Some((title, rest)) if excerpt.skipped > 0 => {
            let at = format!("{}:{}:", prose(file), span.line);
            let counted = format!("{at}{}", span.column.saturating_sub(excerpt.skipped));
            format!("{title}\n{}", rest.replacen(&counted, &format!("{at}{}", span.column), 1))
        }
        _ => drawn,
    }
}

fn locate<'g>(group: Group<'g>, file: &str, span: Option<Span>, excerpt: Option<&Excerpt>) -> Group<'g> {
    let file = prose(file);
    match (span, excerpt) {
        (Some(span), Some(excerpt)) => group.element(snippet(excerpt, span).path(file)),
        (Some(span), None) => group.element(origin(file, span)),
        (None, _) => group.element(Origin::path(file)),
    }
}

fn origin(file: String, span: Span) -> Origin<'static> {
    Origin::path(file).line(number(span.line)).char_column(number(span.column))
}

/// The stretch of the line with what is wrong marked in it; the renderer cuts what is too wide for a terminal.
fn snippet(excerpt: &Excerpt, span: Span) -> Snippet<'static, Annotation<'static>> {
    let chars: Vec<char> = line(&excerpt.text).chars().collect();
    let skipped = number(excerpt.skipped);
    let at = |column: u32| number(column).saturating_sub(1).saturating_sub(skipped);
    let start = at(span.column).min(chars.len());
    // What goes on over several lines is marked on its first: a person needs to know where to begin.
    let end = if span.end_line > span.line { chars.len() } else { at(span.end_column) };
    let end = end.clamp(start, chars.len());
    let bytes_to = |at: usize| chars.iter().take(at).map(|c| c.len_utf8()).sum::<usize>();
    let marked = bytes_to(start)..bytes_to(end);
    let text: String = chars.into_iter().collect();
    Snippet::source(text).line_start(number(span.line)).annotation(AnnotationKind::Primary.span(marked))
}

fn number(from_one: u32) -> usize {
    usize::try_from(from_one).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{FilePath, Finding, Place, Pointer};
    use crate::report::place_findings;

    fn drawn_at(source: Option<&str>, span: (u32, u32, u32, u32)) -> String {
        let (line, column, end_line, end_column) = span;
        let span = Span { line, column, end_line, end_column };
        let finding = Finding::error("a/b", "wrong").at(Place::span(&FilePath::new("f.yaml"), span));
        drawn(&finding, source)
    }

    fn drawn(finding: &Finding, source: Option<&str>) -> String {
        let findings = [finding.clone()];
        let placed: Vec<PlacedFinding<'_>> =
            place_findings(&findings, "", &|_: &FilePath| source.map(|source| source.as_bytes().to_vec()));
        draw(&Told { first: &placed[0], others: Vec::new() }, false)
    }

    #[test]
    fn carets_stand_below_what_is_wrong() {
        insta::assert_snapshot!(
            [
                drawn_at(Some("\n\nkey: value"), (3, 6, 3, 11)),
                drawn_at(Some("nothing after the colon:"), (1, 25, 1, 25)),
                drawn_at(Some("\n\n\n\n\n\ngoes: [on, over\n1,\n]"), (7, 7, 9, 2)),
                drawn_at(Some("名前: wert"), (1, 5, 1, 9)),
                drawn_at(Some("e\u{301}: combined\r\n"), (1, 5, 1, 13)),
                drawn_at(Some("family: 👨\u{200d}👩\u{200d}👧 wrong"), (1, 15, 1, 20)),
                drawn_at(Some("\t\ttabs"), (1, 3, 1, 7)),
                drawn_at(Some("a:\r\n  windows: line ends\r\n"), (2, 12, 2, 21)),
                drawn_at(None, (4, 2, 4, 3)),
                drawn_at(Some("short"), (1, 90, 1, 95)),
            ]
            .join("\n")
        );
    }

    #[test]
    fn a_minified_file_is_cut_around_what_is_wrong() {
        let text = format!("{{\"a\":[{}],\"wrong\":7,\"z\":\"{}\"}}", vec!["1"; 400].join(","), "z".repeat(5_000));
        let place = Place::value(&FilePath::new("f.json"), Pointer::root().key("wrong"));
        insta::assert_snapshot!(drawn(&Finding::error("a/b", "wrong").at(place), Some(&text)));
    }

    #[test]
    fn a_second_place_is_named() {
        let at = |key: &str| Place::value(&FilePath::new("f.yaml"), Pointer::root().key(key));
        let finding = Finding::error("a/b", "twice").at(at("x")).related(at("y"), "declared here too").help("rename one");
        insta::assert_snapshot!(drawn(&finding, Some("x: 1\ny: 1\n")));
    }
}
