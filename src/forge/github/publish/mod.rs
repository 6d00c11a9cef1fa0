//! Tells GitHub what was judged: read before write, and nothing twice.

mod annotations;
mod check_run;
mod comment;
mod labels;
mod memory;
mod order;
mod plan;
mod reactions;
mod reviewers;
mod statuses;

pub(super) use comment::{Remark, publish as comment};
pub(super) use memory::Memory;
pub(super) use order::Publisher;
pub(super) use statuses::statuses;
