//! The definition of a property or an input, brought from the dialect of blueprints (2020-12, with Port's words) to the one that every editor reads (draft-07).

use serde_json::{Map, Value as Json, json};

use crate::model::{Identifier, Value};

use super::key::Names;
use super::known::{Known, object};
use super::table::Shape;

/// Where a definition stands, which decides what its words come to.
#[derive(Clone, Copy)]
pub(super) struct Translation<'t> {
    pub(super) known: &'t Known<'t>,
    /// Where `#/properties/…` leads in the document that is written.
    pub(super) properties: &'t str,
    /// Whether users, teams and entities that are not known are wrong: they are in a run.
    pub(super) names_are_judged: bool,
}

impl Translation<'_> {
    /// One definition. What an editor could read otherwise than we do is left out: it would show what is right as wrong.
    pub(super) fn schema(&self, definition: &Value) -> Json {
        let Value::Map(pairs) = definition else { return definition.to_json() };
        let mut out = Map::new();
        for (key, value) in pairs {
            self.keyword(key, value, definition, &mut out);
        }
        self.items(definition, &mut out);
        self.name(definition, &mut out);
        told(definition, &mut out);
        match out.remove("$ref") {
            // In draft-07 nothing beside `$ref` counts.
            Some(reference) if !out.is_empty() => {
                let mut all = vec![json!({ "$ref": reference })];
                all.extend(out.remove("allOf").and_then(|list| list.as_array().cloned()).unwrap_or_default());
                out.insert("allOf".to_owned(), Json::Array(all));
                Json::Object(out)
            }
            Some(reference) => json!({ "$ref": reference }),
            None => Json::Object(out),
        }
    }

    fn keyword(&self, key: &str, value: &Value, whole: &Value, out: &mut Map<String, Json>) {
        let mut put = |key: &str, value: Json| {
            out.insert(key.to_owned(), value);
        };
        match (key, value) {
            ("pattern", Value::String(pattern)) if is_common(pattern) => put(key, value.to_json()),
            ("format", Value::String(format)) => match &**format {
                "date-time" | "date" | "time" | "email" | "ipv4" | "ipv6" => put(key, value.to_json()),
                "url" if whole.get("pattern").is_none() => put("pattern", json!(r"^[A-Za-z][A-Za-z0-9+.-]*://[^\s]+$")),
                _ => {}
            },
            ("$ref", Value::String(target)) => {
                if let Some(target) = self.reference(target) {
                    put(key, json!(target));
                }
            }
            ("dependentRequired", _) => put("dependencies", value.to_json()),
            ("dependentSchemas", Value::Map(named)) if whole.get("dependentRequired").is_none() => {
                put("dependencies", self.named(named));
            }
            ("contains", _) if whole.get("minContains") == Some(&Value::Int(0)) => {}
            // Patterns of other engines do not stand as keys; then nothing can be said of the other keys either.
            ("patternProperties", Value::Map(named)) if named.iter().all(|(pattern, _)| is_common(pattern)) => {
                put(key, self.named(named));
            }
            ("additionalProperties", _) if matches!(whole.get("patternProperties"), Some(Value::Map(named)) if !named.iter().all(|(pattern, _)| is_common(pattern))) =>
                {}
            ("items" | "prefixItems" | "pattern" | "patternProperties" | "title" | "description", _) => {}
            (
                "type" | "enum" | "const" | "default" | "minLength" | "maxLength" | "minimum" | "maximum" | "exclusiveMinimum",
                _,
            )
            | (
                "exclusiveMaximum" | "multipleOf" | "minItems" | "maxItems" | "uniqueItems" | "minProperties" | "maxProperties",
                _,
            )
            | ("examples", _) => put(key, value.to_json()),
            ("required", Value::List(_)) => put(key, value.to_json()),
            _ => match (Shape::of(key), value) {
                (Shape::Schema, _) => put(key, self.schema(value)),
                (Shape::Schemas, Value::List(list)) => put(key, list.iter().map(|one| self.schema(one)).collect()),
                (Shape::Named, Value::Map(named)) if key != "dependentSchemas" => put(key, self.named(named)),
                _ => {}
            },
        }
    }

    /// `prefixItems` and `items` are `items` and `additionalItems` here.
    fn items(&self, definition: &Value, out: &mut Map<String, Json>) {
        match (definition.get("prefixItems"), definition.get("items")) {
            (Some(Value::List(first)), rest) => {
                out.insert("items".to_owned(), first.iter().map(|one| self.schema(one)).collect());
                if let Some(rest) = rest.filter(|rest| !matches!(rest, Value::List(_))) {
                    out.insert("additionalItems".to_owned(), self.schema(rest));
                }
            }
            (_, Some(all)) if !matches!(all, Value::List(_)) => {
                out.insert("items".to_owned(), self.schema(all));
            }
            _ => {}
        }
    }

    /// Formats that name something in the catalog offer its names.
    fn name(&self, definition: &Value, out: &mut Map<String, Json>) {
        let choice = match (definition.get("format").and_then(Value::as_str), self.names_are_judged) {
            (Some("user"), true) => self.known.of(Names::User),
            (Some("user"), false) => self.known.of(Names::AnyUser),
            (Some("team"), true) => self.known.of(Names::Team),
            (Some("team"), false) => self.known.of(Names::AnyTeam),
            (Some("entity"), true) => match definition.get("blueprint").and_then(Value::as_str).map(Identifier::new) {
                Some(Ok(blueprint)) => self.known.entities(&blueprint),
                _ => return,
            },
            _ => return,
        };
        if definition.get("type").and_then(Value::as_str) == Some("array") {
            return; // the format is that of the items, where they say it
        }
        if definition.get("enum").is_none() && !out.contains_key("anyOf") {
            out.extend(choice);
        }
    }

    fn named(&self, named: &[(Box<str>, Value)]) -> Json {
        Json::Object(named.iter().map(|(name, one)| (name.to_string(), self.schema(one))).collect())
    }

    /// A reference to a property of the blueprint, however it is written. One that leads further in is left out, as what it leads
    /// to may have been brought into another shape.
    fn reference(&self, target: &str) -> Option<String> {
        let name = target.strip_prefix("#/properties/").or_else(|| target.strip_prefix("#/schema/properties/"))?;
        (!name.contains('/')).then(|| format!("{}/{name}", self.properties))
    }
}

