//! What a daemon does for GitHub while it runs: leads deliveries to the repositories that they are about, and watches those that are found.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::cli::CommandError;
use crate::cli::daemon::watched;
use crate::config::{Config, Discovered, GithubConfig, RepositoryConfig};
use crate::controller::{SystemClock, Waker};
use crate::forge::github::Github;
use crate::forge::github::delivery::{What, Woken};
use crate::store::Store;

use super::connection::connect;
use super::discover::{Discovery, configured, discover};

/// Between two discoveries that deliveries ask for: a burst of them is one.
const BETWEEN: Duration = Duration::from_secs(30);

/// How many discoveries pass before a repository without a catalog is looked at again, unless a delivery tells of it; up to as many more, so
/// that not all of them are looked at in one.
const ROUNDS: u64 = 6;

/// One daemon's GitHub.
pub(in crate::cli) struct Hub {
    connection: Github,
    github: GithubConfig,
    config: Config,
    store: Arc<dyn Store>,
    known: Mutex<Known>,
    /// The number of the account that we write as, once GitHub has told.
    ourselves: OnceLock<u64>,
    look: Notify,
}

/// Which watched repositories are which of GitHub's.
#[derive(Debug, Default)]
struct Known {
    /// What they are watched as, by `owner/name` in lower case.
    by_name: BTreeMap<String, BTreeSet<String>>,
    /// The same by number, as far as it was ever told: it outlives a rename.
    by_id: BTreeMap<u64, BTreeSet<String>>,
    /// Those that were found, by number: how each is watched.
    found: BTreeMap<u64, RepositoryConfig>,
    /// Those without a catalog, by number: how many discoveries pass them over.
    without: BTreeMap<u64, u64>,
}

impl Known {
    fn add(&mut self, repository: &RepositoryConfig) {
        let Some(github) = &repository.github else { return };
        self.by_name.entry(github.name.to_ascii_lowercase()).or_default().insert(repository.name.clone());
        if let Some(id) = github.id {
            self.by_id.entry(id).or_default().insert(repository.name.clone());
        }
    }

    fn remove(&mut self, name: &str) {
        for names in self.by_name.values_mut().chain(self.by_id.values_mut()) {
            names.remove(name);
        }
        self.by_name.retain(|_, names| !names.is_empty());
        self.by_id.retain(|_, names| !names.is_empty());
    }

    /// The repositories that this discovery passes over.
    fn skip(&mut self) -> BTreeSet<u64> {
        self.without.retain(|_, rounds| {
            *rounds = rounds.saturating_sub(1);
            *rounds > 0
        });
        self.without.keys().copied().collect()
    }

    /// What a repository is watched as; its number is kept in mind for when its name changes.
    fn names(&mut self, id: u64, full_name: &str) -> BTreeSet<String> {
        if let Some(names) = self.by_id.get(&id) {
            return names.clone();
        }
        let mut names = self.by_name.get(&full_name.to_ascii_lowercase()).cloned().unwrap_or_default();
        // Whoever takes a name that has become free is not whom it led to before.
        names.retain(|name| !self.by_id.values().any(|known| known.contains(name)));
        if !names.is_empty() {
            self.by_id.insert(id, names.clone());
        }
        names
    }
}

impl Hub {
    /// The GitHub of a configuration; `None` where it has none.
    pub(in crate::cli) fn open(
        config: &Config,
        clock: &Arc<SystemClock>,
        store: &Arc<dyn Store>,
    ) -> Result<Option<Arc<Self>>, CommandError> {
        let Some(github) = &config.github else { return Ok(None) };
        let mut known = Known::default();
        config.repositories.iter().for_each(|repository| known.add(repository));
        Ok(Some(Arc::new(Self {
            connection: connect(github, clock.clone())?,
            github: github.clone(),
            config: config.clone(),
            store: store.clone(),
            known: Mutex::new(known),
            ourselves: OnceLock::new(),
            look: Notify::new(),
        })))
    }

