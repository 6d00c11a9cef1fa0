//! Lays what a change breaks elsewhere to the change: a blueprint that breaks its entities, a deletion that leaves others
//! dangling, each one finding that counts and names the first few.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::{Catalog, ChangeSet, Field};
use crate::model::{Finding, Identifier, Place, Subject};

use super::validate::{Cause, Fault};

const SHOWN: usize = 3;

/// To whom a fault is laid.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Blame {
    Blueprint(Identifier),
    Deleted(Subject),
}

pub(super) fn fold(before: &Catalog, after: &Catalog, changes: &ChangeSet, faults: Vec<Fault>) -> Vec<Finding> {
    if !faults.iter().any(|fault| fault.cause != Cause::Itself) {
        return faults.into_iter().map(|fault| fault.finding).collect();
    }
    let touched: BTreeSet<&Subject> = changes.0.iter().filter(|c| c.field != Some(Field::Owner)).map(|c| &c.subject).collect();
    let mut out = Vec::new();
    let mut laid: BTreeMap<Blame, Vec<Fault>> = BTreeMap::new();
    for fault in faults {
        match blame(before, &touched, &fault) {
            Some(blame) => laid.entry(blame).or_default().push(fault),
            None => out.push(fault.finding),
        }
    }
    for (blame, mut faults) in laid {
        faults.sort_by(|a, b| (&a.found_in, &a.finding.place).cmp(&(&b.found_in, &b.finding.place)));
        out.extend(match &blame {
            Blame::Blueprint(id) => breaks(after, id, &faults),
            Blame::Deleted(subject) => still_needed(subject, &faults),
        });
    }
    out
}

fn blame(before: &Catalog, touched: &BTreeSet<&Subject>, fault: &Fault) -> Option<Blame> {
    if touched.contains(&fault.found_in) {
        return None;
    }
    if let Cause::Missing(missing) = &fault.cause
        && touched.contains(missing)
        && stood(before, missing)
    {
        return Some(Blame::Deleted(missing.clone()));
    }
    match (&fault.cause, &fault.found_in) {
        (Cause::Itself, _) => None,
        (_, Subject::Entity(key)) if touched.contains(&Subject::Blueprint(key.blueprint.clone())) => {
            Some(Blame::Blueprint(key.blueprint.clone()))
        }
        _ => None,
    }
}

fn stood(before: &Catalog, subject: &Subject) -> bool {
    match subject {
        Subject::Policy => before.policies().contains(&()),
        Subject::Entity(key) => before.entities().contains(key),
        Subject::Blueprint(id) => before.blueprints().contains(id),
        Subject::Permissions(id) => before.permissions().contains(id),
        Subject::Action(id) => before.actions().contains(id),
        Subject::Run(id) => before.runs().contains(id),
        Subject::User(id) => before.users().contains(id),
        Subject::Team(id) => before.teams().contains(id),
    }
}

/// The distinct subjects, in order.
fn victims(faults: &[Fault]) -> Vec<&Fault> {
    let mut seen = BTreeSet::new();
    faults.iter().filter(|fault| seen.insert(&fault.found_in)).collect()
}

fn and_more(all: usize) -> String {
    match all.saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    }
}

fn breaks(after: &Catalog, id: &Identifier, faults: &[Fault]) -> Option<Finding> {
    let blueprint = after.blueprints().get(id)?;
    let victims = victims(faults);
    let shown: Vec<String> =
        victims.iter().take(SHOWN).map(|fault| format!("{} ({})", fault.found_in, fault.finding.message)).collect();
    let all = after.entities().keys_of(id).count();
    let entities = if victims.len() == 1 { "entity" } else { "entities" };
    let message = format!(
        "this change of blueprint `{id}` breaks {} existing {entities} of {all}: {}{}",
        victims.len(),
        shown.join("; "),
        and_more(victims.len())
    );
    let finding = Finding::error("schema/breaks-entities", message)
        .at(Place::value(&blueprint.file, blueprint.pointer.clone()))
        .about(Subject::Blueprint(id.clone()))
        .help("make the change milder with a default, or take it in steps: optional first, then fill it in, then require it");
    Some(finding)
}

fn still_needed(subject: &Subject, faults: &[Fault]) -> Option<Finding> {
    let victims = victims(faults);
    let shown: Vec<String> = victims.iter().take(SHOWN).map(|fault| format!("`{}`", fault.found_in)).collect();
    let needs = if victims.len() == 1 { "still needs" } else { "still need" };
    let message = format!("`{subject}` is deleted, but {}{} {needs} it", shown.join(", "), and_more(victims.len()));
    let mut finding = Finding::error("reference/still-needed", message)
        .about(subject.clone())
        .help(format!("change or delete them in the same change, or keep `{subject}`"));
    // The deleted file is gone, so the first dependent shows where the need is written.
    finding.place = faults.first().and_then(|fault| fault.finding.place.clone());
    Some(finding)
}
