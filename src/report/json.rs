//! The JSON contract of `check` and `simulate`; `docs/verdict.md` documents every field and promises stability.

use serde::Serialize;

use crate::check::{ChangeVerdict, CheckResult, CommitVerdict, RunVerdict};
use crate::model::Identifier;

use super::defuse::json_safe;
use super::{PlacedFinding, PlacedRelated, Report, Restricted, status};

/// The whole. Fields are never left out: what is absent is `null` or empty.
#[derive(Serialize, Clone, PartialEq, Eq, Debug)]
pub struct VerdictJson {
    base: String,
    head: Option<String>,
    conclusion: &'static str,
    checks: Vec<CheckJson>,
    commits: Vec<CommitJson>,
    changes: Vec<ChangeJson>,
    findings: Vec<FindingJson>,
    runs: Vec<RunJson>,
    restricted: Option<RestrictedJson>,
}

/// Of what only a part was told, and how the whole ends.
#[derive(Serialize, Clone, PartialEq, Eq, Debug)]
struct RestrictedJson {
    paths: Vec<String>,
    conclusion: &'static str,
    errors: usize,
    warnings: usize,
    infos: usize,
    changes: usize,
}

#[derive(Serialize, Clone, PartialEq, Eq, Debug)]
struct CheckJson {
    name: &'static str,
    conclusion: &'static str,
    summary: String,
}

#[derive(Serialize, Clone, PartialEq, Eq, Debug)]
struct CommitJson {
    sha: Option<String>,
    actors: Vec<String>,
    conclusion: &'static str,
    summary: String,
}

#[derive(Serialize, Clone, PartialEq, Eq, Debug)]
struct ChangeJson {
    commit: Option<String>,
    operation: &'static str,
    subject: String,
    field: Option<String>,
    actors: Vec<String>,
    allowed: bool,
    rule: &'static str,
}

#[derive(Serialize, Clone, PartialEq, Eq, Debug)]
struct FindingJson {
    rule: &'static str,
    severity: &'static str,
    file: Option<String>,
    line: Option<u32>,
    column: Option<u32>,
    end_line: Option<u32>,
    end_column: Option<u32>,
    message: String,
    help: Option<String>,
    subject: Option<String>,
    commit: Option<String>,
    related: Vec<RelatedJson>,
}

/// A second place of a finding.
#[derive(Serialize, Clone, PartialEq, Eq, Debug)]
struct RelatedJson {
    file: String,
    line: Option<u32>,
    column: Option<u32>,
    message: String,
}

/// One run; the same shape stands in the verdict and in `portcullis runs --json`.
#[derive(Serialize, Clone, PartialEq, Eq, Debug)]
pub(super) struct RunJson {
    id: String,
    action: String,
    state: &'static str,
    requester: Option<String>,
    digest: String,
    approvals: Vec<String>,
    approvers: Vec<String>,
    reason: String,
}

/// The verdict as JSON, in several lines, ending in a line break.
pub fn json(report: &Report<'_>) -> String {
    pretty(&VerdictJson::from(report))
}

/// Any of our values as JSON for a person's terminal or a program.
pub(super) fn pretty(value: &impl Serialize) -> String {
    // Strings, numbers and lists of them: there is nothing here that could fail to be written.
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    format!("{}\n", json_safe(&text))
}

impl From<&Report<'_>> for VerdictJson {
    fn from(report: &Report<'_>) -> Self {
        let verdict = report.verdict;
        Self {
            base: verdict.base.to_string(),
            head: verdict.head.map(|id| id.to_string()),
            conclusion: verdict.conclusion.as_str(),
            checks: verdict.checks.iter().map(CheckJson::from).collect(),
            commits: verdict.commits.iter().map(CommitJson::from).collect(),
            changes: verdict.changes.iter().map(ChangeJson::from).collect(),
            findings: report.findings.iter().map(FindingJson::from).collect(),
            runs: verdict.runs.iter().map(RunJson::from).collect(),
            restricted: report.restricted.as_ref().map(RestrictedJson::from),
        }
    }
}

impl From<&Restricted> for RestrictedJson {
    fn from(restricted: &Restricted) -> Self {
        let elsewhere = &restricted.elsewhere;
        Self {
            paths: restricted.paths.clone(),
            conclusion: elsewhere.conclusion.as_str(),
            errors: elsewhere.errors,
            warnings: elsewhere.warnings,
            infos: elsewhere.infos,
            changes: elsewhere.changes,
        }
    }
}

