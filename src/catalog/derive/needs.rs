//! Which derived properties another one reads, and where that runs in circles.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::Catalog;
use crate::model::{Blueprint, Calculus, FormulaPart, Identifier, PropertyName, Recipe, Search, SearchRule, SearchSubject};

use super::route::follow;

/// A derived property: its blueprint and its name.
pub type Need = (Identifier, Box<str>);

/// The names that a jq program may speak of: every word in it. A derived property is handed to a program only if its name
/// is one of them, so that a calculation neither costs nor depends on what it does not name.
pub(super) fn words(program: &str) -> BTreeSet<&str> {
    // Everything that may stand in the name of a property and is no operator of jq; names with `-` or `:` and the like can
    // only be written in quotes, and are found as a whole between them.
    let plain = program.split(|c: char| !(c.is_alphanumeric() || c == '_'));
    let quoted = program.split('"');
    plain.chain(quoted).filter(|word| !word.is_empty()).collect()
}

/// The properties of the target that a query reads.
pub fn queried(query: &Search) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    query.each_rule(&mut |rule| {
        if let SearchRule::Compare { subject: SearchSubject::Field(name), .. } = rule {
            names.insert(&**name);
        }
    });
    names
}

/// The derived properties that one of a blueprint reads, each once. What leads nowhere reads nothing.
fn needs(catalog: &Catalog, blueprint: &Blueprint, name: &str, recipe: &Recipe) -> Vec<Need> {
    let derived =
        |of: &Blueprint, property: &str| of.derived.contains_key(property).then(|| (of.identifier.clone(), Box::from(property)));
    let named = |of: &Blueprint, property: &PropertyName| match property {
        PropertyName::Own(own) => derived(of, own),
        PropertyName::Meta(_) => None,
    };
    match recipe {
        Recipe::Mirror { path, end } => {
            follow(catalog, blueprint, path, true).ok().and_then(|reached| named(reached, end)).into_iter().collect()
        }
        Recipe::Formula(parts) => parts
            .iter()
            .filter_map(|part| match part {
                FormulaPart::Text(_) => None,
                FormulaPart::Name(property) => named(blueprint, property),
            })
            .collect(),
        Recipe::Calculation(program) => {
            words(program).into_iter().filter(|word| *word != name).filter_map(|word| derived(blueprint, word)).collect()
        }
        Recipe::Aggregation(aggregation) => {
            let Some(target) = catalog.blueprints().get(&aggregation.target) else { return Vec::new() };
            let (first, second) = match &aggregation.calculus {
                Calculus::Count => (None, None),
                Calculus::CountPer(pace) => (Some(&pace.measured_by), None),
                Calculus::Of(_, property) => (Some(property), None),
                Calculus::SumPer(pace, property) => (Some(&pace.measured_by), Some(property)),
            };
            let mut all: Vec<Need> = [first, second].into_iter().flatten().filter_map(|p| named(&target.value, p)).collect();
            let queried = aggregation.query.iter().flat_map(queried);
            all.extend(queried.filter_map(|property| derived(&target.value, property)));
            all
        }
    }
}

/// Every derived property that reads itself, by whatever way, with the next one on that way.
pub fn circles(catalog: &Catalog) -> BTreeMap<Need, Need> {
    let mut reads: BTreeMap<Need, Vec<Need>> = BTreeMap::new();
    for (id, blueprint) in catalog.blueprints().iter() {
        for (name, property) in &blueprint.value.derived {
            let needs = needs(catalog, &blueprint.value, name, &property.recipe);
            reads.insert((id.clone(), name.clone()), needs);
        }
    }
    let onward = left(&reads);
    let mut readers: BTreeMap<Need, Vec<Need>> = onward.iter().map(|need| (need.clone(), Vec::new())).collect();
    for reader in &onward {
        for need in reads.get(reader).into_iter().flatten() {
            if let Some(of) = readers.get_mut(need) {
                of.push(reader.clone());
            }
        }
    }
    let circling = left(&readers);
    let next = |need: &Need| reads.get(need)?.iter().find(|next| circling.contains(*next)).cloned();
    circling.iter().filter_map(|need| Some((need.clone(), next(need)?))).collect()
}

/// What is left when everything that points at nothing is taken away, again and again: what leads into a circle.
fn left(points_at: &BTreeMap<Need, Vec<Need>>) -> BTreeSet<Need> {
    let mut pointed_at_by: BTreeMap<&Need, Vec<&Need>> = BTreeMap::new();
    let mut open: BTreeMap<&Need, usize> = BTreeMap::new();
    for (from, all) in points_at {
        open.insert(from, all.iter().filter(|to| points_at.contains_key(*to)).count());
        for to in all {
            pointed_at_by.entry(to).or_default().push(from);
        }
    }
    let mut done: Vec<&Need> = open.iter().filter(|(_, count)| **count == 0).map(|(need, _)| *need).collect();
    while let Some(need) = done.pop() {
        open.remove(need);
        for from in pointed_at_by.get(need).into_iter().flatten() {
            if let Some(count) = open.get_mut(from) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    done.push(from);
                }
            }
        }
    }
    open.into_keys().cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_names_whole_words() {
        let names = words(".properties.score + .properties[\"a-b\"] | tostring");
        assert!(["score", "properties", "a-b", "tostring"].iter().all(|word| names.contains(word)));
        assert!(!names.contains("scor"));
    }
}
