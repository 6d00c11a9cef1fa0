//! A verdict as Markdown, for a comment on a pull request.

use std::fmt::Write as _;

use crate::check::{ChangeVerdict, CheckResult, Conclusion, RunVerdict};
use crate::model::{Identifier, Severity, Span};

use super::defuse::prose;
use super::fold::Told;
use super::{Report, fold, status, words};

/// How many findings are spelled out: a comment on GitHub holds 65,536 characters.
const MOST_FINDINGS: usize = 30;

/// How many changes are listed.
const MOST_CHANGES: usize = 50;

/// How many people are named in one place.
const MOST_NAMES: usize = 12;

/// How many lines of one help, or second places of one finding, are repeated.
const MOST_LINES: usize = 12;

/// How much of one text is repeated where room is short.
const SHORT: usize = 200;

/// How much of one text is repeated.
const LONGEST: usize = 600;

/// The comment, ending in a line break.
pub fn markdown(report: &Report<'_>) -> String {
    let verdict = report.verdict;
    let mut out = headline(report);
    out.push_str(&checks(&verdict.checks));
    if let Some(restricted) = &report.restricted {
        let _ = writeln!(out, "{}\n", escape(&words::restricted_line(restricted)));
    }
    let all = fold::told(report);
    list(&mut out, "#### Findings\n\n", all.iter().map(|told| finding(told, &|_, _| None)), MOST_FINDINGS, "finding", "");
    runs(&mut out, &verdict.runs);
    let head = changes_head(&verdict.changes);
    list(&mut out, &head, refused_first(&verdict.changes).map(change), MOST_CHANGES, "change", CHANGES_END);
    let measured = report.measured.map(|measured| format!("; {}", words::measured_line(&measured))).unwrap_or_default();
    out.push_str(&foot(&format!("{}{measured}", words::range_line(verdict))));
    out
}

/// Items under a heading, as many as are spelled out, and how many more there are; nothing where there are none.
fn list(out: &mut String, head: &str, items: impl Iterator<Item = String>, most: usize, what: &str, end: &str) {
    let mut items = items.peekable();
    if items.peek().is_none() {
        return;
    }
    out.push_str(head);
    items.by_ref().take(most).for_each(|item| out.push_str(&item));
    let more = items.count();
    if more > 0 {
        let _ = writeln!(out, "- and {} more", words::count(more, what));
    }
    out.push_str(end);
    out.push('\n');
}

/// The first line, and an empty one.
pub(super) fn headline(report: &Report<'_>) -> String {
    format!("### {} Portcullis: {}\n\n", icon(report.verdict.conclusion), escape(&words::conclusion_line(report)))
}

/// The checks as a table, and an empty line.
pub(super) fn checks(checks: &[CheckResult]) -> String {
    if checks.is_empty() {
        return String::new();
    }
    let row = |check: &CheckResult| {
        let said = escape(&status::check_description(check));
        let (name, mark) = (cell(check.name.as_str()), icon(check.conclusion));
        format!("| {name} | {mark} {} | {said} |\n", check.conclusion.as_str())
    };
    format!("| check | | |\n|---|---|---|\n{}\n", checks.iter().map(row).collect::<String>())
}

/// Small print, as the last line.
pub(super) fn foot(text: &str) -> String {
    format!("<sub>{}</sub>\n", escape(text))
}

pub(super) fn icon(conclusion: Conclusion) -> &'static str {
    match conclusion {
        Conclusion::Success => ":white_check_mark:",
        Conclusion::Pending => ":hourglass_flowing_sand:",
        Conclusion::Failure => ":x:",
    }
}

/// One item of a list, in few words.
pub(super) fn finding_in_brief(told: &Told<'_, '_>) -> String {
    let (placed, others) = (told.first, told.others.len());
    let place = words::position(placed).map(|at| format!(" at {}", code(&shortened(&at)))).unwrap_or_default();
    let more = if others == 0 { String::new() } else { format!(", and the same in {}", words::count(others, "more place")) };
    format!("- {}{place}: {}{more}\n", code(placed.finding.rule), escape(&shortened(&placed.finding.message)))
}

fn shortened(text: &str) -> String {
    let mut chars = text.chars();
    let head: String = chars.by_ref().take(SHORT).collect();
    if chars.next().is_none() { head } else { head + "…" }
}

/// One item of a list. `link` knows the address of a line of a file, where there is one.
pub(super) fn finding(told: &Told<'_, '_>, link: &dyn Fn(&str, Option<Span>) -> Option<String>) -> String {
    let placed = told.first;
    let finding = placed.finding;
    let severity = match finding.severity {
        Severity::Error => "**error**",
        Severity::Warning => "warning",
        Severity::Info => "note",
    };
    let spot = |file: &str, span: Option<Span>| {
        let at = code(&words::position_of(file, span));
        link(file, span).map_or(at.clone(), |address| format!("[{at}]({address})"))
    };
    let place = placed.file.as_deref().map(|file| format!(" at {}", spot(file, placed.span))).unwrap_or_default();
    let mut out = format!("- {severity} {}{place}  \n  {}", code(finding.rule), escape(&finding.message));
    if let Some(others) = told.others_in_words() {
        let _ = write!(out, "  \n  {}", escape(&others));
    }
    for related in placed.related.iter().take(MOST_LINES) {
        let _ = write!(out, "  \n  {} at {}", escape(related.message), spot(&related.file, related.span));
    }
    if let Some(help) = &finding.help {
        let _ = write!(out, "  \n  _help:_ {}", help.lines().take(MOST_LINES).map(escape).collect::<Vec<_>>().join("  \n  "));
    }
    out.push('\n');
    out
}

