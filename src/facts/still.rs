//! Whether git says of a range onto a later base what it said onto an earlier one: asked of trees and commits alone, nothing is read.

use crate::check::Reach;
use crate::git::{FileChange, ObjectId};
use crate::model::{CommitId, Limits, Push};

use super::{Ask, FactsError, Head, Sources, Workspace, policy_name, reach};

/// What git said of a range while its facts were gathered.
#[derive(Clone, PartialEq, Debug)]
pub struct Trace {
    /// Its commits, parents before children.
    pub(super) range: Vec<CommitId>,
    /// Where it left base's line.
    pub(super) fork: Option<CommitId>,
    /// What the clean merge changes of base: which files, from what content to what content.
    pub(super) files: Vec<FileChange>,
    /// What was known of heads outside the range.
    pub(super) reach: Reach,
    /// The pushes that named them.
    pub(super) pushes: Vec<Push>,
    /// What was read at most.
    pub(super) limits: Limits,
}

/// Where git says the same: what is another all the same.
pub struct Still {
    /// The tree of the clean merge.
    pub merged_tree: ObjectId,
    /// The files of it.
    pub sources: Sources,
}

impl Ask {
    /// Whether two questions differ at most in their base, and in what only runs depend on: now, and when they were first seen.
    pub fn is_alike(&self, other: &Self) -> bool {
        let Self { base, now, first_seen, .. } = self;
        *self == Self { base: *base, now: *now, first_seen: *first_seen, ..other.clone() }
    }
}

impl Workspace {
    /// Whether git says of `ask` what it said in `before`: the same commits that left base's line at the same place, known by the same pushes,
    /// merge cleanly, and their merge changes the same files of base from the same content to the same content, with nothing to find fault with.
    pub fn still(&self, ask: &Ask, before: &Trace) -> Result<Option<Still>, FactsError> {
        let Head::Commit(head) = ask.head else { return Ok(None) };
        let base = self.snapshot(ask.base)?;
        let limits = base.catalog.policy().limits;
        let repository = self.repository()?;
        let range = repository.range(ask.base, head, limits.commits)?;
        if limits != before.limits
            || range.truncated
            || range.commits != before.range
            || repository.merge_base(ask.base, head)? != before.fork
            || reach::gather(&repository, ask.base, &range.commits, &before.pushes) != before.reach
        {
            return Ok(None);
        }
        let merged = match repository.is_ancestor(ask.base, head)? {
            true => Some(repository.tree_of(head)?),
            false => repository.merge(ask.base, head)?.tree,
        };
        let Some(merged) = merged else { return Ok(None) };
        let changes = repository.changes(Some(base.tree), Some(merged), self.root())?;
        if changes.files != before.files
            || !changes.findings.is_empty()
            || !policy_name::in_tree(&repository, self.root(), base.tree, merged)?.is_empty()
        {
            return Ok(None);
        }
        let sources = Sources::new(repository, vec![merged, base.tree], self.root(), limits.file_bytes);
        Ok(Some(Still { merged_tree: merged, sources }))
    }
}
