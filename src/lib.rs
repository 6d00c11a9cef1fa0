//! Portcullis: a GitOps reconciliation controller for a software catalog.
//!
//! Three rings, and imports only point inward:
//!
//! - **core**, pure: [`model`] nouns, [`catalog`] documents and their difference, [`check`] the judgement, [`run`] the
//!   state machine of approval, [`report`] every word said outward.
//! - **edges**, which translate and decide nothing: [`git`] the object store, [`forge`] pull requests and statuses,
//!   [`store`] what neither can re-tell.
//! - **drivers**: [`facts`] gathers what a judgement needs, [`cli`] the command line.

pub mod catalog;
pub mod check;
pub mod cli;
pub mod facts;
pub mod forge;
pub mod git;
pub mod model;
pub mod report;
pub mod run;
pub mod store;
