//! Runs that come onto the branch by another way than the one that was approved, or come a second time.

use super::super::super::story_tests::*;
use super::stage::*;
use crate::model::{CommitId, RunState};
use crate::store::Store as _;

const RUN: &str = "action: extend\nentity: prod\ninputs: {ttl: 10 days}\n";

/// A run that Carol has approved where it is proposed.
async fn approved(stage: &Stage, daemon: &Running, run: &str) -> CommitId {
    let head = stage.ask(run);
    stage.approve(CAROL, head);
    daemon.looks().await;
    assert_eq!(daemon.state(run).await, RunState::Approved);
    head
}

async fn later(stage: &Stage, daemon: &Running) {
    for _ in 0..4 {
        daemon.looks().await;
        stage.wait(60);
    }
}

#[tokio::test]
async fn a_direct_push_beside_an_approved_pull_request_has_none_of_its_approvals() {
    for closed in [false, true] {
        let stage = Stage::new();
        let daemon = stage.daemon().await;
        daemon.looks().await;
        let head = approved(&stage, &daemon, "extend-1").await;
        if closed {
            let closed = r#"{"timestamp":"1790000001","reviewRef":"refs/heads/extend-1","targetRef":"","requester":"alice@acme.dev","description":"no"}"#;
            stage.story.git(ALICE, &["notes", "--ref=refs/notes/devtools/reviews", "append", "-m", closed, &head.to_string()]);
            daemon.looks().await;
            assert_eq!(daemon.state("extend-1").await, RunState::Cancelled);
        }
        if !closed {
            // With the very tree that was approved it would be a merge by squashing.
            stage.story.change(ALICE, "entities/Env/dev.yaml", "identifier: dev\n");
        }
        // The very file, by somebody who may push.
        stage.story.write("runs/extend-1.yaml", RUN);
        assert_ne!(stage.story.commit(ALICE, "the same by hand"), head);
        later(&stage, &daemon).await;
        assert_eq!(stage.receiver.orders(), 0, "closed: {closed}");
        assert_ne!(daemon.state("extend-1").await, RunState::Approved, "closed: {closed}");
    }
}

#[tokio::test]
async fn a_merge_that_asks_for_more_than_was_approved_brings_nothing_that_is_performed() {
    let stage = Stage::new();
    let daemon = stage.daemon().await;
    daemon.looks().await;
    approved(&stage, &daemon, "extend-1").await;
    stage.story.git(ALICE, &["merge", "--quiet", "--no-ff", "--no-commit", "extend-1"]);
    stage.story.write("runs/extend-1.yaml", &RUN.replace("10 days", "99 years"));
    stage.story.git(ALICE, &["add", "--all"]);
    stage.story.git(ALICE, &["commit", "--quiet", "-m", "Merge branch 'extend-1'"]);
    later(&stage, &daemon).await;
    assert_eq!(stage.receiver.orders(), 0);
}

#[tokio::test]
async fn what_was_performed_is_not_performed_again_however_it_comes_back() {
    let stage = Stage::new();
    let daemon = stage.daemon().await;
    daemon.looks().await;
    approved(&stage, &daemon, "extend-1").await;
    stage.merge("extend-1");
    later(&stage, &daemon).await;
    assert_eq!((daemon.state("extend-1").await, stage.receiver.orders()), (RunState::Success, 1));

    // Taken off the branch and merged again, approval and all.
    stage.story.git(ALICE, &["rm", "--quiet", "runs/extend-1.yaml"]);
    stage.story.commit(ALICE, "history");
    daemon.looks().await;
    stage.story.git(ALICE, &["checkout", "--quiet", "extend-1", "--", "runs/extend-1.yaml"]);
    stage.story.commit(ALICE, "and back");
    later(&stage, &daemon).await;
    assert_eq!(stage.receiver.orders(), 1, "by the identifier");

    // Under another name, or in letters of another case: other runs, which nobody has approved.
    stage.story.git(ALICE, &["reset", "--quiet", "--hard", "HEAD~1"]);
    stage.story.change(ALICE, "runs/again.yaml", RUN);
    stage.story.change(ALICE, "runs/capital.yaml", &format!("identifier: EXTEND-1\n{RUN}"));
    later(&stage, &daemon).await;
    assert_eq!(stage.receiver.orders(), 1, "by the digest");
}

#[tokio::test]
async fn a_review_of_another_request_counts_for_none_after_the_merge_either() {
    let stage = Stage::new();
    let daemon = stage.daemon().await;
    daemon.looks().await;
    approved(&stage, &daemon, "extend-1").await;
    // Something else is asked for, and merged before anybody looks.
    stage.story.git(ALICE, &["checkout", "--quiet", "extend-1"]);
    stage.story.write("runs/extend-1.yaml", &RUN.replace("10 days", "99 years"));
    stage.story.commit(ALICE, "more");
    stage.story.git(ALICE, &["checkout", "--quiet", "main"]);
    stage.merge("extend-1");
    later(&stage, &daemon).await;
    assert_eq!(stage.receiver.orders(), 0);
    assert_eq!(daemon.state("extend-1").await, RunState::WaitingForApproval);
}

#[tokio::test]
async fn a_secret_input_that_the_receiver_repeats_is_in_nothing_that_is_told() {
    let secret = "{type: string, encryption: aes256-gcm}";
    let stage = Stage::of(&action("").replace("ttl: {type: string}", &format!("ttl: {{type: string}}, token: {secret}")));
    let daemon = stage.daemon().await;
    daemon.looks().await;
    let run = RUN.replace("{ttl: 10 days}", "{ttl: 10 days, token: hunter2-hunter2}");
    let head = stage.story.propose(ALICE, "extend-1", "runs/extend-1.yaml", &run);
    stage.approve(CAROL, head);
    daemon.looks().await;
    stage.receiver.told().answers = vec![crate::run::life::Answer::Done {
        success: true,
        says: "you sent token=hunter2-hunter2".to_owned(),
        link: Some("https://ci.example/?token=hunter2-hunter2".to_owned()),
        outside: None,
    }];
    stage.merge("extend-1");
    later(&stage, &daemon).await;
    assert!(body(&stage.receiver.told().orders[0]).to_string().contains("hunter2"), "whoever performs it needs it");
    let execution = daemon.record("extend-1").await.life.unwrap().execution.unwrap();
    assert_eq!((execution.summary.as_deref(), execution.links), (Some("you sent token=***"), Vec::new()));
    let steps = daemon.store.transitions(&key(), &id("extend-1")).await.unwrap();
    let answer = steps.iter().find_map(|step| step.decision.get("answer")).unwrap();
    assert!(!answer.to_string().contains("hunter2"), "{answer}");
}
