//! To whom each net change is laid: whoever made the last commit that set it (spec 9), so that a revert or an authorised
//! re-commit heals, and so that nobody's change hides behind a later commit to the same document.

use std::collections::BTreeMap;

use crate::catalog::{Change, ChangeSet, Field, Operation};
use crate::model::{Actor, Attribution, CommitId, Pointer, Subject, Value};

use super::CommitFacts;
use super::vanished::{Touching, Wrecks};

/// A commit with its own changes and those it is judged as.
pub(super) struct Commit<'p> {
    pub(super) id: Option<CommitId>,
    pub(super) attribution: Attribution,
    pub(super) changes: ChangeSet,
    /// Whether a run made it, and exactly as its action says: no right of its actors is asked for.
    pub(super) performed: bool,
    pub(super) facts: &'p CommitFacts,
}

impl Commit<'_> {
    /// To whom its own changes are laid where it is judged by itself.
    pub(super) fn by_itself(&self) -> Laid {
        let actors = self.attribution.0.clone();
        Laid { commit: self.id, asked: if self.performed { Vec::new() } else { actors.clone() }, actors }
    }
}

/// To whom one net change is laid.
pub(super) struct Laid {
    /// The last commit that set it.
    pub(super) commit: Option<CommitId>,
    /// Everybody whose it is.
    pub(super) actors: Vec<Actor>,
    /// Those of them who must be allowed: each.
    pub(super) asked: Vec<Actor>,
}

/// What the commits of a range did to each subject and to files that cannot be read, gathered once for all net changes.
pub(super) struct History<'a> {
    commits: &'a [Commit<'a>],
    /// Parents before children.
    touching: BTreeMap<&'a Subject, Vec<Touching<'a>>>,
    wrecks: Wrecks<'a>,
}

impl<'a> History<'a> {
    pub(super) fn of(commits: &'a [Commit<'a>]) -> Self {
        let mut touching: BTreeMap<&Subject, Vec<Touching<'_>>> = BTreeMap::new();
        for (i, commit) in commits.iter().enumerate() {
            for change in &commit.changes.0 {
                let those = touching.entry(&change.subject).or_default();
                match those.last_mut() {
                    Some((last, changes)) if *last == i => changes.push(change),
                    _ => those.push((i, vec![change])),
                }
            }
        }
        Self { commits, touching, wrecks: Wrecks::of(commits.iter().map(|commit| commit.facts).collect()) }
    }

    /// Whether any commit did anything to a subject.
    pub(super) fn touches(&self, subject: &Subject) -> bool {
        self.touching.contains_key(subject)
    }

    /// Lays a net change to the last commit that touches it, if that made it what it is. If not, as when a merge made it, or
    /// where what it is about was gone in between, it is laid to all who touched the subject, or else to all of the range.
    pub(super) fn lay(&self, net: &Change) -> Laid {
        let touching: &[Touching<'a>] = self.touching.get(&net.subject).map_or(&[], Vec::as_slice);
        let hidden = self.wrecks.behind(net, touching);
        let set = match (&net.subject, &net.field) {
            _ if hidden.is_some() => None,
            (Subject::Entity(_), Some(field)) => last(touching, |changes| set_to(changes, field), &net.after.as_ref()),
            (Subject::Entity(_), None) => last(touching, stands, &net.after.is_some()),
            _ => each_leaf(touching, net),
        };
        if let Some(found) = set {
            return self.laid(found);
        }
        // An owner moves by what happens elsewhere: those who touched the entity need not be those who moved it.
        let all = touching.is_empty() || net.field == Some(Field::Owner);
        let mut whom: Vec<usize> = if all {
            (0..self.commits.len()).collect()
        } else {
            // What a merge of conflicting parents leaves as one of them had it is not among its own changes.
            let settled = |commit: &Commit<'_>| !commit.facts.sides.is_empty();
            let mergers = self.commits.iter().enumerate().filter(|(_, commit)| settled(commit)).map(|(i, _)| i);
            touching.iter().map(|(i, _)| *i).chain(mergers).collect()
        };
        whom.extend(hidden.into_iter().flatten());
        self.laid(whom)
    }

    fn laid(&self, mut whom: Vec<usize>) -> Laid {
        whom.sort_unstable();
        whom.dedup();
        let commits: Vec<&Commit<'_>> = whom.iter().filter_map(|i| self.commits.get(*i)).collect();
        let asked = actors(commits.iter().copied().filter(|commit| !commit.performed));
        Laid { commit: commits.last().and_then(|commit| commit.id), actors: actors(commits), asked }
    }
}

/// The last commit that `touches` it, if it leaves it as `wanted`: what an earlier one did has been superseded.
fn last<'a, T: PartialEq>(
    touching: &[Touching<'a>],
    touches: impl Fn(&[&'a Change]) -> Option<T>,
    wanted: &T,
) -> Option<Vec<usize>> {
    let (i, left) = touching.iter().rev().find_map(|(i, changes)| Some((*i, touches(changes)?)))?;
    (left == *wanted).then(|| vec![i])
}

/// What a commit leaves a field of an entity as. To remove the entity, or to register it without the field, is to take the
/// field away.
fn set_to<'a>(changes: &[&'a Change], field: &Field) -> Option<Option<&'a Value>> {
    if let Some(change) = changes.iter().find(|change| change.field.as_ref() == Some(field)) {
        return Some(change.after.as_ref());
    }
    let whole =
        |change: &&Change| matches!((&change.field, change.operation), (None, Operation::Register | Operation::Unregister));
    changes.iter().copied().any(|change| whole(&change)).then_some(None)
}

/// Whether the entity stands after a commit that touches it as a whole.
fn stands(changes: &[&Change]) -> Option<bool> {
    changes.iter().find(|change| change.field.is_none()).map(|change| change.after.is_some())
}

/// A document that is compared as a whole is laid leaf by leaf: whoever adds a role to a user answers for it, also when
/// an Admin mends the user's name in the commit after.
fn each_leaf(touching: &[Touching<'_>], net: &Change) -> Option<Vec<usize>> {
    let wanted = leaves(net);
    let sets: Vec<(usize, BTreeMap<Pointer, Option<Value>>)> =
        touching.iter().map(|(i, changes)| (*i, changes.iter().flat_map(|change| leaves(change)).collect())).collect();
    let mut found: Vec<usize> = Vec::new();
    for (leaf, value) in &wanted {
        let (i, left) = sets.iter().rev().find_map(|(i, set)| Some((*i, set.get(leaf)?)))?;
        if left != value {
            return None;
        }
        found.push(i);
    }
    (!found.is_empty()).then_some(found)
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

fn actors<'a>(commits: impl IntoIterator<Item = &'a Commit<'a>>) -> Vec<Actor> {
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
