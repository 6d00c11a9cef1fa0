//! The embedded store: one SQLite file, one writer at a time, readers beside it.

mod branch;
mod delivery;
mod open;
mod row;
mod runs;
mod seen;

use std::collections::BTreeMap;
use std::path::Path;

use async_trait::async_trait;
use serde_json::Value as Json;
use sqlx::{Sqlite, SqlitePool, Transaction};

use crate::model::{CommitId, Identifier, RunState, Timestamp};

use super::{Acceptance, Halt, Judged, RepositoryKey, RunRecord, RunTransition, Store, StoreError, TreeId};

/// A [`Store`] in a file. Clones share the file.
#[derive(Clone, Debug)]
pub struct SqliteStore {
    /// One connection: whoever wants to write waits in our queue rather than in SQLite's, which is not fair.
    writer: SqlitePool,
    /// Several, which see the last committed state and never wait for the writer.
    readers: SqlitePool,
}

impl SqliteStore {
    /// Opens the file, which is created for its owner alone where it is missing, and brings its schema up to date.
    ///
    /// Fails with [`StoreError::Open`] on a file that is damaged, that is no store of ours, or that a newer version has written.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let (writer, readers) = open::open(path).await?;
        Ok(Self { writer, readers })
    }

    /// Waits for what is under way, folds the journal into the file, and closes it.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    /// A transaction that holds the write lock from its first statement, so that what it reads cannot change before it writes.
    async fn write(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        Ok(self.writer.begin_with("BEGIN IMMEDIATE").await?)
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn accepted(&self, repository: &RepositoryKey) -> Result<Option<Acceptance>, StoreError> {
        branch::accepted(&mut *self.readers.acquire().await?, repository).await
    }

    async fn accept(&self, repository: &RepositoryKey, from: CommitId, to: &Acceptance) -> Result<bool, StoreError> {
        branch::accept(self.write().await?, repository, from, to).await
    }

    async fn adopt(&self, repository: &RepositoryKey, tip: &Acceptance, runs: &[Identifier]) -> Result<bool, StoreError> {
        branch::adopt(self.write().await?, repository, tip, runs).await
    }

    async fn acceptances(&self, repository: &RepositoryKey, limit: u32) -> Result<Vec<Acceptance>, StoreError> {
        branch::acceptances(&mut *self.readers.acquire().await?, repository, limit).await
    }

    async fn halted(&self, repository: &RepositoryKey) -> Result<Option<Halt>, StoreError> {
        branch::halted(&mut *self.readers.acquire().await?, repository).await
    }

    async fn halt(&self, repository: &RepositoryKey, seen: CommitId, at: Timestamp) -> Result<Halt, StoreError> {
        branch::halt(self.write().await?, repository, seen, at).await
    }

    async fn resume(&self, repository: &RepositoryKey, tip: &Acceptance) -> Result<bool, StoreError> {
        branch::resume(self.write().await?, repository, tip).await
    }

    async fn first_seen(&self, repository: &RepositoryKey, what: &str, now: Timestamp) -> Result<Timestamp, StoreError> {
        if let Some(at) = seen::sighting(&mut *self.readers.acquire().await?, repository, what).await? {
            return Ok(at);
        }
        seen::see(self.write().await?, repository, what, now).await
    }

    async fn received(
        &self,
        repository: &RepositoryKey,
        commits: &[CommitId],
        now: Timestamp,
    ) -> Result<BTreeMap<CommitId, Timestamp>, StoreError> {
        let known = seen::receipts(&mut *self.readers.acquire().await?, repository, commits).await?;
        let fresh: Vec<CommitId> = commits.iter().filter(|c| !known.contains_key(c)).copied().collect();
        if fresh.is_empty() {
            return Ok(known);
        }
        let mut all = seen::receive(self.write().await?, repository, &fresh, now).await?;
        all.extend(known);
        Ok(all)
    }

    async fn remember_judged(&self, repository: &RepositoryKey, judged: &Judged) -> Result<(), StoreError> {
        seen::remember_judged(self.write().await?, repository, judged).await
    }

    async fn forget_judged(&self, repository: &RepositoryKey, pull_request: &str) -> Result<(), StoreError> {
        seen::forget_judged(self.write().await?, repository, pull_request).await
    }

    async fn judged_tree(&self, repository: &RepositoryKey, tree: TreeId, base: CommitId) -> Result<Vec<Judged>, StoreError> {
        seen::judged_tree(&mut *self.readers.acquire().await?, repository, tree, base).await
    }

    async fn all_judged(&self, repository: &RepositoryKey) -> Result<Vec<Judged>, StoreError> {
        seen::all_judged(&mut *self.readers.acquire().await?, repository).await
    }

    async fn published(&self, repository: &RepositoryKey, key: &str) -> Result<Option<String>, StoreError> {
        seen::published(&mut *self.readers.acquire().await?, repository, key).await
    }

    async fn record_published(&self, repository: &RepositoryKey, key: &str, hash: &str, at: Timestamp) -> Result<(), StoreError> {
        seen::record_published(self.write().await?, repository, key, hash, at).await
    }

    async fn run(&self, repository: &RepositoryKey, run: &Identifier) -> Result<Option<RunRecord>, StoreError> {
        runs::run(&mut *self.readers.acquire().await?, repository, run).await
    }

    async fn record_run(
        &self,
        repository: &RepositoryKey,
        run: &Identifier,
        from: Option<RunState>,
        to: RunState,
        decision: &Json,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        runs::record(self.write().await?, repository, run, &runs::Step { from, to, decision, at }).await
    }

    async fn runs(&self, repository: &RepositoryKey) -> Result<Vec<RunRecord>, StoreError> {
        runs::runs(&mut *self.readers.acquire().await?, repository).await
    }

    async fn transitions(&self, repository: &RepositoryKey, run: &Identifier) -> Result<Vec<RunTransition>, StoreError> {
        runs::transitions(&mut *self.readers.acquire().await?, repository, run).await
    }

    async fn remember_delivery(&self, id: &str, now: Timestamp) -> Result<bool, StoreError> {
        delivery::remember(self.write().await?, id, now).await
    }
}

#[cfg(test)]
mod tests;
