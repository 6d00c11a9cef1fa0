//! The loop that reads the world and makes it known what stands there: a keyed queue, what wakes it, and one reconciliation a key.
//!
//! Events, polls and restarts only wake. A [`Thing::Sweep`] reads refs, store and forge and offers the watched branch and each
//! pull request with the [`Input`] that its judgement depends on; what was judged for that input already is left alone. Every
//! reconciliation reads the world again, writes only what can be written twice, and may be cut off at any point.

#[cfg(test)]
mod accounts_tests;
mod again;
mod answer;
mod audit;
mod branch;
#[cfg(test)]
mod branch_tests;
mod claims;
#[cfg(test)]
mod claims_tests;
mod clock;
mod drive;
mod execution;
mod health;
mod history;
mod journal;
mod judging;
mod key;
mod landing;
mod lease;
#[cfg(test)]
mod lease_tests;
mod merge_group;
#[cfg(test)]
mod merge_group_tests;
mod merging;
mod metrics;
pub mod outbox;
pub mod outside;
mod parts;
mod progress;
mod publish;
mod pull_request;
#[cfg(test)]
mod pull_request_tests;
mod queue;
#[cfg(test)]
mod queue_tests;
mod remote;
#[cfg(test)]
mod remote_tests;
mod routes;
mod runs;
mod sightings;
mod sparing;
#[cfg(test)]
mod sparing_tests;
mod story;
#[cfg(test)]
mod story_tests;
mod sweep;
mod telling;
mod trouble;
mod waker;
#[cfg(test)]
mod waker_tests;
mod watch;

pub use clock::{Clock, ManualClock, SystemClock};
pub use drive::Controller;
pub use execution::inputs_of_claim;
pub use health::Health;
pub use key::{Input, Key, Thing};
pub use lease::LeaseSettings;
pub use metrics::Metrics;
pub use parts::{ExecutionSettings, Judge, Outward, Parts, Settings, Watched};
pub use queue::{Backoff, Outcome, Queue};
pub use waker::Waker;

use drive::Shared;
use judging::Unjudged;
use trouble::Trouble;
