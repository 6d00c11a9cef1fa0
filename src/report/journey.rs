//! What is said of a run that has a journal: what it waits for, what was written about it, and what came of moving it by hand.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::Value as Json;

use crate::model::{Identifier, RunState, Timestamp};
use crate::run::life::{Life, Outcome, Phase, Refusal, RunHandle};

use super::defuse::prose;
use super::json::pretty;

/// A run as the journal has it.
#[derive(Clone, Copy, Debug)]
pub struct Journey<'a> {
    /// What people call it.
    pub run: &'a Identifier,
    /// What the API calls it.
    pub handle: &'a RunHandle,
    /// What the store calls its repository.
    pub repository: &'a str,
    /// Its life; `None` where it stood on the branch at first sight.
    pub life: Option<&'a Life>,
    /// The facts of its last decision.
    pub decision: &'a Json,
    /// Since when it stands so.
    pub since: Timestamp,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JourneyJson<'a> {
    run: &'a str,
    handle: &'a str,
    repository: &'a str,
    state: &'a str,
    phase: Option<&'a str>,
    since: String,
    why: String,
    attempts: u32,
    links: &'a [String],
    label: Option<&'a str>,
    summary: Option<&'a str>,
}

/// One sentence: what a run waits for, and who can move it.
pub fn why(journey: &Journey<'_>) -> String {
    let Some(life) = journey.life else {
        return "it stood on the branch when the daemon first saw it: history, never executed, and nobody moves it".to_owned();
    };
    if let Some(withdrawn) = &life.withdrawn {
        return format!("{} withdrew it, and nothing moves it any more", prose(&withdrawn.by));
    }
    match (&life.execution, life.phase()) {
        (Some(execution), Some(phase)) => {
            let attempt = execution.attempt;
            let said = |text: &Option<String>| text.as_deref().map(|text| format!(" ({})", prose(text))).unwrap_or_default();
            match phase {
                Phase::Ready { due } => {
                    format!("attempt {} is sent at {due:.0}{}; nobody has to do anything", attempt + 1, said(&execution.summary))
                }
                Phase::Sending { since, .. } => {
                    format!("attempt {attempt} is being sent since {since:.0}; nobody has to do anything")
                }
                Phase::Running => format!(
                    "whoever performs it is at work{}, and has until {:.0} to report",
                    said(&execution.label),
                    execution.deadline
                ),
                Phase::Unknown { since, why } => format!(
                    "nobody knows since {since:.0} whether it was performed ({}): find out, and say so with `portcullis runs resolve`",
                    prose(why)
                ),
                Phase::Ended => {
                    let how = if life.state == RunState::Success { "performed" } else { "failed" };
                    format!("it has come to its end: {how}{}", said(&execution.summary))
                }
            }
        }
        _ => before_execution(journey, life),
    }
}

fn before_execution(journey: &Journey<'_>, life: &Life) -> String {
    let fact = |key: &str| journey.decision.get(key).and_then(Json::as_str).map(prose);
    let reason = fact("reason").map(|reason| format!(": {reason}")).unwrap_or_default();
    let landed = life.landing.is_some();
    match life.state {
        RunState::WaitingForApproval => {
            let approvers: Vec<String> = journey
                .decision
                .get("approvers")
                .and_then(Json::as_array)
                .into_iter()
                .flatten()
                .filter_map(Json::as_str)
                .map(prose)
                .collect();
            let who = match approvers.as_slice() {
                [] => "nobody in the roster may approve it".to_owned(),
                some => format!("{} may approve it", some.join(", ")),
            };
            format!("it waits for approval{reason}; {who}")
        }
        RunState::Approved if !landed => {
            let merging = fact("pull_request").map_or_else(|| "its change".to_owned(), |id| format!("pull request {id}"));
            format!("it is approved and not on the watched branch yet: whoever merges {merging} moves it")
        }
        RunState::Approved => match fact("held") {
            Some(held) => format!("it is approved, and held up: {held}"),
            None => "it is approved, and the daemon executes it when it next looks at it".to_owned(),
        },
        RunState::Declined if !landed => format!("it was declined{reason}; whoever declined may approve it after all"),
        RunState::Expired if !landed => format!("it waited too long{reason}; another push asks for it again"),
        state => format!("it has come to its end as {}{reason}", state.as_str()),
    }
}

/// The answer of `runs why`.
pub fn why_text(journey: &Journey<'_>) -> String {
    format!("{}: {}\n", prose(journey.run.as_str()), why(journey))
}

/// The same for programs.
pub fn why_json(journey: &Journey<'_>) -> String {
    let life = journey.life;
    let execution = life.and_then(|life| life.execution.as_ref());
    let phase = life.and_then(Life::phase).map(|phase| match phase {
        Phase::Ready { .. } => "ready",
        Phase::Sending { .. } => "sending",
        Phase::Running => "running",
        Phase::Unknown { .. } => "unknown",
        Phase::Ended => "ended",
    });
    pretty(&JourneyJson {
        run: journey.run.as_str(),
        handle: journey.handle.as_str(),
        repository: journey.repository,
        state: life.map_or("ADOPTED", |life| life.state.as_str()),
        phase,
        since: journey.since.to_string(),
        why: why(journey),
        attempts: execution.map_or(0, |execution| execution.attempt),
        links: execution.map_or(&[], |execution| &execution.links),
        label: execution.and_then(|execution| execution.label.as_deref()),
        summary: execution.and_then(|execution| execution.summary.as_deref()),
    })
}

