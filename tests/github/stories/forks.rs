//! Forks: judged as anything else, by who opened, pushed and committed.

use super::{GREEN, RUN, WAITS, bob_asks, reviews, stage};
use crate::world::CATALOG;

#[tokio::test]
async fn a_request_from_a_fork_waits_for_the_same_people() {
    let world = stage().await;
    let mut bob = world.person("bob").forks(CATALOG);
    bob.on("longer").writes("runs/longer.yaml", RUN).commits("Ask");
    bob.pushes("longer");
    let number = bob.opens_pull_request("longer", "main");
    world.sweep_after(20).await;
    assert_eq!(world.verdict(number), WAITS);
    reviews(&world, "bob", number, "APPROVED").await;
    assert_eq!(world.verdict(number), WAITS);
    reviews(&world, "carol", number, "APPROVED").await;
    assert_eq!(world.verdict(number), GREEN);
}

#[tokio::test]
async fn who_pushed_to_the_fork_is_known_from_the_fork() {
    let world = stage().await;
    let mut bob = world.person("bob").forks(CATALOG);
    bob.on("longer").writes("runs/longer.yaml", RUN).commits("Ask");
    bob.pushes("longer");
    let number = bob.opens_pull_request("longer", "main");
    // Carol, whom bob lets push to his fork, brings a commit that names bob alone.
    let mut carol = world.person("carol").clones("bob/catalog");
    carol.authored_by("bob", "bob@acme.dev").committed_by("bob", "bob@acme.dev");
    carol.on("longer").writes("README.md", "hello\n").commits("A word");
    carol.pushes("longer");
    world.sweep_after(20).await;
    reviews(&world, "carol", number, "APPROVED").await;
    assert_eq!(world.verdict(number), WAITS, "she had her hand in it");
    reviews(&world, "alice", number, "APPROVED").await;
    assert_eq!(world.verdict(number), GREEN);
}

#[tokio::test]
async fn the_name_of_an_admin_in_a_strangers_fork_lends_nothing() {
    let world = stage().await;
    let mut dave = world.person("dave").forks(CATALOG);
    dave.authored_by("alice", "alice@acme.dev").committed_by("alice", "alice@acme.dev");
    dave.on("mine").writes("entities/Env/mine.yaml", "identifier: mine\n").commits("Mine");
    dave.pushes("mine");
    let number = dave.opens_pull_request("mine", "main");
    world.sweep_after(20).await;
    assert_eq!(world.status(number, "permissions").as_deref(), Some("failure"), "{}", world.verdict(number));
}

#[tokio::test]
async fn a_fork_that_is_gone_before_the_judgement_leaves_a_pusher_nobody_knows() {
    let world = stage().await;
    let mut alice = world.person("alice").forks(CATALOG);
    alice.on("dev").writes("entities/Env/dev.yaml", "identifier: dev\n").commits("Dev");
    alice.pushes("dev");
    let number = alice.opens_pull_request("dev", "main");
    world.github.deletes_repository("alice/catalog");
    world.sweep_after(20).await;
    assert_eq!(world.status(number, "catalog").as_deref(), Some("success"), "its head is still there");
    assert_eq!(world.status(number, "permissions").as_deref(), Some("failure"), "{}", world.verdict(number));
}

#[tokio::test]
async fn a_fork_that_goes_later_takes_the_approval_with_it() {
    let world = stage().await;
    let mut bob = world.person("bob").forks(CATALOG);
    bob.on("more").writes("runs/more.yaml", RUN).commits("Ask");
    bob.pushes("more");
    let number = bob.opens_pull_request("more", "main");
    world.sweep_after(20).await;
    reviews(&world, "carol", number, "APPROVED").await;
    assert_eq!(world.verdict(number), GREEN);
    world.github.deletes_repository("bob/catalog");
    world.sweep_after(600).await;
    assert_ne!(world.verdict(number), GREEN, "anybody may have pushed it, carol too");
    bob_asks(&world).await;
}
