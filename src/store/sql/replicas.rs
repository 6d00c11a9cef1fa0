//! Which replicas live, and what they hear for each other.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::model::Timestamp;
use crate::store::{Epoch, Fence, Holder, Pulse, RepositoryKey, StoreError};

use super::leases::end;
use super::{Connection, Writer, row};

/// Words about one repository that nobody collects; a repository that nobody holds is looked at as a whole by whoever takes it.
const MOST_WORDS: i64 = 1_000;

/// What PostgreSQL's own clock says, whatever that of the machine says that asks.
pub(super) async fn clock(db: &mut dyn Connection) -> Result<Timestamp, StoreError> {
    let rows = db.rows("SELECT (extract(epoch FROM clock_timestamp()) * 1000000000)::bigint AS now", &[]).await?;
    rows.first().ok_or_else(|| row::damaged("the clock"))?.time("now")
}

pub(super) async fn heartbeat(mut tx: Writer, holder: &Holder, ttl: Duration, now: Timestamp) -> Result<Pulse, StoreError> {
    let (db, until) = (tx.connection(), end(now, ttl));
    // In the order in which everybody locks: leases before anything else.
    let held = db
        .rows(
            "UPDATE leases SET expires = $2 WHERE holder = $1 RETURNING repository, epoch",
            &[holder.as_str().into(), until.into()],
        )
        .await?
        .iter()
        .map(|row| Ok(Fence::new(RepositoryKey::new(row.text("repository")?), Epoch::new(row.number("epoch")?))))
        .collect::<Result<Vec<_>, StoreError>>()?;
    let elsewhere = db
        .rows(
            "SELECT repository FROM leases WHERE holder IS NOT NULL AND holder <> $1 AND expires > $2",
            &[holder.as_str().into(), now.into()],
        )
        .await?
        .iter()
        .map(|row| Ok(RepositoryKey::new(row.text("repository")?)))
        .collect::<Result<BTreeSet<_>, StoreError>>()?;
    let words = db
        .rows(
            "DELETE FROM wakes WHERE repository IN (SELECT repository FROM leases WHERE holder = $1) RETURNING repository, word",
            &[holder.as_str().into()],
        )
        .await?
        .iter()
        .map(|row| Ok((RepositoryKey::new(row.text("repository")?), row.text("word")?)))
        .collect::<Result<Vec<_>, StoreError>>()?;
    db.change(
        "INSERT INTO replicas (holder, expires) VALUES ($1, $2) ON CONFLICT (holder) DO UPDATE SET expires = excluded.expires",
        &[holder.as_str().into(), until.into()],
    )
    .await?;
    let rows = db.rows("SELECT count(*) AS living FROM replicas WHERE expires > $1", &[now.into()]).await?;
    let living = rows.first().ok_or_else(|| row::damaged("the replicas"))?.number("living")?;
    tx.commit().await?;
    Ok(Pulse { replicas: usize::try_from(living).unwrap_or(0).max(1), held, elsewhere, words })
}

pub(super) async fn leave(mut tx: Writer, holder: &Holder, now: Timestamp) -> Result<(), StoreError> {
    let db = tx.connection();
    db.change("UPDATE leases SET holder = NULL, epoch = epoch + 1, expires = 0 WHERE holder = $1", &[holder.as_str().into()])
        .await?;
    // Those who died without a word are forgotten by whoever leaves in good order.
    db.change("DELETE FROM replicas WHERE holder = $1 OR expires < $2", &[holder.as_str().into(), now.into()]).await?;
    tx.commit().await
}

pub(super) async fn pass_on(mut tx: Writer, repository: &RepositoryKey, word: &str) -> Result<(), StoreError> {
    tx.connection()
        .change(
            "INSERT INTO wakes (repository, word) SELECT $1, $2
             WHERE (SELECT count(*) FROM wakes WHERE repository = $1) < $3 ON CONFLICT DO NOTHING",
            &[repository.into(), word.into(), MOST_WORDS.into()],
        )
        .await?;
    tx.commit().await
}
