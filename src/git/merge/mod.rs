//! Merges two commits in memory, as `git merge` does, at the cost of what both changed; nothing is written to the disk.

mod apply;
mod content;
mod moves;
mod paths;
mod renames;
mod similarity;

use std::collections::BTreeMap;

use git2::ObjectType;

use super::budget::Budget;
use super::{GitError, ObjectId, RawCommit, Repository};
use crate::model::CommitId;

/// A file's or a directory's mode and id.
type Item = (u32, ObjectId);

/// What becomes of one path of our tree.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Edit {
    Set(Item),
    Remove,
}

/// Edits by path, spelled with slashes; one below another applies to what the upper one sets.
type Edits = BTreeMap<Vec<u8>, Edit>;

/// How a merge ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Merge {
    /// The merged tree, where there is no conflict. It lives in the memory of the repository that made it.
    pub tree: Option<ObjectId>,
    /// The paths that need a person, from the top of the repository, in order; bytes that are not UTF-8 are escaped.
    pub conflicts: Vec<String>,
    /// The merged tree in any case: a conflicting path stands as in the merge base, or is absent where it was not there.
    /// What a merge commit makes of a conflict then shows as a change of its own.
    pub partial: ObjectId,
}

/// The three sides of a merge.
#[derive(Clone, Copy)]
struct Sides {
    base: Option<ObjectId>,
    ours: ObjectId,
    theirs: ObjectId,
}

/// What stands at a conflicting path.
#[derive(Clone, Copy, PartialEq)]
enum OnConflict {
    /// As in the merge base.
    Base,
    /// Something equal to nothing, for a merge base that is itself the merge of several.
    Sentinel,
}

/// How deep several merge bases may lie behind several merge bases.
const MAX_RECURSION: usize = 6;

impl Repository {
    /// Merges `theirs` into `ours` as `git merge` would: renames are followed, several merge bases are merged first.
    ///
    /// Where git has ways that are not taken here (merge drivers of `.gitattributes`, renamed directories), the answer is
    /// a plain three-way merge or a conflict, never a guess.
    ///
    /// # Errors
    /// [`GitError::Unrelated`] where the two share no history; [`GitError::TooLarge`] for trees no honest writer makes;
    /// else as [`Repository::range`].
    pub fn merge(&self, ours: CommitId, theirs: CommitId) -> Result<Merge, GitError> {
        let bases = self.merge_bases(&[ours], theirs)?;
        if bases.is_empty() {
            return Err(GitError::Unrelated(ours, theirs));
        }
        let base = self.virtual_base(&bases, 0)?;
        self.merge_sides(Sides { base, ours: self.tree_of(ours)?, theirs: self.tree_of(theirs)? }, OnConflict::Base)
    }

    /// The clean merge of a commit's parents: what the commit is measured against. That is the empty tree's absence
    /// (`None`) for a root, the parent's tree for one parent, the merge for two, and one after the other for more.
    ///
    /// # Errors
    /// As [`Repository::merge`].
    pub fn merge_of_parents(&self, commit: &RawCommit) -> Result<Option<Merge>, GitError> {
        let mut parents = commit.parents.iter();
        let Some(first) = parents.next() else { return Ok(None) };
        let tree = self.tree_of(*first)?;
        let mut merged = Merge { tree: Some(tree), conflicts: Vec::new(), partial: tree };
        let mut so_far = vec![*first];
        for parent in parents {
            let bases = self.merge_bases(&so_far, *parent)?;
            let base = self.virtual_base(&bases, 0)?;
            let sides = Sides { base, ours: merged.partial, theirs: self.tree_of(*parent)? };
            let next = self.merge_sides(sides, OnConflict::Base)?;
            merged.conflicts.extend(next.conflicts);
            merged.partial = next.partial;
            so_far.push(*parent);
        }
        merged.conflicts.sort();
        merged.conflicts.dedup();
        merged.tree = merged.conflicts.is_empty().then_some(merged.partial);
        Ok(Some(merged))
    }

    /// The tree that stands for several merge bases: their own merge, with something unlike everything where they conflict.
    fn virtual_base(&self, bases: &[CommitId], depth: usize) -> Result<Option<ObjectId>, GitError> {
        let mut oldest_first = bases.iter().rev();
        let Some(first) = oldest_first.next() else { return Ok(None) };
        let mut tree = self.tree_of(*first)?;
        let mut so_far = vec![*first];
        for next in oldest_first {
            if depth >= MAX_RECURSION {
                return Err(GitError::TooLarge {
                    what: "the criss-cross of merges".to_owned(),
                    size: depth + 1,
                    limit: MAX_RECURSION,
                });
            }
            let bases = self.merge_bases(&so_far, *next)?;
            let base = self.virtual_base(&bases, depth + 1)?;
            let sides = Sides { base, ours: tree, theirs: self.tree_of(*next)? };
            tree = self.merge_sides(sides, OnConflict::Sentinel)?.partial;
            so_far.push(*next);
        }
        Ok(Some(tree))
    }

    fn merge_sides(&self, sides: Sides, on_conflict: OnConflict) -> Result<Merge, GitError> {
        let mut walk = paths::Walk::new(self, Budget::new(Budget::CHANGE));
        walk.directory([sides.base, Some(sides.ours), Some(sides.theirs)], &[], 0)?;
        let mut plan = walk.plan;
        if plan.asks_for_renames() {
            renames::resolve(self, sides, &mut plan)?;
        }
        let mut conflicts = Vec::new();
        for (path, base) in plan.conflicts {
            let edit = match (on_conflict, base) {
                (OnConflict::Base, Some(item)) => Edit::Set(item),
                (OnConflict::Base, None) => Edit::Remove,
                (OnConflict::Sentinel, _) => Edit::Set((0o100_644, self.sentinel(&path)?)),
            };
            plan.edits.insert(path.clone(), edit);
            conflicts.push(super::name::shown(&path));
        }
        let partial = match self.apply(Some(sides.ours), &plan.edits)? {
            Some(tree) => tree,
            None => self.remember(ObjectType::Tree, &[])?,
        };
        Ok(Merge { tree: conflicts.is_empty().then_some(partial), conflicts, partial })
    }

    /// A blob that no side of a merge has, for a path whose merge bases conflict.
    fn sentinel(&self, path: &[u8]) -> Result<ObjectId, GitError> {
        let mut text = b"portcullis: the merge bases conflict here\n".to_vec();
        text.extend_from_slice(path);
        text.push(b'\n');
        self.remember(ObjectType::Blob, &text)
    }
}
