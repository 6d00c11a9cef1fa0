//! GitHub: what we send and what we are told, on a GitHub of our own that is held to the official description of the true one.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may fail loudly

mod openapi;
mod payloads;
mod receiver;
