//! The record of decisions about runs: a compare-and-swap on the last one, and a log of all.

use serde_json::Value as Json;
use sqlx::{Sqlite, SqliteConnection, Transaction};

use crate::model::{Identifier, RunState, Timestamp};
use crate::store::{RepositoryKey, RunRecord, RunTransition, Standing, StoreError};

use super::row;

/// A decision to be recorded.
pub(super) struct Step<'a> {
    pub(super) from: Option<RunState>,
    pub(super) to: RunState,
    pub(super) decision: &'a Json,
    pub(super) at: Timestamp,
}

pub(super) async fn run(
    db: &mut SqliteConnection,
    repository: &RepositoryKey,
    run: &Identifier,
) -> Result<Option<RunRecord>, StoreError> {
    let found = sqlx::query("SELECT run, state, revision, decision, at FROM runs WHERE repository = $1 AND run = $2")
        .bind(repository.as_str())
        .bind(run.as_str())
        .fetch_optional(db)
        .await?;
    found.as_ref().map(row::run).transpose()
}

pub(super) async fn runs(db: &mut SqliteConnection, repository: &RepositoryKey) -> Result<Vec<RunRecord>, StoreError> {
    let rows = sqlx::query("SELECT run, state, revision, decision, at FROM runs WHERE repository = $1 ORDER BY run")
        .bind(repository.as_str())
        .fetch_all(db)
        .await?;
    rows.iter().map(row::run).collect()
}

pub(super) async fn transitions(
    db: &mut SqliteConnection,
    repository: &RepositoryKey,
    run: &Identifier,
) -> Result<Vec<RunTransition>, StoreError> {
    let rows = sqlx::query(
        "SELECT revision, from_state, to_state, decision, at FROM run_transitions
         WHERE repository = $1 AND run = $2 ORDER BY revision",
    )
    .bind(repository.as_str())
    .bind(run.as_str())
    .fetch_all(db)
    .await?;
    rows.iter().map(row::transition).collect()
}

pub(super) async fn adopt(
    db: &mut SqliteConnection,
    repository: &RepositoryKey,
    run: &Identifier,
    at: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO runs (repository, run, state, revision, decision, at) VALUES ($1, $2, NULL, 0, 'null', $3)
         ON CONFLICT DO NOTHING",
    )
    .bind(repository.as_str())
    .bind(run.as_str())
    .bind(row::nanoseconds(at))
    .execute(db)
    .await?;
    Ok(())
}

pub(super) async fn record(
    mut tx: Transaction<'_, Sqlite>,
    repository: &RepositoryKey,
    id: &Identifier,
    step: &Step<'_>,
) -> Result<bool, StoreError> {
    let current = run(&mut tx, repository, id).await?;
    let revision = match (&current, step.from) {
        (None, None) => 1,
        (Some(record), Some(from)) if record.standing == Standing::Decided(from) => {
            if from == step.to && record.decision == *step.decision {
                return Ok(true);
            }
            i64::try_from(record.revision).unwrap_or(i64::MAX).saturating_add(1)
        }
        _ => return Ok(false),
    };
    sqlx::query(
        "INSERT INTO runs (repository, run, state, revision, decision, at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (repository, run) DO UPDATE
         SET state = excluded.state, revision = excluded.revision, decision = excluded.decision, at = excluded.at",
    )
    .bind(repository.as_str())
    .bind(id.as_str())
    .bind(step.to.as_str())
    .bind(revision)
    .bind(step.decision.to_string())
    .bind(row::nanoseconds(step.at))
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "INSERT INTO run_transitions (repository, run, revision, from_state, to_state, decision, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(repository.as_str())
    .bind(id.as_str())
    .bind(revision)
    .bind(step.from.map(RunState::as_str))
    .bind(step.to.as_str())
    .bind(step.decision.to_string())
    .bind(row::nanoseconds(step.at))
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(true)
}
