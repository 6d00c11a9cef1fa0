//! Gives findings their line and column, once for all renderers.

use std::collections::BTreeMap;

use crate::catalog::{locate, locate_all};
use crate::check::Verdict;
use crate::model::{FilePath, Finding, Place, Span};

/// Where the text of files comes from: as it was judged.
pub trait Sources {
    /// The file's bytes, as the proposal has it or, where it removes the file, as base had it.
    fn read(&self, file: &FilePath) -> Option<Vec<u8>>;
}

impl<F: Fn(&FilePath) -> Option<Vec<u8>>> Sources for F {
    fn read(&self, file: &FilePath) -> Option<Vec<u8>> {
        self(file)
    }
}

/// A finding, and where a person finds it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PlacedFinding<'a> {
    /// The finding.
    pub finding: &'a Finding,
    /// The file, from the top of the repository; `None` where no file is to blame. As spelled: defuse before showing.
    pub file: Option<String>,
    /// Line and column, where the file could be read and the place found in it.
    pub span: Option<Span>,
    /// The text of the first line of `span`, as spelled.
    pub source_line: Option<String>,
}

/// Finds the line and column of each finding, and sorts them: those without a file first, then by file, position and rule.
///
/// `root` is the catalog's directory in the repository, empty where that is the top.
pub fn place_findings<'a>(findings: &'a [Finding], root: &str, sources: &dyn Sources) -> Vec<PlacedFinding<'a>> {
    let mut by_file: BTreeMap<&FilePath, Vec<(&Finding, &Place)>> = BTreeMap::new();
    let mut out = Vec::with_capacity(findings.len());
    for finding in findings {
        match &finding.place {
            Some(place) => by_file.entry(&place.file).or_default().push((finding, place)),
            None => out.push(PlacedFinding { finding, file: None, span: None, source_line: None }),
        }
    }
    for (file, found) in by_file {
        let source = sources.read(file);
        let places: Vec<&Place> = found.iter().map(|(_, place)| *place).collect();
        let spans = match &source {
            Some(source) => locate_all(source, &places),
            None => places.iter().map(|place| place.span).collect(),
        };
        for ((finding, _), span) in found.into_iter().zip(spans) {
            let source_line = source.as_deref().zip(span).and_then(|(source, span)| line_of(source, span.line));
            out.push(PlacedFinding { finding, file: Some(with_root(root, file)), span, source_line });
        }
    }
    out.sort_by(|a, b| {
        let key = |p: &PlacedFinding<'a>| (p.file.clone(), p.span, p.finding.severity, p.finding.rule);
        key(a).cmp(&key(b))
    });
    out
}

/// The file from the top of the repository, and line and column of a place in it where it can be read.
pub fn line_and_column(place: &Place, root: &str, sources: &dyn Sources) -> (String, Option<(u32, u32)>) {
    let source = sources.read(&place.file);
    let span = source.and_then(|source| locate(&source, place));
    (with_root(root, &place.file), span.map(|span| (span.line, span.column)))
}

/// The path from the top of the repository.
pub(super) fn with_root(root: &str, file: &FilePath) -> String {
    let root = root.trim_matches('/');
    if root.is_empty() { file.as_str().to_owned() } else { format!("{root}/{file}") }
}

/// One line, from one; bytes that are no UTF-8 are replaced.
fn line_of(source: &[u8], line: u32) -> Option<String> {
    let index = usize::try_from(line).ok()?.checked_sub(1)?;
    let bytes = source.split(|b| *b == b'\n').nth(index)?;
    let text = String::from_utf8_lossy(bytes);
    Some(text.strip_suffix('\r').unwrap_or(&text).to_owned())
}

/// A verdict ready to be worded.
#[derive(Clone, Debug)]
pub struct Report<'a> {
    /// The verdict.
    pub verdict: &'a Verdict,
    /// Its findings, placed and sorted.
    pub findings: Vec<PlacedFinding<'a>>,
}

impl<'a> Report<'a> {
    /// Places the findings of `verdict`, whose catalog lives under `root`.
    pub fn new(verdict: &'a Verdict, root: &str, sources: &dyn Sources) -> Self {
        Self { verdict, findings: place_findings(&verdict.findings, root, sources) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Pointer;

    #[test]
    fn findings_are_sorted_by_where_a_person_reads_them() {
        let at = |file: &str, line: u32| {
            let span = Span { line, column: 1, end_line: line, end_column: 2 };
            Finding::error("a/b", "m").at(Place::span(&FilePath::new(file), span))
        };
        let findings = [at("b.yaml", 1), at("a.yaml", 10), Finding::error("z/z", "m"), at("a.yaml", 9)];
        let placed = place_findings(&findings, "/catalog/", &|_: &FilePath| None);
        let order: Vec<_> = placed.iter().map(|p| (p.file.as_deref(), p.span.map(|s| s.line))).collect();
        let expected = [
            (None, None),
            (Some("catalog/a.yaml"), Some(9)),
            (Some("catalog/a.yaml"), Some(10)),
            (Some("catalog/b.yaml"), Some(1)),
        ];
        assert_eq!(order, expected);
    }

    #[test]
    fn a_position_beyond_the_file_or_a_lost_file_is_no_panic() {
        let span = Span { line: 99, column: 7, end_line: 0, end_column: 0 };
        let file = FilePath::new("a.yaml");
        let findings = [
            Finding::error("a/b", "m").at(Place::span(&file, span)),
            Finding::error("a/b", "m").at(Place::value(&file, Pointer::root().key("gone"))),
        ];
        for source in [None, Some(b"one\r\n\xff two".to_vec())] {
            let placed = place_findings(&findings, "", &|_: &FilePath| source.clone());
            assert!(placed.iter().all(|p| p.source_line.is_none() || p.span.is_some()));
        }
    }

    #[test]
    fn a_finding_that_knows_only_its_way_gets_its_line() {
        let file = FilePath::new("entities/Env/prod.yaml");
        let text = b"identifier: prod\nproperties:\n  ttl: ten\n".to_vec();
        let ttl = Pointer::root().key("properties").key("ttl");
        let findings = [
            Finding::error("a/value", "m").at(Place::value(&file, ttl.clone())),
            Finding::error("a/key", "m").at(Place::key(&file, ttl.clone())),
            Finding::error("a/gone", "m").at(Place::value(&file, Pointer::root().key("properties").key("gone"))),
        ];
        let placed = place_findings(&findings, "", &|_: &FilePath| Some(text.clone()));
        let of = |rule: &str| placed.iter().find(|p| p.finding.rule == rule).and_then(|p| p.span).map(|s| (s.line, s.column));
        assert_eq!((of("a/value"), of("a/key"), of("a/gone")), (Some((3, 8)), Some((3, 3)), Some((2, 1))));
        assert!(placed.iter().all(|p| p.source_line.is_some()));
    }

    #[test]
    fn windows_line_ends_are_not_part_of_the_line() {
        assert_eq!(line_of(b"one\r\ntwo\r\n", 2).as_deref(), Some("two"));
        assert_eq!(line_of(b"one", 0), None);
    }
}
