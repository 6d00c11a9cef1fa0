//! Answers who may do what, and what would have to change so that somebody may: what `can` says.
//!
//! The rights are asked by the very functions that judge changes, so an answer here is what a judgement would be.

mod advise;
mod edit;
mod matrix;
mod question;
mod reading;
#[cfg(test)]
mod tests;
mod who;

pub use advise::{Proposal, advise};
pub use edit::Edit;
pub use matrix::{Group, Matrix, Operation as MatrixOperation, matrix};
pub use question::{Asked, Question, Right, Unanswerable, answer};
pub use who::{Who, WhoCould, who_could};
