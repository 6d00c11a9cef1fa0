//! The journal: a run lands with the revision that brings it, and each step is written whole or not at all.

use futures_util::future::join_all;
use portcullis::model::{Identifier, RunState};
use portcullis::run::life::{Event, Landing, Life, RunHandle, step};
use portcullis::store::{Advance, Landed, MessageKind, NewMessage, RepositoryKey, Standing, Store, StoreError, Wanted};
use serde_json::{Value as Json, json};

use crate::world::{World, acceptance, at, commit, id};

on_both_stores! {
    runs_land_with_the_revision_that_brings_them
    a_revision_that_is_not_accepted_lands_nothing
    what_was_adopted_or_taken_back_is_never_executed_however_it_lands
    a_person_who_accepts_rewritten_history_makes_its_runs_history
    a_step_is_written_with_its_messages_or_not_at_all
    what_has_come_to_its_end_is_under_way_no_more_and_never_changes
    of_many_replicas_that_advance_a_run_one_does
    each_run_is_found_by_its_handle
    what_an_older_version_wrote_is_read_and_found
    a_life_changed_by_other_hands_is_damage_and_no_state
    a_process_that_dies_in_the_middle_of_a_step_has_not_made_it
}

pub fn landing(from: u8, to: u8, second: i64) -> Landing {
    Landing { from: commit(from), to: commit(to), pull_request: Some("17".to_owned()), at: at(second) }
}

pub fn landed(run: &str, from: u8, to: u8, second: i64) -> Landed {
    Landed { run: id(run), landing: landing(from, to, second), messages: Vec::new() }
}

pub fn message(name: &str, lane: &str) -> NewMessage {
    NewMessage {
        id: name.to_owned(),
        kind: MessageKind::Notify,
        lane: lane.to_owned(),
        body: json!({ "says": name }),
        due: at(0),
    }
}

/// Advances a run, as whoever has seen it at this revision.
pub async fn advance(
    store: &dyn Store,
    here: &RepositoryKey,
    run: &Identifier,
    from: u64,
    life: &Life,
    messages: &[NewMessage],
) -> Result<bool, StoreError> {
    let decision = json!({ "after": from });
    store.advance(here, &Advance { run, from, life, event: "decided", decision: &decision, messages, at: at(1) }).await
}

async fn under_way(store: &dyn Store, here: &RepositoryKey) -> Vec<String> {
    store.under_way(here).await.unwrap().into_iter().map(|record| record.id.to_string()).collect()
}

async fn runs_land_with_the_revision_that_brings_them(world: World) {
    let (store, here) = (world.open().await, &world.here);
    store.adopt(here, &acceptance(1, 0), &[]).await.unwrap();
    let proposed = id("proposed");
    assert!(advance(&*store, here, &proposed, 0, &Life::new(RunState::Approved), &[]).await.unwrap());
    assert!(under_way(&*store, here).await.is_empty(), "a proposal is nobody's business yet");

    let come = [landed("zeta", 1, 2, 2), landed("proposed", 1, 2, 2), landed("alpha", 1, 2, 2)];
    assert!(store.accept(here, commit(1), &acceptance(2, 2), &come).await.unwrap());
    assert!(store.accept(here, commit(2), &acceptance(3, 3), &[landed("beta", 2, 3, 3)]).await.unwrap());
    assert_eq!(under_way(&*store, here).await, ["zeta", "proposed", "alpha", "beta"], "in the order in which they landed");

    let record = store.run(here, &proposed).await.unwrap().unwrap();
    assert_eq!(record.standing, Standing::Decided(RunState::Approved));
    assert_eq!(record.life.unwrap().landing, Some(landing(1, 2, 2)));
    let steps = store.transitions(here, &proposed).await.unwrap();
    let told: Vec<_> = steps.iter().map(|s| (s.revision, s.event.as_str(), s.from, s.to)).collect();
    let approved = Some(RunState::Approved);
    assert_eq!(told, [(1, "decided", None, RunState::Approved), (2, "landed", approved, RunState::Approved)]);
    assert_eq!((&steps[1].decision["landing"]["pullRequest"], &steps[1].decision["after"]), (&json!("17"), &json!(0)));

    let fresh = store.run(here, &id("zeta")).await.unwrap().unwrap();
    assert_eq!((fresh.standing, fresh.revision), (Standing::Decided(RunState::WaitingForApproval), 1));
}

