//! Writes down what somebody outside the loop says of a run: who performs it, or a person at the command line.

use serde_json::{Value as Json, json};

use crate::model::Timestamp;
use crate::report::notice::Telling;
use crate::run::life::{Event, Life, Refusal, step};
use crate::store::{Advance, FoundRun, Standing, Store, StoreError};

use super::outbox::{Moment, messages};

/// How often a record that another hand changes meanwhile is read again.
const ATTEMPTS: usize = 8;

/// What came of it.
#[derive(Clone, PartialEq, Debug)]
pub enum Said {
    /// It is written down, and durable; the run as it now stands.
    Written(Box<FoundRun>),
    /// Nothing moves; the run as it stands, and why.
    Unmoved(Refusal, Box<FoundRun>),
    /// The run stood on the branch at first sight: it is history, and nobody performs it.
    History(Box<FoundRun>),
    /// There is no such run any more.
    Gone,
    /// Others keep changing it, so that nothing was written: say it again.
    Contended,
}

/// Has `event` happen to a run that somebody found in the store, by compare and swap on its revision. The same event told twice is
/// written once: the second time nothing moves.
///
/// `by` is who says it, for the record; `now` is asked anew for each attempt.
///
/// # Errors
/// Where the store fails; nobody knows then whether it was written, and it may be said again.
pub async fn say(
    store: &dyn Store,
    mut found: FoundRun,
    event: &Event,
    by: &str,
    now: &(dyn Fn() -> Timestamp + Send + Sync),
) -> Result<Said, StoreError> {
    let id = found.record.id.clone();
    for _ in 0..ATTEMPTS {
        let life = match (&found.record.standing, &found.record.life) {
            (Standing::Adopted, _) => return Ok(Said::History(Box::new(found))),
            (Standing::Decided(_), Some(life)) => life.clone(),
            (Standing::Decided(state), None) => Life::new(*state),
        };
        let at = now();
        let next = match step(&life, event, at) {
            Ok(next) => next,
            Err(refusal) => return Ok(Said::Unmoved(refusal, Box::new(found))),
        };
        let decision = told_by(&found.record.decision, by);
        let telling = Telling::kept_in(&decision);
        let moment = Moment {
            repository: &found.repository,
            run: &id,
            from: found.record.revision,
            life: &next.life,
            telling: telling.as_ref(),
            at,
        };
        let advance = Advance {
            run: &id,
            from: found.record.revision,
            life: &next.life,
            event: event.word(),
            decision: &decision,
            messages: &messages(&next.effects, &moment),
            at,
        };
        let written = store.advance(&found.repository, &advance).await?;
        match store.run(&found.repository, &id).await? {
            Some(record) => found.record = record,
            None => return Ok(Said::Gone),
        }
        if written {
            return Ok(Said::Written(Box::new(found)));
        }
    }
    Ok(Said::Contended)
}

/// The facts that a decision rests on stay what they are; who said the last word is noted beside them.
fn told_by(decision: &Json, by: &str) -> Json {
    let mut decision = if decision.is_object() { decision.clone() } else { json!({}) };
    if let Some(map) = decision.as_object_mut() {
        map.insert("by".to_owned(), by.into());
    }
    decision
}
