//! Finds one entry by its path.

use super::listing::Listing;
use super::tree::{Entry, Shape, entries_of};
use super::{GitError, ObjectId, Repository};
use crate::model::FilePath;

/// What stands where a directory was looked for.
#[derive(Default)]
pub(super) struct Found {
    /// The directory; `None` where there is nothing, or something else.
    pub(super) directory: Option<ObjectId>,
    /// What stands there instead.
    pub(super) wrong: Option<String>,
}

impl Repository {
    /// The blob of a document's file, `None` where no regular file stands.
    ///
    /// # Errors
    /// [`GitError::Missing`] or [`GitError::Malformed`] where a tree cannot be read.
    pub fn file_at(&self, tree: ObjectId, root: &str, path: &FilePath) -> Result<Option<ObjectId>, GitError> {
        let Some(top) = self.subtree(Some(tree), root)?.directory else { return Ok(None) };
        let (parent, name) = path.as_str().rsplit_once('/').unwrap_or(("", path.as_str()));
        let Some(directory) = self.subtree(Some(top), parent)?.directory else { return Ok(None) };
        Ok(self.entry(directory, name)?.filter(|(_, shape)| *shape == Shape::Regular).map(|(id, _)| id))
    }

    /// The directory at `path` below `tree`.
    pub(super) fn subtree(&self, tree: Option<ObjectId>, path: &str) -> Result<Found, GitError> {
        let Some(mut at) = tree else { return Ok(Found::default()) };
        for name in path.split('/').filter(|n| !n.is_empty()) {
            match self.entry(at, name)? {
                None => return Ok(Found::default()),
                Some((id, Shape::Directory)) => at = id,
                Some((_, shape)) => {
                    let what = match shape {
                        Shape::Symlink => "is a symbolic link, which is never followed",
                        Shape::Gitlink => "is a submodule, and the catalog is read from one repository alone",
                        _ => "is a file",
                    };
                    return Ok(Found { directory: None, wrong: Some(what.to_owned()) });
                }
            }
        }
        Ok(Found { directory: Some(at), wrong: None })
    }

    fn entry(&self, tree: ObjectId, name: &str) -> Result<Option<(ObjectId, Shape)>, GitError> {
        let raw = self.raw_tree(tree)?;
        let mut named: Vec<Entry<'_>> = entries_of(tree, &raw)?;
        named.retain(|e| e.name == name.as_bytes());
        Ok(Listing::of(named).usable().first().map(|e| (e.id, e.shape())))
    }
}
