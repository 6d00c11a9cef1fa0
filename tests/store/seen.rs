//! What was seen, received, judged and published.

use portcullis::store::{Judged, TreeId};
use serde_json::json;

use crate::world::{World, at, commit};

on_both_stores! {
    first_times_never_change
    one_green_merge_result_is_remembered_for_a_pull_request
    what_was_published_is_known_by_its_hash
}

async fn first_times_never_change(world: World) {
    let (store, here) = (world.open().await, &world.here);
    assert_eq!(store.first_seen(here, "run extend-env", at(1)).await.unwrap(), at(1));
    assert_eq!(store.first_seen(here, "run extend-env", at(2)).await.unwrap(), at(1));
    store.received(here, &[commit(1)], at(1)).await.unwrap();
    let times = store.received(here, &[commit(1), commit(2), commit(2)], at(3)).await.unwrap();
    assert_eq!(times.into_iter().collect::<Vec<_>>(), [(commit(1), at(1)), (commit(2), at(3))]);
    assert_eq!(store.received(here, &[], at(4)).await.unwrap().len(), 0);
}

async fn one_green_merge_result_is_remembered_for_a_pull_request(world: World) {
    let (store, here) = (world.open().await, &world.here);
    let judged = |pr: &str, tree: u8| Judged {
        pull_request: pr.to_owned(),
        head: commit(3),
        base: commit(1),
        tree: TreeId([tree; 20]),
        verdict: json!({"conclusion": "success", "weight": 1.5}),
        at: at(0),
    };
    store.remember_judged(here, &judged("17", 40)).await.unwrap();
    store.remember_judged(here, &judged("17", 41)).await.unwrap();
    store.remember_judged(here, &judged("18", 41)).await.unwrap();
    let of = async |tree: u8, base: u8| store.judged_tree(here, TreeId([tree; 20]), commit(base)).await.unwrap();
    assert_eq!(of(40, 1).await, [], "the pull request has moved on");
    assert_eq!(of(41, 2).await, [], "judged against another base");
    assert_eq!(of(41, 1).await, [judged("17", 41), judged("18", 41)]);
    store.forget_judged(here, "17").await.unwrap();
    assert_eq!(of(41, 1).await, [judged("18", 41)]);
}

async fn what_was_published_is_known_by_its_hash(world: World) {
    let (store, here) = (world.open().await, &world.here);
    assert_eq!(store.published(here, "head 1").await.unwrap(), None);
    store.record_published(here, "head 1", "aa", at(0)).await.unwrap();
    store.record_published(here, "head 1", "bb", at(1)).await.unwrap();
    assert_eq!(store.published(here, "head 1").await.unwrap().as_deref(), Some("bb"));
}
