//! The name of an entity in one piece: eight bytes where it is held, and shared by all that hold it.

use std::cmp::Ordering;
use std::fmt;

use arcstr::ArcStr;
use equivalent::{Comparable, Equivalent};

use crate::model::{EntityKey, Identifier};

/// No identifier holds it, and it sorts before all that one may hold: so names sort as keys do.
const BETWEEN: char = '\0';

/// Blueprint and identifier of an entity.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::catalog) struct EntityName(ArcStr);

impl EntityName {
    pub(in crate::catalog) fn new(blueprint: &str, identifier: &str) -> Self {
        let mut text = String::with_capacity(blueprint.len() + 1 + identifier.len());
        text.push_str(blueprint);
        text.push(BETWEEN);
        text.push_str(identifier);
        Self(ArcStr::from(text))
    }

    pub(in crate::catalog) fn of(key: &EntityKey) -> Self {
        Self::new(key.blueprint.as_str(), key.identifier.as_str())
    }

    /// Sorts before every entity of a blueprint.
    pub(in crate::catalog) fn least_of(blueprint: &str) -> Self {
        Self::new(blueprint, "")
    }

    /// Sorts before every entity.
    pub(in crate::catalog) fn least() -> Self {
        Self(ArcStr::new())
    }

    fn parts(&self) -> (&str, &str) {
        self.0.split_once(BETWEEN).unwrap_or((&self.0, ""))
    }

    pub(in crate::catalog) fn blueprint(&self) -> &str {
        self.parts().0
    }

    pub(in crate::catalog) fn identifier(&self) -> &str {
        self.parts().1
    }

    /// The same, as everybody else calls it.
    pub(in crate::catalog) fn key(&self) -> EntityKey {
        let (blueprint, identifier) = self.parts();
        EntityKey { blueprint: Identifier::known(blueprint), identifier: Identifier::known(identifier) }
    }
}

impl fmt::Debug for EntityName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (blueprint, identifier) = self.parts();
        write!(f, "{blueprint}/{identifier}")
    }
}

/// Found by its key, without making a name of it.
impl Equivalent<EntityName> for EntityKey {
    fn equivalent(&self, name: &EntityName) -> bool {
        self.compare(name) == Ordering::Equal
    }
}

impl Comparable<EntityName> for EntityKey {
    fn compare(&self, name: &EntityName) -> Ordering {
        // Byte by byte, as names are compared with each other.
        let (blueprint, name) = (self.blueprint.as_str().as_bytes(), name.0.as_bytes());
        let (head, rest) = name.split_at_checked(blueprint.len()).unwrap_or((name, &[]));
        blueprint.cmp(head).then_with(|| match rest.split_first() {
            None => Ordering::Greater,
            Some((0, rest)) => self.identifier.as_str().as_bytes().cmp(rest),
            Some(_) => Ordering::Less,
        })
    }
}
