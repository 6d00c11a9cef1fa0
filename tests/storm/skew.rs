//! Two replicas whose clocks differ fight for one repository.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use portcullis::controller::{Controller, Judge, LeaseSettings, ManualClock, Outward, Parts, Settings, Watched};
use portcullis::execute::Performers;
use portcullis::facts::Workspace;
use portcullis::forge::{GitForge, GitForgeOptions};
use portcullis::model::{NoExpressions, Timestamp};
use portcullis::store::{Holder, PostgresAddress, PostgresStore, RepositoryKey, Store, StoreError};

use crate::cluster::Cluster;
use crate::company::git;

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

/// A replica whose clock says `now`, with leases that are soon over.
fn replica(store: &Arc<dyn Store>, path: &Path, key: &RepositoryKey, name: &str, now: Timestamp) -> Controller {
    let options = GitForgeOptions {
        path: path.to_owned(),
        repository: key.clone(),
        watched: "refs/heads/main".to_owned(),
        name: "Portcullis".to_owned(),
        email: "portcullis@localhost".to_owned(),
        agent: "portcullis".to_owned(),
        keeps_tips: true,
    };
    let watched = Watched {
        name: "catalog".to_owned(),
        key: key.clone(),
        branch: "main".to_owned(),
        root: String::new(),
        path: path.to_owned(),
        remote: None,
        workspace: Arc::new(Workspace::open(path, "", Arc::new(NoExpressions)).unwrap()),
        forge: Arc::new(GitForge::new(options, store.clone())),
        outward: Outward::default(),
        performers: Performers::default(),
    };
    let lease = LeaseSettings { ttl: Some(SHORT), heartbeat: SHORT / 4, holder: Holder::new(name) };
    Controller::new(Parts {
        store: store.clone(),
        repositories: vec![watched],
        clock: Arc::new(ManualClock::at(now)),
        rng: fastrand::Rng::with_seed(1),
        judge: Judge::of_core(),
        settings: Settings { lease, ..Settings::default() },
    })
}

const SHORT: Duration = Duration::from_secs(4);

fn acts(controller: &Controller) -> bool {
    controller.metrics().render().contains("portcullis_repositories_held 1")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_wrong_keeps_nobody_out_of_a_lease_and_takes_it_from_nobody() {
    let cluster = tokio::task::spawn_blocking(Cluster::start).await.unwrap();
    let address = PostgresAddress::parse(&cluster.address("portcullis", "")).unwrap();
    let store: Arc<dyn Store> = Arc::new(PostgresStore::open(&address).await.unwrap());
    let (early, late) = (store.clock(Timestamp::MIN).await.unwrap(), store.clock(Timestamp::MAX).await.unwrap());
    assert!(early <= late && late.duration_since(early).as_secs() < 60, "the server's, whatever one's own says: {early} {late}");
    assert!(Timestamp::now().duration_since(early).as_secs() < 60);

    let directory = tempfile::tempdir().unwrap();
    git(directory.path(), &["init", "--quiet", "--initial-branch=main"]);
    std::fs::write(directory.path().join("catalog.yaml"), "identity: declared\n").unwrap();
    git(directory.path(), &["add", "--all"]);
    git(directory.path(), &["commit", "--quiet", "-m", "the catalog"]);
    let (now, hours) = (Timestamp::now(), Duration::from_secs(3 * 3600));
    let ahead = now.checked_add(hours).unwrap();
    for (which, (first, second)) in [(now, ahead), (ahead, now)].into_iter().enumerate() {
        let key = RepositoryKey::new(format!("r{which}#main"));
        let first = replica(&store, directory.path(), &key, &format!("first-{which}"), first);
        let second = replica(&store, directory.path(), &key, &format!("second-{which}"), second);
        let begun = Instant::now();
        first.reconcile_once().await;
        assert!(acts(&first));
        second.reconcile_once().await;
        assert!(!acts(&second) || begun.elapsed() >= SHORT, "it is held, whatever its clock says");
        // The first says nothing any more.
        while !acts(&second) {
            assert!(begun.elapsed() < SHORT * 10, "it is free, whatever its clock says");
            tokio::time::sleep(Duration::from_millis(50)).await;
            second.reconcile_once().await;
        }
        assert!(begun.elapsed() >= SHORT, "{:?}", begun.elapsed());
    }
}
