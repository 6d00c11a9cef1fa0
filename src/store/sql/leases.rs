//! Leases: one row a repository, which every write locks.

use std::time::Duration;

use crate::model::Timestamp;
use crate::store::{Epoch, Fence, Holder, Lease, RepositoryKey, StoreError};

use super::{Connection, Writer, row};

/// Locks the repository until the transaction ends, and says in which epoch it is.
///
/// One statement for both databases: PostgreSQL waits for whoever holds the row, and sees what they have left; SQLite has locked the
/// whole file already.
pub(super) async fn lock(db: &mut dyn Connection, repository: &RepositoryKey) -> Result<Epoch, StoreError> {
    Ok(locked(db, repository).await?.epoch)
}

/// The row as it is under the lock. `holder` may be nobody.
struct Locked {
    holder: Option<Holder>,
    epoch: Epoch,
    expires: Timestamp,
}

async fn locked(db: &mut dyn Connection, repository: &RepositoryKey) -> Result<Locked, StoreError> {
    let rows = db
        .rows(
            "INSERT INTO leases (repository, holder, epoch, expires) VALUES ($1, NULL, 0, 0)
             ON CONFLICT (repository) DO UPDATE SET epoch = leases.epoch RETURNING holder, epoch, expires",
            &[repository.into()],
        )
        .await?;
    let row = rows.first().ok_or_else(|| row::damaged("a lease"))?;
    Ok(Locked {
        holder: row.optional_text("holder")?.map(Holder::new),
        epoch: Epoch::new(row.number("epoch")?),
        expires: row.time("expires")?,
    })
}

pub(super) async fn lease(
    mut tx: Writer,
    repository: &RepositoryKey,
    holder: &Holder,
    ttl: Duration,
    now: Timestamp,
) -> Result<Option<Fence>, StoreError> {
    let standing = locked(tx.connection(), repository).await?;
    let epoch = match &standing.holder {
        Some(other) if other == holder => standing.epoch.number(),
        Some(_) if standing.expires > now => return Ok(None),
        // An epoch that cannot grow any more is given to nobody.
        _ => standing.epoch.number().checked_add(1).ok_or_else(|| row::damaged("a lease's epoch"))?,
    };
    tx.connection()
        .change(
            "UPDATE leases SET holder = $2, epoch = $3, expires = $4 WHERE repository = $1",
            &[repository.into(), holder.as_str().into(), epoch.into(), end(now, ttl).into()],
        )
        .await?;
    tx.commit().await?;
    Ok(Some(Fence::new(repository.clone(), Epoch::new(epoch))))
}

pub(super) async fn renew(mut tx: Writer, fence: &Fence, ttl: Duration, now: Timestamp) -> Result<bool, StoreError> {
    let renewed = tx
        .connection()
        .change(
            "UPDATE leases SET expires = $3 WHERE repository = $1 AND epoch = $2 AND holder IS NOT NULL",
            &[fence.repository().into(), fence.epoch().number().into(), end(now, ttl).into()],
        )
        .await?;
    tx.commit().await?;
    Ok(renewed == 1)
}

pub(super) async fn release(mut tx: Writer, fence: &Fence) -> Result<bool, StoreError> {
    // The epoch grows here too: what the former holder still has on its way is not to arrive.
    let released = tx
        .connection()
        .change(
            "UPDATE leases SET holder = NULL, epoch = epoch + 1, expires = 0
             WHERE repository = $1 AND epoch = $2 AND holder IS NOT NULL",
            &[fence.repository().into(), fence.epoch().number().into()],
        )
        .await?;
    tx.commit().await?;
    Ok(released == 1)
}

pub(super) async fn leased(db: &mut dyn Connection, repository: &RepositoryKey) -> Result<Option<Lease>, StoreError> {
    let rows = db
        .rows("SELECT holder, epoch, expires FROM leases WHERE repository = $1 AND holder IS NOT NULL", &[repository.into()])
        .await?;
    rows.first()
        .map(|row| {
            Ok(Lease {
                holder: Holder::new(row.text("holder")?),
                epoch: Epoch::new(row.number("epoch")?),
                expires: row.time("expires")?,
            })
        })
        .transpose()
}

/// A lease that lasts beyond the end of time lasts until then.
pub(super) fn end(now: Timestamp, ttl: Duration) -> Timestamp {
    now.checked_add(ttl).unwrap_or(Timestamp::MAX)
}
