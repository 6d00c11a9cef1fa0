//! Properties that are computed for readers: mirror, formula, calculation, aggregation.

use std::collections::BTreeMap;

use crate::catalog::shown::shown;
use crate::model::{DerivedProperty, Property, RuleDoc};

use super::blueprint::{member_name, path};
use super::cursor::{Cursor, Decoder};

pub(super) const RULES: &[RuleDoc] = &[RuleDoc {
    id: "blueprint/name-taken",
    summary: "A name stands for one property only, written or derived.",
    remedy: "Rename one of the two.",
}];

const FAMILIES: [&str; 4] = ["mirrorProperties", "formulaProperties", "calculationProperties", "aggregationProperties"];

/// Reads all four families; a name that a written property or another family has is refused.
pub(super) fn derived(
    d: &mut Decoder<'_>,
    at: &Cursor<'_, '_>,
    written: &BTreeMap<Box<str>, Property>,
) -> BTreeMap<Box<str>, DerivedProperty> {
    let mut all: BTreeMap<Box<str>, DerivedProperty> = BTreeMap::new();
    for family in FAMILIES {
        let Some(entries) = at.given(family).filter(|entries| d.mapping(*entries)) else { continue };
        for entry in entries.pairs() {
            member_name(d, entry);
            check(d, entry, family);
            let other = written
                .contains_key(entry.name())
                .then_some("schema.properties")
                .or_else(|| all.get(entry.name()).map(|taken| taken.family));
            if let Some(other) = other {
                let message = format!("`{}` is a name in `{other}` already", shown(entry.name()));
                d.key_error("blueprint/name-taken", entry, message, "rename one of the two");
            }
            let definition = entry.node.to_value();
            all.entry(entry.name().into()).or_insert(DerivedProperty { family, definition });
        }
    }
    all
}

fn check(d: &mut Decoder<'_>, at: Cursor<'_, '_>, family: &str) {
    match family {
        "mirrorProperties" => {
            if d.fields(at, &["title", "icon", "description", "path"])
                && let Some(written) = d.required(&at, "path", "<relation>.<property>")
            {
                path(d, written, true);
            }
        }
        "formulaProperties" => {
            if d.fields(at, &["title", "icon", "description", "formula", "type", "format", "spec"])
                && let Some(written) = d.required(&at, "formula", "\"https://example.com/{{$identifier}}\"")
            {
                d.text(written);
            }
        }
        "calculationProperties" => calculation(d, at),
        _ => aggregation(d, at),
    }
}

fn calculation(d: &mut Decoder<'_>, at: Cursor<'_, '_>) {
    const KEYS: &[&str] = &[
        "title",
        "icon",
        "description",
        "calculation",
        "type",
        "format",
        "dateFormat",
        "items",
        "spec",
        "specAuthentication",
        "colorized",
        "colors",
        "default",
    ];
    if !d.fields(at, KEYS) {
        return;
    }
    if let Some(written) = d.required(&at, "calculation", ".properties.name") {
        d.text(written);
    }
    if let Some(kind) = at.given("type") {
        d.choice(kind, &["string", "number", "boolean", "object", "array"]);
    }
}

fn aggregation(d: &mut Decoder<'_>, at: Cursor<'_, '_>) {
    const KEYS: &[&str] = &["title", "icon", "description", "type", "target", "calculationSpec", "query", "pathFilter"];
    const SPEC: &[&str] = &["calculationBy", "func", "property", "averageOf", "measureTimeBy"];
    if !d.fields(at, KEYS) {
        return;
    }
    if let Some(target) = d.required(&at, "target", "<Blueprint>") {
        d.identifier(target);
    }
    let Some(spec) = d.required(&at, "calculationSpec", "{ calculationBy: entities, func: count }") else { return };
    if !d.fields(spec, SPEC) {
        return;
    }
    if let Some(by) = d.required(&spec, "calculationBy", "entities") {
        d.choice(by, &["entities", "property"]);
    }
    if let Some(func) = d.required(&spec, "func", "count") {
        d.choice(func, &["count", "average", "sum", "min", "max", "median"]);
    }
}
