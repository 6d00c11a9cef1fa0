//! The watched branch: its accepted revisions, and the alert that its history was rewritten.

use crate::model::{CommitId, Identifier, Timestamp};
use crate::store::{Acceptance, Halt, Landed, RepositoryKey, StoreError};

use super::{Connection, Writer, journal, row, runs};

pub(super) async fn accepted(db: &mut dyn Connection, repository: &RepositoryKey) -> Result<Option<Acceptance>, StoreError> {
    Ok(acceptances(db, repository, 1).await?.pop())
}

pub(super) async fn acceptances(
    db: &mut dyn Connection,
    repository: &RepositoryKey,
    limit: u32,
) -> Result<Vec<Acceptance>, StoreError> {
    db.rows(
        "SELECT commit_id, reason, at FROM acceptances WHERE repository = $1 ORDER BY number DESC LIMIT $2",
        &[repository.into(), i64::from(limit).into()],
    )
    .await?
    .iter()
    .map(row::acceptance)
    .collect()
}

pub(super) async fn accept(
    mut tx: Writer,
    repository: &RepositoryKey,
    from: CommitId,
    to: &Acceptance,
    landed: &[Landed],
) -> Result<bool, StoreError> {
    let db = tx.connection();
    let current = accepted(db, repository).await?;
    if current.is_none_or(|a| a.commit != from) || halted(db, repository).await?.is_some() {
        return Ok(false);
    }
    append(db, repository, to).await?;
    for landed in landed {
        journal::land(db, repository, landed).await?;
    }
    tx.commit().await?;
    Ok(true)
}

pub(super) async fn adopt(
    mut tx: Writer,
    repository: &RepositoryKey,
    tip: &Acceptance,
    adopted: &[Identifier],
) -> Result<bool, StoreError> {
    let db = tx.connection();
    if accepted(db, repository).await?.is_some() {
        return Ok(false);
    }
    for run in adopted {
        runs::adopt(db, repository, run, tip.at).await?;
    }
    append(db, repository, tip).await?;
    tx.commit().await?;
    Ok(true)
}

async fn append(db: &mut dyn Connection, repository: &RepositoryKey, to: &Acceptance) -> Result<(), StoreError> {
    db.change(
        "INSERT INTO acceptances (repository, number, commit_id, reason, at)
         SELECT $1, coalesce(max(number), 0) + 1, $2, $3, $4 FROM acceptances WHERE repository = $1",
        &[repository.into(), to.commit.into(), to.reason.as_str().into(), to.at.into()],
    )
    .await?;
    Ok(())
}

pub(super) async fn halted(db: &mut dyn Connection, repository: &RepositoryKey) -> Result<Option<Halt>, StoreError> {
    let rows = db.rows("SELECT seen, since FROM halts WHERE repository = $1", &[repository.into()]).await?;
    rows.first().map(row::halt).transpose()
}

pub(super) async fn halt(mut tx: Writer, repository: &RepositoryKey, seen: CommitId, at: Timestamp) -> Result<Halt, StoreError> {
    let rows = tx
        .connection()
        .rows(
            "INSERT INTO halts (repository, seen, since) VALUES ($1, $2, $3)
             ON CONFLICT (repository) DO UPDATE SET seen = excluded.seen RETURNING seen, since",
            &[repository.into(), seen.into(), at.into()],
        )
        .await?;
    let halt = row::halt(rows.first().ok_or_else(|| row::damaged("an alert"))?)?;
    tx.commit().await?;
    Ok(halt)
}

pub(super) async fn resume(
    mut tx: Writer,
    repository: &RepositoryKey,
    tip: &Acceptance,
    adopted: &[Identifier],
) -> Result<bool, StoreError> {
    let db = tx.connection();
    let cleared =
        db.change("DELETE FROM halts WHERE repository = $1 AND seen = $2", &[repository.into(), tip.commit.into()]).await?;
    if cleared == 0 {
        return Ok(false);
    }
    for run in adopted {
        runs::adopt(db, repository, run, tip.at).await?;
    }
    append(db, repository, tip).await?;
    tx.commit().await?;
    Ok(true)
}
