//! What follows from an event, by one exhaustive match; the same life and event always give the same step.

use std::time::Duration;

use crate::model::{RunState, Timestamp};

use super::{Answer, Effect, Event, Execution, Landing, Life, Occasion, Outcome, Phase, Report, Withdrawal};

/// Attempts before a receiver that cannot be reached is given up.
const MOST_ATTEMPTS: u32 = 20;
/// Before the second attempt; each later one waits twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
/// Between two attempts at most, whatever the receiver asks for.
const LONGEST_PAUSE: Duration = Duration::from_secs(15 * 60);

/// What follows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// The life from now on.
    pub life: Life,
    /// What is to be done outside, written down with it.
    pub effects: Vec<Effect>,
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
        return Err(Refusal::Final);
    }
    match event {
        Event::Decided { state } => decided(life, *state),
        Event::Landed(landing) => landed(life, landing),
        Event::Withdrawn { by } => withdrawn(life, by, now),
        Event::Reminded => reminded(life, now),
        Event::Claimed { .. } => claimed(life, event, now),
        Event::Begun { epoch } => begun(life, *epoch, now),
        Event::Answered { epoch, answer } => match life.phase() {
            Some(Phase::Sending { epoch: ours, .. }) if ours == epoch => Ok(answered(life, answer, now)),
            _ => Err(Refusal::OutOfPlace),
        },
        Event::Lost { epoch, found } => lost(life, *epoch, found.as_ref(), now),
        Event::Reported(report) => reported(life, report),
        Event::DeadlinePassed => deadline(life, now),
        Event::Resolved { by, outcome } => resolved(life, by, *outcome, now),
    }
}

