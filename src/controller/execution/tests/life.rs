//! From the approval to the end.

use super::super::super::story_tests::*;
use super::stage::*;
use crate::model::RunState;
use crate::run::life::{Answer, Event, Outcome, Phase, Report, RunHandle};
use crate::store::{Standing, Store as _};

#[tokio::test]
async fn what_is_approved_and_merged_is_performed_once_with_all_that_it_needs() {
    let stage = Stage::new();
    let (daemon, _) = stage.approved().await;
    assert_eq!(daemon.state("extend-1").await, RunState::Approved);
    assert_eq!(stage.receiver.orders(), 0, "nothing is performed before it is on the branch");
    stage.merge("extend-1");
    daemon.looks().await;
    assert_eq!(daemon.state("extend-1").await, RunState::Success);
    for _ in 0..3 {
        stage.wait(700);
        daemon.looks().await;
    }
    drop(daemon);
    let daemon = stage.daemon().await;
    daemon.looks().await;
    assert_eq!(stage.receiver.orders(), 1, "and never again");

    let order = stage.receiver.told().orders[0].clone();
    assert_eq!(order.handle, RunHandle::of("catalog", &id("extend-1")));
    assert_eq!((order.attempt, order.key.len()), (1, 64));
    let body = body(&order);
    assert_eq!(body["inputs"]["ttl"], "10 days");
    assert_eq!((&body["entity"]["identifier"], &body["requester"]["identifier"]), (&"prod".into(), &ALICE.into()));
    assert_eq!(body["run"]["id"], order.handle.as_str());
    let words = daemon.story_of("extend-1").await;
    assert_eq!(
        words,
        [
            "decided APPROVED",
            "landed APPROVED",
            "decided APPROVED",
            "claimed IN_PROGRESS",
            "begun IN_PROGRESS",
            "answered SUCCESS"
        ]
    );
}

#[tokio::test]
async fn what_was_merged_while_it_waited_is_performed_once_it_is_approved() {
    let stage = Stage::new();
    let daemon = stage.daemon().await;
    daemon.looks().await;
    let head = stage.ask("extend-1");
    daemon.looks().await;
    stage.merge("extend-1");
    daemon.looks().await;
    assert_eq!(daemon.state("extend-1").await, RunState::WaitingForApproval);
    let why = daemon.why("extend-1").await;
    assert!(why.contains("carol@acme.dev") && why.contains("does not execute until it is"), "{why}");
    assert_eq!(stage.receiver.orders(), 0);

    stage.approve(CAROL, head);
    daemon.looks().await;
    assert_eq!(daemon.state("extend-1").await, RunState::Success);
    assert_eq!(stage.receiver.orders(), 1);
}

#[tokio::test]
async fn what_is_on_the_branch_at_first_sight_is_history() {
    let stage = Stage::new();
    let head = stage.ask("extend-1");
    stage.approve(CAROL, head);
    stage.merge("extend-1");
    let daemon = stage.daemon().await;
    for _ in 0..3 {
        daemon.looks().await;
        stage.wait(700);
    }
    assert_eq!(daemon.record("extend-1").await.standing, Standing::Adopted);
    assert_eq!(stage.receiver.orders(), 0);
}

#[tokio::test]
async fn two_pull_requests_that_are_merged_at_once_are_each_performed() {
    let stage = Stage::new();
    let daemon = stage.daemon().await;
    daemon.looks().await;
    let (one, two) = (stage.ask("extend-1"), stage.ask("extend-2"));
    stage.approve(CAROL, one);
    stage.approve(CAROL, two);
    daemon.looks().await;
    stage.merge("extend-1");
    stage.merge("extend-2");
    for _ in 0..3 {
        daemon.looks().await;
        stage.wait(60);
    }
    assert_eq!([daemon.state("extend-1").await, daemon.state("extend-2").await], [RunState::Success; 2]);
    assert_eq!(stage.receiver.keys().into_values().collect::<Vec<_>>(), [1, 1], "each by a key of its own");
}

#[tokio::test]
async fn what_is_taken_on_is_done_when_its_outcome_is_reported_or_seen() {
    let stage = Stage::new();
    let (daemon, _) = stage.approved().await;
    let accepted = Answer::Accepted { outside: Some("4711".to_owned()), link: Some("https://ci.example/4711".to_owned()) };
    stage.receiver.told().answers = vec![accepted];
    stage.receiver.told().report = Some(Report::default());
    stage.merge("extend-1");
    daemon.looks().await;
    assert_eq!(daemon.state("extend-1").await, RunState::InProgress);
    let life = daemon.record("extend-1").await.life.unwrap();
    assert_eq!(life.phase(), Some(&Phase::Running));
    assert_eq!(life.execution.unwrap().outside.as_deref(), Some("4711"));

    stage.receiver.told().report = Some(Report { success: Some(true), ..Report::default() });
    stage.wait(20);
    daemon.looks().await;
    assert_eq!(daemon.state("extend-1").await, RunState::Success);
}

