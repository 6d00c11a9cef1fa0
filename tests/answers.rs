//! Answers of the command line about a real repository: what is printed, and what the shell is told.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // a test that cannot start has failed

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

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

/// The same mistake in each of these entities.
fn many_wrong(repository: &Repository, count: usize) {
    for i in 0..count {
        repository.write(&format!("entities/Env/n{i:03}x.yaml"), &format!("identifier: n{i:03}x\nproperties: {{ kind: 7 }}\n"));
    }
}

#[test]
fn paths_restrict_what_is_told_and_never_pass_for_the_whole() {
    let repository = Repository::of_the_example();
    repository.write("entities/Env/typo.yaml", "identifier: typo\nproperties: { kind: 7 }\n");
    let whole = ["check", "--as", "alice@acme.dev"];
    assert_eq!(repository.verdict(&whole).1, 1);

    let (elsewhere, code) = repository.verdict(&[&whole[..], &["teams", "users"]].concat());
    assert_eq!((code, &elsewhere["findings"]), (0, &Value::Array(vec![])), "{elsewhere:#}");
    assert_eq!(elsewhere["restricted"]["paths"], serde_json::json!(["teams", "users"]));
    assert_eq!(elsewhere["restricted"]["conclusion"], "failure");
    assert!(elsewhere["restricted"]["errors"].as_u64().unwrap() > 0, "{elsewhere:#}");
    let output = repository.portcullis(&[&whole[..], &["teams"]].concat());
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("restricted to teams; ") && said.contains("elsewhere are not told; the whole: failure"), "{said}");

    let (here, code) = repository.verdict(&[&whole[..], &["entities/Env/typo.yaml"]].concat());
    assert_eq!((code, here["conclusion"].as_str()), (1, Some("failure")), "{here:#}");
    assert!(here["findings"].as_array().unwrap().iter().all(|f| f["file"] == "entities/Env/typo.yaml"), "{here:#}");

    // From a directory below, as a shell completes it.
    let output = repository
        .command(env!("CARGO_BIN_EXE_portcullis"))
        .current_dir(repository.work().join("entities"))
        .args(["check", "--as", "alice@acme.dev", "./Env", "../teams", "--format", "json"])
        .output()
        .unwrap();
    let verdict: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(verdict["restricted"]["paths"], serde_json::json!(["entities/Env", "teams"]));

    let output = repository.portcullis(&[&whole[..], &["entities/Env/tpyo.yaml"]].concat());
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "a slip of the pen is not clean");
    assert!(said.contains("entities/Env/tpyo.yaml names no file"), "{said}");
    let output = repository.portcullis(&[&whole[..], &["/"]].concat());
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn the_same_mistake_in_many_files_is_told_once() {
    let repository = Repository::of_the_example();
    many_wrong(&repository, 40);
    let drawn = |args: &[&str]| {
        let output = repository.portcullis(&[&["check", "--as", "alice@acme.dev"], args].concat());
        let said = String::from_utf8(output.stdout).unwrap();
        (said.matches("error[schema/").count(), said)
    };
    let (once, said) = drawn(&[]);
    assert!(once < 5 && said.contains("the same in 39 more places: entities/Env/n001x.yaml:2:"), "{said}");
    assert!(said.contains("and 37 more (--expand shows all)") && said.contains("checked "), "{said}");
    assert!(drawn(&["--expand"]).0 >= 40);
    let (verdict, _) = repository.verdict(&["check", "--as", "alice@acme.dev"]);
    assert!(verdict["findings"].as_array().unwrap().len() >= 40, "programs are told each");
}

#[test]
fn a_quiet_check_of_a_clean_catalog_says_nothing() {
    let repository = Repository::of_the_example();
    let output = repository.portcullis(&["check", "--quiet", "--as", "alice@acme.dev"]);
    assert_eq!((output.status.code(), &*output.stdout, &*output.stderr), (Some(0), &b""[..], &b""[..]));
}

