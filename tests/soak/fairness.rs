//! One repository is flooded, and another waits for one run of it at most.

use std::time::{Duration, Instant};

use crate::daemon::{Daemon, PATIENCE};
use crate::load::rest;
use crate::repository::{Kind, Repository};

/// Pull requests of the flooded repository.
const FLOOD: usize = 60;
/// Judgements of the flooded repository before that of the quiet one: its own look and its own judgement each let one or two go first,
/// and a few may have been said before it stopped and be heard after.
const MOST_BEFORE: usize = 12;

#[test]
fn a_quiet_repository_is_served_while_another_is_flooded() {
    let dir = tempfile::tempdir().unwrap();
    let mut flooded = Repository::new(dir.path(), "flooded", 100, FLOOD);
    let mut quiet = Repository::new(dir.path(), "quiet", 100, 1);
    let mut daemon = Daemon::start(dir.path(), &[&flooded, &quiet], 1);
    rest(&[&flooded, &quiet], &mut daemon);
    daemon.hear_all();

    // All of the flood is known to the daemon once it has begun with it.
    daemon.stop();
    let begun = daemon.judged().len();
    for number in 0..FLOOD {
        flooded.push(number, Kind::ALL[number % 3]);
    }
    daemon.go_on();
    let until = Instant::now() + PATIENCE;
    while daemon.judged().len() == begun {
        daemon.hear(Duration::from_millis(10));
        assert!(Instant::now() < until, "{}", daemon.said());
    }
    daemon.stop();
    while daemon.hear(Duration::from_millis(100)) {}
    let before = daemon.judged().len();
    assert!(before - begun + 2 * MOST_BEFORE < FLOOD, "{} are judged already: there is nothing left to wait for", before - begun);
    let head = quiet.push(0, Kind::Stranger).to_string();
    daemon.go_on();
    let place = loop {
        if let Some(place) = daemon.judged()[before..].iter().position(|(_, judged)| *judged == head) {
            break place;
        }
        daemon.hear(Duration::from_millis(10));
        assert!(Instant::now() < until, "{}", daemon.said());
    };
    assert!(place <= MOST_BEFORE, "{place} of the flood came first:\n{}", daemon.said());

    rest(&[&flooded, &quiet], &mut daemon);
    assert_eq!([flooded.wrong(), quiet.wrong()].concat(), Vec::<String>::new());
}
