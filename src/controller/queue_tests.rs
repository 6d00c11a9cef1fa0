use proptest::prelude::*;

use std::collections::BTreeMap;
use std::time::Duration;

use super::queue::{Backoff, Outcome, Queue};

const S: fn(u64) -> Duration = Duration::from_secs;

fn queue() -> Queue<&'static str, u8> {
    Queue::new(2, Backoff { first: S(1), most: S(60) })
}

#[test]
fn the_earliest_time_wins() {
    let mut q = queue();
    q.wake("a", S(9));
    q.wake("a", S(3));
    q.wake("a", S(5));
    assert_eq!(q.take(S(2)), None);
    assert_eq!(q.take(S(3)), Some("a"));
    assert_eq!(q.take(S(99)), None, "three wakes, one run");
}

#[test]
fn a_key_woken_while_it_runs_runs_again_after() {
    let mut q = queue();
    q.wake("a", S(0));
    assert_eq!(q.take(S(0)), Some("a"));
    q.wake("a", S(0));
    assert_eq!(q.take(S(1)), None, "never two at once");
    q.finish(&"a", Outcome::done(), S(1), 0.0);
    assert_eq!(q.take(S(1)), Some("a"));
}

#[test]
fn what_may_pass_is_tried_again_later_and_later() {
    let mut q = queue();
    let mut now = S(0);
    q.offer("a", 1, now);
    for expected in [1, 2, 4, 8, 16, 32, 60, 60] {
        assert_eq!(q.take(now), Some("a"));
        q.finish(&"a", Outcome::retry(), now, 1.0);
        assert_eq!(q.next_due(), Some(now + S(expected)));
        assert!(!q.offer("a", 1, now), "the same input does not cut the wait short");
        now += S(expected);
    }
    assert!(q.offer("a", 2, now), "another input does");
    assert_eq!(q.take(now), Some("a"));
    q.finish(&"a", Outcome::retry(), now, 1.0);
    assert_eq!(q.next_due(), Some(now + S(1)), "and it starts afresh");
}

#[test]
fn a_refresh_does_not_wait_for_a_later_time_unless_something_failed() {
    let mut q = queue();
    q.offer("a", 1, S(0));
    q.take(S(0));
    q.refresh(&"a", S(0));
    q.finish(&"a", Outcome::Settled { input: None, again: Some(S(1_000)) }, S(0), 0.0);
    assert_eq!(q.next_due(), Some(S(1_000)), "what runs is fresh");
    q.refresh(&"a", S(5));
    assert_eq!(q.take(S(5)), Some("a"));
    q.finish(&"a", Outcome::retry(), S(5), 1.0);
    q.refresh(&"a", S(5));
    assert_eq!(q.next_due(), Some(S(6)), "what failed waits its time");
    q.refresh(&"b", S(5));
    assert_eq!(q.waiting(), 1, "what nobody has offered is not known");
}

#[test]
fn what_cannot_succeed_rests_until_its_input_changes() {
    let mut q = queue();
    q.offer("a", 1, S(0));
    q.take(S(0));
    q.finish(&"a", Outcome::Stalled, S(0), 0.0);
    assert!(!q.offer("a", 1, S(1)));
    assert_eq!(q.take(S(9999)), None);
    assert!(q.offer("a", 2, S(2)));
    assert_eq!(q.take(S(2)), Some("a"));
}

#[test]
fn a_change_that_the_run_has_already_seen_needs_no_second_run() {
    let mut q = queue();
    q.offer("a", 1, S(0));
    q.take(S(0));
    assert!(q.offer("a", 2, S(0)));
    assert!(!q.finish(&"a", Outcome::Settled { input: Some(2), again: None }, S(1), 0.0));
    assert_eq!(q.take(S(1)), None);
    assert!(!q.offer("a", 2, S(1)));
    assert!(q.offer("a", 3, S(1)));
    q.take(S(1));
    assert!(q.offer("a", 4, S(1)));
    assert!(q.finish(&"a", Outcome::Settled { input: Some(3), again: None }, S(1), 0.0), "one that it has not seen does");
    assert_eq!(q.take(S(1)), Some("a"));
}

/// Where one runs at a time, the number of those that run tells the groups apart no more.
#[test]
fn a_group_with_much_to_do_lets_another_go_before_the_rest_of_it() {
    let mut q: Queue<(char, u8), u8, char> = Queue::of_groups(1, 1, |key| key.0, |_, _| false, Backoff::default());
    (0..100).for_each(|n| q.wake(('a', n), S(0)));
    let next = |q: &mut Queue<(char, u8), u8, char>| {
        let key = q.take(S(9)).unwrap();
        q.finish(&key, Outcome::done(), S(9), 0.0);
        key.0
    };
    assert_eq!((next(&mut q), next(&mut q)), ('a', 'a'));
    // It comes last, and is woken again and again, as is what stands before it: neither keeps the other waiting for more than one run.
    let mut order = String::new();
    for _ in 0..6 {
        q.wake(('b', 0), S(8));
        q.wake(('a', 200), S(1));
        order.push(next(&mut q));
    }
    assert_eq!(order, "ababab");
    q.wake(('c', 0), S(9));
    assert_eq!([next(&mut q), next(&mut q), next(&mut q)].iter().filter(|group| **group == 'c').count(), 1);
}

