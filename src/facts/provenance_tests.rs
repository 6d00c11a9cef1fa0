//! Where entities come from, told with real repositories.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{History, Origins, Workspace};
use crate::catalog::derive::Provenance;
use crate::check::Base;
use crate::git::Repository;
use crate::model::{CommitId, EntityKey, Identifier, Limits};

struct Story {
    home: tempfile::TempDir,
    clock: AtomicU64,
}

impl Story {
    fn begin() -> Self {
        let story = Self { home: tempfile::tempdir().unwrap(), clock: AtomicU64::new(1_700_000_000) };
        story.git("alice", &["init", "-q", "-b", "main", "."]);
        story.write("users/alice.yaml", "identifier: alice@acme.dev\n");
        story.write("users/bob.yaml", "identifier: bob@acme.dev\n");
        story.write("catalog.yaml", "identity: declared\n");
        story
    }

    fn dir(&self) -> &Path {
        self.home.path()
    }

    fn git(&self, who: &str, args: &[&str]) -> String {
        let now = format!("{} +0000", self.clock.fetch_add(60, Ordering::Relaxed));
        let email = format!("{who}@acme.dev");
        let output = Command::new("git")
            .args(args)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", self.dir())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .envs([("GIT_AUTHOR_NAME", who), ("GIT_COMMITTER_NAME", who)])
            .envs([("GIT_AUTHOR_EMAIL", &email), ("GIT_COMMITTER_EMAIL", &email)])
            .envs([("GIT_AUTHOR_DATE", &now), ("GIT_COMMITTER_DATE", &now)])
            .current_dir(self.dir())
            .output()
            .unwrap();
        assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.dir().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn commit(&self, who: &str) -> CommitId {
        self.git(who, &["add", "-A"]);
        self.git(who, &["commit", "-q", "--allow-empty", "-m", "x"]);
        self.tip()
    }

    fn tip(&self) -> CommitId {
        CommitId::from_hex(&self.git("alice", &["rev-parse", "HEAD"])).unwrap()
    }

    fn repository(&self) -> Repository {
        Repository::open(self.dir()).unwrap()
    }

    /// Commits that made and last changed the entity, by a walk anew; a history that was moved on must say the same.
    fn origin(&self, history: &mut History, key: &str) -> Option<(CommitId, CommitId)> {
        let mut anew = History::new("", Limits::default());
        anew.advance(&self.repository(), self.tip()).unwrap();
        history.advance(&self.repository(), self.tip()).unwrap();
        let key = self::key(key);
        assert_eq!(history.origin(&key), anew.origin(&key));
        anew.origin(&key).map(|origin| (origin.created, origin.updated))
    }
}

fn key(text: &str) -> EntityKey {
    let (blueprint, identifier) = text.split_once('/').unwrap();
    let id = |text| Identifier::new(text).unwrap();
    EntityKey { blueprint: id(blueprint), identifier: id(identifier) }
}

#[test]
fn only_meaning_counts_and_removal_ends_a_life() {
    let story = Story::begin();
    let mut history = History::new("", Limits::default());
    story.write("entities/Env/prod.yaml", "identifier: prod\nproperties: { size: 1 }\n");
    let made = story.commit("alice");
    assert_eq!(story.origin(&mut history, "Env/prod"), Some((made, made)));

    story.write("entities/Env/prod.yaml", "# a comment\nproperties:\n  size: 1\nidentifier: prod\n");
    story.commit("bob");
    story.git("bob", &["mv", "entities/Env/prod.yaml", "entities/Env/production.yaml"]);
    story.commit("bob");
    assert_eq!(story.origin(&mut history, "Env/prod"), Some((made, made)), "spelling and place mean nothing");

    story.write("entities/Env/production.yaml", "identifier: prod\nproperties: { size: 2 }\n");
    let changed = story.commit("bob");
    assert_eq!(story.origin(&mut history, "Env/prod"), Some((made, changed)));

    story.write("entities/Env/production.yaml", "identifier: [prod\n");
    story.commit("bob");
    story.write("entities/Env/production.yaml", "identifier: prod\nproperties: { size: 2 }\n");
    story.commit("bob");
    assert_eq!(story.origin(&mut history, "Env/prod"), Some((made, changed)), "a file that was broken for a while");

    std::fs::remove_file(story.dir().join("entities/Env/production.yaml")).unwrap();
    story.commit("alice");
    assert_eq!(story.origin(&mut history, "Env/prod"), None);
    story.write("entities/Env/prod.yaml", "identifier: prod\n");
    let again = story.commit("bob");
    assert_eq!(story.origin(&mut history, "Env/prod"), Some((again, again)));
}

#[test]
fn a_merge_lays_changes_to_those_who_made_them() {
    let story = Story::begin();
    let mut history = History::new("", Limits::default());
    story.write("entities/Env/prod.yaml", "identifier: prod\nproperties: { size: 1 }\n");
    let made = story.commit("alice");
    story.git("bob", &["checkout", "-q", "-b", "topic"]);
    story.write("entities/Env/prod.yaml", "identifier: prod\nproperties: { size: 2 }\n");
    let changed = story.commit("bob");
    story.write("entities/Env/new.yaml", "identifier: new\n");
    let added = story.commit("bob");
    story.git("alice", &["checkout", "-q", "main"]);
    story.write("entities/Env/other.yaml", "identifier: other\n");
    let other = story.commit("alice");
    assert_eq!(story.origin(&mut history, "Env/other"), Some((other, other)));
    story.git("alice", &["merge", "-q", "--no-ff", "-m", "merge", "topic"]);
    assert_eq!(story.origin(&mut history, "Env/prod"), Some((made, changed)));
    assert_eq!(story.origin(&mut history, "Env/new"), Some((added, added)));
    assert_eq!(story.origin(&mut history, "Env/other"), Some((other, other)));

    // What a merge itself makes of an entity is the merger's.
    story.git("bob", &["checkout", "-q", "-b", "second", "HEAD~1"]);
    story.write("entities/Env/late.yaml", "identifier: late\n");
    story.commit("bob");
    story.git("alice", &["checkout", "-q", "main"]);
    story.git("alice", &["merge", "-q", "--no-ff", "--no-commit", "second"]);
    story.write("entities/Env/late.yaml", "identifier: late\nproperties: { size: 9 }\n");
    let merged = story.commit("alice");
    assert_eq!(story.origin(&mut history, "Env/late").map(|(_, updated)| updated), Some(merged));

    // History rewritten: what is gone is forgotten.
    story.git("alice", &["reset", "-q", "--hard", &made.to_string()]);
    assert_eq!(story.origin(&mut history, "Env/prod"), Some((made, made)));
    story.write("entities/Env/prod.yaml", "identifier: prod\nproperties: { size: 5 }\n");
    let rewritten = story.commit("bob");
    assert_eq!(story.origin(&mut history, "Env/prod"), Some((made, rewritten)));
    assert_eq!(story.origin(&mut history, "Env/new"), None);
}

#[test]
fn a_commit_is_laid_to_a_user_of_the_roster_or_to_nobody() {
    let story = Story::begin();
    story.write("entities/Env/prod.yaml", "identifier: prod\n");
    story.commit("alice");
    story.write("entities/Env/prod.yaml", "identifier: prod\ntitle: Production\n");
    story.commit("stranger");
    let repository = story.repository();
    let by = |policy: &str| {
        story.write("catalog.yaml", policy);
        let tip = story.commit("bob");
        let base = Base(
            Workspace::open(story.dir(), "", std::sync::Arc::new(crate::model::NoExpressions))
                .unwrap()
                .snapshot(tip)
                .unwrap()
                .catalog,
        );
        let mut history = History::new("", Limits::default());
        history.advance(&repository, tip).unwrap();
        let origins = Origins::new(&history, &repository, &base);
        let user = |touch: Option<crate::model::Touch>| touch.and_then(|t| t.by).map(|id| id.to_string());
        assert!(origins.created(&key("Env/prod")).unwrap().at.is_some());
        (user(origins.created(&key("Env/prod"))), user(origins.updated(&key("Env/prod"))))
    };
    assert_eq!(by("identity: declared\n"), (Some("alice@acme.dev".to_owned()), None));
    assert_eq!(by("identity: signature\n"), (None, None), "nothing is signed, so nobody is certain");
}
