//! What follows once a run is claimed: attempts, answers, reports, and what nobody knows.
//!
//! A run fails only where it is certain that the receiver has not performed it, or where whoever has it says so, or says nothing until the
//! deadline. What may have been performed and cannot be known is never called a failure: a person says what came of it.

use std::time::Duration;

use crate::model::{RunState, Timestamp};

use super::step::{Refusal, Then, going_on, told};
use super::{Answer, Event, Execution, Life, Occasion, Outcome, Phase, Report};

/// Attempts before a receiver that cannot be reached is given up.
const MOST_ATTEMPTS: u32 = 20;
/// Before the second attempt; each later one waits twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
/// Between two attempts at most, whatever the receiver asks for.
const LONGEST_PAUSE: Duration = Duration::from_secs(15 * 60);

pub(super) fn claimed(life: &Life, event: &Event, now: Timestamp) -> Result<Then, Refusal> {
    let Event::Claimed { grant, key, dedupes, deadline, epoch } = event else { return Err(Refusal::OutOfPlace) };
    // What was claimed and not sent is claimed anew: meanwhile the world may have become another.
    let renewed = match &life.execution {
        None if life.landing.is_some() && life.state == RunState::Approved => None,
        Some(execution) if execution.is_unsent() && *epoch < execution.epoch => return Err(Refusal::Fenced),
        Some(execution) if execution.is_unsent() => Some(execution),
        None | Some(_) => return Err(Refusal::OutOfPlace),
    };
    let one_key = renewed.is_none_or(|before| before.key == *key || before.grant.digest != grant.digest);
    if !grant.is_sound() || key.is_empty() || *deadline <= now || !one_key {
        return Err(Refusal::Unsound);
    }
    let patience = deadline.duration_since(now).as_secs();
    let execution = Execution {
        grant: grant.clone(),
        key: key.clone(),
        dedupes: *dedupes,
        epoch: *epoch,
        attempt: 0,
        phase: Phase::Ready { due: now },
        since: now,
        // A claim that is renewed gains no time by it.
        deadline: renewed.map_or(*deadline, |before| before.deadline),
        patience: u64::try_from(patience).unwrap_or(0),
        doubt: false,
        outside: None,
        links: Vec::new(),
        label: None,
        summary: None,
    };
    let next = Life { state: RunState::InProgress, execution: Some(execution), ..life.clone() };
    Ok(if renewed.is_some() { (next, Vec::new()) } else { told(next, Occasion::Started) })
}

/// What was claimed and not sent is found to be approved no longer.
pub(super) fn decided(life: &Life, execution: &Execution, state: RunState) -> Result<Then, Refusal> {
    if !execution.is_unsent() {
        return Err(Refusal::OutOfPlace);
    }
    if state == RunState::Approved {
        return Err(Refusal::Nothing);
    }
    let summary = Some("when it was to be sent it was not approved any more, and nothing was sent".to_owned());
    Ok(end(life, Execution { summary, ..execution.clone() }, false))
}

pub(super) fn begun(life: &Life, epoch: i64, now: Timestamp) -> Result<Then, Refusal> {
    let Some(execution) = &life.execution else { return Err(Refusal::OutOfPlace) };
    let Phase::Ready { due } = execution.phase else { return Err(Refusal::OutOfPlace) };
    if epoch < execution.epoch {
        return Err(Refusal::Fenced);
    }
    if now >= execution.deadline {
        return Err(Refusal::OutOfPlace);
    }
    if execution.is_stale(now) {
        return Err(Refusal::Unsound);
    }
    if due > now {
        return Err(Refusal::Early);
    }
    let attempt = execution.attempt.saturating_add(1);
    Ok(going_on(life, Execution { epoch, attempt, phase: Phase::Sending { epoch, since: now }, ..execution.clone() }))
}

pub(super) fn answered(life: &Life, epoch: i64, answer: &Answer, now: Timestamp) -> Result<Then, Refusal> {
    let Some(execution) = &life.execution else { return Err(Refusal::OutOfPlace) };
    match (&execution.phase, answer) {
        (Phase::Sending { epoch: ours, .. }, _) if *ours == epoch => Ok(taken(life, execution, answer, now)),
        // Whoever has it reported before the answer was there. What the answer adds is kept; that it was not taken on cannot be.
        (Phase::Running, Answer::Done { .. } | Answer::Accepted { .. }) if execution.epoch == epoch => {
            let (next, effects) = taken(life, execution, answer, now);
            if next == *life { Err(Refusal::Nothing) } else { Ok((next, effects)) }
        }
        _ => Err(Refusal::OutOfPlace),
    }
}

/// How an attempt goes on that has this answer.
fn taken(life: &Life, execution: &Execution, answer: &Answer, now: Timestamp) -> Then {
    let mut next = execution.clone();
    match answer {
        Answer::Done { success, says, link, outside } => {
            next.summary = Some(says.clone()).filter(|says| !says.is_empty()).or(next.summary);
            next.links.extend(link.clone().filter(|link| !execution.links.contains(link)));
            next.outside = outside.clone().or(next.outside);
            end(life, next, *success)
        }
        Answer::Accepted { outside, link } => {
            next.outside = outside.clone().or(next.outside);
            next.links.extend(link.clone().filter(|link| !execution.links.contains(link)));
            (next.phase, next.doubt) = (Phase::Running, false);
            going_on(life, next)
        }
        Answer::NotPerformed { why, after } => again_or_end(life, next, why, *after, now),
        Answer::Refused { why } => {
            next.summary = Some(why.clone());
            fail(life, next, now)
        }
        Answer::Unknown { why } if execution.dedupes => {
            next.doubt = true;
            again_or_end(life, next, why, None, now)
        }
        Answer::Unknown { why } => unknown(life, next, why, now),
    }
}

