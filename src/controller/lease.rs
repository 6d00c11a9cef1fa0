//! Who acts on a repository: one replica at a time, by a lease in the store. What a replica knew of a repository goes with the lease.
//!
//! Replicas do not talk to each other. Each says in the store that it lives, takes its share of what nobody holds, gives back what is more
//! than its share once nothing of it is under way, and leaves a word there for whoever holds what it was woken for. A write that comes after
//! the lease was lost is refused by the store, so the times here cost only time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::SignedDuration;
use tokio::sync::Notify;

use crate::abort::{self, Deed};
use crate::model::Timestamp;
use crate::store::{Fence, Holder, Pulse, RepositoryKey, Store, StoreError};

use super::Shared;
use super::parts::Repository;
use super::waker::Word;

/// Repositories that are taken between two heartbeats.
const MOST_TAKEN: usize = 100;
/// Words for others that are kept until they are left in the store. What is beyond is found by their next look.
const MOST_WORDS: usize = 10_000;
/// How far this machine's clock may be from the store's before that is told.
const DIFFERENCE: Duration = Duration::from_secs(5);
/// Until the next heartbeat where one has failed.
const AGAIN: Duration = Duration::from_secs(1);

/// How this process shares its repositories with others.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LeaseSettings {
    /// The name of this process: no other has it, nor the same one after it is started again.
    pub holder: Holder,
    /// How long a lease lasts that is not prolonged; `None` where something else sees to it that there is no other replica.
    pub ttl: Option<Duration>,
    /// Between two heartbeats.
    pub heartbeat: Duration,
}

impl Default for LeaseSettings {
    fn default() -> Self {
        Self { holder: Holder::new("the one daemon"), ttl: None, heartbeat: Duration::from_secs(5) }
    }
}

impl LeaseSettings {
    /// The only process on its store.
    pub fn alone(holder: Holder) -> Self {
        Self { holder, ..Self::default() }
    }

    /// One replica of several: what one leaves without a word is taken over within fifteen seconds and a heartbeat.
    pub fn among_others(holder: Holder) -> Self {
        Self { ttl: Some(Duration::from_secs(15)), ..Self::alone(holder) }
    }
}

/// The right to act on a repository.
pub(super) struct Held {
    fence: Fence,
    /// Writes by the fence.
    store: Arc<dyn Store>,
    /// Until when, by the clock of this process; `None` for ever.
    until: Mutex<Option<Duration>>,
    /// It is given back as soon as nothing of it is under way.
    leaving: AtomicBool,
    /// Nobody else wanted it, so it does not count as part of the share.
    unwanted: bool,
}

/// What the leases need to remember between two heartbeats.
#[derive(Default)]
pub(super) struct Leases {
    /// Since when nobody holds a repository, as far as this process has seen.
    free_since: Mutex<BTreeMap<RepositoryKey, Duration>>,
    words: Mutex<BTreeSet<(RepositoryKey, String)>>,
    /// A heartbeat is wanted now.
    wanted: Notify,
    /// There are words to be left.
    heard: Notify,
    /// This machine's clock is not that of the store.
    differs: AtomicBool,
    /// One heartbeat at a time.
    beating: tokio::sync::Mutex<()>,
}

/// How long what is taken in a heartbeat lasts.
#[derive(Clone, Copy)]
struct Lasting {
    ttl: Duration,
    /// From when, by the clock of the leases.
    now: Timestamp,
    /// Until when, by the steady clock of this process.
    until: Option<Duration>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Repository {
    /// Whether this process may begin something about it.
    pub(super) fn is_held(&self) -> bool {
        self.held.as_ref().is_some_and(|held| !held.leaving.load(Ordering::Relaxed))
    }

    /// In which epoch this process acts on it; 0 where it does not.
    pub(super) fn epoch(&self) -> i64 {
        self.held.as_ref().map_or(0, |held| held.fence.epoch().number())
    }
}

impl Shared {
    /// The store, as this process may write about a repository. Without a lease it is only read: nothing is begun then.
    pub(super) fn store_of(&self, repository: &Repository) -> Arc<dyn Store> {
        repository.held.as_ref().map_or_else(|| self.store.clone(), |held| held.store.clone())
    }

    /// Has the next heartbeat come now.
    pub(super) fn want_heartbeat(&self) {
        self.leases.wanted.notify_one();
    }

    /// Leaves a word for whoever holds a repository.
    pub(super) fn pass_on(&self, repository: &Repository, word: &Word) {
        if self.settings.lease.ttl.is_none() {
            return; // It is taken in a moment, and looked at then.
        }
        let mut words = locked(&self.leases.words);
        if words.len() < MOST_WORDS {
            words.insert((repository.watched.key.clone(), word.to_string()));
        }
        drop(words);
        self.leases.heard.notify_one();
    }

