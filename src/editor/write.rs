//! The table of keys, written as JSON Schema.

use serde_json::{Map, Value, json};

use crate::model::Blueprint;

use super::key::{Key, Keywords, Named, Section, Wants};
use super::known::{IDENTIFIER, Known, object};
use super::table::{COMPARISON, SEARCH, Shape, TYPES, keywords};

/// The name under which the schemas for one purpose stand in `definitions`.
fn nested(purpose: Keywords) -> &'static str {
    match purpose {
        Keywords::Property => "property",
        Keywords::Input => "input",
        Keywords::Condition => "condition",
    }
}

/// Writes one document's schema.
pub(super) struct Writer<'c> {
    pub(super) known: &'c Known<'c>,
    /// The blueprint that the document is about, where that is known.
    pub(super) about: Option<&'c Blueprint>,
}

impl Writer<'_> {
    /// A mapping with the keys of a section and no others.
    pub(super) fn section(&self, section: &Section) -> Map<String, Value> {
        let mut properties = Map::new();
        let mut required = Vec::new();
        for key in section.all() {
            properties.insert(key.name.to_owned(), Value::Object(self.key(key)));
            if key.required {
                required.push(key.name);
            }
        }
        let mut out = object(json!({ "type": "object", "properties": properties, "additionalProperties": false }));
        if !required.is_empty() {
            out.insert("required".to_owned(), json!(required));
        }
        out
    }

    fn key(&self, key: &Key) -> Map<String, Value> {
        let mut schema = self.wants(key.wants);
        if key.nullable {
            schema = or_null(schema);
        }
        describe(&mut schema, key);
        schema
    }

    fn wants(&self, wants: &Wants) -> Map<String, Value> {
        object(match wants {
            Wants::Any => json!({}),
            Wants::Null => json!({ "type": "null" }),
            Wants::Text => json!({ "type": "string" }),
            Wants::Flag => json!({ "type": "boolean" }),
            // Editors count in doubles: the greatest number of 64 bits is no bound that they could tell.
            Wants::Whole(least, most) if *most > 1 << 53 => json!({ "type": "integer", "minimum": least }),
            Wants::Whole(least, most) => json!({ "type": "integer", "minimum": least, "maximum": most }),
            Wants::Number => json!({ "type": "number" }),
            Wants::Word(words) => json!({ "type": "string", "enum": words }),
            Wants::Identifier => json!({ "type": "string", "pattern": IDENTIFIER }),
            Wants::Name(names) => return self.known.of(*names),
            Wants::Icon => json!({ "type": "string", "pattern": "^[A-Za-z0-9_-]{1,100}$" }),
            Wants::Duration => json!({ "type": "string", "pattern": "^[0-9]+[wdhms]$" }),
            Wants::Moment => json!({ "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}(T.+)?$" }),
            Wants::Mapping => json!({ "type": "object" }),
            Wants::List(of) => json!({ "type": "array", "items": self.wants(of) }),
            Wants::Part(section) => return self.section(section),
            Wants::Named(named, of) => return self.named(*named, of),
            Wants::Either(several) => {
                json!({ "anyOf": several.iter().map(|one| self.wants(one)).collect::<Vec<_>>() })
            }
            Wants::ByWord(key, several) => return self.by_word(key, several),
            Wants::Search => json!({ "$ref": "#/definitions/search" }),
            Wants::Comparison => json!({ "anyOf": [{ "$ref": "#/definitions/comparison" }] }),
            Wants::Schema(purpose) => json!({ "$ref": format!("#/definitions/{}", nested(*purpose)) }),
        })
    }

    /// A mapping from names. Those of the blueprint at hand are offered; others are for `check` to judge.
    fn named(&self, named: Named, of: &Wants) -> Map<String, Value> {
        let value = match of {
            Wants::Schema(Keywords::Property) => json!({ "$ref": "#/definitions/topProperty" }),
            Wants::Schema(Keywords::Input) => json!({ "$ref": "#/definitions/topInput" }),
            of => Value::Object(self.wants(of)),
        };
        let mut out = object(json!({ "type": "object", "additionalProperties": value.clone() }));
        let offered: Vec<(String, String)> = match (named, self.about) {
            (Named::Property, Some(blueprint)) => {
                let written = blueprint.properties.iter().map(|(name, property)| (name, property.definition.get("title")));
                let derived = blueprint.derived.iter().map(|(name, property)| (name, property.definition.get("title")));
                let all = written.chain(derived).map(|(name, title)| {
                    (name.to_string(), title.and_then(crate::model::Value::as_str).unwrap_or_default().to_owned())
                });
                let own = [("$title", "The entity's title"), ("$icon", "The entity's icon"), ("$team", "The entity's owners")];
                all.chain(own.map(|(name, title)| (name.to_owned(), title.to_owned()))).collect()
            }
            (Named::Relation, Some(blueprint)) => blueprint
                .relations
                .iter()
                .map(|(name, relation)| (name.to_string(), relation.title.clone().unwrap_or_default()))
                .collect(),
            (Named::Action, about) => self
                .known
                .catalog
                .actions()
                .iter()
                .filter(|(_, action)| about.is_none_or(|blueprint| blueprint.identifier == action.value.blueprint))
                .map(|(id, action)| (id.to_string(), action.value.title.clone().unwrap_or_default()))
                .collect(),
            _ => Vec::new(),
        };
        let mut properties = Map::new();
        for (name, title) in offered {
            let mut value = value.clone();
            if let Some(value) = value.as_object_mut().filter(|_| !title.is_empty()) {
                value.insert("title".to_owned(), json!(title));
            }
            properties.insert(name, value);
        }
        if !properties.is_empty() {
            out.insert("properties".to_owned(), Value::Object(properties));
        }
        match named {
            Named::Member => {
                out.insert("propertyNames".to_owned(), json!({ "pattern": r"^[A-Za-z0-9@_+:\\/=-]{1,100}$" }));
            }
            Named::Identifier | Named::Action => {
                out.insert("propertyNames".to_owned(), json!({ "pattern": IDENTIFIER }));
            }
            Named::Property | Named::Relation | Named::Free => {}
        }
        out
    }

    /// One of several mappings: what stands under `key` says which, so that an editor complains of that one alone.
    fn by_word(&self, key: &str, several: &[(&str, &Section)]) -> Map<String, Value> {
        let words: Vec<&str> = several.iter().map(|(word, _)| *word).collect();
        let branches: Vec<Value> = several
            .iter()
            .map(|(word, section)| {
                json!({
                    "if": { "properties": { key: { "const": word } }, "required": [key] },
                    "then": self.section(section),
                })
            })
            .collect();
        object(json!({
            "type": "object",
            "properties": { key: { "type": "string", "enum": words } },
            "required": [key],
            "allOf": branches,
        }))
    }

    /// The schemas for searches, which hold searches.
    pub(super) fn searches(&self) -> Map<String, Value> {
        object(json!({ "search": self.section(&SEARCH), "comparison": self.section(&COMPARISON) }))
    }

    /// The schemas for schemas that a document refers to.
    pub(super) fn definitions(&self, purposes: &[Keywords]) -> Map<String, Value> {
        let mut out = Map::new();
        for purpose in purposes {
            let mut schema = self.section(keywords(*purpose));
            let inner = json!({ "$ref": format!("#/definitions/{}", nested(*purpose)) });
            if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
                for (name, property) in properties.iter_mut() {
                    keyword(name, property, &inner, *purpose);
                }
            }
            let top = match purpose {
                Keywords::Property => Some("topProperty"),
                Keywords::Input => Some("topInput"),
                Keywords::Condition => None,
            };
            if let Some(top) = top {
                let mut schema = schema.clone();
                schema.insert("required".to_owned(), json!(["type"]));
                if let Some(kind) = schema.get_mut("properties").and_then(|properties| properties.get_mut("type")) {
                    *kind = json!({ "type": "string", "enum": TYPES, "title": "type", "description": "The type of the value." });
                }
                out.insert(top.to_owned(), Value::Object(schema));
            }
            out.insert(nested(*purpose).to_owned(), json!({ "anyOf": [schema, { "type": "boolean" }] }));
        }
        out
    }
}

