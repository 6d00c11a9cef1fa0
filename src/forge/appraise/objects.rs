//! Objects and refs as notes need them: raw trees and commits read within bounds, and refs that move only from where they were seen.

use std::cell::RefCell;
use std::collections::{HashSet, VecDeque};
use std::path::Path;
use std::time::Duration;

use git2::{ErrorClass, ErrorCode, ObjectType, Oid, Repository, RepositoryOpenFlags};

use crate::forge::ForgeError;
use crate::model::CommitId;

/// The largest tree that is read, in bytes: about a million entries.
const TREE: usize = 64 << 20;
/// The largest commit that is read, in bytes.
const COMMIT: usize = 1 << 20;

/// How old the lock of a ref must be before nobody is thought to hold it; one is held for milliseconds.
const ABANDONED: Duration = Duration::from_secs(10);

/// The object store and the refs of one repository.
pub(super) struct Objects {
    repo: Repository,
    /// What was found to be a commit. It stays one for as long as this is open, which is not for long.
    commits: RefCell<HashSet<Oid>>,
}

/// One entry of a tree, exactly as it is written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Entry {
    pub(super) mode: Vec<u8>,
    pub(super) name: Vec<u8>,
    pub(super) id: Oid,
}

impl Entry {
    pub(super) fn is_tree(&self) -> bool {
        self.mode == b"40000"
    }

    /// Where git sorts it: a directory as if its name ended in a slash.
    pub(super) fn sort_key(&self) -> Vec<u8> {
        let mut key = self.name.clone();
        if self.is_tree() {
            key.push(b'/');
        }
        key
    }
}

/// What the walk through history needs of a commit.
#[derive(Clone, Debug)]
pub(super) struct Links {
    pub(super) tree: Oid,
    pub(super) parents: Vec<Oid>,
    /// The committer line's time, in seconds.
    pub(super) time: i64,
}

/// Whether a ref could be moved.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Moved {
    /// It stands where we put it.
    Yes,
    /// Somebody else has moved it, or is just about to.
    Contended,
}

impl Objects {
    pub(super) fn open(path: &Path) -> Result<Self, ForgeError> {
        let none: [&str; 0] = [];
        let repo = Repository::open_ext(path, RepositoryOpenFlags::NO_SEARCH, none).map_err(|e| failure(&e))?;
        Ok(Self { repo, commits: RefCell::default() })
    }

    /// The commit a ref names; `None` where there is no such ref, or it names something else.
    pub(super) fn reference(&self, name: &str) -> Result<Option<Oid>, ForgeError> {
        match self.repo.refname_to_id(name) {
            Ok(id) => Ok(self.is_commit(id).then_some(id)),
            Err(e) if matches!(e.code(), ErrorCode::NotFound | ErrorCode::InvalidSpec) => Ok(None),
            Err(e) => Err(failure(&e)),
        }
    }

    /// The commits that refs below `prefix` name.
    pub(super) fn references(&self, prefix: &str) -> Result<Vec<Oid>, ForgeError> {
        let found = self.repo.references_glob(&format!("{prefix}*")).map_err(|e| failure(&e))?;
        Ok(found.flatten().filter_map(|r| r.target()).filter(|id| self.is_commit(*id)).collect())
    }

    /// Whether the store holds a commit by this id.
    pub(super) fn is_commit(&self, id: Oid) -> bool {
        if self.commits.borrow().contains(&id) {
            return true;
        }
        let found = matches!(self.repo.odb().and_then(|odb| odb.read_header(id)), Ok((_, ObjectType::Commit)));
        if found {
            self.commits.borrow_mut().insert(id);
        }
        found
    }

    /// Moves a ref from where it was seen; `from` is `None` where it must not exist yet.
    pub(super) fn move_reference(&self, name: &str, from: Option<Oid>, to: Oid, why: &str) -> Result<Moved, ForgeError> {
        let moved = match from {
            Some(from) => self.repo.reference_matching(name, to, true, from, why),
            None => self.repo.reference(name, to, false, why),
        };
        match moved {
            Ok(_) => Ok(Moved::Yes),
            Err(e) if matches!(e.code(), ErrorCode::Modified | ErrorCode::Exists | ErrorCode::Locked | ErrorCode::NotFound) => {
                Ok(Moved::Contended)
            }
            Err(e) => Err(failure(&e)),
        }
    }

    /// Removes the lock of a ref that has not changed for [`ABANDONED`]: whoever took it was killed, and no one else ever would.
    /// Says whether there was one.
    pub(super) fn break_abandoned_lock(&self, name: &str) -> bool {
        let lock = self.repo.commondir().join(format!("{name}.lock"));
        let age = std::fs::metadata(&lock).and_then(|data| data.modified()).ok().and_then(|at| at.elapsed().ok());
        age.is_some_and(|age| age >= ABANDONED) && std::fs::remove_file(&lock).is_ok()
    }

    /// Whether `ancestor` is `of` or is reached from it.
    pub(super) fn is_ancestor(&self, ancestor: Oid, of: Oid) -> Result<bool, ForgeError> {
        Ok(ancestor == of || self.repo.graph_descendant_of(of, ancestor).map_err(|e| failure(&e))?)
    }

    /// The same by our own walk, which passes by commits that cannot be read as if they had no past.
    pub(super) fn reaches(&self, from: Oid, ancestor: Oid) -> Result<bool, ForgeError> {
        let mut seen = HashSet::from([from]);
        let mut queue = VecDeque::from([from]);
        while let Some(id) = queue.pop_front() {
            if id == ancestor {
                return Ok(true);
            }
            let parents = self.links(id)?.map(|l| l.parents).unwrap_or_default();
            queue.extend(parents.into_iter().filter(|p| seen.insert(*p)));
        }
        Ok(false)
    }

