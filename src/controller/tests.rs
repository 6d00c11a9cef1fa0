//! Stories on a real repository, a real store and git's own forge: commits are made by `git`, statuses are read back from notes.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::*;
use crate::check::Conclusion;
use crate::facts::Workspace;
use crate::forge::{Forge, GitForge, GitForgeOptions};
use crate::model::{CommitId, Identifier, Timestamp};
use crate::store::{Acceptance, RepositoryKey, SqliteStore, Standing, Store};

const ALICE: &str = "alice@acme.dev";
const BOB: &str = "bob@acme.dev";

/// A repository, a store and the time.
struct Story {
    dir: tempfile::TempDir,
    clock: Arc<ManualClock>,
    settings: Settings,
}

impl Story {
    /// A catalog in which Alice is Admin and Bob may do nothing, believed by their addresses.
    fn new() -> Self {
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

    fn empty() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at("2026-11-21T12:00:00Z".parse().unwrap()));
        let story = Self { dir, clock, settings: Settings::default() };
        std::fs::create_dir(story.path()).unwrap();
        story.git(ALICE, &["init", "--quiet", "--initial-branch=main"]);
        story
    }

    fn path(&self) -> std::path::PathBuf {
        self.dir.path().join("repo")
    }

    fn git(&self, who: &str, args: &[&str]) -> String {
        git(&self.path(), who, args)
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn commit(&self, who: &str, message: &str) -> CommitId {
        self.git(who, &["add", "--all"]);
        self.git(who, &["commit", "--quiet", "--allow-empty", "-m", message]);
        self.at("HEAD")
    }

    fn change(&self, who: &str, file: &str, text: &str) -> CommitId {
        self.write(file, text);
        self.commit(who, file)
    }

    fn at(&self, rev: &str) -> CommitId {
        CommitId::from_hex(&self.git(ALICE, &["rev-parse", rev])).unwrap()
    }

    /// A branch off main with one commit, proposed for review; the pull request's id is that commit's.
    fn propose(&self, who: &str, branch: &str, file: &str, text: &str) -> CommitId {
        self.git(who, &["checkout", "--quiet", "-b", branch, "main"]);
        let head = self.change(who, file, text);
        let request = format!(
            r#"{{"timestamp":"1790000000","reviewRef":"refs/heads/{branch}","targetRef":"refs/heads/main","requester":"{who}","description":"{branch}"}}"#
        );
        self.git(who, &["notes", "--ref=refs/notes/devtools/reviews", "append", "-m", &request, &head.to_string()]);
        self.git(who, &["checkout", "--quiet", "main"]);
        head
    }

    fn merge(&self, branch: &str) -> CommitId {
        self.git(ALICE, &["merge", "--quiet", "--no-ff", "-m", "merge", branch]);
        self.at("main")
    }

    async fn store(&self) -> Arc<SqliteStore> {
        Arc::new(SqliteStore::open(&self.dir.path().join("store.db")).await.unwrap())
    }

    fn forge(&self, store: &Arc<SqliteStore>) -> GitForge {
        let options = GitForgeOptions {
            path: self.path(),
            repository: key(),
            watched: "refs/heads/main".to_owned(),
            name: "Portcullis".to_owned(),
            email: "portcullis@localhost".to_owned(),
            agent: "portcullis".to_owned(),
        };
        GitForge::new(options, store.clone())
    }

    /// A daemon that has just been started.
    async fn daemon(&self) -> Daemon {
        self.daemon_judging(Judge::of_core()).await
    }

    async fn daemon_judging(&self, judge: Judge) -> Daemon {
        let store = self.store().await;
        let watched = Watched {
            name: "catalog".to_owned(),
            key: key(),
            branch: "main".to_owned(),
            root: String::new(),
            path: self.path(),
            remote: None,
            workspace: Arc::new(Workspace::open(&self.path(), "").unwrap()),
            forge: Arc::new(self.forge(&store)),
        };
        let controller = Controller::new(Parts {
            store: store.clone(),
            repositories: vec![watched],
            clock: self.clock.clone(),
            rng: fastrand::Rng::with_seed(1),
            judge,
            settings: self.settings.clone(),
        });
        Daemon { forge: self.forge(&store), controller, store }
    }
}

