//! Lays an example into a repository of its own and has the program judge it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use ssh_key::private::{Ed25519Keypair, KeypairData};

use crate::example::Example;

/// What every example stands on: the base catalog as a bare repository, and the keys of its people.
pub struct Ground {
    dir: tempfile::TempDir,
}

/// What the program says of an example.
pub struct Told {
    /// The rule of every finding.
    pub rules: Vec<String>,
    /// The findings as `check` prints them.
    pub drawn: String,
    /// Everything printed.
    pub text: String,
}

/// Whose keys there are, under `~/.ssh`; made from numbers, so that they are the same each time and none is kept in a file.
const PEOPLE: [&str; 3] = ["alice", "bob", "mallory"];
const MOMENT: &str = "2026-11-20T10:00:00Z";

impl Ground {
    /// Lays the base catalog.
    pub fn lay() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let ground = Self { dir };
        let keys = ground.home().join(".ssh");
        fs::create_dir_all(&keys).unwrap();
        for (person, seed) in PEOPLE.iter().zip(1..) {
            let pair = Ed25519Keypair::from_seed(&[seed; 32]);
            let key = ssh_key::PrivateKey::new(KeypairData::Ed25519(pair), format!("{person}@acme.dev")).unwrap();
            let file = keys.join(person);
            fs::write(&file, key.to_openssh(ssh_key::LineEnding::LF).unwrap().as_bytes()).unwrap();
            fs::write(file.with_extension("pub"), key.public_key().to_openssh().unwrap()).unwrap();
            private(&file);
        }
        let config = "[user]\n\tname = Somebody\n[gpg]\n\tformat = ssh\n[init]\n\tdefaultBranch = main\n[core]\n\tfsync = none\n[advice]\n\tdetachedHead = false\n[protocol \"file\"]\n\tallow = always\n";
        fs::write(ground.home().join(".gitconfig"), config).unwrap();
        let work = ground.dir.path().join("base");
        copy(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rules/base")), &work);
        ground.sh(
            &work,
            "alice@acme.dev",
            "git init -q --template= && git add -A && git commit -qm 'Lay the catalog' && git gc -q",
        );
        ground
    }

    fn home(&self) -> PathBuf {
        self.dir.path().join("home")
    }

    /// What `check` prints of an example, judged in a clone of its own.
    pub fn draw(&self, example: &Example) -> Told {
        let laid = self.clone_for(example);
        let (rules, text) = (laid.rules(self), laid.ask(self, "text"));
        let drawn: Vec<&str> = text.split("\n\n").take(rules.len()).map(str::trim_end).collect();
        Told { drawn: drawn.join("\n\n"), rules, text }
    }

    /// The text of every finding on an example, where there is any.
    pub fn complaint(&self, example: &Example) -> Option<String> {
        let laid = self.clone_for(example);
        (!laid.rules(self).is_empty()).then(|| laid.ask(self, "text"))
    }

    fn clone_for(&self, example: &Example) -> Laid {
        let place = tempfile::tempdir().unwrap();
        let work = place.path().join("catalog");
        copy(&self.dir.path().join("base"), &work);
        let by = example.by.as_deref().unwrap_or("alice@acme.dev");
        commit(&work, &example.base, "alice@acme.dev", "Prepare the catalog\n");
        switch(&work, "change");
        commit(&work, &example.files, by, "Change the catalog\n");
        if !example.script.is_empty() {
            let rest = "if [ -n \"$(git status --porcelain)\" ]; then git add -A && git commit -qm 'Change the catalog'; fi";
            self.sh(&work, by, &format!("{}\n{rest}", example.script));
        }
        let facts = example.facts.as_deref().map(|text| {
            let file = place.path().join("facts.json");
            fs::write(&file, text).unwrap();
            file
        });
        Laid { _place: place, work, facts }
    }

    fn sh(&self, work: &Path, by: &str, script: &str) {
        let mut bash = self.command("bash", work);
        bash.args(["-euo", "pipefail", "-c", script]);
        bash.env("GIT_CONFIG_COUNT", "1").env("GIT_CONFIG_KEY_0", "user.email").env("GIT_CONFIG_VALUE_0", by);
        bash.env("GIT_AUTHOR_DATE", MOMENT).env("GIT_COMMITTER_DATE", MOMENT);
        let output = bash.output().unwrap();
        assert!(output.status.success(), "{script}\n{}", String::from_utf8_lossy(&output.stderr));
    }

    fn command(&self, program: &str, work: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(work).env_clear().env("PATH", std::env::var_os("PATH").unwrap());
        command.env("HOME", self.home()).env("GIT_CONFIG_NOSYSTEM", "1").env("TZ", "UTC").env("LC_ALL", "C.UTF-8");
        command
    }
}

/// An example in a repository.
struct Laid {
    _place: tempfile::TempDir,
    work: PathBuf,
    facts: Option<PathBuf>,
}

impl Laid {
    fn ask(&self, ground: &Ground, format: &str) -> String {
        let mut command = ground.command(env!("CARGO_BIN_EXE_portcullis"), &self.work);
        match &self.facts {
            Some(facts) => command.arg("simulate").arg(facts),
            None => command.args(["check", "--base", "main", "--head", "change"]),
        };
        said(&command.args(["--color", "never", "--format", format]).output().unwrap())
    }

    fn rules(&self, ground: &Ground) -> Vec<String> {
        let json = self.ask(ground, "json");
        let verdict: serde_json::Value = serde_json::from_str(&json).unwrap_or_else(|error| panic!("{error}:\n{json}"));
        let findings = verdict["findings"].as_array().into_iter().flatten();
        findings.map(|finding| finding["rule"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

/// What is printed, where the program could judge.
fn said(output: &Output) -> String {
    let (told, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(matches!(output.status.code(), Some(0 | 1)), "the program could not judge:\n{told}\n{complained}");
    told.into_owned()
}

/// Commits files onto the branch that is checked out.
fn commit(work: &Path, files: &[(String, String)], by: &str, message: &str) {
    if files.is_empty() {
        return;
    }
    let repository = git2::Repository::open(work).unwrap();
    let mut index = repository.index().unwrap();
    for (path, text) in files {
        let file = work.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, text).unwrap();
        index.add_path(Path::new(path)).unwrap();
    }
    index.write().unwrap();
    let tree = repository.find_tree(index.write_tree().unwrap()).unwrap();
    let parent = repository.head().unwrap().peel_to_commit().unwrap();
    let moment = MOMENT.parse::<portcullis::model::Timestamp>().unwrap().as_second();
    let somebody = git2::Signature::new("Somebody", by, &git2::Time::new(moment, 0)).unwrap();
    repository.commit(Some("HEAD"), &somebody, &somebody, message, &tree, &[&parent]).unwrap();
}

/// Begins a branch where the one that is checked out stands.
fn switch(work: &Path, branch: &str) {
    let repository = git2::Repository::open(work).unwrap();
    repository.branch(branch, &repository.head().unwrap().peel_to_commit().unwrap(), false).unwrap();
    repository.set_head(&format!("refs/heads/{branch}")).unwrap();
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Keys that others may read are refused by `ssh-keygen`.
fn private(file: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
}
