//! The store in terms of statements, whatever the database.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::model::{CommitId, Identifier, Timestamp};
use crate::run::life::RunHandle;
use crate::store::{
    Acceptance, Advance, Delivered, Fence, FoundRun, Halt, Holder, Judged, Landed, Lease, LogLine, Message, Pulse, RepositoryKey,
    RunRecord, RunTransition, Store, StoreError, TreeId, Wanted,
};

use super::{Backend, Reader, Writer, branch, deliveries, journal, leases, logs, outbox, replicas, runs, seen};

/// A transaction that holds the repository, so that what it reads cannot change before it writes, and that this handle's fence admits.
async fn write(store: &impl Backend, repository: &RepositoryKey) -> Result<Writer, StoreError> {
    let mut tx = store.begin().await?;
    let epoch = leases::lock(tx.connection(), repository).await?;
    if let Some(fence) = store.fence() {
        fence.admit(repository, epoch)?;
    }
    Ok(tx)
}

/// A transaction about messages, which any replica may take out: it holds no repository unless this handle is fenced.
async fn begin_about(store: &impl Backend, repository: Option<&RepositoryKey>) -> Result<Writer, StoreError> {
    match (store.fence(), repository) {
        (Some(_), Some(repository)) => write(store, repository).await,
        _ => store.begin().await,
    }
}

#[async_trait]
impl<B: Backend> Store for B {
    async fn accepted(&self, repository: &RepositoryKey) -> Result<Option<Acceptance>, StoreError> {
        branch::accepted(self.read().await?.connection(), repository).await
    }

    async fn accept(
        &self,
        repository: &RepositoryKey,
        from: CommitId,
        to: &Acceptance,
        landed: &[Landed],
    ) -> Result<bool, StoreError> {
        branch::accept(write(self, repository).await?, repository, from, to, landed).await
    }

    async fn adopt(&self, repository: &RepositoryKey, tip: &Acceptance, runs: &[Identifier]) -> Result<bool, StoreError> {
        branch::adopt(write(self, repository).await?, repository, tip, runs).await
    }

    async fn acceptances(&self, repository: &RepositoryKey, limit: u32) -> Result<Vec<Acceptance>, StoreError> {
        branch::acceptances(self.read().await?.connection(), repository, limit).await
    }

    async fn halted(&self, repository: &RepositoryKey) -> Result<Option<Halt>, StoreError> {
        branch::halted(self.read().await?.connection(), repository).await
    }

    async fn halt(&self, repository: &RepositoryKey, seen: CommitId, at: Timestamp) -> Result<Halt, StoreError> {
        branch::halt(write(self, repository).await?, repository, seen, at).await
    }

    async fn resume(&self, repository: &RepositoryKey, tip: &Acceptance, adopted: &[Identifier]) -> Result<bool, StoreError> {
        branch::resume(write(self, repository).await?, repository, tip, adopted).await
    }

    async fn first_seen(&self, repository: &RepositoryKey, what: &str, now: Timestamp) -> Result<Timestamp, StoreError> {
        if let Some(at) = seen::sighting(self.read().await?.connection(), repository, what).await? {
            return Ok(at);
        }
        seen::see(write(self, repository).await?, repository, what, now).await
    }

    async fn received(
        &self,
        repository: &RepositoryKey,
        commits: &[CommitId],
        now: Timestamp,
    ) -> Result<BTreeMap<CommitId, Timestamp>, StoreError> {
        let known = seen::receipts(self.read().await?.connection(), repository, commits).await?;
        let fresh: Vec<CommitId> = commits.iter().filter(|c| !known.contains_key(c)).copied().collect();
        if fresh.is_empty() {
            return Ok(known);
        }
        let mut all = seen::receive(write(self, repository).await?, repository, &fresh, now).await?;
        all.extend(known);
        Ok(all)
    }

    async fn remember_judged(&self, repository: &RepositoryKey, judged: &Judged) -> Result<(), StoreError> {
        seen::remember_judged(write(self, repository).await?, repository, judged).await
    }

    async fn forget_judged(&self, repository: &RepositoryKey, pull_request: &str) -> Result<(), StoreError> {
        seen::forget_judged(write(self, repository).await?, repository, pull_request).await
    }

    async fn judged_tree(&self, repository: &RepositoryKey, tree: TreeId, base: CommitId) -> Result<Vec<Judged>, StoreError> {
        seen::judged_tree(self.read().await?.connection(), repository, tree, base).await
    }

    async fn all_judged(&self, repository: &RepositoryKey) -> Result<Vec<Judged>, StoreError> {
        seen::all_judged(self.read().await?.connection(), repository).await
    }

    async fn published(&self, repository: &RepositoryKey, key: &str) -> Result<Option<String>, StoreError> {
        seen::published(self.read().await?.connection(), repository, key).await
    }

    async fn record_published(&self, repository: &RepositoryKey, key: &str, hash: &str, at: Timestamp) -> Result<(), StoreError> {
        seen::record_published(write(self, repository).await?, repository, key, hash, at).await
    }

    async fn run(&self, repository: &RepositoryKey, run: &Identifier) -> Result<Option<RunRecord>, StoreError> {
        runs::run(self.read().await?.connection(), repository, run).await
    }

