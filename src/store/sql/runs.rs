//! The record of decisions about runs: a compare-and-swap on the last one, and a log of all.

use serde_json::Value as Json;

use crate::model::{Identifier, RunState, Timestamp};
use crate::store::{RepositoryKey, RunRecord, RunTransition, Standing, StoreError};

use super::{Connection, Writer, row};

/// A decision to be recorded.
pub(super) struct Step<'a> {
    pub(super) from: Option<RunState>,
    pub(super) to: RunState,
    pub(super) decision: &'a Json,
    pub(super) at: Timestamp,
}

pub(super) async fn run(
    db: &mut dyn Connection,
    repository: &RepositoryKey,
    run: &Identifier,
) -> Result<Option<RunRecord>, StoreError> {
    let rows = db
        .rows(
            "SELECT run, state, revision, decision, at FROM runs WHERE repository = $1 AND run = $2",
            &[repository.into(), run.into()],
        )
        .await?;
    rows.first().map(row::run).transpose()
}

pub(super) async fn runs(db: &mut dyn Connection, repository: &RepositoryKey) -> Result<Vec<RunRecord>, StoreError> {
    db.rows("SELECT run, state, revision, decision, at FROM runs WHERE repository = $1 ORDER BY run", &[repository.into()])
        .await?
        .iter()
        .map(row::run)
        .collect()
}

pub(super) async fn transitions(
    db: &mut dyn Connection,
    repository: &RepositoryKey,
    run: &Identifier,
) -> Result<Vec<RunTransition>, StoreError> {
    db.rows(
        "SELECT revision, from_state, to_state, decision, at FROM run_transitions
         WHERE repository = $1 AND run = $2 ORDER BY revision",
        &[repository.into(), run.into()],
    )
    .await?
    .iter()
    .map(row::transition)
    .collect()
}

pub(super) async fn adopt(
    db: &mut dyn Connection,
    repository: &RepositoryKey,
    run: &Identifier,
    at: Timestamp,
) -> Result<(), StoreError> {
    db.change(
        "INSERT INTO runs (repository, run, state, revision, decision, at) VALUES ($1, $2, NULL, 0, 'null', $3)
         ON CONFLICT DO NOTHING",
        &[repository.into(), run.into(), at.into()],
    )
    .await?;
    Ok(())
}

pub(super) async fn record(
    mut tx: Writer,
    repository: &RepositoryKey,
    id: &Identifier,
    step: &Step<'_>,
) -> Result<bool, StoreError> {
    let db = tx.connection();
    let current = run(db, repository, id).await?;
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
    let (state, decision) = (step.to.as_str(), step.decision);
    db.change(
        "INSERT INTO runs (repository, run, state, revision, decision, at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (repository, run) DO UPDATE
         SET state = excluded.state, revision = excluded.revision, decision = excluded.decision, at = excluded.at",
        &[repository.into(), id.into(), state.into(), revision.into(), decision.into(), step.at.into()],
    )
    .await?;
    let from = step.from.map(RunState::as_str);
    db.change(
        "INSERT INTO run_transitions (repository, run, revision, from_state, to_state, decision, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        &[repository.into(), id.into(), revision.into(), from.into(), state.into(), decision.into(), step.at.into()],
    )
    .await?;
    tx.commit().await?;
    Ok(true)
}
