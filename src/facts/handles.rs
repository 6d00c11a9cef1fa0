//! Open handles on a repository, kept for the next who asks: opening one reads a dozen files of configuration.

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use crate::git::{GitError, Repository};

/// How many idle handles are kept; more are busy at once only for a moment.
const IDLE: usize = 4;

/// After so many objects a handle has mapped most of a large repository, and goes.
const WORN: usize = 20_000;

/// The handles of one repository that nobody uses just now.
#[derive(Debug)]
pub(super) struct Handles {
    path: PathBuf,
    /// Directories of objects beside the repository's own.
    objects: Vec<PathBuf>,
    idle: Mutex<Vec<(Repository, Mark)>>,
}

/// What tells a repository that was put in another's place, or was configured anew.
type Mark = Vec<Option<(u32, u64, SystemTime)>>;

impl Handles {
    pub(super) fn new(path: &Path, objects: &[PathBuf]) -> Arc<Self> {
        Arc::new(Self { path: path.to_owned(), objects: objects.to_vec(), idle: Mutex::default() })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// A handle of one's own, until it is dropped.
    pub(super) fn take(self: &Arc<Self>) -> Result<Handle, GitError> {
        let idle = self.idle().pop();
        let open = match idle {
            Some((repository, mark)) if mark == mark_of(&repository) => (repository, mark),
            Some(_) | None => {
                let repository = Repository::open_with(&self.path, &self.objects)?;
                let mark = mark_of(&repository);
                (repository, mark)
            }
        };
        Ok(Handle { open: Some(open), home: self.clone() })
    }

    fn idle(&self) -> MutexGuard<'_, Vec<(Repository, Mark)>> {
        // A panic while holding it leaves at worst one handle too few.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn mark_of(repository: &Repository) -> Mark {
    use std::os::unix::fs::MetadataExt as _;
    let common = repository.common_path();
    ["config", "objects", "objects/info/alternates"]
        .into_iter()
        .map(|name| {
            let told = std::fs::metadata(common.join(name)).ok()?;
            // A directory changes with all that is put into it; it is another where its number is.
            let changed = if told.is_dir() { SystemTime::UNIX_EPOCH } else { told.modified().ok()? };
            Some((told.uid(), told.ino(), changed))
        })
        .collect()
}

/// A repository for one who asks; what is merged in it lives as long as this.
pub struct Handle {
    /// `None` only while it is dropped.
    open: Option<(Repository, Mark)>,
    home: Arc<Handles>,
}

impl Deref for Handle {
    type Target = Repository;

    #[allow(clippy::expect_used)] // It is taken out by `drop` alone.
    fn deref(&self) -> &Repository {
        &self.open.as_ref().expect("a handle has its repository until it is dropped").0
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // After a failure, or while a panic unwinds, nobody knows what state it is in.
        let good = |(open, _): &(Repository, Mark)| !open.has_failed() && open.objects_read() < WORN && !std::thread::panicking();
        let Some((repository, mark)) = self.open.take().filter(good) else { return };
        repository.forget_merges();
        let mut idle = self.home.idle();
        if idle.len() < IDLE {
            idle.push((repository, mark));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::git::ObjectId;
    use crate::model::CommitId;

    fn git(dir: &Path, words: &[&str]) -> String {
        let who =
            [("GIT_AUTHOR_NAME", "a"), ("GIT_AUTHOR_EMAIL", "a@x"), ("GIT_COMMITTER_NAME", "a"), ("GIT_COMMITTER_EMAIL", "a@x")];
        let mut git = Command::new("git");
        git.arg("-C").arg(dir).args(words).envs(who).envs([("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_NOSYSTEM", "1")]);
        let out = git.output().unwrap();
        assert!(out.status.success(), "git {words:?}: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).unwrap().trim_end().to_owned()
    }

    /// A repository with two branches, each with a file of its own in one directory.
    fn forked(dir: &Path) -> (CommitId, CommitId) {
        let commit = |words: &[&str], file: &str| {
            git(dir, words);
            std::fs::create_dir_all(dir.join("users")).unwrap();
            std::fs::write(dir.join("users").join(file), file).unwrap();
            git(dir, &["add", "-A"]);
            git(dir, &["commit", "-q", "-m", "x"]);
            CommitId::from_hex(&git(dir, &["rev-parse", "HEAD"])).unwrap()
        };
        commit(&["init", "-q", "-b", "main", "."], "base.yaml");
        (commit(&["checkout", "-q", "-b", "one"], "one.yaml"), commit(&["checkout", "-q", "-b", "two", "main"], "two.yaml"))
    }

    fn idle(handles: &Handles) -> usize {
        handles.idle().len()
    }

    #[test]
    fn what_one_has_merged_the_next_does_not_find() {
        let home = tempfile::tempdir().unwrap();
        let (one, two) = forked(home.path());
        let handles = Handles::new(home.path(), &[]);
        let merged: ObjectId = {
            let handle = handles.take().unwrap();
            let tree = handle.merge(one, two).unwrap().tree.unwrap();
            assert_eq!(handle.changes(None, Some(tree), "").unwrap().files.len(), 3);
            tree
        };
        assert_eq!(idle(&handles), 1);
        let next = handles.take().unwrap();
        assert_eq!(idle(&handles), 0, "it is the same one");
        assert!(matches!(next.changes(None, Some(merged), ""), Err(GitError::Missing { .. })));
        drop(next);
        assert_eq!(idle(&handles), 0, "who has looked in vain looks with fresh eyes the next time");
    }

    #[test]
    fn who_puts_another_repository_in_its_place_is_noticed() {
        let home = tempfile::tempdir().unwrap();
        let [here, there] = ["here", "there"].map(|name| home.path().join(name));
        [&here, &there].into_iter().for_each(|dir| std::fs::create_dir(dir).unwrap());
        let (old, _) = forked(&here);
        git(&there, &["init", "-q", "-b", "main", "."]);
        let handles = Handles::new(&here, &[]);
        assert!(handles.take().unwrap().tree_of(old).is_ok());
        std::fs::rename(&here, home.path().join("away")).unwrap();
        std::fs::rename(&there, &here).unwrap();
        assert!(handles.take().unwrap().tree_of(old).is_err());
    }

    #[test]
    fn many_at_once_leave_few() {
        let home = tempfile::tempdir().unwrap();
        forked(home.path());
        let handles = Handles::new(home.path(), &[]);
        let busy: Vec<Handle> = (0..3 * IDLE).map(|_| handles.take().unwrap()).collect();
        drop(busy);
        assert_eq!(idle(&handles), IDLE);
    }
}
