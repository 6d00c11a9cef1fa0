//! The judgement: facts in, verdict out; a table of checks, one file per rule family.

pub mod advice;
mod aggregations;
mod attribution;
mod broken;
mod by_forge;
#[cfg(test)]
mod by_forge_tests;
mod call;
#[cfg(test)]
mod call_tests;
mod cause;
mod claimants;
mod definitions;
mod derived;
pub mod difference;
mod duplicates;
mod entities;
mod fold;
mod footing;
mod forms;
pub mod git_rules;
mod golden;
pub mod identity;
#[cfg(test)]
mod identity_tests;
mod immutable;
mod inputs;
mod invocations;
mod judge;
mod landed;
#[cfg(test)]
mod landed_tests;
mod lints;
mod lookalike;
mod merges;
mod ownership;
pub mod performed;
pub mod permissions;
mod policies;
mod programs;
mod proposal;
pub mod push;
mod references;
#[cfg(test)]
mod request_tests;
mod restrict;
mod rights;
mod roster;
mod routes;
pub mod rules;
mod run_facts;
pub mod runs;
#[cfg(test)]
mod runs_tests;
mod scope;
#[cfg(test)]
mod story;
mod summary;
#[cfg(test)]
mod tests;
mod validate;
mod vanished;
mod verdict;
pub mod view;
#[cfg(test)]
mod view_tests;
pub mod watching_rules;

pub use by_forge::{Reach, Way};
pub use call::{NoCall, call_of};
pub use cause::{Cause, cause_of};
pub use footing::Footing;
pub use inputs::{entity_in_form, requirement_of};
pub use judge::judge;
pub use landed::{Accepted, LandedDecision, decide_landed};
pub use performed::Performed;
pub use proposal::{Base, CommitFacts, Head, Proposal, PullRequestFacts, Target};
pub use restrict::{Elsewhere, restrict};
pub use summary::check_of;
pub use validate::{stays_valid, validate, validate_against, validate_changed};
pub use verdict::{ChangeVerdict, CheckName, CheckResult, CommitVerdict, Conclusion, RunVerdict, Verdict};
