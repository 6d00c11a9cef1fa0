//! What came onto the watched branch: merges of what was judged, and everything else.

use portcullis::store::Store as _;

use super::{GREEN, alice_pushes, bob_asks, commit, key, oid, reason, reviews, run, stage};
use crate::fake::Method;
use crate::world::CATALOG;

const DEV: &str = "identifier: dev\nproperties: {size: 2}\n";

#[tokio::test]
async fn what_was_judged_is_recognised_however_it_is_merged() {
    for method in [Method::Merge, Method::Squash, Method::Rebase] {
        let world = stage().await;
        let mut alice = world.clone_of("alice");
        alice.on("two").writes("entities/Env/dev.yaml", DEV).commits("Dev");
        alice.writes("entities/Env/test.yaml", "identifier: test\n").commits("Test");
        alice.pushes("two");
        let number = alice.opens_pull_request("two", "main");
        // The branch has gone on meanwhile.
        alice_pushes(&world, &[("README.md", Some("hello\n"))]);
        world.sweep_after(20).await;
        assert_eq!(world.verdict(number), GREEN, "{method:?}");
        // Bob, who may not change environments, presses the button.
        let merged = world.person("bob").merges(CATALOG, number, method);
        world.sweep_after(20).await;
        assert_eq!(world.accepted().await, Some(commit(merged)), "{method:?}");
        assert_eq!(reason(&world).await, format!("tree of pull request {number}"), "{method:?}");
        assert_eq!(world.status_of(merged, "permissions").as_deref(), Some("success"), "{method:?}");
    }
}

#[tokio::test]
async fn what_is_merged_although_it_is_red_is_judged_as_a_push_and_not_applied() {
    let world = stage().await;
    let before = world.accepted().await;
    let number = world.proposes("bob", "dev", "entities/Env/dev.yaml", DEV);
    world.sweep_after(20).await;
    assert_eq!(world.status(number, "permissions").as_deref(), Some("failure"), "{}", world.verdict(number));
    let merged = world.person("alice").merges(CATALOG, number, Method::Merge);
    world.sweep_after(20).await;
    assert_eq!(world.accepted().await, before);
    assert_eq!(world.status_of(merged, "permissions").as_deref(), Some("failure"));
    // Alice takes it back, and the branch is followed again.
    let reverted = alice_pushes(&world, &[("entities/Env/dev.yaml", None)]);
    world.sweep_after(20).await;
    assert_eq!(
        world.accepted().await,
        Some(reverted),
        "{:?}",
        world.github.status(CATALOG, oid(reverted), "portcullis/permissions")
    );
}

#[tokio::test]
async fn a_run_that_is_merged_while_it_waits_goes_on_waiting_until_it_is_approved() {
    let world = stage().await;
    let number = bob_asks(&world).await;
    let merged = world.person("bob").merges(CATALOG, number, Method::Squash);
    world.sweep_after(20).await;
    assert_eq!(world.accepted().await, Some(commit(merged)));
    assert_eq!(run(&world, "longer").await, "WAITING_FOR_APPROVAL");
    reviews(&world, "carol", number, "APPROVED").await;
    assert_eq!(run(&world, "longer").await, "APPROVED", "a review of what was merged counts after it too");
}

#[tokio::test]
async fn a_direct_push_is_the_pushers_by_their_rights() {
    let world = stage().await;
    let dev = alice_pushes(&world, &[("entities/Env/dev.yaml", Some(DEV))]);
    world.sweep_after(20).await;
    assert_eq!(world.accepted().await, Some(dev), "alice may");
    assert_eq!(world.status_of(oid(dev), "permissions").as_deref(), Some("success"));

    let mut bob = world.clone_of("bob");
    bob.writes("entities/Env/mine.yaml", "identifier: mine\n").commits("Mine");
    let mine = bob.pushes("main");
    world.sweep_after(20).await;
    assert_eq!(world.accepted().await, Some(dev), "bob may not");
    assert_eq!(world.status_of(mine, "permissions").as_deref(), Some("failure"));
}

#[tokio::test]
async fn a_direct_push_under_an_admins_name_is_no_admins() {
    let world = stage().await;
    let before = world.accepted().await;
    let mut bob = world.clone_of("bob");
    bob.authored_by("alice", "alice@acme.dev").committed_by("alice", "alice@acme.dev");
    bob.writes("entities/Env/mine.yaml", "identifier: mine\n").commits("Mine");
    let mine = bob.pushes("main");
    world.sweep_after(20).await;
    assert_eq!((world.accepted().await, world.status_of(mine, "permissions").as_deref()), (before, Some("failure")));
}

#[tokio::test]
async fn rewritten_history_halts_until_it_is_put_back() {
    let world = stage().await;
    let first = world.main();
    let second = alice_pushes(&world, &[("entities/Env/dev.yaml", Some(DEV))]);
    world.sweep_after(20).await;
    let mut alice = world.clone_of("alice");
    alice.resets("main", oid(first)).writes("README.md", "other\n").commits("Another past");
    let rewritten = alice.force_pushes("main");
    world.sweep_after(20).await;
    assert_eq!(world.accepted().await, Some(second), "nothing of it is applied");
    assert_eq!(world.store.halted(&key()).await.unwrap().map(|halt| halt.seen), Some(commit(rewritten)));
    assert_eq!(world.status_of(rewritten, "permissions").as_deref(), Some("failure"));

    alice.resets("main", oid(second));
    alice.force_pushes("main");
    world.sweep_after(20).await;
    assert_eq!(world.store.halted(&key()).await.unwrap(), None);
    let third = alice_pushes(&world, &[("README.md", Some("hello\n"))]);
    world.sweep_after(20).await;
    assert_eq!(world.accepted().await, Some(third));
}

/// Of the second nobody judged what it makes of the first: it is judged as a push, by the rights of all who had a hand in it.
#[tokio::test]
async fn two_that_are_merged_before_anybody_looks_are_followed_if_whoever_merged_may() {
    for (login, may) in [("alice", true), ("bob", false)] {
        let world = stage().await;
        let one = world.proposes("alice", "one", "entities/Env/one.yaml", "identifier: one\n");
        let two = world.proposes("alice", "two", "entities/Env/two.yaml", "identifier: two\n");
        world.sweep_after(20).await;
        assert_eq!((world.verdict(one).as_str(), world.verdict(two).as_str()), (GREEN, GREEN));
        let first = world.person(login).merges(CATALOG, one, Method::Merge);
        let second = world.person(login).merges(CATALOG, two, Method::Merge);
        world.sweep_after(20).await;
        assert_eq!(world.accepted().await, Some(commit(if may { second } else { first })), "{login}");
        let expected = if may { "success" } else { "failure" };
        assert_eq!(world.status_of(second, "permissions").as_deref(), Some(expected), "{login}");
    }
}
