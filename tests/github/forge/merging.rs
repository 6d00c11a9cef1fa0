//! Merging: this head and no other, once.

use portcullis::forge::{Forge, Merge, MergeMethod, Merged};

use super::*;
use crate::fake::on;

fn merge(number: u64, head: Oid) -> Merge {
    Merge { pull_request: number.to_string(), head: commit(head), method: MergeMethod::Squash }
}

#[tokio::test]
async fn only_the_head_that_was_judged_is_merged() {
    let world = World::new();
    let (mut bob, number, judged) = world.pull_request();
    let newer = bob.writes("more", "2").commits("Slip this in");
    bob.pushes("extend");
    let Merged::Refused(why) = world.forge.merge(&merge(number, judged)).await.unwrap() else { panic!() };
    assert!(why.contains("409") || why.to_lowercase().contains("head"), "{why}");
    assert_eq!(world.forge.merge(&merge(number, newer)).await.unwrap(), Merged::Done);
    assert_eq!(world.github.pull_request(CATALOG, number)["merged"], true);
    assert_eq!(world.forge.merge(&merge(number, newer)).await.unwrap(), Merged::Done, "it is merged already");
}

#[tokio::test]
async fn a_merge_whose_answer_was_lost_is_found_done() {
    let world = World::new();
    let (_, number, head) = world.pull_request();
    world.github.fault(on("PUT", "/merge").answers(502).performed());
    assert_eq!(world.forge.merge(&merge(number, head)).await.unwrap(), Merged::Done);
    assert_eq!(world.github.calls_to("PUT", "/merge").len(), 1);
}

#[tokio::test]
async fn a_merge_that_was_not_done_is_not_done_twice_by_itself() {
    let world = World::new();
    let (_, number, head) = world.pull_request();
    world.github.fault(on("PUT", "/merge").answers(502));
    assert!(world.forge.merge(&merge(number, head)).await.unwrap_err().is_retryable());
    assert_eq!(world.github.calls_to("PUT", "/merge").len(), 1);
}
