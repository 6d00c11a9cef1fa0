//! The API by which runs are reported on, over real connections to the real server on a real store: tokens, reports, logs, and who may not.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test that cannot go on says so

mod attacks;
mod by_hand;
mod clients;
mod logs;
mod reports;
mod tokens;
mod world;
