//! The loop: takes what is due from the queue, reconciles it on a task of its own, and puts the outcome back.

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::{Id, JoinError, JoinSet};

use crate::store::Store;

use super::lease::Leases;
use super::parts::Repository;
use super::{Clock, Health, Input, Judge, Key, Metrics, Outcome, Parts, Queue, Settings, Thing, Trouble, Waker};

/// The controller: watches its repositories and makes what it finds there known.
pub struct Controller {
    pub(super) shared: Arc<Shared>,
}

/// What every reconciliation shares.
pub(super) struct Shared {
    /// What is judged. However much there is of one repository, it takes turns with others.
    queue: Mutex<Keyed>,
    /// The runs that stand on the branch: what waits for an answer of somebody else must not keep judgements waiting.
    /// No repository takes more than its share of it: the receivers of one may hang.
    runs: Mutex<Keyed>,
    pub(super) changed: Notify,
    repositories: RwLock<BTreeMap<Arc<str>, Arc<Repository>>>,
    pub(super) leases: Leases,
    /// Whether events of refs are to be watched: while the loop runs by itself.
    pub(super) watching: AtomicBool,
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Arc<dyn Clock>,
    rng: Mutex<fastrand::Rng>,
    pub(super) judge: Judge,
    pub(super) settings: Settings,
    pub(super) metrics: Arc<Metrics>,
    pub(super) health: Arc<Health>,
}

/// Keys, those of one repository a group.
type Keyed = Queue<Key, Input, Arc<str>>;

/// Keys of one repository take turns with those of others.
fn of_one(key: &Key) -> Arc<str> {
    key.repository.clone()
}

/// How much of the room for runs one repository takes at most: three quarters.
fn share_of(runs: usize) -> usize {
    runs.saturating_sub(runs / 4)
}

type Running = JoinSet<Result<Outcome<Input>, Trouble>>;

/// What runs: the key, and the repository as it was when it began.
type Keys = HashMap<Id, (Key, Arc<Repository>)>;

impl Controller {
    /// A controller that has not looked at anything yet.
    pub fn new(parts: Parts) -> Self {
        let repositories: BTreeMap<_, _> =
            parts.repositories.into_iter().map(Repository::new).map(|r| (r.name.clone(), Arc::new(r))).collect();
        let health = Health::waiting_for(repositories.keys().map(AsRef::as_ref));
        let (judgements, runs) = (parts.settings.concurrency, parts.settings.execution.concurrency);
        let shared = Shared {
            // A judgement ends at its deadline at the latest, so a repository that is alone may have all the room.
            queue: Mutex::new(Queue::of_groups(judgements, judgements, of_one, Input::presses, parts.settings.backoff)),
            runs: Mutex::new(Queue::of_groups(runs, share_of(runs), of_one, |_, _| false, parts.settings.backoff)),
            changed: Notify::new(),
            repositories: RwLock::new(repositories),
            leases: Leases::default(),
            watching: AtomicBool::new(false),
            store: parts.store,
            clock: parts.clock,
            rng: Mutex::new(parts.rng),
            judge: parts.judge,
            settings: parts.settings,
            metrics: Arc::default(),
            health: Arc::new(health),
        };
        Self { shared: Arc::new(shared) }
    }

    /// What it counts.
    pub fn metrics(&self) -> Arc<Metrics> {
        self.shared.metrics.clone()
    }

    /// A handle that wakes it, for as long as anybody likes.
    pub fn waker(&self) -> Waker {
        Waker::of(self.shared.clone())
    }

    /// Whether it is ready.
    pub fn health(&self) -> Arc<Health> {
        self.shared.health.clone()
    }

    /// Looks at every repository and does everything that is due now: sweep, judge, publish. What fails and may pass is
    /// left for a later time; the clock decides when that is.
    pub async fn reconcile_once(&self) {
        self.shared.beat().await;
        self.shared.names().iter().for_each(|name| self.shared.wake(name));
        let (mut running, mut keys) = (Running::new(), HashMap::new());
        loop {
            self.shared.start_due(&mut running, &mut keys);
            match running.join_next_with_id().await {
                Some(ended) => self.shared.end(ended, &mut keys).await,
                None => return,
            }
        }
    }

