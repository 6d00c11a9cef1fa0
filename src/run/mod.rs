//! Runs: the digest that approvals are given on, who may approve, and the state machine derived from facts.

mod digest;
#[cfg(test)]
pub(crate) mod fixture;
mod requirement;

pub use digest::{Digest, action_of, digest_request, digest_run};
pub use requirement::{Requirement, requirement};