    /// The commits that `to` reaches and `from` does not.
    pub(super) fn between(&self, from: Oid, to: Oid) -> Result<Vec<Oid>, ForgeError> {
        let walk = || {
            let mut walk = self.repo.revwalk()?;
            walk.push(to)?;
            walk.hide(from)?;
            walk.collect::<Result<Vec<Oid>, git2::Error>>()
        };
        walk().map_err(|e| failure(&e))
    }

    /// A commit's links; `None` where it is malformed or beyond all bounds.
    pub(super) fn links(&self, id: Oid) -> Result<Option<Links>, ForgeError> {
        Ok(self.bounded(id, ObjectType::Commit, COMMIT)?.and_then(|raw| parse_links(&raw)))
    }

    /// A tree's entries; `None` where it is malformed or beyond all bounds.
    pub(super) fn entries(&self, id: Oid) -> Result<Option<Vec<Entry>>, ForgeError> {
        Ok(self.bounded(id, ObjectType::Tree, TREE)?.and_then(|raw| parse_tree(&raw)))
    }

    /// A blob; `None` where it is larger than `max` bytes, or no blob.
    pub(super) fn blob(&self, id: Oid, max: usize) -> Result<Option<Vec<u8>>, ForgeError> {
        self.bounded(id, ObjectType::Blob, max)
    }

    fn bounded(&self, id: Oid, kind: ObjectType, max: usize) -> Result<Option<Vec<u8>>, ForgeError> {
        let read = || {
            let odb = self.repo.odb()?;
            let (size, found) = odb.read_header(id)?;
            if found != kind || size > max {
                return Ok(None);
            }
            Ok(Some(odb.read(id)?.data().to_vec()))
        };
        read().map_err(|e| failure(&e))
    }

    fn write(&self, kind: ObjectType, bytes: &[u8]) -> Result<Oid, ForgeError> {
        self.repo.odb().and_then(|odb| odb.write(kind, bytes)).map_err(|e| failure(&e))
    }

    pub(super) fn write_blob(&self, bytes: &[u8]) -> Result<Oid, ForgeError> {
        self.write(ObjectType::Blob, bytes)
    }

    /// Writes a tree of entries in any order.
    pub(super) fn write_tree(&self, mut entries: Vec<Entry>) -> Result<Oid, ForgeError> {
        entries.sort_by_key(Entry::sort_key);
        let mut raw = Vec::new();
        for entry in entries {
            raw.extend_from_slice(&entry.mode);
            raw.push(b' ');
            raw.extend_from_slice(&entry.name);
            raw.push(0);
            raw.extend_from_slice(entry.id.as_bytes());
        }
        self.write(ObjectType::Tree, &raw)
    }

    pub(super) fn write_commit(&self, tree: Oid, parent: Option<Oid>, who: &str, message: &str) -> Result<Oid, ForgeError> {
        let parent = parent.map(|p| format!("parent {p}\n")).unwrap_or_default();
        let raw = format!("tree {tree}\n{parent}author {who}\ncommitter {who}\n\n{message}\n");
        self.write(ObjectType::Commit, raw.as_bytes())
    }
}

/// Whether the same question may be answered later: objects still being pushed, locks, a full disk.
pub(super) fn failure(error: &git2::Error) -> ForgeError {
    let what = format!("git: {}", error.message());
    if error.code() == ErrorCode::Locked || matches!(error.class(), ErrorClass::Os | ErrorClass::Odb | ErrorClass::Reference) {
        ForgeError::retryable(what)
    } else {
        ForgeError::permanent(what)
    }
}

pub(super) fn oid(id: CommitId) -> Result<Oid, ForgeError> {
    Oid::from_bytes(&id.0).map_err(|e| failure(&e))
}

pub(super) fn commit_id(id: Oid) -> Option<CommitId> {
    id.as_bytes().try_into().ok().map(CommitId)
}

fn parse_links(raw: &[u8]) -> Option<Links> {
    let mut lines = raw.split(|b| *b == b'\n').map_while(|l| std::str::from_utf8(l).ok().filter(|l| !l.is_empty()));
    let tree = Oid::from_str(lines.next()?.strip_prefix("tree ")?).ok()?;
    let mut parents = Vec::new();
    let mut line = lines.next()?;
    while let Some(parent) = line.strip_prefix("parent ") {
        parents.push(Oid::from_str(parent).ok()?);
        line = lines.next()?;
    }
    let time = lines
        .find_map(|l| l.strip_prefix("committer "))
        .and_then(|l| l.rsplit_once('>')?.1.split_whitespace().next()?.parse().ok())
        .unwrap_or_default();
    Some(Links { tree, parents, time })
}

fn parse_tree(raw: &[u8]) -> Option<Vec<Entry>> {
    let mut entries = Vec::new();
    let mut rest = raw;
    while !rest.is_empty() {
        let space = rest.iter().position(|b| *b == b' ')?;
        let (mode, after) = rest.split_at_checked(space)?;
        let end = after.iter().position(|b| *b == 0)?;
        let name = after.get(1..end)?;
        let id = after.get(end + 1..end + 21)?;
        entries.push(Entry { mode: mode.to_vec(), name: name.to_vec(), id: Oid::from_bytes(id).ok()? });
        rest = after.get(end + 21..)?;
    }
    Some(entries)
}
