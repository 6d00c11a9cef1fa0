//! Findings as annotations on the lines of a commit, and in the text where they have no line.

use crate::forge::Remark;
use crate::model::Severity;
use crate::report::{defuse_inline, defuse_paragraphs};

use super::super::wire::Annotation;

/// Annotations that one commit gets; the rest is counted in the text.
const MOST: usize = 1_000;
/// Bytes of a message that GitHub takes, less some air.
const MESSAGE: usize = 60_000;
/// Characters of a title that GitHub takes.
const TITLE: usize = 255;

/// What goes onto lines, and what does not.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Sorted {
    pub(super) annotations: Vec<Annotation>,
    /// One line of text for each of the others.
    pub(super) elsewhere: Vec<String>,
}

/// Puts each finding where it belongs.
pub(super) fn sort(remarks: &[Remark]) -> Sorted {
    let mut sorted = Sorted::default();
    for remark in remarks {
        match annotation(remark) {
            Some(annotation) if sorted.annotations.len() < MOST => sorted.annotations.push(annotation),
            Some(annotation) => sorted.elsewhere.push(line(remark, Some(&annotation))),
            None => sorted.elsewhere.push(line(remark, None)),
        }
    }
    sorted
}

fn annotation(remark: &Remark) -> Option<Annotation> {
    let path = remark.path.clone().filter(|path| !path.is_empty() && !path.starts_with('/'))?;
    let line = remark.line.unwrap_or(1).max(1);
    Some(Annotation {
        path,
        start_line: line,
        end_line: line,
        annotation_level: match remark.severity {
            Severity::Error => "failure",
            Severity::Warning => "warning",
            Severity::Info => "notice",
        },
        message: non_empty(cut(&defuse_paragraphs(&remark.message), MESSAGE)),
        title: defuse_inline(&remark.rule).chars().take(TITLE).collect(),
    })
}

fn line(remark: &Remark, annotation: Option<&Annotation>) -> String {
    let place = annotation.map(|at| format!(" {}:{}", defuse_inline(&at.path), at.start_line)).unwrap_or_default();
    format!("{}[{}]{place}: {}", remark.severity.as_str(), defuse_inline(&remark.rule), defuse_inline(&remark.message))
}

/// GitHub refuses the whole for one empty message.
fn non_empty(text: &str) -> String {
    if text.trim().is_empty() { "no words".to_owned() } else { text.to_owned() }
}

/// The text, ended at a character before it has more bytes.
pub(super) fn cut(text: &str, bytes: usize) -> &str {
    let end = (0..=bytes.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
    text.get(..end).unwrap_or_default()
}

/// The text with the findings that have no line after it, literally, and never longer than this.
pub(super) fn with_elsewhere(summary: &str, elsewhere: &[String], longest: usize) -> String {
    let summary = cut(summary, longest);
    if elsewhere.is_empty() {
        return summary.to_owned();
    }
    // In a fence nothing is Markdown, nobody is mentioned, and a longer fence than any in it cannot be left.
    let runs = elsewhere.iter().flat_map(|line| line.split(|c| c != '~').map(str::len));
    let fence = "~".repeat(runs.max().unwrap_or_default().max(2) + 1);
    let (head, foot) = (format!("\n\nOn no line of a file:\n\n{fence}text\n"), format!("{fence}\n"));
    let mut out = summary.to_owned();
    let room = longest.saturating_sub(out.len() + head.len() + foot.len() + "… and 18446744073709551615 more\n".len());
    let (mut listed, mut used) = (String::new(), 0);
    for line in elsewhere {
        if listed.len() + line.len() + 1 > room {
            break;
        }
        listed.push_str(line);
        listed.push('\n');
        used += 1;
    }
    if used == 0 {
        return out;
    }
    out.push_str(&head);
    out.push_str(&listed);
    if used < elsewhere.len() {
        out.push_str(&format!("… and {} more\n", elsewhere.len() - used));
    }
    out.push_str(&foot);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remark(path: Option<&str>, line: Option<u32>, message: &str) -> Remark {
        let path = path.map(str::to_owned);
        Remark { path, line, column: Some(3), rule: "yaml/tag".into(), severity: Severity::Error, message: message.into() }
    }

    #[test]
    fn a_finding_stands_on_its_line() {
        let sorted = sort(&[remark(Some("entities/a.yaml"), Some(7), "explicit tags are not allowed")]);
        let [one] = sorted.annotations.as_slice() else { panic!() };
        assert_eq!((one.path.as_str(), one.start_line, one.end_line, one.annotation_level), ("entities/a.yaml", 7, 7, "failure"));
        assert_eq!((one.title.as_str(), one.message.as_str()), ("yaml/tag", "explicit tags are not allowed"));
    }

    #[test]
    fn what_has_no_line_gets_the_first_and_what_has_no_file_goes_into_the_text() {
        let sorted = sort(&[
            remark(Some("a.yaml"), Some(0), "x"),
            remark(Some("a.yaml"), None, ""),
            remark(None, None, "y"),
            remark(Some("/etc"), None, "z"),
        ]);
        assert_eq!(
            sorted.annotations.iter().map(|a| (a.start_line, a.message.as_str())).collect::<Vec<_>>(),
            [(1, "x"), (1, "no words")]
        );
        assert_eq!(sorted.elsewhere, ["error[yaml/tag]: y", "error[yaml/tag]: z"]);
    }

    #[test]
    fn beyond_a_thousand_they_are_counted_in_the_text() {
        let many = vec![remark(Some("a.yaml"), Some(7), "x"); MOST + 2];
        let sorted = sort(&many);
        assert_eq!((sorted.annotations.len(), sorted.elsewhere.len()), (MOST, 2));
        assert_eq!(sorted.elsewhere[0], "error[yaml/tag] a.yaml:7: x");
    }

    #[test]
    fn a_message_fits_and_hides_nothing() {
        let sorted = sort(&[remark(Some("a.yaml"), None, &format!("\u{202e}{}", "ü\n".repeat(50_000)))]);
        assert!(sorted.annotations[0].message.len() <= MESSAGE);
        assert!(sorted.annotations[0].message.starts_with("\\u{202e}"));
    }

    #[test]
    fn the_text_is_literal_and_fits() {
        let attack = "~~~~ </details> @acme/admins `x`\n# big".to_owned();
        let sorted = sort(&[remark(None, None, &attack)]);
        let text = with_elsewhere("Summary.", &sorted.elsewhere, 65_535);
        assert_eq!(
            text,
            "Summary.\n\nOn no line of a file:\n\n~~~~~text\nerror[yaml/tag]: ~~~~ </details> @acme/admins `x`\\n# big\n~~~~~\n"
        );
        let many: Vec<String> = (0..5_000).map(|n| format!("finding {n} {}", "x".repeat(40))).collect();
        let text = with_elsewhere(&"s".repeat(1_000), &many, 65_535);
        assert!(text.len() <= 65_535 && text.contains(" more\n~~~\n"), "{}", text.len());
        assert_eq!(with_elsewhere(&"s".repeat(70_000), &many, 65_535).len(), 65_535);
        assert_eq!(with_elsewhere("x", &[], 65_535), "x");
        assert_eq!(cut("aü", 2), "a");
    }
}
