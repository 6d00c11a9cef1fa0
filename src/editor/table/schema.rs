//! The keywords of JSON Schema that blueprints and actions may use, with Port's own.

use crate::catalog::COLORS;

use super::super::key::{Key, Keywords, Named, Section, Wants, key};

/// What a keyword does to the schemas inside it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::editor) enum Shape {
    /// It holds none.
    Plain,
    /// One schema.
    Schema,
    /// A list of them.
    Schemas,
    /// Several by name.
    Named,
}

pub(super) const PROPERTY: Section = Section {
    beside: &[PORT],
    title: "schema.properties.<property>",
    meaning: "A JSON Schema over the values of the property, with Port's keywords `icon`, `enumColors` and `spec`. `type` is required.",
    keys: KEYWORDS,
};

pub(super) const INPUT: Section = Section {
    beside: &[PORT, FORM],
    title: "userInputs.properties.<input>",
    meaning: "A JSON Schema over the values of the input, with Port's keywords for forms. `type` is required. Most keywords may hold \
              `{ jqQuery: … }` instead of a value.",
    keys: KEYWORDS,
};

pub(super) const CONDITION: Section = Section {
    beside: &[],
    title: "requiredApproval.when",
    meaning: "A JSON Schema over the inputs of a run, without Port's keywords.",
    keys: KEYWORDS,
};

/// The keywords for one purpose.
pub(in crate::editor) fn keywords(purpose: Keywords) -> &'static Section {
    match purpose {
        Keywords::Property => &PROPERTY,
        Keywords::Input => &INPUT,
        Keywords::Condition => &CONDITION,
    }
}

impl Shape {
    /// Of one keyword.
    pub(in crate::editor) fn of(keyword: &str) -> Self {
        match keyword {
            "items" | "contains" | "additionalProperties" | "propertyNames" | "not" | "if" | "then" | "else" => Self::Schema,
            "prefixItems" | "allOf" | "anyOf" | "oneOf" => Self::Schemas,
            "properties" | "patternProperties" | "dependentSchemas" | "$defs" | "definitions" => Self::Named,
            _ => Self::Plain,
        }
    }
}

/// The types of a property; nested schemas may say `null` and lists of types besides.
pub(in crate::editor) const TYPES: &[&str] = &["string", "number", "integer", "boolean", "object", "array"];

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
    "entity",
];
const SPECS: &[&str] = &["open-api", "async-api", "embedded-url"];
const MANY: u64 = 1 << 53;

const fn plain(name: &'static str, wants: &'static Wants, meaning: &'static str) -> Key {
    key(name, wants, meaning).never_null()
}

const COUNT: Wants = Wants::Whole(0, MANY);
const TEXTS: Wants = Wants::List(&Wants::Text);

