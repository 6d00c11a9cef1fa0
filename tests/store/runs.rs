//! The record of runs.

use portcullis::model::RunState;
use portcullis::run::life::Life;
use portcullis::store::{Advance, Standing, StoreError};
use serde_json::json;

use crate::journal::advance;
use crate::world::{World, acceptance, at, id};

on_both_stores! {
    a_run_is_decided_step_by_step_and_every_step_is_kept
    runs_that_were_there_at_first_sight_are_history
    runs_are_told_in_the_order_of_their_bytes
    a_row_changed_by_other_hands_is_an_error_and_no_state
}

async fn a_run_is_decided_step_by_step_and_every_step_is_kept(world: World) {
    use RunState::{Approved, Declined, WaitingForApproval};
    let (store, here) = (world.open().await, &world.here);
    let run = id("extend-env");
    let decide = async |from, to, why: &str, second| {
        let (life, decision) = (Life::new(to), json!({ "why": why }));
        let event =
            Advance { run: &run, from, life: &life, event: "decided", decision: &decision, messages: &[], at: at(second) };
        store.advance(here, &event).await.unwrap()
    };
    assert!(!decide(1, Approved, "nobody decided before", 0).await);
    assert!(decide(0, WaitingForApproval, "10 days", 0).await);
    assert!(!decide(0, WaitingForApproval, "10 days", 1).await, "not the first decision any more");
    assert!(decide(1, Approved, "bob", 2).await);
    assert!(!decide(1, Declined, "carol", 3).await, "decided on what is no longer so");
    let record = store.run(here, &run).await.unwrap().unwrap();
    assert_eq!((record.standing, record.revision, record.at), (Standing::Decided(Approved), 2, at(2)));
    let steps = store.transitions(here, &run).await.unwrap();
    assert_eq!(
        steps.iter().map(|s| (s.revision, s.from, s.to)).collect::<Vec<_>>(),
        [(1, None, WaitingForApproval), (2, Some(WaitingForApproval), Approved)]
    );
    assert_eq!(steps[1].decision, json!({"why": "bob"}));
}

async fn runs_that_were_there_at_first_sight_are_history(world: World) {
    let (store, here) = (world.open().await, &world.here);
    let old = id("2020-01-01-delete-everything");
    assert!(store.adopt(here, &acceptance(1, 0), std::slice::from_ref(&old)).await.unwrap());
    assert!(!advance(&*store, here, &old, 0, &Life::new(RunState::InProgress), &[]).await.unwrap());
    let runs = store.runs(here).await.unwrap();
    assert_eq!(runs.iter().map(|r| (r.id.as_str(), r.standing)).collect::<Vec<_>>(), [(old.as_str(), Standing::Adopted)]);
    assert!(store.transitions(here, &old).await.unwrap().is_empty());
}

async fn runs_are_told_in_the_order_of_their_bytes(world: World) {
    let (store, here) = (world.open().await, &world.here);
    let sorted = ["B", "a-b", "aa", "b_a"];
    store.adopt(here, &acceptance(1, 0), &sorted.map(id)).await.unwrap();
    let runs = store.runs(here).await.unwrap();
    assert_eq!(runs.iter().map(|r| r.id.as_str()).collect::<Vec<_>>(), sorted);
}

async fn a_row_changed_by_other_hands_is_an_error_and_no_state(world: World) {
    let (store, here) = (world.open().await, &world.here);
    let run = id("extend-env");
    advance(&*store, here, &run, 0, &Life::new(RunState::WaitingForApproval), &[]).await.unwrap();
    world.tamper("UPDATE runs SET state = 'APROVED'").await;
    assert!(matches!(store.run(here, &run).await, Err(StoreError::Damaged { .. })));
    // Nor is it decided anew over what cannot be read.
    let again = advance(&*store, here, &run, 1, &Life::new(RunState::Approved), &[]).await;
    assert!(matches!(again, Err(StoreError::Damaged { .. })));
}
