//! What a directory ever held: every blob, in every commit of a history.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::{GitError, ObjectId, Repository};
use crate::model::{CommitId, FilePath};

impl Repository {
    /// Every document that ever stood under `root`/`directory` in the history of `tip`: each path with each of its blobs,
    /// once. Commits in which the directory is as in a parent are passed over.
    ///
    /// # Errors
    /// [`GitError::Missing`] in a shallow clone: what once was cannot be known there.
    pub fn ever_added(&self, tip: CommitId, root: &str, directory: &str) -> Result<Vec<(FilePath, ObjectId)>, GitError> {
        self.ever_added_since(&[], tip, root, directory)
    }

    /// As [`Repository::ever_added`], but only in the commits that `known` do not reach: for a caller that remembers what
    /// it found there.
    ///
    /// # Errors
    /// As [`Repository::ever_added`].
    pub fn ever_added_since(
        &self,
        known: &[CommitId],
        tip: CommitId,
        root: &str,
        directory: &str,
    ) -> Result<Vec<(FilePath, ObjectId)>, GitError> {
        let path = format!("{}/{directory}", root.trim_matches('/'));
        let prefix = format!("{directory}/");
        let mut found = BTreeSet::new();
        let mut directories: HashMap<ObjectId, Option<ObjectId>> = HashMap::new();
        let mut compared: HashSet<(Option<ObjectId>, Option<ObjectId>)> = HashSet::new();
        let mut seen: HashSet<CommitId> = HashSet::new();
        let mut stack = vec![tip];
        for known in known {
            // Walking from what is known would find nothing new, so it ends there.
            seen.insert(*known);
        }
        while let Some(id) = stack.pop() {
            if !seen.insert(id) {
                continue;
            }
            let links = self.links(id)?;
            let here = self.directory_in(links.tree, &path, &mut directories)?;
            let mut before = None;
            let mut as_in_a_parent = false;
            for (index, parent) in links.parents.iter().enumerate() {
                let tree = self.tree_of(*parent)?;
                let there = self.directory_in(tree, &path, &mut directories)?;
                as_in_a_parent |= there == here;
                if index == 0 {
                    before = there;
                }
            }
            if !as_in_a_parent && compared.insert((before, here)) {
                let changes = self.changes_of_directory(before, here, &prefix)?;
                if changes.truncated {
                    return Err(GitError::TooLarge {
                        what: format!("directory `{directory}`"),
                        size: usize::MAX,
                        limit: changes.files.len(),
                    });
                }
                found.extend(changes.files.into_iter().filter_map(|f| Some((f.path, f.after?))));
            }
            stack.extend(links.parents);
        }
        Ok(found.into_iter().collect())
    }

    fn directory_in(
        &self,
        tree: ObjectId,
        path: &str,
        known: &mut HashMap<ObjectId, Option<ObjectId>>,
    ) -> Result<Option<ObjectId>, GitError> {
        if let Some(found) = known.get(&tree) {
            return Ok(*found);
        }
        let found = self.subtree(Some(tree), path)?.directory;
        known.insert(tree, found);
        Ok(found)
    }
}
