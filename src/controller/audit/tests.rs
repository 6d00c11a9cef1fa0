//! Notes on runs: what a clone reads of them, that they are the journal's and nobody else's, and that they come to where everybody looks.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::parts::Repository;
use super::super::story_tests::*;
use crate::controller::Clock as _;
use crate::model::{CommitId, Identifier};
use crate::run::life::Event;
use crate::store::{Advance, FoundRun, MessageKind, NewMessage, RunRecord, Store as _};

const RUN: &str = "action: extend\nentity: prod\ninputs: {ttl: 10 days}\n";

fn run(name: &str) -> Identifier {
    Identifier::new(name).unwrap()
}

fn repository(daemon: &Daemon) -> Arc<Repository> {
    daemon.controller.shared.repository("catalog").unwrap()
}

async fn write(daemon: &Daemon, runs: &[&str]) {
    let runs: BTreeSet<Identifier> = runs.iter().map(|name| run(name)).collect();
    daemon.controller.shared.write_audit(&repository(daemon), &runs).await.unwrap();
}

async fn record(daemon: &Daemon, name: &str) -> RunRecord {
    daemon.store.run(&key(), &run(name)).await.unwrap().unwrap()
}

/// A repository in which Alice has asked for two runs in one commit, and a daemon that has seen it.
async fn asked(story: &Story, elsewhere: bool) -> (Daemon, CommitId) {
    story.change(ALICE, "actions/extend.yaml", ACTION);
    let daemon = if elsewhere { story.daemon_elsewhere().await } else { story.daemon().await };
    daemon.looks().await;
    story.write("runs/r1.yaml", RUN);
    story.write("runs/r2.yaml", RUN);
    let commit = story.commit(ALICE, "two runs");
    story.change(ALICE, "entities/Env/dev.yaml", "identifier: dev\n");
    daemon.looks().await;
    daemon.looks().await;
    assert!(record(&daemon, "r1").await.life.unwrap().landing.is_some(), "it stands on the branch");
    (daemon, commit)
}

fn note(story: &Story, commit: CommitId) -> String {
    story.git(BOB, &["notes", "--ref=portcullis/runs", "show", &commit.to_string()])
}

#[tokio::test]
async fn a_clone_reads_what_became_of_the_runs_of_a_commit() {
    let story = Story::new();
    let (daemon, commit) = asked(&story, false).await;
    write(&daemon, &["r1"]).await;
    let text = note(&story, commit);
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.iter().all(|line| line["v"] == 1), "{text}");
    assert!(lines.iter().filter(|line| line["event"] == "decided").all(|line| line["action"] == "extend"), "{text}");
    let runs: Vec<&str> = lines.iter().map(|line| line["run"].as_str().unwrap()).collect();
    assert!(runs.is_sorted() && runs.contains(&"r1") && runs.contains(&"r2"), "runs of one commit share its note: {text}");
    let last = lines.iter().rfind(|line| line["run"] == "r1").unwrap();
    assert_eq!(last["state"], "WAITING_FOR_APPROVAL");
    let log = story.git(BOB, &["log", "-1", "--notes=portcullis/runs", &commit.to_string()]);
    assert!(log.contains("Notes (portcullis/runs):") && log.contains("\"run\":\"r1\""), "{log}");
    story.git(BOB, &["fsck", "--strict", "--no-dangling"]);
}

#[tokio::test]
async fn writing_it_again_changes_nothing() {
    let story = Story::new();
    let (daemon, _) = asked(&story, false).await;
    write(&daemon, &["r1"]).await;
    let first = story.at("refs/notes/portcullis/runs");
    write(&daemon, &["r1", "r2"]).await;
    write(&story.daemon().await, &["r2"]).await;
    assert_eq!(story.at("refs/notes/portcullis/runs"), first);
}

#[tokio::test]
async fn what_others_write_into_a_note_does_not_last_and_grants_nothing() {
    let story = Story::new();
    let (daemon, commit) = asked(&story, false).await;
    write(&daemon, &["r1"]).await;
    let (honest, before) = (note(&story, commit), record(&daemon, "r1").await);
    let forged = honest.replace("WAITING_FOR_APPROVAL", "APPROVED").replace("\"decided\"", "\"claimed\"");
    story.git(BOB, &["notes", "--ref=portcullis/runs", "add", "-f", "-m", &forged, &commit.to_string()]);
    let other = story.at("main");
    story.git(BOB, &["notes", "--ref=portcullis/runs", "add", "-m", "mine", &other.to_string()]);
    story.clock.advance(std::time::Duration::from_secs(60));
    daemon.looks().await;
    assert_eq!(record(&daemon, "r1").await.life, before.life, "nobody reads a note to decide");
    write(&daemon, &["r1"]).await;
    assert_eq!(note(&story, commit), honest);
    assert_eq!(note(&story, other), "mine", "a note on another commit is somebody's own affair");
}

#[tokio::test]
async fn notes_come_to_where_the_repository_came_from_and_lose_nothing_there() {
    let story = Story::new();
    let (daemon, commit) = asked(&story, true).await;
    let other = story.at("main");
    story.git(BOB, &["notes", "--ref=portcullis/runs", "add", "-m", "there before", &other.to_string()]);
    write(&daemon, &["r1"]).await;
    let honest = note(&story, commit);
    assert!(honest.contains("\"run\":\"r1\""), "{honest}");
    assert_eq!(note(&story, other), "there before");
    // Somebody throws the notes away, over there.
    story.git(BOB, &["update-ref", "-d", "refs/notes/portcullis/runs"]);
    write(&daemon, &["r1"]).await;
    assert_eq!(note(&story, commit), honest);
    // Or rewrites them.
    story.git(BOB, &["notes", "--ref=portcullis/runs", "remove", &commit.to_string()]);
    write(&daemon, &["r1"]).await;
    assert_eq!(note(&story, commit), honest);
}

