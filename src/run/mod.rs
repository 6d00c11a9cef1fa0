//! Runs: the digest that approvals are given on, who may approve, and the state machine derived from facts.

mod approval;
pub mod call;
mod digest;
#[cfg(test)]
pub(crate) mod fixture;
pub mod life;
mod reason;
mod requirement;
mod review;
mod state;
#[cfg(test)]
mod state_tests;
mod transition;

pub use approval::{Hands, Ineligible, Panel, Subject as ApprovalSubject, allows_self_approval, approvers};
pub use digest::{Digest, action_of, digest_request, digest_run};
pub use requirement::{Requirement, requirement};
pub use review::{ReviewedOn, Word, last_words};
pub use state::{Decision, Footing, RunFacts, Uncounted, Void, derive, needed};
pub use transition::{is_terminal, may_become, way};

pub(crate) use reason::{barred, names, remark};
