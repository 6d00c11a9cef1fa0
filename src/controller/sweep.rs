//! Looks at a repository as a whole and finds out which of its things must be reconciled; events only bring this about sooner.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};

use crate::model::CommitId;

use super::parts::Repository;
use super::{Input, Key, Outcome, Shared, Thing, Trouble};

/// Where the forge that is git itself keeps reviews.
const REVIEW_REFS: [&str; 2] = ["refs/notes/devtools/reviews", "refs/notes/devtools/discuss"];

impl Shared {
    /// One look at a repository. A fetch that fails does not keep what is here already from being judged.
    pub(super) async fn sweep(self: &Arc<Self>, repository: &Arc<Repository>) -> Result<Outcome<Input>, Trouble> {
        let seen = self.clock.elapsed();
        let fetched = self.fetch(repository).await;
        let world = self.world(repository).await?;
        self.offer(repository, Thing::Branch, world.branch(), seen);

        let open = repository.watched.forge.open_pull_requests().await?;
        self.metrics.open(&repository.name, open.len());
        let mut tracked = self.tracked(repository).await?;
        let ids: BTreeSet<String> = open.iter().map(|pull_request| pull_request.id.clone()).collect();
        if world.accepted.is_some() {
            for pull_request in open {
                let input = Input { head: Some(pull_request.head), ..world.pull_request(true) };
                self.offer(repository, Thing::PullRequest(pull_request.id), input, seen);
            }
            // What is no longer open is looked at once more, so that its runs are cancelled, and then forgotten.
            for gone in tracked.difference(&ids) {
                self.offer(repository, Thing::PullRequest(gone.clone()), world.pull_request(false), seen);
            }
            self.forget_gone(repository, &ids);
            tracked = ids;
        } else {
            tracked.extend(ids);
        }
        *repository.tracked.lock().unwrap_or_else(PoisonError::into_inner) = Some(tracked);
        self.prove_store(repository).await?;
        self.health.set(&repository.name, "sweep", None);
        match fetched {
            Ok(()) => Ok(Outcome::Settled { input: None, again: Some(self.settings.poll_interval) }),
            Err(trouble) => Err(trouble),
        }
    }

    /// The pull requests that were open when last looked at; at the first look, those whose runs have not come to an end.
    async fn tracked(&self, repository: &Repository) -> Result<BTreeSet<String>, Trouble> {
        let known = repository.tracked.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match known {
            Some(known) => Ok(known),
            None => Ok(self.load_moving_runs(repository).await?),
        }
    }

    /// Writes to the store once a poll interval, so that readiness means that it can be written.
    async fn prove_store(&self, repository: &Repository) -> Result<(), Trouble> {
        let elapsed = self.clock.elapsed();
        let proved = *repository.store_proved.lock().unwrap_or_else(PoisonError::into_inner);
        if proved.is_some_and(|at| elapsed.saturating_sub(at) < self.settings.poll_interval) {
            return Ok(());
        }
        let now = self.clock.now();
        self.store.record_published(&repository.watched.key, "sweep", &now.to_string(), now).await?;
        *repository.store_proved.lock().unwrap_or_else(PoisonError::into_inner) = Some(elapsed);
        self.health.set("store", "store", None);
        Ok(())
    }

    /// Memory of pull requests that are neither open nor still to be looked at is given back.
    fn forget_gone(&self, repository: &Repository, open: &BTreeSet<String>) {
        let mut queue = self.queue();
        let gone =
            |key: &&Key| key.repository == repository.name && matches!(&key.thing, Thing::PullRequest(id) if !open.contains(id));
        let gone: Vec<Key> = queue.keys().filter(gone).cloned().collect();
        gone.iter().for_each(|key| queue.forget(key));
    }

    fn offer(&self, repository: &Repository, thing: Thing, input: Input, seen: std::time::Duration) {
        let key = Key { repository: repository.name.clone(), thing };
        if self.queue().offer(key.clone(), input, self.clock.elapsed()) {
            repository.saw(&key.thing, seen);
            self.changed.notify_one();
        }
    }

    /// Reads what everything depends on.
    pub(super) async fn world(self: &Arc<Self>, repository: &Arc<Repository>) -> Result<World, Trouble> {
        let (history, branch) = (repository.history.clone(), repository.branch_ref());
        let mut refs = self
            .off_thread(move || {
                let names: Vec<&str> = std::iter::once(branch.as_str()).chain(REVIEW_REFS).collect();
                Ok(history.refs(&names)?)
            })
            .await
            .map_err(super::Unjudged::into_trouble)?
            .into_iter();
        let tip = refs.next().flatten();
        let key = &repository.watched.key;
        let accepted = self.store.accepted(key).await?.map(|acceptance| acceptance.commit);
        let halted = self.store.halted(key).await?.is_some();
        Ok(World { tip, reviews: refs.collect(), accepted, halted })
    }
}

/// What is where.
pub(super) struct World {
    pub(super) tip: Option<CommitId>,
    pub(super) reviews: Vec<Option<CommitId>>,
    pub(super) accepted: Option<CommitId>,
    pub(super) halted: bool,
}

impl World {
    pub(super) fn branch(&self) -> Input {
        Input { head: self.tip, accepted: self.accepted, reviews: Vec::new(), flag: self.halted }
    }

    pub(super) fn pull_request(&self, open: bool) -> Input {
        Input { head: None, accepted: self.accepted, reviews: self.reviews.clone(), flag: open }
    }
}