pub(super) fn lost(life: &Life, epoch: i64, found: Option<&Answer>, now: Timestamp) -> Result<Then, Refusal> {
    let Some(execution) = &life.execution else { return Err(Refusal::OutOfPlace) };
    if !matches!(execution.phase, Phase::Sending { .. }) {
        return Err(Refusal::OutOfPlace);
    }
    if epoch < execution.epoch {
        return Err(Refusal::Fenced);
    }
    let next = Execution { epoch, ..execution.clone() };
    Ok(match found {
        Some(answer) => taken(life, &next, answer, now),
        None if next.dedupes => going_on(life, Execution { phase: Phase::Ready { due: now }, doubt: true, ..next }),
        None => unknown(life, next, "the controller stopped while it was being sent, and nobody knows whether it arrived", now),
    })
}

pub(super) fn reported(life: &Life, report: &Report, now: Timestamp) -> Result<Then, Refusal> {
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
    if matches!(next.phase, Phase::Unknown { .. }) && now >= next.deadline {
        next.deadline = next.another_deadline(now);
    }
    (next.phase, next.doubt) = (Phase::Running, false);
    if next == *execution {
        return Err(Refusal::Nothing);
    }
    Ok(going_on(life, next))
}

pub(super) fn deadline(life: &Life, now: Timestamp) -> Result<Then, Refusal> {
    let Some(execution) = &life.execution else { return Err(Refusal::OutOfPlace) };
    if now < execution.deadline {
        return Err(Refusal::Early);
    }
    let mut next = execution.clone();
    match execution.phase {
        Phase::Ready { .. } => {
            next.summary = next.summary.or_else(|| Some("it could not be sent before the deadline".to_owned()));
            Ok(fail(life, next, now))
        }
        Phase::Running => {
            next.summary = Some("nobody reported an outcome before the deadline".to_owned());
            Ok(end(life, next, false))
        }
        // What is being sent has an answer or is lost before; what is unknown no clock makes known.
        Phase::Sending { .. } | Phase::Unknown { .. } | Phase::Ended => Err(Refusal::OutOfPlace),
    }
}

/// What a person says of a run besides its outcome.
pub(super) struct Settled<'a> {
    pub(super) by: &'a str,
    pub(super) note: Option<&'a str>,
    pub(super) link: Option<&'a str>,
}

pub(super) fn resolved(life: &Life, outcome: Outcome, settled: Settled<'_>, now: Timestamp) -> Result<Then, Refusal> {
    let Some(execution) = &life.execution else { return Err(Refusal::OutOfPlace) };
    let mut next = execution.clone();
    next.links.extend(settled.link.map(str::to_owned).filter(|link| !execution.links.contains(link)));
    next.summary = Some(match settled.note {
        Some(note) => format!("settled by {}: {note}", settled.by),
        None => format!("settled by {}", settled.by),
    });
    match (&execution.phase, outcome) {
        (Phase::Unknown { .. } | Phase::Running | Phase::Ready { .. }, Outcome::Success | Outcome::Failure) => {
            Ok(end(life, next, outcome == Outcome::Success))
        }
        (Phase::Unknown { .. }, Outcome::Again) => {
            (next.phase, next.doubt) = (Phase::Ready { due: now }, false);
            next.deadline = next.another_deadline(now);
            Ok(going_on(life, next))
        }
        (Phase::Sending { .. } | Phase::Running | Phase::Ready { .. } | Phase::Ended, _) => Err(Refusal::OutOfPlace),
    }
}

fn again_or_end(life: &Life, mut next: Execution, why: &str, after: Option<u64>, now: Timestamp) -> Then {
    let due = now.checked_add(pause(next.attempt, after)).unwrap_or(Timestamp::MAX);
    next.summary = Some(why.to_owned());
    if next.attempt >= MOST_ATTEMPTS || due >= next.deadline {
        return fail(life, next, now);
    }
    next.phase = Phase::Ready { due };
    going_on(life, next)
}

fn pause(attempt: u32, after: Option<u64>) -> Duration {
    let doubled = FIRST_PAUSE.saturating_mul(1u32.checked_shl(attempt.saturating_sub(1).min(20)).unwrap_or(u32::MAX));
    doubled.max(Duration::from_secs(after.unwrap_or(0))).min(LONGEST_PAUSE)
}

/// It was not performed by the last attempt, and there is no other; where an earlier one may have been taken, nobody knows.
fn fail(life: &Life, next: Execution, now: Timestamp) -> Then {
    if !next.doubt {
        return end(life, next, false);
    }
    let last = next.summary.clone().unwrap_or_default();
    unknown(
        life,
        next,
        &format!("an attempt was sent of which nobody knows whether it arrived, and no later one told: {last}"),
        now,
    )
}

fn unknown(life: &Life, mut next: Execution, why: &str, now: Timestamp) -> Then {
    next.phase = Phase::Unknown { since: now, why: why.to_owned() };
    told(Life { execution: Some(next), ..life.clone() }, Occasion::Unknown)
}

fn end(life: &Life, next: Execution, success: bool) -> Then {
    let (state, occasion) = match success {
        true => (RunState::Success, Occasion::Succeeded),
        false => (RunState::Failure, Occasion::Failed),
    };
    let execution = Some(Execution { phase: Phase::Ended, ..next });
    told(Life { state, execution, ..life.clone() }, occasion)
}
