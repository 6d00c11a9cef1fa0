//! The outbox: messages wait until somebody takes them out, and come back where whoever took them has died.
//!
//! Messages of one run by one lane go in the order in which they were put in; a message that is pushed to later holds up nothing else.

use std::time::Duration;

use crate::model::{Identifier, Timestamp};
use crate::store::{Delivered, Message, NewMessage, RepositoryKey, StoreError, Wanted};

use super::{Connection, Writer, row};

/// Stands before and after each lane of a list; no name has it.
const MARK: &str = "\n";
/// How long what is done is remembered, so that it is not put in again.
const KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

pub(super) async fn put(
    db: &mut dyn Connection,
    repository: &RepositoryKey,
    run: &Identifier,
    message: &NewMessage,
    at: Timestamp,
) -> Result<(), StoreError> {
    db.change(
        "INSERT INTO outbox (id, repository, run, kind, lane, body, state, attempts, trouble, created, due, held, claim)
         VALUES ($1, $2, $3, $4, $5, $6, 'waiting', 0, NULL, $7, $8, 0, 0) ON CONFLICT (id) DO NOTHING",
        &[
            message.id.as_str().into(),
            repository.into(),
            run.into(),
            message.kind.as_str().into(),
            message.lane.as_str().into(),
            (&message.body).into(),
            at.into(),
            message.due.into(),
        ],
    )
    .await?;
    Ok(())
}

/// What is due, by turns of the lanes, so that a lane of which very much waits leaves room for the others. What another replica is
/// taking out at this moment is passed over: SQLite's one writer has nobody beside it. `$7` lists lanes that have no room, each between the
/// marks of `$8`: to take one out of the list changes the list if it is there.
macro_rules! claim {
    ($lock:literal) => {
        concat!(
            "WITH ready AS (
                SELECT m.number, row_number() OVER (PARTITION BY m.lane ORDER BY m.due, m.number) AS turn FROM outbox AS m
                WHERE m.state = 'waiting' AND m.due <= $1 AND m.held <= $1 AND m.kind = $2 AND m.repository = coalesce($3, m.repository)
                AND replace($7, $8 || m.lane || $8, '') = $7
                AND NOT EXISTS (
                    SELECT 1 FROM outbox AS e WHERE e.state = 'waiting' AND e.repository = m.repository AND e.run = m.run
                    AND e.kind = m.kind AND e.lane = m.lane AND e.number < m.number)),
            taken AS (
                SELECT o.number FROM outbox AS o JOIN ready ON ready.number = o.number
                WHERE o.state = 'waiting' AND o.due <= $1 AND o.held <= $1 AND ready.turn <= $6
                ORDER BY ready.turn, o.due, o.number LIMIT $4",
            $lock,
            ")
            UPDATE outbox SET held = $5, claim = claim + 1 WHERE number IN (SELECT number FROM taken)
            RETURNING number, id, repository, run, kind, lane, body, attempts, trouble, created, due, claim"
        )
    };
}

