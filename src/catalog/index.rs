//! Small persistent indexes: who is called alike, who claims one address, key or account, what points at what.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use imbl::{OrdMap, OrdSet};

use crate::model::{EntityKey, Identifier, KeyFingerprint, Kind, User};

use super::layered::Layered;
use super::packed::EntityName;

/// Within which set of names two may not look alike: a kind of document, or the entities of one blueprint.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Namespace {
    /// All documents of this kind.
    Kind(Kind),
    /// The entities of this blueprint.
    Entities(Identifier),
}

/// Names by the hash of what the eye sees of them: 24 bytes a key and name, where the keys themselves would cost thrice that.
/// Whoever reads it compares the keys, so an equal hash of unlike names harms nobody.
#[derive(Clone, Default, Debug)]
pub(super) struct LookAlikes(OrdMap<Namespace, OrdSet<(u64, Identifier)>>);

impl LookAlikes {
    pub(super) fn insert(&mut self, space: &Namespace, name: &Identifier) {
        if !self.0.contains_key(space) {
            self.0.insert(space.clone(), OrdSet::new());
        }
        let Some(names) = self.0.get_mut(space) else { return };
        for hash in hashes(name) {
            names.insert((hash, name.clone()));
        }
    }

    pub(super) fn remove(&mut self, space: &Namespace, name: &Identifier) {
        let Some(names) = self.0.get_mut(space) else { return };
        for hash in hashes(name) {
            names.remove(&(hash, name.clone()));
        }
        if names.is_empty() {
            self.0.remove(space);
        }
    }

    /// The other names of `space` that look like `name`, sorted, each once.
    pub(super) fn of(&self, space: &Namespace, name: &Identifier) -> Vec<Identifier> {
        let Some(names) = self.0.get(space) else { return Vec::new() };
        let mine = name.look_alike_keys();
        let mut out: Vec<Identifier> = Vec::new();
        for hash in hashes(name) {
            for (_, other) in names.range((hash, Identifier::least())..).take_while(|(h, _)| *h == hash) {
                let alike = || other.look_alike_keys().iter().zip(&mine).any(|(a, b)| a == b);
                if other != name && !out.contains(other) && alike() {
                    out.push(other.clone());
                }
            }
        }
        out.sort();
        out
    }

    /// Every name that shares a hash with another, with its namespace: few, and all that look alike are among them.
    pub(super) fn suspects(&self) -> Vec<(Namespace, Identifier)> {
        let mut out = Vec::new();
        for (space, names) in &self.0 {
            let mut last: Option<&(u64, Identifier)> = None;
            for entry in names {
                if let Some((_, other)) = last.filter(|(hash, _)| *hash == entry.0) {
                    out.push((space.clone(), other.clone()));
                    out.push((space.clone(), entry.1.clone()));
                }
                last = Some(entry);
            }
        }
        out.sort();
        out.dedup();
        out
    }
}

fn hashes(name: &Identifier) -> [u64; 2] {
    hashes_within("", name.as_str())
}

fn hashes_within(space: &str, name: &str) -> [u64; 2] {
    let [without_case, confusable] = Identifier::look_alike_keys_of(name);
    // The two keys are kept apart: a name's first key equal to another's second key is no resemblance.
    [(space, 0u8, without_case), (space, 1u8, confusable)].map(|key| {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        hasher.finish()
    })
}

/// The same for entities, of which there are many: within each blueprint, and in one set for all, whose names are held anyway.
#[derive(Clone, Default, Debug)]
pub(super) struct EntityLookAlikes(Layered<(u64, EntityName), ()>);

impl EntityLookAlikes {
    /// Under what an entity is found.
    pub(super) fn hashes(name: &EntityName) -> [u64; 2] {
        hashes_within(name.blueprint(), name.identifier())
    }

    /// All at once; `sorted` is in order.
    pub(super) fn filled(sorted: Vec<((u64, EntityName), ())>) -> Self {
        Self(Layered::filled(sorted))
    }

    /// The same, for a revision that follows.
    pub(super) fn settled(&self) -> Self {
        Self(self.0.settled())
    }

    /// The same, in less memory where most of it was changed.
    pub(super) fn compact(self) -> Self {
        Self(self.0.compact())
    }

    pub(super) fn insert(&mut self, name: &EntityName) {
        for hash in Self::hashes(name) {
            self.0.insert((hash, name.clone()), ());
        }
    }

    pub(super) fn remove(&mut self, name: &EntityName) {
        for hash in Self::hashes(name) {
            self.0.remove(&(hash, name.clone()));
        }
    }

