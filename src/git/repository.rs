//! Opening a repository, and what its refs name.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use git2::{ErrorCode, ObjectType, RepositoryOpenFlags};

use super::recent::Recent;
use super::{GitError, ObjectId};
use crate::model::CommitId;

/// Objects in memory, by id.
pub(super) type Objects = HashMap<ObjectId, (ObjectType, Arc<[u8]>)>;

/// A repository, open for reading. Cheap to open; open one for each thread or task.
///
/// Merge results live in memory, in this value alone, and go with it: a tree made by [`Repository::merge`] is known to no
/// other `Repository`, and nothing of it is written to the disk.
pub struct Repository {
    pub(super) repo: git2::Repository,
    /// Directories of objects beside the repository's own: a push's quarantine.
    borrowed: Vec<PathBuf>,
    /// What was merged in memory.
    pub(super) merged: RefCell<Objects>,
    pub(super) recent: RefCell<Recent>,
    pub(super) failed: Cell<bool>,
    pub(super) objects_read: Cell<usize>,
}

impl std::fmt::Debug for Repository {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Repository").field(&self.path()).finish()
    }
}

impl Repository {
    /// Opens the repository at `path`: a bare repository, a `.git` directory or file, or the top of a work tree.
    ///
    /// As `git` does, a repository that belongs to another user is refused unless `safe.directory` in the user's or the
    /// system's git configuration names it; the error says so.
    ///
    /// # Errors
    /// [`GitError::NotARepository`], or [`GitError::Unsupported`] for reftable, SHA-256, partial clones and foreign owners.
    pub fn open(path: &Path) -> Result<Self, GitError> {
        Self::open_with(path, &[])
    }

    /// As [`Repository::open`], and looks for objects in these directories too. So a hook sees what a push has brought:
    /// until the push is accepted its objects lie in a quarantine of their own.
    ///
    /// # Errors
    /// As [`Repository::open`].
    pub fn open_with(path: &Path, objects: &[PathBuf]) -> Result<Self, GitError> {
        refuse_unreadable_formats(path)?;
        let none: [&str; 0] = [];
        let repo = git2::Repository::open_ext(path, RepositoryOpenFlags::NO_SEARCH, none).map_err(|e| opening(path, e))?;
        Self::over(repo, objects)
    }

    /// Another handle on the same repository and the same objects, those that were merged in memory aside.
    ///
    /// # Errors
    /// As [`Repository::open`].
    pub fn again(&self) -> Result<Self, GitError> {
        Self::open_with(self.path(), &self.borrowed)
    }

    /// Opens the repository that `path` lies in, looking upwards as `git` does.
    ///
    /// # Errors
    /// As [`Repository::open`].
    pub fn discover(path: &Path) -> Result<Self, GitError> {
        let mut at = path.to_path_buf();
        if at.is_relative() {
            at = std::path::absolute(path).map_err(|source| GitError::File { path: path.to_path_buf(), source })?;
        }
        // Looking upwards ourselves, so that a repository in a format that cannot be read is named, not passed by.
        for candidate in at.ancestors() {
            if candidate.join(".git").exists() || git_dir(candidate).is_some() {
                return Self::open(candidate);
            }
        }
        Err(GitError::NotARepository(path.to_path_buf()))
    }

    fn over(repo: git2::Repository, objects: &[PathBuf]) -> Result<Self, GitError> {
        let store = repo.odb()?;
        for directory in objects {
            let text = directory.to_str().ok_or_else(|| {
                GitError::Refused(format!(
                    "{}: a directory of objects whose path is no UTF-8 cannot be read",
                    directory.display()
                ))
            })?;
            store.add_disk_alternate(text)?;
        }
        // Above every backend on disk: whatever is written through this handle stays in memory.
        store.add_new_mempack_backend(1000)?;
        drop(store);
        Ok(Self {
            repo,
            borrowed: objects.to_vec(),
            merged: RefCell::default(),
            recent: RefCell::default(),
            failed: Cell::new(false),
            objects_read: Cell::new(0),
        })
    }

    /// The git directory.
    pub fn path(&self) -> &Path {
        self.repo.path()
    }

