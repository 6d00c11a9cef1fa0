//! A company whose controller has a key of its own, its bare repository, and whoever commits there.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use portcullis::execute::Order;
use portcullis::execute::entity::{EntityOptions, EntityPerformer};
use portcullis::facts::Workspace;
use portcullis::forge::{GitForge, GitForgeOptions};
use portcullis::git::SshSigner;
use portcullis::model::{CommitId, EntityKey, Identifier, NoExpressions, Timestamp};
use portcullis::run::call::{Call, EntityCall};
use portcullis::run::life::{Answer, RunHandle};
use portcullis::store::{RepositoryKey, SqliteStore};
use serde_json::Value as Json;

pub(crate) const ROBOT: &str = "portcullis@acme.dev";
pub(crate) const MALLORY: &str = "mallory@acme.dev";

/// The company as it stands, for as long as a test lasts.
pub(crate) struct Company {
    dir: tempfile::TempDir,
}

impl Company {
    /// Alice is Admin, Mallory may nothing, and the controller is a bot; people are known by their signatures.
    pub(crate) fn new() -> Self {
        Self::known_by("signature")
    }

    pub(crate) fn known_by(identity: &str) -> Self {
        let company = Self { dir: tempfile::tempdir().unwrap() };
        for who in ["alice@acme.dev", MALLORY, ROBOT] {
            let key = company.key(who);
            let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-C", who, "-f"]).arg(&key).status();
            assert!(made.expect("ssh-keygen is installed").success());
        }
        let work = company.work();
        std::fs::create_dir(&work).unwrap();
        git(&work, &["init", "-q", "-b", "main"]);
        let user = |who: &str, more: &str| format!("identifier: {who}\n{more}signingKeys: ['{}']\n", company.public(who));
        company.write("catalog.yaml", &format!("identity: {identity}\n"));
        company.write("users/alice.yaml", &user("alice@acme.dev", "roles: [Admin]\n"));
        company.write("users/mallory.yaml", &user(MALLORY, "roles: [Member]\n"));
        company.write("users/robot.yaml", &user(ROBOT, "roles: [Member]\nbot: true\n"));
        let schema = "identifier: env\nschema:\n  properties: {size: {type: number}, note: {type: string}}\nrelations:\n  parent: {target: env, many: false, required: false}\n";
        company.write("blueprints/env.yaml", schema);
        let rules = "blueprint: env\nentities:\n  register: {roles: [Admin]}\n  update: {roles: [Admin]}\n  unregister: {roles: [Admin]}\n";
        company.write("permissions/env.yaml", rules);
        company.write(
            "entities/env/prod.yaml",
            "identifier: prod\nblueprint: env\ntitle: Production\nproperties: {size: 1, note: keep}\n",
        );
        let two = "- identifier: dev\n  blueprint: env\n- identifier: test\n  blueprint: env\n  relations: {parent: prod}\n";
        company.write("entities/env/others.yaml", two);
        company.commit("alice@acme.dev", "the catalog");
        git(company.dir.path(), &["clone", "-q", "--bare", "work", "origin.git"]);
        company
    }

    pub(crate) fn work(&self) -> PathBuf {
        self.dir.path().join("work")
    }

    /// The repository that everybody pushes to.
    pub(crate) fn origin(&self) -> PathBuf {
        self.dir.path().join("origin.git")
    }

    pub(crate) fn key(&self, who: &str) -> PathBuf {
        self.dir.path().join(format!("key-{who}"))
    }

