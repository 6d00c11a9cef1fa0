//! Whole behaviours, told as stories on real git repositories.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)] // a test may fail loudly
#![allow(unreachable_pub)] // nothing is outside of a test

mod attacks;
mod harness;
