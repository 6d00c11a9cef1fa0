//! Names of objects, and reading them raw from the store with their size known first.

use std::fmt;
use std::sync::Arc;

use git2::{ErrorCode, ObjectType, Oid};

use super::{GitError, Repository};
use crate::model::CommitId;

/// The greatest commit that is read, in bytes: a message longer than this is no message.
const MAX_COMMIT: usize = 4 << 20;
/// The greatest tree that is read, in bytes: a directory of about four million files.
const MAX_TREE: usize = 256 << 20;

/// A tree or a blob, by its SHA-1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId(pub [u8; 20]);

impl ObjectId {
    pub(super) fn oid(self) -> Result<Oid, GitError> {
        Ok(Oid::from_bytes(&self.0)?)
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<CommitId> for ObjectId {
    fn from(id: CommitId) -> Self {
        Self(id.0)
    }
}

impl TryFrom<Oid> for ObjectId {
    type Error = GitError;

    fn try_from(oid: Oid) -> Result<Self, GitError> {
        let bytes = oid.as_bytes().try_into().map_err(|_| git2::Error::from_str("an object id is not twenty bytes long"))?;
        Ok(Self(bytes))
    }
}

/// A blob, unless it is larger than the caller wants.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Blob {
    /// Its bytes.
    Content(Vec<u8>),
    /// Its size in bytes; it was not read.
    TooLarge(usize),
}

impl Repository {
    /// Reads a blob, the size header first.
    ///
    /// # Errors
    /// [`GitError::Missing`], or [`GitError::Malformed`] where the object is no blob.
    pub fn blob(&self, id: ObjectId, max: usize) -> Result<Blob, GitError> {
        match self.bounded(id, ObjectType::Blob, max) {
            Ok(bytes) => Ok(Blob::Content(bytes.into())),
            Err(GitError::TooLarge { size, .. }) => Ok(Blob::TooLarge(size)),
            Err(e) => Err(e),
        }
    }

    pub(super) fn raw_tree(&self, id: ObjectId) -> Result<Arc<[u8]>, GitError> {
        self.often_read(id, ObjectType::Tree, MAX_TREE)
    }

    pub(super) fn raw_commit(&self, id: CommitId) -> Result<Arc<[u8]>, GitError> {
        self.often_read(id.into(), ObjectType::Commit, MAX_COMMIT)
    }

    /// What one judgement after the other reads again: kept for a while.
    fn often_read(&self, id: ObjectId, kind: ObjectType, limit: usize) -> Result<Arc<[u8]>, GitError> {
        if let Some(bytes) = self.recent.borrow_mut().get(kind, id) {
            return Ok(bytes);
        }
        let bytes: Arc<[u8]> = match self.bounded(id, kind, limit)? {
            Bytes::Merged(bytes) => return Ok(bytes),
            Bytes::Read(bytes) => bytes.into(),
        };
        self.recent.borrow_mut().put(kind, id, &bytes);
        Ok(bytes)
    }

    fn bounded(&self, id: ObjectId, kind: ObjectType, limit: usize) -> Result<Bytes, GitError> {
        let wrong =
            |found: ObjectType| GitError::malformed(id, format!("a {} stands where a {} belongs", found.str(), kind.str()));
        if let Some((found, bytes)) = self.merged.borrow().get(&id) {
            return if *found == kind { Ok(Bytes::Merged(bytes.clone())) } else { Err(wrong(*found)) };
        }
        self.objects_read.set(self.objects_read.get().saturating_add(1));
        let odb = self.repo.odb()?;
        let oid = id.oid()?;
        let (size, found) = odb.read_header(oid).map_err(|e| self.lookup_error(id, e))?;
        if found != kind {
            return Err(wrong(found));
        }
        if size > limit {
            return Err(GitError::TooLarge { what: format!("{} {id}", kind.str()), size, limit });
        }
        Ok(Bytes::Read(odb.read(oid).map_err(|e| self.lookup_error(id, e))?.data().to_vec()))
    }

    /// Sorts what the object store says into missing, broken, and the rest.
    fn lookup_error(&self, id: ObjectId, e: git2::Error) -> GitError {
        self.failed.set(true);
        match (e.code(), e.class()) {
            (ErrorCode::NotFound, _) => GitError::Missing { id, shallow: self.repo.is_shallow() },
            (ErrorCode::HashsumMismatch, _) | (_, git2::ErrorClass::Zlib) => GitError::malformed(id, e.message()),
            _ => GitError::Library(e),
        }
    }

    /// Keeps an object in memory only, until [`Repository::forget_merges`] or for as long as this repository is open.
    pub(super) fn remember(&self, kind: ObjectType, bytes: &[u8]) -> Result<ObjectId, GitError> {
        let id = Oid::hash_object(kind, bytes)?.try_into()?;
        self.merged.borrow_mut().insert(id, (kind, bytes.into()));
        Ok(id)
    }

    /// Forgets what was merged in memory: for the next who uses it the repository holds what is on disk.
    pub fn forget_merges(&self) {
        self.merged.borrow_mut().clear();
    }

    /// How many objects have been read from the store: git's packs stay mapped in memory where they were read.
    pub fn objects_read(&self) -> usize {
        self.objects_read.get()
    }

    /// Others have read so many by handles beside this one, which share its maps of the packs.
    pub fn count_reads(&self, objects: usize) {
        self.objects_read.set(self.objects_read.get().saturating_add(objects));
    }

    /// Whether something has been looked for in vain, or could not be read: objects may have come by ways that an open handle
    /// does not know.
    pub fn has_failed(&self) -> bool {
        self.failed.get()
    }
}

/// The bytes of an object.
enum Bytes {
    /// Made by a merge.
    Merged(Arc<[u8]>),
    /// Read from the store.
    Read(Vec<u8>),
}

impl From<Bytes> for Vec<u8> {
    fn from(bytes: Bytes) -> Self {
        match bytes {
            Bytes::Merged(bytes) => bytes.to_vec(),
            Bytes::Read(bytes) => bytes,
        }
    }
}
