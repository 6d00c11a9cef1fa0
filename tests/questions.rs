//! `can` and `diff` asked about a real repository: what they print, and that their JSON is what docs/answers.schema.json says.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // a test that cannot start has failed

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// A clone of the example catalog, with one commit by Alice on `main`.
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

    fn git(&self, who: &str, args: &[&str]) -> String {
        let identity = format!("user.email={who}");
        let output = self.command("git").args(["-c", "user.name=somebody", "-c", &identity]).args(args).output().unwrap();
        assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn commit(&self, who: &str, message: &str) -> String {
        self.git(who, &["add", "--all"]);
        self.git(who, &["commit", "-q", "-m", message]);
        self.git(who, &["rev-parse", "HEAD"])
    }

    fn edit(&self, file: &str, from: &str, to: &str) {
        let before = std::fs::read_to_string(self.work().join(file)).unwrap();
        assert!(before.contains(from), "{file}:\n{before}");
        std::fs::write(self.work().join(file), before.replace(from, to)).unwrap();
    }

    fn portcullis(&self, args: &[&str]) -> Output {
        self.command(env!("CARGO_BIN_EXE_portcullis")).args(args).output().unwrap()
    }

    fn text(&self, args: &[&str], code: i32) -> String {
        let output = self.portcullis(args);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{args:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// JSON that is what the schema of this name says.
    fn json(&self, args: &[&str], code: i32, kind: &str) -> Value {
        let answer: Value = serde_json::from_str(&self.text(args, code)).unwrap();
        let mut schema: Value = serde_json::from_str(include_str!("../docs/answers.schema.json")).unwrap();
        schema.as_object_mut().unwrap().remove("oneOf");
        schema["$ref"] = format!("#/$defs/{kind}").into();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let wrong: Vec<String> =
            validator.iter_errors(&answer).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(wrong.is_empty(), "{wrong:?}\n{answer:#}");
        answer
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

#[test]
fn a_refusal_says_who_could_and_what_would_have_to_change() {
    let repository = Repository::of_the_example();
    let question = ["can", "carol@acme.dev", "update", "Env/prod", "--property", "kind"];
    insta::assert_snapshot!("can_refused", repository.text(&question, 1));
    let answer = repository.json(&[&question[..], &["--json"]].concat(), 1, "answer");
    assert_eq!(answer["changes"][0][0]["text"], "give carol@acme.dev the role Env-moderator");
    assert_eq!(answer["changes"][0][0]["file"], "users/carol.yaml");

    // Who does as told may.
    repository.edit("users/carol.yaml", "roles: [Member]", "roles: [Member, Env-moderator]");
    repository.commit("alice@acme.dev", "As told");
    let answer = repository.json(&[&question[..], &["--json"]].concat(), 0, "answer");
    assert_eq!((&answer["allowed"], answer["changes"].as_array().map(Vec::len)), (&Value::Bool(true), Some(0)));
}

/// A rule would answer for a name that is not there, and somebody who mistyped it would believe the answer.
#[test]
fn a_name_that_is_not_there_has_no_answer_and_what_was_meant_is_told() {
    let repository = Repository::of_the_example();
    let told = |args: &[&str], words: &str| {
        let output = repository.portcullis(args);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{args:?}: {said}");
        assert!(said.contains(words), "{args:?}: {said}");
    };
    told(&["can", "alice@acme.dev", "update", "Env/prod", "--property", "knid"], "did you mean `kind`?");
    told(&["can", "alice@acme.dev", "update", "Env/prod", "--property", "tier"], "`tier` is computed");
    told(&["can", "alice@acme.dev", "update", "Env/prod", "--relation", "deployed"], "did you mean `deployedAt`?");
    told(&["can", "alice@acme.dev", "execute", "actions/delete_env", "--entity", "prd"], "did you mean `--entity prod`?");
    told(&["show", "Env/prd"], "did you mean `Env/prod`?");
    told(&["show", "Evn/prod"], "did you mean `Env/prod`?");
    told(&["show", "Env/prod", "--as", "nobody@acme.dev"], "nobody@acme.dev is not in the roster");
    // What somebody may not see is not suggested to them.
    repository.edit("permissions/Env.yaml", "entities:\n", "entities:\n  read: { roles: [Admin] }\n");
    repository.commit("alice@acme.dev", "Hide environments");
    let hidden = repository.portcullis(&["show", "Env/prd", "--as", "carol@acme.dev"]);
    assert!(!String::from_utf8_lossy(&hidden.stderr).contains("prod"), "{hidden:?}");

    let asked = repository.portcullis(&["can", "carol@acme.dev", "execute", "actions/delete_env"]);
    assert!(String::from_utf8_lossy(&asked.stderr).contains("--entity names one"), "{asked:?}");
    repository.text(&["can", "alice@acme.dev", "read", "Env/prod", "--property", "tier"], 0);
}

#[test]
fn all_is_a_table_of_everybody_and_every_operation() {
    let repository = Repository::of_the_example();
    insta::assert_snapshot!("can_all", repository.text(&["can", "--all", "Env/prod"], 0));
    let table = repository.json(&["can", "--all", "Env/prod", "--json"], 0, "matrix");
    let operations = table["operations"].as_array().unwrap();
    let channel = operations.iter().position(|one| one["field"] == "slackChannelUrl").unwrap();
    let group = |user: &str| {
        let groups = table["groups"].as_array().unwrap();
        groups.iter().find(|group| group["users"].as_array().unwrap().contains(&user.into())).unwrap()["allowed"].clone()
    };
    assert_eq!(group("carol@acme.dev")[channel], true);
    assert_eq!(group("alice@acme.dev")[channel], true);
    let none = repository.portcullis(&["can", "--all", "Env/nowhere"]);
    assert_eq!((none.status.code(), none.stdout.len()), (Some(2), 0));
    let both = repository.portcullis(&["can", "alice@acme.dev", "--all", "Env/prod"]);
    assert_eq!(both.status.code(), Some(2), "one question or all");
}

#[test]
fn a_difference_is_laid_to_who_made_it() {
    let repository = Repository::of_the_example();
    repository.edit("entities/Env/prod.yaml", "kind: production", "kind: staging");
    let by_bob = repository.commit("bob@acme.dev", "kind");
    repository.edit("entities/Env/staging.yaml", "identifier: staging", "# a comment, and nothing else\nidentifier: staging");
    repository.git("dave@acme.dev", &["mv", "entities/Env/env-42.yaml", "entities/Env/renamed.yaml"]);
    repository.commit("dave@acme.dev", "nothing of meaning");
    repository.edit("teams/platform.yaml", "identifier: platform", "identifier: platform\ntitle: The Platform");
    let by_mallory = repository.commit("mallory@acme.dev", "team");

    let found = repository.json(&["diff", "main~3", "main", "--format", "json"], 0, "difference");
    let subjects = found["subjects"].as_array().unwrap();
    let named: Vec<&str> = subjects.iter().map(|one| one["subject"].as_str().unwrap()).collect();
    assert_eq!(named, ["Env/prod", "teams/platform"], "what means the same is not told: {found:#}");
    assert_eq!(subjects[0]["changes"][0]["path"], "properties.kind");
    assert_eq!(subjects[0]["changes"][0]["after"], "staging");
    assert_eq!((&subjects[0]["commit"], &subjects[0]["actors"][0]), (&by_bob.into(), &"bob@acme.dev".into()));
    assert_eq!(subjects[0]["owners"]["after"], serde_json::json!(["platform"]));
    assert_eq!((&subjects[1]["commit"], &subjects[1]["actors"][0]), (&by_mallory.into(), &"stranger:mallory@acme.dev".into()));

    let text = repository.text(&["diff", "main~3", "main", "--exit-code", "--", "Env"], 1);
    assert!(text.contains("~ properties.kind: \"production\" -> \"staging\""), "{text}");
    assert!(!text.contains("platform.yaml"), "{text}");
    assert!(repository.text(&["diff", "main~3", "main", "--format", "markdown"], 0).contains("**update Env/prod**"));
    assert!(repository.text(&["diff", "main", "main", "--exit-code"], 0).starts_with("no difference of meaning"));
    // Backwards it is the same difference, and nobody of these commits has made it.
    let back = repository.json(&["diff", "main", "main~3", "--format", "json"], 0, "difference");
    assert_eq!((back["subjects"].as_array().unwrap().len(), back["subjects"][0]["actors"].as_array().unwrap().len()), (2, 0));
}

#[test]
fn a_working_tree_is_compared_too_and_what_cannot_be_read_is_said() {
    let repository = Repository::of_the_example();
    repository.edit("entities/Env/prod.yaml", "kind: production", "kind: staging");
    std::fs::write(repository.work().join("entities/Env/broken.yaml"), "identifier: [\n").unwrap();
    let found = repository.json(&["diff", "--format", "json"], 0, "difference");
    assert_eq!((&found["head"], &found["subjects"][0]["subject"]), (&Value::Null, &"Env/prod".into()));
    assert_eq!(found["unread"], serde_json::json!([{ "file": "entities/Env/broken.yaml", "side": "head" }]));
    let nowhere = repository.portcullis(&["diff", "nowhere"]);
    assert_eq!((nowhere.status.code(), nowhere.stdout.len()), (Some(2), 0));
}

#[test]
fn revisions_without_a_common_history_are_compared_all_the_same() {
    let repository = Repository::of_the_example();
    repository.git("x@y", &["switch", "-q", "--orphan", "other"]);
    repository.git("x@y", &["checkout", "-q", "main", "--", "."]);
    repository.edit("entities/Env/prod.yaml", "kind: production", "kind: staging");
    repository.commit("bob@acme.dev", "begin anew");
    let found = repository.json(&["diff", "main", "other", "--format", "json"], 0, "difference");
    assert_eq!(found["subjects"].as_array().unwrap().len(), 1);
    assert_eq!(found["unattributed"], "the two revisions share no history");
}