async fn a_revision_that_is_not_accepted_lands_nothing(world: World) {
    let (store, here) = (world.open().await, &world.here);
    store.adopt(here, &acceptance(1, 0), &[]).await.unwrap();
    let late = Landed { messages: vec![message("m", "chat")], ..landed("late", 9, 2, 1) };
    assert!(!store.accept(here, commit(9), &acceptance(2, 1), &[late]).await.unwrap());
    assert_eq!(store.run(here, &id("late")).await.unwrap(), None);
    assert_eq!(store.outbox_size().await.unwrap(), (0, 0));
    store.halt(here, commit(7), at(2)).await.unwrap();
    assert!(!store.accept(here, commit(1), &acceptance(2, 3), &[landed("late", 1, 2, 3)]).await.unwrap());
    assert_eq!(store.runs(here).await.unwrap(), []);
}

async fn what_was_adopted_or_taken_back_is_never_executed_however_it_lands(world: World) {
    let (store, here) = (world.open().await, &world.here);
    store.adopt(here, &acceptance(1, 0), &[id("old")]).await.unwrap();
    let taken_back = id("taken-back");
    let event = Event::Withdrawn { by: "alice".to_owned() };
    let withdrawn = step(&Life::new(RunState::WaitingForApproval), &event, at(1)).unwrap().life;
    assert!(advance(&*store, here, &taken_back, 0, &withdrawn, &[]).await.unwrap());
    let with = |run: &str| Landed { messages: vec![message(&format!("note on {run}"), "audit")], ..landed(run, 1, 2, 2) };
    let come = [with("old"), with("taken-back"), with("new")];
    assert!(store.accept(here, commit(1), &acceptance(2, 2), &come).await.unwrap());
    assert_eq!(under_way(&*store, here).await, ["new"]);
    assert_eq!(store.run(here, &id("old")).await.unwrap().unwrap().standing, Standing::Adopted);
    let life = store.run(here, &taken_back).await.unwrap().unwrap().life.unwrap();
    assert_eq!((life.state, life.withdrawn), (RunState::Cancelled, withdrawn.withdrawn), "on the branch, and of no effect");
    assert_eq!(life.landing, Some(landing(1, 2, 2)), "where its note belongs");
    assert_eq!(store.outbox_size().await.unwrap(), (2, 0), "of what is history there is no note");
    // Nor does anything else happen to what is history.
    let approved = Life::new(RunState::Approved);
    assert!(!advance(&*store, here, &id("old"), 0, &approved, &[message("m", "chat")]).await.unwrap());
    assert_eq!(store.outbox_size().await.unwrap(), (2, 0));
    // One that landed before lands no second time.
    let again = [Landed { messages: vec![message("once more", "audit")], ..landed("new", 2, 3, 3) }];
    assert!(store.accept(here, commit(2), &acceptance(3, 3), &again).await.unwrap());
    assert_eq!(store.transitions(here, &id("new")).await.unwrap().len(), 1);
    assert_eq!(store.outbox_size().await.unwrap(), (2, 0));
}

async fn a_person_who_accepts_rewritten_history_makes_its_runs_history(world: World) {
    let (store, here) = (world.open().await, &world.here);
    store.adopt(here, &acceptance(1, 0), &[]).await.unwrap();
    store.accept(here, commit(1), &acceptance(2, 1), &[landed("landed", 1, 2, 1)]).await.unwrap();
    let proposed = id("proposed");
    advance(&*store, here, &proposed, 0, &Life::new(RunState::Approved), &[]).await.unwrap();
    store.halt(here, commit(7), at(2)).await.unwrap();
    let there = [id("landed"), proposed.clone(), id("unknown")];
    assert!(!store.resume(here, &acceptance(8, 3), &there).await.unwrap());
    assert_eq!(store.run(here, &id("unknown")).await.unwrap(), None, "nothing was accepted");
    assert!(store.resume(here, &acceptance(7, 3), &there).await.unwrap());
    for history in ["proposed", "unknown"] {
        let record = store.run(here, &id(history)).await.unwrap().unwrap();
        assert_eq!((record.standing, record.life), (Standing::Adopted, None), "{history}");
    }
    assert_eq!(under_way(&*store, here).await, ["landed"], "what landed before the history was rewritten goes on");
    // Whoever decided the proposal before does not get it back.
    assert!(!advance(&*store, here, &proposed, 1, &Life::new(RunState::Approved), &[]).await.unwrap());
    store.accept(here, commit(7), &acceptance(9, 4), &[landed("proposed", 7, 9, 4)]).await.unwrap();
    assert_eq!(under_way(&*store, here).await, ["landed"]);
}

