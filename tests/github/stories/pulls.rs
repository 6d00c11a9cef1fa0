//! What becomes of a pull request besides being merged.

use super::{GREEN, RUN, WAITS, bob_asks, reviews, run, stage};
use crate::world::CATALOG;

const DEV: &str = "identifier: dev\nproperties: {size: 2}\n";

#[tokio::test]
async fn a_pull_request_goes_to_another_branch_and_comes_back() {
    let world = stage().await;
    let mut alice = world.clone_of("alice");
    alice.on("release");
    alice.pushes("release");
    let number = bob_asks(&world).await;
    reviews(&world, "carol", number, "APPROVED").await;
    assert_eq!(run(&world, "longer").await, "APPROVED");

    world.person("bob").retargets(CATALOG, number, "release");
    world.sweep_after(20).await;
    assert_eq!(run(&world, "longer").await, "CANCELLED", "nobody asks for it here any more");
    world.person("bob").retargets(CATALOG, number, "main");
    world.sweep_after(20).await;
    assert_eq!(world.verdict(number), GREEN);
    assert_eq!(run(&world, "longer").await, "APPROVED");
}

#[tokio::test]
async fn a_pull_request_onto_another_branch_is_none_of_ours() {
    let world = stage().await;
    let mut bob = world.clone_of("bob");
    bob.on("release");
    bob.pushes("release");
    bob.on("longer").writes("runs/longer.yaml", RUN).commits("Ask");
    bob.pushes("longer");
    let number = bob.opens_pull_request("longer", "release");
    world.sweep_after(20).await;
    assert_eq!(world.verdict(number), "catalog -, permissions -, approval -");
    assert_eq!((world.comment(number), run(&world, "longer").await.as_str()), (None, "-"));
}

#[tokio::test]
async fn of_two_pull_requests_with_one_commit_the_worse_verdict_stands() {
    let world = stage().await;
    let good = world.proposes("alice", "dev", "entities/Env/dev.yaml", DEV);
    world.sweep_after(20).await;
    assert_eq!(world.verdict(good), GREEN);
    // Dave, whom nobody knows, proposes the very same commit.
    let dave = world.clone_of("dave");
    let bad = dave.opens_pull_request("dev", "main");
    world.sweep_after(20).await;
    assert_eq!(world.head(good), world.head(bad));
    assert_eq!(world.status(good, "permissions").as_deref(), Some("failure"), "{}", world.verdict(good));
    let before = world.github.writes().len();
    world.sweep_after(20).await;
    world.sweep_after(600).await;
    assert_eq!(world.github.writes().len(), before, "they do not overwrite each other");
    world.person("dave").closes(CATALOG, bad);
    world.sweep_after(20).await;
    assert_eq!(world.verdict(good), GREEN);
}

#[tokio::test]
async fn a_draft_is_judged_and_nobody_is_asked_for_a_review_of_it() {
    let world = stage().await;
    let mut bob = world.clone_of("bob");
    bob.on("longer").writes("runs/longer.yaml", RUN).commits("Ask");
    bob.pushes("longer");
    let number = bob.opens_draft("longer", "main");
    world.sweep_after(20).await;
    assert_eq!(world.verdict(number), WAITS);
    assert!(world.github.requested_reviewers(CATALOG, number).is_empty());
    world.person("bob").marks_ready(CATALOG, number);
    world.sweep_after(20).await;
    assert_eq!(world.github.requested_reviewers(CATALOG, number), ["alice", "carol"]);
}

#[tokio::test]
async fn a_pull_request_that_is_closed_takes_its_run_with_it_and_may_bring_it_back() {
    let world = stage().await;
    let number = bob_asks(&world).await;
    world.person("bob").closes(CATALOG, number);
    world.sweep_after(20).await;
    assert_eq!(run(&world, "longer").await, "CANCELLED");
    reviews(&world, "carol", number, "APPROVED").await;
    assert_eq!(run(&world, "longer").await, "CANCELLED", "there is nothing to approve");
    world.person("bob").reopens(CATALOG, number);
    world.sweep_after(20).await;
    assert_eq!((world.verdict(number).as_str(), run(&world, "longer").await.as_str()), (GREEN, "APPROVED"));
}

#[tokio::test]
async fn a_run_that_is_taken_out_again_is_cancelled() {
    let world = stage().await;
    let number = bob_asks(&world).await;
    let mut bob = world.clone_of("bob");
    bob.on("longer").removes("runs/longer.yaml").writes("README.md", "hello\n").commits("Never mind");
    bob.pushes("longer");
    world.sweep_after(20).await;
    assert_eq!(run(&world, "longer").await, "CANCELLED", "{}", world.verdict(number));
}

#[tokio::test]
async fn a_head_whose_pusher_is_not_known_yet_waits_for_githubs_word() {
    let world = stage().await;
    world.github.holds_activity();
    let number = world.proposes("alice", "dev", "entities/Env/dev.yaml", DEV);
    world.sweep_after(20).await;
    assert_ne!(world.verdict(number), GREEN, "nobody knows who pushed");
    world.github.releases_activity();
    world.sweep_after(20).await;
    assert_eq!(world.verdict(number), GREEN);
}
