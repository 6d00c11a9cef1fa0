//! What follows from an event, by one exhaustive match; the same life and event always give the same step.

use crate::model::{RunState, Timestamp};
use crate::run::transition::way;

use super::{Effect, Event, Execution, Landing, Life, Occasion, Phase, Withdrawal, perform};

/// What follows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// The life from now on.
    pub life: Life,
    /// What is to be done outside, written down with it.
    pub effects: Vec<Effect>,
    /// The states of spec 7 that the run passes through, in order, each of which may become the next; the last is where it stands now. Empty
    /// where it stays where it is, and for a run that is only proposed: what is derived of that may be anything at any time.
    pub passes: Vec<RunState>,
}

/// Why an event moves nothing. Nobody did wrong: events come twice, late, and out of order.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refusal {
    /// It has happened already, or changes nothing.
    #[error("nothing changes")]
    Nothing,
    /// The run has come to its end.
    #[error("the run has come to its end, and nothing changes that")]
    Final,
    /// It cannot happen to a run that stands where this one does.
    #[error("the run does not stand where this could happen to it")]
    OutOfPlace,
    /// What allows the execution does not hold.
    #[error("what would allow the execution does not hold")]
    Unsound,
    /// Somebody with a later epoch acts on it now.
    #[error("somebody else acts on the run now")]
    Fenced,
    /// Its time has not come.
    #[error("it is too early")]
    Early,
}

/// What follows from `event` at `now`.
///
/// # Errors
/// Why nothing does; the life then stays exactly as it is.
pub fn step(life: &Life, event: &Event, now: Timestamp) -> Result<Step, Refusal> {
    if life.is_final() {
        return match event {
            // Taken back while it was proposed, and merged all the same: it stays what it is, and where it stands now its note says so.
            Event::Landed(landing) if life.landing.is_none() => {
                let life = Life { landing: Some(landing.clone()), ..life.clone() };
                Ok(Step { life, effects: vec![Effect::Audit], passes: Vec::new() })
            }
            _ => Err(Refusal::Final),
        };
    }
    let (next, effects) = match event {
        Event::Landed(landing) => return landed(life, landing),
        Event::Decided { state } => decided(life, *state),
        Event::Withdrawn { by } => withdrawn(life, by, now),
        Event::Reminded => reminded(life, now),
        Event::Claimed { .. } => perform::claimed(life, event, now),
        Event::Begun { epoch } => perform::begun(life, *epoch, now),
        Event::Answered { epoch, answer } => perform::answered(life, *epoch, answer, now),
        Event::Lost { epoch, found } => perform::lost(life, *epoch, found.as_ref(), now),
        Event::Reported(report) => perform::reported(life, report, now),
        Event::DeadlinePassed => perform::deadline(life, now),
        Event::Resolved { by, outcome, note, link } => {
            perform::resolved(life, *outcome, perform::Settled { by, note: note.as_deref(), link: link.as_deref() }, now)
        }
    }?;
    if life.landing.is_none() || next.state == life.state {
        return Ok(Step { life: next, effects, passes: Vec::new() });
    }
    let passes = way(Some(life.state), next.state);
    // A state that the present one never leads to is never written, whatever asks for it.
    if passes.is_empty() { Err(Refusal::OutOfPlace) } else { Ok(Step { life: next, effects, passes }) }
}

/// A life from now on, and what is to be done outside because of it.
pub(super) type Then = (Life, Vec<Effect>);

fn decided(life: &Life, state: RunState) -> Result<Then, Refusal> {
    use RunState::{Approved, Cancelled, Declined, Expired, Failure, InProgress, Success, WaitingForApproval};
    if let Some(execution) = &life.execution {
        return perform::decided(life, execution, state);
    }
    if state == life.state {
        return Err(Refusal::Nothing);
    }
    let occasion = match state {
        InProgress | Success | Failure => return Err(Refusal::OutOfPlace), // never derived: execution alone leads there
        WaitingForApproval => Occasion::Waiting,
        Approved => Occasion::Granted,
        Declined => Occasion::Declined,
        Expired => Occasion::Expired,
        Cancelled => Occasion::Cancelled,
    };
    Ok(told(Life { state, ..life.clone() }, occasion))
}

fn landed(life: &Life, landing: &Landing) -> Result<Step, Refusal> {
    if life.landing.is_some() {
        return Err(Refusal::Nothing);
    }
    // What was last derived of a proposal is no decision about what stands on the branch: that one is made anew.
    let state = match life.state {
        RunState::Approved => RunState::Approved,
        _ => RunState::WaitingForApproval,
    };
    let next = Life { state, landing: Some(landing.clone()), ..life.clone() };
    Ok(Step { life: next, effects: vec![Effect::Audit], passes: way(None, state) })
}

fn withdrawn(life: &Life, by: &str, now: Timestamp) -> Result<Then, Refusal> {
    if life.execution.is_some() {
        return Err(Refusal::OutOfPlace);
    }
    let withdrawn = Some(Withdrawal { by: by.to_owned(), at: now });
    Ok(told(Life { state: RunState::Cancelled, withdrawn, ..life.clone() }, Occasion::Cancelled))
}

fn reminded(life: &Life, now: Timestamp) -> Result<Then, Refusal> {
    let waits = life.state == RunState::WaitingForApproval || matches!(life.phase(), Some(Phase::Unknown { .. }));
    if !waits {
        return Err(Refusal::OutOfPlace);
    }
    if life.reminded.is_some_and(|last| last >= now) {
        return Err(Refusal::Nothing);
    }
    let occasion = if life.execution.is_some() { Occasion::Unknown } else { Occasion::Reminder };
    Ok(told(Life { reminded: Some(now), ..life.clone() }, occasion))
}

/// Its execution goes on, and nobody need be told.
pub(super) fn going_on(life: &Life, next: Execution) -> Then {
    (Life { execution: Some(next), ..life.clone() }, Vec::new())
}

/// People are told; and what stands on the branch has its audit note brought up to date.
pub(super) fn told(life: Life, occasion: Occasion) -> Then {
    let mut effects = vec![Effect::Tell(occasion)];
    if life.landing.is_some() {
        effects.push(Effect::Audit);
    }
    (life, effects)
}
