//! Decides which key runs next: one slot a key, one key never runs twice at once; the group with the fewest running comes first, of those
//! with as many the one that was served longest ago, and within it the earliest time, where what presses goes before every other.
//!
//! A plain value without threads, clock or randomness: whoever holds it passes the time in (as a duration since its own
//! start, so that a wall clock that jumps means nothing) and the jitter too. An event may be lost, doubled or late; what
//! the queue promises is that a wake is always followed by a run that begins after it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How long a key that failed waits: twice as long after each failure in a row, never longer than `most`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Backoff {
    /// After the first failure.
    pub first: Duration,
    /// The ceiling.
    pub most: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { first: Duration::from_millis(500), most: Duration::from_secs(300) }
    }
}

impl Backoff {
    /// The wait after `failures` in a row; `jitter` in `0.0..=1.0` spreads it over its upper half.
    pub fn wait(&self, failures: u32, jitter: f64) -> Duration {
        let doubled = self.first.saturating_mul(1u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX));
        let jitter = if jitter.is_finite() { jitter.clamp(0.0, 1.0) } else { 1.0 };
        doubled.min(self.most).mul_f64(0.5 + jitter / 2.0)
    }
}

/// How a run of a key ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome<I> {
    /// All is as it should be.
    Settled {
        /// What was really looked at, where that is newer than what the key was offered with.
        input: Option<I>,
        /// Look again after this long, even if nothing changes.
        again: Option<Duration>,
    },
    /// It failed, and may succeed if repeated.
    Retry {
        /// Not before this long, where whoever failed said so.
        least: Option<Duration>,
    },
    /// It failed, and will fail again until its input changes.
    Stalled,
}

impl<I> Outcome<I> {
    /// Settled, with nothing to add.
    pub fn done() -> Self {
        Self::Settled { input: None, again: None }
    }

    /// Failed, to be repeated after the backoff.
    pub fn retry() -> Self {
        Self::Retry { least: None }
    }
}

#[derive(Debug)]
enum State<I> {
    /// Due at a time; the number keeps first come, first served among equals.
    Waiting { at: Duration, number: u64, presses: bool },
    /// Being worked on.
    Running {
        /// Woken meanwhile.
        again: Option<Duration>,
        /// Offered with another input meanwhile.
        newer: Option<I>,
    },
    /// Settled or stalled.
    Resting,
}

#[derive(Debug)]
struct Slot<I> {
    state: State<I>,
    input: Option<I>,
    failures: u32,
}

/// The queue of keys `K`, each run for an input `I`; the keys of one group `G` take room from each other before they take it from others.
#[derive(Debug)]
pub struct Queue<K, I, G = ()> {
    slots: BTreeMap<K, Slot<I>>,
    groups: BTreeMap<G, Group<K>>,
    group_of: fn(&K) -> G,
    presses: fn(Option<&I>, &I) -> bool,
    next_number: u64,
    next_turn: u64,
    waiting: usize,
    running: usize,
    limit: usize,
    share: usize,
    backoff: Backoff,
}

/// What waits and runs of one group; dropped where that is nothing.
#[derive(Debug)]
struct Group<K> {
    due: BTreeSet<(Duration, u64, K)>,
    /// What somebody waits for.
    pressing: BTreeSet<(Duration, u64, K)>,
    /// Whether the last that was taken pressed: then it is the turn of what does not, so that nothing waits for ever.
    pressed: bool,
    running: usize,
    /// Behind whom it stands in line: whoever is served, or comes anew, goes to its end.
    turn: u64,
}

impl<K: Ord> Group<K> {
    /// When the first is due.
    fn first(&self) -> Option<Duration> {
        [&self.due, &self.pressing].into_iter().filter_map(|places| places.first()).map(|(at, ..)| *at).min()
    }

    /// Takes out whose turn it is of those that are due.
    fn pop(&mut self, now: Duration) -> Option<K> {
        let due = |places: &BTreeSet<(Duration, u64, K)>| places.first().is_some_and(|(at, ..)| *at <= now);
        self.pressed = due(&self.pressing) && !(self.pressed && due(&self.due));
        let places = if self.pressed { &mut self.pressing } else { &mut self.due };
        places.pop_first().map(|(_, _, key)| key)
    }
}

impl<K: Ord + Clone, I: PartialEq + Clone> Queue<K, I> {
    /// An empty queue of one group, of which at most `limit` keys (one at least) run at a time.
    pub fn new(limit: usize, backoff: Backoff) -> Self {
        Self::of_groups(limit, limit, |_| (), |_, _| false, backoff)
    }
}