    /// Keeps the leases until it is dropped.
    pub(super) async fn keep_leases(self: Arc<Self>) {
        loop {
            let pause = if self.beat().await { self.settings.lease.heartbeat } else { AGAIN };
            let next = tokio::time::sleep(pause);
            tokio::pin!(next);
            loop {
                tokio::select! {
                    () = &mut next => break,
                    () = self.leases.wanted.notified() => break,
                    () = self.leases.heard.notified() => {
                        // What cannot be left now is found by the next look of whoever holds the repository.
                        let _ = tokio::time::timeout(AGAIN, self.leave_words()).await;
                    }
                }
            }
        }
    }

    /// Gives everything back. Nothing may be under way any more.
    pub(super) async fn give_leases_back(&self) {
        let lease = &self.settings.lease;
        if lease.ttl.is_none() {
            return;
        }
        let leave = async { self.store.leave(&lease.holder, self.store.clock(self.clock.now()).await?).await };
        let left = tokio::time::timeout(lease.heartbeat, leave).await;
        if !matches!(left, Ok(Ok(()))) {
            tracing::warn!("the leases could not be given back; others take over when they have expired");
        }
    }

    /// One heartbeat: prolongs what is held, takes and gives back, and collects what others have heard. `false` where the store did not
    /// answer; what has expired by then is held no more.
    pub(super) async fn beat(self: &Arc<Self>) -> bool {
        let _one = self.leases.beating.lock().await;
        let beaten = match tokio::time::timeout(self.limit(), self.try_beat()).await {
            Ok(beaten) => beaten,
            Err(_) => Err(StoreError::Unavailable("no answer to a heartbeat".to_owned())),
        };
        self.lose_what_has_expired();
        let held = self.all().iter().filter(|repository| repository.held.is_some()).count();
        self.metrics.held.set(i64::try_from(held).unwrap_or(i64::MAX));
        match beaten {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!("heartbeat: {error}");
                self.health.set("store", "store", Some(error.to_string()));
                false
            }
        }
    }

    /// For one heartbeat: what is taken in it counts as held from its beginning.
    fn limit(&self) -> Duration {
        self.settings.lease.ttl.map_or(Duration::from_secs(60), |ttl| ttl.saturating_sub(self.settings.lease.heartbeat))
    }

    async fn try_beat(self: &Arc<Self>) -> Result<(), StoreError> {
        let asked = self.clock.elapsed();
        let Some(ttl) = self.settings.lease.ttl else { return self.take_everything().await };
        self.leave_words().await?;
        let now = self.time_of_leases().await?;
        let pulse = self.store.heartbeat(&self.settings.lease.holder, ttl, now).await?;
        self.health.set("store", "store", None);
        let until = Some(asked.saturating_add(ttl));
        self.compare(&pulse, until).await?;
        self.share(&pulse, asked, Lasting { ttl, now, until }).await?;
        for (key, word) in &pulse.words {
            let about = self.all().into_iter().find(|repository| repository.watched.key == *key);
            if let (Some(repository), Some(word)) = (about, Word::parse(word)) {
                self.hear(&repository, &word);
            }
        }
        Ok(())
    }

    /// The time by which leases end: one clock for all replicas, where there is one. Tells whether that of this machine differs, by which
    /// everything else goes.
    async fn time_of_leases(&self) -> Result<Timestamp, StoreError> {
        let before = self.clock.now();
        let now = self.store.clock(before).await?;
        let after = self.clock.now();
        let ahead = before.duration_since(now).max(now.duration_since(after));
        let differs = ahead > DIFFERENCE.try_into().unwrap_or(SignedDuration::MAX);
        if differs != self.leases.differs.swap(differs, Ordering::Relaxed) {
            match differs {
                true => tracing::warn!(
                    here = %after, there = %now,
                    "this machine's clock is not that of the store: leases are not touched by it, but ages of approvals, deadlines and the times of messages are; set it right"
                ),
                false => tracing::info!("this machine's clock is that of the store again"),
            }
        }
        Ok(now)
    }

    /// Where no other replica can be, everything is held at once and for ever.
    async fn take_everything(self: &Arc<Self>) -> Result<(), StoreError> {
        for repository in self.all().iter().filter(|repository| repository.held.is_none()) {
            let (key, holder) = (&repository.watched.key, &self.settings.lease.holder);
            // Whoever held it before is gone, whatever it said about the length of its lease.
            abort::before(Deed::Leased);
            let given = self.store.lease(key, holder, Duration::ZERO, Timestamp::MAX).await?;
            abort::after(Deed::Leased);
            let fence = match given {
                Some(fence) => fence,
                None => continue,
            };
            self.gain(repository, fence, None, false);
        }
        Ok(())
    }

