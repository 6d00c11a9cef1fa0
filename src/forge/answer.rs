//! What we tell a forge: statuses, and the findings behind them.

use crate::check::Conclusion;
use crate::model::{CommitId, ForgeUser, Severity, Timestamp};
use crate::run::life::RunHandle;

/// One status. There is at most one current status for each (commit, context).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Status {
    /// What it judges.
    pub commit: CommitId,
    /// Under which name, `portcullis/catalog`.
    pub context: String,
    /// How it ends.
    pub conclusion: Conclusion,
    /// One line.
    pub summary: String,
    /// Where a person reads more.
    pub url: Option<String>,
}

/// The findings on one commit; an empty list says that nothing was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Analysis {
    /// The commit.
    pub commit: CommitId,
    /// The findings, in order.
    pub remarks: Vec<Remark>,
    /// A public file with the same findings in the forge's format, where one is served.
    pub url: Option<String>,
}

/// One finding, worded for a forge.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Remark {
    /// The file, from the repository's root.
    pub path: Option<String>,
    /// The line, from 1.
    pub line: Option<u32>,
    /// The column, from 1.
    pub column: Option<u32>,
    /// The rule's id.
    pub rule: String,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, and how to mend it.
    pub message: String,
}

/// What is to be made public in one go.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Publication {
    /// The statuses.
    pub statuses: Vec<Status>,
    /// The analyses.
    pub analyses: Vec<Analysis>,
    /// The whole in prose, for forges that have a place for it on a commit.
    pub report: Option<Report>,
    /// What the pull request itself shows, for forges that have accounts.
    pub story: Option<Story>,
    /// Now.
    pub at: Timestamp,
}

/// A judgement in prose; the lines it speaks of are those of the [`Analysis`] of the same commit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Report {
    /// What was judged.
    pub commit: CommitId,
    /// How it ends.
    pub conclusion: Conclusion,
    /// One line.
    pub title: String,
    /// Markdown, at most [`Report::LONGEST`] bytes.
    pub summary: String,
    /// Where a person reads more.
    pub url: Option<String>,
}

impl Report {
    /// Bytes of a text that a forge takes at most.
    pub const LONGEST: usize = 65_535;
}

/// What a pull request shows of its judgement.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Story {
    /// The pull request.
    pub pull_request: String,
    /// The one comment, edited in place: Markdown, at most [`Report::LONGEST`] bytes. `None` where comments are switched off: one that stands there stays.
    pub comment: Option<String>,
    /// Who may approve and has not: whose review is asked for. Empty where nobody is to be asked.
    pub reviewers: Vec<ForgeUser>,
    /// The label that says how it stands, out of [`Story::labels`]; `None` for none of them.
    pub label: Option<String>,
    /// All labels that are ours to set and to take away; empty where labels are switched off.
    pub labels: Vec<String>,
    /// Comments whose command has been obeyed, to be acknowledged.
    pub answered: Vec<String>,
}

/// What a pull request shows of a run that it brought.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RunTold {
    /// The pull request.
    pub pull_request: String,
    /// What the API calls the run: the one comment about it is found again by this.
    pub handle: RunHandle,
    /// The comment: Markdown, at most [`Report::LONGEST`] bytes.
    pub comment: String,
}

/// A pull request that is to be merged.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Merge {
    /// The pull request.
    pub pull_request: String,
    /// The only head that may be merged.
    pub head: CommitId,
    /// How.
    pub method: MergeMethod,
}

/// How a pull request becomes part of the branch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MergeMethod {
    /// By a merge commit.
    Merge,
    /// As one commit.
    Squash,
    /// Its commits, put on top.
    Rebase,
}

impl MergeMethod {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Merge => "merge",
            Self::Squash => "squash",
            Self::Rebase => "rebase",
        }
    }
}

/// How an attempt to merge ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Merged {
    /// It is part of the branch, or on its way there.
    Done,
    /// The forge refused: another head, a conflict, a rule of the branch. Why.
    Refused(String),
}

/// A status in one of our contexts that somebody else had put there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ForeignStatus {
    /// On which commit.
    pub commit: CommitId,
    /// In which context.
    pub context: String,
    /// Whose.
    pub by: String,
}

/// What a publication changed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Published {
    /// How many statuses were not there before, or not like this.
    pub statuses: usize,
    /// The same of analyses, reports, comments, labels and requests for review.
    pub analyses: usize,
    /// What others had put in our contexts, and is overwritten now.
    pub foreign: Vec<ForeignStatus>,
}

impl Published {
    /// Whether everything stood there already.
    pub fn nothing_new(&self) -> bool {
        self.statuses == 0 && self.analyses == 0
    }
}
