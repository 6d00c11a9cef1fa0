//! The real program dies, at every point that matters and at any other, and is started again: no run is lost, and none is done twice.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)] // a test may fail loudly

mod disks;
mod kills;
mod outcome;
mod place;
mod points;
mod receiver;