#[tokio::test]
async fn the_outbox_brings_notes_about_and_what_fails_is_tried_again() {
    let story = Story::new();
    let (daemon, commit) = asked(&story, true).await;
    let before = record(&daemon, "r1").await;
    let now = daemon.store.transitions(&key(), &run("r1")).await.unwrap().last().unwrap().at;
    let message = NewMessage {
        id: "m_1".to_owned(),
        kind: MessageKind::Audit,
        lane: "audit".to_owned(),
        body: serde_json::json!({}),
        due: now,
    };
    let advance = Advance {
        run: &run("r1"),
        from: before.revision,
        life: before.life.as_ref().unwrap(),
        event: "decided",
        decision: &before.decision,
        messages: &[message],
        at: now,
    };
    assert!(daemon.store.advance(&key(), &advance).await.unwrap());
    let (shared, repository) = (&daemon.controller.shared, repository(&daemon));
    let away = story.dir.path().join("away");
    std::fs::rename(story.path(), &away).unwrap();
    assert!(shared.drain_audit(&repository).await.is_err());
    std::fs::rename(&away, story.path()).unwrap();
    assert!(!shared.drain_audit(&repository).await.unwrap(), "it is not due yet");
    story.clock.advance(std::time::Duration::from_secs(3600));
    shared.drain_audit(&repository).await.unwrap();
    assert!(note(&story, commit).contains("\"run\":\"r1\""));
    assert_eq!(daemon.store.dead_letters(10).await.unwrap(), []);
}

/// Alice has taken it back, and somebody merges it all the same.
#[tokio::test]
async fn the_note_of_a_run_that_was_taken_back_before_it_came_onto_the_branch_says_so() {
    let story = Story::new();
    story.change(ALICE, "actions/extend.yaml", ACTION);
    let daemon = story.daemon().await;
    daemon.looks().await;
    let commit = story.propose(ALICE, "longer", "runs/longer.yaml", RUN);
    daemon.looks().await;
    let found = FoundRun { repository: key(), record: record(&daemon, "longer").await };
    let event = Event::Withdrawn { by: "alice@acme.dev".to_owned() };
    let now = || story.clock.now();
    let said = crate::controller::outside::say(&*daemon.store, found, &event, "alice@acme.dev", &now).await.unwrap();
    assert!(matches!(said, crate::controller::outside::Said::Written(_)), "{said:?}");
    story.merge("longer");
    daemon.looks().await;
    daemon.looks().await;
    let life = record(&daemon, "longer").await.life.unwrap();
    assert!(life.landing.is_some() && life.is_final() && !life.is_under_way());
    let text = note(&story, commit);
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<_> = lines.iter().map(|line| (line["event"].as_str().unwrap(), line["state"].as_str().unwrap())).collect();
    assert_eq!(told, [("decided", "WAITING_FOR_APPROVAL"), ("withdrawn", "CANCELLED"), ("landed", "CANCELLED")]);
    assert_eq!(lines[1]["by"], "alice@acme.dev");
}

#[tokio::test]
async fn the_note_of_a_run_that_expired_before_it_came_onto_the_branch_says_so() {
    let story = Story::new();
    story.change(ALICE, "actions/extend.yaml", &format!("{ACTION}expiry: 1h\n"));
    let daemon = story.daemon().await;
    daemon.looks().await;
    let commit = story.propose(ALICE, "longer", "runs/longer.yaml", RUN);
    daemon.looks().await;
    story.clock.advance(std::time::Duration::from_secs(3601));
    daemon.looks().await;
    story.merge("longer");
    for _ in 0..3 {
        daemon.looks().await;
        story.clock.advance(std::time::Duration::from_secs(60));
    }
    let text = note(&story, commit);
    let last: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    assert_eq!((&last["event"], &last["state"]), (&"decided".into(), &"EXPIRED".into()), "{text}");
    assert!(last["reason"].as_str().is_some_and(|reason| reason.contains("waited longer than 1h")), "{text}");
}

#[tokio::test]
async fn nobodys_address_comes_into_a_note() {
    let story = Story::new();
    story.write("catalog.yaml", "identity: declared\nnotifications:\n  - channel: mail\n");
    story.write("users/erin.yaml", "identifier: erin\nname: Erin Smith\nroles: [Admin]\nemails: [erin@home.example]\n");
    story.change(ALICE, "actions/extend.yaml", ACTION);
    let daemon = story.daemon().await;
    daemon.looks().await;
    let commit = story.propose("erin@home.example", "longer", "runs/longer.yaml", RUN);
    daemon.looks().await;
    story.merge("longer");
    daemon.looks().await;
    daemon.looks().await;
    let kept = record(&daemon, "longer").await.decision.to_string();
    assert!(kept.contains("erin@home.example"), "the decision knows where to write: {kept}");
    let text = note(&story, commit);
    assert!(text.contains("\"requester\":\"erin\"") && !text.contains("home.example") && !text.contains("Smith"), "{text}");
}
