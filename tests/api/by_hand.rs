//! `portcullis runs` and `portcullis outbox` on the store of a daemon: what a run waits for, and what a person does about it.

use std::process::Command;

use portcullis::model::RunState;
use portcullis::run::life::{Answer, Event};
use portcullis::store::{Delivered, MessageKind, NewMessage, Store as _, Wanted};
use serde_json::json;

use crate::world::{ADDRESS, World, handle, here, id, noon};

/// What a command prints, and whether it went well.
fn portcullis(world: &World, args: &[&str]) -> (String, bool) {
    let output = Command::new(env!("CARGO_BIN_EXE_portcullis"))
        .args(args)
        .args(["--store", world.directory.path().join("portcullis.db").to_str().unwrap()])
        .current_dir(world.directory.path())
        .env_clear()
        .env("HOME", world.directory.path())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (told, output.status.success())
}

/// A run of which nobody knows what became of it.
async fn lost(world: &World) -> String {
    world.begin(&here(), "lost", "deploy").await;
    let answer = Answer::Unknown { why: "the connection broke".to_owned() };
    world.happen(&here(), "lost", "deploy", &Event::Answered { epoch: 1, answer }).await;
    handle("lost")
}

#[tokio::test]
async fn why_says_one_sentence_and_log_the_whole_story() {
    let world = World::open().await;
    let run = lost(&world).await;
    world.store.append_log(&here(), &id("lost"), "half way", noon()).await.unwrap();
    let (told, well) = portcullis(&world, &["runs", "why", &run]);
    assert!(well, "{told}");
    assert_eq!(
        told,
        "lost: nobody knows since 2026-11-22T12:00:00Z whether it was performed (the connection broke): find out, and say so with \
         `portcullis runs resolve`\n"
    );
    let (told, _) = portcullis(&world, &["runs", "why", &run, "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!((&json["phase"], &json["state"], &json["attempts"]), (&json!("unknown"), &json!("IN_PROGRESS"), &json!(1)));
    let (told, well) = portcullis(&world, &["runs", "log", &run]);
    assert!(well, "{told}");
    for line in ["landed → WAITING_FOR_APPROVAL", "claimed → IN_PROGRESS", "begun → IN_PROGRESS", "answered → ", "log  half way"]
    {
        assert!(told.contains(line), "{line} is not in\n{told}");
    }
}

#[tokio::test]
async fn a_person_settles_what_nobody_knows_and_is_on_record() {
    let world = World::open().await;
    let run = lost(&world).await;
    let (told, well) = portcullis(&world, &["runs", "resolve", &run, "--as", "success", "--by", "carol", "--dry-run"]);
    assert!(
        well && told.starts_with("nothing is written; without --dry-run: lost of catalog#main is settled as SUCCESS by carol"),
        "{told}"
    );
    assert_eq!(world.state("lost").await, RunState::InProgress);
    let (told, well) = portcullis(&world, &["runs", "resolve", &run, "--as", "success", "--by", "carol"]);
    assert!(well && told.contains("That is final."), "{told}");
    let record = world.record("lost").await;
    assert_eq!((record.life.as_ref().unwrap().state, &record.decision["by"]), (RunState::Success, &json!("carol")));
    // The program went by the clock of the machine.
    let later = "2999-01-01T00:00:00Z".parse().unwrap();
    let audits =
        world.store.claim_messages(&Wanted::of(MessageKind::Audit, 9), std::time::Duration::from_secs(9), later).await.unwrap();
    assert!(audits.iter().any(|message| message.run == id("lost")), "the audit note is brought up to date");
    let (told, well) = portcullis(&world, &["runs", "resolve", &run, "--as", "failure", "--by", "mallory"]);
    assert!(!well && told.contains("`lost` has come to its end, and nothing changes that"), "{told}");
    assert_eq!(world.record("lost").await, record);
}

#[tokio::test]
async fn only_what_is_not_begun_can_be_withdrawn() {
    let world = World::open().await;
    world.land(&here(), "waiting", "deploy").await;
    let (told, well) = portcullis(&world, &["runs", "withdraw", &handle("waiting"), "--by", "alice"]);
    assert!(well && told.contains("waiting of catalog#main is withdrawn by alice"), "{told}");
    assert_eq!(world.state("waiting").await, RunState::Cancelled);
    let (told, _) = portcullis(&world, &["runs", "why", &handle("waiting")]);
    assert_eq!(told, "waiting: alice withdrew it, and nothing moves it any more\n");
    let run = world.running("running").await;
    let (told, well) = portcullis(&world, &["runs", "withdraw", &run, "--by", "alice"]);
    assert!(!well && told.contains("`running` cannot be withdrawn any more: its execution has begun"), "{told}");
}

#[tokio::test]
async fn what_cannot_be_found_or_said_is_told_with_a_way_out() {
    let world = World::open().await;
    for (args, says) in [
        (vec!["runs", "why", "r_000000000000000000000000"], "the store knows no run"),
        (vec!["runs", "why", "lost"], "which repository?"),
        (vec!["runs", "why", "lost", "--repo", "/srv/nowhere.git"], "the store knows no run `lost`"),
        (vec!["runs", "resolve", "r_000000000000000000000000", "--as", "success", "--by", " "], "who are you?"),
        (vec!["runs", "withdraw", "r_000000000000000000000000"], "who are you?"),
        (vec!["outbox", "replay", "m_1"], "no message `m_1` was given up"),
    ] {
        let (told, well) = portcullis(&world, &args);
        assert!(!well && told.contains(says), "{args:?}: {told}");
    }
    let (told, well) = portcullis(&world, &["runs", "why", &handle("old")]);
    assert!(well && told.contains("history, never executed"), "{told}");
}

#[tokio::test]
async fn dead_letters_are_listed_and_tried_again() {
    let world = World::open().await;
    world.running("ship-it").await;
    let record = world.record("ship-it").await;
    let message =
        NewMessage { id: "m_1".to_owned(), kind: MessageKind::Notify, lane: "platform".to_owned(), body: json!({}), due: noon() };
    let advance = portcullis::store::Advance {
        run: &record.id,
        from: record.revision,
        life: record.life.as_ref().unwrap(),
        event: "reported",
        decision: &record.decision,
        messages: &[message],
        at: noon(),
    };
    assert!(world.store.advance(&here(), &advance).await.unwrap());
    let second = std::time::Duration::from_secs(1);
    let claimed = world.store.claim_messages(&Wanted::of(MessageKind::Notify, 9), second, noon()).await.unwrap();
    let dead = Delivered::Dead { trouble: "404 Not Found".to_owned() };
    world.store.settle_message(&claimed[0], &dead, noon()).await.unwrap();
    let (told, well) = portcullis(&world, &["outbox", "list"]);
    assert!(
        well && told
            .contains("m_1\n    about ship-it, by platform, given up 2026-11-22T12:00:00Z after 1 attempt: 404 Not Found"),
        "{told}"
    );
    let (told, well) = portcullis(&world, &["outbox", "replay", "m_1"]);
    assert!(well && told == "1 message is tried again\n", "{told}");
    let (told, _) = portcullis(&world, &["outbox", "list", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!(json["dead"], json!([]));
}

#[tokio::test]
async fn where_people_are_told_of_their_runs_is_printed_nowhere() {
    let world = World::open().await;
    let run = lost(&world).await;
    assert!(world.record("lost").await.decision.to_string().contains(ADDRESS));
    for args in [
        vec!["runs", "why", &run],
        vec!["runs", "why", &run, "--format", "json"],
        vec!["runs", "log", &run],
        vec!["runs", "log", &run, "--format", "json"],
        vec!["runs", "resolve", &run, "--as", "success", "--by", "carol", "--dry-run"],
        vec!["runs", "resolve", &run, "--as", "success", "--by", "carol"],
        vec!["runs", "withdraw", &run, "--by", "carol"],
    ] {
        let (told, _) = portcullis(&world, &args);
        assert!(!told.is_empty() && !told.contains(ADDRESS) && !told.contains("Smith"), "{args:?}: {told}");
    }
}

/// Whoever asks for a run chooses its identifier: here what the API calls somebody else's.
#[tokio::test]
async fn a_run_that_is_called_like_the_handle_of_another_moves_neither() {
    let world = World::open().await;
    let run = lost(&world).await;
    world.land(&here(), &run, "deploy").await;
    let config = world.directory.path().join("portcullis.yaml");
    std::fs::write(&config, "repositories: [{path: /srv/nowhere.git, name: catalog, branch: main}]\n").unwrap();
    let config = config.to_str().unwrap();
    let before = (world.record("lost").await, world.record(&run).await);
    let (told, well) = portcullis(&world, &["runs", "resolve", &run, "--as", "success", "--by", "carol", "--config", config]);
    assert!(!well && told.contains("looks like what the API calls another"), "{told}");
    assert!(told.contains(&handle(&run)), "its own is told: {told}");
    assert_eq!((world.record("lost").await, world.record(&run).await), before);
    let (told, well) = portcullis(&world, &["runs", "withdraw", &handle(&run), "--by", "carol", "--config", config]);
    assert!(well, "{told}");
}
