//! Where a revision begins and where it ends: its large maps have little above the arrays that they share.

use super::Catalog;

impl Catalog {
    /// The same, for a revision that follows: what is large has little above its array.
    pub(super) fn settled(&self) -> Self {
        Self {
            entities: self.entities.settled(),
            referrers: self.referrers.settled(),
            owned: self.owned.settled(),
            mentioned: self.mentioned.settled(),
            entity_look_alikes: self.entity_look_alikes.settled(),
            ..self.clone()
        }
    }

    /// The same, in less memory where most of base was changed.
    pub(super) fn compact(self) -> Self {
        Self {
            entities: self.entities.compact(),
            referrers: self.referrers.compact(),
            owned: self.owned.compact(),
            mentioned: self.mentioned.compact(),
            entity_look_alikes: self.entity_look_alikes.compact(),
            ..self
        }
    }
}
