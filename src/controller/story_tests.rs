//! Where the stories of the controller play: a real repository, a real store and git's own forge; commits are made by `git`, and
//! statuses read back from notes.

use std::path::Path;
use std::process::Command;

use std::sync::Arc;

use super::*;
use crate::config::RemoteUrl;
use crate::facts::Workspace;
use crate::forge::{Forge, GitForge, GitForgeOptions};
use crate::model::CommitId;
use crate::store::{RepositoryKey, SqliteStore, Store as _};

pub(super) const ALICE: &str = "alice@acme.dev";
pub(super) const BOB: &str = "bob@acme.dev";

/// A repository, a store and the time.
pub(super) struct Story {
    pub(super) dir: tempfile::TempDir,
    pub(super) clock: Arc<ManualClock>,
    pub(super) settings: Settings,
}

impl Story {
    /// A catalog in which Alice is Admin and Bob may do nothing, believed by their addresses.
    pub(super) fn new() -> Self {
        let story = Self::empty();
        story.write("catalog.yaml", "identity: declared\n");
        story.write("users/alice.yaml", "identifier: alice@acme.dev\nroles: [Admin]\n");
        story.write("users/bob.yaml", "identifier: bob@acme.dev\nroles: [Member]\n");
        story.write("users/carol.yaml", "identifier: carol@acme.dev\nroles: [Admin]\n");
        story.write("blueprints/Env.yaml", "identifier: Env\nschema:\n  properties:\n    size: {type: number}\n");
        story.write("entities/Env/prod.yaml", "identifier: prod\nproperties: {size: 1}\n");
        story.commit(ALICE, "the catalog");
        story
    }

    pub(super) fn empty() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at("2026-11-21T12:00:00Z".parse().unwrap()));
        let story = Self { dir, clock, settings: Settings::default() };
        std::fs::create_dir(story.path()).unwrap();
        story.git(ALICE, &["init", "--quiet", "--initial-branch=main"]);
        story
    }

    pub(super) fn path(&self) -> std::path::PathBuf {
        self.dir.path().join("repo")
    }

    pub(super) fn git(&self, who: &str, args: &[&str]) -> String {
        git(&self.path(), who, args)
    }

    pub(super) fn write(&self, file: &str, text: &str) {
        let path = self.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub(super) fn commit(&self, who: &str, message: &str) -> CommitId {
        self.git(who, &["add", "--all"]);
        self.git(who, &["commit", "--quiet", "--allow-empty", "-m", message]);
        self.at("HEAD")
    }

    pub(super) fn change(&self, who: &str, file: &str, text: &str) -> CommitId {
        self.write(file, text);
        self.commit(who, file)
    }

    pub(super) fn at(&self, rev: &str) -> CommitId {
        CommitId::from_hex(&self.git(ALICE, &["rev-parse", rev])).unwrap()
    }

    /// A branch off main with one commit, proposed for review; the pull request's id is that commit's.
    pub(super) fn propose(&self, who: &str, branch: &str, file: &str, text: &str) -> CommitId {
        self.git(who, &["checkout", "--quiet", "-b", branch, "main"]);
        let head = self.change(who, file, text);
        let request = format!(
            r#"{{"timestamp":"1790000000","reviewRef":"refs/heads/{branch}","targetRef":"refs/heads/main","requester":"{who}","description":"{branch}"}}"#
        );
        self.git(who, &["notes", "--ref=refs/notes/devtools/reviews", "append", "-m", &request, &head.to_string()]);
        self.git(who, &["checkout", "--quiet", "main"]);
        head
    }

    pub(super) fn merge(&self, branch: &str) -> CommitId {
        self.git(ALICE, &["merge", "--quiet", "--no-ff", "-m", "merge", branch]);
        self.at("main")
    }

    pub(super) async fn store(&self) -> Arc<SqliteStore> {
        Arc::new(SqliteStore::open(&self.dir.path().join("store.db")).await.unwrap())
    }

    pub(super) fn forge(&self, at: &Path, store: &Arc<SqliteStore>) -> GitForge {
        let options = GitForgeOptions {
            path: at.to_owned(),
            repository: key(),
            watched: "refs/heads/main".to_owned(),
            name: "Portcullis".to_owned(),
            email: "portcullis@localhost".to_owned(),
            agent: "portcullis".to_owned(),
            keeps_tips: true,
        };
        GitForge::new(options, store.clone())
    }

    /// The time, as notes write it.
    pub(super) fn clock_seconds(&self) -> i64 {
        self.clock.now().as_second()
    }

    /// A daemon that has just been started.
    pub(super) async fn daemon(&self) -> Daemon {
        self.daemon_judging(Judge::of_core()).await
    }

    pub(super) async fn daemon_judging(&self, judge: Judge) -> Daemon {
        self.daemon_at(&self.path(), None, judge).await
    }

    /// A daemon elsewhere, which keeps a copy and answers to the repository itself.
    pub(super) async fn daemon_elsewhere(&self) -> Daemon {
        let copy = self.dir.path().join("copy.git");
        if !copy.exists() {
            self.git(ALICE, &["init", "--quiet", "--bare", copy.to_str().unwrap()]);
        }
        let remote = RemoteUrl::parse(self.path().to_str().unwrap()).unwrap();
        self.daemon_at(&copy, Some(remote), Judge::of_core()).await
    }

    async fn daemon_at(&self, path: &Path, remote: Option<RemoteUrl>, judge: Judge) -> Daemon {
        let store = self.store().await;
        let watched = self.watched(path, remote, &store);
        self.daemon_watching(watched, store, judge)
    }

    pub(super) fn daemon_watching(&self, watched: Watched, store: Arc<SqliteStore>, judge: Judge) -> Daemon {
        let controller = Controller::new(Parts {
            store: store.clone(),
            repositories: vec![watched],
            clock: self.clock.clone(),
            rng: fastrand::Rng::with_seed(1),
            judge,
            settings: self.settings.clone(),
        });
        // What it says is read where people read it.
        Daemon { forge: self.forge(&self.path(), &store), controller, store }
    }

    pub(super) fn watched(&self, path: &Path, remote: Option<RemoteUrl>, store: &Arc<SqliteStore>) -> Watched {
        Watched {
            name: "catalog".to_owned(),
            key: key(),
            branch: "main".to_owned(),
            root: String::new(),
            path: path.to_owned(),
            remote,
            workspace: Arc::new(Workspace::open(path, "", Arc::new(crate::model::NoExpressions)).unwrap()),
            forge: Arc::new(self.forge(path, store)),
            outward: Outward::default(),
            performers: crate::execute::Performers::default(),
        }
    }
}

