//! When the change was seen that a thing is reconciled for, and when its verdict was there: what the latencies of the metrics are counted from.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Thing;

/// What was seen and is not answered yet. A change that comes while its thing is being worked on waits for the next run, as its
/// judgement does, so that each is counted from the moment at which it was seen and none twice.
#[derive(Debug, Default)]
pub(super) struct Sightings(Mutex<Inside>);

#[derive(Debug, Default)]
struct Inside {
    seen: BTreeMap<Thing, Duration>,
    under_way: BTreeMap<Thing, UnderWay>,
}

#[derive(Clone, Copy, Debug)]
struct UnderWay {
    seen: Option<Duration>,
    verdict: Option<Duration>,
}

/// How long the ways of an answer took that has been posted; `None` where nobody knows when they began.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Took {
    /// Since the change was seen.
    pub(super) whole: Option<Duration>,
    /// Since its verdict.
    pub(super) posting: Option<Duration>,
}

impl Sightings {
    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A change of a thing was seen, if none that waits was seen before it.
    pub(super) fn saw(&self, thing: &Thing, at: Duration) {
        let mut inside = self.inside();
        // A key is made only where it is new.
        if !inside.seen.contains_key(thing) {
            inside.seen.insert(thing.clone(), at);
        }
    }

    /// A thing is worked on now, for what was seen of it until now. Says when that was.
    pub(super) fn begin(&self, thing: &Thing) -> Option<Duration> {
        let mut inside = self.inside();
        let seen = inside.seen.remove(thing);
        inside.under_way.insert(thing.clone(), UnderWay { seen, verdict: None });
        seen
    }

    /// It has its verdict. Says how long after the change was seen, for a change that was.
    pub(super) fn judged(&self, thing: &Thing, now: Duration) -> Option<Duration> {
        let mut inside = self.inside();
        let under_way = inside.under_way.get_mut(thing)?;
        under_way.verdict = Some(now);
        Some(now.saturating_sub(under_way.seen?))
    }

    /// What follows from it is posted, or stands there already: what is posted later in the same run is no answer to the change.
    pub(super) fn posted(&self, thing: &Thing, now: Duration) -> Took {
        let mut inside = self.inside();
        let Some(under_way) = inside.under_way.get_mut(thing) else { return Took::default() };
        let taken = std::mem::replace(under_way, UnderWay { seen: None, verdict: None });
        let since = |at: Duration| now.saturating_sub(at);
        Took { whole: taken.seen.map(since), posting: taken.verdict.map(since) }
    }

    /// The work on it has ended. What was not answered is still waited for where it is `tried_again`; what was seen meanwhile only
    /// where it is `run_again`, for otherwise it was looked at already.
    pub(super) fn end(&self, thing: &Thing, tried_again: bool, run_again: bool) {
        let mut inside = self.inside();
        let before = inside.under_way.remove(thing).and_then(|under_way| under_way.seen).filter(|_| tried_again);
        let meanwhile = inside.seen.remove(thing).filter(|_| tried_again || run_again);
        if let Some(at) = [before, meanwhile].into_iter().flatten().min() {
            inside.seen.insert(thing.clone(), at);
        }
    }

    /// What is remembered of a thing that is gone.
    pub(super) fn forget(&self, thing: &Thing) {
        self.inside().seen.remove(thing);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    fn took(whole: u64, posting: u64) -> Took {
        Took { whole: Some(MS(whole)), posting: Some(MS(posting)) }
    }

    #[test]
    fn the_first_of_many_pushes_counts_and_each_is_answered_once() {
        let (sightings, thing) = (Sightings::default(), Thing::PullRequest("7".to_owned()));
        [10, 20, 30].iter().for_each(|at| sightings.saw(&thing, MS(*at)));
        assert_eq!(sightings.begin(&thing), Some(MS(10)));
        assert_eq!(sightings.judged(&thing, MS(40)), Some(MS(30)));
        assert_eq!(sightings.posted(&thing, MS(45)), took(35, 5));
        assert_eq!(sightings.posted(&thing, MS(90)), Took::default(), "once");
        sightings.end(&thing, false, false);
        assert_eq!(sightings.begin(&thing), None, "and nothing waits");
        assert_eq!((sightings.judged(&thing, MS(99)), sightings.posted(&thing, MS(100)).whole), (None, None));
    }

    #[test]
    fn what_is_seen_during_a_run_counts_for_the_next_if_there_is_one_because_of_it() {
        let (sightings, thing) = (Sightings::default(), Thing::Branch);
        sightings.saw(&thing, MS(10));
        sightings.begin(&thing);
        sightings.saw(&thing, MS(20));
        assert_eq!(sightings.posted(&thing, MS(30)).whole, Some(MS(20)));
        sightings.end(&thing, false, true);
        assert_eq!(sightings.begin(&thing), Some(MS(20)));
        sightings.saw(&thing, MS(50));
        sightings.end(&thing, false, false);
        assert_eq!(sightings.begin(&thing), None, "the run had looked at it already");
    }

    #[test]
    fn what_failed_counts_from_when_it_was_first_seen() {
        let (sightings, thing) = (Sightings::default(), Thing::Branch);
        sightings.saw(&thing, MS(10));
        sightings.begin(&thing);
        sightings.saw(&thing, MS(20));
        sightings.end(&thing, true, false);
        assert_eq!(sightings.begin(&thing), Some(MS(10)));
        sightings.end(&thing, true, false);
        sightings.forget(&thing);
        assert_eq!(sightings.begin(&thing), None);
    }
}
