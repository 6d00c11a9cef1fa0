//! A catalog made of many files at once: everything is sorted first, and then each index is filled in order.

use std::collections::{BTreeMap, HashMap};

use crate::catalog::index::{EntityLookAlikes, Pointing};
use crate::catalog::packed::{EntityName, EntityTable, Packed, PackedEntity, Packing};
use crate::catalog::parallel::{both, in_parts};
use crate::model::{EntityKey, Identifier};

use super::{Catalog, FileDelta};

/// Below this many files the ordinary way is quick enough.
pub(super) const WORTH_SORTING: usize = 2_000;

type Entities = Vec<(EntityName, Packed)>;

/// What is pointed at, and who points: the keys of an index.
type Pairs<T> = Vec<((T, EntityName), ())>;

impl Catalog {
    /// Puts all files into a catalog without any.
    pub(super) fn fill(&mut self, files: Vec<FileDelta>) {
        let mut packing = Packing::default();
        let mut entities = Vec::with_capacity(files.len());
        let mut others = Vec::new();
        for delta in files {
            let packed = match delta {
                FileDelta::Put(file) => packing.pack(*file),
                packed => packed,
            };
            match packed {
                FileDelta::Entity(PackedEntity { name, packed }) => entities.push((name, packed)),
                FileDelta::Packed(file) => others.push(*file),
                FileDelta::Put(_) | FileDelta::Remove(_) => {}
            }
        }
        entities.sort_by(|(a, _), (b, _)| a.cmp(b));
        let (mut alone, mut rivals): (Entities, Entities) = (Vec::with_capacity(entities.len()), Vec::new());
        for (name, mut packed) in entities {
            match alone.last() {
                Some((last, _)) if *last == name => rivals.push((name, packed)),
                _ => {
                    packing.adopt(&mut packed);
                    alone.push((name, packed));
                }
            }
        }
        self.conventional = alone.len() + rivals.len();
        // What is said of them all comes first: where relations lead is the blueprints' to say.
        let (with_entities, without): (Vec<_>, Vec<_>) = others.into_iter().partition(|file| !file.entities.is_empty());
        without.into_iter().for_each(|file| self.put_file(file));
        self.fill_entities(alone);
        for (name, packed) in rivals {
            let key = name.key();
            self.unindex(&key);
            self.entities.insert(name, packed);
            self.index(&key);
        }
        with_entities.into_iter().for_each(|file| self.put_file(file));
    }

    fn fill_entities(&mut self, sorted: Entities) {
        let names: Vec<EntityName> = sorted.iter().map(|(name, _)| name.clone()).collect();
        let ((referrers, unknown), (owned, alike)) =
            both(|| self.pointers(&sorted, &names), || (owners(&sorted, &names), alike(&names)));
        let mentioning: Vec<EntityKey> = sorted
            .iter()
            .filter(|(name, _)| self.mentions.get(name.blueprint()).is_some_and(|mentions| !mentions.is_empty()))
            .map(|(name, _)| name.key())
            .collect();
        self.entities = EntityTable::filled(sorted);
        (self.owned, self.referrers) = (Pointing::filled(owned), Pointing::filled(referrers));
        self.entity_look_alikes = EntityLookAlikes::filled(alike);
        for (target, source) in unknown {
            self.referrers.insert(target, &source);
        }
        for key in mentioning {
            let name = EntityName::of(&key);
            for mention in self.mentions_of(&key) {
                self.mentioned.insert((mention.named, mention.identifier), &name);
            }
        }
    }

    /// Who points at whom, in order; and those who point at what is not there.
    fn pointers(
        &self,
        sorted: &[(EntityName, Packed)],
        names: &[EntityName],
    ) -> (Pairs<EntityName>, Vec<(EntityName, EntityName)>) {
        let places: HashMap<(&str, &str), usize> =
            names.iter().enumerate().map(|(at, name)| ((name.blueprint(), name.identifier()), at)).collect();
        let (mut found, mut unknown) = (Vec::new(), Vec::new());
        let mut last = None;
        for (source, (name, packed)) in sorted.iter().enumerate() {
            if last.is_none_or(|(blueprint, _)| blueprint != name.blueprint()) {
                last = Some((name.blueprint(), self.blueprints.get(name.blueprint())));
            }
            let Some((_, Some(blueprint))) = last else { continue };
            packed.targets(|relation, target| {
                let Some(relation) = blueprint.value.relations.get(relation) else { return };
                match places.get(&(relation.target.as_str(), target)) {
                    Some(at) => found.push((*at, source)),
                    None => unknown.push((EntityName::new(relation.target.as_str(), target), name.clone())),
                }
            });
        }
        found.sort_unstable();
        found.dedup();
        let name = |at: usize| names.get(at).cloned();
        (found.into_iter().filter_map(|(target, source)| Some((name(target).zip(name(source))?, ()))).collect(), unknown)
    }
}

/// Which entities name which team, in order.
fn owners(sorted: &[(EntityName, Packed)], names: &[EntityName]) -> Pairs<Identifier> {
    let mut places: HashMap<Box<str>, Vec<usize>> = HashMap::new();
    for (at, (_, packed)) in sorted.iter().enumerate() {
        packed.teams(|team| match places.get_mut(team) {
            // Once, however often it names it.
            Some(known) if known.last() == Some(&at) => {}
            Some(known) => known.push(at),
            None => _ = places.insert(team.into(), vec![at]),
        });
    }
    let teams: BTreeMap<Identifier, Vec<usize>> =
        places.into_iter().map(|(team, places)| (Identifier::known(&team), places)).collect();
    let named = |(team, places): (Identifier, Vec<usize>)| {
        places.into_iter().filter_map(|at| names.get(at)).map(|name| ((team.clone(), name.clone()), ())).collect::<Vec<_>>()
    };
    teams.into_iter().flat_map(named).collect()
}

/// The hashes by which names that look alike are found, in order.
fn alike(names: &[EntityName]) -> Pairs<u64> {
    const PART: usize = 4096;
    let parts: Vec<&[EntityName]> = names.chunks(PART).collect();
    let hashed = |part: &&[EntityName]| -> Pairs<u64> {
        let hashed = part.iter().flat_map(|name| EntityLookAlikes::hashes(name).map(|hash| ((hash, name.clone()), ())));
        let mut hashed: Pairs<u64> = hashed.collect();
        hashed.sort();
        hashed
    };
    let mut out: Pairs<u64> = in_parts(&parts, hashed).into_iter().flatten().collect();
    // Runs that are in order by themselves.
    out.sort();
    out.dedup();
    out
}
