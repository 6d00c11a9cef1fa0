//! Reads the working tree as it stands, and what of it differs from a commit: no filters, no links, no index needed.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};

use git2::{ObjectType, Oid};

use super::budget::Budget;
use super::listing::Listing;
use super::name::shown;
use super::tree::Entry;
use super::{Blob, GitError, ObjectId, Repository, hygiene, managed};
use crate::model::{FilePath, Finding};

/// The index marks a file that a sparse checkout leaves out.
const SKIP_WORKTREE: u16 = 1 << 14;

/// One document's file that differs from the commit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WorktreeFile {
    /// The path, relative to the catalog's root.
    pub path: FilePath,
    /// The blob in the commit.
    pub before: Option<ObjectId>,
    /// The file as it stands; `None` where it is gone.
    pub after: Option<Blob>,
}

/// What of the working tree differs.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct WorktreeChanges {
    /// The documents' files, in order of path.
    pub files: Vec<WorktreeFile>,
    /// What no commit of them would be allowed to carry (`git/*`).
    pub findings: Vec<Finding>,
}

struct Scan<'r> {
    repository: &'r Repository,
    index: Option<git2::Index>,
    /// When the index was written: what it says of files touched since is not to be believed.
    index_written: Option<(i64, i64)>,
    /// The work tree's top.
    top: PathBuf,
    /// The catalog's root below it, with a slash at the end, or empty.
    root: String,
    base: BTreeMap<FilePath, ObjectId>,
    max_bytes: usize,
    believes_modes: bool,
    out: WorktreeChanges,
}

impl Repository {
    /// The documents of the working tree that differ from `base_tree` (`None`: all of them), read as they stand, each up to
    /// `max_bytes`. Files that are neither in the tree nor in the index and that `.gitignore` names are left out.
    ///
    /// # Errors
    /// [`GitError::Refused`] for a bare repository; [`GitError::File`] where a file cannot be read.
    pub fn worktree_changes(
        &self,
        base_tree: Option<ObjectId>,
        root: &str,
        max_bytes: usize,
    ) -> Result<WorktreeChanges, GitError> {
        let Some(top) = self.workdir() else {
            return Err(GitError::Refused("a bare repository has no working tree; name a commit to judge".to_owned()));
        };
        let base = self.changes(None, base_tree, root)?;
        let root = root.trim_matches('/');
        let written = fs::metadata(self.path().join("index")).ok();
        let mut scan = Scan {
            repository: self,
            index: self.repo.index().ok(),
            index_written: written.as_ref().and_then(modified),
            top: top.to_path_buf(),
            root: if root.is_empty() { String::new() } else { format!("{root}/") },
            base: base.files.into_iter().filter_map(|f| Some((f.path, f.after?))).collect(),
            max_bytes,
            believes_modes: self.repo.config().and_then(|c| c.get_bool("core.filemode")).unwrap_or(true),
            out: WorktreeChanges::default(),
        };
        match linked(&scan.top, root) {
            true => scan.out.findings.push(hygiene::not_a_root(root, "is a symbolic link, which is never followed")),
            false => scan.directory("", 0)?,
        }
        // What is left was not met.
        for (path, before) in std::mem::take(&mut scan.base) {
            if !scan.is_left_out(&path) {
                scan.out.files.push(WorktreeFile { path, before: Some(before), after: None });
            }
        }
        scan.out.files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(scan.out)
    }
}

/// Whether the way from the top to the catalog's root leads over a symbolic link.
fn linked(top: &Path, root: &str) -> bool {
    let mut at = top.to_path_buf();
    root.split('/').filter(|part| !part.is_empty()).any(|part| {
        at.push(part);
        at.is_symlink()
    })
}

