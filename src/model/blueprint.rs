//! A blueprint: the type of an entity, with its schema, its relations and where its owners come from.

use std::collections::BTreeMap;

use super::{DerivedProperty, Identifier, Value};

/// One property of a blueprint's `schema.properties`.
#[derive(Clone, PartialEq, Debug)]
pub struct Property {
    /// The whole definition, as written: a JSON Schema with Port's own keywords (`icon`, `enumColors`, `spec`).
    pub definition: Value,
}

impl Property {
    /// `default`, where there is one.
    pub fn default(&self) -> Option<&Value> {
        self.definition.get("default")
    }

    /// `type`, where it is a text.
    pub fn type_name(&self) -> Option<&str> {
        self.definition.get("type").and_then(Value::as_str)
    }

    /// `format`, where it is a text.
    pub fn format(&self) -> Option<&str> {
        self.definition.get("format").and_then(Value::as_str)
    }
}

/// One relation of a blueprint.
#[derive(Clone, PartialEq, Debug)]
pub struct Relation {
    /// `title`
    pub title: Option<String>,
    /// `description`
    pub description: Option<String>,
    /// `target`: the blueprint of what it points at.
    pub target: Identifier,
    /// Whether an entity must set it. Never together with `many`.
    pub required: bool,
    /// Whether it holds a list.
    pub many: bool,
}

/// A chain of relations, `service.system`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RelationPath(pub Vec<Box<str>>);

impl std::fmt::Display for RelationPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.join("."))
    }
}

/// Where an entity's owners come from when it names none (spec 3).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ownership {
    /// From `team` alone.
    Direct,
    /// From the owner of the entity that the path reaches: `teamInheritance.path`, or `ownership: {type: Inherited, path}`.
    Inherited(RelationPath),
}

/// A blueprint.
#[derive(Clone, PartialEq, Debug)]
pub struct Blueprint {
    /// `identifier`
    pub identifier: Identifier,
    /// `title`
    pub title: Option<String>,
    /// `icon`
    pub icon: Option<String>,
    /// `description`
    pub description: Option<String>,
    /// `schema.properties`
    pub properties: BTreeMap<Box<str>, Property>,
    /// `schema.required`
    pub required: Vec<Box<str>>,
    /// `relations`
    pub relations: BTreeMap<Box<str>, Relation>,
    /// Mirror, formula, calculation and aggregation properties, by name; a name is in one family only.
    pub derived: BTreeMap<Box<str>, DerivedProperty>,
    /// `teamInheritance` or `ownership`.
    pub ownership: Ownership,
}
