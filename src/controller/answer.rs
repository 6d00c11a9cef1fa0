//! What a judgement says to the forge: the statuses and remarks that follow from a verdict, and from none.

use sha2::{Digest, Sha256};

use crate::check::watching_rules::REMARKS;
use crate::check::{CheckName, CommitVerdict, Conclusion, Verdict, check_of};
use crate::facts::Sources;
use crate::forge::{Analysis, Remark, Status};
use crate::model::{CommitId, FilePath, Finding, Severity};
use crate::report;

use super::Settings;
use super::parts::Repository;

/// Remarks on one commit; a commit with more is told how many there are.
const MOST_REMARKS: usize = 200;

/// What is to be made public.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Answer {
    pub(super) statuses: Vec<Status>,
    pub(super) analyses: Vec<Analysis>,
}

impl Answer {
    /// Equal for equal content.
    pub(super) fn hash(&self) -> Vec<u8> {
        Sha256::digest(format!("{:?}", self).as_bytes()).to_vec()
    }

    /// Adds one error about the commit as a whole.
    pub(super) fn remark(&mut self, commit: CommitId, rule: &str, message: String) {
        let rule = rule.to_owned();
        let remark = Remark { path: None, line: None, column: None, rule, severity: Severity::Error, message };
        self.analyses.push(Analysis { commit, remarks: vec![remark], url: None });
    }

    /// One status alone.
    pub(super) fn one(commit: CommitId, name: CheckName, conclusion: Conclusion, text: &str, settings: &Settings) -> Self {
        Self { statuses: vec![status(commit, name, conclusion, text, settings)], analyses: Vec::new() }
    }
}

/// The three checks on the head, catalog and permissions on each other commit, and the remarks on all of them.
pub(super) fn answer(verdict: &Verdict, sources: &Sources, settings: &Settings, repository: &Repository) -> Answer {
    let mut out = Answer::default();
    let Some(head) = verdict.head else { return out };
    for check in &verdict.checks {
        out.statuses.push(status(head, check.name, check.conclusion, &check.summary, settings));
    }
    out.analyses.push(analysis(head, &verdict.findings, repository, &|file: &FilePath| sources.read(file)));
    for commit in &verdict.commits {
        let Some(id) = commit.id.filter(|id| *id != head) else { continue };
        for name in [CheckName::Catalog, CheckName::Permissions] {
            let (conclusion, text) = of_commit(commit, name);
            out.statuses.push(status(id, name, conclusion, &text, settings));
        }
        out.analyses.push(analysis(id, &commit.findings, repository, &at(id, repository)));
    }
    out
}

/// All three checks fail: what was green for an older base must not stay so.
pub(super) fn refusal(head: CommitId, rule: &str, why: &str, settings: &Settings) -> Answer {
    let text = format!("could not be judged: {why}");
    let statuses = CheckName::ALL.iter().map(|name| status(head, *name, Conclusion::Failure, &text, settings)).collect();
    let mut answer = Answer { statuses, analyses: Vec::new() };
    answer.remark(head, rule, format!("this commit {text}. It is set aside until something changes: push another commit"));
    answer
}

/// The first sight of a branch whose tip is not valid.
pub(super) fn first_tip_refused(tip: CommitId, findings: &[Finding], settings: &Settings, repository: &Repository) -> Answer {
    let errors = findings.iter().filter(|finding| finding.is_error()).count();
    let text =
        format!("the tip of {} is not a valid catalog ({errors} errors); nothing is accepted yet", repository.watched.branch);
    Answer {
        statuses: vec![status(tip, CheckName::Catalog, Conclusion::Failure, &text, settings)],
        analyses: vec![analysis(tip, findings, repository, &at(tip, repository))],
    }
}

fn status(commit: CommitId, name: CheckName, conclusion: Conclusion, text: &str, settings: &Settings) -> Status {
    let url = settings.status_url.as_ref().map(|base| format!("{}/{commit}", base.trim_end_matches('/')));
    Status { commit, context: name.as_str().to_owned(), conclusion, summary: report::fit_description(text), url }
}

fn of_commit(commit: &CommitVerdict, name: CheckName) -> (Conclusion, String) {
    let mut errors = commit.findings.iter().filter(|finding| finding.is_error() && check_of(finding.rule) == name);
    match (errors.next(), errors.count()) {
        (None, _) => (Conclusion::Success, "nothing stands against this commit".to_owned()),
        (Some(first), 0) => (Conclusion::Failure, first.message.clone()),
        (Some(first), more) => (Conclusion::Failure, format!("{} (and {more} more)", first.message)),
    }
}

/// Files as they stand at a commit.
fn at(commit: CommitId, repository: &Repository) -> impl Fn(&FilePath) -> Option<Vec<u8>> {
    move |file| repository.history.source(commit, &repository.watched.root, file)
}

fn analysis(commit: CommitId, findings: &[Finding], repository: &Repository, files: &impl report::Sources) -> Analysis {
    Analysis { commit, remarks: remarks_on(findings, repository.watched.root.as_str(), files), url: None }
}

/// The first of the findings, and how many more there are.
fn remarks_on(findings: &[Finding], root: &str, files: &impl report::Sources) -> Vec<Remark> {
    let shown = findings.get(..MOST_REMARKS).unwrap_or(findings);
    let mut remarks: Vec<Remark> = report::place_findings(shown, root, files)
        .into_iter()
        .map(|placed| Remark {
            path: placed.file,
            line: placed.span.map(|span| span.line),
            column: placed.span.map(|span| span.column),
            rule: placed.finding.rule.to_owned(),
            severity: placed.finding.severity,
            message: match &placed.finding.help {
                Some(help) => format!("{}. {help}", placed.finding.message),
                None => placed.finding.message.clone(),
            },
        })
        .collect();
    if let Some(more) = findings.len().checked_sub(MOST_REMARKS).filter(|more| *more > 0) {
        remarks.push(Remark {
            path: None,
            line: None,
            column: None,
            rule: REMARKS.to_owned(),
            severity: Severity::Info,
            message: format!("{more} more findings; `portcullis check` lists them all"),
        });
    }
    remarks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FilePath;

    #[test]
    fn of_very_many_findings_the_first_are_told_and_how_many_more_there_are() {
        let findings = vec![Finding::error("yaml/tag", "explicit tags are not allowed"); MOST_REMARKS + 3];
        let remarks = remarks_on(&findings, "", &|_: &FilePath| None);
        assert_eq!(remarks.len(), MOST_REMARKS + 1);
        let last = remarks.last().unwrap();
        assert_eq!((last.rule.as_str(), last.severity), (REMARKS, Severity::Info));
        assert!(last.message.starts_with("3 more findings"), "{}", last.message);
        assert_eq!(remarks_on(&findings[..MOST_REMARKS], "", &|_: &FilePath| None).len(), MOST_REMARKS);
    }
}
