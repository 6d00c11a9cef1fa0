//! The keywords of a JSON Schema that are taken, what each wants, and Port's own beside them.

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
pub(super) enum Shape {
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
    Icon,
    SpecAuthentication,
}

/// Port's, and JSON Schema's `integer`, which everybody expects.
pub(super) const TYPES: &[&str] = &["string", "number", "integer", "boolean", "object", "array"];
pub(super) const NESTED_TYPES: &[&str] = &["string", "number", "boolean", "object", "array", "integer", "null"];
/// The formats of texts; each is asserted.
const TEXT_FORMATS: &[&str] = &[
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
    "date",
    "time",
    "uri",
    "uuid",
    "hostname",
];
/// The formats of maps.
const MAP_FORMATS: &[&str] = &["labeled-url"];
pub(super) const SPECS: &[&str] = &["open-api", "async-api", "embedded-url"];
const MAP_SPECS: &[&str] = &["open-api", "async-api"];

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
    ("items", Shape::Schema),
    ("prefixItems", Shape::Schemas),
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
    ("icon", Shape::Icon),
    ("enumColors", Shape::Colors),
    ("spec", Shape::Spec),
    ("specAuthentication", Shape::SpecAuthentication),
    ("dateFormat", Shape::Text),
    ("date_format", Shape::Text),
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

/// The keywords that a schema of this use may have.
pub(super) fn keywords(purpose: Use) -> impl Iterator<Item = (&'static str, Shape)> + Clone {
    let port: &[(&str, Shape)] = if purpose == Use::Condition { &[] } else { PORT };
    let form: &[(&str, Shape)] = if purpose == Use::Input { FORM } else { &[] };
    KEYWORDS.iter().chain(port).chain(form).copied()
}

/// Every format that a schema of this use may name.
pub(super) fn formats(purpose: Use) -> Vec<&'static str> {
    let entity: &[&str] = if purpose == Use::Input { &["entity"] } else { &[] };
    TEXT_FORMATS.iter().chain(MAP_FORMATS).chain(entity).copied().collect()
}

/// Whether a format, or a spec, says anything about values of a type; on any other it would check nothing.
pub(super) fn applies(keyword: &str, value: &str, kind: &str) -> bool {
    match (keyword, kind) {
        ("format", "string") => !MAP_FORMATS.contains(&value),
        ("format", "object") => MAP_FORMATS.contains(&value),
        ("spec", "object") => MAP_SPECS.contains(&value),
        ("spec", kind) => kind == "string",
        _ => false,
    }
}

/// Lower and upper bounds that stand side by side.
pub(super) const BOUNDS: &[(&str, &str)] =
    &[("minLength", "maxLength"), ("minimum", "maximum"), ("minItems", "maxItems"), ("minProperties", "maxProperties")];
