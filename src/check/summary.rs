//! The three checks concluded, each with one line for a status.

use crate::model::{Finding, RunState};

use super::{ChangeVerdict, CheckName, CheckResult, Conclusion, RunVerdict};

/// The longest line that every forge takes for a status.
const LONGEST: usize = 140;

/// The check that a rule's findings belong to.
pub fn check_of(rule: &str) -> CheckName {
    match rule.split_once('/').map(|(family, _)| family) {
        Some("permission" | "identity") => CheckName::Permissions,
        Some("approval") => CheckName::Approval,
        _ => CheckName::Catalog,
    }
}

pub(super) fn conclude(findings: &[Finding], runs: &[RunVerdict], net: &[ChangeVerdict]) -> Vec<CheckResult> {
    CheckName::ALL
        .into_iter()
        .map(|name| {
            let mine: Vec<&Finding> = findings.iter().filter(|finding| check_of(finding.rule) == name).collect();
            let (conclusion, summary) = match name {
                CheckName::Catalog => catalog(&mine, net.len()),
                CheckName::Permissions => permissions(&mine, net),
                CheckName::Approval => approval(&mine, runs),
            };
            CheckResult { name, conclusion, summary: cut(&summary) }
        })
        .collect()
}

fn catalog(findings: &[&Finding], changes: usize) -> (Conclusion, String) {
    if let Some(summary) = errors(findings) {
        return (Conclusion::Failure, summary);
    }
    let warnings = findings.len();
    let beside = if warnings == 0 { String::new() } else { format!(", {}", count(warnings, "warning")) };
    (
        Conclusion::Success,
        if changes == 0 {
            format!("nothing in the catalog changes{beside}")
        } else {
            format!("{}, valid{beside}", count(changes, "change"))
        },
    )
}

fn permissions(findings: &[&Finding], net: &[ChangeVerdict]) -> (Conclusion, String) {
    if let Some(summary) = errors(findings) {
        return (Conclusion::Failure, summary);
    }
    // A refusal always has its finding; should one be missing, it still refuses.
    let refused = net.iter().filter(|one| !one.allowed).count();
    if refused > 0 {
        return (Conclusion::Failure, format!("{} not allowed", count(refused, "change")));
    }
    match net.len() {
        0 => (Conclusion::Success, "nothing to allow".to_owned()),
        all => (Conclusion::Success, format!("{}, all allowed", count(all, "change"))),
    }
}

fn approval(findings: &[&Finding], runs: &[RunVerdict]) -> (Conclusion, String) {
    if let Some(summary) = errors(findings) {
        return (Conclusion::Failure, summary);
    }
    let ends = |run: &RunVerdict| match run.state {
        RunState::WaitingForApproval => Conclusion::Pending,
        RunState::Declined | RunState::Expired | RunState::Cancelled | RunState::Failure => Conclusion::Failure,
        RunState::Approved | RunState::InProgress | RunState::Success => Conclusion::Success,
    };
    let worst = runs.iter().map(ends).max().unwrap_or(Conclusion::Success);
    let those: Vec<&RunVerdict> = runs.iter().filter(|run| ends(run) == worst).collect();
    let summary = match those.as_slice() {
        [] => "no runs".to_owned(),
        [one] => format!("{}: {}", one.id, one.reason),
        [first, ..] => format!("{} {}, {} first: {}", count(those.len(), "run"), first.state, first.id, first.reason),
    };
    (worst, summary)
}

/// The first error, and how many there are; `None` where there are none.
fn errors(findings: &[&Finding]) -> Option<String> {
    let errors: Vec<&&Finding> = findings.iter().filter(|finding| finding.is_error()).collect();
    match errors.as_slice() {
        [] => None,
        [one] => Some(one.message.clone()),
        [first, ..] => Some(format!("{}, first: {}", count(errors.len(), "error"), first.message)),
    }
}

fn count(number: usize, word: &str) -> String {
    if number == 1 { format!("1 {word}") } else { format!("{number} {word}s") }
}

fn cut(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if line.chars().count() <= LONGEST { line } else { line.chars().take(LONGEST - 1).chain(['…']).collect() }
}
