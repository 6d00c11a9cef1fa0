//! How fast we write: GitHub takes eighty writes a minute from one account, and five hundred an hour of those that people hear of.

use std::collections::VecDeque;
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
/// Writes a minute.
const A_MINUTE: usize = 80;
/// Writes an hour that people hear of: comments, review requests, merges. Statuses and check runs tell nobody.
const AN_HOUR: usize = 500;
/// What GitHub asks for between two writes, and what we keep to once it has complained.
const APART: Duration = Duration::from_secs(1);
/// How long a complaint is remembered.
const REMEMBERED: Duration = Duration::from_secs(10 * 60);

/// When an account has written. Times are since the clock's start.
#[derive(Clone, Debug, Default)]
pub(super) struct Pacer {
    minute: VecDeque<Duration>,
    hour: VecDeque<Duration>,
    careful_until: Duration,
}

impl Pacer {
    /// Takes a place for one write.
    ///
    /// # Errors
    /// How long until there is one; none is taken.
    pub(super) fn ask(&mut self, heard: bool, now: Duration) -> Result<(), Duration> {
        forget(&mut self.minute, MINUTE, now);
        forget(&mut self.hour, HOUR, now);
        let until = |times: &VecDeque<Duration>, most: usize, window: Duration| {
            let oldest = (times.len() >= most).then(|| times.front().copied()).flatten()?;
            Some(oldest.saturating_add(window).saturating_sub(now))
        };
        let last = self.minute.back().filter(|_| now < self.careful_until);
        let apart = last.map(|last| last.saturating_add(APART).saturating_sub(now)).filter(|wait| !wait.is_zero());
        let hour = if heard { until(&self.hour, AN_HOUR, HOUR) } else { None };
        if let Some(wait) = [until(&self.minute, A_MINUTE, MINUTE), hour, apart].into_iter().flatten().max() {
            return Err(wait);
        }
        self.minute.push_back(now);
        if heard {
            self.hour.push_back(now);
        }
        Ok(())
    }

    /// GitHub has complained about the way we ask.
    pub(super) fn beware(&mut self, now: Duration) {
        self.careful_until = now.saturating_add(REMEMBERED);
    }
}

fn forget(times: &mut VecDeque<Duration>, window: Duration, now: Duration) {
    while times.front().is_some_and(|oldest| oldest.saturating_add(window) <= now) {
        times.pop_front();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn eighty_writes_fit_into_a_minute() {
        let mut pacer = Pacer::default();
        for i in 0..80 {
            assert_eq!(pacer.ask(false, Duration::from_millis(100 * i)), Ok(()));
        }
        assert_eq!(pacer.ask(false, seconds(20)), Err(seconds(40)));
        assert_eq!(pacer.ask(false, seconds(60)), Ok(()), "the first is a minute old");
        assert_eq!(pacer.ask(false, seconds(60)), Err(Duration::from_millis(100)));
    }

    #[test]
    fn five_hundred_that_people_hear_of_fit_into_an_hour() {
        let mut pacer = Pacer::default();
        for i in 0..500 {
            assert_eq!(pacer.ask(true, seconds(i)), Ok(()));
        }
        assert_eq!(pacer.ask(true, seconds(600)), Err(seconds(3000)));
        assert_eq!(pacer.ask(false, seconds(600)), Ok(()), "a status tells nobody");
        assert_eq!(pacer.ask(true, seconds(3600)), Ok(()));
    }

    #[test]
    fn after_a_complaint_writes_are_a_second_apart() {
        let mut pacer = Pacer::default();
        assert_eq!(pacer.ask(false, seconds(0)), Ok(()));
        assert_eq!(pacer.ask(false, seconds(0)), Ok(()));
        pacer.beware(seconds(0));
        assert_eq!(pacer.ask(false, Duration::from_millis(400)), Err(Duration::from_millis(600)));
        assert_eq!(pacer.ask(false, seconds(1)), Ok(()));
        assert_eq!(pacer.ask(false, seconds(600)), Ok(()));
        assert_eq!(pacer.ask(false, seconds(600)), Ok(()), "forgotten");
    }
}
