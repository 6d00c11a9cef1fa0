//! What both databases are told and asked, in the statements that both understand: of texts and 64-bit numbers alone.
//!
//! Each write begins by locking its repository's row of `leases`. So the writes of one repository happen one after another in both
//! databases, what a write reads cannot change before it writes, and a fence is asked under the same lock.

mod branch;
mod deliveries;
mod failure;
mod journal;
mod leases;
mod logs;
mod outbox;
mod replicas;
mod row;
mod runs;
mod seen;
mod store;

use std::borrow::Cow;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value as Json;
use sqlx::pool::PoolConnection;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{PgConnection, Postgres, Sqlite, SqliteConnection, Transaction};

use crate::model::{CommitId, Identifier, Timestamp};

use super::{Fence, RepositoryKey, StoreError};

#[cfg(test)]
pub(super) use deliveries::MOST as MOST_DELIVERIES;
pub(super) use runs::name_all;

/// What the migrations make in both databases, beside what says whose schema it is.
const TABLES: [&str; 14] = [
    "acceptances",
    "deliveries",
    "halts",
    "judged",
    "leases",
    "outbox",
    "publications",
    "receipts",
    "replicas",
    "run_logs",
    "run_transitions",
    "runs",
    "sightings",
    "wakes",
];

/// A database that says it is up to date and lacks one of our tables was damaged, or only half restored.
pub(super) fn whole(tables: &[String]) -> Result<(), String> {
    let missing: Vec<&str> = TABLES.into_iter().filter(|table| !tables.iter().any(|t| t == table)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(format!("it is damaged: {} missing; restore it from a copy, or move it away to begin anew", missing.join(", ")))
}

/// A database that speaks our statements. Whatever implements it is a [`super::Store`].
#[async_trait]
pub(super) trait Backend: Clone + Send + Sync + 'static {
    /// A connection that sees what is committed.
    async fn read(&self) -> Result<Reader, StoreError>;

    /// A transaction. What is not committed is rolled back when it is dropped.
    async fn begin(&self) -> Result<Writer, StoreError>;

    /// What this handle's writes are made under, if under anything.
    fn fence(&self) -> Option<&Fence>;

    /// A handle whose writes are made under this.
    fn fenced(&self, fence: Fence) -> Self;

    /// Waits for what is under way, and ends.
    async fn end(&self);
}

/// One conversation with a database.
#[async_trait]
pub(super) trait Connection: Send {
    /// Asks.
    async fn rows(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<Vec<Row>, StoreError>;

    /// Tells, and returns how many rows that has changed.
    async fn change(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<u64, StoreError>;
}

/// One row of an answer.
pub(super) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

/// See [`Backend::read`].
pub(super) enum Reader {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>),
}

impl Reader {
    fn connection(&mut self) -> &mut dyn Connection {
        match self {
            Self::Sqlite(connection) => &mut **connection,
            Self::Postgres(connection) => &mut **connection,
        }
    }
}

/// See [`Backend::begin`].
pub(super) enum Writer {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

impl Writer {
    fn connection(&mut self) -> &mut dyn Connection {
        match self {
            Self::Sqlite(transaction) => &mut **transaction,
            Self::Postgres(transaction) => &mut **transaction,
        }
    }

    /// One of two statements, where the databases do not understand the same one.
    fn either(&self, sqlite: &'static str, postgres: &'static str) -> &'static str {
        match self {
            Self::Sqlite(_) => sqlite,
            Self::Postgres(_) => postgres,
        }
    }

    /// Makes it durable.
    async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(transaction) => in_time(LOCAL, transaction.commit()).await,
            Self::Postgres(transaction) => in_time(REMOTE, transaction.commit()).await,
        }
    }
}

/// What stands for `$1`, `$2` and so on.
pub(super) enum Value<'a> {
    Text(Cow<'a, str>),
    Number(i64),
    /// A text that is not there.
    Nothing,
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        // PostgreSQL has no place for this one character, and both stores are to take the same.
        Self::Text(if text.contains('\0') { Cow::Owned(text.replace('\0', "\u{fffd}")) } else { Cow::Borrowed(text) })
    }
}

impl<'a> From<&'a RepositoryKey> for Value<'a> {
    fn from(repository: &'a RepositoryKey) -> Self {
        repository.as_str().into()
    }
}

impl<'a> From<&'a Identifier> for Value<'a> {
    fn from(identifier: &'a Identifier) -> Self {
        identifier.as_str().into()
    }
}

impl<'a> From<Option<&'a str>> for Value<'a> {
    fn from(text: Option<&'a str>) -> Self {
        text.map_or(Self::Nothing, Self::from)
    }
}

impl From<CommitId> for Value<'_> {
    fn from(commit: CommitId) -> Self {
        Self::Text(Cow::Owned(commit.to_string()))
    }
}

impl From<&Json> for Value<'_> {
    fn from(json: &Json) -> Self {
        Self::Text(Cow::Owned(json.to_string()))
    }
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<Timestamp> for Value<'_> {
    fn from(at: Timestamp) -> Self {
        Self::Number(row::nanoseconds(at))
    }
}

/// How long a database on this machine may take: the lock of another process has a shorter limit of its own.
const LOCAL: Duration = Duration::from_secs(60);

/// How long a server may take: longer than the limit that it keeps itself, so that only a lost network comes to this one.
const REMOTE: Duration = Duration::from_secs(25);

async fn in_time<T>(limit: Duration, answer: impl Future<Output = Result<T, sqlx::Error>> + Send) -> Result<T, StoreError> {
    match tokio::time::timeout(limit, answer).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(StoreError::Unavailable(format!("the database has said nothing for {} seconds", limit.as_secs()))),
    }
}

macro_rules! bound {
    ($sql:ident, $values:ident) => {
        $values.iter().fold(sqlx::query($sql), |query, value| match value {
            Value::Text(text) => query.bind(text.clone().into_owned()),
            Value::Number(number) => query.bind(*number),
            Value::Nothing => query.bind(None::<String>),
        })
    };
}

macro_rules! connection {
    ($connection:ty, $row:path, $limit:expr) => {
        #[async_trait]
        impl Connection for $connection {
            async fn rows(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<Vec<Row>, StoreError> {
                let rows = in_time($limit, bound!(sql, values).fetch_all(self)).await?;
                Ok(rows.into_iter().map($row).collect())
            }

            async fn change(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<u64, StoreError> {
                Ok(in_time($limit, bound!(sql, values).execute(self)).await?.rows_affected())
            }
        }
    };
}

connection!(SqliteConnection, Row::Sqlite, LOCAL);
connection!(PgConnection, Row::Postgres, REMOTE);
