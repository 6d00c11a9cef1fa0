//! What was seen, received, judged and published before.

use std::collections::BTreeMap;

use crate::model::{CommitId, Timestamp};
use crate::store::{Judged, RepositoryKey, StoreError, TreeId};

use super::{Connection, Writer, row};

pub(super) async fn sighting(
    db: &mut dyn Connection,
    repository: &RepositoryKey,
    what: &str,
) -> Result<Option<Timestamp>, StoreError> {
    let rows = db.rows("SELECT at FROM sightings WHERE repository = $1 AND what = $2", &[repository.into(), what.into()]).await?;
    rows.first().map(|row| row.time("at")).transpose()
}

pub(super) async fn see(mut tx: Writer, repository: &RepositoryKey, what: &str, now: Timestamp) -> Result<Timestamp, StoreError> {
    let db = tx.connection();
    db.change(
        "INSERT INTO sightings (repository, what, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        &[repository.into(), what.into(), now.into()],
    )
    .await?;
    let at = sighting(db, repository, what).await?.unwrap_or(now);
    tx.commit().await?;
    Ok(at)
}

pub(super) async fn receipts(
    db: &mut dyn Connection,
    repository: &RepositoryKey,
    commits: &[CommitId],
) -> Result<BTreeMap<CommitId, Timestamp>, StoreError> {
    let mut known = BTreeMap::new();
    for id in commits {
        let rows = db
            .rows("SELECT at FROM receipts WHERE repository = $1 AND commit_id = $2", &[repository.into(), (*id).into()])
            .await?;
        if let Some(row) = rows.first() {
            known.insert(*id, row.time("at")?);
        }
    }
    Ok(known)
}

pub(super) async fn receive(
    mut tx: Writer,
    repository: &RepositoryKey,
    commits: &[CommitId],
    now: Timestamp,
) -> Result<BTreeMap<CommitId, Timestamp>, StoreError> {
    let db = tx.connection();
    for id in commits {
        db.change(
            "INSERT INTO receipts (repository, commit_id, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            &[repository.into(), (*id).into(), now.into()],
        )
        .await?;
    }
    let all = receipts(db, repository, commits).await?;
    tx.commit().await?;
    Ok(all)
}

pub(super) async fn remember_judged(mut tx: Writer, repository: &RepositoryKey, judged: &Judged) -> Result<(), StoreError> {
    let (pull_request, tree) = (judged.pull_request.as_str(), CommitId(judged.tree.0));
    let (head, base, verdict, at) = (judged.head, judged.base, &judged.verdict, judged.at);
    tx.connection()
        .change(
            "INSERT INTO judged (repository, pull_request, head, base, tree, verdict, at) VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (repository, pull_request) DO UPDATE SET
             head = excluded.head, base = excluded.base, tree = excluded.tree, verdict = excluded.verdict, at = excluded.at",
            &[repository.into(), pull_request.into(), head.into(), base.into(), tree.into(), verdict.into(), at.into()],
        )
        .await?;
    tx.commit().await
}

pub(super) async fn forget_judged(mut tx: Writer, repository: &RepositoryKey, pull_request: &str) -> Result<(), StoreError> {
    tx.connection()
        .change("DELETE FROM judged WHERE repository = $1 AND pull_request = $2", &[repository.into(), pull_request.into()])
        .await?;
    tx.commit().await
}

pub(super) async fn judged_tree(
    db: &mut dyn Connection,
    repository: &RepositoryKey,
    tree: TreeId,
    base: CommitId,
) -> Result<Vec<Judged>, StoreError> {
    db.rows(
        "SELECT pull_request, head, base, tree, verdict, at FROM judged
         WHERE repository = $1 AND tree = $2 AND base = $3 ORDER BY pull_request",
        &[repository.into(), CommitId(tree.0).into(), base.into()],
    )
    .await?
    .iter()
    .map(row::judged)
    .collect()
}

pub(super) async fn all_judged(db: &mut dyn Connection, repository: &RepositoryKey) -> Result<Vec<Judged>, StoreError> {
    db.rows(
        "SELECT pull_request, head, base, tree, verdict, at FROM judged WHERE repository = $1 ORDER BY pull_request",
        &[repository.into()],
    )
    .await?
    .iter()
    .map(row::judged)
    .collect()
}

pub(super) async fn published(
    db: &mut dyn Connection,
    repository: &RepositoryKey,
    key: &str,
) -> Result<Option<String>, StoreError> {
    let rows =
        db.rows("SELECT hash FROM publications WHERE repository = $1 AND key = $2", &[repository.into(), key.into()]).await?;
    rows.first().map(|row| row.text("hash")).transpose()
}

pub(super) async fn record_published(
    mut tx: Writer,
    repository: &RepositoryKey,
    key: &str,
    hash: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    tx.connection()
        .change(
            "INSERT INTO publications (repository, key, hash, at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (repository, key) DO UPDATE SET hash = excluded.hash, at = excluded.at",
            &[repository.into(), key.into(), hash.into(), at.into()],
        )
        .await?;
    tx.commit().await
}
