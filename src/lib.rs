//! Portcullis: a GitOps reconciliation controller for a software catalog.
//!
//! Three rings, and imports only point inward:
//!
//! - **core**, pure: [`model`] nouns, [`catalog`] documents and their difference, [`check`] the judgement, [`run`] the
//!   state machine of approval, [`report`] every word said outward, [`import`] documents of Port and Backstage made into ours.
//! - **edges**, which translate and decide nothing: [`git`] the object store, [`forge`] pull requests and statuses,
//!   [`execute`] has approved runs performed, [`notify`] tells people, [`store`] what git and forge cannot re-tell, [`jq`] expressions, evaluated in a child process.
//! - **drivers**: [`facts`] gathers what a judgement needs, [`controller`] is the loop, [`server`] shows how it is, [`config`]
//!   is its configuration, [`cli`] the command line.

// Tests may slice what they wrote themselves; clippy's own switch for tests does not know this lint.
#![cfg_attr(test, allow(clippy::string_slice))]

pub mod abort;
pub mod catalog;
pub mod check;
pub mod cli;
pub mod config;
pub mod controller;
pub mod editor;
pub mod execute;
pub mod facts;
pub mod forge;
pub mod git;
pub mod import;
pub mod jq;
pub mod model;
pub mod notify;
pub mod outbound;
pub mod report;
pub mod run;
pub mod server;
pub mod store;