    /// Reconciles until `shutdown` comes, then lets what is running finish within the grace period and abandons the rest:
    /// every reconciliation may be cut off at any point and be repeated.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let shared = self.shared;
        shared.watching.store(true, Ordering::Relaxed);
        let mut leases = JoinSet::new();
        leases.spawn(shared.clone().keep_leases());
        let (mut running, mut keys) = (Running::new(), HashMap::new());
        tokio::pin!(shutdown);
        loop {
            shared.start_due(&mut running, &mut keys);
            let pause = shared.pause();
            tokio::select! {
                () = &mut shutdown => break,
                () = shared.changed.notified() => {}
                () = tokio::time::sleep(pause) => {}
                Some(ended) = running.join_next_with_id() => shared.end(ended, &mut keys).await,
            }
        }
        tracing::info!(running = running.len(), "stopping");
        shared.watching.store(false, Ordering::Relaxed);
        shared.all().iter().for_each(|repository| repository.stop_watching());
        let finish = async { while running.join_next_with_id().await.is_some() {} };
        if tokio::time::timeout(shared.settings.shutdown_grace, finish).await.is_err() {
            tracing::warn!(abandoned = running.len(), "the grace period is over");
            running.shutdown().await;
        }
        leases.shutdown().await;
        shared.give_leases_back().await;
    }
}