/// Something that happened to a run, or a line that somebody wrote about it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Entry {
    /// When.
    #[serde(serialize_with = "written")]
    pub at: Timestamp,
    /// What happened, in one word of the journal; `log` for a line of whoever performs it.
    pub event: String,
    /// The state after it; `None` of a line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<&'static str>,
    /// The line, or who said it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

fn written<S: serde::Serializer>(at: &Timestamp, out: S) -> Result<S::Ok, S::Error> {
    out.collect_str(at)
}

/// The journal and the log of a run, one line each, oldest first.
pub fn log_text(entries: &[Entry]) -> String {
    if entries.is_empty() {
        return "nothing has been written about it\n".to_owned();
    }
    entries.iter().fold(String::new(), |mut out, entry| {
        let state = entry.state.map(|state| format!(" → {state}")).unwrap_or_default();
        let text = entry.text.as_deref().map(|text| format!("  {}", prose(text))).unwrap_or_default();
        let _ = writeln!(out, "{:.0}  {}{state}{text}", entry.at, prose(&entry.event)); // writing to a String never fails
        out
    })
}

/// The same for programs.
pub fn log_json(entries: &[Entry]) -> String {
    pretty(&entries)
}

/// What a person does to a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Hand {
    /// `runs resolve`
    Resolve(Outcome),
    /// `runs withdraw`
    Withdraw,
}

impl Hand {
    fn deed(self) -> &'static str {
        match self {
            Self::Resolve(Outcome::Success) => "is settled as SUCCESS",
            Self::Resolve(Outcome::Failure) => "is settled as FAILURE",
            Self::Resolve(Outcome::Again) => "is to be sent again",
            Self::Withdraw => "is withdrawn",
        }
    }

    fn follows(self) -> &'static str {
        match self {
            Self::Resolve(Outcome::Success | Outcome::Failure) => {
                "That is final. Those who asked are told, and the audit note is brought up to date, when the daemon looks next."
            }
            Self::Resolve(Outcome::Again) => {
                "The daemon sends it once more, with the same idempotency key. If it was performed after all, and the receiver does not \
                 know the key, it is performed twice."
            }
            Self::Withdraw => {
                "That is final: it is never executed. Those concerned are told, and the audit note is brought up to date, when the daemon \
                 looks next."
            }
        }
    }
}

/// What came of it: who did what to a run, and what follows. `dry` where nothing was written.
pub fn moved_text(journey: &Journey<'_>, hand: Hand, by: &str, dry: bool) -> String {
    let would = if dry { "nothing is written; without --dry-run: " } else { "" };
    let (run, by) = (prose(journey.run.as_str()), prose(by));
    format!("{would}{run} of {} {} by {by}\n{}\n", prose(journey.repository), hand.deed(), hand.follows())
}

/// Why it cannot be done, and what can.
pub fn unmoved(journey: &Journey<'_>, hand: Hand, refusal: Refusal) -> (String, String) {
    let run = prose(journey.run.as_str());
    let said = match (hand, refusal) {
        (_, Refusal::Final) => format!("`{run}` has come to its end, and nothing changes that"),
        (Hand::Withdraw, _) => format!("`{run}` cannot be withdrawn any more: its execution has begun"),
        (Hand::Resolve(Outcome::Again), _) => format!("`{run}` cannot be sent again: nobody doubts what becomes of it"),
        (Hand::Resolve(_), _) => format!("there is nothing to settle about `{run}`"),
    };
    (said, why(journey))
}

/// A message that could not be delivered.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeadLetter {
    /// Its id.
    pub id: String,
    /// By which channel.
    pub channel: String,
    /// What the store calls the repository.
    pub repository: String,
    /// The run.
    pub run: String,
    /// How often it was tried.
    pub attempts: u32,
    /// What kept the last attempt from succeeding.
    pub trouble: Option<String>,
    /// When it was given up.
    #[serde(serialize_with = "written")]
    pub given_up: Timestamp,
}

/// The dead letters, and how many messages wait.
pub fn outbox_text(letters: &[DeadLetter], waiting: u64) -> String {
    let mut out = match waiting {
        0 => "no message waits\n".to_owned(),
        1 => "1 message waits to be delivered\n".to_owned(),
        many => format!("{many} messages wait to be delivered\n"),
    };
    if letters.is_empty() {
        out += "none was given up\n";
    }
    for letter in letters {
        let trouble = letter.trouble.as_deref().map(prose).unwrap_or_default();
        let (id, channel, run) = (prose(&letter.id), prose(&letter.channel), prose(&letter.run));
        let _ = writeln!(
            out,
            "{id}\n    about {run}, by {channel}, given up {:.0} after {}: {trouble}",
            letter.given_up,
            if letter.attempts == 1 { "1 attempt".to_owned() } else { format!("{} attempts", letter.attempts) },
        );
    }
    out
}

/// The same for programs.
pub fn outbox_json(letters: &[DeadLetter], waiting: u64) -> String {
    #[derive(Serialize)]
    struct Outbox<'a> {
        waiting: u64,
        dead: &'a [DeadLetter],
    }
    pretty(&Outbox { waiting, dead: letters })
}

/// What `outbox replay` has done.
pub fn replayed_text(count: u64) -> String {
    match count {
        0 => "no message was given up, so none is tried again\n".to_owned(),
        1 => "1 message is tried again\n".to_owned(),
        many => format!("{many} messages are tried again\n"),
    }
}

#[cfg(test)]
#[path = "journey_tests.rs"]
pub(super) mod tests;
