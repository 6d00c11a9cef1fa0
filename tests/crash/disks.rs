//! A disk that is full, a store that was cut off, a store that is gone: nothing is executed, and it says why.

use std::fs::OpenOptions;
use std::time::{Duration, Instant};

use super::outcome;
use super::place::{ALICE, Daemon, Kind, PATIENCE, Place, Where, git};
use super::receiver::Receiver;

/// A place whose daemon has seen the branch, and stopped in peace.
async fn seen(dir: &std::path::Path, receiver: &Receiver) -> Place {
    let place = Place::new(dir, "disk", receiver, Where::Beside, false);
    let mut daemon = place.serve(None);
    daemon.says(&["adopted the branch"]).await;
    daemon.stop().await;
    place
}

/// Somebody asks for a run of each kind.
fn ask(place: &Place, number: usize) -> Vec<String> {
    let runs: Vec<String> = Kind::ALL.iter().map(|kind| format!("{}-{number}", kind.action())).collect();
    runs.iter().for_each(|run| place.ask(run));
    place.commit("runs");
    git(&place.work(), ALICE, &["pull", "--quiet", "--rebase", "origin", "main"]);
    git(&place.work(), ALICE, &["push", "--quiet", "origin", "main"]);
    runs
}

async fn refuses_to_start(mut daemon: Daemon, word: &str) {
    let status = daemon.ends().await;
    let said = daemon.said();
    assert_eq!(status.code(), Some(2), "{status}: {said}");
    assert!(said.contains("store") && said.contains(word), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_fills_up_stops_runs_at_the_last_durable_word_and_nothing_is_guessed() {
    let (dir, receiver) = (tempfile::tempdir().unwrap(), Receiver::new());
    let place = seen(dir.path(), &receiver).await;
    let (mut all, mut filled_while_it_ran) = (Vec::new(), 0);
    // As much of the journal fits as that, in blocks of 512 bytes; a write beyond fails as on a full disk.
    for (number, blocks) in [4, 32, 64, 96, 128, 192].into_iter().enumerate() {
        let runs = ask(&place, number);
        let mut daemon = place.serve_after(&format!("trap '' XFSZ; ulimit -f {blocks}"));
        let until = Instant::now() + PATIENCE;
        while !daemon.said().contains("cannot answer now") && daemon.child.try_wait().unwrap().is_none() {
            assert!(Instant::now() < until, "{blocks}: {}", daemon.said());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        match daemon.child.try_wait().unwrap() {
            Some(_) => refuses_to_start(daemon, "disk").await,
            None => {
                filled_while_it_ran += 1;
                drop(daemon);
            }
        }
        // There is room again.
        let calm = place.serve(None);
        outcome::end_of(&place, &receiver, &runs).await;
        calm.stop().await;
        all.extend(runs);
    }
    assert!(filled_while_it_ran >= 2, "only {filled_while_it_ran} were filled while the daemon ran");
    outcome::check(&place, &receiver, &all).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_was_cut_off_is_refused_at_the_start_and_nothing_is_executed() {
    let (dir, receiver) = (tempfile::tempdir().unwrap(), Receiver::new());
    let place = seen(dir.path(), &receiver).await;
    ask(&place, 0);
    let whole = std::fs::read(place.database()).unwrap();
    let half = whole.len() as u64 / 2;
    for length in [half, half + 100, 50, 0] {
        std::fs::write(place.database(), &whole).unwrap();
        OpenOptions::new().write(true).open(place.database()).unwrap().set_len(length).unwrap();
        refuses_to_start(place.serve(None), "begin anew").await;
    }
    assert!(receiver.asked("disk").is_empty());
    std::fs::write(place.database(), "no database at all, but a text that is long enough to be one").unwrap();
    refuses_to_start(place.serve(None), "begin anew").await;
    assert!(receiver.asked("disk").is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_is_removed_under_a_running_daemon_executes_nothing_until_it_is_back() {
    let (dir, receiver) = (tempfile::tempdir().unwrap(), Receiver::new());
    let place = seen(dir.path(), &receiver).await;
    let mut daemon = place.serve(None);
    daemon.says(&["acts on the repository"]).await;
    let away = dir.path().join("away");
    std::fs::rename(dir.path().join("state"), &away).unwrap();
    let runs = ask(&place, 0);
    daemon.says(&["removed or replaced"]).await;
    assert!(receiver.asked("disk").is_empty());
    drop(daemon);
    std::fs::rename(&away, dir.path().join("state")).unwrap();
    let calm = place.serve(None);
    outcome::end_of(&place, &receiver, &runs).await;
    outcome::check(&place, &receiver, &runs).await;
    drop(calm);
}
