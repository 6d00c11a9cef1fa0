//! What a judgement says; `docs/verdict.md` documents its JSON.

use crate::catalog::Change;
use crate::model::{Actor, CommitId, Finding, Identifier, RunState};

/// How a check, a commit or the whole ends.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Conclusion {
    /// Nothing stands against it.
    Success,
    /// It waits for somebody.
    Pending,
    /// Something stands against it.
    Failure,
}

impl Conclusion {
    /// As the JSON contract writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Pending => "pending",
            Self::Failure => "failure",
        }
    }
}

/// The three checks that are posted.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum CheckName {
    /// Syntax, schema, references, ownership.
    Catalog,
    /// Identity and permissions.
    Permissions,
    /// Runs and their approval.
    Approval,
}

impl CheckName {
    /// All, in order.
    pub const ALL: [CheckName; 3] = [Self::Catalog, Self::Permissions, Self::Approval];

    /// The context it is posted under.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Catalog => "portcullis/catalog",
            Self::Permissions => "portcullis/permissions",
            Self::Approval => "portcullis/approval",
        }
    }
}

/// One of the three, concluded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CheckResult {
    /// Which.
    pub name: CheckName,
    /// How it ends.
    pub conclusion: Conclusion,
    /// One line for a status, at most 140 characters.
    pub summary: String,
}

/// One commit, judged by itself; it may be red while a later commit has mended the whole.
#[derive(Clone, PartialEq, Debug)]
pub struct CommitVerdict {
    /// Its id; `None` for a working tree.
    pub id: Option<CommitId>,
    /// Whom it is judged as.
    pub actors: Vec<Actor>,
    /// How it ends.
    pub conclusion: Conclusion,
    /// What stands against it, the errors of its own tree included.
    pub findings: Vec<Finding>,
}

/// One net change, and whether it is allowed.
#[derive(Clone, PartialEq, Debug)]
pub struct ChangeVerdict {
    /// The last commit that set it; `None` for a working tree.
    pub commit: Option<CommitId>,
    /// The change.
    pub change: Change,
    /// Whom it is attributed to: each must be allowed.
    pub actors: Vec<Actor>,
    /// Those of them who are not.
    pub refused: Vec<Actor>,
    /// Whether all are.
    pub allowed: bool,
    /// The rule that decides.
    pub rule: &'static str,
}

/// One run, decided.
#[derive(Clone, PartialEq, Debug)]
pub struct RunVerdict {
    /// Its identifier.
    pub id: Identifier,
    /// Its action.
    pub action: Identifier,
    /// Its state.
    pub state: RunState,
    /// Who asked.
    pub requester: Option<Actor>,
    /// What approvals are given on: 64 hexadecimal digits.
    pub digest: String,
    /// Whose approvals count.
    pub approvals: Vec<Identifier>,
    /// Who may approve.
    pub approvers: Vec<Identifier>,
    /// One sentence: why it is in this state, and what would move it.
    pub reason: String,
}

/// The whole.
#[derive(Clone, PartialEq, Debug)]
pub struct Verdict {
    /// Judged against this accepted revision.
    pub base: CommitId,
    /// The proposed commit; `None` for a working tree.
    pub head: Option<CommitId>,
    /// The worst of the checks.
    pub conclusion: Conclusion,
    /// The three checks, in order.
    pub checks: Vec<CheckResult>,
    /// The commits, parents before children.
    pub commits: Vec<CommitVerdict>,
    /// The net changes.
    pub changes: Vec<ChangeVerdict>,
    /// Everything found about the net result: errors first, causes before consequences, then in order of file and position.
    pub findings: Vec<Finding>,
    /// The runs it asks for.
    pub runs: Vec<RunVerdict>,
}