impl<K: Ord + Clone, I: PartialEq + Clone, G: Ord + Clone> Queue<K, I, G> {
    /// An empty queue of which at most `limit` keys (one at least) run at a time, and at most `share` (one at least) of each group. `presses`
    /// says whether somebody waits for what a new input, in the place of that before, brings about.
    pub fn of_groups(
        limit: usize,
        share: usize,
        group_of: fn(&K) -> G,
        presses: fn(Option<&I>, &I) -> bool,
        backoff: Backoff,
    ) -> Self {
        let (limit, share) = (limit.max(1), share.max(1));
        let (slots, groups) = (BTreeMap::new(), BTreeMap::new());
        Self { slots, groups, group_of, presses, next_number: 0, next_turn: 0, waiting: 0, running: 0, limit, share, backoff }
    }

    /// Runs `key` at `at` or sooner, whatever is known of its input; if it is running, once more after that.
    pub fn wake(&mut self, key: K, at: Duration) {
        match self.slots.get_mut(&key).map(|slot| &mut slot.state) {
            Some(State::Running { again, .. }) => *again = Some(again.map_or(at, |t| t.min(at))),
            Some(State::Waiting { at: standing, .. }) if *standing <= at => {}
            _ => self.put(key, at, false),
        }
    }

    /// Runs `key` now if `input` differs from what it last ran for; otherwise leaves it resting, waiting or backing off.
    /// Says whether it will run because of this.
    pub fn offer(&mut self, key: K, input: I, now: Duration) -> bool {
        let Some(slot) = self.slots.get_mut(&key) else {
            let presses = (self.presses)(None, &input);
            self.slots.insert(key.clone(), Slot { state: State::Resting, input: Some(input), failures: 0 });
            self.put(key, now, presses);
            return true;
        };
        let same = slot.input.as_ref() == Some(&input);
        let presses = (self.presses)(slot.input.as_ref(), &input);
        match &mut slot.state {
            State::Running { newer, .. } => {
                *newer = (!same).then_some(input);
                !same
            }
            _ if same => false,
            State::Waiting { at, .. } => {
                let at = now.min(*at);
                slot.input = Some(input);
                slot.failures = 0;
                self.put(key, at, presses);
                true
            }
            State::Resting => {
                slot.input = Some(input);
                slot.failures = 0;
                self.put(key, now, presses);
                true
            }
        }
    }

    /// Runs `key` now although nothing has changed, if its last run ended well and it is not running; a later time for which it waits is
    /// not waited for.
    pub fn refresh(&mut self, key: &K, now: Duration) {
        let may = |slot: &Slot<I>| {
            let rests = match slot.state {
                State::Resting => true,
                State::Waiting { at, .. } => at > now,
                State::Running { .. } => false,
            };
            rests && slot.failures == 0
        };
        if self.slots.get(key).is_some_and(may) {
            self.put(key.clone(), now, false);
        }
    }

    /// The key that is due and longest so, of the group whose turn it is among those that have the fewest running, now running itself; `None`
    /// if nothing is due or enough is running. So however much waits of one group, another waits for one run of it at most. What presses
    /// goes first, every other time: who pushes waits for one run, and whoever does so all the time keeps nothing else from its turn.
    pub fn take(&mut self, now: Duration) -> Option<K> {
        if !self.has_room() {
            return None;
        }
        let share = self.share;
        let due = |group: &Group<K>| {
            group.first().filter(|at| *at <= now && group.running < share)?;
            Some((group.running, group.turn))
        };
        let group = self.groups.iter().filter_map(|(name, group)| Some((due(group)?, name))).min()?.1.clone();
        let group = self.groups.get_mut(&group)?;
        let key = group.pop(now)?;
        self.waiting = self.waiting.saturating_sub(1);
        let slot = self.slots.get_mut(&key)?;
        slot.state = State::Running { again: None, newer: None };
        group.running += 1;
        group.turn = self.next_turn;
        self.next_turn = self.next_turn.wrapping_add(1);
        self.running += 1;
        Some(key)
    }

