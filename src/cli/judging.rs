//! From what a command line asks to an answer: the one place where commands meet the facts.

use std::path::{Path, PathBuf};

use crate::catalog::Catalog;
use crate::check::{Conclusion, Verdict};
use crate::model::{Identifier, IdentityMode, Timestamp};
use crate::report::{self, Report, RunEntry, Sources};

use super::facts_file::FactsFile;
use super::{Color, CommandError, Outcome, output};

/// What is to be judged.
#[derive(Clone, Debug)]
pub(super) struct JudgeRequest {
    /// Where the repository is; looked for upwards.
    pub(super) repo: PathBuf,
    /// The catalog's directory inside it.
    pub(super) root: String,
    /// The accepted revision. `None`: `HEAD` for a working tree; for commits, `main`, or else `master`.
    pub(super) base: Option<String>,
    /// The proposed revision. `None`: the working tree.
    pub(super) head: Option<String>,
    /// Judge everything as this user.
    pub(super) as_user: Option<Identifier>,
    /// Instead of the policy's mode.
    pub(super) identity: Option<IdentityMode>,
    /// What a forge would tell.
    pub(super) facts: Option<FactsFile>,
    /// Now.
    pub(super) now: Timestamp,
}

/// Which runs are asked for.
#[derive(Clone, Debug)]
pub(super) struct RunsRequest {
    /// Where the repository is.
    pub(super) repo: PathBuf,
    /// The catalog's directory inside it.
    pub(super) root: String,
    /// The watched branch.
    pub(super) branch: Option<String>,
    /// Now.
    pub(super) now: Timestamp,
}

/// A verdict, and the text of the files it speaks of.
pub(super) struct Judged {
    pub(super) verdict: Verdict,
    pub(super) sources: Box<dyn Sources>,
}

/// Judges.
pub(super) fn judge(request: &JudgeRequest) -> Result<Judged, CommandError> {
    Err(unavailable(&request.repo))
}

/// One revision of the catalog, and the text of its files.
pub(super) struct Revision {
    pub(super) catalog: Catalog,
    pub(super) sources: Box<dyn Sources>,
}

/// The catalog at a revision.
pub(super) fn revision(repo: &Path, _root: &str, _rev: &str) -> Result<Revision, CommandError> {
    Err(unavailable(repo))
}

/// The runs on the watched branch and in open review requests.
pub(super) fn runs(request: &RunsRequest) -> Result<Vec<RunEntry>, CommandError> {
    Err(unavailable(&request.repo))
}

fn unavailable(repo: &Path) -> CommandError {
    CommandError::could_not_judge(format!("{} cannot be read", repo.display()))
}

/// Judges, prints, and says how it ended.
pub(super) fn judge_and_print(request: &JudgeRequest, format: report::Format, color: Color) -> Result<Outcome, CommandError> {
    let judged = judge(request)?;
    let report = Report::new(&judged.verdict, &request.root, judged.sources.as_ref());
    output::print(&report::render(format, &report, color.on_stdout()))?;
    Ok(match judged.verdict.conclusion {
        Conclusion::Success | Conclusion::Pending => Outcome::Clean,
        Conclusion::Failure => Outcome::Findings,
    })
}