macro_rules! prune {
    ($lock:literal) => {
        concat!(
            "DELETE FROM outbox WHERE number IN
             (SELECT number FROM outbox WHERE state = 'done' AND due < $1 ORDER BY number LIMIT 100",
            $lock,
            ")"
        )
    };
}

pub(super) async fn claim(
    mut tx: Writer,
    wanted: &Wanted<'_>,
    lease: Duration,
    now: Timestamp,
) -> Result<Vec<Message>, StoreError> {
    let sql = tx.either(claim!(""), claim!(" FOR UPDATE OF o SKIP LOCKED"));
    let until = now.checked_add(lease).unwrap_or(Timestamp::MAX);
    let without: String = wanted.without.iter().map(|lane| format!("{MARK}{lane}{MARK}")).collect();
    let values = [
        now.into(),
        wanted.kind.as_str().into(),
        wanted.repository.map(RepositoryKey::as_str).into(),
        i64::from(wanted.limit).into(),
        until.into(),
        i64::from(wanted.each).into(),
        without.as_str().into(),
        MARK.into(),
    ];
    let rows = tx.connection().rows(sql, &values).await?;
    let mut numbered =
        rows.iter().map(|row| Ok((row.number("number")?, row::message(row)?))).collect::<Result<Vec<_>, StoreError>>()?;
    tx.commit().await?;
    numbered.sort_by_key(|(number, _)| *number);
    Ok(numbered.into_iter().map(|(_, message)| message).collect())
}

pub(super) async fn give_back(mut tx: Writer) -> Result<u64, StoreError> {
    let sql = "UPDATE outbox SET held = 0, claim = claim + 1 WHERE state = 'waiting' AND held > 0";
    let given = tx.connection().change(sql, &[]).await?;
    tx.commit().await?;
    Ok(given)
}

pub(super) async fn keep(mut tx: Writer, message: &Message, lease: Duration, now: Timestamp) -> Result<bool, StoreError> {
    let until = now.checked_add(lease).unwrap_or(Timestamp::MAX);
    let claim = i64::try_from(message.claim).unwrap_or(i64::MAX);
    let kept = tx
        .connection()
        .change(
            "UPDATE outbox SET held = $3 WHERE id = $1 AND claim = $2 AND state = 'waiting'",
            &[message.id.as_str().into(), claim.into(), until.into()],
        )
        .await?;
    tx.commit().await?;
    Ok(kept == 1)
}

/// Writes down what became of messages; of one repository alone, where one is named.
pub(super) async fn settle(
    mut tx: Writer,
    settled: &[(&Message, Delivered)],
    of: Option<&RepositoryKey>,
    now: Timestamp,
) -> Result<(), StoreError> {
    for (message, delivered) in settled.iter().filter(|(message, _)| of.is_none_or(|of| *of == message.repository)) {
        settle_one(tx.connection(), message, delivered, now).await?;
    }
    let sql = tx.either(prune!(""), prune!(" FOR UPDATE SKIP LOCKED"));
    let oldest = now.checked_sub(KEPT).unwrap_or(Timestamp::MIN);
    tx.connection().change(sql, &[oldest.into()]).await?;
    tx.commit().await
}

async fn settle_one(db: &mut dyn Connection, message: &Message, delivered: &Delivered, now: Timestamp) -> Result<(), StoreError> {
    let (state, due, trouble) = match delivered {
        Delivered::Done => ("done", now, None),
        Delivered::Later { due, trouble } | Delivered::PutOff { due, trouble } => ("waiting", *due, Some(trouble.as_str())),
        Delivered::Dead { trouble } => ("dead", now, Some(trouble.as_str())),
    };
    let claim = i64::try_from(message.claim).unwrap_or(i64::MAX);
    let tried = i64::from(!matches!(delivered, Delivered::PutOff { .. }));
    db.change(
        "UPDATE outbox SET state = $3, due = $4, trouble = $5, attempts = attempts + $6, held = 0, claim = claim + 1
         WHERE id = $1 AND claim = $2 AND state = 'waiting'",
        &[message.id.as_str().into(), claim.into(), state.into(), due.into(), trouble.into(), tried.into()],
    )
    .await?;
    Ok(())
}

pub(super) async fn dead(db: &mut dyn Connection, limit: u32) -> Result<Vec<Message>, StoreError> {
    db.rows(
        "SELECT id, repository, run, kind, lane, body, attempts, trouble, created, due, claim FROM outbox
         WHERE state = 'dead' ORDER BY number LIMIT $1",
        &[i64::from(limit).into()],
    )
    .await?
    .iter()
    .map(row::message)
    .collect()
}

pub(super) async fn replay(mut tx: Writer, id: Option<&str>, now: Timestamp) -> Result<u64, StoreError> {
    let replayed = tx
        .connection()
        .change(
            "UPDATE outbox SET state = 'waiting', attempts = 0, due = $2, held = 0, claim = claim + 1
             WHERE state = 'dead' AND id = coalesce($1, id)",
            &[id.into(), now.into()],
        )
        .await?;
    tx.commit().await?;
    Ok(replayed)
}

pub(super) async fn size(db: &mut dyn Connection) -> Result<(u64, u64), StoreError> {
    let rows = db
        .rows(
            "SELECT (SELECT count(*) FROM outbox WHERE state = 'waiting') AS waiting,
                    (SELECT count(*) FROM outbox WHERE state = 'dead') AS dead",
            &[],
        )
        .await?;
    let row = rows.first().ok_or_else(|| row::damaged("the outbox"))?;
    let count = |column| row.number(column).map(|number| u64::try_from(number).unwrap_or(0));
    Ok((count("waiting")?, count("dead")?))
}
