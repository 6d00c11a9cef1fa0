//! Lays an example into a repository of its own and has the program judge it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use portcullis::cli::FactsFile;
use ssh_key::private::{Ed25519Keypair, KeypairData};

use crate::example::Example;

/// What every example stands on: the base catalog as a bare repository, and the keys of its people.
pub struct Ground {
    dir: tempfile::TempDir,
}

/// What the program says of an example.
#[derive(Debug)]
pub struct Told {
    /// The rule of every finding.
    pub findings: Vec<String>,
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

    /// Judges an example in a clone of its own.
    pub fn judge(&self, example: &Example) -> Told {
        let place = tempfile::tempdir().unwrap();
        let work = place.path().join("catalog");
        copy(&self.dir.path().join("base"), &work);
        let by = example.by.as_deref().unwrap_or("alice@acme.dev");
        let commit = "if [ -n \"$(git status --porcelain)\" ]; then git add -A && git commit -qm 'Change the catalog'; fi";
        if !example.base.is_empty() {
            write(&work, &example.base);
            self.sh(&work, "alice@acme.dev", "git add -A && git commit -qm 'Prepare the catalog'");
        }
        write(&work, &example.files);
        self.sh(&work, by, &format!("git switch -qc change\n{commit}\n{}\n{commit}", example.script));
        let facts = place.path().join("facts.json");
        let text = example.facts.as_deref();
        if let Some(text) = text {
            FactsFile::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text}"));
            fs::write(&facts, text).unwrap();
        }
        let ask = |format: &str| {
            let mut command = self.command(env!("CARGO_BIN_EXE_portcullis"), &work);
            match text {
                Some(_) => command.arg("simulate").arg(&facts),
                None => command.args(["check", "--base", "main", "--head", "change"]),
            };
            command.args(["--color", "never", "--format", format]).output().unwrap()
        };
        let (json, text) = (said(&ask("json")), said(&ask("text")));
        let verdict: serde_json::Value = serde_json::from_str(&json).unwrap_or_else(|error| panic!("{error}:\n{json}"));
        let rule = |finding: &serde_json::Value| finding["rule"].as_str().unwrap_or_default().to_owned();
        let findings: Vec<String> = verdict["findings"].as_array().into_iter().flatten().map(rule).collect();
        let drawn: Vec<&str> = text.split("\n\n").take(findings.len()).map(str::trim_end).collect();
        Told { drawn: drawn.join("\n\n"), findings, text }
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

/// What is printed, where the program could judge.
fn said(output: &Output) -> String {
    let (told, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(matches!(output.status.code(), Some(0 | 1)), "the program could not judge:\n{told}\n{complained}");
    told.into_owned()
}

fn write(work: &Path, files: &[(String, String)]) {
    for (path, text) in files {
        let file = work.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
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
