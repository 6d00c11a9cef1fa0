//! Whether the daemon is ready, and if not, why.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// What stands against being ready, by repository or `store`. Starts with every repository's first sweep outstanding.
#[derive(Debug, Default)]
pub struct Health {
    against: Mutex<BTreeMap<(String, &'static str), String>>,
    changed: tokio::sync::Notify,
}

impl Health {
    /// Nothing has been swept yet.
    pub(super) fn waiting_for<'a>(repositories: impl Iterator<Item = &'a str>) -> Self {
        let health = Self::default();
        repositories.for_each(|name| health.wait_for(name));
        health
    }

    /// One more repository has not been swept yet.
    pub(super) fn wait_for(&self, name: &str) {
        for (what, why) in [("sweep", "has not been looked at yet"), ("accepted", "no revision is known to be accepted yet")] {
            self.set(name, what, Some(why.to_owned()));
        }
    }

    /// A repository is watched no longer, and stands against nothing.
    pub(super) fn forget(&self, repository: &str) {
        self.against.lock().unwrap_or_else(PoisonError::into_inner).retain(|(name, _), _| name != repository);
        self.changed.notify_waiters();
    }

    /// Notes that `what` stands against being ready, or with `None` that it does not any more.
    pub(crate) fn set(&self, repository: &str, what: &'static str, why: Option<String>) {
        let mut against = self.against.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (repository.to_owned(), what);
        match why {
            Some(why) => against.insert(key, why),
            None => against.remove(&key),
        };
        self.changed.notify_waiters();
    }

    /// One line for each reason not to be ready; none when ready.
    pub fn reasons(&self) -> Vec<String> {
        let against = self.against.lock().unwrap_or_else(PoisonError::into_inner);
        against.iter().map(|((repository, _), why)| format!("{repository}: {why}")).collect()
    }

    /// Waits until it is ready.
    pub async fn ready(&self) {
        loop {
            let changed = self.changed.notified();
            if self.is_ready() {
                return;
            }
            changed.await;
        }
    }

    /// Whether every repository has been swept, has an accepted revision, and the store takes writes.
    pub fn is_ready(&self) -> bool {
        self.against.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }
}
