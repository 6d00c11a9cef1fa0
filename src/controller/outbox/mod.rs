//! The outbox: what is to be done outside because of what happened to a run, written in the transaction of what happened, and delivered at
//! least once.

mod messages;
#[cfg(test)]
mod messages_tests;

pub use messages::{Moment, messages};
