//! The shape of a JSON Schema, with Port's own keywords: of a property, of an action's input, of a condition.

use std::collections::BTreeSet;

use crate::catalog::node::NodeKind;
use crate::catalog::shown::shown;
use crate::model::{RuleDoc, Value};

use super::cursor::{Cursor, Decoder};
use super::suggest;

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
        id: "document/required-property",
        summary: "`required` names properties that are defined.",
        remedy: "Correct the name, or define the property.",
    },
];

/// What a schema is for.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Use {
    /// A property of a blueprint.
    Property,
    /// An input of an action.
    Input,
    /// A schema over the inputs, such as `requiredApproval.when`.
    Condition,
}

/// What a keyword wants.
#[derive(Clone, Copy)]
enum Shape {
    Any,
    Text,
    Texts,
    Boolean,
    Count,
    Number,
    Positive,
    Type,
    Format,
    Spec,
    Enum,
    Colors,
    Reference,
    Mapping,
    List,
    Schema,
    Schemas,
    NamedSchemas,
    SchemaOrSchemas,
}

/// Port's, and JSON Schema's `integer`, which everybody expects.
const TYPES: &[&str] = &["string", "number", "integer", "boolean", "object", "array"];
const NESTED_TYPES: &[&str] = &["string", "number", "boolean", "object", "array", "integer", "null"];
const FORMATS: &[&str] = &[
    "date-time",
    "url",
    "email",
    "idn-email",
    "ipv4",
    "ipv6",
    "markdown",
    "yaml",
    "user",
    "team",
    "timer",
    "proto",
    "labeled-url",
    "date",
    "time",
    "uri",
    "uuid",
    "hostname",
];
const SPECS: &[&str] = &["open-api", "async-api", "embedded-url"];

/// JSON Schema's own keywords.
const KEYWORDS: &[(&str, Shape)] = &[
    ("type", Shape::Type),
    ("title", Shape::Text),
    ("description", Shape::Text),
    ("format", Shape::Format),
    ("default", Shape::Any),
    ("enum", Shape::Enum),
    ("const", Shape::Any),
    ("pattern", Shape::Text),
    ("minLength", Shape::Count),
    ("maxLength", Shape::Count),
    ("minimum", Shape::Number),
    ("maximum", Shape::Number),
    ("exclusiveMinimum", Shape::Number),
    ("exclusiveMaximum", Shape::Number),
    ("multipleOf", Shape::Positive),
    ("items", Shape::SchemaOrSchemas),
    ("prefixItems", Shape::Schemas),
    ("additionalItems", Shape::Schema),
    ("contains", Shape::Schema),
    ("minContains", Shape::Count),
    ("maxContains", Shape::Count),
    ("minItems", Shape::Count),
    ("maxItems", Shape::Count),
    ("uniqueItems", Shape::Boolean),
    ("properties", Shape::NamedSchemas),
    ("patternProperties", Shape::NamedSchemas),
    ("additionalProperties", Shape::Schema),
    ("propertyNames", Shape::Schema),
    ("minProperties", Shape::Count),
    ("maxProperties", Shape::Count),
    ("required", Shape::Texts),
    ("dependentRequired", Shape::Mapping),
    ("dependentSchemas", Shape::NamedSchemas),
    ("allOf", Shape::Schemas),
    ("anyOf", Shape::Schemas),
    ("oneOf", Shape::Schemas),
    ("not", Shape::Schema),
    ("if", Shape::Schema),
    ("then", Shape::Schema),
    ("else", Shape::Schema),
    ("$ref", Shape::Reference),
    ("$defs", Shape::NamedSchemas),
    ("definitions", Shape::NamedSchemas),
    ("$comment", Shape::Text),
    ("examples", Shape::List),
];

/// Port's own, for properties and inputs.
const PORT: &[(&str, Shape)] = &[
    ("icon", Shape::Text),
    ("enumColors", Shape::Colors),
    ("spec", Shape::Spec),
    ("specAuthentication", Shape::Mapping),
    ("dateFormat", Shape::Text),
];

/// Port's own, for inputs alone.
const FORM: &[(&str, Shape)] = &[
    ("blueprint", Shape::Text),
    ("dependsOn", Shape::Texts),
    ("visible", Shape::Boolean),
    ("disabled", Shape::Boolean),
    ("dataset", Shape::Mapping),
    ("sort", Shape::Mapping),
    ("encryption", Shape::Any),
    ("condition", Shape::Any),
];

fn keywords(purpose: Use) -> impl Iterator<Item = (&'static str, Shape)> + Clone {
    let port: &[(&str, Shape)] = if purpose == Use::Condition { &[] } else { PORT };
    let form: &[(&str, Shape)] = if purpose == Use::Input { FORM } else { &[] };
    KEYWORDS.iter().chain(port).chain(form).copied()
}

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
}

fn unknown(d: &mut Decoder<'_>, at: Cursor<'_, '_>, purpose: Use) {
    let name = at.name();
    let message = format!("`{}` is not a known keyword of a schema", shown(name));
    let help = match name {
        "$id" | "id" | "$schema" | "$anchor" | "$dynamicRef" | "$dynamicAnchor" | "$recursiveRef" | "$vocabulary" => {
            "remove it: every schema is read by one dialect, and refers to nothing but itself".to_owned()
        }
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
            let entity: &[&str] = if purpose == Use::Input { &["entity"] } else { &[] };
            let known: Vec<&str> = FORMATS.iter().chain(entity).copied().collect();
            d.choice(at, &known);
        }
        Shape::Spec => {
            d.choice(at, SPECS);
        }
        Shape::Enum => enumeration(d, at),
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
        Shape::Schema => schema(d, at, purpose),
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
        Shape::SchemaOrSchemas => match &at.node.kind {
            NodeKind::List(_) => at.items().for_each(|item| schema(d, item, purpose)),
            _ => schema(d, at, purpose),
        },
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
    let mut seen: Vec<Value> = Vec::new();
    for item in at.items() {
        let value = item.node.to_value();
        // Comparing each with each is enough for lists that people read; a longer one is compared with its first part.
        if seen.iter().take(512).any(|earlier| *earlier == value) {
            d.error("document/enum", item, format!("{} stands in `enum` twice", value.canonical()), "remove one of the two");
        } else {
            seen.push(value);
        }
    }
    if at.items().next().is_none() {
        d.error("document/enum", at, "`enum` allows nothing", "list the values that are allowed, or remove `enum`");
    }
}

/// `enumColors` gives colours to values of `enum`.
fn colors(d: &mut Decoder<'_>, at: Cursor<'_, '_>) {
    let (Some(colors), Some(values)) = (at.given("enumColors"), at.given("enum")) else { return };
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
        d.text(color);
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
