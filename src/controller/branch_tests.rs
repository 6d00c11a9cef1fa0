//! The watched branch: what becomes live, and what does not.

use super::story_tests::*;
use crate::model::{Identifier, Timestamp};
use crate::store::{Acceptance, Standing, Store as _};

#[tokio::test]
async fn the_first_sight_of_a_branch_adopts_it_as_it_stands() {
    let story = Story::new();
    let daemon = story.daemon().await;
    assert!(!daemon.controller.health().is_ready());
    daemon.looks().await;
    assert_eq!(daemon.accepted().await, Some(story.at("main")));
    assert_eq!(daemon.says(story.at("main")).await, ["catalog success"]);
    assert!(daemon.controller.health().is_ready(), "{:?}", daemon.controller.health().reasons());
}

#[tokio::test]
async fn a_first_tip_that_is_not_valid_is_reported_and_nothing_is_accepted_until_it_is_mended() {
    let story = Story::new();
    let bad = story.change(ALICE, "entities/Env/prod.yaml", "identifier: prod\nproperties: {size: large}\n");
    let daemon = story.daemon().await;
    daemon.looks().await;
    assert_eq!(daemon.accepted().await, None);
    assert_eq!(daemon.says(bad).await, ["catalog failure"]);
    assert!(daemon.controller.health().reasons().join("\n").contains("is not a valid catalog"));
    let good = story.change(ALICE, "entities/Env/prod.yaml", "identifier: prod\nproperties: {size: 3}\n");
    daemon.looks().await;
    assert_eq!(daemon.accepted().await, Some(good));
    assert!(daemon.controller.health().is_ready());
}

#[tokio::test]
async fn a_good_push_to_the_branch_is_applied_and_a_bad_one_is_not_until_it_is_reverted() {
    let story = Story::new();
    let daemon = story.daemon().await;
    daemon.looks().await;

    let good = story.change(ALICE, "entities/Env/dev.yaml", "identifier: dev\n");
    daemon.looks().await;
    assert_eq!(daemon.accepted().await, Some(good));
    assert_eq!(daemon.says(good).await, GREEN);

    let broken = story.change(ALICE, "entities/Env/dev.yaml", "identifier: dev\nproperties: {size: large}\n");
    daemon.looks().await;
    assert_eq!(daemon.accepted().await, Some(good), "the live catalog is the last accepted revision");
    assert!(daemon.says(broken).await.contains(&"catalog failure".to_owned()));

    story.git(ALICE, &["revert", "--no-edit", "HEAD"]);
    daemon.looks().await;
    assert_eq!(daemon.accepted().await, Some(story.at("main")), "a revert heals it");
}

#[tokio::test]
async fn who_may_not_does_not_get_in_by_pushing_to_the_branch_and_who_may_can_commit_it_again() {
    let story = Story::new();
    let daemon = story.daemon().await;
    daemon.looks().await;
    let before = story.at("main");
    let grab = story.change(BOB, "users/bob.yaml", "identifier: bob@acme.dev\nroles: [Admin]\n");
    daemon.looks().await;
    assert_eq!(daemon.accepted().await, Some(before));
    assert!(daemon.says(grab).await.contains(&"permissions failure".to_owned()));

    // Bob, now Admin by his own word, is still judged by base.
    let more = story.change(BOB, "entities/Env/dev.yaml", "identifier: dev\n");
    daemon.looks().await;
    assert_eq!(daemon.accepted().await, Some(before));
    assert!(daemon.says(more).await.contains(&"permissions failure".to_owned()));
}

#[tokio::test]
async fn rewritten_history_stops_everything_until_a_person_accepts_it() {
    let story = Story::new();
    let daemon = story.daemon().await;
    let first = story.change(ALICE, "entities/Env/dev.yaml", "identifier: dev\n");
    daemon.looks().await;
    story.git(ALICE, &["commit", "--quiet", "--amend", "-m", "rewritten"]);
    let rewritten = story.at("main");
    daemon.looks().await;
    assert_eq!(daemon.accepted().await, Some(first));
    assert_eq!(daemon.says(rewritten).await, ["permissions failure"]);
    let halt = daemon.store.halted(&key()).await.unwrap().unwrap();
    assert_eq!(halt.seen, rewritten);

    let further = story.change(ALICE, "entities/Env/test.yaml", "identifier: test\n");
    daemon.looks().await;
    assert_eq!(daemon.accepted().await, Some(first), "nothing follows from a rewritten history");

    let by_hand = Acceptance { commit: further, at: Timestamp::UNIX_EPOCH, reason: "by hand".to_owned() };
    assert!(daemon.store.resume(&key(), &by_hand, &[]).await.unwrap());
    let next = story.change(ALICE, "entities/Env/test.yaml", "identifier: test\ntitle: Test\n");
    daemon.looks().await;
    assert_eq!(daemon.accepted().await, Some(next));
    assert_eq!(daemon.store.halted(&key()).await.unwrap(), None);
}

#[tokio::test]
async fn history_that_is_put_back_needs_nobody() {
    let story = Story::new();
    let daemon = story.daemon().await;
    daemon.looks().await;
    let before = story.at("main");
    story.git(ALICE, &["commit", "--quiet", "--amend", "-m", "rewritten"]);
    daemon.looks().await;
    assert!(daemon.store.halted(&key()).await.unwrap().is_some());
    story.git(ALICE, &["reset", "--quiet", "--hard", &before.to_string()]);
    daemon.looks().await;
    assert_eq!(daemon.store.halted(&key()).await.unwrap(), None);
    assert_eq!(daemon.accepted().await, Some(before));
}

#[tokio::test]
async fn a_run_that_was_there_at_first_sight_is_history() {
    let story = Story::new();
    story.change(ALICE, "actions/extend.yaml", ACTION);
    story.change(ALICE, "runs/old.yaml", "action: extend\nentity: prod\ninputs: {ttl: 10 days}\n");
    let daemon = story.daemon().await;
    daemon.looks().await;
    let run = daemon.store.run(&key(), &Identifier::new("old").unwrap()).await.unwrap().unwrap();
    assert_eq!(run.standing, Standing::Adopted);
}
