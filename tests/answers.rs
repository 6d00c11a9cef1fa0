//! Answers of the command line about a real repository: what is printed, and what the shell is told.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // a test that cannot start has failed

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// A clone of the example catalog, with one commit on `main`.
struct Repository {
    directory: TempDir,
}

impl Repository {
    fn of_the_example() -> Self {
        let repository = Self { directory: tempfile::tempdir().unwrap() };
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/catalog-repo"), &repository.work());
        repository.git("alice@acme.dev", &["init", "-q", "-b", "main"]);
        repository.commit("alice@acme.dev", "begin");
        repository
    }

    fn work(&self) -> PathBuf {
        self.directory.path().join("work")
    }

    fn git(&self, who: &str, args: &[&str]) -> String {
        let output = self
            .command("git")
            .args(["-c", "user.name=somebody", "-c", &format!("user.email={who}")])
            .args(args)
            .output()
            .unwrap();
        assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn commit(&self, who: &str, message: &str) -> String {
        self.git(who, &["add", "--all"]);
        self.git(who, &["commit", "-q", "-m", message]);
        self.git(who, &["rev-parse", "HEAD"])
    }

    fn write(&self, path: &str, text: &str) {
        std::fs::write(self.work().join(path), text).unwrap();
    }

    fn portcullis(&self, args: &[&str]) -> Output {
        self.command(env!("CARGO_BIN_EXE_portcullis")).args(args).output().unwrap()
    }

    /// The verdict as JSON, and the exit code.
    fn verdict(&self, args: &[&str]) -> (Value, i32) {
        let output = self.portcullis(&[args, &["--format", "json"]].concat());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {said}")), output.status.code().unwrap())
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.directory.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .current_dir(self.work());
        command
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::write(target, std::fs::read(entry.path()).unwrap()).unwrap();
        }
    }
}

const EXTEND: &str = "action: extend_env_ttl\nentity: env-42\ninputs: { ttl: 10 days }\nreason: load tests\n";

#[test]
fn a_clean_working_tree_exits_with_0() {
    let repository = Repository::of_the_example();
    let (verdict, code) = repository.verdict(&["check", "--as", "alice@acme.dev"]);
    assert_eq!((verdict["conclusion"].as_str(), &verdict["head"], code), (Some("success"), &Value::Null, 0), "{verdict:#}");
}

#[test]
fn a_mistake_in_the_working_tree_is_shown_with_its_line_before_it_is_committed() {
    let repository = Repository::of_the_example();
    repository.git("carol@acme.dev", &["config", "user.email", "carol@acme.dev"]);
    let prod = std::fs::read_to_string(repository.work().join("entities/Env/prod.yaml")).unwrap();
    repository.write("entities/Env/prod.yaml", &prod.replace("kind: production", "kind: 7"));
    let output = repository.portcullis(&["check"]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("error[permission/update-property]: carol@acme.dev may not change property `kind` of Env/prod"),
        "{said}"
    );
    assert!(said.contains(" --> entities/Env/prod.yaml:6:9\n  |\n6 |   kind: 7\n  |         ^\n"), "{said}");
    assert!(!said.contains('\u{1b}'), "no colour in a pipe");
}

#[test]
fn a_branch_is_judged_against_the_watched_branch() {
    let repository = Repository::of_the_example();
    let base = repository.git("x@y", &["rev-parse", "main"]);
    repository.git("x@y", &["switch", "-q", "-c", "extend"]);
    repository.write("runs/keep.yaml", EXTEND);
    let head = repository.commit("carol@acme.dev", "keep env-42");
    for args in
        [vec!["check", "--head", "extend"], vec!["check", "--base", "main"], vec!["check", "--base", "main", "--head", &head]]
    {
        let (verdict, code) = repository.verdict(&args);
        assert_eq!((verdict["base"].as_str(), verdict["head"].as_str()), (Some(base.as_str()), Some(head.as_str())), "{args:?}");
        assert_eq!((verdict["conclusion"].as_str(), code), (Some("pending"), 0), "{args:?}: {verdict:#}");
        assert_eq!(verdict["runs"][0]["state"], "WAITING_FOR_APPROVAL");
    }
    let (verdict, code) = repository.verdict(&["check", "--head", "extend", "--as", "dave@acme.dev"]);
    assert_eq!((verdict["conclusion"].as_str(), code), (Some("failure"), 1), "Dave may not: {verdict:#}");
}

