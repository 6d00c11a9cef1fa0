//! Gives findings their line and column, once for all renderers.

use std::collections::BTreeMap;

use crate::catalog::{locate, locate_all};
use crate::check::cause_of;
use crate::model::{FilePath, Finding, Place, Span};

use super::excerpt::{Excerpt, excerpts};

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
    /// The text around the beginning of `span`.
    pub excerpt: Option<Excerpt>,
    /// Other places that belong to it.
    pub related: Vec<PlacedRelated<'a>>,
}

/// A second place of a finding, found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PlacedRelated<'a> {
    /// The file, from the top of the repository.
    pub file: String,
    /// Line and column, where known.
    pub span: Option<Span>,
    /// The text around the beginning of `span`.
    pub excerpt: Option<Excerpt>,
    /// What stands there.
    pub message: &'a str,
}

/// Finds the line and column of each finding, and sorts them: errors first, what may be the cause of others before its
/// consequences, then those without a file, then by file, position and rule.
///
/// `root` is the catalog's directory in the repository, empty where that is the top. Each file is read once.
pub fn place_findings<'a>(findings: &'a [Finding], root: &str, sources: &dyn Sources) -> Vec<PlacedFinding<'a>> {
    let mut by_file: BTreeMap<&FilePath, Vec<&Place>> = BTreeMap::new();
    for place in findings.iter().flat_map(|finding| finding.place.iter().chain(finding.related.iter().map(|r| &r.place))) {
        by_file.entry(&place.file).or_default().push(place);
    }
    let mut found = BTreeMap::new();
    for (file, places) in by_file {
        let source = sources.read(file);
        let spans = match &source {
            Some(source) => locate_all(source, &places),
            None => places.iter().map(|place| place.span).collect(),
        };
        let texts = source.map_or_else(|| vec![None; spans.len()], |source| excerpts(&source, &spans));
        found.insert(file, spans.into_iter().zip(texts));
    }
    // Within a file they were asked in the order of the findings, and so they are handed out.
    let mut next = |place: &Place| found.get_mut(&place.file).and_then(Iterator::next).unwrap_or((None, None));
    let mut out: Vec<PlacedFinding<'a>> = Vec::with_capacity(findings.len());
    for finding in findings {
        let (span, excerpt) = finding.place.as_ref().map_or((None, None), &mut next);
        let related = finding.related.iter().map(|related| {
            let (span, excerpt) = next(&related.place);
            PlacedRelated { file: with_root(root, &related.place.file), span, excerpt, message: &related.message }
        });
        let related = related.collect();
        let file = finding.place.as_ref().map(|place| with_root(root, &place.file));
        out.push(PlacedFinding { finding, file, span, excerpt, related });
    }
    out.sort_by(|a, b| {
        let first = |p: &PlacedFinding<'a>| (p.finding.severity, cause_of(p.finding.rule));
        let then = |p: &PlacedFinding<'a>| (p.span, p.finding.rule);
        first(a).cmp(&first(b)).then_with(|| a.file.cmp(&b.file)).then_with(|| then(a).cmp(&then(b)))
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
    fn the_cause_stands_before_its_consequences_and_errors_before_warnings() {
        let at = |rule: &'static str, file: &str| Finding::error(rule, "m").at(Place::file(&FilePath::new(file)));
        let findings = [
            Finding::warning("lint/nobody", "m"),
            at("permission/unregister", "a.yaml"),
            at("reference/missing-entity", "b.yaml"),
            at("schema/type", "c.yaml"),
            at("yaml/syntax", "d.yaml"),
            at("approval/nobody", "e.yaml"),
        ];
        let placed = place_findings(&findings, "", &|_: &FilePath| None);
        let order: Vec<_> = placed.iter().map(|p| p.finding.rule).collect();
        let expected =
            ["yaml/syntax", "schema/type", "reference/missing-entity", "permission/unregister", "approval/nobody", "lint/nobody"];
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
            assert!(placed.iter().all(|p| p.excerpt.is_none() || p.span.is_some()));
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
        assert!(placed.iter().all(|p| p.excerpt.is_some()));
    }

    #[test]
    fn related_places_are_found_in_their_own_files() {
        let (one, two) = (FilePath::new("a.yaml"), FilePath::new("b.yaml"));
        let at = |file: &FilePath, key: &str| Place::value(file, Pointer::root().key(key));
        let findings = [
            Finding::error("a/a", "m").at(at(&one, "x")).related(at(&two, "y"), "here too"),
            Finding::error("b/b", "m").at(at(&two, "x")).related(at(&one, "x"), "and here"),
        ];
        let placed = place_findings(&findings, "", &|file: &FilePath| {
            Some(match file == &one {
                true => b"x: 1\n".to_vec(),
                false => b"x: 1\ny: 22\n".to_vec(),
            })
        });
        let seen: Vec<_> = placed
            .iter()
            .map(|p| (p.span.map(|s| (s.line, s.column)), &*p.related[0].file, p.related[0].span.map(|s| (s.line, s.end_column))))
            .collect();
        assert_eq!(seen, [(Some((1, 4)), "b.yaml", Some((2, 6))), (Some((1, 4)), "a.yaml", Some((1, 5)))]);
    }

    /// Every place of a large file, whether it has lines or is one: the file is walked along once, not once a finding.
    #[test]
    fn thousands_of_findings_in_one_file_are_placed_at_once() {
        let items: Vec<String> =
            (0..6_000).map(|i| format!("{{\"identifier\":\"e{i:04}\",\"properties\":{{\"ttl\":\"ten\"}}}}")).collect();
        let file = FilePath::new("entities/all.json");
        let findings: Vec<Finding> = (0..6_000)
            .map(|i| {
                let ttl = Pointer::root().index(i).key("properties").key("ttl");
                Finding::error("schema/type", "wrong").at(Place::value(&file, ttl))
            })
            .collect();
        for between in [",", ",\n"] {
            let text = format!("[{}]", items.join(between)).into_bytes();
            let placed = place_findings(&findings, "", &|_: &FilePath| Some(text.clone()));
            let marked = |p: &PlacedFinding<'_>| {
                let (span, excerpt) = (p.span.unwrap(), p.excerpt.clone().unwrap());
                let from = usize::try_from(span.column - 1 - excerpt.skipped).unwrap();
                excerpt.text.chars().skip(from).take(5).collect::<String>()
            };
            assert!(placed.iter().all(|p| marked(p) == "\"ten\""));
        }
    }
}
