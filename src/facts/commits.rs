//! The commits of a range: who they say they are by, and the catalogs before and after each.

use std::collections::{BTreeMap, BTreeSet};

use crate::check::CommitFacts;
use crate::git::{Keyring, ObjectId, RawCommit, Repository};
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
        let before = before(workspace, repository, base, &known, &raw, limits)?;
        let after = workspace.at_tree(repository, raw.tree, limits, before.as_ref().or(Some(base)))?;
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
            before: before.map(|s| s.catalog).unwrap_or_default(),
            after: after.catalog.clone(),
            findings: Vec::new(),
        });
        known.insert(*id, after);
    }
    Ok(out)
}

/// What a commit starts from: nothing, its parent, or the clean merge of its parents (spec 5).
fn before(
    workspace: &Workspace,
    repository: &Repository,
    base: &Snapshot,
    known: &BTreeMap<CommitId, Snapshot>,
    commit: &RawCommit,
    limits: &Limits,
) -> Result<Option<Snapshot>, FactsError> {
    let at = |id: &CommitId| match known.get(id) {
        Some(snapshot) => Ok(snapshot.clone()),
        None => workspace.at_tree(repository, repository.tree_of(*id)?, limits, Some(base)),
    };
    match commit.parents.as_slice() {
        [] => Ok(None),
        [parent] => at(parent).map(Some),
        [ours, theirs] => {
            let merge = repository.merge(*ours, *theirs)?;
            match merge.tree {
                Some(tree) => workspace.at_tree(repository, tree, limits, Some(&at(ours)?)).map(Some),
                None => resolved_by_hand(workspace, repository, commit, *ours, *theirs, limits).map(Some),
            }
        }
        // An octopus cannot be merged again step by step with certainty: all of it is the merger's own.
        [first, ..] => at(first).map(Some),
    }
}

/// For a merge whose parents conflict: a file that equals either parent's is that parent's work; any other is the
/// merger's, compared with the first parent.
fn resolved_by_hand(
    workspace: &Workspace,
    repository: &Repository,
    commit: &RawCommit,
    ours: CommitId,
    theirs: CommitId,
    limits: &Limits,
) -> Result<Snapshot, FactsError> {
    let root = workspace.root();
    let differing = |tree: ObjectId| -> Result<_, FactsError> { Ok(repository.changes(Some(commit.tree), Some(tree), root)?) };
    let mut to_first = differing(repository.tree_of(ours)?)?;
    let other: BTreeSet<_> = differing(repository.tree_of(theirs)?)?.files.into_iter().map(|file| file.path).collect();
    to_first.files.retain(|file| other.contains(&file.path));
    let mut snapshot = workspace.at_tree(repository, commit.tree, limits, None)?;
    snapshot.catalog = snapshot.catalog.apply(super::load::deltas(repository, to_first, limits)?);
    Ok(snapshot)
}
