//! A store that fails, or a controller that dies, before and after every write of the journal: nothing is lost and nothing done twice.

use super::faulty_store::{Fault, FaultyStore};
use super::stage::*;
use crate::model::RunState;
use crate::run::life::{Answer, Phase};

/// More writes than a run has from its merge to its end.
const WRITES: usize = 12;

/// What is approved and merged, and not yet looked at since: copied for each of many ends.
async fn merged(more: &str) -> Stage {
    let stage = Stage::of(&action(more));
    drop(stage.approved().await);
    stage.merge("extend-1");
    stage
}

/// Lives on after the fault, for as long as anything could happen.
async fn lives_on(stage: &Stage, daemon: &Running) {
    for _ in 0..6 {
        stage.wait(400);
        daemon.looks().await;
    }
}

/// One end; `None` where the fault lay beyond all writes.
async fn end(more: &str, fault: Fault, found: Option<Answer>) -> Option<(Stage, Running)> {
    let stage = merged(more).await;
    stage.receiver.told().found = found;
    let sqlite = stage.story.store().await;
    let faulty = FaultyStore::of(sqlite.clone(), fault);
    let daemon = stage.daemon_on(sqlite, faulty.clone()).await;
    daemon.looks().await;
    if !faulty.has_failed() {
        return None;
    }
    let daemon = if fault.forever {
        drop(daemon);
        stage.daemon().await
    } else {
        daemon
    };
    lives_on(&stage, &daemon).await;
    Some((stage, daemon))
}

#[tokio::test]
async fn a_receiver_that_dedupes_performs_each_run_exactly_once_wherever_the_controller_dies() {
    let mut ends = 0;
    for at in 1..WRITES {
        for kept in [false, true] {
            let fault = Fault { at, kept, forever: true };
            let Some((stage, daemon)) = end(", idempotent: true", fault, None).await else { continue };
            ends += 1;
            assert_eq!(daemon.state("extend-1").await, RunState::Success, "{fault:?}: {:?}", daemon.story_of("extend-1").await);
            // By one key, so that whoever dedupes has performed it once.
            let keys = stage.receiver.keys();
            assert_eq!(keys.len(), 1, "{fault:?}");
            assert!(keys.values().all(|times| *times <= 2), "{fault:?}: {keys:?}");
        }
    }
    assert!(ends >= 10, "only {ends} points were found");
}

#[tokio::test]
async fn a_receiver_that_does_not_is_never_asked_twice_and_nothing_is_stuck() {
    let (mut ends, mut unknown) = (0, 0);
    for at in 1..WRITES {
        for kept in [false, true] {
            let fault = Fault { at, kept, forever: true };
            let Some((stage, daemon)) = end("", fault, None).await else { continue };
            ends += 1;
            assert!(stage.receiver.orders() <= 1, "{fault:?}");
            let life = daemon.record("extend-1").await.life.unwrap();
            match daemon.state("extend-1").await {
                RunState::Success => assert_eq!(stage.receiver.orders(), 1, "{fault:?}"),
                // A person is asked; nothing else could know.
                RunState::InProgress => {
                    assert!(matches!(life.phase(), Some(Phase::Unknown { .. })), "{fault:?}: {:?}", life.phase());
                    unknown += 1;
                }
                state => panic!("{fault:?}: {state:?}"),
            }
        }
    }
    assert!(ends >= 10, "only {ends} points were found");
    assert_eq!(unknown, 2, "after the intent, and before the result");
}

#[tokio::test]
async fn a_receiver_that_can_be_asked_tells_what_became_of_what_was_lost() {
    for at in 1..WRITES {
        for kept in [false, true] {
            let fault = Fault { at, kept, forever: true };
            let Some((stage, daemon)) = end("", fault, Some(done(true))).await else { continue };
            assert_eq!(daemon.state("extend-1").await, RunState::Success, "{fault:?}");
            assert!(stage.receiver.orders() <= 1, "{fault:?}");
        }
    }
}

#[tokio::test]
async fn a_store_that_is_down_for_a_moment_makes_nothing_unknown() {
    for at in 1..WRITES {
        for kept in [false, true] {
            let fault = Fault { at, kept, forever: false };
            let Some((stage, daemon)) = end("", fault, None).await else { continue };
            assert_eq!(daemon.state("extend-1").await, RunState::Success, "{fault:?}: {:?}", daemon.story_of("extend-1").await);
            assert_eq!((stage.receiver.orders(), stage.receiver.told().asked), (1, 0), "{fault:?}");
        }
    }
}
