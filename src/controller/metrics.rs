//! What the daemon counts and measures, in Prometheus' words; docs/operations.md explains each.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, LabelSetEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::model::CommitId;

/// Names and values of labels.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Labels(Vec<(&'static str, String)>);

impl EncodeLabelSet for Labels {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> Result<(), std::fmt::Error> {
        self.0.encode(encoder)
    }
}

type Seconds = Family<Labels, Histogram, fn() -> Histogram>;

/// Half a millisecond to about four minutes.
fn seconds() -> Histogram {
    Histogram::new(std::iter::successors(Some(0.0005), |bound| Some(bound * 2.0)).take(20))
}

/// Every metric of the daemon.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    reconciles: Family<Labels, Counter>,
    pub(super) waiting: Gauge,
    pub(super) running: Gauge,
    pub(super) held: Gauge,
    judged: Seconds,
    decided: Seconds,
    posting: Seconds,
    spared: Family<Labels, Counter>,
    answered: Seconds,
    statuses: Family<Labels, Counter>,
    quarantined: Family<Labels, Counter>,
    accepted: Family<Labels, Gauge>,
    accepted_now: Mutex<BTreeMap<String, CommitId>>,
    halted: Family<Labels, Gauge>,
    refused: Family<Labels, Gauge>,
    open: Family<Labels, Gauge>,
    pub(super) abandoned: Gauge,
    foreign: Family<Labels, Counter>,
    wakes: Family<Labels, Counter>,
    merges: Family<Labels, Counter>,
    requests: Family<Labels, Gauge>,
    deliveries: Family<Labels, Counter>,
    calls: Family<Labels, Counter>,
    notifications: Family<Labels, Counter>,
    outbox: Family<Labels, Gauge>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("portcullis");
        let metrics = Self {
            reconciles: Family::default(),
            waiting: Gauge::default(),
            running: Gauge::default(),
            held: Gauge::default(),
            judged: Family::new_with_constructor(seconds),
            decided: Family::new_with_constructor(seconds),
            posting: Family::new_with_constructor(seconds),
            spared: Family::default(),
            answered: Family::new_with_constructor(seconds),
            statuses: Family::default(),
            quarantined: Family::default(),
            accepted: Family::default(),
            accepted_now: Mutex::default(),
            halted: Family::default(),
            refused: Family::default(),
            open: Family::default(),
            abandoned: Gauge::default(),
            foreign: Family::default(),
            wakes: Family::default(),
            merges: Family::default(),
            requests: Family::default(),
            deliveries: Family::default(),
            calls: Family::default(),
            notifications: Family::default(),
            outbox: Family::default(),
            registry: Registry::default(),
        };
        registry.register("reconciles", "Reconciliations by repository, thing and result", metrics.reconciles.clone());
        registry.register("queue_depth", "Keys that wait for their time or for room", metrics.waiting.clone());
        registry.register("queue_running", "Keys that are being reconciled", metrics.running.clone());
        registry.register("repositories_held", "Repositories that this replica acts on", metrics.held.clone());
        registry.register("judge_duration_seconds", "Time to gather facts and judge", metrics.judged.clone());
        registry.register("push_to_verdict_seconds", "Time from seeing a change to its verdict", metrics.decided.clone());
        registry.register("verdict_to_status_seconds", "Time from a verdict to its status being posted", metrics.posting.clone());
        registry.register(
            "judgements_spared",
            "Judgements of open pull requests that a move of base could not affect, so that their last verdict stood",
            metrics.spared.clone(),
        );
        registry.register(
            "push_to_status_seconds",
            "Time from seeing a change to its status being posted",
            metrics.answered.clone(),
        );
        registry.register("statuses_posted", "Statuses that were not there before, or not like this", metrics.statuses.clone());
        registry.register("quarantined", "Heads that could not be judged and wait for a change", metrics.quarantined.clone());
        registry.register("accepted_revision", "1 for the accepted revision of the watched branch", metrics.accepted.clone());
        registry.register("halted", "1 while rewritten history waits for a person", metrics.halted.clone());
        registry.register("tip_refused", "1 while the tip of the watched branch is not accepted", metrics.refused.clone());
        registry.register("open_pull_requests", "Pull requests that are open", metrics.open.clone());
        registry.register(
            "abandoned_judgements",
            "Judgements past their deadline whose threads still run",
            metrics.abandoned.clone(),
        );
        registry.register(
            "foreign_statuses",
            "Statuses in our contexts that others had put there and that were overwritten",
            metrics.foreign.clone(),
        );
        registry.register("wakes", "Wakes from outside, such as webhooks, by what was woken", metrics.wakes.clone());
        registry.register("merges", "Pull requests that were to be merged, by result", metrics.merges.clone());
        registry.register("forge_requests", "Requests to the forge since the start, by kind", metrics.requests.clone());
        registry.register(
            "webhook_deliveries",
            "Deliveries of webhooks by event and by what came of them",
            metrics.deliveries.clone(),
        );
        registry.register("api_requests", "Calls of the API by method, route and class of status", metrics.calls.clone());
        registry.register(
            "notifications",
            "Messages to people by channel and by what came of them",
            metrics.notifications.clone(),
        );
        registry.register("outbox_messages", "Messages that wait, and those that were given up", metrics.outbox.clone());
        let version = Family::<Labels, Gauge>::default();
        version.get_or_create(&Labels(vec![("version", env!("CARGO_PKG_VERSION").to_owned())])).set(1);
        registry.register("build", "1 for the version that runs", version);
        Self { registry, ..metrics }
    }
}

