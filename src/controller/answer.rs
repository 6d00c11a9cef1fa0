//! What a judgement says to the forge: the statuses and remarks that follow from a verdict, and from none.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use crate::check::watching_rules::REMARKS;
use crate::check::{CheckName, CommitVerdict, Conclusion, Verdict, check_of};
use crate::facts::Sources;
use crate::forge::{Analysis, Remark, Report, Status, Story};
use crate::model::{CommitId, FilePath, Finding, Severity};
use crate::report::{self, CheckSummary};

use super::Settings;
use super::parts::Repository;

/// Remarks on one commit; a commit with more is told how many there are.
const MOST_REMARKS: usize = 200;

/// What is to be made public.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Answer {
    /// Of a pull request, its head.
    pub(super) head: Option<CommitId>,
    pub(super) statuses: Vec<Status>,
    pub(super) analyses: Vec<Analysis>,
    pub(super) report: Option<Report>,
    pub(super) story: Option<Story>,
}

impl Answer {
    /// Equal for equal content.
    pub(super) fn hash(&self) -> Vec<u8> {
        let mut content = self.clone();
        if let Some(story) = &mut content.story {
            // Acknowledged once, and no matter of what stands there.
            story.answered.clear();
        }
        Sha256::digest(format!("{content:?}").as_bytes()).to_vec()
    }

    /// The commits it speaks of, each once.
    pub(super) fn commits(&self) -> BTreeSet<CommitId> {
        let of_statuses = self.statuses.iter().map(|status| status.commit);
        let of_analyses = self.analyses.iter().map(|analysis| analysis.commit);
        of_statuses.chain(of_analyses).chain(self.report.iter().map(|report| report.commit)).collect()
    }

    /// The worst that it says of a commit.
    pub(super) fn worst(&self, commit: CommitId) -> Option<Conclusion> {
        self.statuses.iter().filter(|status| status.commit == commit).map(|status| status.conclusion).max()
    }

    /// Whether all three checks of a commit are green in it.
    pub(super) fn is_green(&self, commit: CommitId) -> bool {
        let says = |name: &CheckName| {
            let of = |status: &&Status| status.commit == commit && status.context == name.as_str();
            self.statuses.iter().find(of).is_some_and(|status| status.conclusion == Conclusion::Success)
        };
        CheckName::ALL.iter().all(says)
    }

    /// The same while the forge has still to tell who did it: nobody is refused for being unknown yet, and nobody is told so. What is said of
    /// documents stands, and nothing that was red turns green.
    pub(super) fn awaiting(mut self, what: &str) -> Self {
        let Some(head) = self.head else { return self };
        let text = format!("{what}; it is asked again soon");
        let unsure =
            |status: &&mut Status| status.conclusion == Conclusion::Failure && status.context != CheckName::Catalog.as_str();
        let mut waits = false;
        for status in self.statuses.iter_mut().filter(unsure) {
            (status.conclusion, status.summary) = (Conclusion::Pending, report::fit_description(&text));
            waits = true;
        }
        match self.worst(head) {
            Some(Conclusion::Pending) if waits => {
                self.analyses.clear();
                self.story = None;
                self.in_prose(head, Conclusion::Pending, &text, &text)
            }
            _ => self,
        }
    }

    /// The same in prose, where nothing else was found to say.
    pub(super) fn in_prose(mut self, commit: CommitId, conclusion: Conclusion, title: &str, text: &str) -> Self {
        let (title, summary) = (report::fit_description(title), report::defuse_paragraphs(text));
        let url = self.statuses.iter().find(|status| status.commit == commit).and_then(|status| status.url.clone());
        self.report = Some(Report { commit, conclusion, title, summary: short_enough(summary), url });
        self
    }

    /// Adds one error about the commit as a whole.
    pub(super) fn remark(&mut self, commit: CommitId, rule: &str, message: String) {
        let rule = rule.to_owned();
        let remark = Remark { path: None, line: None, column: None, rule, severity: Severity::Error, message };
        self.analyses.push(Analysis { commit, remarks: vec![remark], url: None });
    }

    /// Keeps what is said of the head, and of the last so many of the other commits.
    pub(super) fn keep_last(&mut self, verdict: &Verdict, most: usize) {
        let others = verdict.commits.iter().rev().filter_map(|commit| commit.id).filter(|id| Some(*id) != self.head);
        let kept: BTreeSet<CommitId> = others.take(most).chain(self.head).collect();
        self.statuses.retain(|status| kept.contains(&status.commit));
        self.analyses.retain(|analysis| kept.contains(&analysis.commit));
    }