async fn a_step_is_written_with_its_messages_or_not_at_all(world: World) {
    let (store, here, run) = (world.open().await, &world.here, id("extend-env"));
    let life = |state| Life::new(state);
    let waiting = life(RunState::WaitingForApproval);
    assert!(!advance(&*store, here, &run, 1, &waiting, &[message("a", "chat")]).await.unwrap(), "there is no first step yet");
    assert!(advance(&*store, here, &run, 0, &waiting, &[message("a", "chat"), message("b", "mail")]).await.unwrap());
    assert!(!advance(&*store, here, &run, 0, &waiting, &[message("c", "chat")]).await.unwrap(), "somebody was faster");
    assert!(advance(&*store, here, &run, 1, &life(RunState::Approved), &[message("b", "mail")]).await.unwrap());
    assert!(!advance(&*store, here, &run, 1, &life(RunState::Declined), &[message("d", "chat")]).await.unwrap());
    assert_eq!(store.outbox_size().await.unwrap(), (2, 0), "one message an id, and none of what was not written");
    let record = store.run(here, &run).await.unwrap().unwrap();
    assert_eq!((record.revision, record.decision, record.at), (2, json!({ "after": 1 }), at(1)));
    assert_eq!(record.life, Some(life(RunState::Approved)));
}

async fn what_has_come_to_its_end_is_under_way_no_more_and_never_changes(world: World) {
    let (store, here, run) = (world.open().await, &world.here, id("extend-env"));
    store.adopt(here, &acceptance(1, 0), &[]).await.unwrap();
    store.accept(here, commit(1), &acceptance(2, 1), &[landed("extend-env", 1, 2, 1)]).await.unwrap();
    let life = store.run(here, &run).await.unwrap().unwrap().life.unwrap();
    let ended = step(&life, &Event::Withdrawn { by: "alice".to_owned() }, at(2)).unwrap().life;
    assert!(advance(&*store, here, &run, 1, &ended, &[]).await.unwrap());
    assert!(under_way(&*store, here).await.is_empty());
    let again = Life { state: RunState::Approved, ..life };
    assert!(!advance(&*store, here, &run, 2, &again, &[message("a", "chat")]).await.unwrap());
    let record = store.run(here, &run).await.unwrap().unwrap();
    assert_eq!((record.life, record.revision), (Some(ended), 2));
    assert_eq!(store.outbox_size().await.unwrap(), (0, 0));
}

async fn of_many_replicas_that_advance_a_run_one_does(world: World) {
    let stores = join_all((0..3).map(|_| world.open())).await;
    let (here, run) = (&world.here, id("extend-env"));
    let states = [RunState::WaitingForApproval, RunState::Approved, RunState::WaitingForApproval, RunState::Approved];
    for (from, state) in (0u64..).zip(states) {
        let life = Life::new(state);
        let tries = (0..12usize).map(|n| {
            let (store, run, life) = (stores[n % 3].clone(), &run, &life);
            let messages = [message(&format!("{from}"), "chat"), message(&format!("{from} by {n}"), "mail")];
            async move { advance(&*store, here, run, from, life, &messages).await.unwrap() }
        });
        assert_eq!(join_all(tries).await.into_iter().filter(|won| *won).count(), 1);
    }
    assert_eq!(stores[0].transitions(here, &run).await.unwrap().len(), 4);
    assert_eq!(stores[1].outbox_size().await.unwrap(), (8, 0), "what the losers had to say was never written");
}

async fn each_run_is_found_by_its_handle(world: World) {
    let (store, here) = (world.open().await, &world.here);
    let elsewhere = RepositoryKey::new("acme/another main");
    store.adopt(here, &acceptance(1, 0), &[id("same"), id("old")]).await.unwrap();
    store.adopt(&elsewhere, &acceptance(1, 0), &[]).await.unwrap();
    store.accept(&elsewhere, commit(1), &acceptance(2, 1), &[landed("same", 1, 2, 1)]).await.unwrap();
    for (repository, run, standing) in [
        (here, "same", Standing::Adopted),
        (here, "old", Standing::Adopted),
        (&elsewhere, "same", Standing::Decided(RunState::WaitingForApproval)),
    ] {
        let found = store.run_by_handle(&RunHandle::of(repository.as_str(), &id(run))).await.unwrap().unwrap();
        assert_eq!((&found.repository, found.record.id.as_str(), found.record.standing), (repository, run, standing));
    }
    assert_eq!(store.run_by_handle(&RunHandle::of(here.as_str(), &id("missing"))).await.unwrap(), None);
    // Two that were made to have one handle are found by neither.
    let handle = RunHandle::of(here.as_str(), &id("same"));
    world.tamper(&format!("UPDATE runs SET handle = '{handle}'")).await;
    assert_eq!(store.run_by_handle(&handle).await.unwrap(), None);
    world.tamper("DELETE FROM runs WHERE run = 'same' AND repository = 'acme/catalog main'").await;
    world.tamper("DELETE FROM run_transitions; DELETE FROM runs WHERE run = 'same'").await;
    assert!(matches!(store.run_by_handle(&handle).await, Err(StoreError::Damaged { .. })), "another run's handle");
}