/// Five hundred are looked at again because something else moved, and somebody pushes to the last of them.
#[test]
fn who_pushes_does_not_wait_for_what_nobody_waits_for_and_keeps_nothing_from_its_turn() {
    let pushed = |before: Option<&(u8, u8)>, now: &(u8, u8)| before.is_some_and(|before| before.0 != now.0);
    let mut q: Queue<u16, (u8, u8)> = Queue::of_groups(1, 1, |_| (), pushed, Backoff { first: S(1), most: S(60) });
    let run = |q: &mut Queue<u16, (u8, u8)>, now| {
        let key = q.take(now).unwrap();
        q.finish(&key, Outcome::done(), now, 0.0);
        key
    };
    (0..500).for_each(|n| assert!(q.offer(n, (0, 0), S(0))));
    assert_eq!(
        (0..500).map(|_| run(&mut q, S(0))).collect::<Vec<_>>(),
        (0..500).collect::<Vec<_>>(),
        "what is new comes as it came"
    );
    (0..500).for_each(|n| assert!(q.offer(n, (0, 1), S(1))));
    assert_eq!(run(&mut q, S(2)), 0);
    q.offer(499, (1, 1), S(2));
    q.wake(499, S(3));
    assert_eq!(run(&mut q, S(3)), 499, "it presses, also where it was woken again meanwhile");
    // Two are pushed to without an end.
    let mut order = Vec::new();
    for round in 2..8 {
        q.offer(400, (round, 1), S(3));
        q.offer(401, (round, 1), S(3));
        order.push(run(&mut q, S(3)));
    }
    assert_eq!(order, [1, 400, 2, 401, 3, 400], "the others come every other time");
    // One that fails waits as all do, and presses no more.
    while q.take(S(4)).map(|key| q.finish(&key, Outcome::done(), S(4), 0.0)).is_some() {}
    q.offer(7, (9, 1), S(5));
    assert_eq!(q.take(S(5)), Some(7));
    q.finish(&7, Outcome::retry(), S(5), 1.0);
    q.wake(8, S(5));
    assert_eq!((q.take(S(6)), q.take(S(6))), (Some(8), None));
    q.finish(&8, Outcome::done(), S(6), 0.0);
    assert_eq!((q.take(S(6)), q.waiting()), (Some(7), 0));
}

#[test]
fn many_changes_of_one_key_are_one_run_and_one_place() {
    let mut q: Queue<u8, u32> = Queue::new(2, Backoff::default());
    for input in 0..10_000 {
        q.offer(7, input, S(0));
        q.wake(7, S(0));
    }
    assert_eq!((q.waiting(), q.keys().count()), (1, 1));
    assert_eq!(q.take(S(0)), Some(7));
    for input in 10_000..20_000 {
        q.offer(7, input, S(0));
        q.wake(7, S(0));
    }
    q.finish(&7, Outcome::done(), S(0), 0.0);
    assert_eq!((q.take(S(0)), q.waiting()), (Some(7), 0), "what came while it ran is one run more");
    q.finish(&7, Outcome::done(), S(0), 0.0);
    assert_eq!(q.take(S(0)), None);
}

#[test]
fn only_so_many_run_at_once() {
    let mut q = queue();
    for key in ["a", "b", "c"] {
        q.wake(key, S(0));
    }
    assert_eq!((q.take(S(0)), q.take(S(0)), q.take(S(0))), (Some("a"), Some("b"), None));
    q.finish(&"b", Outcome::done(), S(0), 0.0);
    assert_eq!(q.take(S(0)), Some("c"));
}

#[test]
fn a_forgotten_key_is_new_again() {
    let mut q = queue();
    q.offer("a", 1, S(0));
    q.forget(&"a");
    assert_eq!(q.take(S(0)), Some("a"), "but not before it has run");
    q.finish(&"a", Outcome::done(), S(0), 0.0);
    q.forget(&"a");
    assert_eq!(q.keys().count(), 0);
    assert!(q.offer("a", 1, S(0)));
}