pub(super) struct Daemon {
    pub(super) controller: Controller,
    pub(super) store: Arc<SqliteStore>,
    pub(super) forge: GitForge,
}

impl Daemon {
    pub(super) async fn looks(&self) {
        self.controller.reconcile_once().await;
    }

    pub(super) async fn accepted(&self) -> Option<CommitId> {
        self.store.accepted(&key()).await.unwrap().map(|acceptance| acceptance.commit)
    }

    pub(super) async fn reason(&self) -> String {
        self.store.accepted(&key()).await.unwrap().unwrap().reason
    }

    /// The current statuses of a commit, `catalog success`, in order.
    pub(super) async fn says(&self, commit: CommitId) -> Vec<String> {
        let mut statuses = self.forge.statuses(&[commit]).await.unwrap();
        statuses.sort();
        let short = |context: &str| context.trim_start_matches("portcullis/").to_owned();
        statuses.iter().map(|status| format!("{} {}", short(&status.context), status.conclusion.as_str())).collect()
    }

    pub(super) async fn summary(&self, commit: CommitId, context: &str) -> String {
        let statuses = self.forge.statuses(&[commit]).await.unwrap();
        statuses.into_iter().find(|status| status.context == context).map(|status| status.summary).unwrap_or_default()
    }
}

pub(super) const GREEN: [&str; 3] = ["approval success", "catalog success", "permissions success"];
pub(super) const UNJUDGED_ALL: [&str; 3] = ["approval failure", "catalog failure", "permissions failure"];

pub(super) fn key() -> RepositoryKey {
    RepositoryKey::new("catalog")
}

pub(super) fn git(dir: &Path, who: &str, args: &[&str]) -> String {
    let out = Command::new("git")
        .current_dir(dir)
        .args(args)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .envs([("GIT_AUTHOR_NAME", who), ("GIT_AUTHOR_EMAIL", who), ("GIT_COMMITTER_NAME", who), ("GIT_COMMITTER_EMAIL", who)])
        .output()
        .unwrap();
    assert!(out.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap().trim().to_owned()
}

/// An action that anybody but its requester may approve who is Admin.
pub(super) const ACTION: &str = "\
identifier: extend
trigger:
  type: self-service
  operation: DAY-2
  blueprintIdentifier: Env
  userInputs: {properties: {ttl: {type: string}}, required: [ttl]}
invocationMethod: {type: WEBHOOK, url: 'https://example.com/extend'}
requiredApproval: true
";
