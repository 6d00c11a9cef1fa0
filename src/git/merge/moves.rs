//! What one side deleted and added, file by file, before anyone asks what was renamed.

use std::collections::BTreeMap;

use super::super::budget::Budget;
use super::super::tree::entries_of;
use super::super::{GitError, ObjectId, Repository};
use super::Item;

/// The files that stand on one side of a comparison only.
#[derive(Default)]
pub(super) struct Moves {
    pub(super) deleted: BTreeMap<Vec<u8>, Item>,
    pub(super) added: BTreeMap<Vec<u8>, Item>,
}

impl Moves {
    /// Compares two directories, whose path is `prefix` with a slash at the end; equal subtrees are skipped.
    pub(super) fn collect(
        &mut self,
        repository: &Repository,
        [before, after]: [Option<ObjectId>; 2],
        prefix: &[u8],
        depth: usize,
        budget: &mut Budget,
    ) -> Result<(), GitError> {
        if before == after {
            return Ok(());
        }
        if depth > Budget::DEPTH {
            return Err(too_large());
        }
        let mut directories: BTreeMap<Vec<u8>, [Option<ObjectId>; 2]> = BTreeMap::new();
        let mut files: BTreeMap<Vec<u8>, [Option<Item>; 2]> = BTreeMap::new();
        for (side, tree) in [before, after].into_iter().enumerate() {
            let Some(tree) = tree else { continue };
            let raw = repository.raw_tree(tree)?;
            let entries = entries_of(tree, &raw)?;
            if !budget.spend(entries.len()) {
                return Err(too_large());
            }
            for entry in entries {
                let mut path = prefix.to_vec();
                path.extend_from_slice(entry.name);
                if entry.is_directory() {
                    path.push(b'/');
                    if let Some(place) = directories.entry(path).or_default().get_mut(side) {
                        place.get_or_insert(entry.id);
                    }
                } else if let Some(place) = files.entry(path).or_default().get_mut(side) {
                    place.get_or_insert((entry.mode, entry.id));
                }
            }
        }
        for (path, pair) in files {
            match pair {
                [Some(item), None] => self.deleted.insert(path, item),
                [None, Some(item)] => self.added.insert(path, item),
                _ => None,
            };
        }
        for (path, pair) in directories {
            self.collect(repository, pair, &path, depth + 1, budget)?;
        }
        Ok(())
    }
}

pub(super) fn too_large() -> GitError {
    GitError::TooLarge { what: "the merge".to_owned(), size: usize::MAX, limit: Budget::CHANGE }
}