#[test]
fn sarif_of_a_real_verdict_obeys_the_published_schema() {
    let repository = Repository::of_the_example();
    many_wrong(&repository, 3);
    repository.write("entities/Env/broken.yaml", "identifier: [\n");
    repository.write("entities/Env/twice.yaml", "identifier: prod\n");
    let output = repository.portcullis(&["check", "--format", "sarif", "--as", "carol@acme.dev"]);
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
    // One of its patterns, for languages, has a bracket too many, which a strict engine wants escaped.
    let schema = include_str!("schemas/sarif-2.1.0.json").replace("{2}]?$", "{2}\\\\]?$");
    let validator = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    let wrong: Vec<String> = validator.iter_errors(&printed).map(|e| format!("{e} at {}", e.instance_path())).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    let results = printed["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results[0]["ruleId"].as_str().map(|rule| rule.split('/').next().unwrap()), Some("yaml"), "the cause leads");
    assert!(
        results.iter().any(|r| r["ruleId"] == "duplicate/identifier" && !r["relatedLocations"].as_array().unwrap().is_empty())
    );
}

#[test]
fn a_policy_under_another_name_is_not_believed_in_silence() {
    let repository = Repository::of_the_example();
    std::fs::rename(repository.work().join("catalog.yaml"), repository.work().join("catalog.yml")).unwrap();
    let (verdict, code) = repository.verdict(&["check", "--as", "alice@acme.dev", "catalog.yml"]);
    assert_eq!(code, 1, "{verdict:#}");
    assert_eq!(verdict["findings"][0]["rule"], "document/policy-name", "{verdict:#}");
    repository.commit("alice@acme.dev", "rename the policy");
    let (verdict, code) = repository.verdict(&["check", "--as", "alice@acme.dev", "--base", "HEAD^", "catalog.yml"]);
    assert_eq!((code, verdict["findings"][0]["rule"].as_str()), (1, Some("document/policy-name")), "{verdict:#}");
}

#[test]
fn a_range_beyond_the_limit_of_files_is_told_so_and_not_read() {
    let repository = Repository::of_the_example();
    let policy = std::fs::read_to_string(repository.work().join("catalog.yaml")).unwrap();
    repository.write("catalog.yaml", &format!("{policy}\nlimits: {{ files: 3 }}\n"));
    repository.commit("alice@acme.dev", "limit");
    repository.git("x@y", &["switch", "-q", "-c", "wide"]);
    for i in 0..4 {
        repository.write(&format!("entities/Env/broken{i}.yaml"), "identifier: [\n");
    }
    repository.commit("alice@acme.dev", "too many");
    let (verdict, code) = repository.verdict(&["check", "--head", "wide"]);
    let rules: Vec<&str> = verdict["findings"].as_array().unwrap().iter().map(|f| f["rule"].as_str().unwrap()).collect();
    assert_eq!((code, rules, verdict["conclusion"].as_str()), (1, vec!["limit/files"], Some("failure")), "{verdict:#}");
    let output = repository.portcullis(&["check", "--head", "wdie"]);
    assert!(String::from_utf8(output.stderr).unwrap().contains("did you mean `wide`?"));
}

/// The verdicts of a program that goes on, one after another; each ends in a line that begins with its conclusion.
struct Watched {
    child: Child,
    lines: Receiver<String>,
}

impl Watched {
    fn start(repository: &Repository) -> Self {
        let mut child = repository
            .command(env!("CARGO_BIN_EXE_portcullis"))
            .args(["check", "--watch", "--as", "alice@acme.dev"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (tell, lines) = mpsc::channel();
        let out = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| tell.send(line)));
        Self { child, lines }
    }

    fn next_verdict(&self) -> String {
        let mut said = String::new();
        loop {
            // Far more than it takes; reached only where it will never come.
            let line = self.lines.recv_timeout(Duration::from_secs(60)).unwrap_or_else(|_| panic!("no verdict after: {said}"));
            said.push_str(&line);
            said.push('\n');
            if line.starts_with("success: ") || line.starts_with("failure: ") {
                return said;
            }
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_watched_working_tree_is_judged_again_when_a_file_changes() {
    let repository = Repository::of_the_example();
    let watched = Watched::start(&repository);
    assert!(watched.next_verdict().contains("success: "));
    repository.write("entities/Env/new.yaml", "identifier: [\n");
    let said = watched.next_verdict();
    assert!(said.contains("entities/Env/new.yaml:") && said.contains("failure: 1 error"), "{said}");
    assert!(!said.contains('\u{1b}'), "no terminal, no clearing of it");
    // Written and removed again, in a directory that was not there before; and a file that nobody asks about.
    repository.write("README.md", "nothing of the catalog\n");
    std::fs::create_dir_all(repository.work().join("entities/Env/deep/er")).unwrap();
    std::fs::rename(repository.work().join("entities/Env/new.yaml"), repository.work().join("entities/Env/deep/er/new.yaml"))
        .unwrap();
    let said = watched.next_verdict();
    assert!(said.contains("entities/Env/deep/er/new.yaml:"), "{said}");
    std::fs::remove_file(repository.work().join("entities/Env/deep/er/new.yaml")).unwrap();
    assert!(watched.next_verdict().contains("success: "));
}
