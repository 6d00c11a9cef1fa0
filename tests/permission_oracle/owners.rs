//! Effective owners by spec 3, found as a least fixed point: nobody owns anything until a team reaches it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

/// Blueprint and identifier.
pub(crate) type Key = (String, String);
/// The teams that own each entity.
pub(crate) type Owners = BTreeMap<Key, BTreeSet<String>>;

/// The relations and blueprints that a path leads over; `None` where it is no path of single relations.
fn steps(blueprints: &BTreeMap<&str, &Json>, from: &str) -> Option<Vec<(String, String)>> {
    let blueprint = blueprints[from];
    let path = blueprint["teamInheritance"]["path"].as_str().or(blueprint["ownership"]["path"].as_str())?;
    let mut here = from.to_owned();
    let mut out = Vec::new();
    for hop in path.split('.') {
        let relation = blueprints.get(here.as_str())?["relations"].get(hop).filter(|relation| relation["many"] != true)?;
        here = relation["target"].as_str()?.to_owned();
        blueprints.get(here.as_str())?;
        out.push((hop.to_owned(), here.clone()));
    }
    Some(out)
}

/// The owners of all entities.
pub(crate) fn owners(blueprints: &BTreeMap<&str, &Json>, entities: &BTreeMap<Key, &Json>) -> Owners {
    let paths: BTreeMap<&str, Option<Vec<(String, String)>>> = blueprints.keys().map(|id| (*id, steps(blueprints, id))).collect();
    // Inheritance that comes to an end: a path that ends where a blueprint owns directly, or inherits to an end itself.
    let mut ends: BTreeSet<&str> = paths.iter().filter(|(_, path)| path.is_none()).map(|(id, _)| *id).collect();
    while let Some(next) = paths.iter().find_map(|(id, path)| {
        let last = &path.as_ref()?.last()?.1;
        (!ends.contains(id) && ends.contains(last.as_str())).then_some(*id)
    }) {
        ends.insert(next);
    }
    let mut out: Owners = entities.keys().map(|key| (key.clone(), BTreeSet::new())).collect();
    loop {
        let next: Owners =
            entities.iter().map(|(key, entity)| (key.clone(), owner(&paths, &ends, entities, &out, key, entity))).collect();
        if next == out {
            return out;
        }
        out = next;
    }
}

fn owner(
    paths: &BTreeMap<&str, Option<Vec<(String, String)>>>,
    ends: &BTreeSet<&str>,
    entities: &BTreeMap<Key, &Json>,
    known: &Owners,
    key: &Key,
    entity: &Json,
) -> BTreeSet<String> {
    let own: BTreeSet<String> = match &entity["team"] {
        Json::String(team) => BTreeSet::from([team.clone()]),
        list => list.as_array().into_iter().flatten().filter_map(Json::as_str).map(str::to_owned).collect(),
    };
    if !own.is_empty() {
        return own;
    }
    let reached = || {
        let path = paths.get(key.0.as_str())?.as_ref().filter(|_| ends.contains(key.0.as_str()))?;
        let mut at = key.clone();
        for (relation, target) in path {
            at = (target.clone(), entities.get(&at)?["relations"][relation].as_str()?.to_owned());
        }
        known.get(&at).cloned()
    };
    reached().unwrap_or_default()
}
