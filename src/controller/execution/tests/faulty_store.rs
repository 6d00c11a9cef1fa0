//! A store that fails at a chosen write, before it or after it, and once or for ever: a store that is down, and a process that dies.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;

use crate::model::{CommitId, Identifier, Timestamp};
use crate::run::life::RunHandle;
use crate::store::{
    Acceptance, Advance, Delivered, Fence, FoundRun, Halt, Holder, Judged, Landed, Lease, LogLine, Message, Pulse, RepositoryKey,
    RunRecord, RunTransition, Store, StoreError, TreeId, Wanted,
};

/// Where it fails.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Fault {
    /// At which write of the journal, from 1.
    pub(super) at: usize,
    /// Whether that write is kept.
    pub(super) kept: bool,
    /// Whether nothing is heard of it afterwards: whoever wrote is dead.
    pub(super) forever: bool,
}

#[derive(Clone)]
pub(super) struct FaultyStore {
    inner: Arc<dyn Store>,
    fault: Fault,
    writes: Arc<AtomicUsize>,
}

impl FaultyStore {
    pub(super) fn of(inner: Arc<dyn Store>, fault: Fault) -> Arc<Self> {
        Arc::new(Self { inner, fault, writes: Arc::default() })
    }

    /// Whether it has failed.
    pub(super) fn has_failed(&self) -> bool {
        self.writes.load(Ordering::SeqCst) >= self.fault.at
    }

    fn down() -> StoreError {
        StoreError::Unavailable("the disk is gone".to_owned())
    }

    fn alive(&self) -> Result<&dyn Store, StoreError> {
        match self.fault.forever && self.has_failed() {
            true => Err(Self::down()),
            false => Ok(&*self.inner),
        }
    }

    /// Counts a write: whether it is kept, and whether it fails.
    fn write(&self) -> Result<(bool, bool), StoreError> {
        self.alive()?;
        let fails = self.writes.fetch_add(1, Ordering::SeqCst) + 1 == self.fault.at;
        Ok((!fails || self.fault.kept, fails))
    }
}

#[async_trait]
impl Store for FaultyStore {
    async fn accept(
        &self,
        repository: &RepositoryKey,
        from: CommitId,
        to: &Acceptance,
        landed: &[Landed],
    ) -> Result<bool, StoreError> {
        let (kept, fails) = self.write()?;
        let done = if kept { self.inner.accept(repository, from, to, landed).await? } else { false };
        if fails { Err(Self::down()) } else { Ok(done) }
    }

    async fn advance(&self, repository: &RepositoryKey, advance: &Advance<'_>) -> Result<bool, StoreError> {
        let (kept, fails) = self.write()?;
        let done = if kept { self.inner.advance(repository, advance).await? } else { false };
        if fails { Err(Self::down()) } else { Ok(done) }
    }

