//! What was seen, received, judged and published before.

use std::collections::BTreeMap;

use sqlx::{Row, Sqlite, SqliteConnection, Transaction};

use crate::model::{CommitId, Timestamp};
use crate::store::{Judged, RepositoryKey, StoreError, TreeId};

use super::row;

pub(super) async fn sighting(
    db: &mut SqliteConnection,
    repository: &RepositoryKey,
    what: &str,
) -> Result<Option<Timestamp>, StoreError> {
    let found = sqlx::query("SELECT at FROM sightings WHERE repository = $1 AND what = $2")
        .bind(repository.as_str())
        .bind(what)
        .fetch_optional(db)
        .await?;
    found.as_ref().map(|r| row::time(r, "at")).transpose()
}

pub(super) async fn see(
    mut tx: Transaction<'_, Sqlite>,
    repository: &RepositoryKey,
    what: &str,
    now: Timestamp,
) -> Result<Timestamp, StoreError> {
    sqlx::query("INSERT INTO sightings (repository, what, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
        .bind(repository.as_str())
        .bind(what)
        .bind(row::nanoseconds(now))
        .execute(&mut *tx)
        .await?;
    let at = sighting(&mut tx, repository, what).await?.unwrap_or(now);
    tx.commit().await?;
    Ok(at)
}

pub(super) async fn receipts(
    db: &mut SqliteConnection,
    repository: &RepositoryKey,
    commits: &[CommitId],
) -> Result<BTreeMap<CommitId, Timestamp>, StoreError> {
    let mut known = BTreeMap::new();
    for id in commits {
        let found = sqlx::query("SELECT at FROM receipts WHERE repository = $1 AND commit_id = $2")
            .bind(repository.as_str())
            .bind(id.to_string())
            .fetch_optional(&mut *db)
            .await?;
        if let Some(found) = found {
            known.insert(*id, row::time(&found, "at")?);
        }
    }
    Ok(known)
}

pub(super) async fn receive(
    mut tx: Transaction<'_, Sqlite>,
    repository: &RepositoryKey,
    commits: &[CommitId],
    now: Timestamp,
) -> Result<BTreeMap<CommitId, Timestamp>, StoreError> {
    for id in commits {
        sqlx::query("INSERT INTO receipts (repository, commit_id, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
            .bind(repository.as_str())
            .bind(id.to_string())
            .bind(row::nanoseconds(now))
            .execute(&mut *tx)
            .await?;
    }
    let all = receipts(&mut tx, repository, commits).await?;
    tx.commit().await?;
    Ok(all)
}

pub(super) async fn remember_judged(
    mut tx: Transaction<'_, Sqlite>,
    repository: &RepositoryKey,
    judged: &Judged,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO judged (repository, pull_request, head, base, tree, verdict, at) VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (repository, pull_request) DO UPDATE
         SET head = excluded.head, base = excluded.base, tree = excluded.tree, verdict = excluded.verdict, at = excluded.at",
    )
    .bind(repository.as_str())
    .bind(&judged.pull_request)
    .bind(judged.head.to_string())
    .bind(judged.base.to_string())
    .bind(judged.tree.to_string())
    .bind(judged.verdict.to_string())
    .bind(row::nanoseconds(judged.at))
    .execute(&mut *tx)
    .await?;
    Ok(tx.commit().await?)
}

pub(super) async fn forget_judged(
    mut tx: Transaction<'_, Sqlite>,
    repository: &RepositoryKey,
    pull_request: &str,
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM judged WHERE repository = $1 AND pull_request = $2")
        .bind(repository.as_str())
        .bind(pull_request)
        .execute(&mut *tx)
        .await?;
    Ok(tx.commit().await?)
}

pub(super) async fn judged_tree(
    db: &mut SqliteConnection,
    repository: &RepositoryKey,
    tree: TreeId,
    base: CommitId,
) -> Result<Vec<Judged>, StoreError> {
    let rows = sqlx::query(
        "SELECT pull_request, head, base, tree, verdict, at FROM judged
         WHERE repository = $1 AND tree = $2 AND base = $3 ORDER BY pull_request",
    )
    .bind(repository.as_str())
    .bind(tree.to_string())
    .bind(base.to_string())
    .fetch_all(db)
    .await?;
    rows.iter().map(row::judged).collect()
}

pub(super) async fn all_judged(db: &mut SqliteConnection, repository: &RepositoryKey) -> Result<Vec<Judged>, StoreError> {
    let rows =
        sqlx::query("SELECT pull_request, head, base, tree, verdict, at FROM judged WHERE repository = $1 ORDER BY pull_request")
            .bind(repository.as_str())
            .fetch_all(db)
            .await?;
    rows.iter().map(row::judged).collect()
}

pub(super) async fn published(
    db: &mut SqliteConnection,
    repository: &RepositoryKey,
    key: &str,
) -> Result<Option<String>, StoreError> {
    let found = sqlx::query("SELECT hash FROM publications WHERE repository = $1 AND key = $2")
        .bind(repository.as_str())
        .bind(key)
        .fetch_optional(db)
        .await?;
    Ok(found.map(|r| r.try_get("hash")).transpose()?)
}

pub(super) async fn record_published(
    mut tx: Transaction<'_, Sqlite>,
    repository: &RepositoryKey,
    key: &str,
    hash: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO publications (repository, key, hash, at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (repository, key) DO UPDATE SET hash = excluded.hash, at = excluded.at",
    )
    .bind(repository.as_str())
    .bind(key)
    .bind(hash)
    .bind(row::nanoseconds(at))
    .execute(&mut *tx)
    .await?;
    Ok(tx.commit().await?)
}
