//! The judgement: facts in, verdict out; a table of checks, one file per rule family.

mod broken;
mod claimants;
mod definitions;
mod duplicates;
mod entities;
mod fold;
pub mod git_rules;
pub mod identity;
#[cfg(test)]
mod identity_tests;
mod lints;
mod lookalike;
mod ownership;
mod proposal;
mod references;
#[cfg(test)]
mod request_tests;
mod roster;
mod run_facts;
mod run_inputs;
pub mod runs;
#[cfg(test)]
mod runs_tests;
mod scope;
#[cfg(test)]
mod story;
mod validate;
mod verdict;

pub use proposal::{Base, CommitFacts, Head, Proposal, PullRequestFacts, Target};
pub use validate::{validate, validate_against, validate_changed};
pub use verdict::{ChangeVerdict, CheckName, CheckResult, CommitVerdict, Conclusion, RunVerdict, Verdict};