    fn public(&self, who: &str) -> String {
        let line = std::fs::read_to_string(self.dir.path().join(format!("key-{who}.pub"))).unwrap();
        line.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        let path = self.work().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Commits everything, signed by this person's key.
    pub(crate) fn commit(&self, who: &str, message: &str) -> CommitId {
        let work = self.work();
        git(&work, &["add", "-A"]);
        let signing = format!("user.signingkey={}", self.key(who).display());
        let (name, email) = (format!("user.name={who}"), format!("user.email={who}"));
        let settings = ["-c", "gpg.format=ssh", "-c", &signing, "-c", &name, "-c", &email];
        git(&work, &[&settings[..], &["commit", "-q", "-S", "--allow-empty", "-m", message]].concat());
        commit_at(&work, "HEAD")
    }

    /// Somebody commits to the branch as it stands in the middle, and pushes.
    pub(crate) fn pushes(&self, who: &str, file: &str, text: &str, message: &str) -> CommitId {
        git(&self.work(), &["pull", "-q", "--ff-only", self.origin().to_str().unwrap(), "main"]);
        self.write(file, text);
        let commit = self.commit(who, message);
        git(&self.work(), &["push", "-q", self.origin().to_str().unwrap(), "main"]);
        commit
    }

    pub(crate) fn tip(&self) -> CommitId {
        commit_at(&self.origin(), "main")
    }

    /// A file as it stands on the branch; `None` where there is none.
    pub(crate) fn file(&self, path: &str) -> Option<String> {
        let out = Command::new("git").current_dir(self.origin()).args(["show", &format!("main:{path}")]).output().unwrap();
        out.status.success().then(|| String::from_utf8(out.stdout).unwrap())
    }

    /// How many commits on the branch name this run.
    pub(crate) fn commits_of(&self, order: &Order) -> usize {
        let grep = format!("--grep=^Portcullis-Run: {}$", order.handle);
        git(&self.origin(), &["log", "--format=%H", &grep, "main"]).lines().count()
    }

    /// A copy of the repository, as a controller elsewhere has it.
    pub(crate) fn copy(&self, name: &str) -> PathBuf {
        git(self.dir.path(), &["clone", "-q", "--bare", "origin.git", name]);
        self.dir.path().join(name)
    }

    /// The controller beside the bare repository.
    pub(crate) async fn performer(&self) -> EntityPerformer {
        self.performer_at(&self.origin(), None, || {}).await
    }

    /// A controller at `path`, which does something whenever it reads a catalog.
    pub(crate) async fn performer_at(
        &self,
        path: &Path,
        remote: Option<&Path>,
        meanwhile: impl Fn() + Send + Sync + 'static,
    ) -> EntityPerformer {
        let workspace = Workspace::open(path, "", Arc::new(NoExpressions)).unwrap();
        let catalog = move |commit| {
            meanwhile();
            workspace.snapshot(commit).map(|snapshot| snapshot.catalog).map_err(|error| error.to_string())
        };
        let store = SqliteStore::open(&self.dir.path().join(format!("{}.db", fastrand::u64(..)))).await.unwrap();
        let forge = GitForgeOptions {
            path: path.to_owned(),
            repository: RepositoryKey::new("acme"),
            watched: "refs/heads/main".to_owned(),
            name: "Portcullis".to_owned(),
            email: ROBOT.to_owned(),
            agent: "portcullis".to_owned(),
            keeps_tips: false,
        };
        let options = EntityOptions {
            path: path.to_owned(),
            branch: "main".to_owned(),
            root: String::new(),
            remote: remote.map(|remote| remote.to_str().unwrap().to_owned()),
            name: "Portcullis".to_owned(),
            email: ROBOT.to_owned(),
            link: Some("https://git.acme.dev/catalog/commit/".to_owned()),
            deadline: Duration::from_secs(60),
        };
        let signer = SshSigner::read(&self.key(ROBOT)).unwrap();
        EntityPerformer::new(
            options,
            Some(signer),
            Arc::new(GitForge::new(forge, Arc::new(store))),
            Box::new(catalog),
            Box::new(now),
        )
    }
}

pub(crate) fn now() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

/// Has `env/NAME` written or, without a document, removed.
pub(crate) fn call(name: &str, document: Option<Json>) -> EntityCall {
    let key = EntityKey { blueprint: id("env"), identifier: id(name) };
    let whole = document.map(|mut document| {
        document["identifier"] = name.into();
        document["blueprint"] = "env".into();
        document
    });
    EntityCall { key, document: whole, action: id("write_env") }
}

pub(crate) fn order(run: &str, call: EntityCall) -> Order {
    Order {
        repository: "acme".to_owned(),
        run: id(run),
        handle: RunHandle::of("acme", &id(run)),
        key: "k".to_owned(),
        dedupes: true,
        attempt: 1,
        since: now(),
        outside: None,
        call: Call::Entity(call),
        secrets: portcullis::run::call::Scrub::default(),
    }
}

/// The commit that an answer tells of.
pub(crate) fn done(answer: &Answer) -> CommitId {
    match answer {
        Answer::Done { success: true, outside: Some(commit), .. } => CommitId::from_hex(commit).unwrap(),
        other => panic!("{other:?}"),
    }
}

pub(crate) fn refused(answer: Answer) -> String {
    match answer {
        Answer::Refused { why } => why,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn id(text: &str) -> Identifier {
    Identifier::new(text).unwrap()
}

pub(crate) fn commit_at(dir: &Path, rev: &str) -> CommitId {
    CommitId::from_hex(&git(dir, &["rev-parse", rev])).unwrap()
}

pub(crate) fn git(dir: &Path, args: &[&str]) -> String {
    let out = Command::new("git")
        .current_dir(dir)
        .args(args)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_AUTHOR_DATE", "2026-11-20T10:00:00Z")
        .env("GIT_COMMITTER_DATE", "2026-11-20T10:00:00Z")
        .output()
        .unwrap();
    assert!(out.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap().trim().to_owned()
}
