//! The commits of a range: who they say they are by, and the catalogs before and after each.

use std::collections::BTreeMap;

use crate::catalog::Catalog;
use crate::check::{CommitFacts, Target};
use crate::git::{Keyring, ObjectId, RawCommit, Repository};
use crate::model::{CommitId, FilePath, Limits, Vouched};

use super::{Ask, FactsError, Snapshot, Workspace};

/// Reads each commit of `range`, parents first; `None` where one changes more files than are read. `within` is the change from one tree
/// to another that was found to be within that already.
pub(super) fn gather(
    workspace: &Workspace,
    repository: &Repository,
    ask: &Ask,
    base: &Snapshot,
    range: &[CommitId],
    within: (Option<ObjectId>, ObjectId),
    limits: &Limits,
) -> Result<Option<Vec<CommitFacts>>, FactsError> {
    let keyring = Keyring::new(base.catalog.users().iter().flat_map(|(_, user)| &user.value.signing_keys));
    let mut known: BTreeMap<CommitId, Snapshot> = BTreeMap::new();
    let mut out = Vec::with_capacity(range.len());
    for id in range {
        let raw = repository.commit(*id)?;
        let start = Start::of(workspace, repository, base, &known, &raw, limits)?;
        let step = (start.before.as_ref().map(|before| before.tree), raw.tree);
        // Before it is read: what the whole range takes back again, one of its commits may still have brought.
        if step != within && repository.changes_within(step.0, Some(step.1), workspace.root(), limits.files)?.truncated {
            return Ok(None);
        }
        let after = workspace.at_tree(repository, raw.tree, limits, start.before.as_ref().or(Some(base)))?;
        let received_at = ask.received.get(id).copied().unwrap_or(ask.now);
        let signature = keyring.verify(&raw, received_at);
        out.push(CommitFacts {
            id: *id,
            parents: raw.parents.clone(),
            summary: raw.summary,
            author_email: raw.author.email,
            committer_email: raw.committer.email,
            co_authors: raw.co_authors,
            committed_at: raw.committer.when,
            signature,
            received_at,
            vouched: vouched(ask, id),
            before: start.before.map_or_else(|| workspace.empty(), |s| s.catalog),
            sides: start.sides,
            conflicts: start.conflicts,
            after: after.catalog.clone(),
            findings: Vec::new(),
        });
        known.insert(*id, after);
    }
    Ok(Some(out))
}

/// The forge's word for a commit: on the watched branch that of the branch, and else that of the pull request.
fn vouched(ask: &Ask, commit: &CommitId) -> Option<Vouched> {
    let verified = match (&ask.branch, &ask.pull_request) {
        (Some(branch), _) if ask.target == Target::WatchedBranch => &branch.verified,
        (_, Some(pull_request)) => &pull_request.verified,
        (_, None) => return None,
    };
    verified.get(commit).cloned()
}

/// What a commit starts from (spec 5): nothing, its parent, or the clean merge of its parents. Where they conflict, also the
/// parents themselves, so that the judgement can tell the merger's choice from what either of them had settled.
struct Start {
    before: Option<Snapshot>,
    sides: Vec<Catalog>,
    conflicts: Vec<FilePath>,
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
        let clean = |before| Self { before, sides: Vec::new(), conflicts: Vec::new() };
        let first = match commit.parents.as_slice() {
            [] => return Ok(clean(None)),
            [parent] => return Ok(clean(Some(at(parent)?))),
            [first, ..] => at(first)?,
        };
        let Some(merge) = repository.merge_of_parents(commit)? else { return Ok(clean(None)) };
        let before = workspace.at_merged_tree(repository, merge.partial, limits, &first)?;
        if merge.tree.is_some() {
            return Ok(clean(Some(before)));
        }
        let sides = commit.parents.iter().map(|parent| Ok(at(parent)?.catalog)).collect::<Result<_, FactsError>>()?;
        let conflicts = merge.conflicts.iter().filter_map(|path| workspace.inside(path)).collect();
        Ok(Self { before: Some(before), sides, conflicts })
    }
}
