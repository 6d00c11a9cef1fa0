//! Cuts out of a file the stretch of a line that a finding is drawn on, at a cost in proportion to the file.

use crate::model::Span;

/// Characters kept before what is wrong: more than the widest terminal shows of them.
const BEFORE: usize = 160;

/// Characters kept after it.
const AFTER: usize = 200;

/// Characters of what is wrong that are kept: a whole minified file may be.
const MARKED: usize = 400;

/// A stretch of one line of source, as spelled: defuse before showing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Excerpt {
    /// The text, without its line break; bytes that are no UTF-8 are replaced.
    pub text: String,
    /// How many characters of the line stand before it.
    pub skipped: u32,
}

/// The stretch of the first line of each span; `None` where there is no such line.
///
/// Many spans of one long line, as in minified JSON, cost one walk along it and one stretch each.
pub(super) fn excerpts(source: &[u8], spans: &[Option<Span>]) -> Vec<Option<Excerpt>> {
    let mut order: Vec<(Span, usize)> = spans.iter().enumerate().filter_map(|(at, span)| Some(((*span)?, at))).collect();
    order.retain(|(span, _)| span.line > 0);
    order.sort_unstable();
    let mut out = vec![None; spans.len()];
    let mut lines = (1_u32..).zip(source.split(|byte| *byte == b'\n'));
    let mut current: Option<(u32, Line)> = None;
    for (span, at) in order {
        if current.as_ref().is_none_or(|(number, _)| *number != span.line) {
            let found = lines.find(|(number, _)| *number >= span.line).filter(|(number, _)| *number == span.line);
            current = found.map(|(number, bytes)| (number, Line::new(bytes)));
        }
        if let (Some((_, line)), Some(slot)) = (&mut current, out.get_mut(at)) {
            *slot = Some(line.around(span));
        }
    }
    out
}

/// A line, and how far along it we are: what is asked comes from left to right.
struct Line {
    text: String,
    /// Characters passed, and the bytes they fill.
    at: (usize, usize),
}

impl Line {
    fn new(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let text = text.strip_suffix('\r').unwrap_or(&text).to_owned();
        Self { text, at: (0, 0) }
    }

    fn around(&mut self, span: Span) -> Excerpt {
        let column = number(span.column).saturating_sub(1);
        let (passed, bytes) = self.at;
        let rest = self.text.get(bytes..).unwrap_or_default();
        let ahead = column.saturating_sub(passed);
        let (mut steps, mut width) = (0, 0);
        for c in rest.chars().take(ahead) {
            steps += 1;
            width += c.len_utf8();
        }
        self.at = (passed + steps, bytes + width);
        let (before, after) = self.text.split_at_checked(self.at.1).unwrap_or((&self.text, ""));
        let kept: usize = before.chars().rev().take(BEFORE).map(char::len_utf8).sum();
        let kept = before.get(before.len() - kept..).unwrap_or_default();
        let marked = match span.end_line > span.line {
            true => MARKED,
            false => number(span.end_column).saturating_sub(number(span.column)).min(MARKED),
        };
        let text = kept.chars().chain(after.chars().take(marked.saturating_add(AFTER))).collect();
        let skipped = self.at.0 - kept.chars().count();
        Excerpt { text, skipped: u32::try_from(skipped).unwrap_or(u32::MAX) }
    }
}

fn number(from_one: u32) -> usize {
    usize::try_from(from_one).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(line: u32, column: u32, end_column: u32) -> Option<Span> {
        Some(Span { line, column, end_line: line, end_column })
    }

    #[test]
    fn windows_line_ends_are_not_part_of_the_line() {
        let of = |line| excerpts(b"one\r\ntwo\r\n", &[span(line, 1, 2)]).remove(0).map(|excerpt| excerpt.text);
        assert_eq!(of(2).as_deref(), Some("two"));
        assert_eq!((of(0), of(4)), (None, None));
        assert_eq!(excerpts(b"one", &[span(1, 9, 12), None]), [Some(Excerpt { text: "one".into(), skipped: 0 }), None]);
    }

    #[test]
    fn a_long_line_is_cut_around_what_is_wrong() {
        let line = format!("{}bad{}", "é".repeat(1_000), "y".repeat(1_000));
        let found = excerpts(line.as_bytes(), &[span(1, 1_001, 1_004), span(1, 1, 2)]);
        let of = |at: usize| found[at].clone().unwrap();
        assert_eq!(of(0), Excerpt { text: format!("{}bad{}", "é".repeat(160), "y".repeat(200)), skipped: 840 });
        assert_eq!((of(1).skipped, of(1).text.chars().count()), (0, 201));
    }

    /// Each excerpt by itself is the same as all at once, in whatever order they are asked.
    #[test]
    fn the_order_of_the_questions_means_nothing() {
        let source = "a: 1\nключ: [1, 2]\n\nlong: ".to_owned() + &"z".repeat(700);
        let spans: Vec<_> = (0..6).flat_map(|line| [500, 1, 7, 300].map(|column| span(line, column, column + 2))).collect();
        let all = excerpts(source.as_bytes(), &spans);
        for (one, span) in all.iter().zip(&spans) {
            assert_eq!(*one, excerpts(source.as_bytes(), &[*span]).remove(0), "{span:?}");
        }
    }
}
