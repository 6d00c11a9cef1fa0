//! What whoever performs a run writes about it: numbered lines, bounded in length and in number.

use crate::model::{Identifier, Timestamp};
use crate::store::{LogLine, RepositoryKey, StoreError};

use super::{Connection, Writer, row, runs};

/// Lines of one run.
const MOST_LINES: i64 = 5_000;
/// Bytes of one line; what is longer is shortened.
const MOST_BYTES: usize = 16 * 1024;
/// What stands at the end of a line that was shortened.
const SHORTENED: &str = " … (shortened)";

pub(super) async fn append(
    mut tx: Writer,
    repository: &RepositoryKey,
    run: &Identifier,
    message: &str,
    at: Timestamp,
) -> Result<Option<u64>, StoreError> {
    let db = tx.connection();
    if runs::run(db, repository, run).await?.is_none() {
        return Ok(None);
    }
    let rows = db
        .rows(
            "SELECT coalesce(max(number), 0) + 1 AS number FROM run_logs WHERE repository = $1 AND run = $2",
            &[repository.into(), run.into()],
        )
        .await?;
    let number = rows.first().ok_or_else(|| row::damaged("a log"))?.number("number")?;
    if number > MOST_LINES {
        return Ok(None);
    }
    db.change(
        "INSERT INTO run_logs (repository, run, number, message, at) VALUES ($1, $2, $3, $4, $5)",
        &[repository.into(), run.into(), number.into(), shorten(message).as_str().into(), at.into()],
    )
    .await?;
    tx.commit().await?;
    Ok(u64::try_from(number).ok())
}

pub(super) async fn log(
    db: &mut dyn Connection,
    repository: &RepositoryKey,
    run: &Identifier,
    after: u64,
    limit: u32,
) -> Result<Vec<LogLine>, StoreError> {
    let after = i64::try_from(after).unwrap_or(i64::MAX);
    db.rows(
        "SELECT number, message, at FROM run_logs WHERE repository = $1 AND run = $2 AND number > $3 ORDER BY number LIMIT $4",
        &[repository.into(), run.into(), after.into(), i64::from(limit).into()],
    )
    .await?
    .iter()
    .map(row::log_line)
    .collect()
}

fn shorten(message: &str) -> String {
    if message.len() <= MOST_BYTES {
        return message.to_owned();
    }
    let end = message.floor_char_boundary(MOST_BYTES - SHORTENED.len());
    format!("{}{SHORTENED}", message.get(..end).unwrap_or_default())
}
