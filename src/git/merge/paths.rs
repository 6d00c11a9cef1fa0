//! The three-way comparison by path: equal subtrees are skipped, and files changed on one side are taken as they are.

use std::collections::BTreeMap;

use super::super::budget::Budget;
use super::super::listing::Listing;
use super::super::tree::entries_of;
use super::super::{GitError, ObjectId, Repository};
use super::moves::Moves;
use super::{Edit, Edits, Item};

/// Which side of a merge.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Side {
    Ours,
    Theirs,
}

impl Side {
    pub(super) fn other(self) -> Self {
        match self {
            Self::Ours => Self::Theirs,
            Self::Theirs => Self::Ours,
        }
    }
}

/// A file that one side deleted and the other changed (or deleted too): the deletion may have been a rename.
#[derive(Clone, Debug)]
pub(super) struct Deleted {
    pub(super) path: Vec<u8>,
    pub(super) base: Item,
    /// What the other side made of it; `None` where it deleted it too.
    pub(super) other: Option<Item>,
    /// Who deleted it; where both did, ours.
    pub(super) by: Side,
}

/// What is to be done to our tree.
#[derive(Default, Debug)]
pub(super) struct Plan {
    pub(super) edits: Edits,
    /// Conflicting paths, with what stands there in the base.
    pub(super) conflicts: BTreeMap<Vec<u8>, Option<Item>>,
    pub(super) deleted: Vec<Deleted>,
    /// Directories that this side removed while the other changed something in them.
    pub(super) removed_directories: Vec<(Side, Vec<u8>)>,
}

impl Plan {
    pub(super) fn asks_for_renames(&self) -> bool {
        !self.deleted.is_empty() || !self.removed_directories.is_empty()
    }
}

/// Base, ours, theirs.
type Three<T> = [Option<T>; 3];

pub(super) struct Walk<'r> {
    repository: &'r Repository,
    budget: Budget,
    pub(super) plan: Plan,
}

impl<'r> Walk<'r> {
    pub(super) fn new(repository: &'r Repository, budget: Budget) -> Self {
        Self { repository, budget, plan: Plan::default() }
    }

    /// Merges one directory; `prefix` is its path with a slash at the end.
    pub(super) fn directory(&mut self, three: Three<ObjectId>, prefix: &[u8], depth: usize) -> Result<(), GitError> {
        let [base, ours, theirs] = three;
        if ours == theirs || base == theirs {
            return Ok(());
        }
        if depth > Budget::DEPTH {
            let path = prefix.strip_suffix(b"/").unwrap_or(prefix);
            self.plan.conflicts.insert(path.to_vec(), base.map(|id| (0o40_000, id)));
            return Ok(());
        }
        let mut raws = Vec::new();
        for tree in three {
            raws.push(tree.map(|id| self.repository.raw_tree(id).map(|raw| (id, raw))).transpose()?);
        }
        let mut sides = Vec::new();
        for raw in &raws {
            let entries = match raw {
                Some((id, raw)) => Listing::of(entries_of(*id, raw)?).entries,
                None => Vec::new(),
            };
            if !self.budget.spend(entries.len()) {
                return Err(super::moves::too_large());
            }
            sides.push(entries.into_iter().peekable());
        }
        while let Some(name) = sides.iter_mut().filter_map(|side| side.peek().map(|e| e.name)).min() {
            let (mut files, mut directories): (Three<Item>, Three<ObjectId>) = Default::default();
            for (side, (file, directory)) in sides.iter_mut().zip(files.iter_mut().zip(&mut directories)) {
                while let Some(entry) = side.next_if(|e| e.name == name) {
                    // The first entry of a name counts, as everywhere in git; a file and a directory are told apart.
                    if entry.is_directory() {
                        directory.get_or_insert(entry.id);
                    } else {
                        file.get_or_insert((entry.mode, entry.id));
                    }
                }
            }
            let all_alike = files.iter().all(|f| *f == files[0]) && directories.iter().all(|d| *d == directories[0]);
            if !all_alike {
                self.name(files, directories, [prefix, name].concat(), depth)?;
            }
        }
        Ok(())
    }

