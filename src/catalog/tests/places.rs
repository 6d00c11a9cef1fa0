//! Where things stand.

use proptest::prelude::*;

use super::parse;
use crate::catalog::{locate, locate_all};
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

fn in_json(text: &str, place: impl Fn(&FilePath) -> Place) -> Option<(u32, u32, u32, u32)> {
    let span = locate(text.as_bytes(), &place(&FilePath::new("entities/a.json")))?;
    Some((span.line, span.column, span.end_line, span.end_column))
}

#[test]
fn what_is_missing_in_json_is_pointed_at_where_it_belongs() {
    let missing = |text: &str, p: &str| in_json(text, |file| Place::key(file, pointer(p)));
    let pretty = "{\n  \"identifier\": \"a\",\n  \"properties\": {\n    \"x\": 1\n  }\n}\n";
    assert_eq!(missing(pretty, "/properties/gone"), Some((3, 3, 3, 15)), "the key of what should hold it");
    assert_eq!(missing(pretty, "/gone"), Some((2, 3, 2, 15)), "the document's first key");
    let minified = "{\"identifier\":\"a\",\"properties\":{\"x\":1}}";
    assert_eq!(missing(minified, "/properties/gone"), Some((1, 19, 1, 31)));
    assert_eq!(missing(minified, "/gone"), Some((1, 1, 1, 40)), "all of it, as long as that is no more than a line");
    let wide = format!("{{\"identifier\":\"a\",\"note\":\"{}\",\"properties\":{{\"x\":[7]}}}}", "n".repeat(200));
    assert_eq!(missing(&wide, "/gone"), Some((1, 2, 1, 14)), "the first key, where all of it would be the whole file");
    assert_eq!(in_json(&wide, |file| Place::value(file, pointer("/properties/x/0"))), Some((1, 248, 1, 249)));
    let list = "[{\"identifier\":\"a\"},\n {\"identifier\":\"b\",\"properties\":{}}]";
    assert_eq!(missing(list, "/1/properties/x"), Some((2, 20, 2, 32)));
    assert_eq!(missing(list, "/0/properties/x"), Some((1, 2, 1, 20)));
}

#[test]
fn flow_lists_and_windows_line_ends_keep_their_columns() {
    let key = |text: &str, p: &str| at(text, |file| Place::key(file, pointer(p)));
    let value = |text: &str, p: &str| at(text, |file| Place::value(file, pointer(p)));
    let flow = "- {identifier: a, properties: {ttl: ten, n: [1, 2]}}\r\n- identifier: b\r\n  properties:\r\n    ttl: 1\r\n";
    assert_eq!(value(flow, "/0/properties/ttl"), Some((1, 37, 1, 40)));
    assert_eq!(value(flow, "/0/properties/n/1"), Some((1, 49, 1, 50)));
    assert_eq!(key(flow, "/0/properties/gone"), Some((1, 19, 1, 29)));
    assert_eq!(value(flow, "/1/properties/ttl"), Some((4, 10, 4, 11)));
    assert_eq!(key(flow, "/1/properties/gone"), Some((3, 3, 3, 13)));
    assert_eq!(key(flow, "/1/gone"), Some((2, 3, 2, 13)));
    let folded = "a: >\n  one\n  two\nb: \"x\n  y\"\nc: plain\n  goes on\n";
    assert_eq!(value(folded, "/a"), Some((2, 3, 2, 4)), "a block text begins where its text does");
    assert_eq!(value(folded, "/b"), Some((4, 4, 5, 5)), "what goes on over lines has an end on another");
    assert_eq!(value(folded, "/c"), Some((6, 4, 7, 10)));
}

/// The names in a large mapping are looked up, not searched one by one: this would take minutes otherwise.
#[test]
fn many_places_of_one_large_file_are_found_at_once() {
    let text: String = (0..50_000).map(|i| format!("k{i:05}: {i}\n")).collect();
    let file = FilePath::new("entities/a.yaml");
    let places: Vec<Place> = (0..50_000).map(|i| Place::value(&file, Pointer::root().key(&format!("k{i:05}")))).collect();
    let spans = locate_all(text.as_bytes(), &places.iter().collect::<Vec<_>>());
    assert!(spans.iter().zip(1..).all(|(span, line)| span.is_some_and(|span| (span.line, span.column) == (line, 9))));
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

#[test]
fn what_is_written_in_another_spelling_is_found_there() {
    let value = |text: &str, p: &str| at(text, |file| Place::value(file, pointer(p)));
    let owned = "identifier: Env\nownership:\n  type: Inherited\n  path: service\n";
    assert_eq!(value(owned, "/teamInheritance/path"), Some((4, 9, 4, 16)));
    let action = "trigger: CREATE\nblueprint: Env\nuserInputs:\n  properties: { ttl: 1 }\n";
    assert_eq!(value(action, "/trigger/userInputs/properties/ttl"), Some((4, 22, 4, 23)));
    assert_eq!(value(action, "/trigger/blueprintIdentifier"), Some((2, 12, 2, 15)));
}
