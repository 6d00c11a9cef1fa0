//! Follows relations as far as somebody sees them, within a budget.
//!
//! Only what is seen is counted, so that running out of the budget tells nothing about what is not.

use std::cell::Cell;
use std::collections::{BTreeSet, VecDeque};

use crate::catalog::{Catalog, Sight};
use crate::model::{Direction, EntityKey, PathStep, Relation};

use super::SearchFault;

/// How many entities and relations one search may look at.
const MOST_STEPS: usize = 500_000;

/// The relations of a catalog.
pub(super) struct Graph<'a> {
    catalog: &'a Catalog,
    sight: &'a dyn Sight,
    left: Cell<usize>,
}

impl<'a> Graph<'a> {
    pub(super) fn new(catalog: &'a Catalog, sight: &'a dyn Sight) -> Self {
        Self { catalog, sight, left: Cell::new(MOST_STEPS) }
    }

    /// Counts a step.
    pub(super) fn spend(&self, steps: usize) -> Result<(), SearchFault> {
        let left = self.left.get().checked_sub(steps).ok_or(SearchFault::TooMuch)?;
        self.left.set(left);
        Ok(())
    }

    /// Everything reached from `starts` in one direction, over relations that are required or not, however far.
    pub(super) fn reach(
        &self,
        starts: &[EntityKey],
        direction: Direction,
        required: Option<bool>,
    ) -> Result<BTreeSet<EntityKey>, SearchFault> {
        let wanted = |_: &str, relation: &Relation| required.is_none_or(|required| relation.required == required);
        let mut reached = BTreeSet::new();
        let mut queue: VecDeque<EntityKey> = starts.iter().filter(|key| self.sight.entity(key)).cloned().collect();
        while let Some(here) = queue.pop_front() {
            let next = match direction {
                Direction::Upstream => self.targets(&here, &wanted)?,
                Direction::Downstream => self.sources(&here, &wanted)?,
            };
            for key in next {
                if reached.insert(key.clone()) {
                    queue.push_back(key);
                }
            }
        }
        Ok(reached)
    }

    /// Everything at the end of a path of relations.
    pub(super) fn along(&self, starts: &[EntityKey], path: &[PathStep]) -> Result<BTreeSet<EntityKey>, SearchFault> {
        let mut here: BTreeSet<EntityKey> = starts.iter().filter(|key| self.sight.entity(key)).cloned().collect();
        for step in path {
            let wanted = |name: &str, _: &Relation| name == &*step.relation;
            let mut found = BTreeSet::new();
            let mut edge = here;
            for _ in 0..step.hops {
                let mut next = BTreeSet::new();
                for key in &edge {
                    next.extend(self.targets(key, &wanted)?.into_iter().filter(|key| !found.contains(key)));
                }
                found.extend(next.iter().cloned());
                edge = next;
            }
            here = found;
        }
        Ok(here)
    }

    /// What a relation of an entity holds, as far as it is seen.
    pub(super) fn held(&self, key: &EntityKey, name: &str) -> Result<Vec<EntityKey>, SearchFault> {
        self.targets(key, &|relation, _| relation == name)
    }

    /// Whether whoever searches sees the entity.
    pub(super) fn sees(&self, key: &EntityKey) -> bool {
        self.sight.entity(key)
    }

    fn targets(&self, key: &EntityKey, wanted: &dyn Fn(&str, &Relation) -> bool) -> Result<Vec<EntityKey>, SearchFault> {
        self.spend(1)?;
        let Some(blueprint) = self.catalog.blueprints().get(&key.blueprint) else { return Ok(Vec::new()) };
        let Some(entity) = self.catalog.entities().get(key) else { return Ok(Vec::new()) };
        let mut out = Vec::new();
        for (name, value) in &entity.value.relations {
            let Some(relation) = blueprint.value.relations.get(name).filter(|relation| wanted(name, relation)) else { continue };
            if !self.sight.relation(key, name) {
                continue;
            }
            let there = |target: &_| EntityKey { blueprint: relation.target.clone(), identifier: Clone::clone(target) };
            let before = out.len();
            out.extend(value.targets().iter().map(there).filter(|target| self.sight.entity(target)));
            self.spend(out.len() - before)?;
        }
        Ok(out)
    }

    fn sources(&self, key: &EntityKey, wanted: &dyn Fn(&str, &Relation) -> bool) -> Result<Vec<EntityKey>, SearchFault> {
        let mut out = Vec::new();
        for source in self.catalog.referrers_of(key).filter(|source| self.sight.entity(source)) {
            if self.targets(&source, wanted)?.contains(key) {
                out.push(source);
            }
        }
        Ok(out)
    }
}
