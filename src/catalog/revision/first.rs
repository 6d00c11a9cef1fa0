//! A catalog made of many files at once: everything is sorted first, and then each index is filled in order.

use std::collections::{BTreeMap, HashMap};

use crate::catalog::index::{EntityLookAlikes, Pointing};
use crate::catalog::packed::{EntityName, EntityTable, Packed, PackedEntity, Packing};
use crate::catalog::parallel::{both, in_parts};
use crate::model::{EntityKey, Identifier, Relation};

use super::{Catalog, FileDelta};

/// Below this many files the ordinary way is quick enough.
pub(super) const WORTH_SORTING: usize = 2_000;

/// How many entities one core looks at in one go.
const PART: usize = 4096;

/// The place of each entity, by blueprint and identifier.
type Places<'a> = HashMap<(&'a str, &'a str), usize>;

/// What is pointed at and who points, by their places; and what is not there, with who points at it.
type Arrows = (Vec<(usize, usize)>, Vec<(EntityName, EntityName)>);

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
        let (places, owned) = both(|| places(&names), || owners(&sorted, &names));
        let parts: Vec<(usize, &[(EntityName, Packed)])> =
            sorted.chunks(PART).enumerate().map(|(at, part)| (at * PART, part)).collect();
        let (mut found, mut unknown) = (Vec::new(), Vec::new());
        for (known, others) in in_parts(&parts, |(first, part)| self.pointers(*first, part, &places)) {
            found.extend(known);
            unknown.extend(others);
        }
        let (referrers, alike) = both(|| referrers(found, &names), || alike(&names));
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

    /// Which of these point at which, by their places; and those who point at what is not there.
    fn pointers(&self, first: usize, part: &[(EntityName, Packed)], places: &Places<'_>) -> Arrows {
        let (mut found, mut unknown) = (Vec::new(), Vec::new());
        let mut last: Option<(&str, Leads<'_>)> = None;
        for (source, (name, packed)) in (first..).zip(part) {
            let leads = match &mut last {
                Some((blueprint, leads)) if *blueprint == name.blueprint() => leads,
                other => {
                    let relations = self.blueprints.get(name.blueprint()).map(|blueprint| &blueprint.value.relations);
                    &mut other.insert((name.blueprint(), Leads { relations, known: HashMap::new() })).1
                }
            };
            let leads = leads.of(packed);
            packed.targets_by_place(|relation, target| {
                let Some(Some(blueprint)) = leads.get(relation) else { return };
                match places.get(&(*blueprint, target)) {
                    Some(at) => found.push((*at, source)),
                    None => unknown.push((EntityName::new(blueprint, target), name.clone())),
                }
            });
        }
        (found, unknown)
    }
}

/// Where the relations of one blueprint lead, for those of its entities that set the same.
struct Leads<'a> {
    relations: Option<&'a BTreeMap<Box<str>, Relation>>,
    known: HashMap<usize, Vec<Option<&'a str>>>,
}

impl<'a> Leads<'a> {
    fn of(&mut self, packed: &Packed) -> &[Option<&'a str>] {
        let relations = self.relations;
        let lead = |name: &str| Some(relations?.get(name)?.target.as_str());
        self.known.entry(packed.shape_address()).or_insert_with(|| packed.relations().map(lead).collect())
    }
}

/// Where each entity stands among all.
fn places(names: &[EntityName]) -> Places<'_> {
    names.iter().enumerate().map(|(at, name)| ((name.blueprint(), name.identifier()), at)).collect()
}

/// Who points at whom, in order.
fn referrers(mut found: Vec<(usize, usize)>, names: &[EntityName]) -> Pairs<EntityName> {
    found.sort_unstable();
    found.dedup();
    let name = |at: usize| names.get(at).cloned();
    found.into_iter().filter_map(|(target, source)| Some((name(target).zip(name(source))?, ()))).collect()
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
