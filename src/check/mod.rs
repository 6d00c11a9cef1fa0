//! The judgement: facts in, verdict out; a table of checks, one file per rule family.

pub mod git_rules;
mod proposal;
mod verdict;

pub use proposal::{Base, CommitFacts, Head, Proposal, PullRequestFacts, Target};
pub use verdict::{ChangeVerdict, CheckName, CheckResult, CommitVerdict, Conclusion, RunVerdict, Verdict};
