//! Who may approve is decided by the roster as it stands now, and by GitHub's teams as they stand now.

use super::{GREEN, WAITS, alice_pushes, bob_asks, commit, reviews, run, stage, user};
use crate::fake::Method;
use crate::world::{CATALOG, Daemon, RUN, World};

#[tokio::test]
async fn an_approver_who_loses_the_role_before_the_merge_has_approved_nothing() {
    let world = stage().await;
    let number = bob_asks(&world).await;
    reviews(&world, "carol", number, "APPROVED").await;
    assert_eq!(world.verdict(number), GREEN);

    let main = alice_pushes(&world, &[("users/carol.yaml", Some(&user(&world, "carol", "roles: [Member]")))]);
    world.sweep_after(20).await;
    assert_eq!(world.accepted().await, Some(main));
    assert_eq!(world.verdict(number), WAITS, "her word does not count any more");
    assert_eq!(run(&world, "longer").await, "WAITING_FOR_APPROVAL");

    // Nobody protects the branch here, so it can be merged all the same; then it has been merged while it waited.
    let merged = world.person("bob").merges(CATALOG, number, Method::Merge);
    world.sweep_after(20).await;
    assert_eq!(world.accepted().await, Some(commit(merged)));
    assert_eq!(run(&world, "longer").await, "WAITING_FOR_APPROVAL");
}

#[tokio::test]
async fn a_role_that_is_lost_by_a_pull_request_merged_meanwhile_counts_at_once() {
    let world = stage().await;
    let number = bob_asks(&world).await;
    reviews(&world, "carol", number, "APPROVED").await;
    let demotes = world.proposes("alice", "demote", "users/carol.yaml", &user(&world, "carol", "roles: [Member]"));
    world.sweep_after(20).await;
    assert_eq!((world.verdict(demotes).as_str(), world.verdict(number).as_str()), (GREEN, GREEN));
    // Both are merged before anybody looks.
    world.person("alice").merges(CATALOG, demotes, Method::Squash);
    let both = world.person("bob").merges(CATALOG, number, Method::Squash);
    world.sweep_after(20).await;
    assert_eq!(world.accepted().await, Some(commit(both)));
    assert_ne!(run(&world, "longer").await, "APPROVED", "by base as it was then she could not approve it");
}

#[tokio::test]
async fn an_approver_who_leaves_the_team_has_approved_nothing() {
    let world = World::new(Daemon::App).await;
    let team = world.github.team("acme", "oncall", &["erin"]);
    let permissions =
        "blueprint: Env\nactions:\n  extend:\n    execute: {roles: [Member]}\n    approve: {teams: [oncall]}\n".to_owned();
    alice_pushes(
        &world,
        &[
            ("users/erin.yaml", Some(&user(&world, "erin", "roles: [Member]"))),
            ("teams/oncall.yaml", Some(&format!("identifier: oncall\ngithub: {{ team: acme/oncall, id: {team} }}\n"))),
            ("permissions/Env.yaml", Some(&permissions)),
        ],
    );
    world.sweep().await;
    let number = world.proposes("bob", "longer", "runs/longer.yaml", RUN);
    world.sweep_after(20).await;
    assert_eq!(world.verdict(number), WAITS);
    reviews(&world, "carol", number, "APPROVED").await;
    assert_eq!(world.verdict(number), WAITS, "she is not on call");
    reviews(&world, "erin", number, "APPROVED").await;
    assert_eq!(world.verdict(number), GREEN);

    assert_eq!(world.github.team("acme", "oncall", &["carol"]), team);
    world.sweep_after(20).await;
    assert_eq!(world.verdict(number), GREEN, "now carol is, and has approved");
    world.github.team("acme", "oncall", &[]);
    world.sweep_after(20).await;
    assert_ne!(world.verdict(number), GREEN, "nobody is");
    world.github.team("acme", "oncall", &["erin"]);
    world.sweep_after(20).await;
    assert_eq!(world.verdict(number), GREEN);
    world.github.deletes_team(team);
    world.sweep_after(20).await;
    assert_ne!(world.verdict(number), GREEN, "a team that is gone grants nobody anything");
}
