//! Who acts on a repository, and what comes too late.

use std::time::Duration;

use futures_util::future::join_all;
use portcullis::model::RunState;
use portcullis::run::life::Life;
use portcullis::store::{Fence, Holder, Lease, RepositoryKey, StoreError};

use crate::journal::advance;
use crate::world::{World, acceptance, at, commit, id};

on_both_stores! {
    one_replica_holds_a_repository_until_its_lease_ends
    the_epoch_grows_with_every_change_of_holder
    of_many_that_want_a_lease_one_is_given_it
    what_a_former_holder_still_writes_changes_nothing
    a_fence_is_for_its_own_repository
    a_lease_given_back_is_free_at_once
    a_heartbeat_prolongs_what_a_replica_holds_and_tells_what_others_do
    words_that_nobody_collects_have_a_bound
}

const TTL: Duration = Duration::from_secs(10);

fn replica(name: &str) -> Holder {
    Holder::new(name)
}

async fn one_replica_holds_a_repository_until_its_lease_ends(world: World) {
    let (store, here) = (world.open().await, &world.here);
    assert_eq!(store.leased(here).await.unwrap(), None);
    let fence = store.lease(here, &replica("a"), TTL, at(0)).await.unwrap().unwrap();
    assert_eq!(store.lease(here, &replica("b"), TTL, at(9)).await.unwrap(), None);
    let standing = store.leased(here).await.unwrap();
    assert_eq!(standing, Some(Lease { holder: replica("a"), epoch: fence.epoch(), expires: at(10) }));
    assert!(store.renew(&fence, TTL, at(9)).await.unwrap());
    assert_eq!(store.lease(here, &replica("b"), TTL, at(18)).await.unwrap(), None, "it was renewed");
    let other = store.lease(here, &replica("b"), TTL, at(19)).await.unwrap().unwrap();
    assert!(other.epoch() > fence.epoch());
    assert!(!store.renew(&fence, TTL, at(19)).await.unwrap(), "lost");
    assert!(!store.release(&fence).await.unwrap(), "and not its to give back");
    assert_eq!(store.leased(here).await.unwrap().unwrap().holder, replica("b"));
}

async fn the_epoch_grows_with_every_change_of_holder(world: World) {
    let (store, here) = (world.open().await, &world.here);
    let epoch = async |holder: &str, second| {
        store.lease(here, &replica(holder), TTL, at(second)).await.unwrap().map(|fence| fence.epoch().number())
    };
    assert_eq!(epoch("a", 0).await, Some(1));
    assert_eq!(epoch("a", 1).await, Some(1), "an answer that was lost is given again");
    assert_eq!(epoch("a", 100).await, Some(1), "expired, and nobody came");
    assert_eq!(epoch("b", 110).await, Some(2));
    assert_eq!(epoch("a", 115).await, None);
    assert_eq!(epoch("a", 120).await, Some(3));
    let far = store.lease(here, &replica("c"), Duration::MAX, at(1000)).await.unwrap().unwrap();
    assert_eq!(far.epoch().number(), 4, "a lease beyond the end of time");
    assert_eq!(epoch("d", 100_000_000).await, None);
}

async fn of_many_that_want_a_lease_one_is_given_it(world: World) {
    let stores = join_all((0..3).map(|_| world.open())).await;
    for round in 0..5 {
        let names: Vec<_> = (0..12).map(|n| replica(&format!("{round}.{n}"))).collect();
        let now = at(100 * round);
        let given = join_all(names.iter().enumerate().map(|(n, name)| stores[n % 3].lease(&world.here, name, TTL, now))).await;
        let given: Vec<Fence> = given.into_iter().filter_map(Result::unwrap).collect();
        assert_eq!(given.len(), 1);
        assert_eq!(given[0].epoch().number(), round + 1);
    }
}

async fn what_a_former_holder_still_writes_changes_nothing(world: World) {
    let (store, here) = (world.open().await, &world.here);
    let former = store.lease(here, &replica("a"), TTL, at(0)).await.unwrap().unwrap();
    let late = store.under(former.clone());
    assert!(late.adopt(here, &acceptance(1, 0), &[]).await.unwrap(), "it holds");
    assert!(late.accept(here, commit(1), &acceptance(2, 50), &[]).await.unwrap(), "it has expired, and nobody came");
    let next = store.lease(here, &replica("b"), TTL, at(60)).await.unwrap().unwrap();
    let run = id("extend-env");
    let refusals = [
        late.accept(here, commit(2), &acceptance(3, 61), &[]).await.map(|_| ()),
        late.halt(here, commit(9), at(61)).await.map(|_| ()),
        late.resume(here, &acceptance(9, 61), &[]).await.map(|_| ()),
        late.first_seen(here, "a run", at(61)).await.map(|_| ()),
        late.received(here, &[commit(1)], at(61)).await.map(|_| ()),
        late.forget_judged(here, "17").await,
        late.record_published(here, "head", "aa", at(61)).await,
        advance(&*late, here, &run, 0, &Life::new(RunState::Approved), &[]).await.map(|_| ()),
    ];
    for refusal in refusals {
        let error = refusal.unwrap_err();
        assert!(matches!(&error, StoreError::Fenced { ours, now, .. } if *ours == former.epoch() && *now == next.epoch()));
        assert!(!error.is_retryable());
        assert!(error.to_string().contains("in epoch 1 gives no right"), "{error}");
    }
    assert_eq!(store.accepted(here).await.unwrap(), Some(acceptance(2, 50)));
    assert_eq!(store.halted(here).await.unwrap(), None);
    assert_eq!(store.published(here, "head").await.unwrap(), None);
    assert_eq!(store.runs(here).await.unwrap(), []);
    assert_eq!(late.accepted(here).await.unwrap(), Some(acceptance(2, 50)), "whoever has no lease may read");
    assert!(store.under(next).accept(here, commit(2), &acceptance(3, 62), &[]).await.unwrap());
}

