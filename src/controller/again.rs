//! When a thing is looked at once more although nothing woke it: facts that are still on their way, and doubts about what stands on the forge.

use std::sync::PoisonError;
use std::time::Duration;

use notify::RecommendedWatcher;

use super::Thing;
use super::parts::Repository;

/// After how many seconds a forge is asked again that may still have more to tell; then it is left to the resync.
const LOOKS: [u64; 5] = [5, 15, 60, 120, 300];

impl Repository {
    /// When to look again at something whose facts are, or are not, still on their way.
    pub(super) fn look_again(&self, thing: &Thing, pending: bool) -> Option<Duration> {
        let mut looks = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
        if !pending {
            looks.remove(thing);
            return None;
        }
        let count = looks.entry(thing.clone()).or_default();
        let wait = LOOKS.get(*count).copied().map(Duration::from_secs);
        *count = count.saturating_add(1);
        wait
    }

    /// What was published for a thing may not stand there any more.
    pub(super) fn distrust(&self, thing: Thing) {
        self.distrusted.lock().unwrap_or_else(PoisonError::into_inner).insert(thing);
    }

    /// Whether what was published for a thing may not stand there any more.
    pub(super) fn distrusts(&self, thing: &Thing) -> bool {
        self.distrusted.lock().unwrap_or_else(PoisonError::into_inner).contains(thing)
    }

    /// It was looked at again.
    pub(super) fn trust(&self, thing: &Thing) {
        self.distrusted.lock().unwrap_or_else(PoisonError::into_inner).remove(thing);
    }

    /// The next look is at every open pull request.
    pub(super) fn resync_at_next_look(&self) {
        *self.resynced.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Whether it is time to look at every open pull request; says so once an interval.
    pub(super) fn is_time_to_resync(&self, now: Duration, interval: Duration) -> bool {
        let mut resynced = self.resynced.lock().unwrap_or_else(PoisonError::into_inner);
        let due = resynced.is_none_or(|at| now.saturating_sub(at) >= interval);
        if due {
            *resynced = Some(now);
        }
        due
    }

    /// Whether the refs are watched.
    pub(super) fn is_watching(&self) -> bool {
        self.watcher.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Starts watching the refs by `start`, unless they are watched.
    pub(super) fn watch_with(&self, start: impl FnOnce() -> Option<RecommendedWatcher>) {
        let mut watcher = self.watcher.lock().unwrap_or_else(PoisonError::into_inner);
        if watcher.is_none() {
            *watcher = start();
        }
    }

    /// Watches the refs no longer.
    pub(super) fn stop_watching(&self) {
        let watcher = self.watcher.lock().unwrap_or_else(PoisonError::into_inner).take();
        // Its thread may be waking us at this moment; it must not be waited for with the lock held.
        drop(watcher);
    }

    /// What is remembered of a thing that is gone.
    pub(super) fn forget_thing(&self, thing: &Thing) {
        self.trust(thing);
        self.looks.lock().unwrap_or_else(PoisonError::into_inner).remove(thing);
        self.sightings.forget(thing);
    }
}

#[cfg(test)]
mod tests {
    use super::super::story_tests::Story;
    use super::*;

    #[tokio::test]
    async fn the_forge_is_asked_again_later_and_later_and_at_last_not_at_all() {
        let story = Story::new();
        let repository = Repository::new(story.watched(&story.path(), None, &story.store().await));
        let thing = Thing::PullRequest("7".to_owned());
        let waits: Vec<_> = (0..6).map(|_| repository.look_again(&thing, true).map(|wait| wait.as_secs())).collect();
        assert_eq!(waits, [Some(5), Some(15), Some(60), Some(120), Some(300), None]);
        assert_eq!(repository.look_again(&thing, false), None);
        assert_eq!(repository.look_again(&thing, true), Some(Duration::from_secs(5)), "and it starts afresh");
    }

    #[tokio::test]
    async fn every_open_pull_request_is_looked_at_once_an_interval() {
        let story = Story::new();
        let repository = Repository::new(story.watched(&story.path(), None, &story.store().await));
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
        let due = |at| repository.is_time_to_resync(minutes(at), minutes(10));
        assert_eq!([0, 1, 9, 10, 11, 20].map(due), [true, false, false, true, false, true]);
        repository.resync_at_next_look();
        assert!(due(21));
    }
}
