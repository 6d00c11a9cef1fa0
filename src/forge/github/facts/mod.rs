//! What GitHub knows of pull requests, branches and teams, told in our words.

mod branch;
mod commands;
mod details;
mod pulls;
mod pushes;
mod queue;
mod reviews;
mod teams;
mod vouching;

pub(super) use branch::branch;
pub(super) use commands::is_acknowledged;
pub(super) use details::details;
pub(super) use pulls::{number, open_pull_requests, pull, pull_request};
pub(super) use queue::{merge_group, prefix};
pub(super) use reviews::raw as raw_reviews;
pub(super) use teams::teams;
