//! The end of the text output: changes, commits, runs, checks, and what it all comes to.

use std::fmt::Write as _;

use crate::check::{Conclusion, RunVerdict, Verdict};
use crate::model::RunState;

use super::Report;
use super::defuse::prose;
use super::words;

/// How many changes are listed; the rest is counted.
const MOST_CHANGES: usize = 20;

/// Puts colours, or does not.
#[derive(Clone, Copy, Debug)]
pub(super) struct Paint {
    /// Whether to.
    pub(super) styled: bool,
}

impl Paint {
    fn with(self, code: &str, text: &str) -> String {
        if self.styled { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    pub(super) fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    fn dim(self, text: &str) -> String {
        self.with("2", text)
    }

    pub(super) fn conclusion(self, conclusion: Conclusion, text: &str) -> String {
        match conclusion {
            Conclusion::Success => self.with("1;32", text),
            Conclusion::Pending => self.with("1;33", text),
            Conclusion::Failure => self.with("1;31", text),
        }
    }

    pub(super) fn state(self, state: RunState, text: &str) -> String {
        let conclusion = match state {
            RunState::WaitingForApproval | RunState::InProgress => Conclusion::Pending,
            RunState::Approved | RunState::Success => Conclusion::Success,
            RunState::Declined | RunState::Expired | RunState::Cancelled | RunState::Failure => Conclusion::Failure,
        };
        self.conclusion(conclusion, text)
    }
}

/// The summary, ending in a line break.
pub(super) fn summary(report: &Report<'_>, paint: Paint) -> String {
    let verdict = report.verdict;
    let mut out = String::new();
    changes(&mut out, verdict, paint);
    commits(&mut out, verdict, paint);
    runs(&mut out, &verdict.runs, paint);
    checks(&mut out, verdict, paint);
    let _ = writeln!(out, "{}", paint.dim(&words::range_line(verdict)));
    if let Some(measured) = &report.measured {
        let _ = writeln!(out, "{}", paint.dim(&words::measured_line(measured)));
    }
    if let Some(restricted) = &report.restricted {
        let _ = writeln!(out, "{}", paint.bold(&words::restricted_line(restricted)));
    }
    let line = words::conclusion_line(report);
    let word = verdict.conclusion.as_str();
    let rest = line.strip_prefix(word).unwrap_or_default();
    let _ = writeln!(out, "{}{}", paint.conclusion(verdict.conclusion, word), paint.bold(rest));
    out
}

fn changes(out: &mut String, verdict: &Verdict, paint: Paint) {
    if verdict.changes.is_empty() {
        return;
    }
    let _ = writeln!(out, "{}", paint.bold("changes"));
    let refused = verdict.changes.iter().filter(|c| !c.allowed);
    let allowed = verdict.changes.iter().filter(|c| c.allowed);
    for change in refused.chain(allowed).take(MOST_CHANGES) {
        let (word, conclusion) = if change.allowed { ("allowed", Conclusion::Success) } else { ("refused", Conclusion::Failure) };
        let commit = change.commit.map(|id| format!(" ({})", id.short())).unwrap_or_default();
        let _ = writeln!(
            out,
            "  {}  {}, by {}{}",
            paint.conclusion(conclusion, word),
            words::change(change),
            words::actors(&change.actors),
            paint.dim(&commit)
        );
    }
    if let Some(more) = verdict.changes.len().checked_sub(MOST_CHANGES).filter(|more| *more > 0) {
        let _ = writeln!(out, "  and {} more", words::count(more, "change"));
    }
    out.push('\n');
}

/// Only commits that fail by themselves are worth a line: those that pass are told by the changes.
fn commits(out: &mut String, verdict: &Verdict, paint: Paint) {
    let failing: Vec<_> = verdict.commits.iter().filter(|c| c.id.is_some() && c.conclusion == Conclusion::Failure).collect();
    if failing.is_empty() || verdict.commits.len() == 1 {
        return;
    }
    let _ = writeln!(out, "{}", paint.bold("commits that fail by themselves"));
    for commit in failing {
        let _ = writeln!(
            out,
            "  {}  by {}: {}",
            paint.conclusion(commit.conclusion, &words::commit(commit.id)),
            words::actors(&commit.actors),
            super::status::commit_description(commit)
        );
    }
    out.push('\n');
}

fn runs(out: &mut String, runs: &[RunVerdict], paint: Paint) {
    if runs.is_empty() {
        return;
    }
    let _ = writeln!(out, "{}", paint.bold("runs"));
    for run in runs {
        out.push_str(&run_lines(run, paint));
    }
    out.push('\n');
}

/// One run in a few lines.
pub(super) fn run_lines(run: &RunVerdict, paint: Paint) -> String {
    let mut out = String::new();
    // A run on the watched branch has no digest: git alone does not say who asked for it, nor who might have approved it.
    let known = run.requester.is_some() || !run.digest.is_empty();
    let requester = run.requester.as_ref().map_or_else(|| "somebody unknown".to_owned(), |actor| prose(&actor.to_string()));
    let asked = if known { format!(", asked for by {requester}") } else { String::new() };
    let _ = writeln!(
        out,
        "  {}  {}  ({}{asked})",
        paint.state(run.state, run.state.as_str()),
        paint.bold(&prose(run.id.as_str())),
        prose(run.action.as_str()),
    );
    if !run.reason.is_empty() {
        let _ = writeln!(out, "    {}", prose(&run.reason));
    }
    // The reason of an approved run names them already.
    if !run.approvals.is_empty() && run.state != RunState::Approved {
        let _ = writeln!(out, "    approved by {}", names(&run.approvals));
    }
    if known && run.state == RunState::WaitingForApproval {
        let who = if run.approvers.is_empty() {
            "nobody may approve it".to_owned()
        } else {
            format!("may approve: {}", run.approvers.iter().map(|id| prose(id.as_str())).collect::<Vec<_>>().join(", "))
        };
        let _ = writeln!(out, "    {who}");
    }
    out
}

fn names(names: &[crate::model::Identifier]) -> String {
    words::list(&names.iter().map(|name| prose(name.as_str())).collect::<Vec<_>>())
}

fn checks(out: &mut String, verdict: &Verdict, paint: Paint) {
    for check in &verdict.checks {
        let word = paint.conclusion(check.conclusion, &format!("{:7}", check.conclusion.as_str()));
        let _ = writeln!(out, "{word}  {:22}  {}", check.name.as_str(), prose(&check.summary));
    }
    if !verdict.checks.is_empty() {
        out.push('\n');
    }
}
