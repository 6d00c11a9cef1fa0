//! The loop: takes what is due from the queue, reconciles it on a task of its own, and puts the outcome back.

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::{Id, JoinError, JoinSet};

use crate::store::Store;

use super::parts::Repository;
use super::{Clock, Health, Input, Judge, Key, Metrics, Outcome, Parts, Queue, Settings, Thing, Trouble, watch};

/// The controller: watches its repositories and makes what it finds there known.
pub struct Controller {
    shared: Arc<Shared>,
}

/// What every reconciliation shares.
pub(super) struct Shared {
    queue: Mutex<Queue<Key, Input>>,
    pub(super) changed: Notify,
    pub(super) repositories: BTreeMap<Arc<str>, Arc<Repository>>,
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Arc<dyn Clock>,
    rng: Mutex<fastrand::Rng>,
    pub(super) judge: Judge,
    pub(super) settings: Settings,
    pub(super) metrics: Arc<Metrics>,
    pub(super) health: Arc<Health>,
}

type Running = JoinSet<Result<Outcome<Input>, Trouble>>;

impl Controller {
    /// A controller that has not looked at anything yet.
    pub fn new(parts: Parts) -> Self {
        let repositories: BTreeMap<_, _> =
            parts.repositories.into_iter().map(Repository::new).map(|r| (r.name.clone(), Arc::new(r))).collect();
        let health = Health::waiting_for(repositories.keys().map(AsRef::as_ref));
        let shared = Shared {
            queue: Mutex::new(Queue::new(parts.settings.concurrency, parts.settings.backoff)),
            changed: Notify::new(),
            repositories,
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

    /// Whether it is ready.
    pub fn health(&self) -> Arc<Health> {
        self.shared.health.clone()
    }

    /// Looks at every repository and does everything that is due now: sweep, judge, publish. What fails and may pass is
    /// left for a later time; the clock decides when that is.
    pub async fn reconcile_once(&self) {
        for name in self.shared.repositories.keys() {
            self.shared.wake(name);
        }
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
        let _watchers: Vec<_> = shared.repositories.values().filter_map(|repository| watch::start(&shared, repository)).collect();
        for name in shared.repositories.keys() {
            shared.wake(name);
        }
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
        let finish = async { while running.join_next_with_id().await.is_some() {} };
        if tokio::time::timeout(shared.settings.shutdown_grace, finish).await.is_err() {
            tracing::warn!(abandoned = running.len(), "the grace period is over");
            running.shutdown().await;
        }
    }
}

impl Shared {
    pub(super) fn queue(&self) -> MutexGuard<'_, Queue<Key, Input>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has a repository looked at now.
    pub(super) fn wake(&self, repository: &Arc<str>) {
        let key = Key { repository: repository.clone(), thing: Thing::Sweep };
        self.queue().wake(key, self.clock.elapsed());
        self.changed.notify_one();
    }

    /// Starts every key that is due and has room.
    fn start_due(self: &Arc<Self>, running: &mut Running, keys: &mut HashMap<Id, Key>) {
        loop {
            let taken = self.queue().take(self.clock.elapsed());
            let Some(key) = taken else { break };
            let Some(repository) = self.repositories.get(&key.repository).cloned() else { continue };
            let (shared, thing) = (self.clone(), key.thing.clone());
            let handle = running.spawn(async move {
                match thing {
                    Thing::Sweep => shared.sweep(&repository).await,
                    Thing::Branch => shared.reconcile_branch(&repository).await,
                    Thing::PullRequest(id) => shared.reconcile_pull_request(&repository, &id).await,
                }
            });
            keys.insert(handle.id(), key);
        }
        self.measure_queue();
    }

    /// How long nothing is due; a bound, so that a clock that is moved by hand is noticed too.
    fn pause(&self) -> Duration {
        let queue = self.queue();
        let due = queue.next_due().filter(|_| queue.has_room());
        due.map_or(Duration::MAX, |at| at.saturating_sub(self.clock.elapsed())).min(Duration::from_secs(3600))
    }

    /// Puts the outcome of a key back, and looks at what it means for the whole.
    async fn end(&self, ended: Result<(Id, Result<Outcome<Input>, Trouble>), JoinError>, keys: &mut HashMap<Id, Key>) {
        let (id, result) = match ended {
            Ok((id, result)) => (id, result),
            Err(error) => (error.id(), Err(Trouble::standing(format!("failed inside Portcullis: {error}")))),
        };
        let Some(key) = keys.remove(&id) else { return };
        let (outcome, word) = match result {
            Ok(Outcome::Stalled) => (Outcome::Stalled, "stalled"),
            Ok(outcome) => (outcome, "settled"),
            Err(trouble) => {
                if trouble.of_store {
                    self.health.set("store", "store", Some(trouble.what.clone()));
                }
                tracing::warn!(key = %key, again = trouble.passes, "{trouble}");
                // A sweep has no input whose change could wake it again.
                match trouble.passes || key.thing == Thing::Sweep {
                    true => (Outcome::Retry { least: trouble.after }, "retried"),
                    false => (Outcome::Stalled, "stalled"),
                }
            }
        };
        self.metrics.reconciled(&key.repository, key.thing.word(), word);
        let jitter = self.rng.lock().unwrap_or_else(PoisonError::into_inner).f64();
        self.queue().finish(&key, outcome, self.clock.elapsed(), jitter);
        self.measure_queue();
    }

    fn measure_queue(&self) {
        let queue = self.queue();
        self.metrics.waiting.set(i64::try_from(queue.waiting()).unwrap_or(i64::MAX));
        self.metrics.running.set(i64::try_from(queue.running()).unwrap_or(i64::MAX));
    }
}
