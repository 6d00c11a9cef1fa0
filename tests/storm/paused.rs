//! One replica falls silent and comes back, leaves in good order, comes too early, or is of another version.

use std::time::{Duration, Instant};

use portcullis::model::{Identifier, RunState};
use portcullis::store::RunRecord;
use sqlx::{Connection as _, Executor as _, PgConnection};

use crate::company::{Kind, key};
use crate::world::{World, is_over, is_unknown};

async fn record(world: &World, run: &str) -> Option<RunRecord> {
    world.store.run(&key("r0"), &Identifier::new(run).unwrap()).await.ok()?
}

/// How often something happened to a run, by the journal.
async fn happened(world: &World, run: &str, event: &str) -> usize {
    let steps = world.store.transitions(&key("r0"), &Identifier::new(run).unwrap()).await.unwrap();
    steps.iter().filter(|step| step.event == event).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_was_paused_while_it_sent_writes_nothing_when_it_comes_back() {
    let mut world = World::new(1, 2).await;
    let replicas = world.start().await;
    world.receiver.hold_next(Kind::Once);
    world.ask("r0", &[("silent".to_owned(), Kind::Once)]);
    let once = world.receiver.held().await;
    world.receiver.hold_next(Kind::Safe);
    world.ask("r0", &[("repeated".to_owned(), Kind::Safe)]);
    let safe = world.receiver.held().await;
    let sender = world.replica_of("r0", &replicas).await.expect("somebody sent it");
    replicas[sender].signal("-STOP");
    let paused = Instant::now();

    // The other takes over: what dedupes is sent again, and of the other nobody knows.
    world
        .until("the other has settled both", async || {
            let (silent, repeated) = (record(&world, "silent").await, record(&world, "repeated").await);
            silent.as_ref().is_some_and(is_unknown) && repeated.as_ref().is_some_and(is_over)
        })
        .await;
    println!("paused: taken over and settled in {:.1} s", paused.elapsed().as_secs_f64());
    assert_ne!(world.replica_of("r0", &replicas).await, Some(sender));

    // Now both answers reach whoever had fallen silent.
    let _ = (once.answer.send(()), safe.answer.send(()));
    replicas[sender].signal("-CONT");
    world
        .until("it has noticed", async || {
            let said = world.places[sender].said();
            said.contains("acts on the repository no more")
        })
        .await;
    // It lives on: a run that comes now is performed by one of them, once.
    world.ask("r0", &[("after".to_owned(), Kind::Once)]);
    world.until("the next run ends", async || record(&world, "after").await.as_ref().is_some_and(is_over)).await;

    let silent = record(&world, "silent").await.unwrap();
    assert!(is_unknown(&silent), "what came late changes nothing: {silent:?}");
    assert_eq!(happened(&world, "silent", "answered").await, 0);
    assert_eq!(happened(&world, "repeated", "answered").await, 1);
    assert_eq!(record(&world, "repeated").await.unwrap().life.unwrap().state, RunState::Success);
    let times: Vec<usize> = world.receiver.times().into_values().collect();
    assert_eq!(times.iter().sum::<usize>(), 4, "silent once, repeated twice, after once: {times:?}");
    assert_eq!(world.end().await, 1);
    world.examine().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_stops_in_good_order_is_replaced_at_the_next_heartbeat() {
    let mut world = World::new(2, 2).await;
    let mut replicas = world.start().await;
    world.until("somebody acts on it", async || world.replica_of("r0", &replicas).await.is_some()).await;
    let leaving = world.replica_of("r0", &replicas).await.unwrap();
    let leaving = replicas.remove(leaving);
    leaving.signal("-TERM");
    let begun = Instant::now();
    assert_eq!(tokio::task::block_in_place(|| leaving.ends()), Some(0));
    let gone = Instant::now();
    world.until("the other acts on it", async || world.replica_of("r0", &replicas).await == Some(0)).await;
    println!("stopped: {:.1} s to end, taken over {:.1} s later", (gone - begun).as_secs_f64(), gone.elapsed().as_secs_f64());
    // Well before the lease would have ended.
    assert!(gone.elapsed() < Duration::from_secs(12), "{:?}", gone.elapsed());
    world.ask("r0", &[("after".to_owned(), Kind::Safe), ("entity".to_owned(), Kind::Note)]);
    assert_eq!(world.end().await, 0);
    world.examine().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_is_started_while_the_database_is_away_says_so_and_ends() {
    let world = World::new(1, 1).await;
    tokio::task::block_in_place(|| world.cluster.halt("fast"));
    let early = world.places[0].start();
    assert_eq!(tokio::task::block_in_place(|| early.ends()), Some(2));
    let said = world.places[0].said();
    assert!(said.contains("cannot open the store") && said.contains("is PostgreSQL running there?"), "{said}");
    tokio::task::block_in_place(|| world.cluster.resume());
    let replicas = world.start().await;
    world.until("it acts", async || world.replica_of("r0", &replicas).await == Some(0)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_does_not_know_the_schema_does_not_start_and_disturbs_nobody() {
    let mut world = World::new(1, 2).await;
    let running = world.places[0].start();
    world.until("it acts", async || world.holder("r0").await == Some(running.process())).await;
    world.until("the branch is adopted", async || matches!(world.store.accepted(&key("r0")).await, Ok(Some(_)))).await;
    // Somebody has started a newer version meanwhile.
    let mut database = PgConnection::connect(&world.cluster.address("portcullis", "")).await.unwrap();
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (99990101000000, 'newer', true, '', 0)";
    database.execute(newer).await.unwrap();

    let refused = world.places[1].start();
    assert_eq!(tokio::task::block_in_place(|| refused.ends()), Some(2));
    let said = world.places[1].said();
    assert!(said.contains("a newer version of Portcullis has made its schema"), "{said}");
    assert!(!said.contains("acts on the repository"), "{said}");
    world.ask("r0", &[("meanwhile".to_owned(), Kind::Once)]);
    world.until("the older one goes on", async || record(&world, "meanwhile").await.as_ref().is_some_and(is_over)).await;
    world.until("it tells", async || world.store.outbox_size().await.is_ok_and(|size| size == (0, 0))).await;
    world.examine().await;
}
