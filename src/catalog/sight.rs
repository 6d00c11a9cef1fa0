//! What a reader may see: asked wherever something is read on somebody's behalf.

use crate::model::EntityKey;

/// What one reader may see. What may not be seen is treated as if it were not there.
pub trait Sight {
    /// Whether the entity is seen at all.
    fn entity(&self, key: &EntityKey) -> bool;

    /// Whether this property of a seen entity is seen; also `$title`, `$icon`, `$team` and derived properties.
    fn property(&self, key: &EntityKey, name: &str) -> bool;

    /// Whether this relation of a seen entity is seen.
    fn relation(&self, key: &EntityKey, name: &str) -> bool;
}

/// Sees everything: whoever decides by the catalog, and shows nothing of it.
#[derive(Clone, Copy, Debug)]
pub struct SeesAll;

impl Sight for SeesAll {
    fn entity(&self, _: &EntityKey) -> bool {
        true
    }

    fn property(&self, _: &EntityKey, _: &str) -> bool {
        true
    }

    fn relation(&self, _: &EntityKey, _: &str) -> bool {
        true
    }
}
