//! The controller merges, where the operator has chosen so: that very head, once, and never a draft.

use std::time::Duration;

use portcullis::controller::{Outward, Settings};
use portcullis::forge::MergeMethod;

use super::{GREEN, RUN, SHORTER, WAITS, bob_asks, commit, reason, reviews, run};
use crate::fake::on;
use crate::world::{CATALOG, Daemon, World};

async fn stage() -> World {
    let outward = Outward { merge: Some(MergeMethod::Squash), ..Outward::default() };
    let world = World::with(Daemon::App, outward, Settings::default()).await;
    world.sweep().await;
    world
}

fn is_merged(world: &World, number: u64) -> bool {
    world.github.pull_request(CATALOG, number)["merged"] == true
}

#[tokio::test]
async fn an_approved_run_is_merged_by_its_very_head() {
    let world = stage().await;
    let number = bob_asks(&world).await;
    let head = world.head(number);
    assert!(!is_merged(&world, number));
    reviews(&world, "carol", number, "APPROVED").await;
    assert!(is_merged(&world, number));
    let merges = world.github.calls_to("PUT", "/merge");
    let body = merges[0].body.as_ref().unwrap();
    assert_eq!((merges.len(), &body["sha"], &body["merge_method"]), (1, &head.to_string().into(), &"squash".into()));
    assert_eq!(world.accepted().await, Some(world.main()));
    assert_eq!(reason(&world).await, format!("tree of pull request {number}"));
    assert_eq!(run(&world, "longer").await, "APPROVED");
}

#[tokio::test]
async fn what_asks_for_no_run_is_left_to_people() {
    let world = stage().await;
    let number = world.proposes("alice", "dev", "entities/Env/dev.yaml", "identifier: dev\n");
    world.sweep_after(20).await;
    world.sweep_after(600).await;
    assert_eq!(world.verdict(number), GREEN);
    assert!(!is_merged(&world, number));
}

#[tokio::test]
async fn a_draft_is_merged_once_it_is_none() {
    let world = stage().await;
    let mut bob = world.clone_of("bob");
    bob.on("longer").writes("runs/longer.yaml", RUN).commits("Ask");
    bob.pushes("longer");
    let number = bob.opens_draft("longer", "main");
    world.sweep_after(20).await;
    reviews(&world, "carol", number, "APPROVED").await;
    world.sweep_after(600).await;
    assert_eq!(world.verdict(number), GREEN);
    assert!(world.github.calls_to("PUT", "/merge").is_empty());
    world.person("bob").marks_ready(CATALOG, number);
    world.sweep_after(20).await;
    assert!(is_merged(&world, number));
}

#[tokio::test]
async fn a_head_that_moves_while_we_merge_is_not_merged() {
    let world = stage().await;
    let number = bob_asks(&world).await;
    let merge = world.github.hangs(on("PUT", "/merge"));
    world.person("carol").reviews(CATALOG, number, "APPROVED");
    let slips_in = async {
        while !world.github.faults_are_over() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let mut bob = world.clone_of("bob");
        bob.on("longer").writes("runs/longer.yaml", SHORTER).commits("Slip something else in");
        bob.pushes("longer");
        merge.release();
    };
    tokio::join!(world.sweep_after(20), slips_in);
    world.sweep_after(20).await;
    assert!(!is_merged(&world, number));
    assert_eq!(world.verdict(number), WAITS);
    let refused = world.github.calls_to("PUT", "/merge").into_iter().filter(|call| call.status == 409).count();
    assert_eq!(refused, 1);
    reviews(&world, "carol", number, "APPROVED").await;
    assert!(is_merged(&world, number));
    assert_eq!(world.accepted().await, Some(world.main()));
}

#[tokio::test]
async fn two_that_are_green_are_merged_one_after_the_other() {
    let world = stage().await;
    let one = world.proposes("bob", "one", "runs/one.yaml", RUN);
    let two = world.proposes("bob", "two", "runs/two.yaml", RUN);
    world.sweep_after(20).await;
    for number in [one, two] {
        world.person("carol").reviews(CATALOG, number, "APPROVED");
    }
    world.sweep_after(20).await;
    world.sweep_after(20).await;
    assert!(is_merged(&world, one) && is_merged(&world, two));
    assert_eq!(world.accepted().await, Some(world.main()));
    assert_eq!((run(&world, "one").await.as_str(), run(&world, "two").await.as_str()), ("APPROVED", "APPROVED"));
    let merges = world.github.calls_to("PUT", "/merge");
    assert_eq!(merges.iter().filter(|call| call.status == 200).count(), 2);
    assert_ne!(commit(world.head(one)), world.main());
}
