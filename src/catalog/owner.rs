//! Who owns an entity: its own team, or what the blueprint's path yields (spec 3).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::{EntityKey, Identifier, Ownership, RelationValue};

use super::Catalog;

/// The teams that own an entity. Empty: nobody, and `ownedByTeam` grants nobody.
pub type Owner = BTreeSet<Identifier>;

/// One step of an inheritance path, resolved.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hop {
    /// The relation that is followed.
    pub relation: Box<str>,
    /// The blueprint it leads to.
    pub target: Identifier,
}

/// Why a blueprint's inheritance path yields nobody.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum InheritanceFault {
    /// A step that is no relation of the blueprint it starts from.
    UnknownHop {
        /// The step.
        hop: Box<str>,
        /// Where it starts.
        blueprint: Identifier,
    },
    /// A step over a relation that holds a list: whose owner would it be?
    ManyHop {
        /// The step.
        hop: Box<str>,
        /// Where it starts.
        blueprint: Identifier,
    },
    /// A step that leads to a blueprint that is not there.
    MissingBlueprint {
        /// The step.
        hop: Box<str>,
        /// What is missing.
        target: Identifier,
    },
}

impl Catalog {
    /// The effective owner: the entity's own `team`, or else what its blueprint's inheritance path reaches.
    ///
    /// A broken path (an unset or dangling relation, a cycle of blueprints) yields nobody. To ask about many entities,
    /// use [`Owners`], which resolves each path once.
    pub fn owner_of(&self, key: &EntityKey) -> Owner {
        Owners::new(self).owner(key)
    }

    /// The steps from which a blueprint's entities inherit their owner; `None` where `team` alone owns.
    pub fn inheritance_of(&self, blueprint: &Identifier) -> Result<Option<Vec<Hop>>, InheritanceFault> {
        let Some(start) = self.blueprints().get(blueprint) else { return Ok(None) };
        let Ownership::Inherited(path) = &start.value.ownership else { return Ok(None) };
        let mut here = start;
        let mut hops = Vec::with_capacity(path.0.len());
        for hop in &path.0 {
            let at = || here.value.identifier.clone();
            let relation = here
                .value
                .relations
                .get(hop)
                .ok_or_else(|| InheritanceFault::UnknownHop { hop: hop.clone(), blueprint: at() })?;
            if relation.many {
                return Err(InheritanceFault::ManyHop { hop: hop.clone(), blueprint: at() });
            }
            let target = &relation.target;
            hops.push(Hop { relation: hop.clone(), target: target.clone() });
            here = self
                .blueprints()
                .get(target)
                .ok_or_else(|| InheritanceFault::MissingBlueprint { hop: hop.clone(), target: target.clone() })?;
        }
        Ok(Some(hops))
    }

    /// The blueprints that inheritance visits from `blueprint` on, itself first. Where it runs in circles the last one
    /// is one that came before.
    pub fn inheritance_chain(&self, blueprint: &Identifier) -> Vec<Identifier> {
        let mut chain = vec![blueprint.clone()];
        let mut here = blueprint.clone();
        while let Ok(Some(hops)) = self.inheritance_of(&here) {
            let Some(last) = hops.last() else { break };
            here = last.target.clone();
            let again = chain.contains(&here);
            chain.push(here.clone());
            if again {
                break;
            }
        }
        chain
    }

    fn inherits_in_circles(&self, blueprint: &Identifier) -> bool {
        let chain = self.inheritance_chain(blueprint);
        chain.split_last().is_some_and(|(last, before)| before.contains(last))
    }
}

/// Reads owners of many entities of one catalog.
pub struct Owners<'a> {
    catalog: &'a Catalog,
    paths: BTreeMap<Identifier, Option<Arc<[Hop]>>>,
    known: BTreeMap<EntityKey, Owner>,
}

impl<'a> Owners<'a> {
    /// Over this catalog.
    pub fn new(catalog: &'a Catalog) -> Self {
        Self { catalog, paths: BTreeMap::new(), known: BTreeMap::new() }
    }

    /// The steps of a blueprint's path; `None` where `team` alone owns, where the path is broken, and where inheritance
    /// would run in circles. The last makes every walk end after as many steps as there are blueprints.
    pub fn path(&mut self, blueprint: &Identifier) -> Option<Arc<[Hop]>> {
        if let Some(known) = self.paths.get(blueprint) {
            return known.clone();
        }
        let path = match self.catalog.inheritance_of(blueprint) {
            Ok(Some(hops)) if !self.catalog.inherits_in_circles(blueprint) => Some(Arc::from(hops)),
            _ => None,
        };
        self.paths.insert(blueprint.clone(), path.clone());
        path
    }

    /// The effective owner of `key`; nobody where there is no such entity.
    pub fn owner(&mut self, key: &EntityKey) -> Owner {
        if let Some(known) = self.known.get(key) {
            return known.clone();
        }
        let mut here = key.clone();
        let owner = loop {
            if let Some(team) = self.catalog.entities().team_of(&here).filter(|team| !team.is_empty()) {
                break team.into_iter().collect();
            }
            let Some(next) = self.next(&here) else { break Owner::new() };
            here = next;
        };
        self.known.insert(key.clone(), owner.clone());
        owner
    }

    /// The entities that the owner of `key` follows from, itself first: as long as each stays as it is, or stays away, so does the owner.
    pub fn rests_on(&mut self, key: &EntityKey) -> Vec<EntityKey> {
        let (mut out, mut here) = (vec![key.clone()], key.clone());
        while self.catalog.entities().team_of(&here).is_none_or(|team| team.is_empty()) {
            let (start, Some(path)) = (here.clone(), self.path(&here.blueprint)) else { break };
            for hop in path.iter() {
                let held = self.catalog.entities().relation_of(&here, &hop.relation);
                let Some(RelationValue::One(target)) = held else { return out };
                here = EntityKey { blueprint: hop.target.clone(), identifier: target };
                out.push(here.clone());
            }
            if here == start {
                break;
            }
        }
        out
    }

    /// The entity that `key` inherits from.
    fn next(&mut self, key: &EntityKey) -> Option<EntityKey> {
        let path = self.path(&key.blueprint)?;
        let mut here = key.clone();
        for hop in path.iter() {
            let Some(RelationValue::One(target)) = self.catalog.entities().relation_of(&here, &hop.relation) else { return None };
            here = EntityKey { blueprint: hop.target.clone(), identifier: target };
        }
        (here != *key).then_some(here)
    }
}