impl Scan<'_> {
    /// `prefix` is relative to the catalog's root, with a slash at the end, or empty for the root itself.
    fn directory(&mut self, prefix: &str, depth: usize) -> Result<(), GitError> {
        let directory = self.top.join(&self.root).join(prefix);
        if depth > Budget::DEPTH {
            self.out.findings.push(hygiene::too_deep(prefix));
            return Ok(());
        }
        let list = match fs::read_dir(&directory) {
            Ok(list) => list,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(source) => return Err(GitError::File { path: directory, source }),
        };
        let mut names = Vec::new();
        for entry in list {
            let entry = entry.map_err(|source| GitError::File { path: directory.clone(), source })?;
            names.push(entry.file_name());
        }
        names.sort();
        let mut listed: Vec<(Vec<u8>, u32)> = Vec::new();
        for name in names {
            let bytes = name.as_encoded_bytes();
            let here = depth > 0 || managed::is_managed_directory(bytes) || managed::is_policy(bytes);
            let path = directory.join(&name);
            let Some(metadata) = (if here { self.look(&path)? } else { None }) else { continue };
            let text = format!("{prefix}{}", shown(bytes));
            if !self.belongs(&text, &metadata) {
                continue;
            }
            listed.push((bytes.to_vec(), mode(&metadata, self.believes_modes)));
            if std::str::from_utf8(bytes).is_err() {
                continue;
            }
            self.entry(&path, &text, &metadata, depth)?;
        }
        let entries: Vec<Entry<'_>> =
            listed.iter().map(|(name, mode)| Entry { mode: *mode, name, id: ObjectId([0; 20]) }).collect();
        let mut in_order = entries;
        in_order.sort_by(Entry::order);
        hygiene::inspect(&Listing::of(Vec::new()), &Listing::of(in_order), prefix, depth > 0, &mut self.out.findings);
        Ok(())
    }

    fn entry(&mut self, path: &Path, text: &str, metadata: &Metadata, depth: usize) -> Result<(), GitError> {
        let name = text.as_bytes();
        let directory_may = depth > 0 || managed::is_managed_directory(name);
        let file_may = depth > 0 || managed::is_policy(name);
        let mode = mode(metadata, self.believes_modes);
        let shape = if metadata.is_dir() && path.join(".git").exists() {
            super::tree::Shape::Gitlink
        } else {
            Entry { mode, name, id: ObjectId([0; 20]) }.shape()
        };
        if let Some(finding) = hygiene::wrong_shape(shape, text, directory_may, file_may) {
            self.out.findings.push(finding);
            return Ok(());
        }
        if metadata.is_dir() {
            return self.directory(&format!("{text}/"), depth + 1);
        }
        let file = FilePath::new(text);
        if !managed::is_document(&file) {
            return Ok(());
        }
        self.document(path, file, metadata)
    }

    fn document(&mut self, path: &Path, file: FilePath, metadata: &Metadata) -> Result<(), GitError> {
        let before = self.base.remove(&file);
        if before.is_some_and(|id| self.is_untouched(&file, id, metadata)) {
            return Ok(());
        }
        let size = usize::try_from(metadata.len()).unwrap_or(usize::MAX);
        let failed = |source| GitError::File { path: path.to_path_buf(), source };
        let (now, after) = if size > self.max_bytes {
            (Oid::hash_file(ObjectType::Blob, path)?, Blob::TooLarge(size))
        } else {
            let bytes = fs::read(path).map_err(failed)?;
            (Oid::hash_object(ObjectType::Blob, &bytes)?, Blob::Content(bytes))
        };
        if before != Some(ObjectId::try_from(now)?) {
            self.out.files.push(WorktreeFile { path: file, before, after: Some(after) });
        }
        Ok(())
    }

    fn look(&self, path: &Path) -> Result<Option<Metadata>, GitError> {
        match fs::symlink_metadata(path) {
            Ok(metadata) => Ok(Some(metadata)),
            // Gone since the directory was listed.
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(GitError::File { path: path.to_path_buf(), source }),
        }
    }

    /// Whether git would commit it: known already, or not ignored. Sockets and pipes it never does.
    fn belongs(&self, path: &str, metadata: &Metadata) -> bool {
        let kind = metadata.file_type();
        if !(kind.is_file() || kind.is_dir() || kind.is_symlink()) {
            return false;
        }
        let inside = format!("{}{path}", self.root);
        let in_index = |p: &str| self.index.as_ref().is_some_and(|i| i.get_path(Path::new(p), 0).is_some());
        if kind.is_dir() {
            // An ignored directory may still hold files that were added by force.
            return true;
        }
        self.base.contains_key(&FilePath::new(path))
            || in_index(&inside)
            || !self.repository.repo.is_path_ignored(Path::new(&inside)).unwrap_or(false)
    }

    /// Whether a sparse checkout leaves the file out on purpose.
    fn is_left_out(&self, path: &FilePath) -> bool {
        let inside = format!("{}{path}", self.root);
        let entry = self.index.as_ref().and_then(|i| i.get_path(Path::new(&inside), 0));
        entry.is_some_and(|e| e.flags_extended & SKIP_WORKTREE != 0)
    }

    /// Whether the index vouches that the file still is what `id` names, so that it need not be read.
    fn is_untouched(&self, path: &FilePath, id: ObjectId, metadata: &Metadata) -> bool {
        let inside = format!("{}{path}", self.root);
        let Some(entry) = self.index.as_ref().and_then(|i| i.get_path(Path::new(&inside), 0)) else { return false };
        let known = (i64::from(entry.mtime.seconds()), i64::from(entry.mtime.nanoseconds()));
        // A file changed within the same tick as the index was written looks untouched.
        let settled = self.index_written.is_some_and(|written| known < written);
        settled
            && entry.id.as_bytes() == id.0.as_slice()
            && modified(metadata) == Some(known)
            && u64::from(entry.file_size) == metadata.len()
            && inode(metadata).is_none_or(|inode| inode == entry.ino)
    }
}

#[cfg(unix)]
fn mode(metadata: &Metadata, believes_modes: bool) -> u32 {
    use std::os::unix::fs::MetadataExt;
    if metadata.is_symlink() {
        0o120_000
    } else if metadata.is_dir() {
        0o40_000
    } else if believes_modes && metadata.mode() & 0o100 != 0 {
        0o100_755
    } else {
        0o100_644
    }
}

#[cfg(not(unix))]
fn mode(metadata: &Metadata, _: bool) -> u32 {
    if metadata.is_symlink() {
        0o120_000
    } else if metadata.is_dir() {
        0o40_000
    } else {
        0o100_644
    }
}

/// When the file was changed last, in seconds and nanoseconds.
fn modified(metadata: &Metadata) -> Option<(i64, i64)> {
    let since = metadata.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some((i64::try_from(since.as_secs()).ok()?, i64::from(since.subsec_nanos())))
}

#[cfg(unix)]
fn inode(metadata: &Metadata) -> Option<u32> {
    use std::os::unix::fs::MetadataExt;
    // The index keeps the lower half only.
    u32::try_from(metadata.ino() & u64::from(u32::MAX)).ok()
}

#[cfg(not(unix))]
fn inode(_: &Metadata) -> Option<u32> {
    None
}
