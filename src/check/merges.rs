//! What a commit itself changes; for a merge whose parents conflict, what its maker chose and the parents did not settle.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::{Change, ChangeSet, Field, diff};
use crate::model::{Subject, Value};

use super::CommitFacts;

/// A part of a subject: what values are compared by.
type Part = (Subject, Option<Field>);

/// The changes of one commit, compared with what it starts from (spec 5).
///
/// Where parents conflict, the conflicting files are merged here by meaning: a part that one parent alone changed is settled by
/// that parent, and taking the other side is the merger's change like any other. A part that both changed is the merger's choice.
pub(super) fn own_changes(facts: &CommitFacts) -> ChangeSet {
    let mine = diff(&facts.before, &facts.after);
    if facts.sides.is_empty() {
        return mine;
    }
    let sides: Vec<ChangeSet> = facts.sides.iter().map(|side| diff(&facts.before, side)).collect();
    let conflicting: BTreeSet<&Subject> = sides
        .iter()
        .chain([&mine])
        .flat_map(|changes| &changes.0)
        // Owners move by what stands elsewhere, so those are weighed wherever they stand.
        .filter(|change| facts.conflicts.contains(&change.place.file) || change.field == Some(Field::Owner))
        .map(|change| &change.subject)
        .collect();
    let mut out: Vec<Change> = mine.0.iter().filter(|change| !conflicting.contains(&change.subject)).cloned().collect();
    let made = parts(&mine, &conflicting);
    let offered: Vec<BTreeMap<Part, &Change>> = sides.iter().map(|side| parts(side, &conflicting)).collect();
    let all: BTreeSet<&Part> = offered.iter().flat_map(BTreeMap::keys).chain(made.keys()).collect();
    for part in all {
        let proposals: Vec<&Change> = offered.iter().filter_map(|side| side.get(part).copied()).collect();
        out.extend(chosen(&proposals, made.get(part).copied()));
    }
    out.sort_by(|a, b| (&a.subject, &a.field).cmp(&(&b.subject, &b.field)));
    ChangeSet(out)
}

/// The merger's own change of one part, if there is one. `made` is missing where the part is as it was before both sides.
fn chosen(proposals: &[&Change], made: Option<&Change>) -> Option<Change> {
    let Some(first) = proposals.first() else { return made.cloned() };
    let settled = proposals.iter().all(|other| after(other) == after(first));
    match made {
        Some(made) if settled && after(made) == after(first) => None,
        Some(made) => Some(Change { before: first.after.clone(), ..made.clone() }),
        // Everything that was offered has been dropped: that sets it back to what it was.
        None => Some(Change { before: first.after.clone(), after: first.before.clone(), ..(*first).clone() }),
    }
}

fn after(change: &Change) -> Option<&Value> {
    change.after.as_ref()
}

fn parts<'a>(changes: &'a ChangeSet, of: &BTreeSet<&Subject>) -> BTreeMap<Part, &'a Change> {
    let wanted = changes.0.iter().filter(|change| of.contains(&change.subject));
    wanted.map(|change| ((change.subject.clone(), change.field.clone()), change)).collect()
}