    /// The directory that worktrees of one repository share: objects and refs stand here.
    pub fn common_path(&self) -> &Path {
        self.repo.commondir()
    }

    /// The working tree, unless bare.
    pub fn workdir(&self) -> Option<&Path> {
        self.repo.workdir()
    }

    /// Whether there is no commit on the current branch yet.
    pub fn is_unborn(&self) -> bool {
        self.repo.head().is_err_and(|error| error.code() == ErrorCode::UnbornBranch)
    }

    /// The commit that a revision names, as `git rev-parse REV^{commit}`.
    ///
    /// # Errors
    /// [`GitError::UnknownRevision`] where it names nothing, something ambiguous, or something that is no commit.
    pub fn resolve(&self, rev: &str) -> Result<CommitId, GitError> {
        let unknown = |why: String| GitError::UnknownRevision { rev: rev.to_owned(), why };
        if let Some(id) = CommitId::from_hex(rev) {
            return match self.peel(ObjectId::from(id).oid()?) {
                Ok(commit) => commit.ok_or_else(|| unknown(NO_COMMIT.to_owned())),
                Err(GitError::Missing { .. }) => Err(unknown("no such object; fetch it first, or check the id".to_owned())),
                Err(e) => Err(e),
            };
        }
        match self.repo.revparse_single(rev) {
            Ok(object) => self.peel(object.id())?.ok_or_else(|| unknown(NO_COMMIT.to_owned())),
            Err(e) => Err(unknown(match e.code() {
                ErrorCode::NotFound => "no branch, tag or commit is called so; fetch it first, or check the spelling".to_owned(),
                ErrorCode::Ambiguous => "several objects begin so; write more digits".to_owned(),
                _ => e.message().to_owned(),
            })),
        }
    }

    /// The commit that a ref names by its full name (`refs/heads/main`, `HEAD`), tags peeled; `None` where the ref does
    /// not exist, names a branch that is not born yet, or names no commit.
    ///
    /// # Errors
    /// [`GitError::Missing`] where what it names is not in the store.
    pub fn reference(&self, name: &str) -> Result<Option<CommitId>, GitError> {
        match self.repo.refname_to_id(name) {
            Ok(oid) => self.peel(oid),
            Err(e) if matches!(e.code(), ErrorCode::NotFound | ErrorCode::UnbornBranch | ErrorCode::InvalidSpec) => Ok(None),
            Err(e) => Err(e.into()),
        }
    }

    /// The full name of the ref that is moved when `name` is: itself, or where symbolic refs lead to. It need not exist.
    ///
    /// # Errors
    /// [`GitError::Refused`] where symbolic refs run in circles.
    pub fn leads_to(&self, name: &str) -> Result<String, GitError> {
        /// Git itself follows five.
        const STEPS: usize = 5;
        let mut here = name.to_owned();
        for _ in 0..=STEPS {
            let reference = match self.repo.find_reference(&here) {
                Ok(reference) => reference,
                Err(e) if matches!(e.code(), ErrorCode::NotFound | ErrorCode::InvalidSpec) => return Ok(here),
                Err(e) => return Err(e.into()),
            };
            match reference.symbolic_target()? {
                Some(next) => here = next.to_owned(),
                None => return Ok(here),
            }
        }
        Err(GitError::Refused(format!("the symbolic ref `{}` leads nowhere", name.escape_debug())))
    }

    /// Every ref that begins with `prefix` (`refs/heads/`) and names a commit, in order of name. Refs that name nothing in
    /// the store, or no commit, are left out: one broken ref must not hide the others. Names that are not UTF-8 are
    /// left out too.
    ///
    /// # Errors
    /// [`GitError::Library`] where the refs cannot be read at all.
    pub fn references(&self, prefix: &str) -> Result<Vec<(String, CommitId)>, GitError> {
        let mut found = Vec::new();
        for reference in self.repo.references()? {
            let Ok(reference) = reference else { continue };
            let Ok(name) = reference.name() else { continue };
            if !name.starts_with(prefix) {
                continue;
            }
            let Ok(resolved) = reference.resolve() else { continue };
            let Some(oid) = resolved.target() else { continue };
            if let Ok(Some(commit)) = self.peel(oid) {
                found.push((name.to_owned(), commit));
            }
        }
        found.sort();
        Ok(found)
    }