#[derive(Debug, Clone)]
enum Step {
    Wake(u8, u64),
    Offer(u8, u8),
    Take,
    Finish(prop::sample::Index, u8),
    Forget(u8),
    Pass(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..4u8, 0..20u64).prop_map(|(k, d)| Step::Wake(k, d)),
        3 => (0..4u8, 0..3u8).prop_map(|(k, i)| Step::Offer(k, i)),
        4 => Just(Step::Take),
        4 => (any::<prop::sample::Index>(), 0..4u8).prop_map(|(i, o)| Step::Finish(i, o)),
        1 => (0..4u8).prop_map(Step::Forget),
        2 => (0..10u64).prop_map(Step::Pass),
    ]
}

proptest! {
    /// No key runs twice at once, no more run than may, and every wake is answered by a run that begins after it and
    /// not before the earliest time asked for.
    #[test]
    fn every_wake_is_answered_once_and_never_twice_at_once(steps in prop::collection::vec(step(), 1..120), limit in 1..4usize) {
        let rises = |before: Option<&u8>, now: &u8| before.is_some_and(|before| now > before);
        let mut q: Queue<u8, u8> = Queue::of_groups(limit, limit, |_| (), rises, Backoff { first: S(1), most: S(8) });
        let mut now = S(0);
        let mut running: Vec<u8> = Vec::new();
        // Keys that must still run, and the time by which they become due.
        let mut owed: BTreeMap<u8, Duration> = BTreeMap::new();
        let note = |owed: &mut BTreeMap<u8, Duration>, key, at| {
            let due = owed.entry(key).or_insert(at);
            *due = (*due).min(at);
        };
        for step in steps {
            match step {
                Step::Wake(key, wait) => {
                    q.wake(key, now + S(wait));
                    note(&mut owed, key, now + S(wait));
                }
                Step::Offer(key, input) => if q.offer(key, input, now) && !running.contains(&key) {
                    note(&mut owed, key, now);
                },
                Step::Take => {
                    let full = running.len() >= limit;
                    match q.take(now) {
                        Some(key) => {
                            prop_assert!(!full && !running.contains(&key));
                            running.push(key);
                            owed.remove(&key);
                        }
                        None => prop_assert!(full || owed.iter().all(|(k, at)| *at > now || running.contains(k))),
                    }
                }
                Step::Finish(index, outcome) => if !running.is_empty() {
                    let key = running.swap_remove(index.index(running.len()));
                    let outcome = match outcome {
                        0 => Outcome::retry(),
                        1 => Outcome::Stalled,
                        2 => Outcome::Settled { input: None, again: Some(S(3)) },
                        _ => Outcome::done(),
                    };
                    q.finish(&key, outcome, now, 0.5);
                },
                Step::Forget(key) => q.forget(&key),
                Step::Pass(seconds) => now += S(seconds),
            }
            prop_assert_eq!(q.running(), running.len());
        }
        // Let everything finish well: nothing that was owed may be left.
        for key in running.drain(..) {
            q.finish(&key, Outcome::done(), now, 0.5);
        }
        now += S(100);
        while let Some(key) = q.take(now) {
            owed.remove(&key);
            q.finish(&key, Outcome::done(), now, 0.5);
        }
        prop_assert!(owed.is_empty(), "lost: {:?}", owed);
        prop_assert_eq!(q.waiting(), 0);
    }
}

/// Of two groups one has a hundred keys that never end.
#[test]
fn a_group_whose_keys_do_not_end_leaves_room_for_others() {
    let mut q: Queue<(char, u8), u8, char> =
        Queue::of_groups(8, 6, |key| key.0, |_, _| false, Backoff { first: S(1), most: S(60) });
    (0..100).for_each(|n| q.wake(('a', n), S(0)));
    let taken: Vec<_> = std::iter::from_fn(|| q.take(S(1))).collect();
    assert_eq!((taken.len(), q.waiting()), (6, 94), "a share is kept free for whoever comes");
    assert_eq!((q.has_room(), q.next_due()), (true, None), "and nobody turns in circles meanwhile");
    (0..5).for_each(|n| q.wake(('b', n), S(2)));
    q.wake(('c', 0), S(3));
    assert_eq!((q.take(S(3)), q.take(S(3)), q.take(S(3))), (Some(('b', 0)), Some(('c', 0)), None));
    // What becomes free goes to whoever has least.
    q.finish(&taken[0], Outcome::done(), S(4), 0.0);
    assert_eq!((q.take(S(4)), q.take(S(4))), (Some(('b', 1)), None));
    q.finish(&taken[1], Outcome::retry(), S(4), 0.0);
    assert_eq!(q.take(S(4)), Some(('b', 2)));
    for key in [taken[2], taken[3], taken[4], taken[5], ('b', 0), ('b', 1), ('b', 2), ('c', 0)] {
        q.finish(&key, Outcome::Stalled, S(5), 0.0);
    }
    assert_eq!((q.running(), q.waiting()), (0, 97));
}
