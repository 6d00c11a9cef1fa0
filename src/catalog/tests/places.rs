//! Where things stand.

use proptest::prelude::*;

use super::parse;
use crate::catalog::locate;
use crate::model::{FilePath, Place, Pointer, Span};

const TEXT: &str =
    "identifier: prod\nproperties:\n  a: [x, {b: 1}]\n  note: |\n    long\n    text\n  empty:\nrelations:\n  - 1\n  -\n";

fn at(text: &str, place: impl Fn(&FilePath) -> Place) -> Option<(u32, u32, u32, u32)> {
    let span = locate(text.as_bytes(), &place(&FilePath::new("entities/a.yaml")))?;
    Some((span.line, span.column, span.end_line, span.end_column))
}

fn pointer(text: &str) -> Pointer {
    text.split('/').skip(1).fold(Pointer::root(), |pointer, part| match part.parse() {
        Ok(index) => pointer.index(index),
        Err(_) => pointer.key(part),
    })
}

#[test]
fn values_and_keys_are_found() {
    let value = |p: &str| at(TEXT, |file| Place::value(file, pointer(p)));
    let key = |p: &str| at(TEXT, |file| Place::key(file, pointer(p)));
    assert_eq!(value("/identifier"), Some((1, 13, 1, 17)));
    assert_eq!(key("/identifier"), Some((1, 1, 1, 11)));
    assert_eq!(value("/properties/a"), Some((3, 6, 3, 17)));
    assert_eq!(value("/properties/a/1"), Some((3, 10, 3, 16)));
    assert_eq!(value("/properties/a/1/b"), Some((3, 14, 3, 15)));
    assert_eq!(value("/properties/note"), Some((5, 5, 5, 6)));
    assert_eq!(value("/properties/empty"), Some((7, 9, 7, 9)));
}

#[test]
fn what_spans_lines_is_pointed_at_by_its_key_and_the_document_by_its_first() {
    let value = |p: &str| at(TEXT, |file| Place::value(file, pointer(p)));
    assert_eq!(value("/properties"), Some((2, 1, 2, 11)));
    assert_eq!(value(""), Some((1, 1, 1, 11)));
    assert_eq!(at("- a: 1\n  b: 2\n- c: 3\n", |file| Place::value(file, Pointer::root().index(0))), Some((1, 3, 1, 4)));
}

#[test]
fn what_is_missing_is_pointed_at_by_its_nearest_ancestor() {
    let value = |p: &str| at(TEXT, |file| Place::value(file, pointer(p)));
    assert_eq!(value("/properties/absent/deeper"), Some((2, 1, 2, 11)));
    assert_eq!(value("/properties/a/7"), Some((3, 3, 3, 4)));
    assert_eq!(value("/absent"), Some((1, 1, 1, 11)));
    assert_eq!(at("", Place::file), None);
}

#[test]
fn a_broken_file_is_searched_as_far_as_it_can_be_read() {
    let text = "identifier: prod\nproperties:\n  a: 1\n  b: {c: 2\n";
    assert_eq!(at(text, |file| Place::value(file, pointer("/properties/a"))), Some((3, 6, 3, 7)));
    assert_eq!(at(text, |file| Place::value(file, pointer("/properties/b/c"))), Some((4, 10, 4, 11)));
}

#[test]
fn a_known_span_is_believed() {
    let span = Span { line: 7, column: 3, end_line: 7, end_column: 4 };
    assert_eq!(locate(b"", &Place::span(&FilePath::new("entities/a.yaml"), span)), Some(span));
}

#[test]
fn json_is_searched_like_yaml() {
    let text = "{\n  \"identifier\": \"prod\",\n  \"properties\": { \"ключ\": [1, 2] }\n}\n";
    let place = Place::value(&FilePath::new("entities/a.json"), pointer("/properties/ключ/1"));
    assert_eq!(locate(text.as_bytes(), &place), Some(Span { line: 3, column: 31, end_line: 3, end_column: 32 }));
}

/// Broken in many places, to be told by many findings with a way.
const FAULTY: &[(&str, &str)] = &[
    ("entities/a.yaml", "identifier: a b\ntitel: x\nproperties: 3\nrelations:\n  r:\n    x: 1\n    y: 2\n  s: [1, ok]\n"),
    (
        "blueprints/a.json",
        "{\"schema\": {\n\"properties\": {\"a.b\": {\"type\": \"text\"}},\n\"required\": [\"c\"]},\n\"ownership\": {\"type\": \"Inherited\"}}",
    ),
    ("permissions/a.yaml", "entities:\n  update: 1\n  register: {roles: [x], users: [{}]}\nactions:\n  a b:\n    run: {}\n"),
];

proptest! {
    #[test]
    fn a_finding_and_its_way_point_at_the_same_text(which in 0..FAULTY.len(), cut in 0_usize..8) {
        let (path, text) = FAULTY[which];
        let text: String = text.lines().skip(cut.min(1)).map(|line| format!("{line}\n")).collect();
        for finding in parse(path, &text).findings {
            let place = finding.place.unwrap();
            if place.pointer != Pointer::root() {
                let bare = Place { span: None, ..place.clone() };
                prop_assert_eq!(locate(text.as_bytes(), &bare), place.span, "{} {}", finding.rule, place.pointer);
            }
        }
    }
}