    /// The other entities of the blueprint whose identifiers look like `name`, sorted, each once.
    pub(super) fn of(&self, blueprint: &Identifier, name: &Identifier) -> Vec<Identifier> {
        let mine = name.look_alike_keys();
        let mut out: Vec<Identifier> = Vec::new();
        for hash in hashes_within(blueprint.as_str(), name.as_str()) {
            for ((_, other), ()) in self.0.from((hash, EntityName::least()), move |(h, _)| *h == hash) {
                let key = other.key();
                let alike = || key.identifier.look_alike_keys().iter().zip(&mine).any(|(a, b)| a == b);
                if key.blueprint == *blueprint && key.identifier != *name && !out.contains(&key.identifier) && alike() {
                    out.push(key.identifier);
                }
            }
        }
        out.sort();
        out
    }

    /// As [`LookAlikes::suspects`].
    pub(super) fn suspects(&self) -> Vec<(Namespace, Identifier)> {
        let mut out = Vec::new();
        let mut last: Option<&(u64, EntityName)> = None;
        for entry in self.0.keys() {
            if let Some((_, other)) = last.filter(|(hash, _)| *hash == entry.0) {
                out.extend([other, &entry.1].map(|name| {
                    let EntityKey { blueprint, identifier } = name.key();
                    (Namespace::Entities(blueprint), identifier)
                }));
            }
            last = Some(entry);
        }
        out.sort();
        out.dedup();
        out
    }
}

/// What only one user may claim.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Claim {
    /// An email address, in lower case.
    Address(String),
    /// A signing key.
    Key(KeyFingerprint),
    /// An account of GitHub, by its numeric id.
    GitHub(u64),
}

impl Claim {
    /// Everything a user claims.
    pub fn all_of(user: &User) -> impl Iterator<Item = Self> {
        let addresses = user.addresses().into_iter().map(Self::Address);
        let keys = user.signing_keys.iter().map(|key| Self::Key(key.fingerprint.clone()));
        addresses.chain(keys).chain(user.github_id.map(Self::GitHub))
    }
}

/// Which users claim what.
#[derive(Clone, Default, Debug)]
pub(super) struct Claims(OrdSet<(Claim, Identifier)>);

impl Claims {
    pub(super) fn insert(&mut self, user: &User) {
        for claim in Claim::all_of(user) {
            self.0.insert((claim, user.identifier.clone()));
        }
    }

    pub(super) fn remove(&mut self, user: &User) {
        for claim in Claim::all_of(user) {
            self.0.remove(&(claim, user.identifier.clone()));
        }
    }

    pub(super) fn of(&self, claim: &Claim) -> impl Iterator<Item = &Identifier> {
        let claim = claim.clone();
        self.0.range((claim.clone(), Identifier::least())..).take_while(move |(c, _)| *c == claim).map(|(_, user)| user)
    }
}

/// The entities that point at something by name, what they point at first.
#[derive(Clone)]
pub(super) struct Pointing<T>(Layered<(T, EntityName), ()>);

impl<T: Ord + Clone + fmt::Debug> fmt::Debug for Pointing<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T> Default for Pointing<T> {
    fn default() -> Self {
        Self(Layered::default())
    }
}

impl<T: Ord + Clone> Pointing<T> {
    /// All at once; `sorted` is in order.
    pub(super) fn filled(sorted: Vec<((T, EntityName), ())>) -> Self {
        Self(Layered::filled(sorted))
    }

    /// The same, for a revision that follows.
    pub(super) fn settled(&self) -> Self {
        Self(self.0.settled())
    }

    /// The same, in less memory where most of it was changed.
    pub(super) fn compact(self) -> Self {
        Self(self.0.compact())
    }

    pub(super) fn insert(&mut self, target: T, entity: &EntityName) {
        self.0.insert((target, entity.clone()), ());
    }

    pub(super) fn remove(&mut self, target: T, entity: &EntityName) {
        self.0.remove(&(target, entity.clone()));
    }

    pub(super) fn of(&self, target: T) -> impl Iterator<Item = &EntityName> + use<'_, T> {
        self.from(target, EntityName::least())
    }

    /// What is pointed at, in order, as often as it is.
    pub(super) fn targets(&self) -> impl Iterator<Item = &T> {
        self.0.keys().map(|(target, _)| target)
    }

    /// Those from this one on.
    pub(super) fn from(&self, target: T, first: EntityName) -> impl Iterator<Item = &EntityName> + use<'_, T> {
        let start = (target.clone(), first);
        self.0.from(start, move |(pointed, _)| *pointed == target).map(|((_, entity), ())| entity)
    }
}