/// The head of a table of runs.
pub(super) const RUNS_HEAD: &str =
    "#### Runs\n\n| run | action | state | asked for by | approved by | may approve |\n|---|---|---|---|---|---|\n";

/// A row of it.
pub(super) fn run(run: &RunVerdict) -> String {
    let requester = run.requester.as_ref().map(|actor| cell(&actor.to_string())).unwrap_or_default();
    let (id, action, state) = (cell(run.id.as_str()), cell(run.action.as_str()), cell(run.state.as_str()));
    format!("| {id} | {action} | {state} | {requester} | {} | {} |\n", names(&run.approvals), names(&run.approvers))
}

/// Some of them, and how many more there are: `ALL` of a large company are many.
fn names(ids: &[Identifier]) -> String {
    let mut named: Vec<String> = ids.iter().take(MOST_NAMES).map(|id| cell(id.as_str())).collect();
    if let Some(more) = ids.len().checked_sub(MOST_NAMES).filter(|more| *more > 0) {
        named.push(format!("{more} more"));
    }
    named.join(", ")
}

/// Why a run is in the state it is in; nothing where that is plain.
pub(super) fn run_reason(run: &RunVerdict) -> Option<String> {
    (!run.reason.is_empty()).then(|| format!("- {}: {}\n", code(run.id.as_str()), escape(&run.reason)))
}

fn runs(out: &mut String, runs: &[RunVerdict]) {
    if runs.is_empty() {
        return;
    }
    list(out, RUNS_HEAD, runs.iter().map(run), MOST_FINDINGS, "run", "");
    out.extend(runs.iter().take(MOST_FINDINGS).filter_map(run_reason));
    out.push('\n');
}

/// The end of the changes, which can be folded away.
pub(super) const CHANGES_END: &str = "\n</details>\n";

/// Their beginning.
pub(super) fn changes_head(changes: &[ChangeVerdict]) -> String {
    format!("<details><summary>{}</summary>\n\n", words::count(changes.len(), "change"))
}

/// The changes, those that are refused first.
pub(super) fn refused_first(changes: &[ChangeVerdict]) -> impl Iterator<Item = &ChangeVerdict> {
    changes.iter().filter(|c| !c.allowed).chain(changes.iter().filter(|c| c.allowed))
}

/// One item of a list.
pub(super) fn change(change: &ChangeVerdict) -> String {
    let mark = icon(if change.allowed { Conclusion::Success } else { Conclusion::Failure });
    let actors: Vec<String> = change.actors.iter().take(MOST_NAMES).map(|actor| code(&actor.to_string())).collect();
    let by = if actors.is_empty() { "somebody unknown".to_owned() } else { words::list(&actors) };
    format!("- {mark} {} by {by} in {}\n", code(&words::change(change)), code(&words::commit(change.commit)))
}

fn cut(text: &str) -> String {
    let text = prose(text);
    if text.chars().count() <= LONGEST { text } else { text.chars().take(LONGEST).chain(['…']).collect() }
}

/// Prose in which a stranger's text makes no markup, no HTML, no link, no mention and no reference.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let text = cut(text);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // A space without width: GitHub takes neither `@name` nor `#1` nor `https://` nor `:icon:` for more than letters then.
            '@' | '#' => {
                out.push(c);
                out.push_str("&#8203;");
            }
            ':' if chars.peek().is_some_and(|next| !next.is_whitespace()) => out.push_str(":&#8203;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '!' | '|' | '~' | '$' => out.extend(['\\', c]),
            '+' | '-' | '=' if out.is_empty() => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    // A bare address is a link too; and a number with a full stop would begin a list.
    out = out.replace("www.", "www&#8203;.");
    let digits = out.chars().take_while(char::is_ascii_digit).count();
    if digits > 0 && out.chars().nth(digits) == Some('.') { out.replacen('.', "\\.", 1) } else { out }
}

/// A code span that its content cannot leave; no mention and no link works inside one.
pub(super) fn code(text: &str) -> String {
    let text = cut(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    if longest > 0 || text.is_empty() || text.starts_with(' ') {
        format!("{fence} {text} {fence}")
    } else {
        format!("{fence}{text}{fence}")
    }
}

/// A code span inside a table, where `|` must be escaped even in code.
pub(super) fn cell(text: &str) -> String {
    code(text).replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_makes_no_markup() {
        assert_eq!(escape("<img src=x> `@org/team` [a](b)"), "&lt;img src=x&gt; \\`@&#8203;org/team\\` \\[a\\]\\(b\\)");
        assert_eq!(escape("https://evil.example www.evil.example"), "https:&#8203;//evil.example www&#8203;.evil.example");
        assert_eq!(escape("- item"), "\\- item");
        assert_eq!(escape("1. item"), "1\\. item");
        assert_eq!(escape("a\n# title"), "a\\\\n#&#8203; title");
    }

    #[test]
    fn code_cannot_be_left() {
        assert_eq!(code("plain"), "`plain`");
        assert_eq!(code("a``b` @all"), "``` a``b` @all ```");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(code("a|b"), "`a|b`");
        assert_eq!(cell("a|b"), "`a\\|b`");
    }
}
