//! Two replicas on one store: one acts, the other takes over, and neither knows the other.

use std::sync::Arc;
use std::time::Duration;

use super::story_tests::*;
use super::waker::Word;
use super::{Judge, LeaseSettings};
use crate::model::Identifier;
use crate::store::{Holder, RepositoryKey, SqliteStore, Store as _};

/// A replica that has just been started.
fn replica(story: &mut Story, store: &Arc<SqliteStore>, name: &str) -> Daemon {
    story.settings.lease = LeaseSettings::among_others(Holder::new(name));
    story.daemon_watching(story.watched(&story.path(), None, store), store.clone(), Judge::of_core())
}

async fn holder(store: &Arc<SqliteStore>, key: &RepositoryKey) -> Option<String> {
    store.leased(key).await.unwrap().map(|lease| lease.holder.to_string())
}

/// Whether it acts on the catalog.
fn acts(daemon: &Daemon) -> bool {
    daemon.controller.metrics().render().contains("portcullis_repositories_held 1")
}

#[tokio::test]
async fn one_replica_acts_and_another_takes_over_when_it_is_gone() {
    let mut story = Story::new();
    let store = story.store().await;
    let (first, second) = (replica(&mut story, &store, "first"), replica(&mut story, &store, "second"));
    first.looks().await;
    second.looks().await;
    assert!(acts(&first) && !acts(&second));
    assert!(first.controller.health().is_ready() && second.controller.health().is_ready(), "each does what is its to do");
    let tip = story.change(ALICE, "entities/Env/dev.yaml", "identifier: dev\n");
    second.looks().await;
    assert_ne!(first.accepted().await, Some(tip), "the second leaves it alone");
    story.clock.advance(Duration::from_secs(14));
    first.looks().await;
    assert_eq!(first.accepted().await, Some(tip));

    // The first says nothing any more.
    story.clock.advance(Duration::from_secs(14));
    second.looks().await;
    assert!(!acts(&second), "its lease has not ended");
    story.clock.advance(Duration::from_secs(2));
    let tip = story.change(ALICE, "entities/Env/test.yaml", "identifier: test\n");
    second.looks().await;
    assert!(acts(&second));
    assert_eq!(second.accepted().await, Some(tip));

    // It comes back, and finds that it has lost it.
    let tip = story.change(ALICE, "entities/Env/other.yaml", "identifier: other\n");
    first.looks().await;
    assert!(!acts(&first));
    assert_ne!(first.accepted().await, Some(tip));
    assert_eq!(holder(&store, &key()).await.as_deref(), Some("second"));
}

#[tokio::test]
async fn a_replica_that_cannot_prolong_its_leases_stops_before_others_begin() {
    let mut story = Story::new();
    let store = story.store().await;
    let daemon = replica(&mut story, &store, "first");
    daemon.looks().await;
    assert!(acts(&daemon));
    store.close().await;
    story.clock.advance(Duration::from_secs(14));
    daemon.looks().await;
    assert!(acts(&daemon), "nobody else can have it yet");
    story.clock.advance(Duration::from_secs(1));
    daemon.looks().await;
    assert!(!acts(&daemon));
    assert!(daemon.controller.health().reasons().iter().any(|why| why.starts_with("store: ")));
}

#[tokio::test]
async fn a_lease_that_was_lost_and_has_come_back_is_another_one() {
    let mut story = Story::new();
    let store = story.store().await;
    let (first, second) = (replica(&mut story, &store, "first"), replica(&mut story, &store, "second"));
    first.looks().await;
    // Whoever holds it is told the epoch again.
    let fence = async |now| store.lease(&key(), &Holder::new("first"), Duration::from_secs(15), now).await.unwrap().unwrap();
    let lost = fence(super::Clock::now(&*story.clock)).await;
    story.clock.advance(Duration::from_secs(16));
    second.looks().await;
    assert!(acts(&second));
    let now = super::Clock::now(&*story.clock);
    store.leave(&Holder::new("second"), now).await.unwrap();

    // It hears of the loss and takes it again in one and the same heartbeat.
    let tip = story.change(ALICE, "entities/Env/dev.yaml", "identifier: dev\n");
    first.looks().await;
    assert!(acts(&first));
    assert_eq!(first.accepted().await, Some(tip), "it goes on");
    let held = fence(now).await;
    assert!(held.epoch() > lost.epoch());
    let late = store.under(lost).record_published(&key(), "k", "late", now).await;
    assert!(matches!(late, Err(crate::store::StoreError::Fenced { .. })), "what it began before it lost it: {late:?}");
    store.under(held).record_published(&key(), "k", "now", now).await.unwrap();

    // One that has run out and that nobody has taken is the same one still.
    let held = store.leased(&key()).await.unwrap().unwrap().epoch;
    story.clock.advance(Duration::from_secs(60));
    let tip = story.change(ALICE, "entities/Env/test.yaml", "identifier: test\n");
    first.looks().await;
    assert_eq!(first.accepted().await, Some(tip));
    assert_eq!(store.leased(&key()).await.unwrap().unwrap().epoch, held);
}

