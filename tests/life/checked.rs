//! Every history within a budget of mishaps is looked at; and the same look finds each mistake that is planted.

use stateright::{Checker, HasDiscoveries, Model};

use super::model::{Budget, Fault, Replicas};

const MISHAPS: Budget = Budget { crashes: 1, takeovers: 1, timeouts: 1, duplicates: 1, changes: 1 };

fn holds(dedupes: bool, budget: Budget) {
    let checked = Replicas { dedupes, fault: None, budget }.checker().threads(2).spawn_bfs().join();
    eprintln!("{} states", checked.unique_state_count());
    checked.assert_properties();
    assert!(checked.is_done());
}

#[test]
fn probe() {
    for n in [
        [0, 0, 0, 0, 0],
        [1, 0, 0, 0, 0],
        [0, 1, 0, 0, 0],
        [0, 0, 1, 0, 0],
        [0, 0, 0, 1, 0],
        [0, 0, 0, 0, 1],
        [1, 0, 1, 0, 0],
        [1, 1, 0, 0, 0],
        [1, 1, 1, 0, 0],
        [1, 1, 1, 0, 1],
    ] {
        let [crashes, takeovers, timeouts, duplicates, changes] = n;
        let t = std::time::Instant::now();
        let m = Replicas { dedupes: true, fault: None, budget: Budget { crashes, takeovers, timeouts, duplicates, changes } };
        let c = m.checker().threads(2).timeout(std::time::Duration::from_secs(25)).spawn_bfs().join();
        eprintln!("{n:?} {} {:?} done {}", c.unique_state_count(), t.elapsed(), c.is_done());
        for (name, path) in c.discoveries() {
            if !["it succeeds", "it fails unsent", "a person is asked", "it expires"].contains(&name) {
                eprintln!("BROKEN {name}: {:?}", path.into_actions());
            }
        }
    }
}

#[test]
fn a_receiver_that_dedupes_performs_it_once() {
    holds(true, MISHAPS);
}

#[test]
fn a_receiver_that_does_not_dedupe_performs_it_at_most_once() {
    holds(false, MISHAPS);
}

/// Whether the checker finds that this property is broken where this mistake is made.
fn finds(fault: Fault, dedupes: bool, property: &'static str) -> bool {
    let model = Replicas { dedupes, fault: Some(fault), budget: MISHAPS };
    let one = HasDiscoveries::AnyOf([property].into());
    model.checker().threads(2).finish_when(one).spawn_bfs().join().discoveries().contains_key(property)
}

#[test]
fn planted_mistakes_are_found() {
    let expected = [
        (Fault::NoFence, true, "a lower epoch never writes, and a claim holds at its moment"),
        (Fault::SendBeforeIntent, true, "what is sent was written down before"),
        (Fault::RetryWithoutDedupe, false, "it is performed once at most"),
        (Fault::NoRecheck, true, "a lower epoch never writes, and a claim holds at its moment"),
        (Fault::KeyOfEpoch, true, "a run has one key"),
        (Fault::NoRevision, true, "what has ended stays so"),
    ];
    for (fault, dedupes, property) in expected {
        assert!(finds(fault, dedupes, property), "{fault:?}: {property}");
    }
}
