//! Everything is checked again at the moment of execution: what changed since the merge counts.

use super::super::super::story_tests::*;
use super::stage::*;
use crate::model::RunState;
use crate::store::{Acceptance, Standing, Store as _};

/// A daemon that has approved and accepted a run, and could not perform it yet: what happens meanwhile is what the story is about.
async fn merged_and_not_performed(stage: &mut Stage) -> crate::model::CommitId {
    stage.performs = false;
    let (daemon, head) = stage.approved().await;
    stage.merge("extend-1");
    daemon.looks().await;
    assert_eq!(daemon.state("extend-1").await, RunState::Approved);
    stage.performs = true;
    head
}

/// Starts a daemon that may perform, and expects that it does not.
async fn nothing_is_performed(stage: &Stage) -> Running {
    let daemon = stage.daemon().await;
    for _ in 0..3 {
        daemon.looks().await;
        stage.wait(60);
    }
    assert_eq!(stage.receiver.orders(), 0);
    daemon
}

#[tokio::test]
async fn an_action_that_changed_after_the_merge_needs_a_new_approval_and_without_one_it_expires() {
    let mut stage = Stage::new();
    merged_and_not_performed(&mut stage).await;
    stage.story.change(ALICE, "actions/extend.yaml", &action(", headers: {X-Size: large}"));
    let daemon = nothing_is_performed(&stage).await;
    assert_eq!(daemon.state("extend-1").await, RunState::WaitingForApproval);
    stage.wait(15 * 24 * 3600);
    daemon.looks().await;
    assert_eq!(daemon.state("extend-1").await, RunState::Expired);
    assert_eq!(stage.receiver.orders(), 0);
}

#[tokio::test]
async fn an_approver_who_loses_the_role_has_approved_nothing() {
    let mut stage = Stage::new();
    merged_and_not_performed(&mut stage).await;
    stage.story.change(ALICE, "users/carol.yaml", "identifier: carol@acme.dev\nroles: [Member]\n");
    let daemon = nothing_is_performed(&stage).await;
    assert_eq!(daemon.state("extend-1").await, RunState::WaitingForApproval);
}

#[tokio::test]
async fn a_role_that_is_lost_in_the_very_push_that_nobody_has_looked_at_yet_counts() {
    let mut stage = Stage::new();
    merged_and_not_performed(&mut stage).await;
    // The branch goes on to something that is not accepted: nobody knows by what to decide.
    stage.story.change(BOB, "users/carol.yaml", "identifier: carol@acme.dev\nroles: [Member]\n");
    let daemon = nothing_is_performed(&stage).await;
    assert_eq!(daemon.state("extend-1").await, RunState::Approved, "it is approved, and held back");
    stage.story.git(ALICE, &["revert", "--no-edit", "HEAD"]);
    stage.wait(60);
    daemon.looks().await;
    assert_eq!(daemon.state("extend-1").await, RunState::Success, "the branch is whole again");
}

#[tokio::test]
async fn whoever_asked_and_is_gone_from_the_roster_has_asked_for_nothing() {
    let mut stage = Stage::new();
    merged_and_not_performed(&mut stage).await;
    std::fs::remove_file(stage.story.path().join("users/alice.yaml")).unwrap();
    stage.story.commit(CAROL, "alice left");
    let daemon = nothing_is_performed(&stage).await;
    assert_eq!(daemon.state("extend-1").await, RunState::WaitingForApproval);
}

#[tokio::test]
async fn a_dismissal_after_the_merge_takes_the_approval_away() {
    let mut stage = Stage::new();
    let head = merged_and_not_performed(&mut stage).await;
    stage.dismiss(head);
    let daemon = nothing_is_performed(&stage).await;
    assert_eq!(daemon.state("extend-1").await, RunState::WaitingForApproval);
    stage.approve(CAROL, head);
    daemon.looks().await;
    assert_eq!(daemon.state("extend-1").await, RunState::Success);
}

#[tokio::test]
async fn a_no_after_the_merge_is_final() {
    let mut stage = Stage::new();
    let head = merged_and_not_performed(&mut stage).await;
    stage.wait(1);
    stage.review(CAROL, head, false);
    let daemon = nothing_is_performed(&stage).await;
    assert_eq!(daemon.state("extend-1").await, RunState::Declined);
    stage.wait(1);
    stage.approve(CAROL, head);
    daemon.looks().await;
    assert_eq!(daemon.state("extend-1").await, RunState::Declined, "terminal states never change");
    assert_eq!(stage.receiver.orders(), 0);
}

#[tokio::test]
async fn an_owner_that_moved_needs_a_new_approval() {
    let mut stage = Stage::new();
    stage.story.write("teams/platform.yaml", "identifier: platform\nmembers: [bob@acme.dev]\n");
    stage.story.commit(ALICE, "a team");
    merged_and_not_performed(&mut stage).await;
    stage.story.change(ALICE, "entities/Env/prod.yaml", "identifier: prod\nteam: platform\nproperties: {size: 1}\n");
    let daemon = nothing_is_performed(&stage).await;
    assert_eq!(daemon.state("extend-1").await, RunState::WaitingForApproval);
}

#[tokio::test]
async fn a_run_that_is_taken_off_the_branch_is_not_performed() {
    let mut stage = Stage::new();
    merged_and_not_performed(&mut stage).await;
    stage.story.git(ALICE, &["rm", "--quiet", "runs/extend-1.yaml"]);
    stage.story.commit(ALICE, "not needed any more");
    nothing_is_performed(&stage).await;
}

#[tokio::test]
async fn history_that_a_person_accepted_brings_runs_that_are_never_performed() {
    let stage = Stage::new();
    let (daemon, _) = stage.approved().await;
    // Somebody rewrites the branch, the approved run with it.
    stage.story.git(ALICE, &["commit", "--quiet", "--amend", "-m", "another past"]);
    stage.story.git(ALICE, &["cherry-pick", "extend-1"]);
    daemon.looks().await;
    let tip = stage.story.at("main");
    use crate::controller::Clock as _;
    let by_hand = Acceptance::by_a_person(tip, stage.story.clock.now(), "alice");
    assert!(daemon.store.resume(&key(), &by_hand, &[id("extend-1")]).await.unwrap());
    for _ in 0..3 {
        daemon.looks().await;
        stage.wait(700);
    }
    assert_eq!(daemon.record("extend-1").await.standing, Standing::Adopted);
    assert_eq!(stage.receiver.orders(), 0);
}

#[tokio::test]
async fn while_history_stands_as_rewritten_nothing_is_performed() {
    let mut stage = Stage::new();
    merged_and_not_performed(&mut stage).await;
    stage.story.git(ALICE, &["branch", "kept", "main"]);
    stage.story.git(ALICE, &["reset", "--quiet", "--hard", "main~2"]);
    let daemon = nothing_is_performed(&stage).await;
    stage.story.git(ALICE, &["reset", "--quiet", "--hard", "kept"]);
    stage.wait(60);
    daemon.looks().await;
    assert_eq!(daemon.state("extend-1").await, RunState::Success, "it is put back");
}

#[tokio::test]
async fn a_run_that_is_edited_on_the_branch_is_not_what_was_approved() {
    let mut stage = Stage::new();
    merged_and_not_performed(&mut stage).await;
    stage.story.change(ALICE, "runs/extend-1.yaml", "action: extend\nentity: prod\ninputs: {ttl: 99 years}\n");
    nothing_is_performed(&stage).await;
}
