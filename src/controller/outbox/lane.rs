//! Decides whether a channel is tried at all: one that keeps failing rests, and one that hangs takes no more than its share.
//!
//! A plain value without clock: times are passed in, as durations since the start.

use std::collections::BTreeMap;
use std::time::Duration;

/// Messages of one lane that are under way at a time.
const MOST_UNDER_WAY: usize = 8;
/// Messages of one lane that are taken out of the outbox at a time. A lane with room for fewer is left alone until more have ended, so that
/// none is taken out only to be put back.
pub(super) const TOGETHER: usize = 4;
/// Failures in a row after which a lane rests.
const PATIENCE: u32 = 3;
/// The first rest of a lane that keeps failing; each later one is twice as long.
const FIRST_REST: Duration = Duration::from_secs(5);
/// The longest rest, unless the receiver asks for more.
const LONGEST_REST: Duration = Duration::from_secs(60);
/// How long a message waits for a lane that is full.
const FULL: Duration = Duration::from_secs(2);
/// Lanes that are remembered: names come from catalogs, and a flood of them ends.
const MOST_LANES: usize = 1_000;

/// How an attempt ended, for its lane.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ended {
    /// The receiver took it, or refused this message alone.
    Answered,
    /// The receiver is not at its best, and may have asked for some time.
    Failed(Option<Duration>),
}

/// The lanes.
#[derive(Debug, Default)]
pub(super) struct Lanes(BTreeMap<String, Lane>);

#[derive(Debug, Default)]
struct Lane {
    under_way: usize,
    failures: u32,
    rests_until: Duration,
}

impl Lane {
    /// After a rest one message tries whether the receiver is back.
    fn most(&self) -> usize {
        if self.failures >= PATIENCE { 1 } else { MOST_UNDER_WAY }
    }
}

impl Lanes {
    /// The lanes that have no room for more now.
    pub(super) fn without_room(&self, now: Duration) -> Vec<String> {
        let full = |lane: &Lane| lane.rests_until > now || lane.under_way + TOGETHER > lane.most();
        let waits = |lane: &Lane| lane.under_way > 0 || lane.rests_until > now;
        self.0.iter().filter(|(_, lane)| waits(lane) && full(lane)).map(|(name, _)| name.clone()).collect()
    }

    /// Begins an attempt.
    ///
    /// # Errors
    /// How long the message had better wait.
    pub(super) fn begin(&mut self, lane: &str, now: Duration) -> Result<(), Duration> {
        if self.0.len() >= MOST_LANES {
            self.0.retain(|_, lane| lane.under_way > 0 || lane.rests_until > now);
        }
        let lane = self.0.entry(lane.to_owned()).or_default();
        if lane.rests_until > now {
            return Err(lane.rests_until - now);
        }
        if lane.under_way >= lane.most() {
            return Err(FULL);
        }
        lane.under_way += 1;
        Ok(())
    }

    /// Ends an attempt.
    pub(super) fn end(&mut self, lane: &str, ended: Ended, now: Duration) {
        let Some(lane) = self.0.get_mut(lane) else { return };
        lane.under_way = lane.under_way.saturating_sub(1);
        match ended {
            Ended::Answered => (lane.failures, lane.rests_until) = (0, Duration::ZERO),
            Ended::Failed(after) => {
                lane.failures = lane.failures.saturating_add(1);
                let tired = lane.failures.checked_sub(PATIENCE);
                let own = tired.map_or(Duration::ZERO, |times| FIRST_REST.saturating_mul(1 << times.min(8)).min(LONGEST_REST));
                lane.rests_until = lane.rests_until.max(now.saturating_add(own.max(after.unwrap_or_default())));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_receiver_that_asks_for_time_is_given_it() {
        let mut lanes = Lanes::default();
        lanes.begin("slack", s(0)).unwrap();
        lanes.end("slack", Ended::Failed(Some(s(30))), s(1));
        assert_eq!(lanes.begin("slack", s(2)), Err(s(29)));
        assert_eq!(lanes.begin("mail", s(2)), Ok(()), "nobody else has to wait");
        assert_eq!(lanes.begin("slack", s(31)), Ok(()));
    }

    #[test]
    fn a_lane_that_keeps_failing_rests_longer_and_is_tried_by_one() {
        let mut lanes = Lanes::default();
        for _ in 0..3 {
            lanes.begin("hook", s(0)).unwrap();
            lanes.end("hook", Ended::Failed(None), s(0));
        }
        assert_eq!(lanes.begin("hook", s(0)), Err(s(5)));
        assert_eq!(lanes.begin("hook", s(5)), Ok(()));
        assert_eq!(lanes.begin("hook", s(5)), Err(FULL));
        lanes.end("hook", Ended::Failed(None), s(6));
        assert_eq!(lanes.begin("hook", s(6)), Err(s(10)));
        assert_eq!(lanes.begin("hook", s(16)), Ok(()));
        lanes.end("hook", Ended::Answered, s(17));
        for _ in 0..MOST_UNDER_WAY {
            assert_eq!(lanes.begin("hook", s(17)), Ok(()));
        }
        assert_eq!(lanes.begin("hook", s(17)), Err(FULL), "one that hangs takes its share alone");
    }

    #[test]
    fn what_has_no_room_is_not_taken_out() {
        let mut lanes = Lanes::default();
        let none: [&str; 0] = [];
        assert_eq!(lanes.without_room(s(0)), none);
        for _ in 0..4 {
            lanes.begin("hook", s(0)).unwrap();
        }
        assert_eq!(lanes.without_room(s(0)), none, "there is room for four more");
        lanes.begin("hook", s(0)).unwrap();
        assert_eq!(lanes.without_room(s(0)), ["hook"]);
        for _ in 0..3 {
            lanes.end("hook", Ended::Failed(None), s(0));
        }
        assert_eq!(lanes.without_room(s(1)), ["hook"], "it rests");
        assert_eq!(lanes.without_room(s(5)), ["hook"], "and two are under way where one is to try");
        lanes.end("hook", Ended::Failed(None), s(0));
        lanes.end("hook", Ended::Failed(None), s(0));
        assert_eq!(lanes.without_room(s(60)), none);
    }

    #[test]
    fn a_flood_of_names_ends() {
        let mut lanes = Lanes::default();
        for number in 0..5_000 {
            let name = format!("lane-{number}");
            lanes.begin(&name, s(0)).unwrap();
            lanes.end(&name, Ended::Answered, s(0));
        }
        assert!(lanes.0.len() <= MOST_LANES);
    }
}
