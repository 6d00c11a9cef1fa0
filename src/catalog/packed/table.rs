//! The entities of one revision, by key.

use std::sync::Arc;

use imbl::OrdMap;

use crate::catalog::layered::{Differing, Layered};
use crate::catalog::parallel::in_parts;
use crate::catalog::{Declared, Located};
use crate::model::{Entity, EntityKey, FilePath, Identifier, Pointer, RelationValue};

use super::{EntityName, Packed, PackedEntity, Packing, by_convention};

/// How many entities are asked about by one core in one go.
const PART: usize = 512;

/// The entities of a revision. Cloning costs nothing; clones share what they do not change.
///
/// Each is held packed, and unfolded when it is asked for; whoever reads one often keeps what it got. Of several that claim one key the
/// one in the first file, by name, stands; the others wait in [`EntityTable::duplicates`].
#[derive(Clone, Default, Debug)]
pub struct EntityTable {
    live: Layered<EntityName, Packed>,
    duplicates: OrdMap<EntityKey, Vec<Arc<Located<Entity>>>>,
}

impl Declared<EntityKey, Entity> for EntityTable {
    fn standing(&self, key: &EntityKey) -> Option<Arc<Located<Entity>>> {
        self.get(key)
    }

    fn rivals(&self) -> &OrdMap<EntityKey, Vec<Arc<Located<Entity>>>> {
        &self.duplicates
    }
}

/// An entity that two tables do not have alike.
#[derive(Clone, PartialEq, Debug)]
pub struct Moved {
    /// Its key.
    pub key: EntityKey,
    /// As the first table has it.
    pub before: Option<Arc<Located<Entity>>>,
    /// As the second has it.
    pub after: Option<Arc<Located<Entity>>>,
}

impl EntityTable {
    /// The entity under `key`.
    pub fn get(&self, key: &EntityKey) -> Option<Arc<Located<Entity>>> {
        let (name, packed) = self.live.get_key_value(key)?;
        Some(Arc::new(packed.unfold(name)))
    }

    /// Whether there is one.
    pub fn contains(&self, key: &EntityKey) -> bool {
        self.live.contains(key)
    }

