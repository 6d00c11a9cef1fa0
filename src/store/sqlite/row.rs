//! How our nouns are written in columns, and read back with suspicion.

use serde_json::Value as Json;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::model::{CommitId, Identifier, RunState, Timestamp};
use crate::store::{Acceptance, Halt, Judged, RunRecord, RunTransition, Standing, StoreError, TreeId};

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let code = error.as_database_error().and_then(|e| e.code()).and_then(|c| c.parse::<u32>().ok());
        // The low byte is the primary result code: 5 busy, 6 locked, 10 input and output, 13 full.
        let passing = code.is_some_and(|c| matches!(c & 0xff, 5 | 6 | 10 | 13));
        if passing || matches!(error, sqlx::Error::PoolTimedOut) {
            return Self::Unavailable(error.to_string());
        }
        Self::Database(error.to_string())
    }
}

/// Nanoseconds since 1970; what lies beyond the 64 bits is as good as its nearest end.
pub(super) fn nanoseconds(at: Timestamp) -> i64 {
    let exact = at.as_nanosecond();
    i64::try_from(exact).unwrap_or(if exact < 0 { i64::MIN } else { i64::MAX })
}

pub(super) fn time(row: &SqliteRow, column: &str) -> Result<Timestamp, StoreError> {
    let value: i64 = row.try_get(column)?;
    Timestamp::from_nanosecond(i128::from(value)).map_err(|_| damaged("a time"))
}

pub(super) fn commit(row: &SqliteRow, column: &str) -> Result<CommitId, StoreError> {
    let text: String = row.try_get(column)?;
    CommitId::from_hex(&text).ok_or_else(|| damaged("a commit id"))
}

fn json(row: &SqliteRow, column: &str) -> Result<Json, StoreError> {
    let text: String = row.try_get(column)?;
    serde_json::from_str(&text).map_err(|_| damaged("a decision"))
}

fn state(text: &str) -> Result<RunState, StoreError> {
    RunState::parse(text).ok_or_else(|| damaged("a run's state"))
}

fn revision(row: &SqliteRow) -> Result<u64, StoreError> {
    u64::try_from(row.try_get::<i64, _>("revision")?).map_err(|_| damaged("a run's revision"))
}

fn damaged(what: &str) -> StoreError {
    StoreError::Damaged { what: what.to_owned() }
}

pub(super) fn acceptance(row: &SqliteRow) -> Result<Acceptance, StoreError> {
    Ok(Acceptance { commit: commit(row, "commit_id")?, at: time(row, "at")?, reason: row.try_get("reason")? })
}

pub(super) fn halt(row: &SqliteRow) -> Result<Halt, StoreError> {
    Ok(Halt { seen: commit(row, "seen")?, since: time(row, "since")? })
}

pub(super) fn judged(row: &SqliteRow) -> Result<Judged, StoreError> {
    Ok(Judged {
        pull_request: row.try_get("pull_request")?,
        head: commit(row, "head")?,
        base: commit(row, "base")?,
        tree: TreeId(commit(row, "tree")?.0),
        verdict: json(row, "verdict")?,
        at: time(row, "at")?,
    })
}

pub(super) fn run(row: &SqliteRow) -> Result<RunRecord, StoreError> {
    let id: String = row.try_get("run")?;
    let standing = match row.try_get::<Option<String>, _>("state")? {
        Some(text) => Standing::Decided(state(&text)?),
        None => Standing::Adopted,
    };
    Ok(RunRecord {
        id: Identifier::new(&id).map_err(|_| damaged("a run's identifier"))?,
        standing,
        revision: revision(row)?,
        decision: json(row, "decision")?,
        at: time(row, "at")?,
    })
}

pub(super) fn transition(row: &SqliteRow) -> Result<RunTransition, StoreError> {
    Ok(RunTransition {
        revision: revision(row)?,
        from: row.try_get::<Option<String>, _>("from_state")?.as_deref().map(state).transpose()?,
        to: state(&row.try_get::<String, _>("to_state")?)?,
        decision: json(row, "decision")?,
        at: time(row, "at")?,
    })
}
