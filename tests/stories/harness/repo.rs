//! A real git repository in a temporary directory, driven by the real `git`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use portcullis::model::CommitId;

use super::Key;

/// One repository and the environment that `git` runs in: nothing of the person's own configuration gets in.
#[derive(Clone)]
pub struct Git {
    pub dir: PathBuf,
    home: PathBuf,
}

impl Git {
    pub fn init(dir: &Path, home: &Path) -> Self {
        std::fs::create_dir_all(dir).unwrap();
        std::fs::create_dir_all(home).unwrap();
        let git = Self { dir: dir.to_owned(), home: home.to_owned() };
        git.run(&["init", "-q", "-b", "main", "--template="]);
        git
    }

    /// The whole repository, to be laid elsewhere.
    pub fn picture(&self) -> Picture {
        let mut picture = Picture::default();
        picture.take(&self.dir, Path::new(""));
        picture
    }

    /// A repository as it was when the picture was taken.
    pub fn laid_from(picture: &Picture, dir: &Path, home: &Path) -> Self {
        std::fs::create_dir_all(home).unwrap();
        std::fs::create_dir_all(dir).unwrap();
        picture.directories.iter().for_each(|path| std::fs::create_dir(dir.join(path)).unwrap());
        picture.files.iter().for_each(|(path, bytes)| std::fs::write(dir.join(path), bytes).unwrap());
        Self { dir: dir.to_owned(), home: home.to_owned() }
    }

    /// The same repository seen by somebody with a home of their own.
    pub fn command(&self) -> Command {
        let mut command = Command::new("git");
        command
            .current_dir(&self.dir)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", &self.home)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            // What lasts no longer than a story needs no disk.
            .envs([("GIT_CONFIG_COUNT", "1"), ("GIT_CONFIG_KEY_0", "core.fsync"), ("GIT_CONFIG_VALUE_0", "none")])
            .env("GIT_AUTHOR_NAME", "Somebody")
            .env("GIT_AUTHOR_EMAIL", "alice@acme.dev")
            .env("GIT_COMMITTER_NAME", "Somebody")
            .env("GIT_COMMITTER_EMAIL", "alice@acme.dev")
            .env("GIT_AUTHOR_DATE", "2026-11-20T10:00:00Z")
            .env("GIT_COMMITTER_DATE", "2026-11-20T10:00:00Z")
            .env("TZ", "UTC")
            .env("LC_ALL", "C");
        command
    }

    pub fn run(&self, args: &[&str]) -> String {
        self.run_as("alice@acme.dev", args)
    }

    pub fn run_as(&self, email: &str, args: &[&str]) -> String {
        let output = self.try_as(email, args);
        assert!(output.status.success(), "git {args:?} failed: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    pub fn try_as(&self, email: &str, args: &[&str]) -> Output {
        self.command().env("GIT_AUTHOR_EMAIL", email).env("GIT_COMMITTER_EMAIL", email).args(args).output().unwrap()
    }

    /// Feeds `input` to a git command and returns what it prints.
    pub fn feed(&self, args: &[&str], input: &[u8]) -> String {
        use std::io::Write as _;
        let mut child = self.command().args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "git {args:?} failed");
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    /// The repository as a reader sees it who needs no program.
    fn open(&self) -> git2::Repository {
        git2::Repository::open(&self.dir).unwrap()
    }

    pub fn has_branch(&self, branch: &str) -> bool {
        self.open().find_reference(&format!("refs/heads/{branch}")).is_ok()
    }

    pub fn id(&self, rev: &str) -> CommitId {
        let repository = self.open();
        // A branch may hold what is no commit to a library: its id is read and nothing of it.
        let id = repository.refname_to_id(&format!("refs/heads/{rev}"));
        let id = id.unwrap_or_else(|_| repository.revparse_single(rev).unwrap().peel_to_commit().unwrap().id());
        CommitId::from_hex(&id.to_string()).unwrap()
    }

    pub fn show(&self, rev: &str, path: &str) -> String {
        let repository = self.open();
        let blob = repository.revparse_single(&format!("{rev}:{path}")).unwrap().peel_to_blob().unwrap();
        String::from_utf8(blob.content().to_vec()).unwrap()
    }

    /// Commits files onto a branch without a work tree, as the committer and author given.
    pub fn commit_files(&self, branch: &str, parent: Option<&str>, files: &Files, by: &Signature<'_>) -> CommitId {
        let moment = super::at(by.date.unwrap_or("2026-11-20T10:00:00Z")).as_second();
        let written = if by.key.is_some() { "refs/unsigned" } else { &format!("refs/heads/{branch}") };
        let mut stream = format!(
            "commit {written}\nmark :1\nauthor Somebody <{}> {moment} +0000\ncommitter Somebody <{}> {moment} +0000\ndata {}\n{}\n",
            by.author,
            by.committer,
            by.message.len() + 1,
            by.message
        )
        .into_bytes();
        if let Some(parent) = parent {
            stream.extend(format!("from {}\n", self.id(parent)).into_bytes());
        }
        // Removals go first: a directory may take the place of a file.
        for path in files.iter().filter(|(_, (_, content))| content.is_none()).map(|(path, _)| path) {
            stream.extend(format!("D {path}\n").into_bytes());
        }
        for (path, (mode, content)) in files {
            if let Some(content) = content {
                stream.extend(format!("M {mode} inline {path}\ndata {}\n", content.len()).into_bytes());
                stream.extend(content);
                stream.push(b'\n');
            }
        }
        stream.extend(b"\nget-mark :1\n");
        let id = self.feed(&["-c", "fastimport.unpackLimit=1", "fast-import", "--quiet", "--force"], &stream);
        if by.key.is_some() {
            let parent = parent.map(|parent| self.id(parent).to_string());
            return self.commit_tree(branch, &format!("{id}^{{tree}}"), &parent.as_deref().into_iter().collect::<Vec<_>>(), by);
        }
        CommitId::from_hex(&id).unwrap()
    }

    /// Commits a tree and points the branch at it.
    pub fn commit_tree(&self, branch: &str, tree: &str, parents: &[&str], by: &Signature<'_>) -> CommitId {
        let mut command = self.command();
        command.env("GIT_COMMITTER_EMAIL", by.committer).env("GIT_AUTHOR_EMAIL", by.author);
        if let Some(date) = by.date {
            command.env("GIT_COMMITTER_DATE", date);
        }
        if let Some(key) = by.key {
            command.args(["-c", "gpg.format=ssh", "-c", &format!("user.signingkey={}", key.path().display())]);
        }
        command.args(["commit-tree", tree, "-m", by.message]);
        if by.key.is_some() {
            command.arg("-S");
        }
        for parent in parents {
            command.args(["-p", parent]);
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "commit-tree failed: {}", String::from_utf8_lossy(&output.stderr));
        let id = String::from_utf8(output.stdout).unwrap().trim().to_owned();
        self.run(&["update-ref", &format!("refs/heads/{branch}"), &id]);
        CommitId::from_hex(&id).unwrap()
    }
}

/// The files of a repository, in memory.
#[derive(Default)]
pub struct Picture {
    directories: Vec<PathBuf>,
    files: Vec<(PathBuf, Vec<u8>)>,
}

impl Picture {
    fn take(&mut self, root: &Path, inside: &Path) {
        for entry in std::fs::read_dir(root.join(inside)).unwrap() {
            let entry = entry.unwrap();
            let path = inside.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                self.directories.push(path.clone());
                self.take(root, &path);
            } else {
                self.files.push((path, std::fs::read(entry.path()).unwrap()));
            }
        }
    }
}