struct Daemon {
    controller: Controller,
    store: Arc<SqliteStore>,
    forge: GitForge,
}

impl Daemon {
    async fn looks(&self) {
        self.controller.reconcile_once().await;
    }

    async fn accepted(&self) -> Option<CommitId> {
        self.store.accepted(&key()).await.unwrap().map(|acceptance| acceptance.commit)
    }

    async fn reason(&self) -> String {
        self.store.accepted(&key()).await.unwrap().unwrap().reason
    }

    /// The current statuses of a commit, `catalog success`, in order.
    async fn says(&self, commit: CommitId) -> Vec<String> {
        let mut statuses = self.forge.statuses(&[commit]).await.unwrap();
        statuses.sort();
        let short = |context: &str| context.trim_start_matches("portcullis/").to_owned();
        statuses.iter().map(|status| format!("{} {}", short(&status.context), status.conclusion.as_str())).collect()
    }

    async fn summary(&self, commit: CommitId, context: &str) -> String {
        let statuses = self.forge.statuses(&[commit]).await.unwrap();
        statuses.into_iter().find(|status| status.context == context).map(|status| status.summary).unwrap_or_default()
    }
}

const GREEN: [&str; 3] = ["approval success", "catalog success", "permissions success"];
const UNJUDGED_ALL: [&str; 3] = ["approval failure", "catalog failure", "permissions failure"];

fn key() -> RepositoryKey {
    RepositoryKey::new("catalog")
}

