//! What a review is worth, and when it stops being worth it.

use super::{GREEN, RUN, SHORTER, WAITS, bob_asks, reviews, run, stage};
use crate::world::CATALOG;

#[tokio::test]
async fn a_dismissed_review_is_taken_back() {
    let world = stage().await;
    let number = bob_asks(&world).await;
    let review = reviews(&world, "carol", number, "APPROVED").await;
    assert_eq!(world.verdict(number), GREEN);
    world.github.dismisses(review);
    world.sweep_after(20).await;
    assert_eq!(world.verdict(number), WAITS);
    assert_eq!(run(&world, "longer").await, "WAITING_FOR_APPROVAL");
    reviews(&world, "alice", number, "APPROVED").await;
    assert_eq!(world.verdict(number), GREEN);
}

#[tokio::test]
async fn who_may_approve_may_decline_and_think_better_of_it() {
    let world = stage().await;
    let number = bob_asks(&world).await;
    reviews(&world, "alice", number, "APPROVED").await;
    reviews(&world, "carol", number, "CHANGES_REQUESTED").await;
    assert_eq!(world.status(number, "approval").as_deref(), Some("failure"), "one no outweighs every yes");
    assert_eq!(run(&world, "longer").await, "DECLINED");
    reviews(&world, "carol", number, "COMMENTED").await;
    assert_eq!(run(&world, "longer").await, "DECLINED", "a comment changes nothing");
    reviews(&world, "carol", number, "APPROVED").await;
    assert_eq!((world.verdict(number).as_str(), run(&world, "longer").await.as_str()), (GREEN, "APPROVED"));
}

#[tokio::test]
async fn a_strangers_no_declines_nothing() {
    let world = stage().await;
    let number = bob_asks(&world).await;
    reviews(&world, "dave", number, "CHANGES_REQUESTED").await;
    assert_eq!(world.verdict(number), WAITS);
    assert_eq!(run(&world, "longer").await, "WAITING_FOR_APPROVAL");
}

#[tokio::test]
async fn a_review_of_an_older_commit_counts_only_for_what_was_asked_there() {
    let world = stage().await;
    let number = world.proposes("bob", "longer", "runs/longer.yaml", RUN);
    let seen = world.head(number);
    let mut bob = world.clone_of("bob");
    bob.on("longer").writes("runs/longer.yaml", SHORTER).commits("Slip something else in");
    bob.pushes("longer");
    world.person("carol").reviews_commit(CATALOG, number, "APPROVED", seen);
    world.sweep_after(20).await;
    assert_eq!(world.verdict(number), WAITS, "she looked at another request");
    // A push that asks for the same leaves it standing.
    bob.writes("runs/longer.yaml", RUN).commits("As before");
    bob.writes("README.md", "hello\n").commits("Beside it");
    bob.pushes("longer");
    world.sweep_after(20).await;
    assert_eq!(world.verdict(number), GREEN, "that is what she looked at");
}

#[tokio::test]
async fn a_review_of_no_commit_and_one_of_nobody_count_for_nothing() {
    let world = stage().await;
    let number = bob_asks(&world).await;
    let review = reviews(&world, "carol", number, "APPROVED").await;
    assert_eq!(world.verdict(number), GREEN);
    world.github.forgets_commit_of(review);
    world.sweep_after(20).await;
    assert_eq!(world.verdict(number), WAITS, "nobody knows what she looked at");
    reviews(&world, "carol", number, "APPROVED").await;
    assert_eq!(world.verdict(number), GREEN);
    world.github.deletes_account("carol");
    world.sweep_after(20).await;
    assert_eq!(world.verdict(number), WAITS, "her account is gone");
}

#[tokio::test]
async fn whoever_takes_a_login_that_has_become_free_is_not_who_had_it() {
    let world = stage().await;
    let number = bob_asks(&world).await;
    world.github.renames_account("carol", "caroline");
    reviews(&world, "carol", number, "APPROVED").await;
    assert_eq!(world.verdict(number), WAITS, "this carol is somebody else");
    reviews(&world, "caroline", number, "APPROVED").await;
    assert_eq!(world.verdict(number), GREEN, "and she is still herself");
}

#[tokio::test]
async fn who_pushes_to_a_request_cannot_approve_it_any_more() {
    let world = stage().await;
    let number = bob_asks(&world).await;
    reviews(&world, "carol", number, "APPROVED").await;
    assert_eq!(world.verdict(number), GREEN);
    let mut carol = world.clone_of("carol");
    carol.on("longer").writes("README.md", "hello\n").commits("A word");
    carol.pushes("longer");
    world.sweep_after(20).await;
    assert_eq!(world.verdict(number), WAITS);
    reviews(&world, "alice", number, "APPROVED").await;
    assert_eq!(world.verdict(number), GREEN);
}
