//! The shape of a JSON Schema, with Port's own keywords: of a property, of an action's input, of a condition.

use std::collections::BTreeSet;

use crate::catalog::node::NodeKind;
use crate::catalog::shown::shown;
use crate::model::{RuleDoc, Value};

use super::cursor::{Cursor, Decoder};
use super::keyword::{BOUNDS, NESTED_TYPES, SPECS, Shape, TYPES, applies, formats, keywords};
use super::look;
use super::suggest;

pub(super) use super::keyword::Use;

pub(super) const RULES: &[RuleDoc] = &[
    RuleDoc {
        id: "document/remote-ref",
        summary: "`$ref` points into the same document.",
        remedy: "Write `#/…`, or write the schema out: nothing is ever fetched.",
    },
    RuleDoc {
        id: "document/enum",
        summary: "`enum` lists at least one value, each once; `enumColors` colours values of `enum` only.",
        remedy: "Remove what is repeated or not in `enum`, or add it there.",
    },
    RuleDoc {
        id: "document/checks-nothing",
        summary: "A `format` or `spec` stands where it says something: `labeled-url` on an object, the others on a string.",
        remedy: "Change the type or the format; in a list, write the format inside `items`.",
    },
    RuleDoc {
        id: "document/bounds",
        summary: "A lower bound is not above its upper bound.",
        remedy: "Exchange the two, or mend the wrong one.",
    },
    RuleDoc {
        id: "document/required-property",
        summary: "`required` names properties that are defined.",
        remedy: "Correct the name, or define the property.",
    },
];

/// Checks the definition of a property or an input: a schema that says its type.
pub(super) fn definition(d: &mut Decoder<'_>, at: Cursor<'_, '_>, purpose: Use) {
    if !d.mapping(at) {
        return;
    }
    if let Some(name) = d.required(&at, "type", "string") {
        d.choice(name, TYPES);
    }
    walk(d, at, purpose);
}

/// Checks a schema of any sort.
pub(super) fn schema(d: &mut Decoder<'_>, at: Cursor<'_, '_>, purpose: Use) {
    match &at.node.kind {
        NodeKind::Bool(_) => {}
        _ if d.mapping(at) => {
            if let Some(name) = at.get("type") {
                types(d, name);
            }
            walk(d, at, purpose);
        }
        _ => {}
    }
}

fn types(d: &mut Decoder<'_>, at: Cursor<'_, '_>) {
    match &at.node.kind {
        NodeKind::List(_) => at.items().for_each(|item| {
            d.choice(item, NESTED_TYPES);
        }),
        _ => {
            d.choice(at, NESTED_TYPES);
        }
    }
}

fn walk(d: &mut Decoder<'_>, at: Cursor<'_, '_>, purpose: Use) {
    for pair in at.pairs() {
        let name = pair.name();
        let Some((_, shape)) = keywords(purpose).find(|(known, _)| *known == name) else {
            unknown(d, pair, purpose);
            continue;
        };
        if purpose == Use::Input
            && !matches!(shape, Shape::Type | Shape::Format | Shape::Reference)
            && let Some(query) = pair.get("jqQuery")
        {
            d.text(query);
            continue;
        }
        keyword(d, pair, shape, purpose);
    }
    colors(d, at);
    idle(d, at, purpose);
    bounds(d, at);
}

/// A format on a type that it says nothing about.
fn idle(d: &mut Decoder<'_>, at: Cursor<'_, '_>, purpose: Use) {
    let Some(NodeKind::Text(kind)) = at.get("type").map(|kind| &kind.node.kind) else { return };
    for name in ["format", "spec"] {
        let Some(written) = at.get(name) else { continue };
        let NodeKind::Text(value) = &written.node.kind else { continue };
        let known = if name == "format" { formats(purpose).contains(&&**value) } else { SPECS.contains(&&**value) };
        if !known || applies(name, value, kind) {
            continue; // what is not known is told already
        }
        let help = match &**kind {
            "array" => format!("write it inside `items`: `items: {{ type: string, {name}: {value} }}`"),
            _ if applies(name, value, "string") => "write `type: string`, or remove it".to_owned(),
            _ => "write `type: object`, or remove it".to_owned(),
        };
        let message = format!("`{name}: {value}` says nothing about the type `{}`", shown(kind));
        d.error("document/checks-nothing", written, message, help);
    }
}

fn bounds(d: &mut Decoder<'_>, at: Cursor<'_, '_>) {
    let number = |key: &str| match at.get(key)?.node.kind {
        #[allow(clippy::cast_precision_loss)] // bounds that differ by less than a float can tell are let pass
        NodeKind::Int(i) => Some(i as f64),
        NodeKind::Float(f) => Some(f),
        _ => None,
    };
    for (low, high) in BOUNDS {
        if let (Some(least), Some(most), Some(place)) = (number(low), number(high), at.get(low))
            && least > most
        {
            let message = format!("`{low}` is above `{high}`, so that no value is allowed");
            d.error("document/bounds", place, message, "exchange the two, or mend the wrong one");
        }
    }
}

fn unknown(d: &mut Decoder<'_>, at: Cursor<'_, '_>, purpose: Use) {
    let name = at.name();
    let message = format!("`{}` is not a known keyword of a schema", shown(name));
    let help = match name {
        "$id" | "id" | "$schema" | "$anchor" | "$dynamicRef" | "$dynamicAnchor" | "$recursiveRef" | "$vocabulary" => {
            "remove it: every schema is read by one dialect, and refers to nothing but itself".to_owned()
        }
        "additionalItems" => "write `items`: it holds for whatever comes after `prefixItems`".to_owned(),
        _ if !d.listens() => String::new(),
        _ => match suggest::nearest(name, keywords(purpose).map(|(known, _)| known)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "remove it, or correct it: a keyword that nobody knows would check nothing".to_owned(),
        },
    };
    d.key_error("document/unknown-key", at, message, help);
}