fn git(dir: &Path, who: &str, args: &[&str]) -> String {
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

#[tokio::test]
async fn the_first_sight_of_a_branch_adopts_it_as_it_stands() {
    let story = Story::new();
    let daemon = story.daemon().await;
    assert!(!daemon.controller.health().is_ready());
    daemon.looks().await;
    assert_eq!(daemon.accepted().await, Some(story.at("main")));
    assert_eq!(daemon.says(story.at("main")).await, ["catalog success"]);
    assert!(daemon.controller.health().is_ready(), "{:?}", daemon.controller.health().reasons());
}

#[tokio::test]
async fn a_first_tip_that_is_not_valid_is_reported_and_nothing_is_accepted_until_it_is_mended() {
    let story = Story::new();
    let bad = story.change(ALICE, "entities/Env/prod.yaml", "identifier: prod\nproperties: {size: large}\n");
    let daemon = story.daemon().await;
    daemon.looks().await;
    assert_eq!(daemon.accepted().await, None);
    assert_eq!(daemon.says(bad).await, ["catalog failure"]);
    assert!(daemon.controller.health().reasons().join("\n").contains("is not a valid catalog"));
    let good = story.change(ALICE, "entities/Env/prod.yaml", "identifier: prod\nproperties: {size: 3}\n");
    daemon.looks().await;
    assert_eq!(daemon.accepted().await, Some(good));
    assert!(daemon.controller.health().is_ready());
}

#[tokio::test]
async fn a_good_push_to_the_branch_is_applied_and_a_bad_one_is_not_until_it_is_reverted() {
    let story = Story::new();
    let daemon = story.daemon().await;
    daemon.looks().await;

    let good = story.change(ALICE, "entities/Env/dev.yaml", "identifier: dev\n");
    daemon.looks().await;
    assert_eq!(daemon.accepted().await, Some(good));
    assert_eq!(daemon.says(good).await, GREEN);

    let broken = story.change(ALICE, "entities/Env/dev.yaml", "identifier: dev\nproperties: {size: large}\n");
    daemon.looks().await;
    assert_eq!(daemon.accepted().await, Some(good), "the live catalog is the last accepted revision");
    assert!(daemon.says(broken).await.contains(&"catalog failure".to_owned()));

    story.git(ALICE, &["revert", "--no-edit", "HEAD"]);
    daemon.looks().await;
    assert_eq!(daemon.accepted().await, Some(story.at("main")), "a revert heals it");
}

#[tokio::test]
async fn who_may_not_does_not_get_in_by_pushing_to_the_branch_and_who_may_can_commit_it_again() {
    let story = Story::new();
    let daemon = story.daemon().await;
    daemon.looks().await;
    let before = story.at("main");
    let grab = story.change(BOB, "users/bob.yaml", "identifier: bob@acme.dev\nroles: [Admin]\n");
    daemon.looks().await;
    assert_eq!(daemon.accepted().await, Some(before));
    assert!(daemon.says(grab).await.contains(&"permissions failure".to_owned()));

    // Bob, now Admin by his own word, is still judged by base.
    let more = story.change(BOB, "entities/Env/dev.yaml", "identifier: dev\n");
    daemon.looks().await;
    assert_eq!(daemon.accepted().await, Some(before));
    assert!(daemon.says(more).await.contains(&"permissions failure".to_owned()));
}

#[tokio::test]
async fn a_pull_request_is_judged_and_its_merge_accepted_as_the_tree_that_was_judged() {
    let story = Story::new();
    let daemon = story.daemon().await;
    let head = story.propose(ALICE, "grow", "entities/Env/prod.yaml", "identifier: prod\nproperties: {size: 2}\n");
    daemon.looks().await;
    assert_eq!(daemon.says(head).await, GREEN);
    let tip = story.merge("grow");
    daemon.looks().await;
    assert_eq!(daemon.accepted().await, Some(tip));
    assert_eq!(daemon.reason().await, format!("tree of pull request {head}"));
    assert_eq!(daemon.says(tip).await, ["catalog success", "permissions success"]);
}

#[tokio::test]
async fn a_red_pull_request_that_was_merged_all_the_same_is_not_applied() {
    let story = Story::new();
    let daemon = story.daemon().await;
    let head = story.propose(BOB, "grab", "users/bob.yaml", "identifier: bob@acme.dev\nroles: [Admin]\n");
    daemon.looks().await;
    assert!(daemon.says(head).await.contains(&"permissions failure".to_owned()));
    let before = daemon.accepted().await;
    let tip = story.merge("grab");
    daemon.looks().await;
    assert_eq!(daemon.accepted().await, before);
    assert!(daemon.says(tip).await.contains(&"permissions failure".to_owned()));
}

#[tokio::test]
async fn open_pull_requests_are_judged_again_when_base_moves() {
    let story = Story::new();
    let daemon = story.daemon().await;
    let head = story.propose(ALICE, "grow", "entities/Env/dev.yaml", "identifier: dev\nproperties: {size: 2}\n");
    daemon.looks().await;
    assert_eq!(daemon.says(head).await, GREEN);
    story.change(ALICE, "blueprints/Env.yaml", "identifier: Env\nschema:\n  properties:\n    size: {type: number, maximum: 1}\n");
    daemon.looks().await;
    assert!(daemon.says(head).await.contains(&"catalog failure".to_owned()), "{:?}", daemon.says(head).await);
}

#[tokio::test]
async fn rewritten_history_stops_everything_until_a_person_accepts_it() {
    let story = Story::new();
    let daemon = story.daemon().await;
    let first = story.change(ALICE, "entities/Env/dev.yaml", "identifier: dev\n");
    daemon.looks().await;
    story.git(ALICE, &["commit", "--quiet", "--amend", "-m", "rewritten"]);
    let rewritten = story.at("main");
    daemon.looks().await;
    assert_eq!(daemon.accepted().await, Some(first));
    assert_eq!(daemon.says(rewritten).await, ["permissions failure"]);
    let halt = daemon.store.halted(&key()).await.unwrap().unwrap();
    assert_eq!(halt.seen, rewritten);

    let further = story.change(ALICE, "entities/Env/test.yaml", "identifier: test\n");
    daemon.looks().await;
    assert_eq!(daemon.accepted().await, Some(first), "nothing follows from a rewritten history");

    let by_hand = Acceptance { commit: further, at: Timestamp::UNIX_EPOCH, reason: "by hand".to_owned() };
    assert!(daemon.store.resume(&key(), &by_hand).await.unwrap());
    let next = story.change(ALICE, "entities/Env/test.yaml", "identifier: test\ntitle: Test\n");
    daemon.looks().await;
    assert_eq!(daemon.accepted().await, Some(next));
    assert_eq!(daemon.store.halted(&key()).await.unwrap(), None);
}

#[tokio::test]
async fn history_that_is_put_back_needs_nobody() {
    let story = Story::new();
    let daemon = story.daemon().await;
    daemon.looks().await;
    let before = story.at("main");
    story.git(ALICE, &["commit", "--quiet", "--amend", "-m", "rewritten"]);
    daemon.looks().await;
    assert!(daemon.store.halted(&key()).await.unwrap().is_some());
    story.git(ALICE, &["reset", "--quiet", "--hard", &before.to_string()]);
    daemon.looks().await;
    assert_eq!(daemon.store.halted(&key()).await.unwrap(), None);
    assert_eq!(daemon.accepted().await, Some(before));
}

#[tokio::test]
async fn a_commit_that_makes_the_judge_panic_is_set_aside_and_others_go_on() {
    let story = Story::new();
    let poisonous = story.propose(ALICE, "poison", "entities/Env/a.yaml", "identifier: a\n");
    let harmless = story.propose(ALICE, "harmless", "entities/Env/b.yaml", "identifier: b\n");
    let judged = Arc::new(AtomicUsize::new(0));
    let count = judged.clone();
    let judge = move |proposal: &crate::check::Proposal| {
        if proposal.head_id == Some(poisonous) {
            count.fetch_add(1, Ordering::SeqCst);
            panic!("a poisonous commit");
        }
        crate::check::judge(proposal)
    };
    let daemon = story.daemon_judging(Judge::new(judge, crate::check::validate)).await;
    for _ in 0..3 {
        daemon.looks().await;
        story.clock.advance(Duration::from_secs(600));
    }
    assert_eq!(daemon.says(poisonous).await, UNJUDGED_ALL);
    assert!(daemon.summary(poisonous, "portcullis/catalog").await.starts_with("could not be judged"));
    assert_eq!(daemon.says(harmless).await, GREEN);
    assert_eq!(judged.load(Ordering::SeqCst), 1, "it is not tried again until something changes");

    story.git(ALICE, &["checkout", "--quiet", "poison"]);
    let mended = story.change(ALICE, "entities/Env/a.yaml", "identifier: a\ntitle: A\n");
    daemon.looks().await;
    assert_eq!(daemon.says(mended).await, GREEN);
}

#[tokio::test]
async fn a_judgement_that_does_not_end_is_given_up_at_its_deadline() {
    let mut story = Story::new();
    story.settings.judge_deadline = Duration::from_millis(1500);
    let endless = story.propose(ALICE, "endless", "entities/Env/a.yaml", "identifier: a\n");
    let harmless = story.propose(ALICE, "harmless", "entities/Env/b.yaml", "identifier: b\n");
    let (let_go, held) = mpsc::channel::<()>();
    let held = Mutex::new(held);
    let judge = move |proposal: &crate::check::Proposal| {
        if proposal.head_id == Some(endless) {
            let _ = held.lock().unwrap().recv();
        }
        crate::check::judge(proposal)
    };
    let daemon = story.daemon_judging(Judge::new(judge, crate::check::validate)).await;
    daemon.looks().await;
    assert_eq!(daemon.says(endless).await, UNJUDGED_ALL);
    assert!(daemon.summary(endless, "portcullis/catalog").await.contains("took longer than 1500ms"));
    assert_eq!(daemon.says(harmless).await, GREEN);
    drop(let_go);
}

#[tokio::test]
async fn nothing_is_posted_twice_not_even_after_a_restart() {
    let story = Story::new();
    story.propose(ALICE, "grow", "entities/Env/dev.yaml", "identifier: dev\n");
    let daemon = story.daemon().await;
    daemon.looks().await;
    let notes = || (story.at("refs/notes/devtools/ci"), story.at("refs/notes/devtools/analyses"));
    let before = notes();
    daemon.looks().await;
    story.clock.advance(Duration::from_secs(3600));
    daemon.looks().await;
    assert_eq!(notes(), before);
    drop(daemon);
    story.daemon().await.looks().await;
    assert_eq!(notes(), before);
}

const ACTION: &str = "\
identifier: extend
trigger:
  type: self-service
  operation: DAY-2
  blueprintIdentifier: Env
  userInputs: {properties: {ttl: {type: string}}, required: [ttl]}
invocationMethod: {type: WEBHOOK, url: 'https://example.com/extend'}
requiredApproval: true
";

#[tokio::test]
async fn a_run_is_recorded_as_it_waits_and_cancelled_when_it_is_withdrawn() {
    let story = Story::new();
    story.change(ALICE, "actions/extend.yaml", ACTION);
    let head = story.propose(ALICE, "extend", "runs/extend-1.yaml", "action: extend\nentity: prod\ninputs: {ttl: 10 days}\n");
    let daemon = story.daemon().await;
    daemon.looks().await;
    assert_eq!(daemon.says(head).await, ["approval pending", "catalog success", "permissions success"]);
    let run = Identifier::new("extend-1").unwrap();
    let standing = || async { daemon.store.run(&key(), &run).await.unwrap().map(|record| record.standing) };
    assert_eq!(standing().await, Some(Standing::Decided(crate::model::RunState::WaitingForApproval)));

    story.git(ALICE, &["checkout", "--quiet", "extend"]);
    story.git(ALICE, &["rm", "--quiet", "runs/extend-1.yaml"]);
    story.commit(ALICE, "not needed any more");
    daemon.looks().await;
    assert_eq!(standing().await, Some(Standing::Decided(crate::model::RunState::Cancelled)));
}

#[tokio::test]
async fn a_run_that_waits_too_long_expires_without_any_event() {
    let story = Story::new();
    story.change(ALICE, "actions/extend.yaml", &format!("{ACTION}expiry: 1h\n"));
    let head = story.propose(ALICE, "extend", "runs/extend-1.yaml", "action: extend\nentity: prod\ninputs: {ttl: 10 days}\n");
    let daemon = story.daemon().await;
    daemon.looks().await;
    assert!(daemon.says(head).await.contains(&"approval pending".to_owned()));
    story.clock.advance(Duration::from_secs(3601));
    daemon.looks().await;
    assert!(daemon.says(head).await.contains(&"approval failure".to_owned()), "{:?}", daemon.says(head).await);
}

#[tokio::test]
async fn a_run_that_was_there_at_first_sight_is_history() {
    let story = Story::new();
    story.change(ALICE, "actions/extend.yaml", ACTION);
    story.change(ALICE, "runs/old.yaml", "action: extend\nentity: prod\ninputs: {ttl: 10 days}\n");
    let daemon = story.daemon().await;
    daemon.looks().await;
    let run = daemon.store.run(&key(), &Identifier::new("old").unwrap()).await.unwrap().unwrap();
    assert_eq!(run.standing, Standing::Adopted);
}

#[tokio::test]
async fn the_worst_conclusion_is_never_hidden_by_an_older_one() {
    let story = Story::new();
    let daemon = story.daemon().await;
    let head = story.propose(ALICE, "grow", "entities/Env/dev.yaml", "identifier: dev\n");
    daemon.looks().await;
    let statuses = daemon.forge.statuses(&[head]).await.unwrap();
    assert_eq!(statuses.len(), 3, "one current status a context");
    assert!(statuses.iter().all(|status| status.conclusion == Conclusion::Success));
}
