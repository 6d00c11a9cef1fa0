//! The loop that reads the world and makes it as the catalog says: a keyed queue, what wakes it, and one reconciliation a key.

mod clock;
mod queue;

pub use clock::{Clock, ManualClock, SystemClock};
pub use queue::{Backoff, Outcome, Queue};