    async fn accepted(&self, repository: &RepositoryKey) -> Result<Option<Acceptance>, StoreError> {
        self.alive()?.accepted(repository).await
    }
    async fn adopt(&self, repository: &RepositoryKey, tip: &Acceptance, runs: &[Identifier]) -> Result<bool, StoreError> {
        self.alive()?.adopt(repository, tip, runs).await
    }
    async fn acceptances(&self, repository: &RepositoryKey, limit: u32) -> Result<Vec<Acceptance>, StoreError> {
        self.alive()?.acceptances(repository, limit).await
    }
    async fn halted(&self, repository: &RepositoryKey) -> Result<Option<Halt>, StoreError> {
        self.alive()?.halted(repository).await
    }
    async fn halt(&self, repository: &RepositoryKey, seen: CommitId, at: Timestamp) -> Result<Halt, StoreError> {
        self.alive()?.halt(repository, seen, at).await
    }
    async fn resume(&self, repository: &RepositoryKey, tip: &Acceptance, adopted: &[Identifier]) -> Result<bool, StoreError> {
        self.alive()?.resume(repository, tip, adopted).await
    }
    async fn first_seen(&self, repository: &RepositoryKey, what: &str, now: Timestamp) -> Result<Timestamp, StoreError> {
        self.alive()?.first_seen(repository, what, now).await
    }
    async fn received(
        &self,
        repository: &RepositoryKey,
        commits: &[CommitId],
        now: Timestamp,
    ) -> Result<BTreeMap<CommitId, Timestamp>, StoreError> {
        self.alive()?.received(repository, commits, now).await
    }
    async fn remember_judged(&self, repository: &RepositoryKey, judged: &Judged) -> Result<(), StoreError> {
        self.alive()?.remember_judged(repository, judged).await
    }
    async fn forget_judged(&self, repository: &RepositoryKey, pull_request: &str) -> Result<(), StoreError> {
        self.alive()?.forget_judged(repository, pull_request).await
    }
    async fn judged_tree(&self, repository: &RepositoryKey, tree: TreeId, base: CommitId) -> Result<Vec<Judged>, StoreError> {
        self.alive()?.judged_tree(repository, tree, base).await
    }
    async fn all_judged(&self, repository: &RepositoryKey) -> Result<Vec<Judged>, StoreError> {
        self.alive()?.all_judged(repository).await
    }
    async fn published(&self, repository: &RepositoryKey, key: &str) -> Result<Option<String>, StoreError> {
        self.alive()?.published(repository, key).await
    }
    async fn record_published(&self, repository: &RepositoryKey, key: &str, hash: &str, at: Timestamp) -> Result<(), StoreError> {
        self.alive()?.record_published(repository, key, hash, at).await
    }
    async fn run(&self, repository: &RepositoryKey, run: &Identifier) -> Result<Option<RunRecord>, StoreError> {
        self.alive()?.run(repository, run).await
    }
    async fn under_way(&self, repository: &RepositoryKey) -> Result<Vec<RunRecord>, StoreError> {
        self.alive()?.under_way(repository).await
    }
    async fn run_by_handle(&self, handle: &RunHandle) -> Result<Option<FoundRun>, StoreError> {
        self.alive()?.run_by_handle(handle).await
    }
    async fn append_log(
        &self,
        repository: &RepositoryKey,
        run: &Identifier,
        message: &str,
        at: Timestamp,
    ) -> Result<Option<u64>, StoreError> {
        self.alive()?.append_log(repository, run, message, at).await
    }
    async fn log(
        &self,
        repository: &RepositoryKey,
        run: &Identifier,
        after: u64,
        limit: u32,
    ) -> Result<Vec<LogLine>, StoreError> {
        self.alive()?.log(repository, run, after, limit).await
    }
    async fn claim_messages(&self, wanted: &Wanted<'_>, lease: Duration, now: Timestamp) -> Result<Vec<Message>, StoreError> {
        self.alive()?.claim_messages(wanted, lease, now).await
    }
    async fn keep_message(&self, message: &Message, lease: Duration, now: Timestamp) -> Result<bool, StoreError> {
        self.alive()?.keep_message(message, lease, now).await
    }
    async fn settle_message(&self, message: &Message, delivered: &Delivered, now: Timestamp) -> Result<(), StoreError> {
        self.alive()?.settle_message(message, delivered, now).await
    }
    async fn dead_letters(&self, limit: u32) -> Result<Vec<Message>, StoreError> {
        self.alive()?.dead_letters(limit).await
    }
    async fn replay(&self, id: Option<&str>, now: Timestamp) -> Result<u64, StoreError> {
        self.alive()?.replay(id, now).await
    }
    async fn outbox_size(&self) -> Result<(u64, u64), StoreError> {
        self.alive()?.outbox_size().await
    }
    async fn runs(&self, repository: &RepositoryKey) -> Result<Vec<RunRecord>, StoreError> {
        self.alive()?.runs(repository).await
    }
    async fn transitions(&self, repository: &RepositoryKey, run: &Identifier) -> Result<Vec<RunTransition>, StoreError> {
        self.alive()?.transitions(repository, run).await
    }
    async fn remember_delivery(&self, id: &str, now: Timestamp) -> Result<bool, StoreError> {
        self.alive()?.remember_delivery(id, now).await
    }
    async fn lease(
        &self,
        repository: &RepositoryKey,
        holder: &Holder,
        ttl: Duration,
        now: Timestamp,
    ) -> Result<Option<Fence>, StoreError> {
        self.alive()?.lease(repository, holder, ttl, now).await
    }
    async fn renew(&self, fence: &Fence, ttl: Duration, now: Timestamp) -> Result<bool, StoreError> {
        self.alive()?.renew(fence, ttl, now).await
    }
    async fn release(&self, fence: &Fence) -> Result<bool, StoreError> {
        self.alive()?.release(fence).await
    }
    async fn leased(&self, repository: &RepositoryKey) -> Result<Option<Lease>, StoreError> {
        self.alive()?.leased(repository).await
    }
    async fn heartbeat(&self, holder: &Holder, ttl: Duration, now: Timestamp) -> Result<Pulse, StoreError> {
        self.alive()?.heartbeat(holder, ttl, now).await
    }
    async fn leave(&self, holder: &Holder, now: Timestamp) -> Result<(), StoreError> {
        self.alive()?.leave(holder, now).await
    }
    async fn pass_on(&self, repository: &RepositoryKey, word: &str) -> Result<(), StoreError> {
        self.alive()?.pass_on(repository, word).await
    }
    async fn shut(&self) {
        self.inner.shut().await;
    }
    fn under(&self, fence: Fence) -> Arc<dyn Store> {
        Arc::new(Self { inner: self.inner.under(fence), fault: self.fault, writes: self.writes.clone() })
    }
}
