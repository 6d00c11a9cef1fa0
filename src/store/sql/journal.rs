//! The journal: what happens to a run is written with everything that follows from it, or not at all.

use crate::model::RunState;
use crate::run::life::{Event, Life, step};
use crate::store::{Advance, Landed, RepositoryKey, Standing, StoreError};

use super::{Connection, Writer, outbox, runs};

pub(super) async fn advance(mut tx: Writer, repository: &RepositoryKey, advance: &Advance<'_>) -> Result<bool, StoreError> {
    let db = tx.connection();
    let current = runs::run(db, repository, advance.run).await?;
    let stands = match &current {
        None => advance.from == 0,
        Some(record) => {
            record.standing != Standing::Adopted
                && record.revision == advance.from
                // Whoever asks has seen to this. What has come to its end is worth a second look.
                && !record.life.as_ref().is_some_and(Life::is_final)
        }
    };
    if !stands {
        return Ok(false);
    }
    let next = runs::Next { life: advance.life, event: advance.event, decision: advance.decision, at: advance.at };
    runs::write(db, repository, advance.run, current.as_ref(), &next).await?;
    for message in advance.messages {
        outbox::put(db, repository, advance.run, message, advance.at).await?;
    }
    tx.commit().await?;
    Ok(true)
}

/// Notes within an acceptance that a run has come onto the branch with it.
pub(super) async fn land(db: &mut dyn Connection, repository: &RepositoryKey, landed: &Landed) -> Result<(), StoreError> {
    let current = runs::run(db, repository, &landed.run).await?;
    let life = match &current {
        None => Life::new(RunState::WaitingForApproval),
        Some(record) => match &record.life {
            Some(life) => life.clone(),
            None => return Ok(()),
        },
    };
    // People are told of nothing: what follows from landing is decided anew, and told then.
    let Ok(next) = step(&life, &Event::Landed(landed.landing.clone()), landed.landing.at) else { return Ok(()) };
    let how =
        serde_json::to_value(&landed.landing).map_err(|error| StoreError::Database(format!("a landing is no JSON: {error}")))?;
    // What was known of the proposal is still worth telling.
    let mut facts = current.as_ref().and_then(|record| record.decision.as_object().cloned()).unwrap_or_default();
    facts.insert("landing".to_owned(), how);
    let facts = facts.into();
    let next = runs::Next { life: &next.life, event: "landed", decision: &facts, at: landed.landing.at };
    runs::write(db, repository, &landed.run, current.as_ref(), &next).await?;
    for message in &landed.messages {
        outbox::put(db, repository, &landed.run, message, landed.landing.at).await?;
    }
    Ok(())
}
