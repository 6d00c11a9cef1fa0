//! Ways over relations, from blueprint to blueprint.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::catalog::Catalog;
use crate::model::{Aggregation, Blueprint, Identifier};

/// How many ways are told of where there are several.
const TOLD: usize = 4;
/// How many steps are taken in search of ways; a web of blueprints so dense is ambiguous in any case.
const STEPS: usize = 20_000;

/// Why a path over relations leads nowhere.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PathFault {
    /// A step that is no relation of the blueprint it starts from.
    UnknownHop {
        /// The step.
        hop: Box<str>,
        /// Its number in the path, from 0.
        at: usize,
        /// Where it starts.
        blueprint: Identifier,
    },
    /// A step over a relation that holds a list, where one entity is wanted.
    ManyHop {
        /// The step.
        hop: Box<str>,
        /// Where it starts.
        blueprint: Identifier,
    },
    /// A step that leads to a blueprint that is not there.
    MissingBlueprint {
        /// What is missing.
        target: Identifier,
    },
}

/// The blueprint that a path of relations leads to. `single`: no step may hold a list.
///
/// # Errors
/// The first step that leads nowhere.
pub fn follow<'c>(
    catalog: &'c Catalog,
    from: &'c Blueprint,
    path: &[Box<str>],
    single: bool,
) -> Result<&'c Blueprint, PathFault> {
    let mut here = from;
    for (at, hop) in path.iter().enumerate() {
        let blueprint = || here.identifier.clone();
        let relation =
            here.relations.get(hop).ok_or_else(|| PathFault::UnknownHop { hop: hop.clone(), at, blueprint: blueprint() })?;
        if single && relation.many {
            return Err(PathFault::ManyHop { hop: hop.clone(), blueprint: blueprint() });
        }
        let next = catalog.blueprints().get(&relation.target);
        here = &next.ok_or_else(|| PathFault::MissingBlueprint { target: relation.target.clone() })?.value;
    }
    Ok(here)
}

/// A way between the entities of two blueprints.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Route {
    /// The steps in the direction of the relations: the blueprint that has the relation, and its name.
    pub hops: Vec<(Identifier, Box<str>)>,
    /// Whether it is walked against the relations: they lead from the entities that are looked for.
    pub backwards: bool,
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.hops.iter().map(|(_, relation)| &**relation).collect();
        match self.hops.first() {
            Some((start, _)) if self.backwards => write!(f, "{start}.{} backwards", names.join(".")),
            Some((start, _)) => write!(f, "{start}.{}", names.join(".")),
            None => Ok(()),
        }
    }
}

/// Why an aggregation has no way to its entities.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RouteFault {
    /// Its target is no blueprint.
    UnknownTarget,
    /// No chain of relations leads from one to the other.
    NoWay,
    /// Several do, and no `pathFilter` says which is meant: some of them, and whether there are more.
    Ambiguous(Vec<Route>, bool),
    /// This one of the `pathFilter` leads nowhere.
    Filter(usize, PathFault),
    /// This one of the `pathFilter` starts at a blueprint that is at neither end.
    Start(usize),
    /// This one of the `pathFilter` ends at the wrong blueprint.
    End(usize, Identifier),
}