impl From<&CheckResult> for CheckJson {
    fn from(check: &CheckResult) -> Self {
        Self { name: check.name.as_str(), conclusion: check.conclusion.as_str(), summary: status::check_description(check) }
    }
}

impl From<&CommitVerdict> for CommitJson {
    fn from(commit: &CommitVerdict) -> Self {
        Self {
            sha: commit.id.map(|id| id.to_string()),
            actors: commit.actors.iter().map(ToString::to_string).collect(),
            conclusion: commit.conclusion.as_str(),
            summary: status::commit_description(commit),
        }
    }
}

impl From<&ChangeVerdict> for ChangeJson {
    fn from(verdict: &ChangeVerdict) -> Self {
        Self {
            commit: verdict.commit.map(|id| id.to_string()),
            operation: verdict.change.operation.as_str(),
            subject: verdict.change.subject.to_string(),
            field: verdict.change.field.as_ref().map(ToString::to_string),
            actors: verdict.actors.iter().map(ToString::to_string).collect(),
            allowed: verdict.allowed,
            rule: verdict.rule,
        }
    }
}

impl From<&PlacedFinding<'_>> for FindingJson {
    fn from(placed: &PlacedFinding<'_>) -> Self {
        let finding = placed.finding;
        Self {
            rule: finding.rule,
            severity: finding.severity.as_str(),
            file: placed.file.clone(),
            line: placed.span.map(|span| span.line),
            column: placed.span.map(|span| span.column),
            end_line: placed.span.map(|span| span.end_line),
            end_column: placed.span.map(|span| span.end_column),
            message: finding.message.clone(),
            help: finding.help.clone(),
            subject: finding.subject.as_ref().map(ToString::to_string),
            commit: finding.commit.map(|id| id.to_string()),
            related: placed.related.iter().map(RelatedJson::from).collect(),
        }
    }
}

impl From<&PlacedRelated<'_>> for RelatedJson {
    fn from(related: &PlacedRelated<'_>) -> Self {
        Self {
            file: related.file.clone(),
            line: related.span.map(|span| span.line),
            column: related.span.map(|span| span.column),
            message: related.message.to_owned(),
        }
    }
}

impl From<&RunVerdict> for RunJson {
    fn from(run: &RunVerdict) -> Self {
        let names = |ids: &[Identifier]| ids.iter().map(ToString::to_string).collect();
        Self {
            id: run.id.to_string(),
            action: run.action.to_string(),
            state: run.state.as_str(),
            requester: run.requester.as_ref().map(ToString::to_string),
            digest: run.digest.clone(),
            approvals: names(&run.approvals),
            approvers: names(&run.approvers),
            reason: run.reason.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    /// The first fenced block after this line of the documentation.
    fn documented_example() -> String {
        let page = include_str!("../../docs/verdict.md");
        let rest = page.split_once("```json\n").expect("an example").1;
        rest.split_once("```").expect("its end").0.to_owned()
    }

    #[test]
    fn the_documentation_shows_what_is_printed() {
        let verdict = sample::documented();
        let printed = json(&Report::new(&verdict, "", &sample::sources));
        assert!(printed == documented_example(), "docs/verdict.md should show this:\n{printed}");
    }

    #[test]
    fn every_verdict_obeys_the_published_schema() {
        let schema: serde_json::Value = serde_json::from_str(include_str!("../../docs/verdict.schema.json")).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let all = [
            sample::success(),
            sample::pending(),
            sample::failure(),
            sample::working_tree(),
            sample::hostile(),
            sample::documented(),
            sample::collision(),
        ];
        for (number, verdict) in all.iter().enumerate() {
            let mut report = Report::new(verdict, "", &sample::sources);
            report.restricted = (number % 2 == 0).then(sample::restricted);
            let printed: serde_json::Value = serde_json::from_str(&json(&report)).unwrap();
            let wrong: Vec<String> = validator.iter_errors(&printed).map(|e| format!("{} at {}", e, e.instance_path())).collect();
            assert!(wrong.is_empty(), "{wrong:?}");
        }
    }

    #[test]
    fn the_documentation_names_every_field() {
        let page = include_str!("../../docs/verdict.md");
        let schema: serde_json::Value = serde_json::from_str(include_str!("../../docs/verdict.schema.json")).unwrap();
        for (kind, definition) in schema["$defs"].as_object().unwrap() {
            for name in definition["properties"].as_object().into_iter().flat_map(|p| p.keys()) {
                assert!(page.contains(&format!("| `{name}` |")), "{kind}.{name} is not documented");
            }
        }
    }
}
