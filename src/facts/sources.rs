//! The text of files as they were judged, for whoever draws a finding.

use crate::git::{Blob, ObjectId};
use crate::model::FilePath;

use super::handles::Handle;

/// Reads a file as the proposal has it, or as base had it where the proposal removed it.
pub struct Sources {
    repository: Handle,
    trees: Vec<ObjectId>,
    root: String,
    limit: usize,
    working: std::collections::BTreeMap<FilePath, Vec<u8>>,
}

impl Sources {
    pub(super) fn new(repository: Handle, trees: Vec<ObjectId>, root: &str, limit: usize) -> Self {
        Self { repository, trees, root: root.to_owned(), limit, working: std::collections::BTreeMap::new() }
    }

    pub(super) fn with_working_files(mut self, files: impl IntoIterator<Item = (FilePath, Vec<u8>)>) -> Self {
        self.working.extend(files);
        self
    }

    /// The file's bytes; `None` where it is in neither, is too large, or cannot be read.
    pub fn read(&self, path: &FilePath) -> Option<Vec<u8>> {
        if let Some(bytes) = self.working.get(path) {
            return Some(bytes.clone());
        }
        self.trees.iter().find_map(|tree| {
            let id = self.repository.file_at(*tree, &self.root, path).ok()??;
            match self.repository.blob(id, self.limit).ok()? {
                Blob::Content(bytes) => Some(bytes),
                Blob::TooLarge(_) => None,
            }
        })
    }
}
