//! Two replicas whose clocks differ fight for one repository.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use portcullis::model::Timestamp;
use portcullis::store::{Holder, PostgresAddress, PostgresStore, RepositoryKey, Store, StoreError};

use crate::cluster::Cluster;

const TTL: Duration = Duration::from_secs(15);
const ROUNDS: usize = 200;

/// Takes the lease whenever its clock lets it, dawdles, and writes down the epoch in which it believes to be.
async fn fights(store: Arc<dyn Store>, key: RepositoryKey, name: &str, ahead: Duration, fenced: Arc<AtomicUsize>) -> usize {
    let holder = Holder::new(name);
    let mut written = 0;
    for round in 0..ROUNDS {
        let now = Timestamp::now().checked_add(ahead).unwrap();
        let Some(fence) = store.lease(&key, &holder, TTL, now).await.unwrap() else { continue };
        // The other may take it away here.
        tokio::task::yield_now().await;
        let epoch = fence.epoch().number();
        match store.under(fence.clone()).record_published(&key, "epoch", &format!("{epoch:020}"), now).await {
            Ok(()) => written += 1,
            Err(StoreError::Fenced { .. }) => {
                fenced.fetch_add(1, Ordering::Relaxed);
            }
            Err(error) => panic!("{error}"),
        }
        if round % 3 == 0 {
            store.release(&fence).await.unwrap();
        }
    }
    store.leave(&holder, Timestamp::MAX).await.unwrap();
    written
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_whose_clocks_differ_fight_for_a_lease_and_a_lower_epoch_never_writes() {
    let cluster = tokio::task::spawn_blocking(Cluster::start).await.unwrap();
    let address = PostgresAddress::parse(&cluster.address("portcullis", "")).unwrap();
    let open = async || Arc::new(PostgresStore::open(&address).await.unwrap()) as Arc<dyn Store>;
    let (key, fenced) = (RepositoryKey::new("r0#main"), Arc::new(AtomicUsize::new(0)));
    // To the second every lease of the first has ended long ago; to the first none of the second ever does.
    let hour = Duration::from_secs(3600);
    let first = tokio::spawn(fights(open().await, key.clone(), "behind", Duration::ZERO, fenced.clone()));
    let second = tokio::spawn(fights(open().await, key.clone(), "ahead", hour, fenced.clone()));
    let store = open().await;
    let mut last = String::new();
    while !(first.is_finished() && second.is_finished()) {
        let now = store.published(&key, "epoch").await.unwrap().unwrap_or_default();
        assert!(now >= last, "{now} was written after {last}");
        last = now;
    }
    let (first, second) = (first.await.unwrap(), second.await.unwrap());
    let fenced = fenced.load(Ordering::Relaxed);
    println!("skew: {first} writes behind, {second} ahead, {fenced} refused, up to epoch {last}");
    assert!(first + second > 0);
}
