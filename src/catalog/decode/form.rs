//! How the inputs of an action are arranged: order, steps, titles, and what depends on what.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::node::NodeKind;
use crate::catalog::shown::shown;
use crate::model::RuleDoc;

use super::cursor::{Cursor, Decoder};

pub(super) const RULES: &[RuleDoc] = &[
    RuleDoc {
        id: "action/unknown-input",
        summary: "`order`, `steps`, `titles` and `dependsOn` name inputs and titles that the form has.",
        remedy: "Correct the name, or define the input below `properties`.",
    },
    RuleDoc {
        id: "action/input-twice",
        summary: "An input stands in one place of the form: once in `order`, in one of the `steps`.",
        remedy: "Remove all but one mention of it.",
    },
    RuleDoc {
        id: "action/input-cycle",
        summary: "No input depends on itself, by way of others either.",
        remedy: "Remove one `dependsOn` of the circle.",
    },
];

/// Checks the arrangement of a form whose inputs are `defined`.
pub(super) fn arrangement(d: &mut Decoder<'_>, at: Cursor<'_, '_>, defined: &BTreeSet<&str>) {
    let titles: BTreeSet<&str> = at.given("titles").map(|titles| titles_of(d, titles)).unwrap_or_default();
    let known: BTreeSet<&str> = defined.union(&titles).copied().collect();
    if let Some(steps) = at.given("steps").filter(|steps| d.list(*steps)) {
        let mut seen = BTreeSet::new();
        for step in steps.items() {
            if !d.fields(step, &["title", "order", "visible", "description"]) {
                continue;
            }
            d.optional_text(&step, "title");
            d.optional_text(&step, "description");
            if let Some(order) = d.required(&step, "order", "[]") {
                names(d, order, &known, &mut seen);
            }
            if let Some(visible) = step.given("visible") {
                flag(d, visible);
            }
        }
    }
    if let Some(properties) = at.given("properties") {
        depends(d, properties, defined);
    }
}

/// Checks an order by itself: names of inputs and titles, each once.
pub(super) fn order(d: &mut Decoder<'_>, at: Cursor<'_, '_>, form: Option<&Cursor<'_, '_>>, defined: &BTreeSet<&str>) {
    if let NodeKind::Map(_) = at.node.kind {
        if d.fields(at, &["jqQuery"]) {
            d.required(&at, "jqQuery", "…").map(|query| d.text(query));
        }
        return;
    }
    let titles = form.and_then(|form| form.given("titles"));
    let known: BTreeSet<&str> = titles.iter().flat_map(|titles| titles.pairs().map(|title| title.name())).collect();
    let known = known.union(defined).copied().collect();
    names(d, at, &known, &mut BTreeSet::new());
}

fn names<'n>(d: &mut Decoder<'_>, at: Cursor<'_, 'n>, known: &BTreeSet<&str>, seen: &mut BTreeSet<&'n str>) {
    if !d.list(at) {
        return;
    }
    for item in at.items() {
        let Some(name) = d.text(item) else { continue };
        if !known.contains(name) {
            let help = d.choices(name, known.iter().copied());
            d.error("action/unknown-input", item, format!("the form has no `{}`", shown(name)), help);
        } else if !seen.insert(name) {
            let message = format!("`{}` stands in the form twice", shown(name));
            d.error("action/input-twice", item, message, "remove one of the two");
        }
    }
}

/// `titles`: headings between the inputs, which stand in the order as they do.
fn titles_of<'n>(d: &mut Decoder<'_>, at: Cursor<'_, 'n>) -> BTreeSet<&'n str> {
    let mut known = BTreeSet::new();
    if !d.mapping(at) {
        return known;
    }
    for title in at.pairs() {
        known.insert(title.name());
        if !d.fields(title, &["title", "description", "visible"]) {
            continue;
        }
        d.required(&title, "title", "<heading>").map(|text| d.text(text));
        d.optional_text(&title, "description");
        if let Some(visible) = title.given("visible") {
            flag(d, visible);
        }
    }
    known
}

/// True, false, or `{jqQuery: …}`.
fn flag(d: &mut Decoder<'_>, at: Cursor<'_, '_>) {
    if let NodeKind::Map(_) = at.node.kind {
        if d.fields(at, &["jqQuery"]) {
            d.required(&at, "jqQuery", "…").map(|query| d.text(query));
        }
    } else {
        d.boolean(at);
    }
}

/// `dependsOn` of each input: it names inputs, and nobody waits for themselves.
fn depends(d: &mut Decoder<'_>, properties: Cursor<'_, '_>, defined: &BTreeSet<&str>) {
    let mut waits: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for input in properties.pairs() {
        let Some(others) = input.given("dependsOn") else { continue };
        for item in others.items() {
            let NodeKind::Text(name) = &item.node.kind else { continue }; // told with the input's own definition
            if let Some(known) = defined.get(&**name) {
                waits.entry(input.name()).or_default().push(known);
            } else {
                let help = d.choices(name, defined.iter().copied());
                d.error("action/unknown-input", item, format!("the form has no input `{}`", shown(name)), help);
            }
        }
    }
    // What waits for nobody is taken out until nothing is left, or only what waits for itself.
    let mut free = true;
    while free {
        let before = waits.len();
        let waiting: BTreeSet<&str> = waits.keys().copied().collect();
        waits.retain(|_, others| others.iter().any(|other| waiting.contains(other)));
        free = waits.len() < before;
    }
    if let Some(input) = properties.pairs().find(|input| in_circle(&waits, input.name())) {
        let at = input.given("dependsOn").unwrap_or(input);
        let message = format!("`{}` depends on itself, so it could never be filled in", shown(input.name()));
        d.error("action/input-cycle", at, message, "remove one `dependsOn` of the circle");
    }
}

/// Whether an input comes back to itself.
fn in_circle(waits: &BTreeMap<&str, Vec<&str>>, start: &str) -> bool {
    let (mut seen, mut next) = (BTreeSet::new(), waits.get(start).cloned().unwrap_or_default());
    while let Some(name) = next.pop() {
        if name == start {
            return true;
        }
        if seen.insert(name) {
            next.extend(waits.get(name).into_iter().flatten());
        }
    }
    false
}
