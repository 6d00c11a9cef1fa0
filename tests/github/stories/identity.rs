//! Who made a change, by GitHub's word: signatures, buttons, bots, and commits that went through several hands.

use super::{GREEN, RUN, WAITS, alice_pushes, bob_asks, reviews, stage, user};
use crate::world::{CATALOG, Daemon, World};

const FILE: &str = "entities/Env/dev.yaml";
const DEV: &str = "identifier: dev\nproperties: {size: 2}\n";
const BIGGER: &str = "identifier: dev\nproperties: {size: 3}\n";

/// What stands on the head about rights.
fn rights(world: &World, number: u64) -> String {
    world.status(number, "permissions").unwrap_or_default()
}

#[tokio::test]
async fn a_signed_commit_is_the_signers_whoever_brings_it() {
    for known in [true, false] {
        let world = stage().await;
        if known {
            world.github.knows_key("alice");
        }
        let mut alice = world.clone_of("alice");
        let signed = alice.signs(true).on("dev").writes(FILE, DEV).commits("Dev");
        let mut bob = world.clone_of("bob");
        bob.resets("brought", signed);
        bob.pushes("brought");
        let number = bob.opens_pull_request("brought", "main");
        world.sweep_after(20).await;
        let expected = if known { "success" } else { "failure" };
        assert_eq!(rights(&world, number), expected, "GitHub knows her key: {known}; {}", world.verdict(number));
    }
}

#[tokio::test]
async fn an_edit_on_the_web_is_of_who_pressed_the_button() {
    let world = stage().await;
    let number = world.proposes("alice", "dev", FILE, DEV);
    world.person("alice").edits_on_web(CATALOG, "dev", FILE, BIGGER);
    world.sweep_after(20).await;
    assert_eq!(world.verdict(number), GREEN);
    world.person("bob").edits_on_web(CATALOG, "dev", FILE, DEV);
    world.sweep_after(20).await;
    assert_eq!(rights(&world, number), "failure", "bob may not");
}

#[tokio::test]
async fn a_suggestion_is_of_who_applied_it_and_bars_who_made_it() {
    let world = stage().await;
    let number = world.proposes("alice", "dev", FILE, DEV);
    world.person("alice").applies_suggestion(CATALOG, number, "dave", FILE, BIGGER);
    world.sweep_after(20).await;
    assert_eq!(world.verdict(number), GREEN, "a stranger as co-author costs nothing and lends nothing");

    let asked = bob_asks(&world).await;
    world.person("bob").applies_suggestion(CATALOG, asked, "carol", "README.md", "hello\n");
    world.sweep_after(20).await;
    reviews(&world, "carol", asked, "APPROVED").await;
    assert_eq!(world.verdict(asked), WAITS, "she had her hand in it");
    reviews(&world, "alice", asked, "APPROVED").await;
    assert_eq!(world.verdict(asked), GREEN);
}

#[tokio::test]
async fn an_admin_as_co_author_lends_no_right() {
    let world = stage().await;
    let mut bob = world.clone_of("bob");
    bob.on("dev").writes(FILE, DEV).commits("Dev\n\nCo-authored-by: alice <alice@acme.dev>");
    bob.pushes("dev");
    let number = bob.opens_pull_request("dev", "main");
    world.sweep_after(20).await;
    assert_eq!(rights(&world, number), "failure");
}

#[tokio::test]
async fn a_bot_acts_by_its_own_rights_and_approves_nothing() {
    let world = World::new(Daemon::App).await;
    world.github.bot("robot");
    world.github.bot("stray");
    alice_pushes(&world, &[("users/robot.yaml", Some(&user(&world, "robot", "roles: [Admin, Member]\nbot: true")))]);
    world.sweep().await;
    let number = world.proposes("robot", "dev", FILE, DEV);
    let asked = world.proposes("bob", "longer", "runs/longer.yaml", RUN);
    let stray = world.proposes("stray", "stray", "entities/Env/stray.yaml", "identifier: stray\n");
    world.sweep_after(20).await;
    assert_eq!(world.verdict(number), GREEN);
    assert_eq!(rights(&world, stray), "failure", "a bot that nobody has let in");
    reviews(&world, "robot", asked, "APPROVED").await;
    assert_eq!(world.verdict(asked), WAITS);
}

#[tokio::test]
async fn to_bring_a_branch_up_to_date_adds_nothing_of_ones_own() {
    let world = stage().await;
    let number = world.proposes("alice", "dev", FILE, DEV);
    let asked = bob_asks(&world).await;
    reviews(&world, "carol", asked, "APPROVED").await;
    alice_pushes(&world, &[("entities/Env/other.yaml", Some("identifier: other\n"))]);
    world.sweep_after(20).await;
    assert_eq!((world.verdict(number).as_str(), world.verdict(asked).as_str()), (GREEN, GREEN));
    // Bob presses the button on alice's, and alice on bob's.
    world.person("bob").updates_branch(CATALOG, number);
    world.person("alice").updates_branch(CATALOG, asked);
    world.sweep_after(20).await;
    assert_eq!(world.verdict(number), GREEN, "{}", world.says(number, "permissions"));
    assert_eq!(world.verdict(asked), GREEN, "the same is asked for");
}

#[tokio::test]
async fn a_rebase_by_somebody_else_is_theirs_too() {
    let world = stage().await;
    let number = world.proposes("alice", "dev", FILE, DEV);
    world.sweep_after(20).await;
    assert_eq!(world.verdict(number), GREEN);
    let main = alice_pushes(&world, &[("README.md", Some("hello\n"))]);
    let mut bob = world.clone_of("bob");
    bob.on("dev").rebases(super::oid(main));
    bob.force_pushes("dev");
    world.sweep_after(20).await;
    assert_eq!(rights(&world, number), "failure", "bob answers for what he pushed");
    let mut alice = world.clone_of("alice");
    alice.on("dev").rebases(super::oid(main));
    let again = alice.writes(FILE, BIGGER).commits("Mine again");
    alice.force_pushes("dev");
    world.sweep_after(20).await;
    assert_eq!(world.head(number), again);
}
