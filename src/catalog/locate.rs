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
    locate_all(source, &[place]).into_iter().next().flatten()
}

/// The same for many places of one file, which is read once.
pub fn locate_all(source: &[u8], places: &[&Place]) -> Vec<Option<Span>> {
    let known = || places.iter().map(|place| place.span).collect();
    let Some(unknown) = places.iter().find(|place| place.span.is_none()) else { return known() };
    let Some(text) = text::read_text(source, &Limits::MOST).text else { return known() };
    let tree = read_tree(&unknown.file, text, &Limits::MOST);
    let Some(root) = tree.root.as_ref() else { return known() };
    places.iter().map(|place| place.span.or_else(|| Some(find(root, place)))).collect()
}

fn find(root: &Node<'_>, place: &Place) -> Span {
    let mut node = root;
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
        Some(key) if place.on_key || !reached => key,
        key => shown_span(node, key),
    }
}

fn is_text(node: &Node<'_>, text: &str) -> bool {
    matches!(&node.kind, NodeKind::Text(found) if **found == *text)
}

fn step<'t, 'a>(node: &'t Node<'a>, part: &Part) -> Option<(&'t Node<'a>, Option<Span>)> {
    match (part, &node.kind) {
        (Part::Key(key), NodeKind::Map(_)) => node.get(key).map(|pair| (&pair.value, Some(pair.key_span))),
        // Lists whose order means nothing are kept sorted, so an item of them is known by its text.
        (Part::Key(key), NodeKind::List(items)) => items.iter().find(|item| is_text(item, key)).map(|item| (item, None)),
        (Part::Key(key), NodeKind::Text(_)) if is_text(node, key) => Some((node, None)),
        (Part::Index(index), NodeKind::List(items)) => items.get(*index).map(|item| (item, None)),
        _ => None,
    }
}
