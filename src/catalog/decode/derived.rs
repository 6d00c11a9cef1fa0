//! Properties that are computed for readers: mirror, formula, calculation, aggregation.

use std::collections::BTreeMap;

use crate::catalog::shown::shown;
use crate::model::{DerivedProperty, FormulaPart, MetaProperty, Property, PropertyName, Recipe, RuleDoc};

use super::aggregation::aggregation;
use super::blueprint::{member_name, path};
use super::cursor::{Cursor, Decoder};
use super::schema::{self, Use};

pub(super) const RULES: &[RuleDoc] = &[
    RuleDoc {
        id: "blueprint/name-taken",
        summary: "A name stands for one property only, written or derived.",
        remedy: "Rename one of the two.",
    },
    RuleDoc {
        id: "blueprint/meta-property",
        summary: "A name with a dollar sign is one of the meta-properties that every entity has.",
        remedy: "Write $identifier, $title, $icon, $blueprint, $team, $createdAt, $updatedAt, $createdBy or $updatedBy.",
    },
    RuleDoc {
        id: "blueprint/formula",
        summary: "A formula is a text with names of properties in double braces.",
        remedy: "Write each as `{{property}}` or `{{$identifier}}`, and close the braces.",
    },
    RuleDoc {
        id: "blueprint/aggregation",
        summary: "An aggregation's function fits what it is calculated by.",
        remedy: "By entities write count or average; by property write sum, average, min, max or median, and name the property.",
    },
];

const FAMILIES: [&str; 4] = ["mirrorProperties", "formulaProperties", "calculationProperties", "aggregationProperties"];

/// Reads all four families; a name that a written property or another family has is refused. One that cannot be read is
/// complained of and left out.
pub(super) fn derived(
    d: &mut Decoder<'_>,
    at: &Cursor<'_, '_>,
    written: &BTreeMap<Box<str>, Property>,
) -> BTreeMap<Box<str>, DerivedProperty> {
    let mut all: BTreeMap<Box<str>, DerivedProperty> = BTreeMap::new();
    let mut taken: BTreeMap<&str, &'static str> = BTreeMap::new();
    for family in FAMILIES {
        let Some(entries) = at.given(family).filter(|entries| d.mapping(*entries)) else { continue };
        for entry in entries.pairs() {
            member_name(d, entry);
            let recipe = recipe(d, entry, family);
            let other = written.contains_key(entry.name()).then_some("schema.properties");
            let other = other.or_else(|| taken.get(entry.name()).copied());
            if let Some(other) = other {
                let message = format!("`{}` is a name in `{other}` already", shown(entry.name()));
                d.key_error("blueprint/name-taken", entry, message, "rename one of the two");
                continue;
            }
            taken.insert(entry.name(), family);
            if let Some(recipe) = recipe {
                all.insert(entry.name().into(), DerivedProperty { recipe, definition: entry.node.to_value() });
            }
        }
    }
    all
}

fn recipe(d: &mut Decoder<'_>, at: Cursor<'_, '_>, family: &str) -> Option<Recipe> {
    match family {
        "mirrorProperties" => mirror(d, at),
        "formulaProperties" => {
            if !d.fields(at, &["title", "icon", "description", "formula", "type", "format", "spec"]) {
                return None;
            }
            let written = d.required(&at, "formula", "\"https://example.com/{{$identifier}}\"")?;
            formula(d, written).map(Recipe::Formula)
        }
        "calculationProperties" => calculation(d, at),
        _ => aggregation(d, at).map(|found| Recipe::Aggregation(Box::new(found))),
    }
}

fn mirror(d: &mut Decoder<'_>, at: Cursor<'_, '_>) -> Option<Recipe> {
    if !d.fields(at, &["title", "icon", "description", "path"]) {
        return None;
    }
    let written = d.required(&at, "path", "<relation>.<property>")?;
    let mut steps = path(d, written, true)?.0;
    let end = steps.pop()?;
    Some(Recipe::Mirror { path: steps, end: property_name(d, written, &end)? })
}

/// A property's name, or a meta-property's.
pub(super) fn property_name(d: &mut Decoder<'_>, at: Cursor<'_, '_>, text: &str) -> Option<PropertyName> {
    let name = PropertyName::parse(text);
    if name.is_none() {
        let help = d.choices(text, MetaProperty::ALL.map(MetaProperty::as_str));
        d.error("blueprint/meta-property", at, format!("`{}` is no meta-property", shown(text)), help);
    }
    name
}

fn formula(d: &mut Decoder<'_>, at: Cursor<'_, '_>) -> Option<Vec<FormulaPart>> {
    let mut rest = d.text(at)?;
    let mut parts = Vec::new();
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((name, behind)) = after.split_once("}}") else {
            let message = "the formula opens `{{` and does not close it";
            d.error("blueprint/formula", at, message, "write `{{property}}`, with both braces closed");
            return None;
        };
        let name = name.trim();
        // A path into an object would be Port's templates of actions; a formula names properties alone.
        if name.is_empty() || name.contains(|c: char| c.is_whitespace() || matches!(c, '{' | '}')) {
            let message = format!("`{{{{{}}}}}` is not the name of a property", shown(name));
            d.error("blueprint/formula", at, message, "write `{{property}}` or `{{$identifier}}`");
            return None;
        }
        if !before.is_empty() {
            parts.push(FormulaPart::Text(before.into()));
        }
        parts.push(FormulaPart::Name(property_name(d, at, name)?));
        rest = behind;
    }
    if !rest.is_empty() {
        parts.push(FormulaPart::Text(rest.into()));
    }
    Some(parts)
}

fn calculation(d: &mut Decoder<'_>, at: Cursor<'_, '_>) -> Option<Recipe> {
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
        return None;
    }
    let kind = at.given("type");
    let kind_is_known = kind.is_none_or(|kind| d.choice(kind, &["string", "number", "boolean", "object", "array"]).is_some());
    let format_is_text = at.given("format").is_none_or(|format| d.text(format).is_some());
    if let Some(items) = at.given("items") {
        schema::schema(d, items, Use::Property);
    }
    let written = d.required(&at, "calculation", ".properties.name")?;
    let program = d.text(written)?;
    (kind_is_known && format_is_text).then(|| Recipe::Calculation(program.into()))
}
