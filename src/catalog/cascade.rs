//! Which entities change hands because of something that changed elsewhere (spec 4, the cascade).
//!
//! An entity's owner depends on its own team, on the entity its path reaches, and on that one's owner. So the search starts
//! from what changed and walks the paths backwards, and goes on only from entities whose owner did move: its cost is in
//! proportion to what depends on the change.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::{EntityKey, Identifier, RelationValue};

use super::{Catalog, Hop, Owner, Owners};

/// An entity of both catalogs whose effective owner differs.
pub(super) struct Moved {
    pub(super) key: EntityKey,
    pub(super) before: Owner,
    pub(super) after: Owner,
}

/// A blueprint whose path passes over another, after so many steps.
struct Use {
    inheritor: Identifier,
    path: Arc<[Hop]>,
    steps: usize,
}

/// Finds every entity whose owner moved. `seeds`: entities that came, went, or have other relations or another team.
pub(super) fn moved(before: &Catalog, after: &Catalog, seeds: &BTreeSet<EntityKey>, blueprints_changed: bool) -> Vec<Moved> {
    let (mut old, mut new) = (Owners::new(before), Owners::new(after));
    let mut found = BTreeSet::new();
    let mut queue: Vec<EntityKey> = Vec::new();
    let mut push = |queue: &mut Vec<EntityKey>, key: EntityKey| {
        if found.insert(key.clone()) {
            queue.push(key);
        }
    };
    if blueprints_changed {
        let both: BTreeSet<&Identifier> = before.blueprints().iter().chain(after.blueprints().iter()).map(|(id, _)| id).collect();
        for id in both {
            if old.path(id) != new.path(id) {
                after.entities().keys_of(id).for_each(|key| push(&mut queue, key));
            }
        }
    }
    if queue.is_empty() && seeds.is_empty() {
        return Vec::new();
    }
    let uses = uses(after, &mut new);
    for seed in seeds {
        push(&mut queue, seed.clone());
        for way in uses.get(&seed.blueprint).into_iter().flatten().filter(|u| u.steps < u.path.len()) {
            inheritors(after, seed, way).into_iter().for_each(|key| push(&mut queue, key));
        }
    }
    let mut out = Vec::new();
    while let Some(key) = queue.pop() {
        let (was, is) = (old.owner(&key), new.owner(&key));
        if was == is {
            continue;
        }
        for way in uses.get(&key.blueprint).into_iter().flatten().filter(|u| u.steps == u.path.len()) {
            inheritors(after, &key, way).into_iter().for_each(|key| push(&mut queue, key));
        }
        if before.entities().contains(&key) && after.entities().contains(&key) {
            out.push(Moved { key, before: was, after: is });
        }
    }
    out
}

/// For each blueprint, whose paths pass over it or end in it.
fn uses(after: &Catalog, owners: &mut Owners<'_>) -> BTreeMap<Identifier, Vec<Use>> {
    let mut out: BTreeMap<Identifier, Vec<Use>> = BTreeMap::new();
    for (inheritor, _) in after.blueprints().iter() {
        let Some(path) = owners.path(inheritor) else { continue };
        for (i, hop) in path.iter().enumerate() {
            out.entry(hop.target.clone()).or_default().push(Use {
                inheritor: inheritor.clone(),
                path: path.clone(),
                steps: i + 1,
            });
        }
    }
    out
}

/// Walks `way` backwards from `key`. Where the way itself changed before `key`, the entity that changed is a seed of its
/// own; so the catalog after the change is enough.
fn inheritors(after: &Catalog, key: &EntityKey, way: &Use) -> BTreeSet<EntityKey> {
    let mut frontier = BTreeSet::from([key.clone()]);
    for (i, hop) in way.path.iter().enumerate().take(way.steps).rev() {
        let from = match i.checked_sub(1).and_then(|before| way.path.get(before)) {
            Some(before) => &before.target,
            None => &way.inheritor,
        };
        let mut sources = BTreeSet::new();
        for target in &frontier {
            for source in after.referrers_from(target, from) {
                let held = after.entities().relation_of(&source, &hop.relation);
                if matches!(held, Some(RelationValue::One(one)) if one == target.identifier) {
                    sources.insert(source);
                }
            }
        }
        frontier = sources;
    }
    frontier
}
