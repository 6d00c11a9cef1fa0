//! Which attempts of a repository are under way, so that a receiver that does not answer holds up its own action's runs and no others.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::model::Identifier;

/// An attempt that has gone on for this long is slow. Those that are faster are not counted, however many there are.
const SLOW: Duration = Duration::from_secs(5);
/// The longest that a run rests because others of its action are slow.
const LONGEST_REST: Duration = Duration::from_secs(30);

/// The attempts under way: of which action, and since when. Clones are one.
#[derive(Clone, Default)]
pub(in super::super) struct Crowd(Arc<Mutex<Attempts>>);

#[derive(Default)]
struct Attempts {
    next: u64,
    under_way: BTreeMap<u64, (Identifier, Duration)>,
}

/// An attempt, under way until this is dropped.
pub(super) struct UnderWay {
    crowd: Crowd,
    number: u64,
}

impl Crowd {
    fn attempts(&self) -> MutexGuard<'_, Attempts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins an attempt of an action at `now`; or else how long to rest, where `room` slow ones of it are under way. `by` in `0.0..1.0`
    /// spreads those who rest.
    pub(super) fn begin(&self, action: &Identifier, room: usize, now: Duration, by: f64) -> Result<UnderWay, Duration> {
        if let Some(rest) = self.rest(action, room, now, by) {
            return Err(rest);
        }
        let mut attempts = self.attempts();
        let number = attempts.next;
        attempts.next = number.wrapping_add(1);
        attempts.under_way.insert(number, (action.clone(), now));
        Ok(UnderWay { crowd: self.clone(), number })
    }

    /// How long a run of an action should rest before anything is done for it; `None` where there is room.
    pub(super) fn rest(&self, action: &Identifier, room: usize, now: Duration, by: f64) -> Option<Duration> {
        let slow = |(of, since): &&(Identifier, Duration)| of == action && now.saturating_sub(*since) >= SLOW;
        let crowded = self.attempts().under_way.values().filter(slow).count() >= room.max(1);
        crowded.then(|| LONGEST_REST.mul_f64(0.2 + 0.8 * by.clamp(0.0, 1.0)))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.crowd.attempts().under_way.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_slow_gets_no_more_than_their_room_and_others_are_not_held_up() {
        let (crowd, s) = (Crowd::default(), Duration::from_secs);
        let [slow, other] = ["slow", "other"].map(|name| Identifier::new(name).unwrap());
        let mut held: Vec<_> = (0..6).map(|_| crowd.begin(&slow, 2, s(0), 0.0).ok().unwrap()).collect();
        assert!(crowd.rest(&slow, 2, s(4), 0.5).is_none(), "nobody is slow yet");
        assert!(crowd.begin(&slow, 2, s(5), 0.5).is_err_and(|rest| rest > s(5) && rest < LONGEST_REST));
        assert!(crowd.begin(&other, 2, s(5), 0.5).is_ok());
        held.truncate(1);
        assert!(crowd.begin(&slow, 2, s(60), 0.5).is_ok(), "one that is over makes room");
        assert!(crowd.begin(&slow, 0, s(60), 0.5).is_err(), "there is room for one, whatever the settings say");
    }
}
