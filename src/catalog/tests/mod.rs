//! Documents as people and attackers write them.

#![allow(clippy::string_slice)] // a test may fail loudly

mod every_rule;
mod hostile;
mod nouns;
mod places;
mod property;
mod seeds;

use crate::model::{FilePath, Finding, Limits};

use super::{Document, ParsedFile, parse_file};

fn parse(path: &str, source: impl AsRef<[u8]>) -> ParsedFile {
    parse_file(&FilePath::new(path), source.as_ref(), &Limits::default())
}

/// The one document of a file with nothing wrong in it.
fn one(path: &str, source: &str) -> Document {
    let mut parsed = parse(path, source);
    assert_eq!(parsed.findings, [], "{path}\n{source}");
    assert_eq!(parsed.documents.len(), 1);
    parsed.documents.remove(0)
}

/// `line:column rule` of each finding.
fn told(parsed: &ParsedFile) -> Vec<String> {
    parsed.findings.iter().map(|finding| format!("{} {}", position(finding), finding.rule)).collect()
}

fn position(finding: &Finding) -> String {
    let span = finding.place.as_ref().and_then(|place| place.span).expect("every finding of a file has its span");
    format!("{}:{}", span.line, span.column)
}