impl Shared {
    pub(super) fn queue(&self) -> MutexGuard<'_, Keyed> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The queue of a thing.
    pub(super) fn queue_of(&self, thing: &Thing) -> MutexGuard<'_, Keyed> {
        match thing {
            Thing::Run(_) => self.runs.lock().unwrap_or_else(PoisonError::into_inner),
            Thing::Sweep | Thing::Branch | Thing::PullRequest(_) | Thing::MergeGroup(_) | Thing::Progress => self.queue(),
        }
    }

    /// A number in `0.0..1.0`, to spread by.
    pub(super) fn chance(&self) -> f64 {
        self.rng.lock().unwrap_or_else(PoisonError::into_inner).f64()
    }

    fn queues(&self) -> [&Mutex<Keyed>; 2] {
        [&self.queue, &self.runs]
    }

    /// Has a repository looked at now.
    pub(super) fn wake(&self, repository: &Arc<str>) {
        if let Some(known) = self.repository(repository) {
            known.sightings.saw(&Thing::Sweep, self.clock.elapsed());
        }
        self.wake_thing(repository, Thing::Sweep);
    }

    /// Has one thing of a repository looked at now.
    pub(super) fn wake_thing(&self, repository: &Arc<str>, thing: Thing) {
        let key = Key { repository: repository.clone(), thing };
        self.queue_of(&key.thing).wake(key.clone(), self.clock.elapsed());
        self.changed.notify_one();
    }

    /// A repository that is watched.
    pub(super) fn repository(&self, name: &str) -> Option<Arc<Repository>> {
        self.repositories.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// Every repository that is watched.
    pub(super) fn all(&self) -> Vec<Arc<Repository>> {
        self.repositories.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// Their names, in order.
    pub(super) fn names(&self) -> Vec<Arc<str>> {
        self.repositories.read().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    /// Watches one more; `false`, and nothing is changed, where one of that name is watched already.
    pub(super) fn add(&self, repository: Repository) -> bool {
        let name = repository.name.clone();
        let mut repositories = self.repositories.write().unwrap_or_else(PoisonError::into_inner);
        if repositories.contains_key(&name) {
            return false;
        }
        self.health.wait_for(&name);
        repositories.insert(name.clone(), Arc::new(repository));
        drop(repositories);
        self.want_heartbeat();
        true
    }

    /// Watches it no longer. What runs for it now comes to its end.
    pub(super) fn remove(&self, name: &str) -> bool {
        let gone = self.repositories.write().unwrap_or_else(PoisonError::into_inner).remove(name);
        let Some(gone) = gone else { return false };
        gone.stop_watching();
        self.forget_queued(name);
        self.forget_outside(name);
        self.want_heartbeat();
        true
    }

    /// Puts `next` where `known` is, if that is what is watched.
    pub(super) fn exchange(&self, known: &Arc<Repository>, next: Repository) -> bool {
        let mut repositories = self.repositories.write().unwrap_or_else(PoisonError::into_inner);
        match repositories.get_mut(&known.name) {
            Some(now) if Arc::ptr_eq(now, known) => {
                *now = Arc::new(next);
                true
            }
            _ => false,
        }
    }

    /// Whether anything about a repository is under way.
    pub(super) fn is_busy(&self, repository: &Repository) -> bool {
        self.queues().into_iter().any(|queue| {
            let queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
            queue.running_keys().any(|key| key.repository == repository.name)
        })
    }

    /// Drops everything that waits or rests about a repository.
    pub(super) fn forget_queued(&self, name: &str) {
        for queue in self.queues() {
            let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
            let keys: Vec<Key> = queue.keys().filter(|key| *key.repository == *name).cloned().collect();
            keys.iter().for_each(|key| queue.drop_key(key));
        }
    }

    /// Takes back what health and metrics say of a repository.
    pub(super) fn forget_outside(&self, name: &str) {
        self.health.forget(name);
        self.metrics.forget(name);
    }

    /// Starts every key that is due and has room.
    fn start_due(self: &Arc<Self>, running: &mut Running, keys: &mut Keys) {
        let take = |queue: &Mutex<Keyed>| queue.lock().unwrap_or_else(PoisonError::into_inner).take(self.clock.elapsed());
        loop {
            let taken = self.queues().into_iter().find_map(take);
            let Some(key) = taken else { break };
            // What another replica acts on is looked at when it comes to us.
            let Some(repository) = self.repository(&key.repository).filter(|repository| repository.is_held()) else {
                let mut queue = self.queue_of(&key.thing);
                queue.finish(&key, Outcome::Stalled, self.clock.elapsed(), 0.0);
                queue.drop_key(&key);
                continue;
            };
            let (shared, thing, at_hand) = (self.clone(), key.thing.clone(), repository.clone());
            let seen = repository.sightings.begin(&thing);
            let handle = running.spawn(async move {
                match thing {
                    Thing::Sweep => shared.sweep(&repository, seen).await,
                    Thing::Branch => shared.reconcile_branch(&repository).await,
                    Thing::PullRequest(id) => shared.reconcile_pull_request(&repository, &id).await,
                    Thing::MergeGroup(rest) => shared.reconcile_merge_group(&repository, &rest).await,
                    Thing::Run(run) => shared.reconcile_run(&repository, &run).await,
                    Thing::Progress => shared.reconcile_progress(&repository).await,
                }
            });
            keys.insert(handle.id(), (key, at_hand));
        }
        self.measure_queue();
    }

    /// How long nothing is due; a bound, so that a clock that is moved by hand is noticed too.
    fn pause(&self) -> Duration {
        let next = |queue: &Mutex<Keyed>| {
            let queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
            queue.next_due().filter(|_| queue.has_room())
        };
        let due = self.queues().into_iter().filter_map(next).min();
        due.map_or(Duration::MAX, |at| at.saturating_sub(self.clock.elapsed())).min(Duration::from_secs(3600))
    }

    /// Puts the outcome of a key back, and looks at what it means for the whole.
    async fn end(&self, ended: Result<(Id, Result<Outcome<Input>, Trouble>), JoinError>, keys: &mut Keys) {
        let (id, result) = match ended {
            Ok((id, result)) => (id, result),
            Err(error) => (error.id(), Err(Trouble::standing(format!("failed inside Portcullis: {error}")))),
        };
        let Some((key, at_hand)) = keys.remove(&id) else { return };
        let (outcome, word) = match result {
            Ok(Outcome::Stalled) => (Outcome::Stalled, "stalled"),
            Ok(outcome) => (outcome, "settled"),
            Err(trouble) => {
                if trouble.of_store {
                    self.health.set("store", "store", Some(trouble.what.clone()));
                }
                tracing::warn!(key = %key, again = trouble.passes, "{trouble}");
                // A sweep has no input whose change could wake it again, and a run is never given up.
                match trouble.passes || matches!(key.thing, Thing::Sweep | Thing::Run(_)) {
                    true => (Outcome::Retry { least: trouble.after }, "retried"),
                    false => (Outcome::Stalled, "stalled"),
                }
            }
        };
        self.metrics.reconciled(&key.repository, key.thing.word(), word);
        let jitter = self.chance();
        let retried = matches!(outcome, Outcome::Retry { .. });
        let changed = self.queue_of(&key.thing).finish(&key, outcome, self.clock.elapsed(), jitter);
        // What wakes a sweep while it runs has it run again, whatever it has looked at.
        at_hand.sightings.end(&key.thing, retried, changed || key.thing == Thing::Sweep);
        match self.repository(&key.repository) {
            Some(now) if Arc::ptr_eq(&now, &at_hand) => {}
            // The lease was lost and has come back: what was found out in between counts for nothing.
            Some(now) if now.held.is_some() => self.queue_of(&key.thing).wake(key, self.clock.elapsed()),
            Some(_) => self.queue_of(&key.thing).drop_key(&key),
            None => {
                // It was unwatched meanwhile.
                self.queue_of(&key.thing).drop_key(&key);
                self.forget_outside(&key.repository);
            }
        }
        self.measure_queue();
    }

    fn measure_queue(&self) {
        let (mut waiting, mut running) = (0, 0);
        for queue in self.queues() {
            let queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
            (waiting, running) = (waiting + queue.waiting(), running + queue.running());
        }
        self.metrics.waiting.set(i64::try_from(waiting).unwrap_or(i64::MAX));
        self.metrics.running.set(i64::try_from(running).unwrap_or(i64::MAX));
    }
}
