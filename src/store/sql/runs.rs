//! The record of runs: what is known of each, and every step that led there.

use serde_json::Value as Json;

use crate::model::{Identifier, Timestamp};
use crate::run::life::{Life, RunHandle};
use crate::store::{FoundRun, RepositoryKey, RunRecord, RunTransition, Standing, StoreError};

use super::{Backend, Connection, row};

/// How many runs are given their handle in one transaction.
const BATCH: i64 = 500;

pub(super) async fn run(
    db: &mut dyn Connection,
    repository: &RepositoryKey,
    run: &Identifier,
) -> Result<Option<RunRecord>, StoreError> {
    let rows = db
        .rows(
            "SELECT run, state, life, revision, decision, at FROM runs WHERE repository = $1 AND run = $2",
            &[repository.into(), run.into()],
        )
        .await?;
    rows.first().map(row::run).transpose()
}

pub(super) async fn runs(db: &mut dyn Connection, repository: &RepositoryKey) -> Result<Vec<RunRecord>, StoreError> {
    db.rows("SELECT run, state, life, revision, decision, at FROM runs WHERE repository = $1 ORDER BY run", &[repository.into()])
        .await?
        .iter()
        .map(row::run)
        .collect()
}

pub(super) async fn under_way(db: &mut dyn Connection, repository: &RepositoryKey) -> Result<Vec<RunRecord>, StoreError> {
    db.rows(
        "SELECT run, state, life, revision, decision, at FROM runs WHERE repository = $1 AND under_way = 1 ORDER BY landed",
        &[repository.into()],
    )
    .await?
    .iter()
    .map(row::run)
    .collect()
}

/// Handles are short, so that people can read them to each other: whoever makes two runs of one handle has made both unreachable by it.
pub(super) async fn by_handle(db: &mut dyn Connection, handle: &RunHandle) -> Result<Option<FoundRun>, StoreError> {
    let rows = db
        .rows(
            "SELECT repository, run, state, life, revision, decision, at FROM runs WHERE handle = $1 LIMIT 2",
            &[handle.as_str().into()],
        )
        .await?;
    let [row] = rows.as_slice() else { return Ok(None) };
    let (repository, record) = (RepositoryKey::new(row.text("repository")?), row::run(row)?);
    if RunHandle::of(repository.as_str(), &record.id) != *handle {
        return Err(row::damaged("a run's handle"));
    }
    Ok(Some(FoundRun { repository, record }))
}

pub(super) async fn transitions(
    db: &mut dyn Connection,
    repository: &RepositoryKey,
    run: &Identifier,
) -> Result<Vec<RunTransition>, StoreError> {
    db.rows(
        "SELECT revision, from_state, to_state, event, decision, at FROM run_transitions
         WHERE repository = $1 AND run = $2 ORDER BY revision",
        &[repository.into(), run.into()],
    )
    .await?
    .iter()
    .map(row::transition)
    .collect()
}

/// Makes a run history. One that has landed or come to its end stays what it is; what was only proposed is history from now on.
pub(super) async fn adopt(
    db: &mut dyn Connection,
    repository: &RepositoryKey,
    id: &Identifier,
    at: Timestamp,
) -> Result<(), StoreError> {
    let life = run(db, repository, id).await?.and_then(|record| record.life);
    if life.is_some_and(|life| life.landing.is_some() || life.is_final()) {
        return Ok(());
    }
    db.change(
        "INSERT INTO runs (repository, run, state, revision, decision, at, handle) VALUES ($1, $2, NULL, 0, 'null', $3, $4)
         ON CONFLICT (repository, run) DO UPDATE SET state = NULL, life = NULL",
        &[repository.into(), id.into(), at.into(), RunHandle::of(repository.as_str(), id).as_str().into()],
    )
    .await?;
    Ok(())
}

/// What has become of a run.
pub(super) struct Next<'a> {
    pub(super) life: &'a Life,
    pub(super) event: &'a str,
    /// What the step is told with.
    pub(super) decision: &'a Json,
    pub(super) at: Timestamp,
}

/// Writes the step after `current`, which was read under the lock.
pub(super) async fn write(
    db: &mut dyn Connection,
    repository: &RepositoryKey,
    id: &Identifier,
    current: Option<&RunRecord>,
    next: &Next<'_>,
) -> Result<(), StoreError> {
    let revision = current.map_or(0, |record| record.revision).checked_add(1).and_then(|next| i64::try_from(next).ok());
    let revision = revision.ok_or_else(|| row::damaged("a run's revision"))?;
    let from = current.and_then(|record| match record.standing {
        Standing::Decided(state) => Some(state.as_str()),
        Standing::Adopted => None,
    });
    let life =
        serde_json::to_value(next.life).map_err(|error| StoreError::Database(format!("a run's life is no JSON: {error}")))?;
    let state = next.life.state.as_str();
    db.change(
        "INSERT INTO runs (repository, run, state, life, revision, decision, at, handle, under_way)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (repository, run) DO UPDATE
         SET state = excluded.state, life = excluded.life, revision = excluded.revision, decision = excluded.decision,
             at = excluded.at, handle = excluded.handle, under_way = excluded.under_way",
        &[
            repository.into(),
            id.into(),
            state.into(),
            (&life).into(),
            revision.into(),
            next.decision.into(),
            next.at.into(),
            RunHandle::of(repository.as_str(), id).as_str().into(),
            i64::from(next.life.is_under_way()).into(),
        ],
    )
    .await?;
    if next.life.landing.is_some() {
        db.change(
            "UPDATE runs SET landed = (SELECT coalesce(max(landed), 0) + 1 FROM runs WHERE repository = $1)
             WHERE repository = $1 AND run = $2 AND landed IS NULL",
            &[repository.into(), id.into()],
        )
        .await?;
    }
    db.change(
        "INSERT INTO run_transitions (repository, run, revision, from_state, to_state, event, decision, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            repository.into(),
            id.into(),
            revision.into(),
            from.into(),
            state.into(),
            next.event.into(),
            next.decision.into(),
            next.at.into(),
        ],
    )
    .await?;
    Ok(())
}

/// Gives a handle to each run that an older version has written.
pub(in crate::store) async fn name_all(store: &impl Backend) -> Result<(), StoreError> {
    loop {
        let nameless = store
            .read()
            .await?
            .connection()
            .rows("SELECT repository, run FROM runs WHERE handle IS NULL ORDER BY repository, run LIMIT $1", &[BATCH.into()])
            .await?;
        if nameless.is_empty() {
            return Ok(());
        }
        let mut tx = store.begin().await?;
        for row in &nameless {
            let (repository, run) = (row.text("repository")?, row.identifier("run")?);
            tx.connection()
                .change(
                    "UPDATE runs SET handle = $3 WHERE repository = $1 AND run = $2",
                    &[repository.as_str().into(), (&run).into(), RunHandle::of(&repository, &run).as_str().into()],
                )
                .await?;
        }
        tx.commit().await?;
    }
}
