//! A server with a bare repository, and people with clones, keys and nobody else's configuration.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use serde_json::{Value as Json, json};
use tempfile::TempDir;

use crate::forge::{Asking, Forge, GitForge, GitForgeOptions, PullRequest, PullRequestDetails};
use crate::model::{CommitId, KeyFingerprint, ReviewState, Reviewer, SignatureFact, SigningKey, Timestamp};
use crate::store::{RepositoryKey, SqliteStore};

pub(super) const DISCUSS: &str = "refs/notes/devtools/discuss";
pub(super) const REVIEWS: &str = "refs/notes/devtools/reviews";
pub(super) const CI: &str = "refs/notes/devtools/ci";
pub(super) const ANALYSES: &str = "refs/notes/devtools/analyses";

pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

pub(super) struct World {
    _dir: TempDir,
    pub(super) root: PathBuf,
    pub(super) store: Arc<SqliteStore>,
}

/// Somebody with a clone.
pub(super) struct Person {
    pub(super) email: String,
    pub(super) clone: PathBuf,
    home: PathBuf,
}

pub(super) fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    assert!(output.status.success(), "{command:?}: {} {}", said(&output.stdout), said(&output.stderr));
    said(&output.stdout)
}

fn git_in(dir: &Path, home: &Path) -> Command {
    let mut command = Command::new("git");
    command.current_dir(dir).env_clear().env("PATH", std::env::var_os("PATH").unwrap()).env("HOME", home);
    command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_TERMINAL_PROMPT", "0");
    command
}

impl World {
    pub(super) async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().to_path_buf();
        run(git_in(&root, &root).args(["init", "-q", "--bare", "-b", "main", "server.git"]));
        let store = Arc::new(SqliteStore::open(&root.join("store.db")).await.unwrap());
        let world = Self { _dir: dir, root, store };
        let founder = world.person("founder");
        founder.commit("README", "a catalog");
        founder.git(&["push", "-q", "origin", "main"]);
        world
    }

    pub(super) fn server(&self) -> PathBuf {
        self.root.join("server.git")
    }

    pub(super) fn git(&self, args: &[&str]) -> String {
        run(git_in(&self.server(), &self.root).args(["-c", "user.name=Server", "-c", "user.email=server@acme.dev"]).args(args))
    }

    pub(super) fn person(&self, name: &str) -> Person {
        let home = self.root.join(format!("{name}-home"));
        std::fs::create_dir(&home).unwrap();
        let clone = self.root.join(name);
        run(git_in(&self.root, &home).args(["clone", "-q", "server.git", name]));
        let person = Person { email: format!("{name}@acme.dev"), clone, home };
        person.git(&["config", "user.name", name]);
        person.git(&["config", "user.email", &person.email]);
        person.git(&["checkout", "-q", "-B", "main"]);
        person
    }

    /// A forge as it is after a start of the daemon.
    pub(super) fn forge(&self) -> GitForge {
        let options = GitForgeOptions {
            path: self.server(),
            repository: RepositoryKey::new("catalog"),
            watched: "refs/heads/main".to_owned(),
            name: "Portcullis".to_owned(),
            email: "portcullis@acme.dev".to_owned(),
            agent: "portcullis".to_owned(),
            keeps_tips: true,
        };
        GitForge::new(options, self.store.clone())
    }

    pub(super) async fn the_only_pull_request(&self) -> PullRequest {
        let mut open = self.forge().open_pull_requests().await.unwrap();
        assert_eq!(open.len(), 1, "{open:?}");
        open.remove(0)
    }

    pub(super) async fn details(&self, forge: &GitForge, pr: &PullRequest) -> PullRequestDetails {
        forge.details(pr, Asking { keys: &[], signed: &[], now: at(0) }).await.unwrap()
    }

    /// The reviews, as a reader sees them: who said what.
    pub(super) async fn reviews(&self, forge: &GitForge, pr: &PullRequest) -> Vec<String> {
        spoken(&self.details(forge, pr).await)
    }
}

pub(super) fn spoken(details: &PullRequestDetails) -> Vec<String> {
    let of = |review: &crate::model::Review| {
        let who = match &review.reviewer {
            Reviewer::Committer { email, .. } => email.split('@').next().unwrap().to_owned(),
            _ => "unknown".to_owned(),
        };
        let what = match review.state {
            ReviewState::Approved => "approves",
            ReviewState::ChangesRequested => "rejects",
            ReviewState::Dismissed => "dismissed",
            ReviewState::Commented => "remarks",
        };
        format!("{who} {what}")
    };
    details.reviews.iter().map(of).collect()
}

impl Person {
    pub(super) fn git(&self, args: &[&str]) -> String {
        run(git_in(&self.clone, &self.home).args(args))
    }

    pub(super) fn try_git(&self, args: &[&str]) -> bool {
        git_in(&self.clone, &self.home).args(args).output().unwrap().status.success()
    }

    pub(super) fn fast_import(&self, stream: &str) {
        let mut command = git_in(&self.clone, &self.home);
        let path = self.home.join("stream");
        std::fs::write(&path, stream).unwrap();
        run(command.args(["fast-import", "--quiet"]).stdin(std::fs::File::open(path).unwrap()));
    }

