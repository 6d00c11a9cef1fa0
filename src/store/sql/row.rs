//! How our nouns are written in columns, and read back with suspicion.

use serde_json::Value as Json;
use sqlx::Row as _;

use crate::model::{CommitId, Identifier, RunState, Timestamp};
use crate::run::life::Life;
use crate::store::{
    Acceptance, Halt, Judged, LogLine, Message, MessageKind, RepositoryKey, RunRecord, RunTransition, Standing, StoreError,
    TreeId,
};

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

    pub(super) fn identifier(&self, column: &str) -> Result<Identifier, StoreError> {
        Identifier::new(&self.text(column)?).map_err(|_| damaged("an identifier"))
    }

    fn count(&self, column: &str, what: &str) -> Result<u64, StoreError> {
        u64::try_from(self.number(column)?).map_err(|_| damaged(what))
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
    let (standing, life) = match row.optional_text("state")? {
        Some(text) => {
            let state = state(&text)?;
            (Standing::Decided(state), Some(life(row, state)?))
        }
        None => (Standing::Adopted, None),
    };
    Ok(RunRecord {
        id: row.identifier("run")?,
        standing,
        life,
        revision: row.count("revision", "a run's revision")?,
        decision: row.json("decision")?,
        at: row.time("at")?,
    })
}

/// An older version wrote the state alone.
fn life(row: &Row, state: RunState) -> Result<Life, StoreError> {
    let Some(text) = row.optional_text("life")? else { return Ok(Life::new(state)) };
    let life: Life = serde_json::from_str(&text).map_err(|_| damaged("a run's life"))?;
    if life.state == state { Ok(life) } else { Err(damaged("a run's life, which is not in the run's state,")) }
}

pub(super) fn message(row: &Row) -> Result<Message, StoreError> {
    Ok(Message {
        repository: RepositoryKey::new(row.text("repository")?),
        run: row.identifier("run")?,
        id: row.text("id")?,
        kind: MessageKind::parse(&row.text("kind")?).ok_or_else(|| damaged("a message's kind"))?,
        lane: row.text("lane")?,
        body: serde_json::from_str(&row.text("body")?).map_err(|_| damaged("a message"))?,
        attempts: u32::try_from(row.number("attempts")?).map_err(|_| damaged("a message's attempts"))?,
        trouble: row.optional_text("trouble")?,
        created: row.time("created")?,
        due: row.time("due")?,
        claim: row.count("claim", "a message's claim")?,
    })
}

pub(super) fn log_line(row: &Row) -> Result<LogLine, StoreError> {
    Ok(LogLine { number: row.count("number", "a log line's number")?, message: row.text("message")?, at: row.time("at")? })
}

pub(super) fn transition(row: &Row) -> Result<RunTransition, StoreError> {
    Ok(RunTransition {
        event: row.text("event")?,
        revision: row.count("revision", "a run's revision")?,
        from: row.optional_text("from_state")?.as_deref().map(state).transpose()?,
        to: state(&row.text("to_state")?)?,
        decision: row.json("decision")?,
        at: row.time("at")?,
    })
}
