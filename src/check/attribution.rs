//! To whom each net change is laid: whoever made the last commit that set it to what it is (spec 9), so that a revert or an
//! authorised re-commit heals, and so that nobody's change hides behind a later commit to the same document.

use std::collections::BTreeMap;

use crate::catalog::{Change, ChangeSet, Field};
use crate::model::{Actor, Attribution, CommitId, Pointer, Subject, Value};

/// A commit with its own changes and those it is judged as.
pub(super) struct Commit {
    pub(super) id: Option<CommitId>,
    pub(super) attribution: Attribution,
    pub(super) changes: ChangeSet,
}

/// To whom one net change is laid.
pub(super) struct Laid {
    /// The last commit that set it.
    pub(super) commit: Option<CommitId>,
    /// Each must be allowed.
    pub(super) actors: Vec<Actor>,
}

/// A commit that touches a subject, with its changes of it.
pub(super) type Touching<'a> = (&'a Commit, Vec<&'a Change>);

/// Who touches each subject, parents before children.
pub(super) type BySubject<'a> = BTreeMap<&'a Subject, Vec<Touching<'a>>>;

/// Sorts the changes of all commits by subject, once for all net changes.
pub(super) fn by_subject(commits: &[Commit]) -> BySubject<'_> {
    let mut out = BySubject::new();
    for commit in commits {
        for change in &commit.changes.0 {
            let touching = out.entry(&change.subject).or_default();
            match touching.last_mut() {
                Some((last, changes)) if std::ptr::eq(*last, commit) => changes.push(change),
                _ => touching.push((commit, vec![change])),
            }
        }
    }
    out
}

/// Lays a net change to the commits that set it; parents come before children. Where none did, as when a merge made it,
/// it is laid to all who touched the subject, or else to all of the range.
pub(super) fn lay<'a>(net: &Change, commits: &'a [Commit], by_subject: &BySubject<'a>) -> Laid {
    let touching: &[Touching<'a>] = by_subject.get(&net.subject).map_or(&[], Vec::as_slice);
    let set = match (&net.subject, &net.field) {
        (Subject::Entity(_), Some(field)) => last(touching, |c| c.field.as_ref() == Some(field) && c.after == net.after),
        (Subject::Entity(_), None) => last(touching, |c| c.field.is_none() && c.after.is_some() == net.after.is_some()),
        _ => each_leaf(touching, net),
    };
    if let Some(laid) = set {
        return laid;
    }
    // An owner moves by what happens elsewhere: those who touched the entity need not be those who moved it.
    let all = touching.is_empty() || net.field == Some(Field::Owner);
    let whom: Vec<&Commit> = if all { commits.iter().collect() } else { touching.iter().map(|(commit, _)| *commit).collect() };
    Laid { commit: whom.last().and_then(|commit| commit.id), actors: actors(whom) }
}

fn last(touching: &[Touching<'_>], sets: impl Fn(&Change) -> bool) -> Option<Laid> {
    let (commit, _) = touching.iter().rev().find(|(_, changes)| changes.iter().any(|change| sets(change)))?;
    Some(Laid { commit: commit.id, actors: actors(vec![commit]) })
}

/// A document that is compared as a whole is laid leaf by leaf: whoever adds a role to a user answers for it, also when
/// an Admin mends the user's name in the commit after.
fn each_leaf(touching: &[Touching<'_>], net: &Change) -> Option<Laid> {
    let wanted = leaves(net);
    let sets: Vec<(usize, BTreeMap<Pointer, Option<Value>>)> = touching
        .iter()
        .enumerate()
        .map(|(i, (_, changes))| (i, changes.iter().flat_map(|change| leaves(change)).collect()))
        .collect();
    let mut found: Vec<usize> = Vec::new();
    for (leaf, value) in &wanted {
        let (i, _) = sets.iter().rev().find(|(_, set)| set.get(leaf) == Some(value))?;
        found.push(*i);
    }
    found.sort_unstable();
    found.dedup();
    let commits: Vec<&Commit> = found.iter().filter_map(|i| touching.get(*i)).map(|(commit, _)| *commit).collect();
    Some(Laid { commit: commits.last()?.id, actors: actors(commits) })
}

/// What a change of a whole document sets: each leaf that differs, and what it becomes.
fn leaves(change: &Change) -> BTreeMap<Pointer, Option<Value>> {
    let (before, after) = (flat(change.before.as_ref()), flat(change.after.as_ref()));
    let gone = before.keys().filter(|leaf| !after.contains_key(*leaf)).map(|leaf| (leaf.clone(), None));
    let new =
        after.iter().filter(|(leaf, value)| before.get(*leaf) != Some(*value)).map(|(leaf, v)| (leaf.clone(), Some(v.clone())));
    gone.chain(new).collect()
}

/// A value by its leaves; a list is one leaf.
fn flat(value: Option<&Value>) -> BTreeMap<Pointer, Value> {
    let mut out = BTreeMap::new();
    let mut open: Vec<(Pointer, &Value)> = value.map(|v| (Pointer::root(), v)).into_iter().collect();
    while let Some((at, value)) = open.pop() {
        match value {
            Value::Map(pairs) if !pairs.is_empty() => open.extend(pairs.iter().map(|(key, child)| (at.key(key), child))),
            leaf => {
                out.insert(at, leaf.clone());
            }
        }
    }
    out
}

fn actors(commits: Vec<&Commit>) -> Vec<Actor> {
    let mut out: Vec<Actor> = Vec::new();
    for commit in commits {
        // A commit that nobody is known to have made keeps the whole from being allowed.
        let nobody = commit.attribution.0.is_empty().then(|| Actor::Stranger("unknown".to_owned()));
        for actor in commit.attribution.0.iter().cloned().chain(nobody) {
            if !out.contains(&actor) {
                out.push(actor);
            }
        }
    }
    out
}
