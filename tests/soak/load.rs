//! Pushes that wait for their answers, and how long each has waited.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use git2::Oid;

use crate::daemon::{Daemon, PATIENCE};
use crate::repository::Repository;

/// Who waits for what in one repository.
#[derive(Default)]
pub struct Waiting {
    notes: Option<Oid>,
    /// The pushes to each pull request that nobody has answered yet, oldest first.
    pushes: BTreeMap<usize, Vec<(Instant, Oid)>>,
    /// How long each push has waited until it, or one that was pushed over it, was answered.
    pub took: Vec<Duration>,
}

impl Waiting {
    pub fn pushed(&mut self, number: usize, head: Oid) {
        self.pushes.entry(number).or_default().push((Instant::now(), head));
    }

    /// Looks whether anything has been said.
    pub fn look(&mut self, repository: &Repository) {
        let notes = repository.notes();
        if notes == self.notes {
            return;
        }
        self.notes = notes;
        let now = Instant::now();
        for pushes in self.pushes.values_mut() {
            if let Some(last) = pushes.iter().rposition(|(_, head)| repository.is_answered(*head)) {
                self.took.extend(pushes.drain(..=last).map(|(at, _)| now - at));
            }
        }
        self.pushes.retain(|_, pushes| !pushes.is_empty());
    }

    /// Waits until nobody waits.
    pub fn settle(&mut self, repository: &Repository, daemon: &mut Daemon) {
        let until = Instant::now() + PATIENCE;
        while !self.pushes.is_empty() {
            self.look(repository);
            daemon.hear(Duration::from_millis(2));
            assert!(Instant::now() < until, "{:?} of {} wait; {}", self.pushes, repository.name, daemon.said());
        }
    }

    /// How long so many of a hundred have waited at most.
    pub fn quantile(&self, percent: usize) -> Duration {
        let mut took = self.took.clone();
        took.sort();
        took.get(took.len().saturating_sub(1) * percent / 100).copied().unwrap_or_default()
    }
}

/// Waits until a repository is as it is to be: its branch accepted, and every pull request judged against that.
pub fn rest(repositories: &[&Repository], daemon: &mut Daemon) {
    let until = Instant::now() + PATIENCE;
    loop {
        daemon.hear_all();
        let metrics = daemon.metrics();
        let accepted = |one: &&&Repository| {
            metrics.sum("portcullis_accepted_revision", &[&one.main().to_string(), &format!(r#"repository="{}""#, one.name)]) == 1
        };
        // Between two looks a sweep waits for its time, one of each repository; all else is work.
        let idle = metrics.sum("portcullis_queue_running", &[]) == 0
            && metrics.sum("portcullis_queue_depth", &[]) <= repositories.len() as u64;
        let waiting = repositories.iter().filter(|one| !accepted(one)).count();
        if idle && waiting == 0 && repositories.iter().all(|one| one.heads.values().all(|(head, _)| one.is_answered(*head))) {
            return;
        }
        assert!(Instant::now() < until, "it does not come to rest: {}", daemon.said());
        daemon.hear(Duration::from_millis(20));
    }
}