    /// One status alone.
    pub(super) fn one(commit: CommitId, name: CheckName, conclusion: Conclusion, text: &str, settings: &Settings) -> Self {
        Self { statuses: vec![status(commit, name, conclusion, text, settings)], ..Self::default() }
    }
}

/// The three checks on the head, catalog and permissions on each other commit, and the remarks on all of them.
pub(super) fn answer(
    verdict: &Verdict,
    sources: &Sources,
    page: CheckSummary,
    settings: &Settings,
    repository: &Repository,
) -> Answer {
    let mut out = Answer { head: verdict.head, ..Answer::default() };
    let Some(head) = verdict.head else { return out };
    for check in &verdict.checks {
        out.statuses.push(status(head, check.name, check.conclusion, &check.summary, settings));
    }
    out.analyses.push(analysis(head, &verdict.findings, repository, &|file: &FilePath| sources.read(file)));
    let url = out.statuses.first().and_then(|status| status.url.clone());
    out.report = Some(Report { commit: head, conclusion: verdict.conclusion, title: page.title, summary: page.summary, url });
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
    let mut answer = Answer { head: Some(head), statuses, ..Answer::default() };
    let message = format!("this commit {text}. It is set aside until something changes: push another commit");
    answer.remark(head, rule, message.clone());
    answer.in_prose(head, Conclusion::Failure, &text, &message)
}

/// The first sight of a branch whose tip is not valid.
pub(super) fn first_tip_refused(tip: CommitId, findings: &[Finding], settings: &Settings, repository: &Repository) -> Answer {
    let errors = findings.iter().filter(|finding| finding.is_error()).count();
    let text =
        format!("the tip of {} is not a valid catalog ({errors} errors); nothing is accepted yet", repository.watched.branch);
    Answer {
        statuses: vec![status(tip, CheckName::Catalog, Conclusion::Failure, &text, settings)],
        analyses: vec![analysis(tip, findings, repository, &at(tip, repository))],
        ..Answer::default()
    }
    .in_prose(tip, Conclusion::Failure, "the first tip is not a valid catalog", &text)
}

/// A text within what a forge takes.
fn short_enough(mut text: String) -> String {
    let end = text.floor_char_boundary(Report::LONGEST);
    text.truncate(end);
    text
}

/// Where a person reads more about a commit.
pub(super) fn url(commit: CommitId, settings: &Settings) -> Option<String> {
    settings.status_url.as_ref().map(|base| format!("{}/{commit}", base.trim_end_matches('/')))
}

fn status(commit: CommitId, name: CheckName, conclusion: Conclusion, text: &str, settings: &Settings) -> Status {
    let url = url(commit, settings);
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
    fn while_it_is_not_known_who_did_it_only_documents_are_refused() {
        use Conclusion::{Failure, Pending, Success};

        let head = CommitId::from_hex(&"a".repeat(40)).unwrap();
        let says = |catalog, permissions| {
            let told = [(CheckName::Catalog, catalog), (CheckName::Permissions, permissions), (CheckName::Approval, Success)];
            let statuses = told.map(|(name, conclusion)| status(head, name, conclusion, "so", &Settings::default())).to_vec();
            let mut answer = Answer { head: Some(head), statuses, ..Answer::default() };
            answer.remark(head, "identity/unknown-pusher", "nobody knows".to_owned());
            answer.awaiting("the forge does not say yet")
        };
        let conclusions = |answer: &Answer| answer.statuses.iter().map(|status| status.conclusion).collect::<Vec<_>>();
        let unknown = says(Success, Failure);
        assert_eq!(conclusions(&unknown), [Success, Pending, Success]);
        assert_eq!(unknown.report.as_ref().map(|report| report.conclusion), Some(Pending));
        assert!(unknown.analyses.is_empty());
        assert_eq!(unknown.statuses[1].summary, "the forge does not say yet; it is asked again soon");

        let broken = says(Failure, Failure);
        assert_eq!(conclusions(&broken), [Failure, Pending, Success]);
        assert!(!broken.analyses.is_empty(), "what is wrong with documents is told at once");
        let fine = says(Success, Success);
        assert_eq!(conclusions(&fine), [Success, Success, Success]);
        assert!(!fine.analyses.is_empty());
    }

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
