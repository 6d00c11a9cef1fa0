//! What we tell a forge: statuses, and the findings behind them.

use crate::check::Conclusion;
use crate::model::{CommitId, Severity, Timestamp};

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
    /// Now.
    pub at: Timestamp,
}

/// What a publication changed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Published {
    /// How many statuses were not there before, or not like this.
    pub statuses: usize,
    /// The same of analyses.
    pub analyses: usize,
}

impl Published {
    /// Whether everything stood there already.
    pub fn nothing_new(&self) -> bool {
        self.statuses == 0 && self.analyses == 0
    }
}
