//! Pull requests: judged, judged again, set aside, and said once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use super::Judge;
use super::story_tests::*;
use crate::check::Conclusion;
use crate::forge::Forge as _;
use crate::model::Identifier;
use crate::store::{Standing, Store as _};

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
async fn a_squash_and_a_rebase_are_recognised_by_their_trees_too() {
    let story = Story::new();
    let daemon = story.daemon().await;
    for (branch, how) in
        [("squash", ["merge", "--quiet", "--squash"]), ("rebase", ["cherry-pick", "main..rebase", "--allow-empty"])]
    {
        let first = story.propose(ALICE, branch, &format!("entities/Env/{branch}.yaml"), &format!("identifier: {branch}\n"));
        story.git(ALICE, &["checkout", "--quiet", branch]);
        story.change(ALICE, &format!("entities/Env/{branch}2.yaml"), &format!("identifier: {branch}2\n"));
        story.git(ALICE, &["checkout", "--quiet", "main"]);
        daemon.looks().await;
        if branch == "squash" {
            story.git(ALICE, &[&how[..], &[branch]].concat());
            // By whoever pressed the button.
            story.commit(BOB, "squashed");
        } else {
            story.git(BOB, &how);
        }
        daemon.looks().await;
        assert_eq!(daemon.accepted().await, Some(story.at("main")), "{branch}");
        assert_eq!(daemon.reason().await, format!("tree of pull request {first}"), "{branch}");
    }
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
async fn the_worst_conclusion_is_never_hidden_by_an_older_one() {
    let story = Story::new();
    let daemon = story.daemon().await;
    let head = story.propose(ALICE, "grow", "entities/Env/dev.yaml", "identifier: dev\n");
    daemon.looks().await;
    let statuses = daemon.forge.statuses(&[head]).await.unwrap();
    assert_eq!(statuses.len(), 3, "one current status a context");
    assert!(statuses.iter().all(|status| status.conclusion == Conclusion::Success));
}