fn keyword(d: &mut Decoder<'_>, at: Cursor<'_, '_>, shape: Shape, purpose: Use) {
    const MANY: u64 = 1 << 53;
    match shape {
        Shape::Any | Shape::Type => {}
        Shape::Text => {
            d.text(at);
        }
        Shape::Texts => {
            if d.list(at) {
                at.items().for_each(|item| {
                    d.text(item);
                });
            }
        }
        Shape::Boolean => {
            d.boolean(at);
        }
        Shape::Count => {
            d.number(at, 0, MANY);
        }
        Shape::Number => number(d, at, false),
        Shape::Positive => number(d, at, true),
        Shape::Format => {
            d.choice(at, &formats(purpose));
        }
        Shape::Spec => {
            d.choice(at, SPECS);
        }
        Shape::Enum => enumeration(d, at),
        Shape::Icon => {
            look::icon_of(d, at);
        }
        Shape::SpecAuthentication => spec_authentication(d, at),
        Shape::Colors | Shape::Mapping => {
            d.mapping(at);
        }
        Shape::List => {
            d.list(at);
        }
        Shape::Reference => {
            if let Some(text) = d.text(at).filter(|text| !text.starts_with('#')) {
                let message = format!("`$ref: {}` points outside the document", shown(text));
                d.error("document/remote-ref", at, message, "write `#/…`, or write the schema out: nothing is ever fetched");
            }
        }
        Shape::Schema => match &at.node.kind {
            NodeKind::List(_) if at.name() == "items" => {
                let message = "`items` is one schema, for every item";
                d.error("document/wrong-type", at, message, "write a list of schemas under `prefixItems`, one for each place");
            }
            _ => schema(d, at, purpose),
        },
        Shape::Schemas => {
            if d.list(at) {
                at.items().for_each(|item| schema(d, item, purpose));
            }
        }
        Shape::NamedSchemas => {
            if d.mapping(at) {
                at.pairs().for_each(|pair| schema(d, pair, purpose));
            }
        }
    }
}

fn number(d: &mut Decoder<'_>, at: Cursor<'_, '_>, positive: bool) {
    let good = match at.node.kind {
        NodeKind::Int(i) => !positive || i > 0,
        NodeKind::Float(f) => !positive || f > 0.0,
        NodeKind::Broken => true,
        _ => {
            d.error(
                "document/wrong-type",
                at,
                format!("`{}` wants a number, not {}", at.name(), at.node.kind.word()),
                "write a number, without quotes",
            );
            return;
        }
    };
    if !good {
        d.error("document/out-of-range", at, format!("`{}` must be greater than 0", at.name()), "write a number greater than 0");
    }
}

fn enumeration(d: &mut Decoder<'_>, at: Cursor<'_, '_>) {
    if !d.list(at) {
        return;
    }
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for item in at.items() {
        let value = item.node.to_value().canonical();
        if seen.contains(&value) {
            d.error("document/enum", item, format!("{} stands in `enum` twice", shown(&value)), "remove one of the two");
        } else {
            seen.insert(value);
        }
    }
    if at.items().next().is_none() {
        d.error("document/enum", at, "`enum` allows nothing", "list the values that are allowed, or remove `enum`");
    }
}

/// Who is asked for a token before an embedded page is shown.
fn spec_authentication(d: &mut Decoder<'_>, at: Cursor<'_, '_>) {
    const TEXTS: [&str; 3] = ["authorizationUrl", "tokenUrl", "clientId"];
    if !d.fields(at, &["authorizationUrl", "tokenUrl", "clientId", "authorizationScope"]) {
        return;
    }
    for key in TEXTS {
        if let Some(written) = d.required(&at, key, "<text>") {
            d.text(written);
        }
    }
    if let Some(scope) = at.given("authorizationScope").filter(|scope| d.list(*scope)) {
        scope.items().for_each(|item| {
            d.text(item);
        });
    }
}

/// `enumColors` gives colours to values of `enum`.
fn colors(d: &mut Decoder<'_>, at: Cursor<'_, '_>) {
    let Some(colors) = at.given("enumColors") else { return };
    let computed = colors.get("jqQuery").is_some();
    if !computed {
        colors.pairs().for_each(|color| look::color(d, color));
    }
    let Some(values) = at.given("enum") else { return };
    let known: BTreeSet<String> = values
        .items()
        .map(|item| match item.node.to_value() {
            Value::String(text) => text.to_string(),
            other => other.canonical(),
        })
        .collect();
    if known.is_empty() {
        return;
    }
    for color in colors.pairs() {
        if !known.contains(color.name()) {
            let help = d.choices(color.name(), known.iter().map(String::as_str));
            d.key_error("document/enum", color, format!("`{}` has a colour and is not in `enum`", shown(color.name())), help);
        }
    }
}

/// A list of names, each of which must be one of `defined`; sorted, each once.
pub(super) fn required_names(d: &mut Decoder<'_>, at: Cursor<'_, '_>, defined: &BTreeSet<&str>) -> Vec<Box<str>> {
    if !d.list(at) {
        return Vec::new();
    }
    let mut names: Vec<Box<str>> = Vec::new();
    for item in at.items() {
        let Some(name) = d.text(item) else { continue };
        if defined.contains(name) {
            names.push(name.into());
        } else {
            let message = format!("`{}` is required, and no such property is defined", shown(name));
            let help = d.choices(name, defined.iter().copied());
            d.error("document/required-property", item, message, help);
        }
    }
    names.sort();
    names.dedup();
    names
}
