//! The one harness of all stories: temporary git repositories, a small catalog, a fixed clock.

mod judged;
mod keys;
mod repo;
mod world;

pub use judged::Judged;
pub use keys::Key;
pub use repo::{Git, Topic};
pub use world::{COMPANY, Story, at};