#[tokio::test]
async fn repositories_are_shared_out_among_the_replicas_that_live() {
    let mut story = Story::new();
    let store = story.store().await;
    let (first, second) = (replica(&mut story, &store, "first"), replica(&mut story, &store, "second"));
    let keys: Vec<RepositoryKey> = (0..5).map(|n| RepositoryKey::new(format!("{n}"))).collect();
    for daemon in [&first, &second] {
        for key in &keys {
            let watched = story.watched(&story.path(), None, &store);
            daemon.controller.waker().watch(crate::controller::Watched { name: key.to_string(), key: key.clone(), ..watched });
        }
        daemon.controller.waker().unwatch("catalog");
    }
    let held = async || {
        let mut counts = (0, 0);
        for key in &keys {
            match holder(&store, key).await.as_deref() {
                Some("first") => counts.0 += 1,
                Some("second") => counts.1 += 1,
                _ => {}
            }
        }
        counts
    };
    first.looks().await;
    assert_eq!(held().await, (5, 0), "alone it does everything");
    second.looks().await;
    assert_eq!(held().await, (5, 0));
    first.looks().await;
    assert_eq!(held().await, (3, 0), "somebody has come, and is given room");
    second.looks().await;
    assert_eq!(held().await, (3, 2));
    for _ in 0..3 {
        first.looks().await;
        second.looks().await;
    }
    assert_eq!(held().await, (3, 2), "and so it stays");

    // What the second does not watch is nobody's business but the first's.
    second.controller.waker().unwatch("0");
    second.controller.waker().unwatch("1");
    for _ in 0..6 {
        story.clock.advance(Duration::from_secs(10));
        first.looks().await;
        second.looks().await;
    }
    let (ours, theirs) = held().await;
    assert_eq!(ours + theirs, 5, "nothing is left lying: {ours} and {theirs}");
}

#[tokio::test]
async fn what_a_replica_is_woken_for_is_heard_by_whoever_acts() {
    let mut story = Story::new();
    let store = story.store().await;
    let (first, second) = (replica(&mut story, &store, "first"), replica(&mut story, &store, "second"));
    first.looks().await;
    second.looks().await;
    let waker = second.controller.waker();
    assert!(waker.wake_pull_request("catalog", "7") && waker.wake_pull_request("catalog", "7"));
    assert!(waker.wake_run(&key(), &Identifier::new("extend-env").unwrap()));
    assert!(!waker.wake_repository("nobody"));
    second.looks().await;
    let now = super::Clock::now(&*story.clock);
    let pulse = store.heartbeat(&Holder::new("first"), Duration::from_secs(15), now).await.unwrap();
    let words: Vec<_> = pulse.words.iter().map(|(_, word)| word.as_str()).collect();
    assert_eq!(words, ["pull-request 7", "run extend-env"]);
    let again = store.heartbeat(&Holder::new("first"), Duration::from_secs(15), now).await.unwrap();
    assert_eq!((again.words.len(), again.replicas), (0, 2), "once");
}

#[tokio::test]
async fn a_replica_that_stops_in_good_order_keeps_nobody_waiting() {
    let mut story = Story::new();
    let store = story.store().await;
    let (first, second) = (replica(&mut story, &store, "first"), replica(&mut story, &store, "second"));
    let health = first.controller.health();
    first.controller.run(async move { health.ready().await }).await;
    assert_eq!(holder(&store, &key()).await, None);
    second.looks().await;
    assert!(acts(&second));
}

#[test]
fn words_are_read_as_they_are_written() {
    let run = Identifier::new("extend-env").unwrap();
    for word in [Word::Look, Word::Recheck, Word::PullRequest("a b".to_owned()), Word::Run(run)] {
        assert_eq!(Word::parse(&word.to_string()), Some(word));
    }
    for odd in ["", "run", "run ../x y", "shout", "look "] {
        assert_eq!(Word::parse(odd), None, "{odd}");
    }
}
