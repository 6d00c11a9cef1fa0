//! Where the values of a blueprint's properties name users and teams, by `format: user` and `format: team`.

use std::collections::BTreeMap;

use jsonschema::Validator;

use crate::model::{Blueprint, Identifier, Part, Value};

use super::definition::{DefinitionFault, check_definition, children, renames_itself, resolve};
use super::schema::options;

/// What a value names.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Named {
    /// A user of the roster.
    User,
    /// A team of the roster.
    Team,
}

impl Named {
    /// By the word of `format`.
    fn of(schema: &Value) -> Option<Self> {
        match schema.get("format")?.as_str()? {
            "user" => Some(Self::User),
            "team" => Some(Self::Team),
            _ => None,
        }
    }
}

/// A user or a team that an entity names in one of its properties; it need not exist.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mention {
    /// Whether a user or a team is meant.
    pub named: Named,
    /// Its name.
    pub identifier: Identifier,
    /// The way to it, from the property's name on.
    pub way: Vec<Part>,
}

/// Where in the values of a blueprint's properties users and teams are named; most blueprints name none.
#[derive(Default, Debug)]
pub(super) struct Mentions(BTreeMap<Box<str>, Spot>);

/// What is named in a value, and further in.
#[derive(Default, Debug)]
struct Spot {
    named: Option<Named>,
    properties: BTreeMap<Box<str>, Option<Spot>>,
    patterns: Vec<(Option<Validator>, Option<Spot>)>,
    rest: Option<Box<Spot>>,
    first: Vec<Option<Spot>>,
    items: Option<Box<Spot>>,
    all: Vec<Spot>,
}

impl Mentions {
    /// Of a blueprint; definitions that cannot stand name nobody until they are mended.
    pub(super) fn of(blueprint: &Blueprint) -> Self {
        if !blueprint.properties.values().any(|property| names_anyone(&property.definition)) {
            return Self::default();
        }
        let root = root_of(blueprint);
        let mut out = BTreeMap::new();
        for (name, property) in &blueprint.properties {
            let definition = &property.definition;
            let sound = check_definition(&root, definition).is_empty() && !renames_itself(definition);
            if let Some(spot) = sound.then(|| spot(&root, definition)).flatten() {
                out.insert(name.clone(), spot);
            }
        }
        Self(out)
    }

    /// Whether nobody is named anywhere.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Every user and team that these properties name, whatever else may be wrong with them.
    pub(super) fn find<'a>(&self, properties: impl IntoIterator<Item = (&'a Box<str>, &'a Value)>) -> Vec<Mention> {
        let mut out = Vec::new();
        if self.0.is_empty() {
            return out;
        }
        for (name, value) in properties {
            if let Some(spot) = self.0.get(name) {
                spot.find(value, &mut vec![Part::Key(name.clone())], &mut out);
            }
        }
        out
    }
}

/// What `#/…` points into: as the blueprint nests its schema, or as the schema alone does.
pub(super) fn root_of(blueprint: &Blueprint) -> Value {
    let definitions = Value::from_pairs(blueprint.properties.iter().map(|(n, p)| (n.clone(), p.definition.clone())));
    let nested = Value::from_pairs([("properties".into(), definitions.clone())]);
    Value::from_pairs([("properties".into(), definitions), ("schema".into(), nested)])
}

/// Whether `format: user` or `format: team` stands in a definition, without following references.
pub(super) fn names_anyone(schema: &Value) -> bool {
    Named::of(schema).is_some() || children(schema).into_iter().any(|(_, child)| names_anyone(child))
}

/// The schema behind a reference, which is known to be there and to lead to an end.
fn behind<'a>(root: &'a Value, schema: &Value) -> Option<&'a Value> {
    resolve(root, schema.get("$ref")?.as_str()?)
}

/// `None` where nothing is named. The definition is sound: its size is bounded, with all references followed.
fn spot(root: &Value, schema: &Value) -> Option<Spot> {
    let under = |key: &str| schema.get(key).and_then(|child| spot(root, child));
    let pairs = |key: &str| match schema.get(key) {
        Some(Value::Map(pairs)) => &**pairs,
        _ => &[],
    };
    let list = |key: &str| match schema.get(key) {
        Some(Value::List(list)) => &**list,
        _ => &[],
    };
    let found = Spot {
        named: Named::of(schema),
        properties: pairs("properties").iter().map(|(name, child)| (name.clone(), spot(root, child))).collect(),
        patterns: pairs("patternProperties").iter().map(|(pattern, child)| (matcher(pattern), spot(root, child))).collect(),
        rest: under("additionalProperties").map(Box::new),
        first: list("prefixItems").iter().map(|child| spot(root, child)).collect(),
        items: under("items").map(Box::new),
        all: list("allOf").iter().chain(behind(root, schema)).filter_map(|child| spot(root, child)).collect(),
    };
    let inside = found.properties.values().chain(&found.first).chain(found.patterns.iter().map(|(_, inner)| inner)).flatten();
    let some =
        found.named.is_some() || inside.count() > 0 || found.rest.is_some() || found.items.is_some() || !found.all.is_empty();
    some.then_some(found)
}

