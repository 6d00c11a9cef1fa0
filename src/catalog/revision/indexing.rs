//! What points at what in a revision, kept in step with every document that comes and goes.

use std::sync::Arc;

use crate::catalog::mention::{Mentions, names_anyone};
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
            let keys: Vec<EntityKey> = self.entities_of(blueprint).map(|e| e.value.key.clone()).collect();
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
        for target in self.targets_of(key) {
            self.referrers.insert((target, key.clone()));
        }
        for team in self.own_teams(key) {
            self.owned.insert(&team, key);
        }
        for mention in self.mentions_of(key) {
            self.mentioned.insert(&(mention.named, mention.identifier), key);
        }
    }

    pub(super) fn unindex(&mut self, key: &EntityKey) {
        for target in self.targets_of(key) {
            self.referrers.remove(&(target, key.clone()));
        }
        for team in self.own_teams(key) {
            self.owned.remove(&team, key);
        }
        for mention in self.mentions_of(key) {
            self.mentioned.remove(&(mention.named, mention.identifier), key);
        }
    }

    fn own_teams(&self, key: &EntityKey) -> Vec<Identifier> {
        self.entities.get(key).and_then(|e| e.value.team.clone()).unwrap_or_default()
    }

    /// Every entity that the relations of `key` name, in the blueprint each relation targets; they need not exist.
    pub fn targets_of(&self, key: &EntityKey) -> Vec<EntityKey> {
        let Some(entity) = self.entities.get(key) else { return Vec::new() };
        let Some(blueprint) = self.blueprints.get(&key.blueprint) else { return Vec::new() };
        let mut out = Vec::new();
        for (name, value) in &entity.value.relations {
            if let Some(relation) = blueprint.value.relations.get(name) {
                out.extend(
                    value.targets().iter().map(|t| EntityKey { blueprint: relation.target.clone(), identifier: t.clone() }),
                );
            }
        }
        out
    }

    /// The entities whose relations name `target`, in order.
    pub fn referrers_of(&self, target: &EntityKey) -> impl Iterator<Item = &EntityKey> {
        let least = EntityKey { blueprint: Identifier::least(), identifier: Identifier::least() };
        let target = target.clone();
        self.referrers.range((target.clone(), least)..).take_while(move |(t, _)| *t == target).map(|(_, source)| source)
    }

    /// Those of [`Self::referrers_of`] that are entities of one blueprint.
    pub fn referrers_from<'a>(&'a self, target: &EntityKey, blueprint: &'a Identifier) -> impl Iterator<Item = &'a EntityKey> {
        let first = EntityKey { blueprint: blueprint.clone(), identifier: Identifier::least() };
        let target = target.clone();
        self.referrers
            .range((target.clone(), first)..)
            .take_while(move |(t, source)| *t == target && source.blueprint == *blueprint)
            .map(|(_, source)| source)
    }

    /// The entities that name `team` as their own, in order; the team need not exist.
    pub fn owned_by<'a>(&'a self, team: &Identifier) -> impl Iterator<Item = &'a EntityKey> {
        self.owned.of(team)
    }

    /// The users and teams that the properties of `key` name by their format; they need not exist.
    pub fn mentions_of(&self, key: &EntityKey) -> Vec<Mention> {
        let (Some(entity), Some(mentions)) = (self.entities.get(key), self.mentions.get(&key.blueprint)) else {
            return Vec::new();
        };
        mentions.find(&entity.value.properties)
    }

    /// The entities that name a user or a team in a property, in order; neither need exist.
    pub fn mentioned_by<'a>(&'a self, named: Named, identifier: &Identifier) -> impl Iterator<Item = &'a EntityKey> {
        self.mentioned.of(&(named, identifier.clone()))
    }
}
