//! Who owns an entity: its own team, or what the blueprint's path yields (spec 3).

use std::collections::BTreeSet;

use crate::model::{EntityKey, Identifier};

use super::Catalog;

/// The teams that own an entity. Empty: nobody, and `ownedByTeam` grants nobody.
pub type Owner = BTreeSet<Identifier>;

impl Catalog {
    /// The effective owner: the entity's own `team`, or else what its blueprint's inheritance path reaches.
    ///
    /// A broken path (an unset or dangling relation, a cycle) yields nobody.
    pub fn owner_of(&self, key: &EntityKey) -> Owner {
        self.owner_within(key, &mut BTreeSet::new())
    }

    fn owner_within(&self, key: &EntityKey, seen: &mut BTreeSet<EntityKey>) -> Owner {
        use crate::model::{Ownership, RelationValue};
        if !seen.insert(key.clone()) {
            return Owner::new();
        }
        let Some(entity) = self.entities().get(key) else { return Owner::new() };
        if let Some(team) = entity.value.team.as_ref().filter(|team| !team.is_empty()) {
            return team.iter().cloned().collect();
        }
        let Some(blueprint) = self.blueprints().get(&key.blueprint) else { return Owner::new() };
        let Ownership::Inherited(path) = &blueprint.value.ownership else { return Owner::new() };
        let mut here = key.clone();
        for hop in &path.0 {
            let next = self.blueprints().get(&here.blueprint).and_then(|b| b.value.relations.get(hop)).filter(|r| !r.many);
            let held = self.entities().get(&here).and_then(|e| e.value.relations.get(hop).cloned());
            let (Some(relation), Some(RelationValue::One(target))) = (next, held) else { return Owner::new() };
            here = EntityKey { blueprint: relation.target.clone(), identifier: target };
        }
        self.owner_within(&here, seen)
    }
}
