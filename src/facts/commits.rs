//! The commits of a range: who they say they are by, and the catalogs before and after each.

use std::collections::BTreeMap;

use crate::check::CommitFacts;
use crate::git::{Keyring, RawCommit, Repository};
use crate::model::{CommitId, Limits};

use super::{Ask, FactsError, Snapshot, Workspace};

/// Reads each commit of `range`, parents first.
pub(super) fn gather(
    workspace: &Workspace,
    repository: &Repository,
    ask: &Ask,
    base: &Snapshot,
    range: &[CommitId],
    limits: &Limits,
) -> Result<Vec<CommitFacts>, FactsError> {
    let keyring = Keyring::new(base.catalog.users().iter().flat_map(|(_, user)| &user.value.signing_keys));
    let mut known: BTreeMap<CommitId, Snapshot> = BTreeMap::new();
    let mut out = Vec::with_capacity(range.len());
    for id in range {
        let raw = repository.commit(*id)?;
        let start = Start::of(workspace, repository, base, &known, &raw, limits)?;
        let after = workspace.at_tree(repository, raw.tree, limits, start.before.as_ref().or(Some(base)))?;
        let received_at = ask.received.get(id).copied().unwrap_or(ask.now);
        let signature = keyring.verify(&raw, received_at);
        out.push(CommitFacts {
            id: *id,
            parents: raw.parents.clone(),
            summary: raw.summary,
            author_email: raw.author.email,
            committer_email: raw.committer.email,
            committed_at: raw.committer.when,
            signature,
            received_at,
            verified_as: ask.pull_request.as_ref().and_then(|pr| pr.verified.get(id).cloned()),
            before: start.before.map(|s| s.catalog).unwrap_or_default(),
            other_before: start.other.map(|s| s.catalog),
            after: after.catalog.clone(),
            findings: Vec::new(),
        });
        known.insert(*id, after);
    }
    Ok(out)
}

/// What a commit starts from (spec 5): nothing, its parent, or the clean merge of its parents. Where two parents conflict it
/// is both of them, and what equals either is not the merger's.
struct Start {
    before: Option<Snapshot>,
    other: Option<Snapshot>,
}

impl Start {
    fn of(
        workspace: &Workspace,
        repository: &Repository,
        base: &Snapshot,
        known: &BTreeMap<CommitId, Snapshot>,
        commit: &RawCommit,
        limits: &Limits,
    ) -> Result<Self, FactsError> {
        let at = |id: &CommitId| match known.get(id) {
            Some(snapshot) => Ok(snapshot.clone()),
            None => workspace.at_tree(repository, repository.tree_of(*id)?, limits, Some(base)),
        };
        let one = |before| Self { before: Some(before), other: None };
        match commit.parents.as_slice() {
            [] => Ok(Self { before: None, other: None }),
            [parent] => at(parent).map(one),
            [first, rest @ ..] => {
                let merge = repository.merge_of_parents(commit)?;
                match (merge.and_then(|merge| merge.tree), rest) {
                    (Some(tree), _) => workspace.at_merged_tree(repository, tree, limits, &at(first)?).map(one),
                    (None, [second]) => Ok(Self { before: Some(at(first)?), other: Some(at(second)?) }),
                    // More than two that conflict: all of it is the merger's own.
                    (None, _) => at(first).map(one),
                }
            }
        }
    }
}
