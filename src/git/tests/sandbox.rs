//! A repository of one test's own, and a `git` that knows nothing of the machine it runs on.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::git::{ObjectId, Repository};
use crate::model::CommitId;

/// A temporary home with one repository in it.
pub(super) struct Sandbox {
    home: tempfile::TempDir,
    clock: AtomicU64,
}

impl Sandbox {
    /// An empty repository with a work tree, on branch `main`.
    pub(super) fn new() -> Self {
        let sandbox = Self::bare_home();
        sandbox.git(&["init", "-q", "-b", "main", "."]);
        sandbox
    }

    /// A home without a repository.
    pub(super) fn bare_home() -> Self {
        let sandbox = Self { home: tempfile::tempdir().unwrap(), clock: AtomicU64::new(1_700_000_000) };
        std::fs::create_dir(sandbox.dir()).unwrap();
        sandbox
    }

    pub(super) fn home(&self) -> &Path {
        self.home.path()
    }

    /// The repository's directory.
    pub(super) fn dir(&self) -> PathBuf {
        self.home.path().join("repository")
    }

    pub(super) fn open(&self) -> Repository {
        Repository::open(&self.dir()).unwrap()
    }

    /// A command in the repository, in this sandbox's surroundings; each has a later time than the last.
    pub(super) fn command(&self, program: &str) -> Command {
        let now = format!("{} +0000", self.clock.fetch_add(60, Ordering::Relaxed));
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", self.home())
            .env("GNUPGHOME", self.home().join("gnupg"))
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("LC_ALL", "C")
            .env("GIT_AUTHOR_NAME", "Alice")
            .env("GIT_AUTHOR_EMAIL", "alice@acme.dev")
            .env("GIT_COMMITTER_NAME", "Alice")
            .env("GIT_COMMITTER_EMAIL", "alice@acme.dev")
            .env("GIT_AUTHOR_DATE", &now)
            .env("GIT_COMMITTER_DATE", &now)
            .current_dir(self.dir());
        command
    }

    /// Runs git, which must succeed; answers what it printed.
    pub(super) fn git(&self, args: &[&str]) -> String {
        let output = self.command("git").args(args).output().unwrap();
        text(&output, args)
    }

    /// Runs git with input.
    pub(super) fn git_with(&self, args: &[&str], input: &[u8]) -> String {
        let output = self.try_git_with(args, input);
        text(&output, args)
    }

    pub(super) fn try_git_with(&self, args: &[&str], input: &[u8]) -> Output {
        let mut child =
            self.command("git").args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_vec();
        let writer = std::thread::spawn(move || stdin.write_all(&input));
        let output = child.wait_with_output().unwrap();
        let _ = writer.join();
        output
    }

    /// Writes a file of the work tree.
    pub(super) fn write(&self, path: &str, content: &str) {
        let path = self.dir().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    /// Commits everything in the work tree.
    pub(super) fn commit(&self, message: &str) -> CommitId {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
        self.rev("HEAD")
    }

    pub(super) fn rev(&self, rev: &str) -> CommitId {
        CommitId::from_hex(&self.git(&["rev-parse", rev])).unwrap()
    }

    pub(super) fn object(&self, rev: &str) -> ObjectId {
        ObjectId(self.rev(rev).0)
    }

    /// A tree from its raw bytes, however odd.
    pub(super) fn raw_object(&self, kind: &str, raw: &[u8]) -> ObjectId {
        let id = self.git_with(&["hash-object", "-t", kind, "-w", "--literally", "--stdin"], raw);
        ObjectId(CommitId::from_hex(&id).unwrap().0)
    }
}

fn text(output: &Output, args: &[&str]) -> String {
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
}

/// The bytes of a tree with these entries, in this order, with these modes.
pub(super) fn raw_tree(entries: &[(&str, &[u8], ObjectId)]) -> Vec<u8> {
    let mut raw = Vec::new();
    for (mode, name, id) in entries {
        raw.extend_from_slice(mode.as_bytes());
        raw.push(b' ');
        raw.extend_from_slice(name);
        raw.push(0);
        raw.extend_from_slice(&id.0);
    }
    raw
}
