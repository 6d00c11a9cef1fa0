//! Bare repositories that people push runs to, and the notes that are found there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use portcullis::model::Identifier;
use portcullis::store::RepositoryKey;
use serde_json::Value as Json;

const ALICE: &str = "alice@acme.dev";
pub const ROBOT: &str = "robot@acme.dev";

/// What a run asks for, and so what its receiver promises.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kind {
    /// A webhook that says nothing of deduping: at most once.
    Once,
    /// A webhook that dedupes: until it is certain.
    Safe,
    /// A commit of the controller.
    Note,
}

impl Kind {
    pub fn word(self) -> &'static str {
        match self {
            Self::Once => "once",
            Self::Safe => "safe",
            Self::Note => "note",
        }
    }
}

/// Repositories on some forge's disk, and a clone of each that people work in.
pub struct Company {
    directory: PathBuf,
    names: Vec<String>,
}

impl Company {
    /// With so many repositories, whose actions call `receiver`.
    pub fn new(directory: &Path, repositories: usize, receiver: std::net::SocketAddr) -> Self {
        let names = (0..repositories).map(|n| format!("r{n}")).collect();
        let company = Self { directory: directory.to_owned(), names };
        for name in &company.names {
            let (bare, work) = (company.remote(name), company.work(name));
            git(directory, &["init", "--quiet", "--bare", "--initial-branch=main", bare.to_str().unwrap()]);
            git(directory, &["clone", "--quiet", bare.to_str().unwrap(), work.to_str().unwrap()]);
            git(&work, &["checkout", "--quiet", "-b", "main"]);
            let told = "notifications: [{channel: hook, on: [succeeded, failed, unknown], to: everybody}]";
            company.write(name, "catalog.yaml", &format!("identity: declared\n{told}\n"));
            company.write(name, "users/alice.yaml", &format!("identifier: {ALICE}\nroles: [Admin]\n"));
            company.write(name, "users/robot.yaml", &format!("identifier: {ROBOT}\nroles: [Member]\nbot: true\n"));
            company.write(name, "blueprints/Env.yaml", "identifier: Env\nschema:\n  properties: {size: {type: number}}\n");
            let trigger = "trigger: {type: self-service, operation: CREATE, blueprintIdentifier: Env, userInputs: {properties: {name: {type: string}}, required: [name]}}";
            for (kind, more) in [(Kind::Once, ""), (Kind::Safe, ", idempotent: true")] {
                let word = kind.word();
                let way = format!(
                    "invocationMethod: {{type: WEBHOOK, url: 'http://{receiver}/{word}/{name}', body: {{name: '{{{{ .inputs.name }}}}'}}, synchronized: true{more}}}"
                );
                company.write(name, &format!("actions/{word}.yaml"), &format!("identifier: {word}\n{trigger}\n{way}\n"));
            }
            let way = "invocationMethod: {type: UPSERT_ENTITY, blueprintIdentifier: Env, mapping: {identifier: '{{ .inputs.name }}', properties: {size: 1}}}";
            company.write(name, "actions/note.yaml", &format!("identifier: note\n{trigger}\n{way}\n"));
            company.push(name, "the catalog");
        }
        company
    }

    pub fn names(&self) -> &[String] {
        &self.names
    }

    pub fn remote(&self, name: &str) -> PathBuf {
        self.directory.join(format!("{name}.git"))
    }

    fn work(&self, name: &str) -> PathBuf {
        self.directory.join(format!("work-{name}"))
    }

    fn write(&self, name: &str, file: &str, text: &str) {
        let path = self.work(name).join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn push(&self, name: &str, message: &str) {
        let work = self.work(name);
        git(&work, &["add", "--all"]);
        git(&work, &["commit", "--quiet", "-m", message]);
        // The controller commits too.
        let again = || {
            let moved = Command::new("git").current_dir(&work).args(["push", "--quiet", "origin", "main"]).output().unwrap();
            if !moved.status.success() {
                git(&work, &["pull", "--quiet", "--rebase", "origin", "main"]);
            }
            moved.status.success()
        };
        assert!((0..20).any(|_| again()), "{message} cannot be pushed");
    }

    /// Somebody asks for these, in one commit.
    pub fn ask(&self, name: &str, runs: &[(String, Kind)]) {
        for (run, kind) in runs {
            let text = format!("action: {}\ninputs: {{name: {run}}}\n", kind.word());
            self.write(name, &format!("runs/{run}.yaml"), &text);
        }
        self.push(name, "runs");
    }

    /// What the audit notes say, by run, in the order of the lines.
    pub fn audit(&self, name: &str) -> BTreeMap<Identifier, Vec<Json>> {
        let remote = self.remote(name);
        let mut lines: BTreeMap<Identifier, Vec<Json>> = BTreeMap::new();
        for entry in git(&remote, &["notes", "--ref=refs/notes/portcullis/runs", "list"]).lines() {
            let (note, _) = entry.split_once(' ').unwrap();
            for line in git(&remote, &["cat-file", "blob", note]).lines() {
                let line: Json = serde_json::from_str(line).unwrap();
                lines.entry(Identifier::new(line["run"].as_str().unwrap()).unwrap()).or_default().push(line);
            }
        }
        lines
    }

    /// How many commits on the branch say that they were made for a run.
    pub fn commits_for(&self, name: &str, handle: &str) -> usize {
        let grep = format!("--grep=^Portcullis-Run: {handle}$");
        git(&self.remote(name), &["log", "--format=%H", &grep, "main"]).lines().count()
    }
}

pub fn key(name: &str) -> RepositoryKey {
    RepositoryKey::new(format!("{name}#main"))
}

pub fn git(directory: &Path, args: &[&str]) -> String {
    let who = ["GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"];
    let out = Command::new("git")
        .current_dir(directory)
        .args(args)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .envs(who.map(|name| (name, ALICE)))
        .output()
        .unwrap();
    assert!(out.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap().trim().to_owned()
}
