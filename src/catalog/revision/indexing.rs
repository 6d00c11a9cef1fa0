//! What points at what in a revision, kept in step with every document that comes and goes.

use std::sync::Arc;

use crate::catalog::mention::{Mentions, names_anyone};
use crate::catalog::packed::EntityName;
use crate::catalog::{Mention, Named};
use crate::model::{EntityKey, Identifier};

use super::Catalog;

impl Catalog {
    /// Changes a blueprint, and indexes its entities anew if the change moves what their relations point at.
    pub(super) fn reindexing(&mut self, blueprint: &Identifier, change: impl FnOnce(&mut Self)) {
        let points = |c: &Self| {
            let blueprint = &c.blueprints.get(blueprint)?.value;
            let targets: Vec<_> = blueprint.relations.iter().map(|(n, r)| (n.clone(), r.target.clone())).collect();
            let naming = blueprint.properties.values().any(|property| names_anyone(&property.definition));
            Some((targets, naming.then(|| blueprint.properties.clone())))
        };
        let before = points(self);
        let mut probe = self.clone();
        change(&mut probe);
        if before != points(&probe) {
            let keys: Vec<EntityKey> = self.entities.keys_of(blueprint).collect();
            keys.iter().for_each(|key| self.unindex(key));
            self.blueprints = probe.blueprints;
            match self.blueprints.get(blueprint) {
                Some(found) => self.mentions.insert(blueprint.clone(), Arc::new(Mentions::of(&found.value))),
                None => self.mentions.remove(blueprint),
            };
            keys.iter().for_each(|key| self.index(key));
        } else {
            self.blueprints = probe.blueprints;
        }
    }

    pub(super) fn index(&mut self, key: &EntityKey) {
        if let Some((name, pointed)) = self.pointed(key) {
            self.point(&name, pointed);
        }
    }

    pub(super) fn unindex(&mut self, key: &EntityKey) {
        if let Some((name, pointed)) = self.pointed(key) {
            self.unpoint(&name, pointed);
        }
    }

    /// Changes an entity that is there, and stays. Most changes leave alone what it points at.
    pub(super) fn repointing(&mut self, key: &EntityKey, change: impl FnOnce(&mut Self)) {
        let before = self.pointed(key);
        change(self);
        let after = self.pointed(key);
        if before != after {
            before.into_iter().for_each(|(name, pointed)| self.unpoint(&name, pointed));
            after.into_iter().for_each(|(name, pointed)| self.point(&name, pointed));
        }
    }

    fn point(&mut self, name: &EntityName, pointed: Pointed) {
        for target in pointed.entities {
            // The name that is held anyway, where there is one.
            let target = self.entities.packed(&target).map_or_else(|| EntityName::of(&target), |(name, _)| name.clone());
            self.referrers.insert(target, name);
        }
        for team in pointed.teams {
            self.owned.insert(team, name);
        }
        for mention in pointed.mentions {
            self.mentioned.insert((mention.named, mention.identifier), name);
        }
    }

    fn unpoint(&mut self, name: &EntityName, pointed: Pointed) {
        for target in pointed.entities {
            self.referrers.remove(EntityName::of(&target), name);
        }
        for team in pointed.teams {
            self.owned.remove(team, name);
        }
        for mention in pointed.mentions {
            self.mentioned.remove((mention.named, mention.identifier), name);
        }
    }

    /// Everything that an entity points at, and its name; `None` where there is no such entity.
    fn pointed(&self, key: &EntityKey) -> Option<(EntityName, Pointed)> {
        let (name, packed) = self.entities.packed(key)?;
        let pointed =
            Pointed { entities: self.targets_of(key), teams: packed.team().unwrap_or_default(), mentions: self.mentions_of(key) };
        Some((name.clone(), pointed))
    }

    /// Every entity that the relations of `key` name, in the blueprint each relation targets; they need not exist.
    pub fn targets_of(&self, key: &EntityKey) -> Vec<EntityKey> {
        let Some((_, packed)) = self.entities.packed(key) else { return Vec::new() };
        let Some(blueprint) = self.blueprints.get(&key.blueprint) else { return Vec::new() };
        let mut out = Vec::new();
        packed.targets(|relation, target| {
            if let Some(relation) = blueprint.value.relations.get(relation) {
                out.push(EntityKey { blueprint: relation.target.clone(), identifier: Identifier::known(target) });
            }
        });
        out
    }

    /// Whether every entity that a relation names is there: one walk along both, which are in order.
    pub fn has_all_that_is_named(&self) -> bool {
        let mut there = self.entities.names();
        let mut last: Option<&EntityName> = None;
        self.referrers.targets().all(|target| {
            if last.is_none_or(|last| last < target) {
                last = there.find(|name| *name >= target);
            }
            last == Some(target)
        })
    }

    /// The entities whose relations name `target`, in order.
    pub fn referrers_of(&self, target: &EntityKey) -> impl Iterator<Item = EntityKey> + use<'_> {
        self.referrers.of(EntityName::of(target)).map(EntityName::key)
    }

    /// Those of [`Self::referrers_of`] that are entities of one blueprint.
    pub fn referrers_from<'a>(
        &'a self,
        target: &EntityKey,
        blueprint: &'a Identifier,
    ) -> impl Iterator<Item = EntityKey> + use<'a> {
        self.referrers
            .from(EntityName::of(target), EntityName::least_of(blueprint.as_str()))
            .take_while(|source| source.blueprint() == blueprint.as_str())
            .map(EntityName::key)
    }

    /// The entities that name `team` as their own, in order; the team need not exist.
    pub fn owned_by(&self, team: &Identifier) -> impl Iterator<Item = EntityKey> + use<'_> {
        self.owned.of(team.clone()).map(EntityName::key)
    }

    /// The users and teams that the properties of `key` name by their format; they need not exist.
    pub fn mentions_of(&self, key: &EntityKey) -> Vec<Mention> {
        // Most blueprints name nobody, and then the entity is not unfolded.
        let Some(mentions) = self.mentions.get(&key.blueprint).filter(|mentions| !mentions.is_empty()) else { return Vec::new() };
        self.entities.get(key).map_or_else(Vec::new, |entity| mentions.find(&entity.value.properties))
    }

    /// The entities that name a user or a team in a property, in order; neither need exist.
    pub fn mentioned_by(&self, named: Named, identifier: &Identifier) -> impl Iterator<Item = EntityKey> + use<'_> {
        self.mentioned.of((named, identifier.clone())).map(EntityName::key)
    }
}

/// What one entity points at.
#[derive(PartialEq)]
struct Pointed {
    entities: Vec<EntityKey>,
    teams: Vec<Identifier>,
    mentions: Vec<Mention>,
}
