//! The catalogs that reviews were given on: at the reviewed commit, and where it branched from base.

use std::collections::BTreeMap;

use crate::catalog::Catalog;
use crate::check::{Base, Head};
use crate::git::Repository;
use crate::model::{CommitId, Limits, Review, ReviewState};

use super::{FactsError, Snapshot, Workspace};

/// By reviewed commit: the catalog there, and where it branched from base.
pub(super) type Reviewed = BTreeMap<CommitId, (Head<Catalog>, Base<Catalog>)>;

/// For each commit that a review names and git knows. What git does not know is left out, and counts for nothing.
pub(super) fn gather(
    workspace: &Workspace,
    repository: &Repository,
    base_id: CommitId,
    base: &Snapshot,
    reviews: &[Review],
    limits: &Limits,
) -> Result<Reviewed, FactsError> {
    let mut out = BTreeMap::new();
    // What only comments decides nothing, and anybody may comment on anything.
    let telling = reviews.iter().filter(|review| review.state != ReviewState::Commented);
    for commit in telling.filter_map(|review| review.commit) {
        if out.contains_key(&commit) {
            continue;
        }
        // Not a commit, or gone: anybody can name any forty digits.
        let Ok(tree) = repository.tree_of(commit) else { continue };
        let Some(fork) = repository.merge_base(commit, base_id)? else { continue };
        let there = workspace.at_tree(repository, tree, limits, Some(base))?;
        let then = workspace.at_tree(repository, repository.tree_of(fork)?, limits, Some(base))?;
        out.insert(commit, (Head(there.catalog), Base(then.catalog)));
    }
    Ok(out)
}