    fn name(&mut self, files: Three<Item>, directories: Three<ObjectId>, path: Vec<u8>, depth: usize) -> Result<(), GitError> {
        let directory = |id: Option<ObjectId>| id.map(|id| (0o40_000, id));
        let [base, ours, theirs] = [0, 1, 2].map(|i: usize| {
            let file = files.get(i).copied().flatten();
            file.or(directory(directories.get(i).copied().flatten()))
        });
        if ours == theirs && base != ours {
            return self.deleted_by_both(files, directories, &path);
        }
        if ours == theirs || base == theirs {
            return Ok(());
        }
        if base == ours {
            self.plan.edits.insert(path, theirs.map_or(Edit::Remove, Edit::Set));
            return Ok(());
        }
        let [_, our_directory, their_directory] = directories;
        let stays = self.file(files, &path)?;
        if stays && (our_directory.is_some() || their_directory.is_some()) {
            // A file where the other side has a directory.
            self.plan.edits.remove(&path);
            self.plan.conflicts.insert(path, base);
            return Ok(());
        }
        if directories.iter().any(Option::is_some) {
            let removed = match (our_directory, their_directory) {
                (None, Some(_)) => Some(Side::Ours),
                (Some(_), None) => Some(Side::Theirs),
                _ => None,
            };
            if let (Some(side), true) = (removed, directories[0].is_some()) {
                self.plan.removed_directories.push((side, path.clone()));
            }
            let mut prefix = path;
            prefix.push(b'/');
            self.directory(directories, &prefix, depth + 1)?;
        }
        Ok(())
    }

    /// Both sides made the same of this name; what both deleted may have been renamed to different places.
    fn deleted_by_both(&mut self, files: Three<Item>, directories: Three<ObjectId>, path: &[u8]) -> Result<(), GitError> {
        if let [Some(base), None, None] = files {
            self.plan.deleted.push(Deleted { path: path.to_vec(), base, other: None, by: Side::Ours });
        }
        let [base, ours, _] = directories;
        let mut prefix = path.to_vec();
        prefix.push(b'/');
        let mut moves = Moves::default();
        moves.collect(self.repository, [base, ours], &prefix, 0, &mut self.budget)?;
        let gone = moves.deleted.into_iter();
        self.plan.deleted.extend(gone.map(|(path, base)| Deleted { path, base, other: None, by: Side::Ours }));
        Ok(())
    }

    /// Merges what stands under one name as a file; answers whether a file stays there.
    fn file(&mut self, files: Three<Item>, path: &[u8]) -> Result<bool, GitError> {
        match files {
            [_, None, None] => Ok(false),
            [base, ours, theirs] if ours == theirs || base == theirs => Ok(ours.is_some()),
            [base, ours, theirs] if base == ours => {
                self.plan.edits.insert(path.to_vec(), theirs.map_or(Edit::Remove, Edit::Set));
                Ok(theirs.is_some())
            }
            [Some(base), None, Some(other)] => {
                self.plan.deleted.push(Deleted { path: path.to_vec(), base, other: Some(other), by: Side::Ours });
                self.plan.conflicts.insert(path.to_vec(), Some(base));
                Ok(true)
            }
            [Some(base), Some(other), None] => {
                self.plan.deleted.push(Deleted { path: path.to_vec(), base, other: Some(other), by: Side::Theirs });
                self.plan.conflicts.insert(path.to_vec(), Some(base));
                Ok(true)
            }
            [base, Some(ours), Some(theirs)] => {
                match self.repository.merge_items(base, ours, theirs)? {
                    Some(item) => self.plan.edits.insert(path.to_vec(), Edit::Set(item)).map(drop),
                    None => self.plan.conflicts.insert(path.to_vec(), base).map(drop),
                };
                Ok(true)
            }
            [None, _, _] => Ok(true),
        }
    }
}
