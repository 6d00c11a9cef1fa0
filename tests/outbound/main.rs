//! What goes out over HTTP: to whom, within which bounds, and how its answer is understood; against real listeners on this machine.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)] // a test may fail loudly

mod addresses;
mod bounds;
mod sink;
mod tls;
mod verifiers;
mod webhook;