#[tokio::test]
async fn what_nobody_reports_is_given_up_at_its_deadline() {
    let stage = Stage::of(&action(", deadline: 10m"));
    let (daemon, _) = stage.approved().await;
    stage.receiver.told().answers = vec![Answer::Accepted { outside: None, link: None }];
    stage.merge("extend-1");
    daemon.looks().await;
    stage.wait(599);
    daemon.looks().await;
    assert_eq!(daemon.state("extend-1").await, RunState::InProgress);
    stage.wait(2);
    daemon.looks().await;
    assert_eq!(daemon.state("extend-1").await, RunState::Failure);
    assert_eq!(daemon.story_of("extend-1").await.last().unwrap(), "deadline FAILURE");
}

#[tokio::test]
async fn a_receiver_that_is_busy_is_asked_again_later_by_the_same_key() {
    let stage = Stage::new();
    let (daemon, _) = stage.approved().await;
    let busy = Answer::NotPerformed { why: "no connection".to_owned(), after: Some(30) };
    stage.receiver.told().answers = vec![busy.clone(), busy];
    stage.merge("extend-1");
    daemon.looks().await;
    assert_eq!(stage.receiver.orders(), 1);
    stage.wait(29);
    daemon.looks().await;
    assert_eq!(stage.receiver.orders(), 1, "not before it asked to be");
    for _ in 0..2 {
        stage.wait(31);
        daemon.looks().await;
    }
    assert_eq!(daemon.state("extend-1").await, RunState::Success);
    assert_eq!(stage.receiver.keys().into_values().collect::<Vec<_>>(), [3]);
    let attempts: Vec<u32> = stage.receiver.told().orders.iter().map(|order| order.attempt).collect();
    assert_eq!(attempts, [1, 2, 3]);
}

#[tokio::test]
async fn what_nobody_knows_waits_for_a_person_and_is_sent_again_only_by_their_word() {
    for outcome in [Outcome::Success, Outcome::Failure, Outcome::Again] {
        let stage = Stage::new();
        let (daemon, _) = stage.approved().await;
        stage.receiver.told().answers = vec![Answer::Unknown { why: "the connection broke".to_owned() }];
        stage.merge("extend-1");
        for _ in 0..4 {
            daemon.looks().await;
            stage.wait(3600);
        }
        let record = daemon.record("extend-1").await;
        assert!(matches!(record.life.as_ref().unwrap().phase(), Some(Phase::Unknown { .. })), "no clock makes it known");
        assert_eq!(stage.receiver.orders(), 1);

        // As the command line does it: by the store alone.
        use crate::controller::Clock as _;
        let now = stage.story.clock.now();
        let event = Event::Resolved { by: CAROL.to_owned(), outcome, link: None, note: None };
        let next = crate::run::life::step(record.life.as_ref().unwrap(), &event, now).unwrap();
        let run = id("extend-1");
        let advance = crate::store::Advance {
            run: &run,
            from: record.revision,
            life: &next.life,
            event: event.word(),
            decision: &record.decision,
            messages: &[],
            at: now,
        };
        assert!(daemon.store.advance(&key(), &advance).await.unwrap());
        daemon.looks().await;
        let (state, orders) = match outcome {
            Outcome::Success => (RunState::Success, 1),
            Outcome::Failure => (RunState::Failure, 1),
            Outcome::Again => (RunState::Success, 2),
        };
        assert_eq!((daemon.state("extend-1").await, stage.receiver.orders()), (state, orders), "{outcome:?}");
    }
}

#[tokio::test]
async fn where_nobody_performs_it_stays_approved_and_says_so_until_somebody_does() {
    let mut stage = Stage::new();
    stage.performs = false;
    let (daemon, _) = stage.approved().await;
    stage.merge("extend-1");
    daemon.looks().await;
    let record = daemon.record("extend-1").await;
    assert_eq!(record.standing, Standing::Decided(RunState::Approved));
    assert_eq!(
        record.decision["held"],
        "this controller is not set up to perform WEBHOOK actions: that wants `executionHosts` in its configuration"
    );
    stage.wait(700);
    daemon.looks().await;
    assert_eq!(daemon.record("extend-1").await.revision, record.revision, "it is said once");
    drop(daemon);

    stage.performs = true;
    let daemon = stage.daemon().await;
    daemon.looks().await;
    assert_eq!(daemon.state("extend-1").await, RunState::Success);
}

#[tokio::test]
async fn what_cannot_be_filled_in_fails_and_nothing_is_sent() {
    let stage = Stage::of(&action(", body: {who: 'for {{ .entity.title }} of {{ .entity.icon }}'}"));
    let (daemon, _) = stage.approved().await;
    stage.merge("extend-1");
    daemon.looks().await;
    assert_eq!(daemon.state("extend-1").await, RunState::Failure);
    let life = daemon.record("extend-1").await.life.unwrap();
    let summary = life.execution.unwrap().summary.unwrap();
    assert!(summary.contains("cannot be filled in"), "{summary}");
    assert_eq!(stage.receiver.orders(), 0);
}
