//! Which parts of a tree belong to the catalog.

use crate::catalog::kind_of;
use crate::model::{FilePath, Kind};

/// Whether this name at the catalog's root is a directory that holds documents.
pub(super) fn is_managed_directory(name: &[u8]) -> bool {
    Kind::WITH_DIRECTORY.iter().any(|k| k.directory().as_bytes() == name)
}

/// Whether this name at the catalog's root is the catalog's own policy.
pub(super) fn is_policy(name: &[u8]) -> bool {
    name == Kind::Policy.directory().as_bytes()
}

/// Whether the catalog reads this file.
pub(super) fn is_document(path: &FilePath) -> bool {
    kind_of(path).is_some()
}