#[test]
fn facts_approve_what_the_branch_alone_leaves_waiting() {
    let repository = Repository::of_the_example();
    repository.git("x@y", &["switch", "-q", "-c", "extend"]);
    repository.write("runs/keep.yaml", EXTEND);
    let head = repository.commit("carol@acme.dev", "keep env-42");
    let state = |id: u64, review: &str, commit: &str| {
        let facts = serde_json::json!({
            "base": "main", "head": "extend", "opener": { "login": "carol", "id": 583_233 }, "state": "open",
            "reviews": [{ "id": 1, "user": { "login": "somebody", "id": id }, "state": review, "commit": commit,
                          "submitted_at": "2026-11-21T10:00:00Z" }],
        });
        repository.write("../facts.json", &facts.to_string());
        let (verdict, code) = repository.verdict(&["simulate", "../facts.json"]);
        (verdict["runs"][0]["state"].as_str().unwrap().to_owned(), code)
    };
    let expect = |state: &str, code: i32| (state.to_owned(), code);
    assert_eq!(state(583_232, "APPROVED", &head), expect("APPROVED", 0), "Bob moderates environments");
    assert_eq!(state(583_232, "approved", "extend"), expect("APPROVED", 0), "a revision will do");
    assert_eq!(state(583_232, "CHANGES_REQUESTED", &head), expect("DECLINED", 1));
    assert_eq!(state(583_233, "APPROVED", &head), expect("WAITING_FOR_APPROVAL", 0), "Carol asked for it");
    assert_eq!(state(999, "APPROVED", &head), expect("WAITING_FOR_APPROVAL", 0), "a stranger");
    assert_eq!(state(583_232, "APPROVED", "deadbeef"), expect("WAITING_FOR_APPROVAL", 0), "on no known commit");
    assert_eq!(state(583_232, "COMMENTED", &head), expect("WAITING_FOR_APPROVAL", 0));
}

#[test]
fn a_catalog_below_the_top_is_named_from_the_top() {
    let repository = Repository::of_the_example();
    let work = repository.work();
    std::fs::create_dir(work.join("platform")).unwrap();
    repository.git(
        "x@y",
        &["mv", "entities", "blueprints", "users", "teams", "permissions", "actions", "runs", "catalog.yaml", "platform/"],
    );
    repository.commit("alice@acme.dev", "move");
    repository.write("platform/entities/Env/bad.yaml", "identifier: bad\nblueprint: Env\nproperties: { kind: 7 }\n");
    let (verdict, code) = repository.verdict(&["check", "--root", "platform", "--as", "alice@acme.dev"]);
    assert_eq!(code, 1);
    let files: Vec<&str> = verdict["findings"].as_array().unwrap().iter().filter_map(|f| f["file"].as_str()).collect();
    assert!(files.contains(&"platform/entities/Env/bad.yaml"), "{files:?}");
}

#[test]
fn can_answers_with_the_rule_and_its_line() {
    let repository = Repository::of_the_example();
    let refused = repository.portcullis(&["can", "carol@acme.dev", "update", "Env/prod", "--relation", "deployedAt"]);
    let said = String::from_utf8(refused.stdout).unwrap();
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(said.contains("--> permissions/Env.yaml:") && said.contains("some-user@myorg.com could"), "{said}");
    let allowed =
        repository.portcullis(&["can", "carol@acme.dev", "update", "Env/prod", "--property", "slackChannelUrl", "--json"]);
    let answer: Value = serde_json::from_slice(&allowed.stdout).unwrap();
    assert_eq!((&answer["allowed"], allowed.status.code()), (&Value::Bool(true), Some(0)), "{answer:#}");
    assert_eq!(answer["parts"][0]["file"], "permissions/Env.yaml");
    assert_eq!(repository.portcullis(&["can", "carol@acme.dev", "update", "Env/nowhere"]).status.code(), Some(2));
}

#[test]
fn what_cannot_be_judged_says_nothing_on_standard_output() {
    let repository = Repository::of_the_example();
    for args in [
        vec!["check", "--head", "nowhere"],
        vec!["check", "--base", "nowhere"],
        vec!["can", "a@b", "update", "Env/prod", "--rev", "no"],
    ] {
        let output = repository.portcullis(&args);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{args:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("names no commit here"), "{args:?}");
    }
}
