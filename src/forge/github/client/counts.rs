//! What was sent, counted by kind: so that tests can say that no call is wasted, and metrics can show it.

use std::sync::atomic::{AtomicU64, Ordering};

/// How often what has happened since the start.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Requests sent, of every kind.
    pub requests: u64,
    /// Those that write; minting a token is not among them.
    pub writes: u64,
    /// Answers "unchanged", which cost no quota.
    pub unchanged: u64,
    /// Requests that repeat one that failed.
    pub retries: u64,
    /// Answers that turned us away for asking too much.
    pub limited: u64,
    /// What was not sent, as the quota or the pace did not allow it.
    pub held: u64,
    /// Installation tokens minted.
    pub minted: u64,
    /// Redirects followed.
    pub redirects: u64,
    /// Requests that got no whole answer, or a server's fault.
    pub faults: u64,
}

/// What is counted.
#[derive(Clone, Copy, Debug)]
pub(super) enum Count {
    Request,
    Write,
    Unchanged,
    Retry,
    Limited,
    Held,
    Minted,
    Redirect,
    Fault,
}

/// The counters themselves.
#[derive(Debug, Default)]
pub(super) struct Counters {
    requests: AtomicU64,
    writes: AtomicU64,
    unchanged: AtomicU64,
    retries: AtomicU64,
    limited: AtomicU64,
    held: AtomicU64,
    minted: AtomicU64,
    redirects: AtomicU64,
    faults: AtomicU64,
}

impl Counters {
    /// One more.
    pub(super) fn add(&self, what: Count) {
        let counter = match what {
            Count::Request => &self.requests,
            Count::Write => &self.writes,
            Count::Unchanged => &self.unchanged,
            Count::Retry => &self.retries,
            Count::Limited => &self.limited,
            Count::Held => &self.held,
            Count::Minted => &self.minted,
            Count::Redirect => &self.redirects,
            Count::Fault => &self.faults,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// All of them as they are now.
    pub(super) fn now(&self) -> Counts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts {
            requests: read(&self.requests),
            writes: read(&self.writes),
            unchanged: read(&self.unchanged),
            retries: read(&self.retries),
            limited: read(&self.limited),
            held: read(&self.held),
            minted: read(&self.minted),
            redirects: read(&self.redirects),
            faults: read(&self.faults),
        }
    }
}