/// Lets the keyword hold schemas, types and computed values where it may.
fn keyword(name: &str, property: &mut Value, inner: &Value, purpose: Keywords) {
    let Some(schema) = property.as_object_mut() else { return };
    let shape = match Shape::of(name) {
        Shape::Plain => None,
        Shape::Schema => Some(json!({ "anyOf": [inner] })),
        Shape::Schemas => Some(json!({ "type": "array", "items": inner })),
        Shape::Named => Some(json!({ "type": "object", "additionalProperties": inner })),
    };
    schema.extend(object(shape.unwrap_or_default()));
    match name {
        "type" => {
            schema.remove("type");
            schema.remove("enum");
            let mut words: Vec<&str> = TYPES.to_vec();
            words.push("null");
            let word = json!({ "type": "string", "enum": words });
            schema.insert("anyOf".to_owned(), json!([word, { "type": "array", "items": word }]));
        }
        "format" if purpose != Keywords::Input => {
            if let Some(words) = schema.get_mut("enum").and_then(Value::as_array_mut) {
                words.retain(|word| word != "entity");
            }
        }
        "multipleOf" => {
            schema.insert("exclusiveMinimum".to_owned(), json!(0));
        }
        _ => {}
    }
    if purpose == Keywords::Input && !matches!(name, "type" | "format" | "$ref") {
        let told: Map<String, Value> = schema
            .iter()
            .filter(|(key, _)| matches!(key.as_str(), "title" | "description" | "markdownDescription"))
            .map(own)
            .collect();
        schema.retain(|key, _| !told.contains_key(key));
        let computed = json!({ "type": "object", "properties": { "jqQuery": { "type": "string" } }, "required": ["jqQuery"] });
        let mut either = object(json!({ "anyOf": [schema.clone(), computed] }));
        either.extend(told);
        *schema = either;
    }
}

