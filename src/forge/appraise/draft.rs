//! A notes tree being edited: read where it is touched, written once at the end, and everything else in it left as it stands.

use std::collections::BTreeMap;

use git2::Oid;

use crate::forge::ForgeError;
use crate::model::CommitId;

use super::notes::{DEPTH, is_hex};
use super::objects::{Entry, Objects};

/// A directory of a notes tree, with the directories below it that were touched.
#[derive(Default)]
pub(super) struct Draft {
    entries: Vec<Entry>,
    below: BTreeMap<Vec<u8>, Draft>,
}

impl Draft {
    /// Begins with a tree; what is written anew must be read whole first, or somebody's notes would be lost.
    pub(super) fn of(objects: &Objects, tree: Option<Oid>) -> Result<Self, ForgeError> {
        let Some(tree) = tree else { return Ok(Self::default()) };
        let entries = objects.entries(tree)?.ok_or_else(|| {
            ForgeError::permanent(format!(
                "the notes tree {tree} is malformed, so nothing can be added to it without losing notes"
            ))
        })?;
        Ok(Self { entries, below: BTreeMap::new() })
    }

    /// Replaces an object's notes, where they were found first. A new note goes one level deep: git itself reads at any depth.
    pub(super) fn replace(&mut self, objects: &Objects, object: CommitId, blob: Oid) -> Result<(), ForgeError> {
        let hex = object.to_string();
        let depth = self.take_out(objects, &hex, 0)?.unwrap_or(1);
        self.put(objects, &hex, depth, blob)
    }

    /// Takes the object's notes out at every depth; returns the least at which there was one.
    fn take_out(&mut self, objects: &Objects, rest: &str, depth: usize) -> Result<Option<usize>, ForgeError> {
        let count = self.entries.len();
        self.entries.retain(|e| e.is_tree() || !is_hex(&e.name, rest));
        let found = (self.entries.len() < count).then_some(depth);
        let Some((fan, deeper)) = rest.split_at_checked(2).filter(|_| depth < DEPTH) else { return Ok(found) };
        let below = match self.directory(objects, fan)? {
            Some(directory) => directory.take_out(objects, deeper, depth + 1)?,
            None => None,
        };
        Ok(found.or(below))
    }

    fn put(&mut self, objects: &Objects, rest: &str, depth: usize, blob: Oid) -> Result<(), ForgeError> {
        if let Some((fan, deeper)) = rest.split_at_checked(2).filter(|_| depth > 0) {
            if let Some(directory) = self.directory(objects, fan)? {
                return directory.put(objects, deeper, depth - 1, blob);
            }
            // A stranger's file may stand where the directory belongs.
            if !self.entries.iter().any(|e| is_hex(&e.name, fan)) {
                let directory = self.below.entry(fan.as_bytes().to_vec()).or_default();
                return directory.put(objects, deeper, depth - 1, blob);
            }
        }
        self.entries.push(Entry { mode: b"100644".to_vec(), name: rest.as_bytes().to_vec(), id: blob });
        Ok(())
    }

    /// The directory of this name, read when first touched and from then on held in `below`.
    fn directory(&mut self, objects: &Objects, fan: &str) -> Result<Option<&mut Self>, ForgeError> {
        if let Some(at) = self.entries.iter().position(|e| e.is_tree() && is_hex(&e.name, fan)) {
            let tree = self.entries.remove(at);
            let draft = Self::of(objects, Some(tree.id))?;
            // Another spelling of the same directory, read before, keeps its notes too.
            self.below.entry(tree.name).or_default().entries.extend(draft.entries);
        }
        Ok(self.below.iter_mut().find(|(name, _)| is_hex(name, fan)).map(|(_, directory)| directory))
    }

    /// Writes what was touched; directories that have become empty are left out.
    pub(super) fn write(mut self, objects: &Objects) -> Result<Oid, ForgeError> {
        for (name, directory) in std::mem::take(&mut self.below) {
            if !directory.is_empty() {
                let id = directory.write(objects)?;
                self.entries.push(Entry { mode: b"40000".to_vec(), name, id });
            }
        }
        objects.write_tree(self.entries)
    }

    fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.below.values().all(Self::is_empty)
    }
}