impl Metrics {
    /// The text that Prometheus reads.
    pub fn render(&self) -> String {
        let mut out = String::new();
        match encode(&mut out, &self.registry) {
            Ok(()) => out,
            Err(_) => String::new(),
        }
    }

    pub(super) fn reconciled(&self, repository: &str, thing: &'static str, result: &'static str) {
        let labels = vec![("repository", repository.to_owned()), ("thing", thing.to_owned()), ("result", result.to_owned())];
        self.reconciles.get_or_create(&Labels(labels)).inc();
    }

    pub(super) fn judged(&self, repository: &str, seconds: f64) {
        self.judged.get_or_create(&of(repository)).observe(seconds);
    }

    /// A change has its verdict so long after it was seen.
    pub(super) fn decided(&self, repository: &str, took: Duration) {
        self.decided.get_or_create(&of(repository)).observe(took.as_secs_f64());
    }

    /// An answer has been posted so long after its change was seen, and after its verdict, as far as there were any.
    pub(super) fn answered(&self, repository: &str, whole: Option<Duration>, posting: Option<Duration>) {
        for (family, took) in [(&self.answered, whole), (&self.posting, posting)] {
            if let Some(took) = took {
                family.get_or_create(&of(repository)).observe(took.as_secs_f64());
            }
        }
    }

    pub(super) fn spared(&self, repository: &str) {
        self.spared.get_or_create(&of(repository)).inc();
    }

    pub(super) fn posted(&self, repository: &str, statuses: usize) {
        self.statuses.get_or_create(&of(repository)).inc_by(u64::try_from(statuses).unwrap_or(u64::MAX));
    }

    pub(super) fn quarantined(&self, repository: &str) {
        self.quarantined.get_or_create(&of(repository)).inc();
    }

    pub(super) fn accepted(&self, repository: &str, now: CommitId) {
        let mut known = self.accepted_now.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = known.insert(repository.to_owned(), now).filter(|before| *before != now) {
            self.accepted.remove(&accepted_labels(repository, before));
        }
        self.accepted.get_or_create(&accepted_labels(repository, now)).set(1);
    }

    pub(super) fn branch(&self, repository: &str, halted: bool, refused: bool) {
        self.halted.get_or_create(&of(repository)).set(i64::from(halted));
        self.refused.get_or_create(&of(repository)).set(i64::from(refused));
    }

    /// A webhook was delivered, and this came of it. Both are words of a few: strangers choose neither.
    pub(crate) fn delivered(&self, event: &'static str, result: &'static str) {
        let labels = vec![("event", event.to_owned()), ("result", result.to_owned())];
        self.deliveries.get_or_create(&Labels(labels)).inc();
    }

    /// The API was called. All three are words of a few: strangers choose none.
    pub(crate) fn called(&self, method: &'static str, route: &'static str, status: &'static str) {
        let labels = vec![("method", method.to_owned()), ("route", route.to_owned()), ("status", status.to_owned())];
        self.calls.get_or_create(&Labels(labels)).inc();
    }

    /// A message to people was tried by a channel, and this came of it.
    pub(super) fn notified(&self, channel: &str, result: &'static str) {
        let labels = vec![("channel", channel.to_owned()), ("result", result.to_owned())];
        self.notifications.get_or_create(&Labels(labels)).inc();
    }

    pub(super) fn outbox(&self, waiting: u64, dead: u64) {
        for (state, count) in [("waiting", waiting), ("dead", dead)] {
            let labels = Labels(vec![("state", state.to_owned())]);
            self.outbox.get_or_create(&labels).set(i64::try_from(count).unwrap_or(i64::MAX));
        }
    }

    pub(super) fn open(&self, repository: &str, count: usize) {
        self.open.get_or_create(&of(repository)).set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    pub(super) fn foreign(&self, repository: &str) {
        self.foreign.get_or_create(&of(repository)).inc();
    }

    pub(super) fn woken(&self, repository: &str, thing: &'static str) {
        self.wakes.get_or_create(&Labels(vec![("repository", repository.to_owned()), ("thing", thing.to_owned())])).inc();
    }

    pub(super) fn merged(&self, repository: &str, result: &'static str) {
        self.merges.get_or_create(&Labels(vec![("repository", repository.to_owned()), ("result", result.to_owned())])).inc();
    }

    pub(super) fn requests(&self, repository: &str, kind: &'static str, count: u64) {
        let labels = Labels(vec![("repository", repository.to_owned()), ("kind", kind.to_owned())]);
        self.requests.get_or_create(&labels).set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// What is true of a repository now is not said any more of one that is watched no longer.
    pub(super) fn forget(&self, repository: &str) {
        for gauge in [&self.halted, &self.refused, &self.open] {
            gauge.remove(&of(repository));
        }
        if let Some(commit) = self.accepted_now.lock().unwrap_or_else(PoisonError::into_inner).remove(repository) {
            self.accepted.remove(&accepted_labels(repository, commit));
        }
    }
}

fn accepted_labels(repository: &str, commit: CommitId) -> Labels {
    Labels(vec![("repository", repository.to_owned()), ("commit", commit.to_string())])
}

fn of(repository: &str) -> Labels {
    Labels(vec![("repository", repository.to_owned())])
}