    pub(super) fn rev(&self, rev: &str) -> CommitId {
        CommitId::from_hex(&self.git(&["rev-parse", rev])).unwrap()
    }

    pub(super) fn commit(&self, file: &str, text: &str) -> CommitId {
        std::fs::write(self.clone.join(file), text).unwrap();
        self.git(&["add", "."]);
        self.git(&["commit", "-q", "-m", text]);
        self.rev("HEAD")
    }

    /// Signs from now on, notes included; returns the key for the roster.
    pub(super) fn take_a_key(&self) -> SigningKey {
        let key = self.home.join("key");
        let path = key.to_str().unwrap();
        run(Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-C", &self.email, "-f", path]));
        for (name, value) in [("gpg.format", "ssh"), ("user.signingkey", path), ("commit.gpgsign", "true")] {
            self.git(&["config", name, value]);
        }
        let public = std::fs::read_to_string(key.with_extension("pub")).unwrap();
        let listed = run(Command::new("ssh-keygen").args(["-l", "-f", path]));
        let fingerprint = KeyFingerprint(listed.split_whitespace().nth(1).unwrap().to_owned());
        SigningKey { public: public.trim().to_owned(), fingerprint, from: None, until: None }
    }

    pub(super) fn append(&self, notes: &str, object: CommitId, line: &str) {
        self.git(&["notes", "--ref", notes, "append", "-m", line, &object.to_string()]);
    }

    /// What `git notes` itself cannot sign: the same commit again, signed, in its place.
    pub(super) fn sign_tip(&self, notes: &str) {
        let tree = self.git(&["rev-parse", &format!("{notes}^{{tree}}")]);
        let mut args = vec!["commit-tree".to_owned(), "-S".to_owned(), "-m".to_owned(), "signed notes".to_owned()];
        for parent in self.git(&["log", "-1", "--format=%P", notes]).split_whitespace() {
            args.extend(["-p".to_owned(), parent.to_owned()]);
        }
        args.push(tree);
        let signed = self.git(&args.iter().map(String::as_str).collect::<Vec<_>>());
        self.git(&["update-ref", notes, &signed]);
    }

    /// As `git appraise pull` does it.
    pub(super) fn pull_notes(&self) {
        if self.git(&["ls-remote", "origin", "refs/notes/devtools/*"]).is_empty() {
            return;
        }
        self.git(&["fetch", "-q", "origin", "+refs/notes/devtools/*:refs/notes/origin/devtools/*"]);
        for line in self.git(&["for-each-ref", "--format=%(refname)", "refs/notes/origin/devtools"]).lines() {
            let own = line.replace("refs/notes/origin/", "refs/notes/");
            self.git(&["notes", "--ref", &own, "merge", "-q", "-s", "cat_sort_uniq", line]);
        }
    }

    /// As `git appraise push` does it.
    pub(super) fn push_notes(&self) {
        self.git(&["push", "-q", "origin", "refs/notes/devtools/*:refs/notes/devtools/*"]);
    }

    /// A branch with one commit, and a request to review it.
    pub(super) fn request(&self, branch: &str) -> CommitId {
        self.git(&["checkout", "-q", "-b", branch, "main"]);
        let first = self.commit(&format!("{branch}.yaml"), branch);
        let review_ref = format!("refs/heads/{branch}");
        self.git(&["push", "-q", "origin", branch]);
        self.pull_notes();
        self.append(REVIEWS, first, &request_line(0, &self.email, &review_ref, "refs/heads/main"));
        self.push_notes();
        first
    }

    /// `git appraise accept` and `reject`, pulled and pushed.
    pub(super) fn review(&self, request: CommitId, on: CommitId, resolved: Option<bool>) -> String {
        let line = comment_line(&self.email, on, resolved);
        self.pull_notes();
        self.append(DISCUSS, request, &line);
        self.push_notes();
        line
    }
}

pub(super) fn request_line(second: i64, requester: &str, review_ref: &str, target: &str) -> String {
    json!({"timestamp": at(second).as_second().to_string(), "reviewRef": review_ref, "targetRef": target, "requester": requester,
        "description": "Extend env\n\nfor the load tests"})
    .to_string()
}

pub(super) fn comment_line(author: &str, on: CommitId, resolved: Option<bool>) -> String {
    let mut line = json!({"timestamp": "1700000000", "author": author, "location": {"commit": on.to_string()}});
    if let (Some(resolved), Some(fields)) = (resolved, line.as_object_mut()) {
        fields.insert("resolved".to_owned(), resolved.into());
    }
    line.to_string()
}

pub(super) fn signed_by(details: &PullRequestDetails) -> Vec<Option<KeyFingerprint>> {
    let key = |reviewer: &Reviewer| match reviewer {
        Reviewer::Committer { signature: SignatureFact::By(key), .. } => Some(key.clone()),
        _ => None,
    };
    details.reviews.iter().map(|r| key(&r.reviewer)).collect()
}

/// The JSON lines of a note on the server, as `git notes show` prints them.
pub(super) fn noted(world: &World, notes: &str, object: CommitId) -> Vec<Json> {
    let text = world.git(&["notes", "--ref", notes, "show", &object.to_string()]);
    text.lines().filter_map(|l| serde_json::from_str(l).ok()).collect()
}
