//! Looks at a repository as a whole and finds out which of its things must be reconciled; events only bring this about sooner.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::model::{CommitId, Identifier};

use super::parts::Repository;
use super::{Input, Key, Outcome, Shared, Thing, Trouble};

/// How many times longer than usual a forge may have us wait between two looks.
const MOST_PATIENCE: f64 = 60.0;
/// Where the forge that is git itself keeps reviews.
const REVIEW_REFS: [&str; 2] = ["refs/notes/devtools/reviews", "refs/notes/devtools/discuss"];

impl Shared {
    /// One look at a repository, for which it was `woken` at a time, if it was. A fetch that fails does not keep what is here already from being judged.
    pub(super) async fn sweep(
        self: &Arc<Self>,
        repository: &Arc<Repository>,
        woken: Option<Duration>,
    ) -> Result<Outcome<Input>, Trouble> {
        // What woke us, or nothing but the time.
        let seen = woken.unwrap_or_else(|| self.clock.elapsed());
        let mut fetched = self.fetch(repository).await;
        let world = self.world(repository).await?;
        // Of a branch that could never be fetched nobody says that it does not exist.
        if fetched.is_ok() || world.tip.is_some() {
            self.offer(repository, Thing::Branch, world.branch(), seen, false);
        }

        let open = repository.watched.forge.open_pull_requests().await?;
        fetched = fetched.and(self.fetch_heads(repository, &open).await);
        self.metrics.open(&repository.name, open.len());
        for (kind, count) in repository.watched.forge.requests() {
            self.metrics.requests(&repository.name, kind, count);
        }
        let mut tracked = self.tracked(repository).await?;
        let ids: BTreeSet<String> = open.iter().map(|pull_request| pull_request.id.clone()).collect();
        if let Some(accepted) = world.accepted {
            self.tell_unrouted(repository, accepted).await;
            let resync = repository.is_time_to_resync(self.clock.elapsed(), self.settings.resync_interval);
            if resync && world.tip != world.accepted {
                // What the forge told of a push may have been incomplete, or somebody in a team may have gone or come.
                self.offer(repository, Thing::Branch, world.branch(), seen, true);
            }
            let versions = open.iter().map(|pull_request| (pull_request.id.clone(), pull_request.version.clone())).collect();
            let heads = open.iter().map(|pull_request| (pull_request.id.clone(), pull_request.head)).collect();
            let left_alone = repository.claims().list(heads);
            left_alone.into_iter().for_each(|other| self.wake_thing(&repository.name, Thing::PullRequest(other)));
            for pull_request in open {
                let input = Input { head: Some(pull_request.head), version: pull_request.version, ..world.pull_request(true) };
                self.offer(repository, Thing::PullRequest(pull_request.id), input, seen, resync);
            }
            self.offer_groups(repository, &world, &versions, seen, resync).await?;
            self.offer_runs(repository, &world, seen, resync).await?;
            self.wake_for_withdrawn(repository).await?;
            // What is no longer open is looked at once more, so that its runs are cancelled, and then forgotten.
            for gone in tracked.difference(&ids) {
                self.offer(repository, Thing::PullRequest(gone.clone()), world.pull_request(false), seen, false);
            }
            self.forget_gone(repository, &ids);
            tracked = ids;
        } else {
            tracked.extend(ids);
        }
        *repository.tracked.lock().unwrap_or_else(PoisonError::into_inner) = Some(tracked);
        self.prove_store(repository).await?;
        self.health.set(&repository.name, "sweep", None);
        if repository.shows_runs() {
            self.wake_thing(&repository.name, Thing::Progress);
        }
        match self.drain_audit(repository).await {
            Ok(true) => self.wake(&repository.name),
            Ok(false) => {}
            // It stays in the outbox, and keeps nothing else from being done.
            Err(trouble) => tracing::warn!(repository = %repository.name, "the audit notes are not up to date: {trouble}"),
        }
        match fetched {
            Ok(()) => {
                let patience = repository.watched.forge.patience().clamp(1.0, MOST_PATIENCE);
                Ok(Outcome::Settled { input: None, again: Some(self.settings.poll_interval.mul_f64(patience)) })
            }
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
        self.store_of(repository).record_published(&repository.watched.key, "sweep", &now.to_string(), now).await?;
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
        for key in gone {
            queue.forget(&key);
            repository.forget_thing(&key.thing);
        }
    }

    /// Offers a thing; to resync is to look at it, and at what stands on the forge, although nothing has changed.
    pub(super) fn offer(&self, repository: &Repository, thing: Thing, input: Input, seen: Duration, resync: bool) {
        let (key, now) = (Key { repository: repository.name.clone(), thing }, self.clock.elapsed());
        let mut queue = self.queue_of(&key.thing);
        let published = !matches!(key.thing, Thing::Run(_));
        if queue.offer(key.clone(), input, now) && published {
            repository.sightings.saw(&key.thing, seen);
        }
        if resync {
            if published {
                repository.distrust(key.thing.clone());
            }
            queue.refresh(&key, now);
        }
        self.changed.notify_one();
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
        let accepted = self.store_of(repository).accepted(key).await?.map(|acceptance| acceptance.commit);
        let halted = self.store_of(repository).halted(key).await?.is_some();
        let members = match accepted {
            Some(accepted) => self.members(repository, accepted).await?,
            None => Members::new(),
        };
        Ok(World { tip, reviews: refs.collect(), accepted, halted, members })
    }

    /// Who is in the forge's teams that the roster of `base` names, as the forge says now. What it does not know grants nothing.
    pub(super) async fn members(self: &Arc<Self>, repository: &Arc<Repository>, base: CommitId) -> Result<Members, Trouble> {
        // A base that cannot be read is told by the judgement.
        let Ok(base) = self.base(repository, base).await else { return Ok(Members::new()) };
        if base.teams.is_empty() {
            return Ok(Members::new());
        }
        let known = match repository.watched.forge.teams(&base.teams.values().cloned().collect()).await {
            Ok(known) => known,
            Err(error) if error.is_retryable() => return Err(error.into()),
            Err(error) => {
                tracing::warn!(repository = %repository.name, "the forge's teams are not known, and grant nothing: {error}");
                return Ok(Members::new());
            }
        };
        Ok(base.teams.iter().filter_map(|(team, bound)| Some((team.clone(), known.get(bound)?.clone()))).collect())
    }
}

/// What is where.
pub(super) struct World {
    pub(super) tip: Option<CommitId>,
    pub(super) reviews: Vec<Option<CommitId>>,
    pub(super) accepted: Option<CommitId>,
    pub(super) halted: bool,
    pub(super) members: Members,
}

/// The accounts, by numeric id, in each team of base's roster whose members the forge knows.
pub(super) type Members = BTreeMap<Identifier, BTreeSet<u64>>;

impl World {
    pub(super) fn branch(&self) -> Input {
        Input { head: self.tip, flag: self.halted, reviews: Vec::new(), ..self.pull_request(false) }
    }

    pub(super) fn pull_request(&self, open: bool) -> Input {
        let (reviews, members) = (self.reviews.clone(), self.members_hash());
        Input { head: None, accepted: self.accepted, reviews, flag: open, version: String::new(), members }
    }

    fn members_hash(&self) -> Vec<u8> {
        if self.members.is_empty() {
            return Vec::new();
        }
        Sha256::digest(format!("{:?}", self.members).as_bytes()).to_vec()
    }
}