    /// All, in order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = Arc<Located<Entity>>> {
        self.live.iter().map(|(name, packed)| Arc::new(packed.unfold(name)))
    }

    /// One answer for each part of them, in order; the parts are asked side by side.
    pub fn in_parts<R: Send>(&self, of: impl Fn(&mut dyn Iterator<Item = Located<Entity>>) -> R + Sync) -> Vec<R> {
        let all: Vec<(&EntityName, &Packed)> = self.live.iter().collect();
        let parts: Vec<&[(&EntityName, &Packed)]> = all.chunks(PART).collect();
        in_parts(&parts, |part| of(&mut part.iter().map(|(name, packed)| packed.unfold(name))))
    }

    /// Their keys, in order.
    pub fn keys(&self) -> impl Iterator<Item = EntityKey> {
        self.live.keys().map(EntityName::key)
    }

    /// The files in which they stand, as often as entities do.
    pub fn files(&self) -> impl Iterator<Item = FilePath> {
        let rivals = self.duplicates.values().flatten().map(|entity| entity.file.clone());
        self.live.iter().map(|(name, packed)| packed.file(name)).chain(rivals)
    }

    /// Those of one blueprint, in order.
    pub fn of<'a>(&'a self, blueprint: &'a Identifier) -> impl Iterator<Item = Arc<Located<Entity>>> + use<'a> {
        self.names_of(blueprint).map(|(name, packed)| Arc::new(packed.unfold(name)))
    }

    /// The keys of those of one blueprint, in order.
    pub fn keys_of<'a>(&'a self, blueprint: &'a Identifier) -> impl Iterator<Item = EntityKey> + use<'a> {
        self.names_of(blueprint).map(|(name, _)| name.key())
    }

    pub(in crate::catalog) fn names_of<'a>(
        &'a self,
        blueprint: &'a Identifier,
    ) -> impl Iterator<Item = (&'a EntityName, &'a Packed)> + use<'a> {
        let least = EntityName::least_of(blueprint.as_str());
        self.live.from(least, move |name| name.blueprint() == blueprint.as_str())
    }

    pub(in crate::catalog) fn names(&self) -> impl Iterator<Item = &EntityName> {
        self.live.keys()
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.live.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.live.is_empty()
    }

    /// The keys of a blueprint around `key`, nearest first below it and then above.
    pub fn around<'a>(&'a self, key: &'a EntityKey, each_way: usize) -> impl Iterator<Item = EntityKey> + use<'a> {
        let name = EntityName::of(key);
        let same = move |name: &EntityName| name.blueprint() == key.blueprint.as_str();
        let below = self.live.down_from(name.clone(), same).map(|(name, _)| name).take(each_way);
        let above = self.live.from(name, same).map(|(name, _)| name).take(each_way);
        below.chain(above).map(EntityName::key)
    }

    /// The owners that an entity names itself; `None` where it names none, or is not there.
    pub fn team_of(&self, key: &EntityKey) -> Option<Vec<Identifier>> {
        self.live.get(key)?.team()
    }

    /// What one relation of an entity holds; `None` where it is not set, or the entity is not there.
    pub fn relation_of(&self, key: &EntityKey, relation: &str) -> Option<RelationValue> {
        self.live.get(key)?.relation(relation)
    }

    pub(in crate::catalog) fn packed(&self, key: &EntityKey) -> Option<(&EntityName, &Packed)> {
        self.live.get_key_value(key)
    }

    /// What the two do not have alike, in order; the cost is in proportion to that.
    pub fn diff<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = Moved> + use<'a> {
        let unfold = |name: &EntityName, packed: Option<&Packed>| packed.map(|packed| Arc::new(packed.unfold(name)));
        self.live.diff(&other.live).map(move |Differing { key: name, before, after }| Moved {
            key: name.key(),
            before: unfold(name, before),
            after: unfold(name, after),
        })
    }

    /// Every key that more than one document claims, with the documents that do not stand.
    pub fn duplicates(&self) -> impl Iterator<Item = (&EntityKey, &Vec<Arc<Located<Entity>>>)> {
        self.duplicates.iter()
    }

    /// The persistent map of those, for structural comparison.
    pub fn duplicates_map(&self) -> &OrdMap<EntityKey, Vec<Arc<Located<Entity>>>> {
        &self.duplicates
    }

    /// Those that claim `key` without standing.
    pub fn duplicates_of(&self, key: &EntityKey) -> &[Arc<Located<Entity>>] {
        self.duplicates.get(key).map_or(&[], Vec::as_slice)
    }

    /// Whether both are one memory: a quick yes; a no means nothing.
    pub(in crate::catalog) fn ptr_eq(&self, other: &Self) -> bool {
        self.live.ptr_eq(&other.live) && self.duplicates.ptr_eq(&other.duplicates)
    }

    /// The key of the one entity that this path declares, if it is called by it and is not remembered by itself.
    pub(in crate::catalog) fn declared_by(&self, path: &FilePath) -> Option<EntityKey> {
        let (directory, extension, name) = by_convention(path.as_str())?;
        let stands = self.live.get(&name).is_some_and(|packed| packed.is_at_home(directory, extension));
        let key = name.key();
        (stands || self.duplicates_of(&key).iter().any(|rival| rival.file == *path)).then_some(key)
    }

    /// The same, for a revision that follows.
    pub(in crate::catalog) fn settled(&self) -> Self {
        Self { live: self.live.settled(), duplicates: self.duplicates.clone() }
    }

    /// The same, in less memory where most of it was changed.
    pub(in crate::catalog) fn compact(self) -> Self {
        Self { live: self.live.compact(), duplicates: self.duplicates }
    }

    /// All entities at once, of which each stands alone; `sorted` is in order, without repetition.
    pub(in crate::catalog) fn filled(sorted: Vec<(EntityName, Packed)>) -> Self {
        Self { live: Layered::filled(sorted), duplicates: OrdMap::new() }
    }

    /// Whether an entity of the same name stands in the same file, called by it, and nowhere else.
    pub(in crate::catalog) fn has_alone(&self, entity: &PackedEntity) -> bool {
        let PackedEntity { name, packed } = entity;
        let same = |standing: &Packed| {
            standing.home == packed.home && standing.extension().is_some_and(|e| Some(e) == packed.extension())
        };
        self.live.get(name).is_some_and(same) && self.duplicates_of(&name.key()).is_empty()
    }

    /// Puts it in the place of that.
    pub(in crate::catalog) fn replace(&mut self, entity: &PackedEntity) {
        let Some((name, standing)) = self.live.get_key_value(&entity.name) else { return };
        let (name, packed) = (name.clone(), shared_with(Some(standing), entity.packed.clone()));
        self.live.insert(name, packed);
    }

    /// Adds an entity.
    pub(in crate::catalog) fn insert(&mut self, name: EntityName, packed: Packed) {
        let Some((standing_name, standing)) = self.live.get_key_value(&name) else {
            let packed = shared_with(self.live.near(&name), packed);
            self.live.insert(name, packed);
            return;
        };
        // The others are neither copied nor sorted anew: of one key a stranger may write any number.
        let (key, first, new) = (name.key(), standing.unfold(standing_name), packed.unfold(&name));
        let other = if place(&new) < place(&first) {
            self.live.insert(name, packed);
            first
        } else {
            new
        };
        if !self.duplicates.contains_key(&key) {
            self.duplicates.insert(key.clone(), Vec::new());
        }
        let Some(others) = self.duplicates.get_mut(&key) else { return };
        let at = others.partition_point(|known| place(known) <= place(&other));
        others.insert(at, Arc::new(other));
    }

    /// Takes away what `file` declared under `key`.
    pub(in crate::catalog) fn remove(&mut self, key: &EntityKey, file: &FilePath) {
        let mut all = self.duplicates_of(key).to_vec();
        if all.is_empty() {
            if self.live.get_key_value(key).is_some_and(|(name, packed)| packed.file(name) == *file) {
                self.live.remove(key);
            }
            return;
        }
        all.extend(self.get(key));
        all.retain(|entity| entity.file != *file);
        self.put_all(key, all);
    }

    fn put_all(&mut self, key: &EntityKey, mut all: Vec<Arc<Located<Entity>>>) {
        all.sort_by(|a, b| place(a).cmp(&place(b)));
        let mut all = all.into_iter();
        match all.next() {
            Some(first) => {
                let (name, packed, _) = Packing::default().entity(&first);
                self.live.insert(name, packed);
            }
            None => {
                self.live.remove(key);
            }
        }
        match all.as_slice() {
            [] => self.duplicates.remove(key),
            rest => self.duplicates.insert(key.clone(), rest.to_vec()),
        };
    }
}

/// By what it is decided who stands.
fn place(entity: &Located<Entity>) -> (&FilePath, &Pointer) {
    (&entity.file, &entity.pointer)
}

/// As it is, holding in one memory with a neighbour what the two have in common.
fn shared_with(near: Option<&Packed>, mut packed: Packed) -> Packed {
    if let Some(near) = near {
        if near.shape == packed.shape {
            packed.shape = near.shape.clone();
        }
        if near.home == packed.home {
            packed.home = near.home.clone();
        }
    }
    packed
}