    /// A taken key has been worked on. Anything else is ignored. Says whether it was offered with an input meanwhile that the run has not
    /// looked at, so that it runs again for that.
    pub fn finish(&mut self, key: &K, outcome: Outcome<I>, now: Duration, jitter: f64) -> bool {
        let Some(slot) = self.slots.get_mut(key) else { return false };
        if !matches!(slot.state, State::Running { .. }) {
            return false;
        }
        let State::Running { again: woken, newer } = std::mem::replace(&mut slot.state, State::Resting) else { return false };
        self.running = self.running.saturating_sub(1);
        let planned = match outcome {
            Outcome::Settled { input, again } => {
                slot.failures = 0;
                if input.is_some() {
                    slot.input = input;
                }
                again.map(|wait| now.saturating_add(wait))
            }
            Outcome::Retry { least } => {
                slot.failures = slot.failures.saturating_add(1);
                let wait = self.backoff.wait(slot.failures, jitter).max(least.unwrap_or_default());
                Some(now.saturating_add(wait))
            }
            Outcome::Stalled => {
                slot.failures = slot.failures.saturating_add(1);
                None
            }
        };
        let mut presses = false;
        let changed = newer.filter(|newer| slot.input.as_ref() != Some(newer)).map(|newer| {
            presses = (self.presses)(slot.input.as_ref(), &newer);
            slot.input = Some(newer);
            slot.failures = 0;
            now
        });
        if let Some(at) = [planned, woken, changed].into_iter().flatten().min() {
            self.put(key.clone(), at, presses);
        }
        self.in_group(key, |group| group.running = group.running.saturating_sub(1));
        changed.is_some()
    }

    /// Drops what is remembered of a key that rests; one that waits or runs stays.
    pub fn forget(&mut self, key: &K) {
        if self.slots.get(key).is_some_and(|slot| matches!(slot.state, State::Resting)) {
            self.slots.remove(key);
        }
    }

    /// Drops a key with whatever it waits for; one that runs stays until it has ended and is dropped again.
    pub fn drop_key(&mut self, key: &K) {
        match self.slots.get(key).map(|slot| &slot.state) {
            Some(State::Waiting { at, number, .. }) => {
                let place = (*at, *number, key.clone());
                self.unput(key, &place);
            }
            Some(State::Resting) => {}
            Some(State::Running { .. }) | None => return,
        }
        self.slots.remove(key);
    }

    /// When the next waiting key is due of a group that has room for it, whether or not the whole has.
    pub fn next_due(&self) -> Option<Duration> {
        let may = |group: &&Group<K>| group.running < self.share || self.share >= self.limit;
        self.groups.values().filter(may).filter_map(Group::first).min()
    }

    /// Whether another key may start.
    pub fn has_room(&self) -> bool {
        self.running < self.limit
    }

    /// How many keys run.
    pub fn running(&self) -> usize {
        self.running
    }

    /// The keys that run.
    pub fn running_keys(&self) -> impl Iterator<Item = &K> {
        self.slots.iter().filter(|(_, slot)| matches!(slot.state, State::Running { .. })).map(|(key, _)| key)
    }

    /// How many keys wait for their time or for room.
    pub fn waiting(&self) -> usize {
        self.waiting
    }

    /// The keys that it remembers, in order.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.slots.keys()
    }

    /// Lets `key` wait for `at`, in the place of any other time it waited for; what presses does so until it runs.
    fn put(&mut self, key: K, at: Duration, presses: bool) {
        let number = self.next_number;
        self.next_number = self.next_number.wrapping_add(1);
        let slot = self.slots.entry(key.clone()).or_insert(Slot { state: State::Resting, input: None, failures: 0 });
        let presses = presses || matches!(slot.state, State::Waiting { presses: true, .. });
        let before = std::mem::replace(&mut slot.state, State::Waiting { at, number, presses });
        if let State::Waiting { at, number, .. } = before {
            self.unput(&key, &(at, number, key.clone()));
        }
        let group = self.groups.entry((self.group_of)(&key)).or_insert_with(|| {
            let turn = self.next_turn;
            self.next_turn = self.next_turn.wrapping_add(1);
            Group { due: BTreeSet::new(), pressing: BTreeSet::new(), pressed: false, running: 0, turn }
        });
        let places = if presses { &mut group.pressing } else { &mut group.due };
        if places.insert((at, number, key)) {
            self.waiting += 1;
        }
    }

    fn unput(&mut self, key: &K, place: &(Duration, u64, K)) {
        let mut removed = false;
        self.in_group(key, |group| removed = group.due.remove(place) || group.pressing.remove(place));
        if removed {
            self.waiting = self.waiting.saturating_sub(1);
        }
    }

    /// Changes the group of a key, and drops it where nothing of it is left.
    fn in_group(&mut self, key: &K, change: impl FnOnce(&mut Group<K>)) {
        let name = (self.group_of)(key);
        let Some(group) = self.groups.get_mut(&name) else { return };
        change(group);
        if group.due.is_empty() && group.pressing.is_empty() && group.running == 0 {
            self.groups.remove(&name);
        }
    }
}
