//! Taking runs back that are only proposed.

use portcullis::controller::Clock as _;
use portcullis::controller::outside::{self, Said};
use portcullis::run::life::{Event, RunHandle};
use portcullis::store::Store as _;

use super::{WAITS, bob_asks, id, key, run, stage};
use crate::fake::Method;
use crate::world::{CATALOG, World};

const REFUSED: &str = "catalog success, permissions success, approval failure";

fn acknowledged(world: &World, comment: u64) -> bool {
    world.github.reactions(CATALOG, comment).contains(&(world.own_login(), "eyes".to_owned()))
}

#[tokio::test]
async fn whoever_asked_takes_their_run_back_and_the_pull_request_says_so() {
    let world = stage().await;
    let number = bob_asks(&world).await;
    let bobs = world.person("bob").comments(CATALOG, number, "Never mind.\n/portcullis withdraw");
    world.sweep_after(20).await;
    assert!(acknowledged(&world, bobs));
    assert_eq!(run(&world, "longer").await, "CANCELLED");
    assert_eq!(world.verdict(number), REFUSED);
    let says = world.says(number, "approval");
    assert!(says.contains("longer: bob@acme.dev withdrew it, and that is final"), "{says}");
    let comment = world.comment(number).unwrap();
    assert!(comment.contains("withdrew it") && comment.contains("take its file out"), "{comment}");
    assert!(!comment.contains("may approve `longer`"), "{comment}");

    // Nothing brings it back: no approval, no restart, and no merge.
    world.person("carol").reviews(CATALOG, number, "APPROVED");
    let mut world = world;
    world.restarts_daemon();
    world.sweep_after(20).await;
    assert_eq!((world.verdict(number).as_str(), run(&world, "longer").await.as_str()), (REFUSED, "CANCELLED"));
    world.person("alice").merges(CATALOG, number, Method::Merge);
    world.sweep_after(20).await;
    world.sweep_after(600).await;
    assert_eq!(run(&world, "longer").await, "CANCELLED");
    assert!(world.store.under_way(&key()).await.unwrap().is_empty());
}

#[tokio::test]
async fn nobody_takes_back_what_somebody_else_asked_for() {
    let world = stage().await;
    let number = bob_asks(&world).await;
    let strangers = world.person("dave").comments(CATALOG, number, "/portcullis withdraw");
    let carols = world.person("carol").comments(CATALOG, number, "/portcullis withdraw");
    let admins = world.person("alice").comments(CATALOG, number, "/portcullis withdraw");
    for _ in 0..3 {
        world.sweep_after(20).await;
    }
    assert!(!acknowledged(&world, strangers), "strangers are not heard");
    assert!(
        acknowledged(&world, carols) && acknowledged(&world, admins),
        "they were heard, and asked for nothing that is theirs"
    );
    assert_eq!((world.verdict(number).as_str(), run(&world, "longer").await.as_str()), (WAITS, "WAITING_FOR_APPROVAL"));
}

/// GitHub tells nothing of it.
#[tokio::test]
async fn what_is_taken_back_at_the_command_line_is_told_on_the_pull_request() {
    let world = stage().await;
    let number = bob_asks(&world).await;
    let found = world.store.run_by_handle(&RunHandle::of("catalog", &id("longer"))).await.unwrap().unwrap();
    let event = Event::Withdrawn { by: "alice @acme/admins".into() };
    let said = outside::say(&*world.store, found, &event, "alice", &|| world.clock.now()).await.unwrap();
    assert!(matches!(said, Said::Written(_)));
    world.sweep_after(20).await;
    assert_eq!(world.verdict(number), REFUSED);
    let comment = world.comment(number).unwrap();
    assert!(comment.contains("withdrew it") && !comment.contains("@acme/admins"), "{comment}");
    // What we have written is news to GitHub, once.
    world.sweep_after(20).await;
    let before = world.github.calls().len();
    world.sweep_after(20).await;
    let again = world.github.calls().split_off(before);
    assert!(again.iter().all(|call| !call.path.contains("/reviews")), "it is judged anew once: {again:#?}");
}