    async fn advance(&self, repository: &RepositoryKey, advance: &Advance<'_>) -> Result<bool, StoreError> {
        journal::advance(write(self, repository).await?, repository, advance).await
    }

    async fn under_way(&self, repository: &RepositoryKey) -> Result<Vec<RunRecord>, StoreError> {
        runs::under_way(self.read().await?.connection(), repository).await
    }

    async fn run_by_handle(&self, handle: &RunHandle) -> Result<Option<FoundRun>, StoreError> {
        runs::by_handle(self.read().await?.connection(), handle).await
    }

    async fn append_log(
        &self,
        repository: &RepositoryKey,
        run: &Identifier,
        message: &str,
        at: Timestamp,
    ) -> Result<Option<u64>, StoreError> {
        logs::append(write(self, repository).await?, repository, run, message, at).await
    }

    async fn log(
        &self,
        repository: &RepositoryKey,
        run: &Identifier,
        after: u64,
        limit: u32,
    ) -> Result<Vec<LogLine>, StoreError> {
        logs::log(self.read().await?.connection(), repository, run, after, limit).await
    }

    async fn claim_messages(&self, wanted: &Wanted<'_>, lease: Duration, now: Timestamp) -> Result<Vec<Message>, StoreError> {
        let repository = wanted.repository.or(self.fence().map(Fence::repository));
        outbox::claim(begin_about(self, repository).await?, &Wanted { repository, ..*wanted }, lease, now).await
    }

    async fn give_back_messages(&self) -> Result<u64, StoreError> {
        outbox::give_back(self.begin().await?).await
    }

    async fn keep_message(&self, message: &Message, lease: Duration, now: Timestamp) -> Result<bool, StoreError> {
        outbox::keep(begin_about(self, Some(&message.repository)).await?, message, lease, now).await
    }

    async fn settle_message(&self, message: &Message, delivered: &Delivered, now: Timestamp) -> Result<(), StoreError> {
        let tx = begin_about(self, Some(&message.repository)).await?;
        outbox::settle(tx, &[(message, delivered.clone())], None, now).await
    }

    async fn settle_messages(&self, settled: &[(&Message, Delivered)], now: Timestamp) -> Result<(), StoreError> {
        let of = self.fence().map(Fence::repository);
        outbox::settle(begin_about(self, of).await?, settled, of, now).await
    }

    async fn dead_letters(&self, limit: u32) -> Result<Vec<Message>, StoreError> {
        outbox::dead(self.read().await?.connection(), limit).await
    }

    async fn replay(&self, id: Option<&str>, now: Timestamp) -> Result<u64, StoreError> {
        outbox::replay(self.begin().await?, id, now).await
    }

    async fn outbox_size(&self) -> Result<(u64, u64), StoreError> {
        outbox::size(self.read().await?.connection()).await
    }

    async fn runs(&self, repository: &RepositoryKey) -> Result<Vec<RunRecord>, StoreError> {
        runs::runs(self.read().await?.connection(), repository).await
    }

    async fn transitions(&self, repository: &RepositoryKey, run: &Identifier) -> Result<Vec<RunTransition>, StoreError> {
        runs::transitions(self.read().await?.connection(), repository, run).await
    }

    async fn remember_delivery(&self, id: &str, now: Timestamp) -> Result<bool, StoreError> {
        deliveries::remember(self.begin().await?, id, now).await
    }

    async fn clock(&self, own: Timestamp) -> Result<Timestamp, StoreError> {
        match self.read().await? {
            Reader::Sqlite(_) => Ok(own),
            Reader::Postgres(mut connection) => replicas::clock(&mut *connection).await,
        }
    }

    async fn lease(
        &self,
        repository: &RepositoryKey,
        holder: &Holder,
        ttl: Duration,
        now: Timestamp,
    ) -> Result<Option<Fence>, StoreError> {
        leases::lease(self.begin().await?, repository, holder, ttl, now).await
    }

    async fn renew(&self, fence: &Fence, ttl: Duration, now: Timestamp) -> Result<bool, StoreError> {
        leases::renew(self.begin().await?, fence, ttl, now).await
    }

    async fn release(&self, fence: &Fence) -> Result<bool, StoreError> {
        leases::release(self.begin().await?, fence).await
    }

    async fn leased(&self, repository: &RepositoryKey) -> Result<Option<Lease>, StoreError> {
        leases::leased(self.read().await?.connection(), repository).await
    }

    async fn heartbeat(&self, holder: &Holder, ttl: Duration, now: Timestamp) -> Result<Pulse, StoreError> {
        replicas::heartbeat(self.begin().await?, holder, ttl, now).await
    }

    async fn leave(&self, holder: &Holder, now: Timestamp) -> Result<(), StoreError> {
        replicas::leave(self.begin().await?, holder, now).await
    }

    async fn pass_on(&self, repository: &RepositoryKey, word: &str) -> Result<(), StoreError> {
        replicas::pass_on(self.begin().await?, repository, word).await
    }

    async fn shut(&self) {
        self.end().await;
    }

    fn under(&self, fence: Fence) -> Arc<dyn Store> {
        Arc::new(self.fenced(fence))
    }
}