fn own((key, value): (&String, &Value)) -> (String, Value) {
    (key.clone(), value.clone())
}

/// The same, or `null`.
pub(super) fn or_null(mut schema: Map<String, Value>) -> Map<String, Value> {
    if schema.is_empty() {
        return schema;
    }
    if let Some(several) = schema.get_mut("anyOf").and_then(Value::as_array_mut) {
        several.push(json!({ "type": "null" }));
        return schema;
    }
    match schema.get("type").cloned() {
        Some(Value::String(kind)) if !schema.contains_key("const") && !schema.contains_key("allOf") => {
            schema.insert("type".to_owned(), json!([kind, "null"]));
            if let Some(words) = schema.get_mut("enum").and_then(Value::as_array_mut) {
                if words.contains(&Value::Null) {
                    return schema;
                }
                words.push(Value::Null);
            }
            if let Some(told) = schema.get_mut("enumDescriptions").and_then(Value::as_array_mut) {
                told.push(json!("none"));
            }
            schema
        }
        _ => object(json!({ "anyOf": [schema, { "type": "null" }] })),
    }
}

/// Title, meaning, default and example, as an editor shows them.
fn describe(schema: &mut Map<String, Value>, key: &Key) {
    let mut told = key.meaning.to_owned();
    let mut plain = key.meaning.replace('`', "");
    if !key.default.is_empty() {
        told.push_str(&format!("\n\nDefault: `{}`", key.default));
        plain.push_str(&format!(" Default: {}.", key.default));
    }
    if !key.example.is_empty() {
        told.push_str(&format!("\n\nExample: `{}: {}`", key.name, key.example));
    }
    schema.insert("title".to_owned(), json!(key.name));
    schema.insert("description".to_owned(), json!(plain));
    schema.insert("markdownDescription".to_owned(), json!(told));
}
