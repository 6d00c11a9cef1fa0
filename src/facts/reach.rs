//! What the heads of pushes reached that are no part of the judged range: earlier states of a branch, and what was forced away.

use std::collections::BTreeSet;

use crate::check::Reach;
use crate::git::Repository;
use crate::model::{CommitId, Push};

/// How far back one looks for heads that base has: beyond, a push counts as one that may have brought anything.
const STEPS: usize = 50_000;

/// How many other heads are looked into, and how many commits each may have that base has not.
const HEADS: usize = 64;
const COMMITS: usize = 1_000;

/// The commits of `range` that each head outside it reaches. A head that git does not have, or that cannot be looked into, is left
/// out: nobody knows what it reached.
pub(super) fn gather(repository: &Repository, base: CommitId, range: &[CommitId], pushes: &[Push]) -> Reach {
    let inside: BTreeSet<CommitId> = range.iter().copied().collect();
    let heads = pushes.iter().flat_map(|push| [push.before, push.after]).flatten();
    let heads: BTreeSet<CommitId> = heads.filter(|head| !inside.contains(head)).collect();
    if heads.is_empty() {
        return Reach::new();
    }
    let settled = repository.ancestors_among(&heads, base, STEPS).unwrap_or_default();
    let mut out: Reach = settled.iter().map(|head| (*head, BTreeSet::new())).collect();
    for head in heads.difference(&settled).take(HEADS) {
        let Ok(own) = repository.range(base, *head, COMMITS) else { continue };
        if !own.truncated {
            out.insert(*head, own.commits.into_iter().filter(|commit| inside.contains(commit)).collect());
        }
    }
    out
}
