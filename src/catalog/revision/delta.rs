//! What happens to files from one revision to the next.

use crate::catalog::{PackedEntity, PackedFile, ParsedFile};
use crate::model::{FilePath, Finding};

/// What happens to one file between two revisions.
#[derive(Clone, Debug)]
pub enum FileDelta {
    /// The file is new, or has new content.
    Put(Box<ParsedFile>),
    /// The same, of which only what a catalog holds is kept: what many files are made into.
    Packed(Box<PackedFile>),
    /// The same for a file that holds one entity, is called by it, and has nothing wrong with it.
    Entity(PackedEntity),
    /// The file is gone.
    Remove(FilePath),
}

impl FileDelta {
    /// The file is new, or has new content.
    pub fn put(file: ParsedFile) -> Self {
        Self::Put(Box::new(file))
    }

    /// The file.
    pub fn path(&self) -> FilePath {
        match self {
            Self::Put(file) => file.path.clone(),
            Self::Packed(file) => file.path.clone(),
            Self::Entity(entity) => entity.file(),
            Self::Remove(path) => path.clone(),
        }
    }

    /// What is wrong in the file by itself.
    pub fn into_findings(self) -> Vec<Finding> {
        match self {
            Self::Put(file) => file.findings,
            Self::Packed(file) => file.findings,
            Self::Entity(_) | Self::Remove(_) => Vec::new(),
        }
    }
}