    /// The connection, shared by all repositories.
    pub(in crate::cli) fn connection(&self) -> &Github {
        &self.connection
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes whom a delivery is about; waits for nothing.
    pub(in crate::cli) fn wake(&self, woken: &Woken, waker: &Waker) {
        let ours = woken.sender.is_some() && woken.sender == self.ourselves.get().copied();
        let Some(repository) = &woken.repository else {
            waker.wake_everything();
            self.look.notify_one();
            return;
        };
        let names = {
            let mut known = self.known();
            known.without.remove(&repository.id);
            known.names(repository.id, &repository.full_name)
        };
        for name in &names {
            match woken.what {
                What::PullRequest(number) => drop(waker.wake_pull_request(name, &number.to_string())),
                // What we post comes back to us, and we know it already.
                What::Repository | What::Standing if ours => {}
                What::Repository => drop(waker.wake_repository(name)),
                What::Standing | What::Everything => drop(waker.recheck_repository(name)),
            }
        }
        if woken.what == What::Everything || names.is_empty() {
            self.look.notify_one();
        }
    }

    /// Runs for as long as the daemon does: finds repositories at the start, at every resync, and when a delivery hints at a change.
    pub(in crate::cli) async fn run(self: Arc<Self>, waker: Waker) {
        if let Some(first) = self.config.repositories.iter().find_map(|repository| repository.github.as_ref()) {
            self.learn_ourselves(&first.name).await;
        }
        let Some(discovered) = self.github.discover.clone() else { return };
        loop {
            self.discover(&discovered, &waker).await;
            tokio::time::sleep(BETWEEN.min(self.config.resync_interval)).await;
            // An error says that nobody hinted: then it is time anyway.
            let _ = tokio::time::timeout(self.config.resync_interval, self.look.notified()).await;
        }
    }

    async fn learn_ourselves(&self, repository: &str) {
        match self.connection.repository(repository).ourselves().await {
            Ok(user) => drop(self.ourselves.set(user.id)),
            Err(error) => tracing::debug!(%error, "GitHub does not say yet who we are"),
        }
    }

    /// Looks once, and watches what is there.
    async fn discover(&self, discovered: &Discovered, waker: &Waker) {
        let skipped = self.known().skip();
        match discover(&self.connection, &skipped).await {
            Ok(discovery) => {
                let without = discovery.without.iter().map(|id| (*id, ROUNDS + id % ROUNDS));
                self.known().without.extend(without);
                for trouble in &discovery.troubles {
                    tracing::warn!(%trouble, "not everything could be looked at for catalogs");
                }
                self.follow(&discovery, discovered, waker);
                if self.ourselves.get().is_none()
                    && let Some(first) = discovery.found.first()
                {
                    self.learn_ourselves(&first.full_name).await;
                }
            }
            Err(error) => tracing::warn!(%error, "the App's installations cannot be listed; what is watched stays watched"),
        }
    }

    fn follow(&self, discovery: &Discovery, discovered: &Discovered, waker: &Waker) {
        let wanted: BTreeMap<u64, RepositoryConfig> = discovery
            .found
            .iter()
            .filter_map(|found| Some((found.id, configured(found, &self.github, discovered, &self.config)?)))
            .collect();
        let standing: Vec<(u64, RepositoryConfig)> = self.known().found.clone().into_iter().collect();
        for (id, repository) in standing {
            let stays = match wanted.get(&id) {
                Some(as_wanted) => *as_wanted == repository,
                // Not seen is not gone.
                None => discovery.incomplete || discovery.unknown.contains(&id),
            };
            if !stays {
                waker.unwatch(&repository.name);
                let mut known = self.known();
                known.remove(&repository.name);
                known.found.remove(&id);
                tracing::info!(repository = %repository.name, "no longer watched: it is gone, renamed, or holds no catalog any more");
            }
        }
        for (id, repository) in wanted {
            if self.known().found.contains_key(&id) {
                continue;
            }
            match watched(&repository, &self.config, &self.store, Some(self)) {
                Ok(opened) => {
                    if waker.watch(opened) {
                        tracing::info!(repository = %repository.name, branch = %repository.branch, "found a catalog: watching");
                    } else {
                        tracing::warn!(repository = %repository.name, "found a catalog, and another repository has its name already");
                        continue;
                    }
                    let mut known = self.known();
                    known.add(&repository);
                    known.found.insert(id, repository);
                }
                Err(error) => tracing::warn!(repository = %repository.name, error = %error.text(false), "cannot be watched"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Answers, ForgeKind, GithubRepository};

    fn repository(name: &str, full_name: &str) -> RepositoryConfig {
        RepositoryConfig {
            name: name.to_owned(),
            named: true,
            path: "/nonexistent".into(),
            remote: None,
            branch: "main".to_owned(),
            root: String::new(),
            forge: ForgeKind::Github,
            github: Some(GithubRepository { name: full_name.to_owned(), id: None, git: "https://github.com".to_owned() }),
            answers: Answers::default(),
        }
    }

    #[test]
    fn a_renamed_repository_is_still_known_by_its_number() {
        let mut known = Known::default();
        known.add(&repository("catalog", "Acme/Catalog"));
        assert_eq!(known.names(7, "acme/catalog"), ["catalog".to_owned()].into());
        assert_eq!(known.names(7, "acme/software-catalog"), ["catalog".to_owned()].into());
        assert!(known.names(8, "acme/other").is_empty());
    }

    #[test]
    fn whoever_takes_a_name_that_became_free_wakes_nobody() {
        let mut known = Known::default();
        known.add(&repository("catalog", "acme/catalog"));
        assert_eq!(known.names(7, "acme/catalog").len(), 1);
        assert!(known.names(8, "acme/catalog").is_empty());
    }

    #[test]
    fn one_repository_may_be_watched_twice_and_be_forgotten_once() {
        let mut known = Known::default();
        known.add(&repository("one", "acme/catalog"));
        known.add(&repository("two", "acme/catalog"));
        assert_eq!(known.names(7, "acme/catalog").len(), 2);
        known.remove("one");
        assert_eq!(known.names(7, "acme/catalog"), ["two".to_owned()].into());
    }
}