/// What people are told of a value.
fn told(definition: &Value, out: &mut Map<String, Json>) {
    let text = |key: &str| definition.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    if let Some(title) = text("title") {
        out.insert("title".to_owned(), json!(title));
    }
    let mut meaning: Vec<String> = text("description").map(str::to_owned).into_iter().collect();
    if let Some(format) = text("format") {
        meaning.push(format!("Format: {format}"));
    }
    if let Some(spec) = text("spec") {
        meaning.push(format!("Spec: {spec}"));
    }
    if !meaning.is_empty() {
        out.insert("description".to_owned(), json!(meaning.join("\n\n")));
    }
}

/// Whether every engine reads this pattern alike: neither flags nor groups beyond the plain ones, and no rare escapes.
fn is_common(pattern: &str) -> bool {
    let mut rest = pattern.chars().peekable();
    let mut in_class = false;
    while let Some(c) = rest.next() {
        match c {
            '\\' => match rest.next() {
                Some(
                    'd' | 's' | 'w' | 'D' | 'S' | 'W' | '.' | '/' | '\\' | '(' | ')' | '[' | ']' | '{' | '}' | '+' | '*' | '?'
                    | '|' | '^' | '$',
                ) => {}
                Some('-') if in_class => {}
                _ => return false,
            },
            '(' if !in_class && rest.peek() == Some(&'?') => {
                rest.next();
                if rest.peek() != Some(&':') {
                    return false;
                }
            }
            '[' if in_class => return false,
            '[' => in_class = true,
            ']' => in_class = false,
            '&' | '~' if in_class => return false,
            _ => {}
        }
    }
    true
}

/// Any value where the definition is one that cannot be judged, and otherwise its translation.
pub(super) fn without_queries(definition: &Value, translate: impl FnOnce(&Value) -> Json) -> Json {
    if is_computed(definition) {
        let mut out = Map::new();
        told(definition, &mut out);
        return Json::Object(out);
    }
    translate(definition)
}

/// Whether a `jqQuery` stands in it.
pub(super) fn is_computed(value: &Value) -> bool {
    match value {
        Value::Map(pairs) => pairs.iter().any(|(key, value)| &**key == "jqQuery" || is_computed(value)),
        Value::List(items) => items.iter().any(is_computed),
        _ => false,
    }
}

/// `null` besides, where that is a matter of the type alone; otherwise beside the whole.
pub(super) fn nullable(schema: Json) -> Json {
    const WHOLE: [&str; 9] = ["$ref", "const", "allOf", "oneOf", "not", "if", "then", "else", "anyOf"];
    match schema {
        Json::Object(map) if WHOLE.iter().any(|key| map.contains_key(*key)) => {
            let told: Map<String, Json> = map
                .iter()
                .filter(|(key, _)| matches!(key.as_str(), "title" | "description"))
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect();
            let mut out = object(json!({ "anyOf": [map, { "type": "null" }] }));
            out.extend(told);
            Json::Object(out)
        }
        Json::Object(map) => Json::Object(super::write::or_null(map)),
        other => json!({ "anyOf": [other, { "type": "null" }] }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_patterns_that_every_engine_reads_alike_are_handed_on() {
        for pattern in ["^[a-z][a-z0-9-]{2,39}$", r"^1\.[0-9]+$", "^(?:a|b)+$", r"^[\w.\-]+@\S+$"] {
            assert!(is_common(pattern), "{pattern}");
        }
        for pattern in ["(?i)a", r"\p{Lu}", "(?<n>a)", r"a\z", "[a&&b]", "[[:alpha:]]", r"\x{41}", "(?x) a"] {
            assert!(!is_common(pattern), "{pattern}");
        }
    }
}
