//! The store: what git and the forge cannot re-tell. Losing it costs memory of times, acceptances and decisions, never of the catalog.

mod error;
mod journal;
mod lease;
mod postgres;
mod record;
mod replica;
mod sql;
mod sqlite;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::model::{CommitId, Identifier, Timestamp};
use crate::run::life::RunHandle;

pub use error::StoreError;
pub use journal::{Advance, Delivered, FoundRun, Landed, LogLine, Message, MessageKind, NewMessage, Wanted};
pub use lease::{Epoch, Fence, Holder, Lease};
pub use postgres::{PostgresAddress, PostgresStore};
pub use record::{Acceptance, Halt, Judged, RepositoryKey, RunRecord, RunTransition, Standing, TreeId};
pub use replica::Pulse;
pub use sqlite::SqliteStore;

/// What a store says that is no place for replicas to meet.
const UNSHARED: &str = "this store is not shared by replicas";

/// The memory of the controller, in the words of the domain.
///
/// Every write is durable when the call returns, and is one transaction. Writes that depend on what was there before compare and swap:
/// they return `false` and change nothing where somebody else was faster.
/// After an error nobody knows whether a write was kept: read, and ask again.
#[async_trait]
pub trait Store: Send + Sync {
    // The watched branch (spec 9).

    /// The accepted revision: what the live catalog is.
    async fn accepted(&self, repository: &RepositoryKey) -> Result<Option<Acceptance>, StoreError>;

    /// Moves the accepted revision from `from` on, if it is still there and no alert stands. In the same transaction the runs that come
    /// onto the branch with it are noted as landed; one that landed before, or was adopted as history, is left as it is. What was last decided
    /// of a run stays, and `landing` is added to it.
    async fn accept(
        &self,
        repository: &RepositoryKey,
        from: CommitId,
        to: &Acceptance,
        landed: &[Landed],
    ) -> Result<bool, StoreError>;

    /// The first sight of a branch: accepts its tip and adopts the runs on it as history, in one transaction; one of which only proposals
    /// are recorded is history too. `false` where there is an accepted revision already.
    async fn adopt(&self, repository: &RepositoryKey, tip: &Acceptance, runs: &[Identifier]) -> Result<bool, StoreError>;

    /// All acceptances, newest first, at most `limit`.
    async fn acceptances(&self, repository: &RepositoryKey, limit: u32) -> Result<Vec<Acceptance>, StoreError>;

    /// The standing alert that history was rewritten, if there is one.
    async fn halted(&self, repository: &RepositoryKey) -> Result<Option<Halt>, StoreError>;

    /// Raises the alert. Where it stands already, the tip is brought up to date and `since` stays. Returns it as it now stands.
    async fn halt(&self, repository: &RepositoryKey, seen: CommitId, at: Timestamp) -> Result<Halt, StoreError>;

    /// A person accepts the rewritten history: clears the alert and accepts `tip`, which must be the tip the alert has seen; `false` where
    /// the branch has moved again, or where there is no alert. The runs that come with it are `adopted` as history in the same transaction;
    /// those that landed before, or have come to their end, stay what they are.
    async fn resume(&self, repository: &RepositoryKey, tip: &Acceptance, adopted: &[Identifier]) -> Result<bool, StoreError>;

    // Times (spec 5 and 7).

    /// When `what` was first seen: now, unless it was seen before.
    async fn first_seen(&self, repository: &RepositoryKey, what: &str, now: Timestamp) -> Result<Timestamp, StoreError>;

    /// When each commit was received: now, unless it was received before.
    async fn received(
        &self,
        repository: &RepositoryKey,
        commits: &[CommitId],
        now: Timestamp,
    ) -> Result<BTreeMap<CommitId, Timestamp>, StoreError>;

    // Merge results already judged green (spec 5).

    /// Remembers the merge result of a pull request that was judged green; an earlier one of the same pull request is forgotten.
    async fn remember_judged(&self, repository: &RepositoryKey, judged: &Judged) -> Result<(), StoreError>;

