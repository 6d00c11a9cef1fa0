//! Makes whole values of a schema, out of an example as far as it goes.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::resolved;

/// No example nests deeper, and what refers to itself ends.
const DEEPEST: usize = 12;

/// A value of the schema, as near to the example as can be: what is unknown is left out, what is missing or of another type is made.
pub(super) fn mend(document: &Value, schema: &Value, example: Option<&Value>) -> Value {
    Maker { document }.value(schema, example, 0, false)
}

/// The same, with the optional fields of the outermost object.
pub(super) fn whole(document: &Value, schema: &Value, example: Option<&Value>) -> Value {
    Maker { document }.value(schema, example, 0, true)
}

struct Maker<'a> {
    document: &'a Value,
}

/// The fields of an object, put together from wherever a schema has them.
#[derive(Default)]
struct Fields<'a> {
    declared: Vec<(&'a str, &'a Value)>,
    required: BTreeSet<&'a str>,
    others: Option<&'a Value>,
}

impl<'a> Maker<'a> {
    fn value(&self, schema: &'a Value, example: Option<&Value>, depth: usize, optional: bool) -> Value {
        let schema = resolved(self.document, schema);
        // An example beside a type belongs to it more than the one of the whole answer, unless that has something.
        let example = example.or_else(|| schema.get("example")).or_else(|| schema.get("default"));
        if schema["nullable"] == true && example.is_none_or(Value::is_null) {
            return Value::Null;
        }
        if let Some(parts) = schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array()) {
            let made = parts.iter().map(|part| match schema.get("properties") {
                Some(_) => self.object(&[schema, part], example, depth, optional),
                None => self.value(part, example, depth, optional),
            });
            let nearness = |made: &Value| example.map_or(0, |example| kept(made, example));
            // The first of the best.
            return made.rev().max_by_key(nearness).unwrap_or(Value::Null);
        }
        if schema.get("allOf").is_some() || schema.get("properties").is_some() {
            return self.object(&[schema], example, depth, optional);
        }
        if let Some(listed) = schema["enum"].as_array() {
            let taken = example.filter(|example| listed.contains(example));
            return taken.or(listed.first()).cloned().unwrap_or(Value::Null);
        }
        match schema["type"].as_str() {
            Some("object") => self.object(&[schema], example, depth, optional),
            Some("array") => self.list(schema, example, depth),
            Some("string") => text(schema, example),
            Some("boolean") => example.filter(|e| e.is_boolean()).cloned().unwrap_or(Value::Bool(false)),
            Some("integer") => {
                example.filter(|e| e.is_i64() || e.is_u64()).cloned().unwrap_or(schema["minimum"].as_i64().unwrap_or(1).into())
            }
            Some("number") => example.filter(|e| e.is_number()).cloned().unwrap_or(1.into()),
            _ => example.cloned().unwrap_or(Value::Null),
        }
    }

    fn list(&self, schema: &'a Value, example: Option<&Value>, depth: usize) -> Value {
        let least = schema["minItems"].as_u64().unwrap_or(0);
        let items = example.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let mut made: Vec<Value> = items.iter().map(|item| self.value(&schema["items"], Some(item), depth + 1, false)).collect();
        while (made.len() as u64) < least && depth < DEEPEST {
            made.push(self.value(&schema["items"], None, depth + 1, false));
        }
        Value::Array(made)
    }

    fn object(&self, schemas: &[&'a Value], example: Option<&Value>, depth: usize, optional: bool) -> Value {
        let mut fields = Fields::default();
        schemas.iter().for_each(|schema| self.gather(schema, &mut fields));
        let example = example.and_then(Value::as_object);
        let mut made = Map::new();
        for (name, field) in &fields.declared {
            let given = example.and_then(|example| example.get(*name));
            if (given.is_some() || optional || fields.required.contains(name)) && depth < DEEPEST {
                made.insert((*name).to_owned(), self.value(field, given, depth + 1, false));
            }
        }
        for (name, given) in example.into_iter().flatten() {
            match fields.others {
                _ if made.contains_key(name) => None,
                Some(others) if others.is_object() => {
                    made.insert(name.clone(), self.value(others, Some(given), depth + 1, false))
                }
                None if fields.declared.is_empty() => made.insert(name.clone(), given.clone()),
                _ => None,
            };
        }
        Value::Object(made)
    }

    fn gather(&self, schema: &'a Value, fields: &mut Fields<'a>) {
        let schema = resolved(self.document, schema);
        for part in schema["allOf"].as_array().into_iter().flatten() {
            self.gather(part, fields);
        }
        // Of alternatives within a part, the first.
        if let Some(first) = schema["anyOf"].as_array().or(schema["oneOf"].as_array()).and_then(|parts| parts.first()) {
            self.gather(first, fields);
        }
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            fields.declared.retain(|(known, _)| known != name);
            fields.declared.push((name, field));
        }
        fields.required.extend(schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str));
        fields.others = fields.others.or(schema.get("additionalProperties"));
    }
}

fn text(schema: &Value, example: Option<&Value>) -> Value {
    let made = match schema["format"].as_str() {
        Some("date-time") => "2011-01-26T19:01:12Z",
        Some("date") => "2011-01-26",
        Some("uri") => "https://github.com/octocat",
        Some("email") => "octocat@github.com",
        _ if schema["pattern"] == "^[0-9a-fA-F]+$" => "6dcb09b5b57875f334f61aebed695e2e4193db5e",
        _ => "octocat",
    };
    match example {
        // Numbers and booleans in quotes are common in the schemas' own examples.
        Some(Value::String(given)) if schema["format"] != "uri" || given.contains(':') => json!(given),
        _ => json!(made),
    }
}

/// How many of the leaves of an example a value has kept, in place.
fn kept(made: &Value, example: &Value) -> usize {
    match (made, example) {
        (Value::Object(made), Value::Object(example)) => {
            1 + example.iter().filter_map(|(name, value)| Some(kept(made.get(name)?, value))).sum::<usize>()
        }
        (Value::Array(made), Value::Array(example)) => 1 + made.iter().zip(example).map(|(m, e)| kept(m, e)).sum::<usize>(),
        (made, example) => usize::from(made == example),
    }
}
