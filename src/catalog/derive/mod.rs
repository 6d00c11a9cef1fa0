//! What is computed for readers: mirror, formula, calculation and aggregation properties, and meta-properties, as one
//! reader may see them (spec 2, docs/derived-properties.md).
//!
//! Nothing that is hidden from the reader flows into a value: a hidden property counts as unset, a hidden entity as absent,
//! wherever it would be read. So a value tells a reader nothing that the catalog without the hidden parts would not tell.

mod aggregation;
mod calculation;
mod derivation;
#[cfg(test)]
pub(crate) mod fake;
mod formula;
mod needs;
mod number;
#[cfg(test)]
mod properties;
mod route;
mod shape;
#[cfg(test)]
mod tests;

pub use calculation::definition_fault;
pub use derivation::Derivation;
pub use needs::{Need, circles, queried};
pub use route::{PathFault, Route, RouteFault, follow, routes};
pub use shape::{Shape, shape_of};

pub use super::{SeesAll, Sight};

use crate::model::{Entity, EntityKey, Touch, Value};

/// Where entities come from, as history tells.
pub trait Provenance {
    /// When and by whom the entity was made; `None` where nobody knows.
    fn created(&self, key: &EntityKey) -> Option<Touch>;
    /// When and by whom its meaning last changed.
    fn updated(&self, key: &EntityKey) -> Option<Touch>;
}

/// No history at all, as in a working tree: `$createdAt` and the like are unset.
#[derive(Clone, Copy, Debug)]
pub struct NoProvenance;

impl Provenance for NoProvenance {
    fn created(&self, _: &EntityKey) -> Option<Touch> {
        None
    }
    fn updated(&self, _: &EntityKey) -> Option<Touch> {
        None
    }
}

/// What a reader gets of a property.
#[derive(Clone, PartialEq, Debug)]
pub enum Derived {
    /// A value.
    Value(Value),
    /// Nothing: unset, not there, or not to be seen; the reader cannot tell which.
    Absent,
    /// It could not be computed, and why.
    Error(String),
}

impl Derived {
    /// The value, where there is one.
    pub fn into_value(self) -> Option<Value> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Error(_) => None,
        }
    }
}

impl From<Option<Value>> for Derived {
    fn from(value: Option<Value>) -> Self {
        value.map_or(Self::Absent, Self::Value)
    }
}

/// What an entity's relation holds, where it holds something.
fn targets<'e>(entity: &'e Entity, relation: &str) -> &'e [crate::model::Identifier] {
    entity.relations.get(relation).map_or(&[], |value| value.targets())
}
