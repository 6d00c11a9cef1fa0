//! Line and column of a place, found by reading its file once more: the catalog itself keeps no positions.

use std::collections::HashMap;

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

/// The same for many places of one file, which is read once; the cost is in proportion to the file and the places.
pub fn locate_all(source: &[u8], places: &[&Place]) -> Vec<Option<Span>> {
    let known = || places.iter().map(|place| place.span).collect();
    let Some(unknown) = places.iter().find(|place| place.span.is_none()) else { return known() };
    let Some(text) = text::read_text(source, &Limits::MOST).text else { return known() };
    let tree = read_tree(&unknown.file, text, &Limits::MOST);
    let Some(root) = tree.root.as_ref() else { return known() };
    let mut ways = Ways::default();
    places.iter().map(|place| place.span.or_else(|| Some(find(root, place, &mut ways)))).collect()
}

fn find<'t>(root: &'t Node<'_>, place: &Place, ways: &mut Ways<'t>) -> Span {
    let mut node = root;
    let mut key_span: Option<Span> = None;
    let mut reached = true;
    for (at, part) in place.pointer.parts().iter().enumerate() {
        let step = ways.step(node, part);
        match step.or_else(|| other_spelling(root, place.pointer.parts().get(..=at)?, ways)) {
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

/// Ways that a noun knows by one spelling, and by which another document may have written the same.
const SPELLINGS: &[(&[&str], &str)] = &[
    (&["teamInheritance"], "ownership"),
    (&["trigger", "userInputs"], "userInputs"),
    (&["trigger", "blueprintIdentifier"], "blueprint"),
];

fn other_spelling<'t, 'a>(root: &'t Node<'a>, way: &[Part], ways: &mut Ways<'t>) -> Option<(&'t Node<'a>, Option<Span>)> {
    let is = |keys: &[&str]| {
        keys.len() == way.len() && keys.iter().zip(way).all(|(key, part)| matches!(part, Part::Key(name) if **name == **key))
    };
    let (_, other) = SPELLINGS.iter().find(|(keys, _)| is(keys))?;
    ways.step(root, &Part::Key((*other).into()))
}

/// From this many children on, names are looked up in a table: a thousand findings in one large mapping shall not each walk
/// through all of it.
const WIDE: usize = 16;

/// Children by their text, for the wide nodes that were asked.
#[derive(Default)]
struct Ways<'t> {
    /// By the node's address, which is its own for as long as the tree is borrowed.
    wide: HashMap<*const (), HashMap<&'t str, usize>>,
}

impl<'t> Ways<'t> {
    fn step<'a>(&mut self, node: &'t Node<'a>, part: &Part) -> Option<(&'t Node<'a>, Option<Span>)> {
        match (part, &node.kind) {
            (Part::Key(key), NodeKind::Map(pairs)) => {
                let names = pairs.iter().map(|pair| Some(&*pair.key));
                let pair = pairs.get(self.position(node, names, key)?)?;
                Some((&pair.value, Some(pair.key_span)))
            }
            // Lists whose order means nothing are kept sorted, so an item of them is known by its text.
            (Part::Key(key), NodeKind::List(items)) => {
                let item = items.get(self.position(node, items.iter().map(text_of), key)?)?;
                Some((item, None))
            }
            (Part::Key(key), NodeKind::Text(text)) if **text == **key => Some((node, None)),
            (Part::Index(index), NodeKind::List(items)) => items.get(*index).map(|item| (item, None)),
            _ => None,
        }
    }

    /// The first child of this name.
    fn position(
        &mut self,
        node: &Node<'_>,
        mut names: impl ExactSizeIterator<Item = Option<&'t str>>,
        key: &str,
    ) -> Option<usize> {
        if names.len() < WIDE {
            return names.position(|name| name == Some(key));
        }
        let table = self.wide.entry(std::ptr::from_ref(node).cast()).or_insert_with(|| {
            let mut table = HashMap::new();
            for (at, name) in names.enumerate().filter_map(|(at, name)| Some((at, name?))) {
                table.entry(name).or_insert(at);
            }
            table
        });
        table.get(key).copied()
    }
}

fn text_of<'t>(node: &'t Node<'_>) -> Option<&'t str> {
    match &node.kind {
        NodeKind::Text(text) => Some(text),
        _ => None,
    }
}