/// The ways by which an aggregation of `blueprint` finds its entities: those of its `pathFilter`, or the only one there is.
///
/// # Errors
/// Why there is none, or more than one.
pub fn routes(catalog: &Catalog, blueprint: &Blueprint, aggregation: &Aggregation) -> Result<Vec<Route>, RouteFault> {
    let target = catalog.blueprints().get(&aggregation.target).ok_or(RouteFault::UnknownTarget)?;
    if aggregation.paths.is_empty() {
        let search = |from, to, backwards| Search::new(catalog, to).from(from, backwards);
        let (mut found, mut more) = search(&blueprint.identifier, &target.value.identifier, false);
        let (others, more_others) = search(&target.value.identifier, &blueprint.identifier, true);
        found.extend(others);
        more |= more_others;
        return match (found.len(), more) {
            (0, false) => Err(RouteFault::NoWay),
            (1, false) => Ok(found),
            _ => Err(RouteFault::Ambiguous(found, more)),
        };
    }
    let mut found = Vec::with_capacity(aggregation.paths.len());
    for (index, filter) in aggregation.paths.iter().enumerate() {
        let backwards = match &filter.from {
            None => false,
            Some(from) if *from == target.value.identifier => true,
            Some(from) if *from == blueprint.identifier => false,
            Some(_) => return Err(RouteFault::Start(index)),
        };
        let (start, end) = if backwards { (&target.value, blueprint) } else { (blueprint, &target.value) };
        let reached = follow(catalog, start, &filter.path, false).map_err(|fault| RouteFault::Filter(index, fault))?;
        if reached.identifier != end.identifier {
            return Err(RouteFault::End(index, reached.identifier.clone()));
        }
        let mut here = start;
        let mut hops = Vec::with_capacity(filter.path.len());
        for hop in &filter.path {
            hops.push((here.identifier.clone(), hop.clone()));
            here = follow(catalog, here, std::slice::from_ref(hop), false).map_err(|fault| RouteFault::Filter(index, fault))?;
        }
        found.push(Route { hops, backwards });
    }
    Ok(found)
}

/// Looks for every way to a blueprint that passes no blueprint twice.
struct Search<'c> {
    catalog: &'c Catalog,
    to: &'c Identifier,
    /// The blueprints from which it can be reached: nothing is sought elsewhere.
    useful: BTreeSet<&'c Identifier>,
    steps: usize,
}

impl<'c> Search<'c> {
    fn new(catalog: &'c Catalog, to: &'c Identifier) -> Self {
        let mut sources: BTreeMap<&Identifier, Vec<&Identifier>> = BTreeMap::new();
        for (id, blueprint) in catalog.blueprints().iter() {
            for relation in blueprint.value.relations.values() {
                sources.entry(&relation.target).or_default().push(id);
            }
        }
        let mut useful = BTreeSet::from([to]);
        let mut queue = vec![to];
        while let Some(here) = queue.pop() {
            for source in sources.get(here).into_iter().flatten() {
                if useful.insert(source) {
                    queue.push(source);
                }
            }
        }
        Self { catalog, to, useful, steps: 0 }
    }

    /// Some of the ways, and whether there are, or may be, more.
    fn from(mut self, from: &'c Identifier, backwards: bool) -> (Vec<Route>, bool) {
        let mut found: Vec<Route> = Vec::new();
        // The way so far: each step with the relations not tried yet. A stack of our own, as webs may be deep.
        let mut way: Vec<(&'c Identifier, Vec<(&'c str, &'c Identifier)>)> = vec![(from, self.onward(from))];
        let mut taken: Vec<&'c str> = Vec::new();
        while let Some((_, open)) = way.last_mut() {
            let Some((relation, next)) = open.pop() else {
                way.pop();
                taken.pop();
                continue;
            };
            self.steps += 1;
            if self.steps > STEPS || found.len() >= TOLD {
                return (found, true);
            }
            if next == self.to {
                let hops = way.iter().map(|(id, _)| (*id).clone()).zip(taken.iter().copied().chain([relation]).map(Box::from));
                found.push(Route { hops: hops.collect(), backwards });
            } else if !way.iter().any(|(passed, _)| *passed == next) {
                taken.push(relation);
                let onward = self.onward(next);
                way.push((next, onward));
            }
        }
        (found, false)
    }

    /// The relations that may lead there, last first.
    fn onward(&self, here: &Identifier) -> Vec<(&'c str, &'c Identifier)> {
        let Some(blueprint) = self.catalog.blueprints().get(here) else { return Vec::new() };
        let relations = blueprint.value.relations.iter().rev();
        relations.filter(|(_, r)| self.useful.contains(&r.target)).map(|(name, r)| (&**name, &r.target)).collect()
    }
}
