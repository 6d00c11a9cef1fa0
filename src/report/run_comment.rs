//! The one comment by which a pull request shows how a run gets on that it brought.

use crate::check::Conclusion;
use crate::model::{Identifier, RunState};
use crate::run::call::Scrub;
use crate::run::life::{Life, Phase};

use super::comment::address;
use super::markdown::{cell, code, escape, foot, icon};
use super::notice::{Notice, Person};
use super::{Journey, why};

/// People, and links, that are told; the rest is counted.
const MOST: usize = 10;

/// A run that stands on the watched branch, and what there is to tell of it.
#[derive(Clone, Copy, Debug)]
pub struct RunShown<'a> {
    /// What the journal has of it. It must have a life.
    pub journey: Journey<'a>,
    /// What it asks for, and who asked and approved.
    pub notice: &'a Notice,
    /// The texts of its secret inputs, which stand in the comment nowhere, whoever says them. `None` where they are not known: then nothing
    /// is repeated that a receiver said.
    pub secrets: Option<&'a Scrub>,
}

/// The comment: Markdown without the marker by which it is found again. Nothing in it depends on when it was made, so that it is not
/// edited where nothing has happened.
///
/// Whatever a receiver or whoever reports wrote makes no markup, no mention and no link but those that name their host.
pub fn run_comment(shown: &RunShown<'_>) -> String {
    let Some(life) = shown.journey.life.map(|life| open(life, shown.secrets)) else { return String::new() };
    let (run, journey) = (shown.journey.run, Journey { life: Some(&life), ..shown.journey });
    let (mark, said) = headline(&life);
    let mut out = format!("### {mark} Run {}: {said}\n\n{}.\n\n", code(run.as_str()), escape(&why(&journey)));
    out.push_str("| | |\n|---|---|\n");
    for (name, value) in facts(shown.notice, &life) {
        out.push_str(&format!("| {name} | {value} |\n"));
    }
    if let Some(advice) = advice(run, &life) {
        out.push_str(&format!("\n#### What to do next\n\n{advice}\n"));
    }
    out.push('\n');
    out.push_str(&foot(&format!("{}; this comment is kept up to date", shown.journey.handle)));
    out
}

/// What happened, in a few words.
fn headline(life: &Life) -> (&'static str, &'static str) {
    let (pending, failure) = (icon(Conclusion::Pending), icon(Conclusion::Failure));
    match (life.state, life.phase()) {
        (RunState::InProgress, Some(Phase::Unknown { .. })) => (":question:", "nobody knows what came of it"),
        (RunState::InProgress, _) => (pending, "in progress"),
        (RunState::WaitingForApproval, _) => (pending, "waits for approval"),
        (RunState::Approved, _) => (pending, "approved"),
        (RunState::Success, _) => (icon(Conclusion::Success), "done"),
        (RunState::Failure, _) => (failure, "failed"),
        (RunState::Declined, _) => (failure, "declined"),
        (RunState::Expired, _) => (failure, "expired"),
        (RunState::Cancelled, _) => (failure, if life.withdrawn.is_some() { "withdrawn" } else { "cancelled" }),
    }
}

/// What it is about: a name, and what stands there, as Markdown for a cell of a table.
fn facts(notice: &Notice, life: &Life) -> Vec<(&'static str, String)> {
    let execution = life.execution.as_ref();
    let action = match &notice.title {
        Some(title) => format!("{} ({})", escape(title), cell(notice.action.as_str())),
        None => cell(notice.action.as_str()),
    };
    let state = match execution.and_then(|execution| execution.label.as_deref()) {
        Some(label) => format!("{}: {}", cell(life.state.as_str()), escape(label)),
        None => cell(life.state.as_str()),
    };
    let asked: Vec<&Identifier> = notice.requesters.iter().map(|person: &Person| &person.id).collect();
    let links: Vec<String> = execution.iter().flat_map(|e| &e.links).filter_map(|link| followed(link)).take(MOST).collect();
    let all = [
        ("State", Some(state)),
        ("Action", Some(action)),
        ("Entity", notice.entity.as_deref().map(cell)),
        ("Asked for by", named(&asked)),
        ("Approved by", named(&notice.approvals.iter().collect::<Vec<_>>())),
        ("Where it is performed", Some(links.join(", ")).filter(|links| !links.is_empty())),
        ("What is said of it", execution.and_then(|execution| execution.summary.as_deref()).map(escape)),
    ];
    all.into_iter().filter_map(|(name, value)| value.map(|value| (name, value))).collect()
}

fn named(people: &[&Identifier]) -> Option<String> {
    let mut names: Vec<String> = people.iter().take(MOST).map(|id| cell(id.as_str())).collect();
    if let Some(more) = people.len().checked_sub(MOST).filter(|more| *more > 0) {
        names.push(format!("{more} more"));
    }
    (!names.is_empty()).then(|| names.join(", "))
}

/// A link whose words name its host, so that nobody is led to where they do not say; `None` for what is no plain address of the web.
fn followed(link: &str) -> Option<String> {
    let url = address(link).filter(|url| !url.contains('|'))?;
    let rest = url.split_once("://").map(|(_, rest)| rest)?;
    let host = rest.split(['/', '?', '#']).next().filter(|host| !host.is_empty() && !host.contains('@'))?;
    Some(format!("[{}]({url})", escape(host)))
}

/// What a person is to do about it; nothing where nobody has to do anything.
fn advice(run: &Identifier, life: &Life) -> Option<String> {
    matches!(life.phase(), Some(Phase::Unknown { .. })).then(|| {
        let settle = |outcome: &str| code(&format!("portcullis runs resolve {run} --as {outcome} --by YOU"));
        format!(
            "It may have been performed, and it is not sent again by itself. Find out where it is performed, and then say so beside the \
             daemon:\n\n- it was performed: {}\n- it was not, and is not to be: {}\n- it was not, and is to be sent again: {}\n",
            settle("success"),
            settle("failure"),
            settle("again")
        )
    })
}

/// A life in which no secret is told any more.
fn open(life: &Life, secrets: Option<&Scrub>) -> Life {
    let mut life = life.clone();
    let Some(execution) = &mut life.execution else { return life };
    let known = |text: &Option<String>| Some(secrets?.clean(text.as_deref()?));
    (execution.label, execution.summary) = (known(&execution.label), known(&execution.summary));
    // A link in which something is hidden leads nowhere.
    let hidden = |link: &String| secrets.is_none_or(|secrets| !secrets.is_clean(link));
    execution.links.retain(|link| !hidden(link));
    if let Phase::Unknown { why, .. } = &mut execution.phase {
        *why = match secrets {
            Some(secrets) => secrets.clean(why),
            None => "what is known of it may not be told here".to_owned(),
        };
    }
    life
}

#[cfg(test)]
#[path = "run_comment_tests.rs"]
mod tests;