    /// Brings what this process believes to hold in line with what the store says.
    async fn compare(self: &Arc<Self>, pulse: &Pulse, until: Option<Duration>) -> Result<(), StoreError> {
        let all = self.all();
        for repository in &all {
            let key = &repository.watched.key;
            let ours = pulse.held.iter().find(|fence| fence.repository() == key);
            match (&repository.held, ours) {
                (Some(held), Some(fence)) if held.fence == *fence => *locked(&held.until) = until,
                (Some(_), _) => self.lose(repository, "another replica acts on it now"),
                // The answer to a request was lost.
                (None, Some(fence)) => self.gain(repository, fence.clone(), until, false),
                (None, None) if pulse.elsewhere.contains(key) => self.health.forget(&repository.name),
                (None, None) => {}
            }
        }
        let known: BTreeSet<&RepositoryKey> = all.iter().map(|repository| &repository.watched.key).collect();
        for fence in pulse.held.iter().filter(|fence| !known.contains(fence.repository())) {
            self.store.release(fence).await?; // It is watched no longer.
        }
        Ok(())
    }

    /// Takes of what nobody holds until the share is full, and gives back what is more.
    async fn share(self: &Arc<Self>, pulse: &Pulse, asked: Duration, lasting: Lasting) -> Result<(), StoreError> {
        let Lasting { ttl, now, until } = lasting;
        let all = self.all();
        let share = all.len().div_ceil(pulse.replicas.max(1));
        let of_share: Vec<&Arc<Repository>> =
            all.iter().filter(|repository| repository.held.as_ref().is_some_and(|held| !held.unwanted)).collect();
        let staying = of_share.iter().filter(|repository| repository.is_held()).count();
        for held in of_share.iter().rev().filter_map(|repository| repository.held.as_ref()).take(staying.saturating_sub(share)) {
            held.leaving.store(true, Ordering::Relaxed);
        }
        for repository in of_share.into_iter().filter(|repository| !repository.is_held() && !self.is_busy(repository)) {
            if let Some(held) = &repository.held {
                self.store.release(&held.fence).await?;
            }
            self.lose(repository, "others have less to do");
        }

        let (mut mine, mut taken) = (staying, 0);
        let is_free =
            |repository: &&Arc<Repository>| repository.held.is_none() && !pulse.elsewhere.contains(&repository.watched.key);
        let free: Vec<&Arc<Repository>> = all.iter().filter(is_free).collect();
        locked(&self.leases.free_since).retain(|key, _| free.iter().any(|repository| repository.watched.key == *key));
        // Each replica begins elsewhere, so that they do not all want the same.
        let first = self.spread(free.len());
        for repository in free.iter().cycle().skip(first).take(free.len()) {
            let key = &repository.watched.key;
            let since = *locked(&self.leases.free_since).entry(key.clone()).or_insert(asked);
            // Whoever has room would have taken it by now: nobody else watches it.
            let unwanted = mine >= share && asked.saturating_sub(since) >= ttl.saturating_mul(2);
            if mine >= share && !unwanted {
                continue;
            }
            if taken == MOST_TAKEN {
                self.want_heartbeat();
                break;
            }
            if let Some(fence) = self.store.lease(key, &self.settings.lease.holder, ttl, now).await? {
                self.gain(repository, fence, until, unwanted);
                (mine, taken) = (mine + usize::from(!unwanted), taken + 1);
            }
        }
        Ok(())
    }

    fn spread(&self, below: usize) -> usize {
        let name = self.settings.lease.holder.as_str().bytes();
        let sum = name.fold(0usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(byte)));
        sum.checked_rem(below).unwrap_or(0)
    }

    async fn leave_words(&self) -> Result<(), StoreError> {
        let words = std::mem::take(&mut *locked(&self.leases.words));
        for (key, word) in words {
            // One that is lost does no harm, so it is not kept for another time.
            self.store.pass_on(&key, &word).await?;
        }
        Ok(())
    }

    fn gain(self: &Arc<Self>, repository: &Arc<Repository>, fence: Fence, until: Option<Duration>, unwanted: bool) {
        let epoch = fence.epoch();
        let store = self.store.under(fence.clone());
        let held = Held { fence, store, until: Mutex::new(until), leaving: AtomicBool::new(false), unwanted };
        let mut next = Repository::new(repository.watched.clone());
        next.held = Some(held);
        if self.exchange(repository, next) {
            tracing::info!(repository = %repository.name, %epoch, "acts on the repository");
            self.health.wait_for(&repository.name);
            self.wake(&repository.name);
        }
    }

    /// What was known of it is forgotten. What is under way about it comes to its end, and writes nothing.
    fn lose(&self, repository: &Arc<Repository>, why: &str) {
        if self.exchange(repository, Repository::new(repository.watched.clone())) {
            tracing::info!(repository = %repository.name, "acts on the repository no more: {why}");
            repository.stop_watching();
            self.forget_queued(&repository.name);
            self.forget_outside(&repository.name);
        }
    }

    fn lose_what_has_expired(&self) {
        let now = self.clock.elapsed();
        for repository in self.all() {
            let expired = |held: &Held| locked(&held.until).is_some_and(|until| until <= now);
            if repository.held.as_ref().is_some_and(expired) {
                self.lose(&repository, "its lease could not be prolonged in time");
            }
        }
    }
}
