//! The judgement: facts in, verdict out; a table of checks, one file per rule family.

mod claimants;
pub mod git_rules;
pub mod identity;
#[cfg(test)]
mod identity_tests;
mod proposal;
mod run_facts;
mod run_inputs;
pub mod runs;
#[cfg(test)]
mod runs_tests;
#[cfg(test)]
mod story;
mod verdict;

pub use proposal::{Base, CommitFacts, Head, Proposal, PullRequestFacts, Target};
pub use verdict::{ChangeVerdict, CheckName, CheckResult, CommitVerdict, Conclusion, RunVerdict, Verdict};
