//! Many runs at once, while replicas are killed and the database is restarted: every run ends, and none happens twice.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::company::Kind;
use crate::replica::Replica;
use crate::takeover::Watch;
use crate::world::World;

const REPLICAS: usize = 3;

/// How much weather there is.
struct Size {
    repositories: usize,
    /// How often somebody pushes runs to every repository, and how many.
    waves: usize,
    runs: usize,
    kills: usize,
    /// After which kills the database is restarted.
    restarts: &'static [usize],
}

impl Size {
    const ORDINARY: Self = Self { repositories: 4, waves: 2, runs: 5, kills: 2, restarts: &[1] };
    const FULL: Self = Self { repositories: 10, waves: 4, runs: 25, kills: 10, restarts: &[3, 7] };

    fn wanted() -> Self {
        match std::env::var("PORTCULLIS_STORM").as_deref() {
            Err(_) => Self::ORDINARY,
            Ok("full") => Self::FULL,
            Ok(other) => panic!("PORTCULLIS_STORM is {other:?}; it may be \"full\""),
        }
    }

    fn total(&self) -> usize {
        self.repositories * self.waves * self.runs
    }
}

/// The longest between two kills; it is sooner where enough has been done.
const PAUSE: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_storm_of_runs_every_one_ends_and_none_happens_twice() {
    let size = Size::wanted();
    let mut world = World::new(size.repositories, REPLICAS).await;
    let mut replicas = world.start().await;
    let watch = Watch::over(world.store.clone(), world.company.names().to_vec());
    let begun = Instant::now();
    let mut waves = 0..size.waves;
    for kill in 0..size.kills {
        // At least one of each kind is certainly under way when its sender dies.
        let held = [Kind::Once, Kind::Safe].get(kill);
        if let Some(kind) = held {
            world.receiver.hold_next(*kind);
        }
        if let Some(wave) = (kill % 2 == 0).then(|| waves.next()).flatten() {
            push(&mut world, &size, wave);
        }
        let held = match held {
            Some(_) => Some(world.receiver.held().await),
            None => None,
        };
        let about = match &held {
            Some(held) => held.sent.repository.clone(),
            None => progress(&world, size.total() / (size.kills + 2)).await,
        };
        let victim = world.replica_of(&about, &replicas).await.unwrap_or(kill % REPLICAS);
        replicas[victim].kill();
        watch.died(replicas[victim].process());
        drop(held);
        replicas[victim] = world.places[victim].start();
        if size.restarts.contains(&kill) {
            tokio::task::block_in_place(|| {
                world.cluster.halt("immediate");
                world.cluster.resume();
            });
        }
        println!("{:>6.1} s, kill {}: {}", begun.elapsed().as_secs_f64(), kill + 1, world.tally().await);
        supervise(&world, &mut replicas);
    }
    for wave in waves {
        push(&mut world, &size, wave);
    }
    supervise(&world, &mut replicas);
    let unknown = world.end().await;
    let took = begun.elapsed();
    world.examine().await;

    let (sent, deliveries) = {
        let told = world.receiver.told();
        (told.sent.len(), told.deliveries)
    };
    let takeovers = watch.took();
    println!(
        "storm: {} runs of {} repositories on {REPLICAS} replicas, {} kills, {} restarts of the database: {:.0} s, \
         {sent} requests, {unknown} for a person, {deliveries} messages",
        size.total(),
        size.repositories,
        size.kills,
        size.restarts.len(),
        took.as_secs_f64()
    );
    println!("storm: taken over {} times, {}", takeovers.len(), spread(&takeovers));
    assert!(takeovers.last().is_none_or(|longest| *longest < Duration::from_secs(60)), "{takeovers:?}");
    assert!(unknown >= 1, "one was sent and never answered");
}

/// Runs of each kind for every repository; the last of all is a commit of the controller's.
fn push(world: &mut World, size: &Size, wave: usize) {
    for name in world.company.names().to_vec() {
        let kind = |n| match n {
            _ if n + 1 == size.runs && wave + 1 == size.waves => Kind::Note,
            _ if n % 2 == 0 => Kind::Once,
            _ => Kind::Safe,
        };
        let runs: Vec<_> = (0..size.runs).map(|n| (format!("run-{wave}-{n}"), kind(n))).collect();
        world.ask(&name, &runs);
    }
}

/// Starts those again that could not start because the database was away, as whatever keeps services running would.
fn supervise(world: &World, replicas: &mut [Replica]) {
    for (replica, place) in replicas.iter_mut().zip(&world.places) {
        if replica.has_ended() {
            let said = place.said();
            assert!(said.contains("cannot open the store"), "it gave up for another reason: {said}");
            *replica = place.start();
        }
    }
}

/// Waits until so many more requests came, or for a while; the repository of the last one.
async fn progress(world: &World, wanted: usize) -> String {
    let (begun, before) = (Instant::now(), world.receiver.told().sent.len());
    loop {
        let (now, last) = {
            let told = world.receiver.told();
            (told.sent.len(), told.sent.last().map(|sent| sent.repository.clone()))
        };
        if now >= before + wanted || begun.elapsed() > PAUSE {
            return last.unwrap_or_default();
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn spread(takeovers: &[Duration]) -> String {
    let at = |share: usize| takeovers.get(takeovers.len().saturating_sub(1) * share / 100).copied().unwrap_or_default();
    let named = BTreeMap::from([("1 shortest", 0), ("2 median", 50), ("3 longest", 100)]);
    let words: Vec<String> = named
        .iter()
        .map(|(name, share)| {
            format!("{} {:.1} s", name.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' '), at(*share).as_secs_f64())
        })
        .collect();
    words.join(", ")
}
