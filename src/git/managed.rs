//! Which parts of a tree belong to the catalog.

use crate::model::Kind;

/// Whether this name at the catalog's root is a directory that holds documents.
pub(super) fn is_managed_directory(name: &[u8]) -> bool {
    Kind::WITH_DIRECTORY.iter().any(|k| k.directory().as_bytes() == name)
}

/// Whether this name at the catalog's root is the catalog's own policy.
pub(super) fn is_policy(name: &[u8]) -> bool {
    name == Kind::Policy.directory().as_bytes()
}

/// Whether a file under a managed directory is a document.
pub(super) fn is_document(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.rsplit_once('.').is_some_and(|(_, extension)| matches!(extension, "yaml" | "yml" | "json"))
}
