//! Every history within a budget of mishaps is looked at; and the same look finds each mistake that is planted.

use std::collections::BTreeSet;

use stateright::{Checker, Expectation, HasDiscoveries, Model};

use super::model::{Budget, Fault, Replicas};

const NOTHING: Budget = Budget { crashes: 0, takeovers: 0, timeouts: 0, duplicates: 0, changes: 0 };

/// What goes wrong together. All at once would be millions of histories, and has shown nothing that these do not.
const MISHAPS: [Budget; 7] = [
    Budget { crashes: 1, timeouts: 1, duplicates: 1, ..NOTHING },
    Budget { crashes: 2, ..NOTHING },
    Budget { crashes: 1, changes: 1, ..NOTHING },
    Budget { takeovers: 1, timeouts: 1, ..NOTHING },
    Budget { takeovers: 1, duplicates: 1, ..NOTHING },
    Budget { takeovers: 1, changes: 1, ..NOTHING },
    Budget { timeouts: 1, duplicates: 1, changes: 1, ..NOTHING },
];

/// Nothing is ever broken; and everything that may happen does happen in some history.
fn holds(dedupes: bool) {
    let mut missing = BTreeSet::new();
    let mut seen = BTreeSet::new();
    for budget in MISHAPS {
        let checked = Replicas { dedupes, fault: None, budget }.checker().threads(2).spawn_bfs().join();
        for property in checked.model().properties() {
            match (property.expectation, checked.discovery(property.name)) {
                (Expectation::Sometimes, None) => drop(missing.insert(property.name)),
                (Expectation::Sometimes, Some(_)) => drop(seen.insert(property.name)),
                (_, None) => {}
                (_, Some(history)) => panic!("{}, with {budget:?}: {:?}", property.name, history.into_actions()),
            }
        }
    }
    assert_eq!(missing.difference(&seen).collect::<Vec<_>>(), [] as [&&str; 0]);
}

#[test]
fn a_receiver_that_dedupes_performs_it_once() {
    holds(true);
}

#[test]
fn a_receiver_that_does_not_dedupe_performs_it_at_most_once() {
    holds(false);
}

/// Whether the checker finds that this property is broken where this mistake is made.
fn finds(fault: Fault, dedupes: bool, property: &'static str) -> bool {
    MISHAPS.into_iter().any(|budget| {
        let one = HasDiscoveries::AnyOf([property].into());
        let model = Replicas { dedupes, fault: Some(fault), budget };
        model.checker().threads(2).finish_when(one).spawn_bfs().join().discovery(property).is_some()
    })
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