const KEYWORDS: &[Key] = &[
    plain("type", &Wants::Word(TYPES), "The type of the value.").like("string"),
    plain("title", &Wants::Text, "What people call it.").like("Time to live"),
    plain("description", &Wants::Text, "What it is, for people.").like("How long it stands"),
    plain(
        "format",
        &Wants::Word(FORMATS),
        "The format of a text; formats are asserted. `user` and `team` name somebody of the roster, `entity` (in inputs) an entity of `blueprint`.",
    )
    .like("date-time"),
    plain("default", &Wants::Any, "What holds where an entity or a run says nothing. Nobody's file is rewritten.").like("3 days"),
    plain("enum", &Wants::List(&Wants::Any), "The values that are allowed, each once.").like("[3 days, 5 days, 10 days]"),
    plain("const", &Wants::Any, "The one value that is allowed.").like("10 days"),
    plain("pattern", &Wants::Text, "What a text matches: a regular expression for a linear-time engine, without look-around.")
        .like("\"^[a-z-]+$\""),
    plain("minLength", &COUNT, "The fewest characters.").like("1"),
    plain("maxLength", &COUNT, "The most characters.").like("80"),
    plain("minimum", &Wants::Number, "The least number.").like("0"),
    plain("maximum", &Wants::Number, "The greatest number.").like("50"),
    plain("exclusiveMinimum", &Wants::Number, "Every number is greater.").like("0"),
    plain("exclusiveMaximum", &Wants::Number, "Every number is less.").like("100"),
    plain("multipleOf", &Wants::Number, "What divides the number; greater than 0.").like("1"),
    plain("items", &Wants::Any, "What the items of an array are.").like("{ type: string }"),
    plain("prefixItems", &Wants::Any, "What the first items of an array are.").like("[{ type: string }]"),
    plain("contains", &Wants::Any, "What some item is.").like("{ const: main }"),
    plain("minContains", &COUNT, "How many such items at least.").like("1"),
    plain("maxContains", &COUNT, "How many such items at most.").like("3"),
    plain("minItems", &COUNT, "The fewest items.").like("1"),
    plain("maxItems", &COUNT, "The most items.").like("10"),
    plain("uniqueItems", &Wants::Flag, "Whether each item stands once.").like("true"),
    plain("properties", &Wants::Any, "What is below each key of an object.").like("{ host: { type: string } }"),
    plain("patternProperties", &Wants::Any, "What is below the keys that match.").like("{ \"^x-\": { type: string } }"),
    plain("additionalProperties", &Wants::Any, "What is below all other keys; `false` where there may be none.").like("false"),
    plain("propertyNames", &Wants::Any, "What keys are.").like("{ pattern: \"^[a-z]+$\" }"),
    plain("minProperties", &COUNT, "The fewest keys.").like("1"),
    plain("maxProperties", &COUNT, "The most keys.").like("5"),
    plain("required", &TEXTS, "The keys that an object must have.").like("[host]"),
    plain("dependentRequired", &Wants::Mapping, "The keys that must be there where another one is.").like("{ port: [host] }"),
    plain("dependentSchemas", &Wants::Any, "What holds where a key is there.").like("{ port: { required: [host] } }"),
    plain("allOf", &Wants::Any, "Schemas that all hold.").like("[{ minLength: 1 }]"),
    plain("anyOf", &Wants::Any, "Schemas of which one holds at least.").like("[{ format: email }, { format: url }]"),
    plain("oneOf", &Wants::Any, "Schemas of which exactly one holds.").like("[{ const: a }, { const: b }]"),
    plain("not", &Wants::Any, "A schema that does not hold.").like("{ const: none }"),
    plain("if", &Wants::Any, "A schema on which `then` and `else` hang.").like("{ required: [host] }"),
    plain("then", &Wants::Any, "What holds where `if` does.").like("{ required: [port] }"),
    plain("else", &Wants::Any, "What holds where `if` does not.").like("{ required: [socket] }"),
    plain("$ref", &Wants::Text, "Another schema of the same document; nothing is ever fetched.").like("\"#/properties/ttl\""),
    plain("$defs", &Wants::Any, "Schemas to refer to.").like("{ port: { type: integer } }"),
    plain("definitions", &Wants::Any, "Schemas to refer to, by the older name.").like("{ port: { type: integer } }"),
    plain("$comment", &Wants::Text, "A remark.").like("see the wiki"),
    plain("examples", &Wants::List(&Wants::Any), "Values as somebody would write them.").like("[3 days]"),
];

pub(super) const AUTHENTICATION: Section = Section {
    beside: &[],
    title: "specAuthentication",
    meaning: "Who is asked for a token before an embedded page is shown.",
    keys: &[
        key("authorizationUrl", &Wants::Text, "Where the user is sent.").required().like("\"https://id.example\""),
        key("tokenUrl", &Wants::Text, "Where the token comes from.").required().like("\"https://id.example/token\""),
        key("clientId", &Wants::Text, "As whom the portal asks.").required().like("portal"),
        key("authorizationScope", &Wants::List(&Wants::Text), "What it asks for.").like("[openid]"),
    ],
};

const PORT: &[Key] = &[
    plain("icon", &Wants::Icon, "The name of one of Port's icons.").like("Clock"),
    plain("enumColors", &Wants::Named(Named::Free, &Wants::Word(COLORS)), "A colour for each value of `enum`.")
        .like("{ production: red }"),
    plain("spec", &Wants::Word(SPECS), "What the value describes, and how it is shown.").like("open-api"),
    plain("specAuthentication", &Wants::Part(&AUTHENTICATION), "How an embedded page is reached.")
        .like("{ clientId: portal, tokenUrl: \"https://id.example/token\", authorizationUrl: \"https://id.example\" }"),
    plain("dateFormat", &Wants::Text, "How a date is shown.").like("YYYY-MM-DD"),
    plain("date_format", &Wants::Text, "The same, in Port's other spelling.").like("YYYY-MM-DD"),
];

const FORM: &[Key] = &[
    plain("blueprint", &Wants::Text, "For `format: entity`: the blueprint of the entity.").like("Microservice"),
    plain("dependsOn", &TEXTS, "The inputs that must be given before this one.").like("[microservice]"),
    plain("visible", &Wants::Flag, "Whether the form shows it.").like("false"),
    plain("disabled", &Wants::Flag, "Whether the form lets it be changed.").like("true"),
    plain("dataset", &Wants::Mapping, "Which entities the form offers.").like("{ combinator: and, rules: [] }"),
    plain("sort", &Wants::Mapping, "In which order the form offers them.").like("{ property: $title, order: ASC }"),
    plain("encryption", &Wants::Any, "That it is secret, in Port by encryption: its value is hidden wherever runs are told of. It lies in git all the same, so a warning says that it is none.").like("aes256-gcm"),
    plain("condition", &Wants::Any, "When the form shows it: taken and kept.").like("{ type: JQ }"),
];
