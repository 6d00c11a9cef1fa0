//! What bounds the cost of a property's definition: patterns that the linear engine takes, references that stay inside, lead
//! to something and never back, and a size with all of them followed.

use std::collections::BTreeMap;

use crate::model::{Part, Value};

/// The greatest size of a definition with its references followed: what bounds the time of one validation.
const EXPANDED: usize = 20_000;

/// Something wrong in a definition.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DefinitionFault {
    /// The rule it breaks: `schema/…`.
    pub rule: &'static str,
    /// The way from the definition to it.
    pub way: Vec<Part>,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}

impl DefinitionFault {
    pub(super) fn new(rule: &'static str, way: &[Part], message: String, help: impl Into<String>) -> Self {
        Self { rule, way: way.to_vec(), message, help: Some(help.into()) }
    }
}

/// Everything wrong in one definition that JSON Schema itself would let pass. `root` is what `#/…` points into.
pub fn check_definition(root: &Value, definition: &Value) -> Vec<DefinitionFault> {
    let mut out = Vec::new();
    walk(definition, &mut Vec::new(), &mut out);
    if out.is_empty()
        && let Err(fault) = (Expansion { root, known: BTreeMap::new() }).size(definition, &mut Vec::new())
    {
        out.push(fault);
    }
    out
}

fn walk(schema: &Value, way: &mut Vec<Part>, out: &mut Vec<DefinitionFault>) {
    let Value::Map(pairs) = schema else { return };
    for (key, value) in pairs {
        way.push(Part::Key(key.clone()));
        match (&**key, value) {
            ("pattern", Value::String(pattern)) => check_pattern(pattern, way, out),
            ("patternProperties", Value::Map(patterns)) => {
                for (pattern, _) in patterns {
                    way.push(Part::Key(pattern.clone()));
                    check_pattern(pattern, way, out);
                    way.pop();
                }
            }
            ("$ref", Value::String(target)) if !target.starts_with("#/") => out.push(DefinitionFault::new(
                "schema/ref",
                way,
                format!("`{target}` points outside of the document, and nothing is ever fetched"),
                "point inside: `#/properties/…`, or write the schema here",
            )),
            _ => {}
        }
        way.pop();
    }
    for (part, child) in children(schema) {
        let depth = way.len();
        way.extend(part);
        walk(child, way, out);
        way.truncate(depth);
    }
}

/// Whether a definition renames itself or its dialect. Documents that say so are refused where they are read; one that is
/// there all the same is never compiled, since its references might lead anywhere.
pub(super) fn renames_itself(schema: &Value) -> bool {
    const KEYS: [&str; 8] =
        ["$id", "$schema", "$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor", "$vocabulary"];
    KEYS.iter().any(|key| schema.get(key).is_some()) || children(schema).into_iter().any(|(_, child)| renames_itself(child))
}

fn check_pattern(pattern: &str, way: &[Part], out: &mut Vec<DefinitionFault>) {
    let schema = serde_json::json!({ "pattern": pattern });
    if let Err(error) = super::schema::options().build(&schema) {
        // The engine draws the pattern with a caret under it; a finding has one line.
        let error = error.to_string();
        let reason = error.lines().map(str::trim).find_map(|line| line.strip_prefix("error: ")).unwrap_or(&error);
        out.push(DefinitionFault::new(
            "schema/pattern",
            way,
            format!("the pattern `{}` cannot be used: {}", shorten(pattern), shorten(reason)),
            "patterns run on a linear-time engine: without look-around and back-references, and within a bounded size",
        ));
    }
}

/// At most eighty characters of a text, on one line.
pub(crate) fn shorten(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if line.chars().count() <= 80 { line } else { line.chars().take(79).chain(['…']).collect() }
}

/// The schemas directly inside a schema, with the way to each; values of `enum`, `const` and `default` are none.
pub(super) fn children(schema: &Value) -> Vec<(Vec<Part>, &Value)> {
    let Value::Map(pairs) = schema else { return Vec::new() };
    let mut out = Vec::new();
    for (key, value) in pairs {
        let at = Part::Key(key.clone());
        match (&**key, value) {
            (
                "properties" | "patternProperties" | "$defs" | "definitions" | "dependentSchemas" | "dependencies",
                Value::Map(named),
            ) => {
                out.extend(named.iter().map(|(name, child)| (vec![at.clone(), Part::Key(name.clone())], child)));
            }
            ("allOf" | "anyOf" | "oneOf" | "prefixItems" | "items", Value::List(list)) => {
                out.extend(list.iter().enumerate().map(|(i, child)| (vec![at.clone(), Part::Index(i)], child)));
            }
            (
                "items"
                | "additionalItems"
                | "additionalProperties"
                | "unevaluatedItems"
                | "unevaluatedProperties"
                | "contains"
                | "propertyNames"
                | "not"
                | "if"
                | "then"
                | "else"
                | "contentSchema",
                Value::Map(_),
            ) => out.push((vec![at], value)),
            _ => {}
        }
    }
    out
}

/// Follows references and counts, so that neither a circle nor a billion laughs reaches the validator.
struct Expansion<'a> {
    root: &'a Value,
    /// The size behind each reference; `None` while it is being counted.
    known: BTreeMap<Box<str>, Option<usize>>,
}

impl<'a> Expansion<'a> {
    fn size(&mut self, schema: &'a Value, way: &mut Vec<Part>) -> Result<usize, DefinitionFault> {
        let mut size = 1usize;
        if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
            way.push(Part::Key("$ref".into()));
            size = size.saturating_add(self.behind(target, way)?);
            way.pop();
        }
        for (part, child) in children(schema) {
            let depth = way.len();
            way.extend(part);
            size = size.saturating_add(self.size(child, way)?);
            way.truncate(depth);
        }
        if size > EXPANDED {
            let message = "with its references followed this definition is too large".to_owned();
            return Err(DefinitionFault::new("schema/ref", way, message, "refer to each schema fewer times"));
        }
        Ok(size)
    }

    fn behind(&mut self, target: &str, way: &mut Vec<Part>) -> Result<usize, DefinitionFault> {
        match self.known.get(target) {
            Some(Some(size)) => return Ok(*size),
            Some(None) => {
                let message = format!("`{target}` leads back to itself");
                return Err(DefinitionFault::new("schema/ref", way, message, "write out the levels you need"));
            }
            None => {}
        }
        let Some(schema) = resolve(self.root, target) else {
            let message = format!("`{target}` points at nothing");
            return Err(DefinitionFault::new(
                "schema/ref",
                way,
                message,
                "point at a property of this blueprint: `#/properties/…`",
            ));
        };
        self.known.insert(target.into(), None);
        let size = self.size(schema, way)?;
        self.known.insert(target.into(), Some(size));
        Ok(size)
    }
}

pub(super) fn resolve<'a>(root: &'a Value, target: &str) -> Option<&'a Value> {
    target.strip_prefix("#/")?.split('/').try_fold(root, |here, part| {
        let part = percent_decoded(part)?.replace("~1", "/").replace("~0", "~");
        match here {
            Value::List(items) => items.get(part.parse::<usize>().ok()?),
            _ => here.get(&part),
        }
    })
}

/// A reference is a part of a URL, so that `%25` stands for `%`; the validator reads it so, and must find what we found.
fn percent_decoded(text: &str) -> Option<String> {
    let mut pieces = text.split('%');
    let mut out = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        let (digits, rest) = piece.split_at_checked(2)?;
        let byte = digits.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u8::from_str_radix(digits, 16).ok()).flatten()?;
        out.push(byte);
        out.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(out).ok()
}
