//! The small words that several renderers share.

use crate::catalog::Field;
use crate::check::{ChangeVerdict, Conclusion, Verdict};
use crate::model::{Actor, CommitId, RunState, Severity, Span};

use super::defuse::prose;
use super::{Measured, PlacedFinding, Report, Restricted};

/// `1 error`, `2 errors`.
pub(super) fn count(number: usize, word: &str) -> String {
    if number == 1 { format!("1 {word}") } else { format!("{number} {word}s") }
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [head @ .., last] => format!("{} and {last}", head.join(", ")),
    }
}

/// `2 errors and 1 warning in 2 files`; empty where there is nothing.
pub(super) fn counts(findings: &[PlacedFinding<'_>]) -> String {
    let of = |severity: Severity| findings.iter().filter(|p| p.finding.severity == severity).count();
    let parts: Vec<String> = [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Info, "note")]
        .into_iter()
        .map(|(severity, word)| (of(severity), word))
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| count(number, word))
        .collect();
    let files: std::collections::BTreeSet<_> = findings.iter().filter_map(|p| p.file.as_deref()).collect();
    match (parts.is_empty(), files.len()) {
        (true, _) => String::new(),
        (false, 0) => list(&parts),
        (false, files) => format!("{} in {}", list(&parts), count(files, "file")),
    }
}

/// What the whole comes to, in one line: `failure: 2 errors and 1 warning in 2 files`.
pub(super) fn conclusion_line(report: &Report<'_>) -> String {
    let (verdict, findings) = (report.verdict, &report.findings);
    let waiting = verdict.runs.iter().filter(|run| run.state == RunState::WaitingForApproval).count();
    let mut parts = vec![counts(findings)];
    if waiting > 0 {
        parts.push(format!(
            "{} for approval",
            if waiting == 1 { "1 run waits".to_owned() } else { format!("{waiting} runs wait") }
        ));
    }
    parts.retain(|part| !part.is_empty());
    let said = match (parts.is_empty(), verdict.conclusion) {
        (false, _) => parts.join("; "),
        (true, Conclusion::Success) if report.restricted.is_some() => "nothing stands against what was asked about".to_owned(),
        (true, Conclusion::Success) => "nothing stands against it".to_owned(),
        (true, Conclusion::Pending) => "it waits for somebody".to_owned(),
        (true, Conclusion::Failure) => verdict
            .checks
            .iter()
            .find(|check| check.conclusion == Conclusion::Failure)
            .map_or_else(|| "something stands against it".to_owned(), |check| prose(&check.summary)),
    };
    format!("{}: {said}", verdict.conclusion.as_str())
}

/// What a restricted verdict leaves out; it never passes for the whole.
pub(super) fn restricted_line(restricted: &Restricted) -> String {
    let elsewhere = &restricted.elsewhere;
    let paths = list(&restricted.paths.iter().take(3).map(|path| prose(path)).collect::<Vec<_>>());
    let more = match restricted.paths.len().saturating_sub(3) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let parts: Vec<String> =
        [(elsewhere.errors, "error"), (elsewhere.warnings, "warning"), (elsewhere.infos, "note"), (elsewhere.changes, "change")]
            .into_iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, word)| count(number, word))
            .collect();
    let rest = match parts.as_slice() {
        [] => "there is nothing elsewhere".to_owned(),
        parts => format!("{} elsewhere are not told; the whole: {}", list(parts), elsewhere.conclusion.as_str()),
    };
    format!("restricted to {paths}{more}; {rest}")
}

/// What was looked at, and how long it took: `checked 120 files with 100 entities in 0.31 s`.
pub(super) fn measured_line(measured: &Measured) -> String {
    let entities = if measured.entities == 1 { "1 entity".to_owned() } else { format!("{} entities", measured.entities) };
    let seconds = measured.elapsed.as_secs_f64();
    let took = if seconds < 10.0 { format!("{seconds:.2} s") } else { format!("{seconds:.0} s") };
    format!("checked {} with {entities} in {took}", count(measured.files, "file"))
}

/// What was judged against what.
pub(super) fn range_line(verdict: &Verdict) -> String {
    let base = verdict.base.short();
    let changes = match verdict.changes.len() {
        0 => "no change of meaning".to_owned(),
        number => count(number, "change"),
    };
    match verdict.head {
        // Before the first commit there is nothing that it could be judged against.
        None if verdict.base == CommitId([0; 20]) => "judged the catalog by itself".to_owned(),
        None => format!("judged the working tree against {base}: {changes}"),
        Some(head) => format!("judged {} {base}..{}: {changes}", count(verdict.commits.len(), "commit"), head.short()),
    }
}

/// `update Env/prod, property slackChannelUrl`.
pub(super) fn change(verdict: &ChangeVerdict) -> String {
    let change = &verdict.change;
    let field = match &change.field {
        None => String::new(),
        Some(Field::Property(name)) => format!(", property {}", prose(name)),
        Some(Field::Relation(name)) => format!(", relation {}", prose(name)),
        Some(Field::Owner) => ", $team (its owner moves)".to_owned(),
        Some(field @ (Field::Title | Field::Icon | Field::Team)) => format!(", {field}"),
    };
    format!("{} {}{field}", change.operation.as_str(), prose(&change.subject.to_string()))
}

/// The actors, or that nobody knows them.
pub(super) fn actors(actors: &[Actor]) -> String {
    if actors.is_empty() {
        return "somebody unknown".to_owned();
    }
    list(&actors.iter().map(|actor| prose(&actor.to_string())).collect::<Vec<_>>())
}

/// A commit for a reader.
pub(super) fn commit(id: Option<CommitId>) -> String {
    id.map_or_else(|| "working tree".to_owned(), |id| id.short())
}

/// `path:line:column`, as far as it is known.
pub(super) fn position(placed: &PlacedFinding<'_>) -> Option<String> {
    Some(position_of(placed.file.as_deref()?, placed.span))
}

/// The same of any file.
pub(super) fn position_of(file: &str, span: Option<Span>) -> String {
    let file = prose(file);
    match span {
        Some(span) => format!("{file}:{}:{}", span.line, span.column),
        None => file,
    }
}
