//! Notes on commits, as `git notes` keeps them: files in a tree, named by the commit that they are on, in directories of two digits or in none.

use super::{Blob, GitError, ObjectId, Repository, Writer};
use crate::model::{CommitId, FilePath};

/// Directories that git puts a note into as its notes grow in number.
const DEPTHS: usize = 4;

/// The names that a note on a commit may have in its tree.
fn names(commit: CommitId) -> Vec<String> {
    let hex = commit.to_string();
    let mut names = vec![hex.clone()];
    let (mut directories, mut rest) = (String::new(), hex.as_str());
    for _ in 1..DEPTHS {
        let Some((fan, deeper)) = rest.split_at_checked(2) else { break };
        directories = format!("{directories}{fan}/");
        rest = deeper;
        names.push(format!("{directories}{rest}"));
    }
    names
}

impl Repository {
    /// The note on a commit, by the commit that a notes ref names; of several the first, `None` where there is none or one larger than `most`
    /// bytes.
    ///
    /// # Errors
    /// [`GitError::Missing`] or [`GitError::Malformed`] where a tree cannot be read.
    pub fn note(&self, notes: CommitId, commit: CommitId, most: usize) -> Result<Option<Vec<u8>>, GitError> {
        let tree = self.tree_of(notes)?;
        for name in names(commit) {
            if let Some(blob) = self.file_at(tree, "", &FilePath::new(&name))? {
                return Ok(match self.blob(blob, most)? {
                    Blob::Content(bytes) => Some(bytes),
                    Blob::TooLarge(_) => None,
                });
            }
        }
        Ok(None)
    }
}

impl Writer {
    /// The notes tree in which a commit has this note and no other. Notes on other commits stay as they are.
    ///
    /// # Errors
    /// As [`Writer::tree_with`].
    pub fn tree_with_note(&self, tree: Option<ObjectId>, commit: CommitId, text: &[u8]) -> Result<ObjectId, GitError> {
        let names = names(commit);
        let mut at = tree;
        let mut there = None;
        for name in &names {
            let Some(tree) = at else { break };
            if self.reader().file_at(tree, "", &FilePath::new(name))?.is_some() {
                at = Some(self.tree_with(Some(tree), name, None)?);
                there = there.or(Some(name));
            }
        }
        // A new note goes one level deep: git itself reads at any depth.
        let name = there.or(names.get(1)).map_or("", String::as_str);
        self.tree_with(at, name, Some(self.blob(text)?))
    }
}