/// The same engine that checks the keys.
fn matcher(pattern: &str) -> Option<Validator> {
    options().build(&serde_json::json!({ "pattern": pattern })).ok()
}

impl Spot {
    fn find(&self, value: &Value, way: &mut Vec<Part>, out: &mut Vec<Mention>) {
        self.all.iter().for_each(|spot| spot.find(value, way, out));
        match value {
            Value::String(text) => {
                // What is no identifier is no format's value either, and is told as that.
                if let (Some(named), Ok(identifier)) = (self.named, Identifier::new(text)) {
                    out.push(Mention { named, identifier, way: way.clone() });
                }
            }
            Value::List(items) => {
                for (i, item) in items.iter().enumerate() {
                    let inner = match self.first.get(i) {
                        Some(inner) => inner.as_ref(),
                        None => self.items.as_deref(),
                    };
                    inside(inner, Part::Index(i), item, way, out);
                }
            }
            Value::Map(pairs) => {
                for (key, value) in pairs {
                    let mut known = false;
                    if let Some(inner) = self.properties.get(key) {
                        known = true;
                        inside(inner.as_ref(), Part::Key(key.clone()), value, way, out);
                    }
                    for (pattern, inner) in &self.patterns {
                        let text = serde_json::Value::String(key.to_string());
                        if pattern.as_ref().is_some_and(|pattern| pattern.is_valid(&text)) {
                            known = true;
                            inside(inner.as_ref(), Part::Key(key.clone()), value, way, out);
                        }
                    }
                    if !known {
                        inside(self.rest.as_deref(), Part::Key(key.clone()), value, way, out);
                    }
                }
            }
            _ => {}
        }
    }
}

fn inside(spot: Option<&Spot>, part: Part, value: &Value, way: &mut Vec<Part>, out: &mut Vec<Mention>) {
    if let Some(spot) = spot {
        way.push(part);
        spot.find(value, way, out);
        way.pop();
    }
}

/// Where a definition names users or teams under a condition (`anyOf`, `if`, `not`, `contains` and the like): whether
/// somebody is meant would depend on the rest of the value, so that it is refused. The definition is sound.
pub(super) fn conditional(root: &Value, definition: &Value) -> Vec<DefinitionFault> {
    let mut out = Vec::new();
    seek(root, definition, false, &mut Vec::new(), &mut out);
    out
}

fn seek(root: &Value, schema: &Value, doubtful: bool, way: &mut Vec<Part>, out: &mut Vec<DefinitionFault>) {
    const CERTAIN: [&str; 9] = [
        "properties",
        "patternProperties",
        "additionalProperties",
        "prefixItems",
        "items",
        "allOf",
        "$defs",
        "definitions",
        "$ref",
    ];
    if !out.is_empty() {
        return; // one is enough: the size behind references may be large
    }
    if doubtful && Named::of(schema).is_some() {
        let message = "a user or a team is named here under a condition, so that nobody can tell whether one is meant".to_owned();
        let help = "name users and teams under `properties`, `items` or `allOf`, without `anyOf`, `if` and the like";
        out.push(DefinitionFault::new("schema/conditional-name", way, message, help));
        return;
    }
    if let Some(target) = behind(root, schema) {
        // What is wrong behind a reference is shown at the reference.
        let mut there = Vec::new();
        seek(root, target, doubtful, &mut Vec::new(), &mut there);
        out.extend(
            there.into_iter().map(|fault| DefinitionFault { way: [&**way, &[Part::Key("$ref".into())]].concat(), ..fault }),
        );
    }
    for (part, child) in children(schema) {
        let certain = matches!(part.first(), Some(Part::Key(key)) if CERTAIN.contains(&&**key));
        let depth = way.len();
        way.extend(part);
        seek(root, child, doubtful || !certain, way, out);
        way.truncate(depth);
    }
}
