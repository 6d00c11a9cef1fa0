//! `kill -9` at random moments, again and again, while runs keep arriving.

use std::os::unix::process::ExitStatusExt as _;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

use super::outcome;
use super::place::{ALICE, Kind, PATIENCE, Place, Where, git, try_git};
use super::receiver::Receiver;

/// Lives that end by `kill -9`, of both daemons together.
const KILLS: usize = 200;
/// Somebody asks for more runs, on the branch as it stands. In a process that nobody kills.
fn ask(place: &Place, runs: &[String]) {
    runs.iter().for_each(|run| place.ask(run));
    place.commit("more runs");
}

/// Pushes what was asked for, or tries until `given_up`. A daemon beside the repository that is killed with a lock in its hands leaves it
/// there, and nobody can push until the next one has removed it.
fn arrive(place: &Place, given_up: impl Fn() -> bool) -> bool {
    let work = place.work();
    loop {
        let last = given_up();
        git(&work, ALICE, &["pull", "--quiet", "--rebase", "origin", "main"]);
        if try_git(&work, ALICE, &["push", "--quiet", "origin", "main"]).is_ok() {
            return true;
        }
        if last {
            return false;
        }
    }
}

/// Where a dead daemon has left the lock of the branch, an hour passes.
fn an_hour_passes(place: &Place) {
    let lock = place.origin().join("refs/heads/main.lock");
    if let Ok(file) = std::fs::File::options().write(true).open(lock) {
        file.set_modified(SystemTime::now() - Duration::from_secs(3600)).unwrap();
    }
}

/// One daemon's lives, and what is left of them.
async fn lives(place: Place, receiver: Receiver, seed: u64, kills: Arc<AtomicUsize>) {
    let mut dice = fastrand::Rng::with_seed(seed);
    let mut first = place.serve(None);
    first.says(&["adopted the branch"]).await;
    drop(first);
    let mut runs = Vec::new();
    while kills.fetch_add(1, Ordering::SeqCst) < KILLS {
        let mut daemon = place.serve(None);
        // It dies after this time, whatever it or anybody else is doing then.
        let lives_for = Duration::from_millis(dice.u64(20..700));
        let id = daemon.child.id().to_string();
        let dead = Arc::new(AtomicBool::new(false));
        let killed = dead.clone();
        let killer = std::thread::spawn(move || {
            std::thread::sleep(lives_for);
            assert!(Command::new("kill").args(["-9", &id]).status().unwrap().success());
            killed.store(true, Ordering::SeqCst);
        });
        if dice.bool() {
            let kind = Kind::ALL[dice.usize(0..Kind::ALL.len())];
            let more = vec![format!("{}-{}", kind.action(), runs.len())];
            ask(&place, &more);
            runs.extend(more);
            let pushing = place.clone();
            tokio::task::spawn_blocking(move || arrive(&pushing, || dead.load(Ordering::SeqCst))).await.unwrap();
        }
        tokio::task::spawn_blocking(move || killer.join().unwrap()).await.unwrap();
        let status = daemon.ends().await;
        assert_eq!(status.signal(), Some(9), "{}: {status}\n{}", place.name, daemon.said());
        an_hour_passes(&place);
    }
    let calm = place.serve(None);
    let (pushing, until) = (place.clone(), Instant::now() + PATIENCE);
    let arrived = tokio::task::spawn_blocking(move || arrive(&pushing, || Instant::now() > until)).await.unwrap();
    assert!(arrived, "{}: the branch keeps moving\n{}", place.name, place.logs());
    let by_hand = outcome::end_of(&place, &receiver, &runs).await;
    println!("{}: {} runs, a person settled {}", place.name, runs.len(), by_hand.len());
    assert!(by_hand.iter().all(|run| Kind::of(run) == Kind::Once), "{by_hand:?}");
    outcome::check(&place, &receiver, &runs).await;
    drop(calm);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn kill_9_two_hundred_times_while_runs_arrive_loses_nothing_and_does_nothing_twice() {
    let seed = std::env::var("PORTCULLIS_TEST_SEED").map_or_else(|_| fastrand::u64(..), |seed| seed.parse().unwrap());
    println!("PORTCULLIS_TEST_SEED={seed}");
    let dir = tempfile::tempdir().unwrap();
    let receiver = Receiver::new();
    let kills = Arc::new(AtomicUsize::new(0));
    let mut daemons = Vec::new();
    for (name, at) in [("beside", Where::Beside), ("elsewhere", Where::Elsewhere)] {
        let at_dir = dir.path().join(name);
        std::fs::create_dir(&at_dir).unwrap();
        let place = Place::new(&at_dir, name, &receiver, at, false);
        daemons.push(tokio::spawn(lives(place, receiver.clone(), seed ^ u64::from(name == "beside"), kills.clone())));
    }
    for daemon in daemons {
        daemon.await.unwrap();
    }
}
