//! Which deliveries of webhooks have been acted upon, whatever repository they are about.

use std::time::Duration;

use crate::model::Timestamp;
use crate::store::StoreError;

use super::{Writer, row};

/// How long a delivery is remembered. GitHub can be asked to deliver again what is at most three days old.
const KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// How many are remembered; the oldest go first.
pub(in crate::store) const MOST: i64 = 100_000;

pub(super) async fn remember(mut tx: Writer, id: &str, now: Timestamp) -> Result<bool, StoreError> {
    let db = tx.connection();
    let kept = i64::try_from(KEPT.as_nanos()).unwrap_or(i64::MAX);
    let oldest = row::nanoseconds(now).saturating_sub(kept);
    db.change("DELETE FROM deliveries WHERE at < $1", &[oldest.into()]).await?;
    let added =
        db.change("INSERT INTO deliveries (id, at) VALUES ($1, $2) ON CONFLICT DO NOTHING", &[id.into(), now.into()]).await?;
    db.change("DELETE FROM deliveries WHERE number <= (SELECT max(number) FROM deliveries) - $1", &[MOST.into()]).await?;
    tx.commit().await?;
    Ok(added == 1)
}
