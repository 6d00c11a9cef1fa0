//! Workflow commands of GitHub Actions: each finding becomes an annotation on its line.

use std::fmt::Write as _;

use crate::check::Conclusion;
use crate::model::{RunState, Severity};

use super::defuse::{paragraphs, prose};
use super::fold::{self, Told};
use super::{Report, words};

/// One command a line, the conclusion's first, because GitHub shows ten of a kind in each step and no more. Nothing but
/// commands is printed, so that no stranger's text can pass for one.
pub fn github(report: &Report<'_>) -> String {
    let mut out = String::new();
    let command = if report.verdict.conclusion == Conclusion::Failure { "error" } else { "notice" };
    let mut said = words::conclusion_line(report);
    if let Some(restricted) = &report.restricted {
        said.push('\n');
        said.push_str(&words::restricted_line(restricted));
    }
    let _ = writeln!(out, "::{command} title=Portcullis::{}", data(&said));
    for told in fold::told(report) {
        annotation(&mut out, &told);
    }
    for run in report.verdict.runs.iter().filter(|run| run.state != RunState::Approved) {
        let said = format!("{} is {}: {}", run.id, run.state, run.reason);
        let _ = writeln!(out, "::notice title=run/state::{}", data(&prose(&said)));
    }
    out
}

fn annotation(out: &mut String, told: &Told<'_, '_>) {
    let placed = told.first;
    let finding = placed.finding;
    let command = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "notice",
    };
    let mut properties = Vec::new();
    if let Some(file) = &placed.file {
        properties.push(format!("file={}", property(&prose(file))));
    }
    if let Some(span) = placed.span {
        properties.push(format!("line={}", span.line));
        properties.push(format!("endLine={}", span.end_line.max(span.line)));
        // GitHub refuses columns for what goes on over several lines.
        if span.end_line == span.line {
            properties.push(format!("col={}", span.column));
            properties.push(format!("endColumn={}", span.end_column.max(span.column)));
        }
    }
    properties.push(format!("title={}", property(finding.rule)));
    let mut said = prose(&finding.message);
    let related = placed.related.iter();
    let related = related.map(|r| format!("{} at {}", prose(r.message), words::position_of(&r.file, r.span)));
    for line in told.others_in_words().into_iter().chain(related).chain(finding.help.as_deref().map(paragraphs)) {
        said.push('\n');
        said.push_str(&line);
    }
    let _ = writeln!(out, "::{command} {}::{}", properties.join(","), data(&said));
}

/// Escapes what a command says.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes the value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{FilePath, Finding, Place};
    use crate::report::sample;

    #[test]
    fn a_value_cannot_give_commands() {
        let mut verdict = sample::success();
        verdict.findings = vec![
            Finding::error("a/b", "x\n::set-env name=PATH::/evil\r\n##[error]x %0A")
                .at(Place::file(&FilePath::new("a,line=1:\n::stop-commands::x.yaml")))
                .help("first\nsecond"),
        ];
        let report = Report::new(&verdict, "", &|_: &FilePath| None);
        let out = github(&report);
        assert_eq!(out.lines().count(), 2, "{out}");
        assert!(out.lines().all(|line| line.starts_with("::error ") || line.starts_with("::notice ")), "{out}");
        assert!(out.contains("file=a%2Cline=1%3A\\n%3A%3Astop-commands%3A%3Ax.yaml,title=a/b::x\\n::set-env"), "{out}");
        assert!(out.contains("%250A%0Afirst%0Asecond"), "{out}");
    }
}
