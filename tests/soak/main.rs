//! The real daemon under load: pushes all the time, to more than one repository, with its memory, its descriptors and its answers watched.
//!
//! `PORTCULLIS_SOAK=full cargo test --test soak -- --nocapture` is the long run: 100,000 entities, 200 open pull requests, ten minutes.
//! `scripts/test --long` does the same. Another size is `ENTITIES/OPEN/SECONDS`, as in `PORTCULLIS_SOAK=5000/40/60`. A build for tests
//! is slow at that size, so name a release by `PORTCULLIS_BIN=target/release/portcullis`; it is then the program that is started.
#![cfg(target_os = "linux")] // memory and descriptors are read from /proc
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // a test that cannot go on says so
#![allow(unreachable_pub)] // nothing is outside of a test

#[path = "../../benches/catalog/mod.rs"]
mod catalog;
mod daemon;
mod fairness;
mod load;
mod repository;
mod soak;
