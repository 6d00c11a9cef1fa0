//! An entity of the catalog as its author wrote it.

use std::collections::BTreeMap;
use std::fmt;

use super::{Identifier, Value};

/// What an entity is known by: the pair of blueprint and identifier (spec 1).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct EntityKey {
    /// Its blueprint.
    pub blueprint: Identifier,
    /// Its identifier, unique within the blueprint.
    pub identifier: Identifier,
}

impl fmt::Display for EntityKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.blueprint, self.identifier)
    }
}

/// What a relation holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RelationValue {
    /// `null`: set, to nothing.
    Null,
    /// One target.
    One(Identifier),
    /// Several targets; order counts, as in Port's answers.
    Many(Vec<Identifier>),
}

impl RelationValue {
    /// Every target.
    pub fn targets(&self) -> &[Identifier] {
        match self {
            Self::Null => &[],
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }

    /// As a JSON value.
    pub fn to_value(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::One(one) => Value::from(one.as_str()),
            Self::Many(many) => Value::List(many.iter().map(|id| Value::from(id.as_str())).collect()),
        }
    }
}

/// An entity; what its author left out is absent, and absent differs from `null`.
#[derive(Clone, PartialEq, Debug)]
pub struct Entity {
    /// Blueprint and identifier.
    pub key: EntityKey,
    /// `title`
    pub title: Option<String>,
    /// `icon`
    pub icon: Option<String>,
    /// `team`: the owners named by the entity itself. `None` where it names none.
    pub team: Option<Vec<Identifier>>,
    /// `properties`, as written: defaults are not filled in.
    pub properties: BTreeMap<Box<str>, Value>,
    /// `relations`, as written.
    pub relations: BTreeMap<Box<str>, RelationValue>,
}