async fn what_an_older_version_wrote_is_read_and_found(world: World) {
    let (store, here, run) = (world.open().await, &world.here, id("extend-env"));
    store.adopt(here, &acceptance(1, 0), &[id("old")]).await.unwrap();
    advance(&*store, here, &run, 0, &Life::new(RunState::Approved), &[]).await.unwrap();
    drop(store);
    world.tamper("UPDATE runs SET life = NULL, handle = NULL; UPDATE run_transitions SET event = ''").await;
    let store = world.open().await;
    let record = store.run(here, &run).await.unwrap().unwrap();
    assert_eq!(record.life, Some(Life::new(RunState::Approved)));
    for run in [&run, &id("old")] {
        let found = store.run_by_handle(&RunHandle::of(here.as_str(), run)).await.unwrap().unwrap();
        assert_eq!(found.record.id, *run);
    }
    assert!(under_way(&*store, here).await.is_empty(), "nobody knows how it came there, so it is never executed");
    assert!(advance(&*store, here, &run, 1, &Life::new(RunState::WaitingForApproval), &[]).await.unwrap());
}

async fn a_life_changed_by_other_hands_is_damage_and_no_state(world: World) {
    let (store, here, run) = (world.open().await, &world.here, id("extend-env"));
    let waiting = Life::new(RunState::WaitingForApproval);
    advance(&*store, here, &run, 0, &waiting, &[message("a", "chat")]).await.unwrap();
    let sound = serde_json::to_string(&waiting).unwrap();
    let approved = serde_json::to_string(&Life::new(RunState::Approved)).unwrap();
    for unsound in ["{", "null", r#"{"state":"APPROVED","landing":{}}"#, &approved] {
        world.tamper(&format!("UPDATE runs SET life = '{unsound}'")).await;
        for answer in [
            store.run(here, &run).await.map(|_| ()),
            store.runs(here).await.map(|_| ()),
            store.run_by_handle(&RunHandle::of(here.as_str(), &run)).await.map(|_| ()),
            advance(&*store, here, &run, 1, &waiting, &[]).await.map(|_| ()),
        ] {
            let error = answer.unwrap_err();
            assert!(matches!(error, StoreError::Damaged { .. }) && error.to_string().contains("a run's life"), "{error}");
        }
    }
    world.tamper(&format!("UPDATE runs SET life = '{sound}'")).await;
    assert!(store.run(here, &run).await.unwrap().is_some());
    for unsound in ["body = '['", "kind = 'pigeon'", "run = 'no identifier!'", "claim = -5"] {
        world.tamper(&format!("UPDATE outbox SET {unsound}")).await;
        let taken = store.claim_messages(&Wanted::of(MessageKind::Notify, 10), std::time::Duration::from_secs(9), at(5)).await;
        let dead = match unsound {
            // Whoever takes out messages of a kind is given none of another.
            "kind = 'pigeon'" => taken.unwrap().is_empty(),
            _ => matches!(taken, Err(StoreError::Damaged { .. })),
        };
        assert!(dead, "{unsound}");
        world.tamper("UPDATE outbox SET body = '{}', kind = 'notify', run = 'extend-env', claim = 0").await;
    }
}

async fn a_process_that_dies_in_the_middle_of_a_step_has_not_made_it(world: World) {
    let (store, here, run) = (world.open().await, &world.here, id("extend-env"));
    let waiting = Life::new(RunState::WaitingForApproval);
    advance(&*store, here, &run, 0, &waiting, &[message("a", "chat")]).await.unwrap();
    drop(store);
    world.die_after("UPDATE runs SET state = 'APPROVED', revision = 2; DELETE FROM outbox; DELETE FROM run_transitions").await;
    let store = world.open().await;
    let record = store.run(here, &run).await.unwrap().unwrap();
    assert_eq!((record.revision, record.life), (1, Some(waiting)));
    assert_eq!(store.outbox_size().await.unwrap(), (1, 0));
    let facts: Vec<Json> = store.transitions(here, &run).await.unwrap().into_iter().map(|s| s.decision).collect();
    assert_eq!(facts, [json!({ "after": 0 })]);
}
