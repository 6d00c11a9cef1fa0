//! The merge queue: each group is judged as what the branch would be, and told on its own commit.

use super::{GREEN, bob_asks, commit, reason, reviews, run, stage};
use crate::fake::Method;
use crate::world::{CATALOG, World};

fn env(name: &str) -> String {
    format!("identifier: {name}\nproperties: {{size: 2}}\n")
}

/// What stands on a group's commit.
fn told(world: &World, group: git2::Oid) -> String {
    let one = |context: &str| format!("{context} {}", world.status_of(group, context).unwrap_or_else(|| "-".into()));
    ["catalog", "permissions", "approval"].map(one).join(", ")
}

#[tokio::test]
async fn a_group_of_one_is_told_on_its_own_commit_and_recognised_after_the_merge() {
    let world = stage().await;
    let number = bob_asks(&world).await;
    reviews(&world, "carol", number, "APPROVED").await;
    let group = world.github.enqueues("bob", CATALOG, number, Method::Merge);
    world.sweep_after(20).await;
    assert_eq!(told(&world, group), GREEN);
    assert_eq!(world.github.check_runs(CATALOG, group), 1);
    assert_ne!(world.accepted().await, Some(commit(group)), "it is not merged yet");
    assert_eq!(world.github.merges_first_group(CATALOG), group);
    world.sweep_after(20).await;
    assert_eq!(world.accepted().await, Some(commit(group)));
    assert!(reason(&world).await.contains("merge queue entry"), "{}", reason(&world).await);
    assert_eq!(run(&world, "longer").await, "APPROVED");
}

#[tokio::test]
async fn a_group_stands_on_the_one_before_it() {
    let world = stage().await;
    let dev = world.proposes("alice", "dev", "entities/Env/dev.yaml", &env("dev"));
    let test = world.proposes("alice", "test", "entities/Env/test.yaml", &env("test"));
    world.sweep_after(20).await;
    let first = world.github.enqueues("alice", CATALOG, dev, Method::Squash);
    let second = world.github.enqueues("alice", CATALOG, test, Method::Squash);
    world.sweep_after(20).await;
    assert_eq!((told(&world, first).as_str(), told(&world, second).as_str()), (GREEN, GREEN));
    // Both are merged before anybody looks.
    world.github.merges_first_group(CATALOG);
    world.github.merges_first_group(CATALOG);
    world.sweep_after(20).await;
    assert_eq!(world.accepted().await, Some(commit(second)));
    assert!(reason(&world).await.contains("merge queue entry"), "{}", reason(&world).await);
}

#[tokio::test]
async fn what_is_good_alone_and_bad_together_is_thrown_out_of_the_queue() {
    let world = stage().await;
    // The same environment in two files, which no merge finds fault with.
    let one = world.proposes("alice", "one", "entities/Env/one.yaml", &env("dev"));
    let other = world.proposes("alice", "other", "entities/Env/other.yaml", &env("dev"));
    let third = world.proposes("alice", "third", "entities/Env/third.yaml", &env("third"));
    world.sweep_after(20).await;
    assert_eq!((world.verdict(one).as_str(), world.verdict(other).as_str()), (GREEN, GREEN));
    let first = world.github.enqueues("alice", CATALOG, one, Method::Merge);
    let second = world.github.enqueues("alice", CATALOG, other, Method::Merge);
    let last = world.github.enqueues("alice", CATALOG, third, Method::Merge);
    world.sweep_after(20).await;
    assert_eq!(told(&world, first), GREEN);
    assert_eq!(world.status_of(second, "catalog").as_deref(), Some("failure"), "{}", told(&world, second));
    assert_ne!(told(&world, last), GREEN, "it stands on what is red");

    // GitHub throws it out, and puts what was behind it onto the first.
    world.github.dequeues(CATALOG, other);
    world.sweep_after(20).await;
    world.github.merges_first_group(CATALOG);
    world.sweep_after(20).await;
    assert_eq!(world.accepted().await, Some(commit(first)));
    let last = world.github.merges_first_group(CATALOG);
    assert_eq!(told(&world, last), GREEN);
    world.sweep_after(20).await;
    assert_eq!(world.accepted().await, Some(commit(last)));
}

#[tokio::test]
async fn a_run_that_waits_does_not_pass_the_queue() {
    let world = stage().await;
    let number = bob_asks(&world).await;
    let group = world.github.enqueues("bob", CATALOG, number, Method::Merge);
    world.sweep_after(20).await;
    assert_eq!(world.status_of(group, "approval").as_deref(), Some("pending"), "{}", told(&world, group));
    reviews(&world, "carol", number, "APPROVED").await;
    assert_eq!(told(&world, group), GREEN);
}

#[tokio::test]
async fn whoever_writes_to_a_queue_by_hand_gets_nothing_by_it() {
    let world = stage().await;
    let number = bob_asks(&world).await;
    reviews(&world, "carol", number, "APPROVED").await;
    let (main, before) = (world.main(), world.accepted().await);
    let mut bob = world.clone_of("bob");
    let branch = format!("gh-readonly-queue/main/pr-{number}-{main}");
    bob.on(&branch).writes("entities/Env/mine.yaml", &env("mine")).commits("Mine");
    let forged = bob.pushes(&branch);
    world.sweep_after(20).await;
    assert_eq!(world.status_of(forged, "catalog").as_deref(), Some("failure"), "{}", told(&world, forged));
    assert_eq!(world.accepted().await, before);
}
