//! Line and column of a place, found by reading its file once more: the catalog itself keeps no positions.

use crate::model::{Limits, Part, Place, Span};

use super::decode::shown_span;
use super::file::read_tree;
use super::node::{Node, NodeKind};
use super::text;

/// Where `place` stands in `source`, the content of its file.
///
/// What is not there is pointed at by the nearest thing above it that is. `None` where the file cannot be read at all.
pub fn locate(source: &[u8], place: &Place) -> Option<Span> {
    if place.span.is_some() {
        return place.span;
    }
    let text = text::read_text(source, &Limits::MOST).text?;
    let tree = read_tree(&place.file, text, &Limits::MOST);
    let mut node = tree.root.as_ref()?;
    let mut key_span: Option<Span> = None;
    let mut reached = true;
    for part in place.pointer.parts() {
        match step(node, part) {
            Some((next, key)) => (node, key_span) = (next, key),
            None => {
                reached = false;
                break;
            }
        }
    }
    match key_span {
        Some(key) if place.on_key || !reached => Some(key),
        key => Some(shown_span(node, key)),
    }
}

fn step<'t, 'a>(node: &'t Node<'a>, part: &Part) -> Option<(&'t Node<'a>, Option<Span>)> {
    match (part, &node.kind) {
        (Part::Key(key), NodeKind::Map(_)) => node.get(key).map(|pair| (&pair.value, Some(pair.key_span))),
        (Part::Index(index), NodeKind::List(items)) => items.get(*index).map(|item| (item, None)),
        _ => None,
    }
}