    /// Forgets it, because the pull request is not green any more.
    async fn forget_judged(&self, repository: &RepositoryKey, pull_request: &str) -> Result<(), StoreError>;

    /// The green pull requests whose merge result onto `base` has exactly this tree, in order of their ids.
    async fn judged_tree(&self, repository: &RepositoryKey, tree: TreeId, base: CommitId) -> Result<Vec<Judged>, StoreError>;

    /// Everything that is remembered as judged green, in order of its pull request.
    async fn all_judged(&self, repository: &RepositoryKey) -> Result<Vec<Judged>, StoreError>;

    // What has been published (spec 9). A cache that spares questions; the forge itself reads before it writes.

    /// The hash of what was last published under this key.
    async fn published(&self, repository: &RepositoryKey, key: &str) -> Result<Option<String>, StoreError>;

    /// Notes what has been published, after the forge has taken it.
    async fn record_published(&self, repository: &RepositoryKey, key: &str, hash: &str, at: Timestamp) -> Result<(), StoreError>;

    // Runs (spec 7).

    /// What is recorded of a run.
    async fn run(&self, repository: &RepositoryKey, run: &Identifier) -> Result<Option<RunRecord>, StoreError>;

    /// Writes what happened to a run and everything that follows from it, if nothing has happened to it meanwhile. `false` where something
    /// has, or where it was adopted as history.
    async fn advance(&self, repository: &RepositoryKey, advance: &Advance<'_>) -> Result<bool, StoreError>;

    /// The runs that stand on the watched branch and have not come to their end ([`crate::run::life::Life::is_under_way`]), in the order in
    /// which they landed.
    async fn under_way(&self, repository: &RepositoryKey) -> Result<Vec<RunRecord>, StoreError>;

    /// The run that the API calls so, whatever its repository; adopted ones too.
    async fn run_by_handle(&self, handle: &RunHandle) -> Result<Option<FoundRun>, StoreError>;

    /// Appends a line to the log of a run; its number. `None`: nothing is recorded of such a run, or its log has reached the bound of
    /// 5,000 lines. A line of more than 16 KiB is shortened.
    async fn append_log(
        &self,
        repository: &RepositoryKey,
        run: &Identifier,
        message: &str,
        at: Timestamp,
    ) -> Result<Option<u64>, StoreError>;

    /// The log of a run from line `after` on, exclusively, at most `limit` lines.
    async fn log(&self, repository: &RepositoryKey, run: &Identifier, after: u64, limit: u32)
    -> Result<Vec<LogLine>, StoreError>;

    // The outbox (spec 9).

    /// Takes messages out that are wanted and due, by turns of their lanes, for `lease` from now: nobody else is given them until then. Of its
    /// repository alone where this handle is fenced. Whoever dies with them gives them back by that. Of one run and lane there is one at a
    /// time, the oldest, so that they go in order.
    async fn claim_messages(&self, wanted: &Wanted<'_>, lease: Duration, now: Timestamp) -> Result<Vec<Message>, StoreError>;

    /// Gives back every message that was taken out, at once: for whoever knows that those who took them are gone. How many.
    async fn give_back_messages(&self) -> Result<u64, StoreError> {
        Err(StoreError::Database(UNSHARED.to_owned()))
    }

    /// Prolongs the time for which a message is nobody else's. `false` where it was taken out again meanwhile.
    async fn keep_message(&self, message: &Message, lease: Duration, now: Timestamp) -> Result<bool, StoreError>;

    /// Writes down what became of a message, and counts the attempt if there was one. Where it was taken out again meanwhile, because the time was up, this
    /// changes nothing. What is done is forgotten after a week.
    async fn settle_message(&self, message: &Message, delivered: &Delivered, now: Timestamp) -> Result<(), StoreError>;

    /// The same of many messages, in one transaction; those of other repositories are left alone where this handle is fenced.
    async fn settle_messages(&self, settled: &[(&Message, Delivered)], now: Timestamp) -> Result<(), StoreError> {
        for (message, delivered) in settled {
            self.settle_message(message, delivered, now).await?;
        }
        Ok(())
    }

    /// The messages that were given up, oldest first.
    async fn dead_letters(&self, limit: u32) -> Result<Vec<Message>, StoreError>;

    /// Has dead letters tried again now, as if they were new: one by its id, or all. How many.
    async fn replay(&self, id: Option<&str>, now: Timestamp) -> Result<u64, StoreError>;

    /// How many messages wait, and how many are dead.
    async fn outbox_size(&self) -> Result<(u64, u64), StoreError>;

    /// All runs, in order of their identifiers.
    async fn runs(&self, repository: &RepositoryKey) -> Result<Vec<RunRecord>, StoreError>;

    /// How a run came to be where it is, oldest first.
    async fn transitions(&self, repository: &RepositoryKey, run: &Identifier) -> Result<Vec<RunTransition>, StoreError>;

    // Webhooks.

    /// Remembers that a delivery of a webhook is acted upon; `false` where it was remembered already. What is older than a week is
    /// forgotten, and so are the oldest where there are very many.
    async fn remember_delivery(&self, id: &str, now: Timestamp) -> Result<bool, StoreError>;

    // Who acts on a repository, where several replicas share the store (spec 11).

    /// The time by which what is taken for a while ends: that of the server, where machines share it whose own clocks may differ, or else
    /// `own`.
    async fn clock(&self, own: Timestamp) -> Result<Timestamp, StoreError> {
        Ok(own)
    }

    /// Gives the lease of a repository to `holder` for `ttl` from now, if nobody else holds one that has not expired. Whoever holds it
    /// already is given it in the same epoch; for everybody else the epoch grows.
    ///
    /// Whoever calls this by another clock than [`Self::clock`] has leases end early or late. That costs time and never correctness: the
    /// fence keeps late writes out.
    async fn lease(
        &self,
        repository: &RepositoryKey,
        holder: &Holder,
        ttl: Duration,
        now: Timestamp,
    ) -> Result<Option<Fence>, StoreError>;

    /// Prolongs a lease to `ttl` from now, also one that has expired and that nobody has taken. `false`: it is lost, so stop.
    async fn renew(&self, fence: &Fence, ttl: Duration, now: Timestamp) -> Result<bool, StoreError>;

    /// Gives a lease back, so that nobody has to wait for its end. What is still under way under it will not be written. `false`: it was
    /// lost already.
    async fn release(&self, fence: &Fence) -> Result<bool, StoreError>;

    /// Who holds the lease of a repository, be it expired or not.
    async fn leased(&self, repository: &RepositoryKey) -> Result<Option<Lease>, StoreError>;

    /// Says that a replica lives, prolongs everything that it holds to `ttl` from now, and collects what others have heard for it.
    async fn heartbeat(&self, _holder: &Holder, _ttl: Duration, _now: Timestamp) -> Result<Pulse, StoreError> {
        Err(StoreError::Database(UNSHARED.to_owned()))
    }

    /// Gives everything back that a replica holds, so that nobody has to wait for the end of a lease.
    async fn leave(&self, _holder: &Holder, _now: Timestamp) -> Result<(), StoreError> {
        Err(StoreError::Database(UNSHARED.to_owned()))
    }

    /// Leaves a word about a repository for whoever holds it.
    async fn pass_on(&self, _repository: &RepositoryKey, _word: &str) -> Result<(), StoreError> {
        Err(StoreError::Database(UNSHARED.to_owned()))
    }

    /// Waits for what is under way, and ends: this handle and all that were made of it answer no more.
    async fn shut(&self) {}

    /// The same store, whose every write is made only while `fence` holds, asked in the write's own transaction. Otherwise it changes
    /// nothing and fails with [`StoreError::Fenced`]. So does a write about any other repository.
    fn under(&self, fence: Fence) -> Arc<dyn Store>;
}
