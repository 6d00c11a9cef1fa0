//! The outbox: what is to be done outside because of what happened to a run, written in the transaction of what happened, and delivered at
//! least once.

mod drain;
mod lane;
mod messages;
#[cfg(test)]
mod messages_tests;

pub use drain::{Channels, Outbox};
pub(super) use messages::REVISION;
pub use messages::{Moment, messages, on_landing};
