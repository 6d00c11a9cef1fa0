//! The watched branch: its accepted revisions, and the alert that its history was rewritten.

use sqlx::{Sqlite, SqliteConnection, Transaction};

use crate::model::{CommitId, Identifier, Timestamp};
use crate::store::{Acceptance, Halt, RepositoryKey, StoreError};

use super::{row, runs};

pub(super) async fn accepted(db: &mut SqliteConnection, repository: &RepositoryKey) -> Result<Option<Acceptance>, StoreError> {
    Ok(acceptances(db, repository, 1).await?.pop())
}

pub(super) async fn acceptances(
    db: &mut SqliteConnection,
    repository: &RepositoryKey,
    limit: u32,
) -> Result<Vec<Acceptance>, StoreError> {
    let rows = sqlx::query("SELECT commit_id, reason, at FROM acceptances WHERE repository = $1 ORDER BY number DESC LIMIT $2")
        .bind(repository.as_str())
        .bind(i64::from(limit))
        .fetch_all(db)
        .await?;
    rows.iter().map(row::acceptance).collect()
}

pub(super) async fn accept(
    mut tx: Transaction<'_, Sqlite>,
    repository: &RepositoryKey,
    from: CommitId,
    to: &Acceptance,
) -> Result<bool, StoreError> {
    let current = accepted(&mut tx, repository).await?;
    if current.is_none_or(|a| a.commit != from) || halted(&mut tx, repository).await?.is_some() {
        return Ok(false);
    }
    append(&mut tx, repository, to).await?;
    tx.commit().await?;
    Ok(true)
}

pub(super) async fn adopt(
    mut tx: Transaction<'_, Sqlite>,
    repository: &RepositoryKey,
    tip: &Acceptance,
    adopted: &[Identifier],
) -> Result<bool, StoreError> {
    if accepted(&mut tx, repository).await?.is_some() {
        return Ok(false);
    }
    for run in adopted {
        runs::adopt(&mut tx, repository, run, tip.at).await?;
    }
    append(&mut tx, repository, tip).await?;
    tx.commit().await?;
    Ok(true)
}

async fn append(db: &mut SqliteConnection, repository: &RepositoryKey, to: &Acceptance) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO acceptances (repository, number, commit_id, reason, at)
         SELECT $1, coalesce(max(number), 0) + 1, $2, $3, $4 FROM acceptances WHERE repository = $1",
    )
    .bind(repository.as_str())
    .bind(to.commit.to_string())
    .bind(&to.reason)
    .bind(row::nanoseconds(to.at))
    .execute(db)
    .await?;
    Ok(())
}

pub(super) async fn halted(db: &mut SqliteConnection, repository: &RepositoryKey) -> Result<Option<Halt>, StoreError> {
    let found =
        sqlx::query("SELECT seen, since FROM halts WHERE repository = $1").bind(repository.as_str()).fetch_optional(db).await?;
    found.as_ref().map(row::halt).transpose()
}

pub(super) async fn halt(
    mut tx: Transaction<'_, Sqlite>,
    repository: &RepositoryKey,
    seen: CommitId,
    at: Timestamp,
) -> Result<Halt, StoreError> {
    let found = sqlx::query(
        "INSERT INTO halts (repository, seen, since) VALUES ($1, $2, $3)
         ON CONFLICT (repository) DO UPDATE SET seen = excluded.seen RETURNING seen, since",
    )
    .bind(repository.as_str())
    .bind(seen.to_string())
    .bind(row::nanoseconds(at))
    .fetch_one(&mut *tx)
    .await?;
    let halt = row::halt(&found)?;
    tx.commit().await?;
    Ok(halt)
}

pub(super) async fn resume(
    mut tx: Transaction<'_, Sqlite>,
    repository: &RepositoryKey,
    tip: &Acceptance,
) -> Result<bool, StoreError> {
    let cleared = sqlx::query("DELETE FROM halts WHERE repository = $1 AND seen = $2")
        .bind(repository.as_str())
        .bind(tip.commit.to_string())
        .execute(&mut *tx)
        .await?;
    if cleared.rows_affected() == 0 {
        return Ok(false);
    }
    append(&mut tx, repository, tip).await?;
    tx.commit().await?;
    Ok(true)
}
