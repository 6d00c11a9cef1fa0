//! The life of a run, by the one step that production takes: every interleaving of two replicas, and long random lives in a real store.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // a test may fail loudly

mod checked;
mod machine;
mod model;
mod replica;
mod world;