/// Path to mode and content; no content removes it.
pub type Files = BTreeMap<String, (String, Option<Vec<u8>>)>;

/// Who a commit says it is by.
pub struct Signature<'a> {
    pub committer: &'a str,
    pub author: &'a str,
    pub message: &'a str,
    pub key: Option<&'a Key>,
    pub date: Option<&'a str>,
}

/// A branch in the making: collect edits, then commit them as somebody.
pub struct Topic<'a> {
    git: &'a Git,
    branch: String,
    files: Files,
    author: Option<String>,
    message: String,
    key: Option<&'a Key>,
    date: Option<String>,
}

impl<'a> Topic<'a> {
    pub fn new(git: &'a Git, branch: &str) -> Self {
        Self {
            git,
            branch: branch.to_owned(),
            files: Files::new(),
            author: None,
            message: "Change the catalog".to_owned(),
            key: None,
            date: None,
        }
    }

    pub fn write(self, path: &str, content: &str) -> Self {
        self.write_mode(path, "100644", content)
    }

    pub fn write_mode(mut self, path: &str, mode: &str, content: &str) -> Self {
        self.files.insert(path.to_owned(), (mode.to_owned(), Some(content.as_bytes().to_vec())));
        self
    }

    pub fn write_bytes(mut self, path: &str, content: &[u8]) -> Self {
        self.files.insert(path.to_owned(), ("100644".to_owned(), Some(content.to_vec())));
        self
    }

    pub fn remove(mut self, path: &str) -> Self {
        self.files.insert(path.to_owned(), (String::new(), None));
        self
    }

    /// Replaces `from` with `to` in a file of the branch; `from` must be there.
    pub fn replace(self, path: &str, from: &str, to: &str) -> Self {
        let text = match self.files.get(path) {
            Some((_, Some(content))) => String::from_utf8(content.clone()).unwrap(),
            _ => self.git.show(&self.branch, path),
        };
        assert!(text.contains(from), "{path} has no {from:?}:\n{text}");
        self.write(path, &text.replace(from, to))
    }

    pub fn append(self, path: &str, more: &str) -> Self {
        let text = self.git.show(&self.branch, path);
        self.write(path, &(text + more))
    }

    pub fn authored_by(mut self, email: &str) -> Self {
        self.author = Some(email.to_owned());
        self
    }

    pub fn saying(mut self, message: &str) -> Self {
        self.message = message.to_owned();
        self
    }

    pub fn signed_with(mut self, key: &'a Key) -> Self {
        self.key = Some(key);
        self
    }

    pub fn dated(mut self, date: &str) -> Self {
        self.date = Some(date.to_owned());
        self
    }

    /// Commits what was collected.
    pub fn commit_as(self, committer: &str) -> CommitId {
        let parent = format!("refs/heads/{}", self.branch);
        let by = Signature {
            committer,
            author: self.author.as_deref().unwrap_or(committer),
            message: &self.message,
            key: self.key,
            date: self.date.as_deref(),
        };
        self.git.commit_files(&self.branch, Some(&parent), &self.files, &by)
    }
}
