//! How our nouns are written in columns, and read back with suspicion.

use serde_json::Value as Json;
use sqlx::Row as _;

use crate::model::{CommitId, Identifier, RunState, Timestamp};
use crate::store::{Acceptance, Halt, Judged, RunRecord, RunTransition, Standing, StoreError, TreeId};

use super::Row;

/// Nanoseconds since 1970; what lies beyond the 64 bits is as good as its nearest end.
pub(super) fn nanoseconds(at: Timestamp) -> i64 {
    let exact = at.as_nanosecond();
    i64::try_from(exact).unwrap_or(if exact < 0 { i64::MIN } else { i64::MAX })
}

pub(super) fn damaged(what: &str) -> StoreError {
    StoreError::Damaged { what: what.to_owned() }
}

impl Row {
    pub(super) fn text(&self, column: &str) -> Result<String, StoreError> {
        Ok(match self {
            Self::Sqlite(row) => row.try_get(column)?,
            Self::Postgres(row) => row.try_get(column)?,
        })
    }

    pub(super) fn optional_text(&self, column: &str) -> Result<Option<String>, StoreError> {
        Ok(match self {
            Self::Sqlite(row) => row.try_get(column)?,
            Self::Postgres(row) => row.try_get(column)?,
        })
    }

    pub(super) fn number(&self, column: &str) -> Result<i64, StoreError> {
        Ok(match self {
            Self::Sqlite(row) => row.try_get(column)?,
            Self::Postgres(row) => row.try_get(column)?,
        })
    }

    pub(super) fn time(&self, column: &str) -> Result<Timestamp, StoreError> {
        Timestamp::from_nanosecond(i128::from(self.number(column)?)).map_err(|_| damaged("a time"))
    }

    fn commit(&self, column: &str) -> Result<CommitId, StoreError> {
        CommitId::from_hex(&self.text(column)?).ok_or_else(|| damaged("a commit id"))
    }

    fn json(&self, column: &str) -> Result<Json, StoreError> {
        serde_json::from_str(&self.text(column)?).map_err(|_| damaged("a decision"))
    }

    fn revision(&self) -> Result<u64, StoreError> {
        u64::try_from(self.number("revision")?).map_err(|_| damaged("a run's revision"))
    }
}

fn state(text: &str) -> Result<RunState, StoreError> {
    RunState::parse(text).ok_or_else(|| damaged("a run's state"))
}

pub(super) fn acceptance(row: &Row) -> Result<Acceptance, StoreError> {
    Ok(Acceptance { commit: row.commit("commit_id")?, at: row.time("at")?, reason: row.text("reason")? })
}

pub(super) fn halt(row: &Row) -> Result<Halt, StoreError> {
    Ok(Halt { seen: row.commit("seen")?, since: row.time("since")? })
}

pub(super) fn judged(row: &Row) -> Result<Judged, StoreError> {
    Ok(Judged {
        pull_request: row.text("pull_request")?,
        head: row.commit("head")?,
        base: row.commit("base")?,
        tree: TreeId(row.commit("tree")?.0),
        verdict: row.json("verdict")?,
        at: row.time("at")?,
    })
}

pub(super) fn run(row: &Row) -> Result<RunRecord, StoreError> {
    let standing = match row.optional_text("state")? {
        Some(text) => Standing::Decided(state(&text)?),
        None => Standing::Adopted,
    };
    Ok(RunRecord {
        life: None,
        id: Identifier::new(&row.text("run")?).map_err(|_| damaged("a run's identifier"))?,
        standing,
        revision: row.revision()?,
        decision: row.json("decision")?,
        at: row.time("at")?,
    })
}

pub(super) fn transition(row: &Row) -> Result<RunTransition, StoreError> {
    Ok(RunTransition {
        event: String::new(),
        revision: row.revision()?,
        from: row.optional_text("from_state")?.as_deref().map(state).transpose()?,
        to: state(&row.text("to_state")?)?,
        decision: row.json("decision")?,
        at: row.time("at")?,
    })
}
