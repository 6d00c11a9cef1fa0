//! How much of the hour's quota may be spent on what: a part is kept for writes, and for what somebody waits for.

use std::time::Duration;

use super::limits::{Limit, Rate};

/// The part of the quota that is kept, as a divisor: a tenth.
const RESERVED: u64 = 10;
/// The window in which GitHub counts.
const WINDOW: Duration = Duration::from_secs(60 * 60);
/// No poll is stretched by more.
const SLOWEST: f64 = 20.0;

/// What a request is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Purpose {
    /// It changes something; `heard` where people are told of it.
    Write {
        /// A comment, a review request, a merge.
        heard: bool,
    },
    /// Somebody waits for what is read.
    Awaited,
    /// A look whether something was missed. It can wait.
    Resync,
}

/// What is known of one quota. Times are since the clock's start.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Budget {
    known: Option<Known>,
    closed_until: Option<Duration>,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    limit: u64,
    remaining: u64,
    resets_at: Duration,
}

impl Budget {
    /// Takes what an answer says. Answers overtake each other: within one window, the lowest counts.
    pub(super) fn note(&mut self, rate: Rate, now: Duration) {
        let resets_at = now.saturating_add(rate.resets_in);
        let same_window = |known: &Known| known.resets_at.abs_diff(resets_at) < Duration::from_secs(30) && now < known.resets_at;
        let remaining = self.known.filter(same_window).map_or(rate.remaining, |known| known.remaining.min(rate.remaining));
        if self.known.is_some_and(|known| now < known.resets_at && resets_at + Duration::from_secs(30) < known.resets_at) {
            return; // an answer of the window before, late
        }
        self.known = Some(Known { limit: rate.limit, remaining, resets_at });
    }

    /// We were turned away: nothing is asked until the wait is over. Asking on is what gets an integration banned.
    pub(super) fn close(&mut self, limit: Limit, now: Duration) {
        let until = now.saturating_add(limit.wait);
        self.closed_until = Some(self.closed_until.map_or(until, |known| known.max(until)));
    }

    /// Whether a request may be sent now.
    ///
    /// A resync may be sent into the upper half of the reserve where it is conditional: most of those cost nothing.
    ///
    /// # Errors
    /// How long it should wait.
    pub(super) fn admit(&self, purpose: Purpose, conditional: bool, now: Duration) -> Result<(), Duration> {
        if let Some(wait) = self.closed_until.and_then(|until| until.checked_sub(now)).filter(|wait| !wait.is_zero()) {
            return Err(wait);
        }
        let Some(known) = self.known.filter(|known| now < known.resets_at) else { return Ok(()) };
        let kept = match purpose {
            Purpose::Resync if conditional => known.reserve() / 2,
            Purpose::Resync => known.reserve(),
            Purpose::Awaited | Purpose::Write { .. } => 0,
        };
        if known.remaining > kept { Ok(()) } else { Err(known.resets_at.saturating_sub(now)) }
    }

    /// By how much polls should be stretched, from 1: what is left above the reserve is to last until the window ends.
    pub(super) fn slow_down(&self, now: Duration) -> f64 {
        if self.closed_until.is_some_and(|until| now < until) {
            return SLOWEST;
        }
        let Some(known) = self.known.filter(|known| now < known.resets_at) else { return 1.0 };
        let time_left = known.resets_at.saturating_sub(now).as_secs_f64() / WINDOW.as_secs_f64();
        let spendable = known.limit.saturating_sub(known.reserve()).max(1);
        let left = known.remaining.saturating_sub(known.reserve());
        let quota_left = (left.min(u64::from(u32::MAX)) as f64) / (spendable as f64);
        if quota_left <= time_left / SLOWEST { SLOWEST } else { (time_left / quota_left).clamp(1.0, SLOWEST) }
    }
}

impl Known {
    fn reserve(&self) -> u64 {
        self.limit / RESERVED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRITE: Purpose = Purpose::Write { heard: false };

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn told(remaining: u64, resets_in: u64, now: u64) -> Budget {
        let mut budget = Budget::default();
        budget.note(Rate { limit: 5000, remaining, resets_in: seconds(resets_in) }, seconds(now));
        budget
    }

    #[test]
    fn unknown_quota_is_spent() {
        assert_eq!(Budget::default().admit(Purpose::Resync, false, seconds(0)), Ok(()));
        assert!((Budget::default().slow_down(seconds(0)) - 1.0).abs() < 0.01);
    }

    #[test]
    fn the_reserve_is_kept_for_writes_and_for_people() {
        let at_reserve = told(500, 1800, 100);
        assert_eq!(at_reserve.admit(Purpose::Resync, false, seconds(100)), Err(seconds(1800)));
        assert_eq!(at_reserve.admit(Purpose::Resync, true, seconds(100)), Ok(()));
        assert_eq!(at_reserve.admit(Purpose::Awaited, false, seconds(100)), Ok(()));
        assert_eq!(at_reserve.admit(WRITE, false, seconds(100)), Ok(()));
        assert_eq!(told(501, 1800, 100).admit(Purpose::Resync, false, seconds(100)), Ok(()));
        assert_eq!(told(250, 1800, 100).admit(Purpose::Resync, true, seconds(100)), Err(seconds(1800)));
    }

    #[test]
    fn nothing_is_asked_of_an_empty_quota_until_it_is_whole_again() {
        let empty = told(0, 600, 100);
        assert_eq!(empty.admit(WRITE, false, seconds(400)), Err(seconds(300)));
        assert_eq!(empty.admit(WRITE, false, seconds(700)), Ok(()));
    }

    #[test]
    fn answers_that_overtake_each_other_count_once() {
        let mut budget = told(400, 600, 100);
        budget.note(Rate { limit: 5000, remaining: 4000, resets_in: seconds(599) }, seconds(101));
        assert_eq!(budget.admit(Purpose::Resync, false, seconds(101)), Err(seconds(599)));
        budget.note(Rate { limit: 5000, remaining: 4999, resets_in: seconds(3600) }, seconds(701));
        assert_eq!(budget.admit(Purpose::Resync, false, seconds(701)), Ok(()));
        budget.note(Rate { limit: 5000, remaining: 0, resets_in: seconds(1) }, seconds(702));
        assert_eq!(budget.admit(Purpose::Resync, false, seconds(702)), Ok(()), "late, of the window before");
    }

    #[test]
    fn who_is_turned_away_waits() {
        let mut budget = told(4000, 3600, 0);
        budget.close(Limit { wait: seconds(60), secondary: true }, seconds(0));
        budget.close(Limit { wait: seconds(5), secondary: true }, seconds(0));
        assert_eq!(budget.admit(WRITE, false, seconds(20)), Err(seconds(40)));
        assert_eq!(budget.admit(WRITE, false, seconds(60)), Ok(()));
        assert!((budget.slow_down(seconds(20)) - SLOWEST).abs() < 0.01);
    }

    #[test]
    fn polls_slow_down_when_quota_runs_short() {
        let factor = |remaining, resets_in| told(remaining, resets_in, 0).slow_down(seconds(0));
        assert!((factor(5000, 3600) - 1.0).abs() < 0.01, "whole");
        assert!((factor(2750, 1800) - 1.0).abs() < 0.01, "half the quota, half the time");
        assert!((factor(1400, 3600) - 5.0).abs() < 0.01, "a fifth of the quota, all the time");
        assert!((factor(500, 1800) - SLOWEST).abs() < 0.01 && (factor(0, 1800) - SLOWEST).abs() < 0.01, "the reserve alone");
    }
}
