//! Who is to do what next: one line for all who have the same to do.

use std::collections::BTreeMap;

use crate::check::{CheckName, Conclusion, RunVerdict, check_of};
use crate::model::{Actor, Identifier, RunState};
use crate::report::markdown::{code, escape};
use crate::report::{Report, words};

/// How many people or things one line names.
const NAMED: usize = 8;

/// The lines, as items of a list.
pub(super) fn steps(report: &Report<'_>) -> Vec<String> {
    let mut out = Vec::new();
    let errors = report.findings.iter().map(|placed| placed.finding).filter(|finding| finding.is_error());
    let (mut wrong, mut unknown) = (0, 0);
    for finding in errors {
        match check_of(finding.rule) {
            CheckName::Catalog => wrong += 1,
            CheckName::Permissions if finding.rule.starts_with("identity/") => unknown += 1,
            CheckName::Permissions | CheckName::Approval => {}
        }
    }
    if wrong > 0 {
        out.push(step("whoever made this", &format!("mend {} below, and push again", words::count(wrong, "error"))));
    }
    if unknown > 0 {
        out.push(step("whoever made this", "sign the commits whose maker cannot be believed, and push again"));
    }
    out.extend(refused(report));
    out.extend(approvals(report));
    out.extend(report.verdict.runs.iter().filter_map(ended));
    if out.is_empty() {
        out.push(match report.verdict.conclusion {
            Conclusion::Success => "- nothing stands in the way of merging this\n".to_owned(),
            Conclusion::Pending => "- wait: nobody here can do anything about it\n".to_owned(),
            Conclusion::Failure => step("whoever made this", "see the checks above for what stands against it"),
        });
    }
    out
}

fn step(who: &str, what: &str) -> String {
    format!("- {who}: {what}\n")
}

/// `a`, `b` and 3 others.
fn named<T>(all: &[T], word: &str, name: impl Fn(&T) -> String) -> String {
    let mut names: Vec<String> = all.iter().take(NAMED).map(name).collect();
    if let Some(more) = all.len().checked_sub(NAMED).filter(|more| *more > 0) {
        names.push(words::count(more, word));
    }
    words::list(&names)
}

/// Everyone who may not make what is laid to them, and how much that is.
fn refused(report: &Report<'_>) -> Vec<String> {
    let mut each: BTreeMap<&Actor, usize> = BTreeMap::new();
    let mut nobody = 0;
    for change in report.verdict.changes.iter().filter(|change| !change.allowed) {
        if change.refused.is_empty() {
            nobody += 1;
        }
        for actor in &change.refused {
            *each.entry(actor).or_default() += 1;
        }
    }
    let mut alike: BTreeMap<(bool, usize), Vec<&Actor>> = BTreeMap::new();
    for (actor, number) in each {
        alike.entry((actor.user().is_none(), number)).or_default().push(actor);
    }
    let mut out: Vec<String> = alike
        .into_iter()
        .map(|((stranger, number), actors)| {
            let who = named(&actors, "other", |actor| match actor {
                Actor::User(user) => code(user.as_str()),
                Actor::Stranger(who) => format!("{} (not in the roster)", code(who)),
            });
            let changes = words::count(number, "change");
            let admin = if stranger { ", or ask an Admin to add them to the roster" } else { "" };
            step(&who, &format!("{changes} here may not be theirs: take that out, or have somebody commit it who may{admin}"))
        })
        .collect();
    if nobody > 0 {
        let changes = words::count(nobody, "change");
        out.push(step("somebody who may", &format!("commit {changes} again that nobody is known to have made")));
    }
    out
}

/// Everyone who may approve something that waits.
fn approvals(report: &Report<'_>) -> Vec<String> {
    let waits = |run: &&RunVerdict| run.state == RunState::WaitingForApproval;
    let mut of: BTreeMap<&Identifier, Vec<&Identifier>> = BTreeMap::new();
    for run in report.verdict.runs.iter().filter(waits) {
        for approver in run.approvers.iter().filter(|one| !run.approvals.contains(one)) {
            of.entry(approver).or_default().push(&run.id);
        }
    }
    let mut alike: BTreeMap<Vec<&Identifier>, Vec<&Identifier>> = BTreeMap::new();
    for (approver, runs) in of {
        alike.entry(runs).or_default().push(approver);
    }
    alike
        .into_iter()
        .map(|(runs, people)| {
            let who = named(&people, "other", |id| code(id.as_str()));
            let runs = named(&runs, "other", |id| code(id.as_str()));
            step(&who, &format!("may approve {runs}, by an approving review of the newest commit"))
        })
        .collect()
}

/// What whoever asked does about a run that has ended without being granted.
fn ended(run: &RunVerdict) -> Option<String> {
    let what = match run.state {
        RunState::Declined => "settle it with whoever declined",
        RunState::Expired => "ask again in a new file under `runs/`",
        RunState::Cancelled => "take its file out, and ask again in a new one if it is still wanted",
        RunState::Failure => "ask again, if it is still wanted",
        RunState::WaitingForApproval | RunState::Approved | RunState::InProgress | RunState::Success => return None,
    };
    let who = run.requester.as_ref().map_or_else(|| "whoever asked".to_owned(), |actor| code(&actor.to_string()));
    Some(step(&who, &format!("{} is {}: {what}", code(run.id.as_str()), escape(run.state.as_str()))))
}
