//! The judgement: facts in, verdict out; a table of checks, one file per rule family.

mod broken;
mod definitions;
mod duplicates;
mod entities;
mod fold;
mod lints;
mod lookalike;
mod ownership;
mod proposal;
mod references;
mod roster;
mod scope;
mod validate;
mod verdict;

pub use proposal::{Base, CommitFacts, Head, Proposal, PullRequestFacts, Target};
pub use validate::{validate, validate_against, validate_changed};
pub use verdict::{ChangeVerdict, CheckName, CheckResult, CommitVerdict, Conclusion, RunVerdict, Verdict};