fn decided(life: &Life, state: RunState) -> Result<Step, Refusal> {
    use RunState::{Approved, Cancelled, Declined, Expired, Failure, InProgress, Success, WaitingForApproval};
    if life.execution.is_some() {
        return Err(Refusal::OutOfPlace);
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
    let life = Life { state, ..life.clone() };
    Ok(told(life, occasion))
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
    Ok(Step { life: Life { state, landing: Some(landing.clone()), ..life.clone() }, effects: Vec::new() })
}

fn withdrawn(life: &Life, by: &str, now: Timestamp) -> Result<Step, Refusal> {
    if life.execution.is_some() {
        return Err(Refusal::OutOfPlace);
    }
    let withdrawn = Some(Withdrawal { by: by.to_owned(), at: now });
    Ok(told(Life { state: RunState::Cancelled, withdrawn, ..life.clone() }, Occasion::Cancelled))
}

fn reminded(life: &Life, now: Timestamp) -> Result<Step, Refusal> {
    let waits = life.state == RunState::WaitingForApproval || matches!(life.phase(), Some(Phase::Unknown { .. }));
    if !waits || life.reminded.is_some_and(|last| last >= now) {
        return Err(Refusal::OutOfPlace);
    }
    let occasion = if life.execution.is_some() { Occasion::Unknown } else { Occasion::Reminder };
    Ok(told(Life { reminded: Some(now), ..life.clone() }, occasion))
}

fn claimed(life: &Life, event: &Event, now: Timestamp) -> Result<Step, Refusal> {
    let Event::Claimed { grant, key, dedupes, deadline, epoch } = event else { return Err(Refusal::OutOfPlace) };
    if life.execution.is_some() || life.landing.is_none() || life.state != RunState::Approved {
        return Err(Refusal::OutOfPlace);
    }
    if !grant.is_sound() || key.is_empty() {
        return Err(Refusal::Unsound);
    }
    let execution = Execution {
        grant: grant.clone(),
        key: key.clone(),
        dedupes: *dedupes,
        epoch: *epoch,
        attempt: 0,
        phase: Phase::Ready { due: now },
        deadline: *deadline,
        outside: None,
        links: Vec::new(),
        label: None,
        summary: None,
    };
    Ok(told(Life { state: RunState::InProgress, execution: Some(execution), ..life.clone() }, Occasion::Started))
}

fn begun(life: &Life, epoch: i64, now: Timestamp) -> Result<Step, Refusal> {
    let Some(execution) = &life.execution else { return Err(Refusal::OutOfPlace) };
    let Phase::Ready { due } = execution.phase else { return Err(Refusal::OutOfPlace) };
    if epoch < execution.epoch {
        return Err(Refusal::Fenced);
    }
    if due > now {
        return Err(Refusal::Early);
    }
    let attempt = execution.attempt.saturating_add(1);
    let next = Execution { epoch, attempt, phase: Phase::Sending { epoch, since: now }, ..execution.clone() };
    Ok(Step { life: Life { execution: Some(next), ..life.clone() }, effects: Vec::new() })
}

/// How an attempt that stands at `Sending` goes on.
fn answered(life: &Life, answer: &Answer, now: Timestamp) -> Step {
    let Some(execution) = &life.execution else { return Step { life: life.clone(), effects: Vec::new() } };
    let mut next = execution.clone();
    match answer {
        Answer::Done { success, says, link, outside } => {
            next.summary = Some(says.clone()).filter(|says| !says.is_empty()).or(next.summary);
            next.links.extend(link.clone());
            next.outside = outside.clone().or(next.outside);
            end(life, next, *success)
        }
        Answer::Accepted { outside, link } => {
            next.outside = outside.clone().or(next.outside);
            next.links.extend(link.clone());
            next.phase = Phase::Running;
            going_on(life, next)
        }
        Answer::NotPerformed { why, after } => again_or_end(life, next, why, *after, now),
        Answer::Refused { why } => {
            next.summary = Some(why.clone());
            end(life, next, false)
        }
        Answer::Unknown { why } if execution.dedupes => again_or_end(life, next, why, None, now),
        Answer::Unknown { why } => unknown(life, next, why, now),
    }
}

fn lost(life: &Life, epoch: i64, found: Option<&Answer>, now: Timestamp) -> Result<Step, Refusal> {
    let Some(execution) = &life.execution else { return Err(Refusal::OutOfPlace) };
    if !matches!(execution.phase, Phase::Sending { .. }) {
        return Err(Refusal::OutOfPlace);
    }
    if epoch < execution.epoch {
        return Err(Refusal::Fenced);
    }
    let next = Execution { epoch, ..execution.clone() };
    let life = Life { execution: Some(next.clone()), ..life.clone() };
    Ok(match found {
        Some(answer) => answered(&life, answer, now),
        None if next.dedupes => going_on(&life, Execution { phase: Phase::Ready { due: now }, ..next }),
        None => unknown(&life, next, "the controller stopped while it was being sent, and nobody knows whether it arrived", now),
    })
}

fn reported(life: &Life, report: &Report) -> Result<Step, Refusal> {
    let Some(execution) = &life.execution else { return Err(Refusal::OutOfPlace) };
    if execution.attempt == 0 {
        return Err(Refusal::OutOfPlace); // nothing was sent, so nobody can have performed it
    }
    let mut next = execution.clone();
    next.label = report.label.clone().or(next.label);
    next.links = report.links.clone().unwrap_or(next.links);
    next.summary = report.summary.clone().or(next.summary);
    next.outside = report.outside.clone().or(next.outside);
    if let Some(success) = report.success {
        return Ok(end(life, next, success));
    }
    // Whoever reports has it, whatever became of our connection.
    next.phase = match next.phase {
        Phase::Ready { .. } | Phase::Unknown { .. } => Phase::Running,
        phase => phase,
    };
    if next == *execution {
        return Err(Refusal::Nothing);
    }
    Ok(going_on(life, next))
}

fn deadline(life: &Life, now: Timestamp) -> Result<Step, Refusal> {
    let Some(execution) = &life.execution else { return Err(Refusal::OutOfPlace) };
    if now < execution.deadline {
        return Err(Refusal::Early);
    }
    match execution.phase {
        Phase::Ready { .. } | Phase::Running => {
            let summary = Some(match execution.phase {
                Phase::Running => "nobody reported an outcome before the deadline".to_owned(),
                _ => execution.summary.clone().unwrap_or_else(|| "it could not be sent before the deadline".to_owned()),
            });
            Ok(end(life, Execution { summary, ..execution.clone() }, false))
        }
        // What is being sent has an answer or is lost before; what is unknown no clock makes known.
        Phase::Sending { .. } | Phase::Unknown { .. } | Phase::Ended => Err(Refusal::OutOfPlace),
    }
}

fn resolved(life: &Life, by: &str, outcome: Outcome, now: Timestamp) -> Result<Step, Refusal> {
    let Some(execution) = &life.execution else { return Err(Refusal::OutOfPlace) };
    let mut next = execution.clone();
    match (&execution.phase, outcome) {
        (Phase::Unknown { .. } | Phase::Running | Phase::Ready { .. }, Outcome::Success | Outcome::Failure) => {
            next.summary = Some(format!("settled by {by}"));
            Ok(end(life, next, outcome == Outcome::Success))
        }
        (Phase::Unknown { .. }, Outcome::Again) => {
            next.phase = Phase::Ready { due: now };
            next.deadline = now.saturating_add(execution_time(execution, life)).unwrap_or(Timestamp::MAX);
            Ok(going_on(life, next))
        }
        (Phase::Sending { .. } | Phase::Running | Phase::Ready { .. } | Phase::Ended, _) => Err(Refusal::OutOfPlace),
    }
}

/// How long an execution was given: as long again is given to one that a person has sent again.
fn execution_time(execution: &Execution, life: &Life) -> Duration {
    let since = life.landing.as_ref().map_or(execution.deadline, |landing| landing.at);
    execution.deadline.duration_since(since).try_into().unwrap_or(Duration::ZERO)
}

fn again_or_end(life: &Life, mut next: Execution, why: &str, after: Option<u64>, now: Timestamp) -> Step {
    let due = now.checked_add(pause(next.attempt, after)).unwrap_or(Timestamp::MAX);
    next.summary = Some(why.to_owned());
    if next.attempt >= MOST_ATTEMPTS || due >= next.deadline {
        return end(life, next, false);
    }
    next.phase = Phase::Ready { due };
    going_on(life, next)
}

fn pause(attempt: u32, after: Option<u64>) -> Duration {
    let doubled = FIRST_PAUSE.saturating_mul(1u32.checked_shl(attempt.saturating_sub(1).min(20)).unwrap_or(u32::MAX));
    doubled.max(Duration::from_secs(after.unwrap_or(0))).min(LONGEST_PAUSE)
}

fn unknown(life: &Life, mut next: Execution, why: &str, now: Timestamp) -> Step {
    next.phase = Phase::Unknown { since: now, why: why.to_owned() };
    told(Life { execution: Some(next), ..life.clone() }, Occasion::Unknown)
}

fn going_on(life: &Life, next: Execution) -> Step {
    Step { life: Life { execution: Some(next), ..life.clone() }, effects: Vec::new() }
}

fn end(life: &Life, next: Execution, success: bool) -> Step {
    let (state, occasion) = match success {
        true => (RunState::Success, Occasion::Succeeded),
        false => (RunState::Failure, Occasion::Failed),
    };
    let execution = Some(Execution { phase: Phase::Ended, ..next });
    told(Life { state, execution, ..life.clone() }, occasion)
}

/// People are told; and what stands on the branch has its audit note brought up to date.
fn told(life: Life, occasion: Occasion) -> Step {
    let mut effects = vec![Effect::Tell(occasion)];
    if life.landing.is_some() {
        effects.push(Effect::Audit);
    }
    Step { life, effects }
}
