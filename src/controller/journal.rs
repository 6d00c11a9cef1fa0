//! Writes down what happens to runs: the pure step and everything that follows from it, in one transaction on the revision that was read.

use std::sync::{Arc, MutexGuard, PoisonError};

use serde_json::Value as Json;

use crate::abort::{self, Deed};
use crate::model::{Identifier, RunState};
use crate::report::notice::Telling;
use crate::run::life::{Event, Life, step};
use crate::store::{Advance, RunRecord, Standing, Store};

use super::outbox::{Moment, messages};
use super::parts::{Landings, Repository};
use super::{Shared, Thing, Trouble};

/// How often a record that another hand changes meanwhile is read again.
const ATTEMPTS: usize = 8;

/// Which runs an event can be about. What was found out about a proposal says nothing of a run that stands on the branch by now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum About {
    /// Those that are only proposed.
    Proposal,
    /// Those that stand on the watched branch.
    Branch,
}

/// What was written down.
pub(super) struct Happened {
    /// The state before; `None` where nobody had told of the run yet.
    pub(super) from: Option<RunState>,
    /// The life from now on.
    pub(super) life: Life,
}

impl Shared {
    /// The store, as a repository may be written about now, and the epoch in which it may.
    pub(super) fn journal(&self, repository: &Repository) -> (Arc<dyn Store>, i64) {
        (self.store_of(repository), repository.epoch())
    }

    /// Has something happen to a run, if it still can; durable when this returns. `None` where nothing moves: the run is history, has come
    /// to its end, or does not stand where this could happen to it. A decision that differs is written down even where the state stays.
    pub(super) async fn happen(
        &self,
        repository: &Repository,
        run: &Identifier,
        about: About,
        event: &Event,
        decision: &Json,
    ) -> Result<Option<Happened>, Trouble> {
        let ((store, _), key) = (self.journal(repository), &repository.watched.key);
        for _ in 0..ATTEMPTS {
            let record = store.run(key, run).await?;
            let (life, known) = match &record {
                Some(RunRecord { standing: Standing::Adopted, .. }) => return Ok(None),
                Some(RunRecord { standing: Standing::Decided(state), life, .. }) => {
                    (life.clone().unwrap_or_else(|| Life::new(*state)), true)
                }
                None => (before_anything(event), false),
            };
            if (about == About::Branch) != life.landing.is_some() {
                return Ok(None);
            }
            let now = self.clock.now();
            let (next, effects) = match step(&life, event, now) {
                Ok(step) => (step.life, step.effects),
                Err(refusal) => {
                    let told = record.as_ref().is_some_and(|record| are_alike(&record.decision, decision));
                    if told || life.is_final() || !is_decided_again(&life, event) {
                        tracing::debug!(repository = %repository.name, %run, event = event.word(), "{refusal}");
                        return Ok(None);
                    }
                    (life.clone(), Vec::new())
                }
            };
            let from = record.as_ref().map_or(0, |record| record.revision);
            let telling = Telling::kept_in(decision);
            let moment = Moment { repository: key, run, from, life: &next, telling: telling.as_ref(), at: now };
            let advance = Advance {
                run,
                from,
                life: &next,
                event: event.word(),
                decision,
                messages: &messages(&effects, &moment),
                at: now,
            };
            let deed = deed(event, about);
            deed.into_iter().for_each(abort::before);
            if store.advance(key, &advance).await? {
                deed.into_iter().for_each(abort::after);
                let from = known.then_some(life.state);
                if from != Some(next.state) {
                    tracing::info!(repository = %repository.name, %run, from = from.map(RunState::as_str), to = next.state.as_str(), "run");
                }
                if telling.as_ref().is_some_and(Telling::is_shown) && next.landing.is_some() {
                    self.wake_thing(&repository.name, Thing::Progress);
                }
                return Ok(Some(Happened { from, life: next }));
            }
        }
        Err(Trouble::passing(format!("the record of run {run} keeps changing under our hands")))
    }
}

/// What writing an event down is, where it moves a run that stands on the branch.
fn deed(event: &Event, about: About) -> Option<Deed> {
    match event {
        _ if about == About::Proposal => None,
        Event::Decided { .. } => Some(Deed::Decided),
        Event::Claimed { .. } => Some(Deed::Claimed),
        Event::Begun { .. } => Some(Deed::Begun),
        Event::Answered { .. } => Some(Deed::Answered),
        Event::Lost { .. } => Some(Deed::Lost),
        _ => None,
    }
}

/// What a run is of which nothing is recorded: nothing that the first decision about it would not change.
fn before_anything(event: &Event) -> Life {
    match event {
        Event::Decided { state: RunState::WaitingForApproval } => Life::new(RunState::Cancelled),
        _ => Life::new(RunState::WaitingForApproval),
    }
}

/// Whether an event only says the state again that the run has, for reasons that may have changed.
fn is_decided_again(life: &Life, event: &Event) -> bool {
    matches!(event, Event::Decided { state } if *state == life.state && life.execution.is_none())
}

/// Whether two decisions rest on the same facts. What they were judged against is none: the branch moves on by other people's changes.
fn are_alike(one: &Json, other: &Json) -> bool {
    let facts = |decision: &Json| {
        let mut facts = decision.clone();
        facts.as_object_mut().map(|facts| facts.remove("base"));
        facts
    };
    one == other || facts(one) == facts(other)
}

impl Repository {
    /// The runs that stand on the branch and have not come to their end, and the pull requests that brought them, when last looked at.
    pub(super) fn landings(&self) -> MutexGuard<'_, Landings> {
        self.landings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