    /// `user.email` of git's configuration: whom a working tree belongs to.
    pub fn current_user_email(&self) -> Option<String> {
        let config = self.repo.config().ok()?;
        let email = config.get_string("user.email").ok()?;
        (!email.trim().is_empty()).then(|| email.trim().to_owned())
    }

    /// Follows tags to a commit; `None` where there is a tree or a blob at the end.
    fn peel(&self, oid: git2::Oid) -> Result<Option<CommitId>, GitError> {
        let id = ObjectId::try_from(oid)?;
        match self.repo.odb()?.read_header(oid) {
            Ok((_, ObjectType::Commit)) => return Ok(Some(CommitId(id.0))),
            Ok((_, ObjectType::Tag)) => {}
            Ok(_) => return Ok(None),
            Err(e) if e.code() == ErrorCode::NotFound => {
                return Err(GitError::Missing { id, shallow: self.repo.is_shallow() });
            }
            Err(e) => return Err(e.into()),
        }
        let object = self.repo.find_object(oid, None)?;
        match object.peel(ObjectType::Commit) {
            Ok(commit) => Ok(Some(CommitId(ObjectId::try_from(commit.id())?.0))),
            Err(_) => Ok(None),
        }
    }
}

const NO_COMMIT: &str = "it is no commit and leads to none";

/// The git directory of `path`, if it looks like one from outside: `path` itself, its `.git`, or where its `.git` file points.
fn git_dir(path: &Path) -> Option<PathBuf> {
    let is_git_dir = |p: &Path| p.join("HEAD").exists() && (p.join("objects").exists() || p.join("commondir").exists());
    let dot_git = path.join(".git");
    for file in [path, dot_git.as_path()] {
        if file.is_file() {
            let text = std::fs::read_to_string(file).ok()?;
            let target = text.strip_prefix("gitdir:")?.trim();
            return Some(file.parent()?.join(target));
        }
    }
    [dot_git, path.to_path_buf()].into_iter().find(|p| is_git_dir(p))
}

/// Refuses what libgit2 would misread or refuse without saying what to do.
fn refuse_unreadable_formats(path: &Path) -> Result<(), GitError> {
    let Some(git_dir) = git_dir(path) else { return Ok(()) };
    let common = match std::fs::read_to_string(git_dir.join("commondir")) {
        Ok(text) => git_dir.join(text.trim()),
        Err(_) => git_dir,
    };
    let Ok(config) = git2::Config::open(&common.join("config")) else { return Ok(()) };
    let extension = |name: &str| config.get_string(&format!("extensions.{name}")).ok().map(|v| v.to_lowercase());
    let unsupported = |why: &str| Err(GitError::Unsupported { path: path.to_path_buf(), why: why.to_owned() });
    if extension("objectformat").is_some_and(|f| f != "sha1") {
        return unsupported(
            "its objects are named by SHA-256, and only SHA-1 repositories can be read; keep the catalog in a repository made with `git init --object-format=sha1`",
        );
    }
    if extension("refstorage").is_some_and(|f| f != "files") {
        return unsupported(
            "its refs are kept in a reftable, which cannot be read; convert them with `git refs migrate --ref-format=files`",
        );
    }
    if extension("partialclone").is_some() {
        return unsupported("it is a partial clone, in which objects may be missing; clone it again without `--filter`");
    }
    Ok(())
}

fn opening(path: &Path, e: git2::Error) -> GitError {
    match e.code() {
        ErrorCode::NotFound => GitError::NotARepository(path.to_path_buf()),
        ErrorCode::Owner => GitError::Unsupported {
            path: path.to_path_buf(),
            why: format!(
                "it belongs to another user; if you trust it, run `git config --global --add safe.directory {}`",
                path.display()
            ),
        },
        _ if e.message().contains("unsupported extension") => GitError::Unsupported {
            path: path.to_path_buf(),
            why: format!("{}; only plain SHA-1 repositories can be read", e.message()),
        },
        _ => GitError::Library(e),
    }
}
