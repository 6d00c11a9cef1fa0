//! A verdict as Markdown, for a comment on a pull request.

use std::fmt::Write as _;

use crate::check::{Conclusion, RunVerdict};
use crate::model::{Identifier, Severity};

use super::defuse::prose;
use super::{Report, fold, status, words};

/// How many findings are spelled out: a comment on GitHub holds 65,536 characters.
const MOST_FINDINGS: usize = 30;

/// How many changes are listed.
const MOST_CHANGES: usize = 50;

/// How much of one text is repeated.
const LONGEST: usize = 600;

/// The comment, ending in a line break.
pub fn markdown(report: &Report<'_>) -> String {
    let verdict = report.verdict;
    let mut out = format!("### {} Portcullis: {}\n\n", icon(verdict.conclusion), escape(&words::conclusion_line(report)));
    if !verdict.checks.is_empty() {
        out.push_str("| check | | |\n|---|---|---|\n");
        for check in &verdict.checks {
            let _ = writeln!(
                out,
                "| {} | {} {} | {} |",
                cell(check.name.as_str()),
                icon(check.conclusion),
                check.conclusion.as_str(),
                escape(&status::check_description(check))
            );
        }
        out.push('\n');
    }
    if let Some(restricted) = &report.restricted {
        let _ = writeln!(out, "{}\n", escape(&words::restricted_line(restricted)));
    }
    findings(&mut out, report);
    runs(&mut out, &verdict.runs);
    changes(&mut out, report);
    let measured = report.measured.map(|measured| format!("; {}", words::measured_line(&measured))).unwrap_or_default();
    let _ = writeln!(out, "<sub>{}</sub>", escape(&format!("{}{measured}", words::range_line(verdict))));
    out
}

fn icon(conclusion: Conclusion) -> &'static str {
    match conclusion {
        Conclusion::Success => ":white_check_mark:",
        Conclusion::Pending => ":hourglass_flowing_sand:",
        Conclusion::Failure => ":x:",
    }
}

fn findings(out: &mut String, report: &Report<'_>) {
    let all = fold::told(report);
    if all.is_empty() {
        return;
    }
    out.push_str("#### Findings\n\n");
    for told in all.iter().take(MOST_FINDINGS) {
        let placed = told.first;
        let finding = placed.finding;
        let severity = match finding.severity {
            Severity::Error => "**error**",
            Severity::Warning => "warning",
            Severity::Info => "note",
        };
        let place = words::position(placed).map(|at| format!(" at {}", code(&at))).unwrap_or_default();
        let _ = write!(out, "- {severity} {}{place}  \n  {}", code(finding.rule), escape(&finding.message));
        if let Some(others) = told.others_in_words() {
            let _ = write!(out, "  \n  {}", escape(&others));
        }
        for related in &placed.related {
            let at = code(&words::position_of(&related.file, related.span));
            let _ = write!(out, "  \n  {} at {at}", escape(related.message));
        }
        if let Some(help) = &finding.help {
            let _ = write!(out, "  \n  _help:_ {}", help.lines().map(escape).collect::<Vec<_>>().join("  \n  "));
        }
        out.push('\n');
    }
    if let Some(more) = all.len().checked_sub(MOST_FINDINGS).filter(|more| *more > 0) {
        let _ = writeln!(out, "- and {} more", words::count(more, "finding"));
    }
    out.push('\n');
}

fn runs(out: &mut String, runs: &[RunVerdict]) {
    if runs.is_empty() {
        return;
    }
    out.push_str("#### Runs\n\n| run | action | state | asked for by | approved by | may approve |\n|---|---|---|---|---|---|\n");
    let names = |ids: &[Identifier]| ids.iter().map(|id| cell(id.as_str())).collect::<Vec<_>>().join(", ");
    for run in runs {
        let requester = run.requester.as_ref().map(|actor| cell(&actor.to_string())).unwrap_or_default();
        let _ = writeln!(
            out,
            "| {} | {} | {} | {requester} | {} | {} |",
            cell(run.id.as_str()),
            cell(run.action.as_str()),
            cell(run.state.as_str()),
            names(&run.approvals),
            names(&run.approvers),
        );
    }
    out.push('\n');
    for run in runs.iter().filter(|run| !run.reason.is_empty()) {
        let _ = writeln!(out, "- {}: {}", code(run.id.as_str()), escape(&run.reason));
    }
    out.push('\n');
}

fn changes(out: &mut String, report: &Report<'_>) {
    let changes = &report.verdict.changes;
    if changes.is_empty() {
        return;
    }
    let _ = writeln!(out, "<details><summary>{}</summary>\n", words::count(changes.len(), "change"));
    let refused = changes.iter().filter(|c| !c.allowed);
    for change in refused.chain(changes.iter().filter(|c| c.allowed)).take(MOST_CHANGES) {
        let mark = icon(if change.allowed { Conclusion::Success } else { Conclusion::Failure });
        let actors: Vec<String> = change.actors.iter().map(|actor| code(&actor.to_string())).collect();
        let by = if actors.is_empty() { "somebody unknown".to_owned() } else { words::list(&actors) };
        let _ = writeln!(out, "- {mark} {} by {by} in {}", code(&words::change(change)), code(&words::commit(change.commit)));
    }
    if let Some(more) = changes.len().checked_sub(MOST_CHANGES).filter(|more| *more > 0) {
        let _ = writeln!(out, "- and {} more", words::count(more, "change"));
    }
    out.push_str("\n</details>\n\n");
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
fn code(text: &str) -> String {
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