async fn a_fence_is_for_its_own_repository(world: World) {
    let store = world.open().await;
    let other = RepositoryKey::new("acme/another main");
    let ours = store.lease(&world.here, &replica("a"), TTL, at(0)).await.unwrap().unwrap();
    // The other is in the same epoch, by chance.
    store.lease(&other, &replica("a"), TTL, at(0)).await.unwrap().unwrap();
    let refused = store.under(ours).adopt(&other, &acceptance(1, 0), &[]).await;
    assert!(matches!(refused, Err(StoreError::Fenced { repository, .. }) if repository == other));
    assert_eq!(store.accepted(&other).await.unwrap(), None);
}

async fn a_lease_given_back_is_free_at_once(world: World) {
    let (store, here) = (world.open().await, &world.here);
    let fence = store.lease(here, &replica("a"), TTL, at(0)).await.unwrap().unwrap();
    assert!(store.release(&fence).await.unwrap());
    assert_eq!(store.leased(here).await.unwrap(), None);
    let late = store.under(fence.clone()).adopt(here, &acceptance(1, 0), &[]).await;
    assert!(matches!(late, Err(StoreError::Fenced { .. })), "what was under way is not written, although nobody came");
    assert!(!store.renew(&fence, TTL, at(1)).await.unwrap());
    let next = store.lease(here, &replica("b"), TTL, at(1)).await.unwrap().unwrap();
    assert!(next.epoch() > fence.epoch());
}

async fn a_heartbeat_prolongs_what_a_replica_holds_and_tells_what_others_do(world: World) {
    let (store, here) = (world.open().await, &world.here);
    let (there, nobodys) = (RepositoryKey::new("there"), RepositoryKey::new("nobodys"));
    let ours = store.lease(here, &replica("a"), TTL, at(0)).await.unwrap().unwrap();
    store.lease(&there, &replica("b"), TTL, at(0)).await.unwrap().unwrap();
    let free = store.lease(&nobodys, &replica("b"), TTL, at(0)).await.unwrap().unwrap();
    assert!(store.release(&free).await.unwrap());
    store.heartbeat(&replica("b"), TTL, at(0)).await.unwrap();
    for word in ["look", "run x", "look"] {
        store.pass_on(here, word).await.unwrap();
    }
    store.pass_on(&there, "look").await.unwrap();

    let pulse = store.heartbeat(&replica("a"), TTL, at(8)).await.unwrap();
    assert_eq!((pulse.replicas, &pulse.held), (2, &vec![ours.clone()]));
    assert_eq!(pulse.elsewhere.iter().collect::<Vec<_>>(), [&there]);
    let mut words = pulse.words;
    words.sort();
    assert_eq!(words, [(here.clone(), "look".to_owned()), (here.clone(), "run x".to_owned())]);
    assert_eq!(store.leased(here).await.unwrap().unwrap().expires, at(18));

    let pulse = store.heartbeat(&replica("a"), TTL, at(12)).await.unwrap();
    assert_eq!((pulse.replicas, pulse.elsewhere.len(), pulse.words.len()), (1, 0, 0), "the other has died");
    let taken = store.lease(here, &replica("c"), TTL, at(40)).await.unwrap().unwrap();
    assert_eq!(store.heartbeat(&replica("a"), TTL, at(41)).await.unwrap().held, []);
    store.leave(&replica("c"), at(42)).await.unwrap();
    assert_eq!(store.leased(here).await.unwrap(), None);
    assert!(store.lease(here, &replica("a"), TTL, at(42)).await.unwrap().unwrap().epoch() > taken.epoch());
    let late = store.under(taken).adopt(here, &acceptance(1, 0), &[]).await;
    assert!(matches!(late, Err(StoreError::Fenced { .. })));
}

async fn words_that_nobody_collects_have_a_bound(world: World) {
    let (store, here) = (world.open().await, &world.here);
    world
        .tamper(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 999)
             INSERT INTO wakes (repository, word) SELECT 'acme/catalog main', 'run r' || i FROM n",
        )
        .await;
    for n in 0..5 {
        store.pass_on(here, &format!("pull-request {n}")).await.unwrap();
    }
    store.lease(here, &replica("a"), TTL, at(0)).await.unwrap().unwrap();
    assert_eq!(store.heartbeat(&replica("a"), TTL, at(0)).await.unwrap().words.len(), 1000);
}
