//! Replicas of the real program on one real PostgreSQL, each with copies of its own: killed, stopped, cut off from the database, and paused.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test that cannot go on says so
#![allow(unreachable_pub)] // nothing is outside of a test

#[allow(dead_code)] // the tests of the store use more of it
#[path = "../store/cluster.rs"]
mod cluster;
mod company;
mod paused;
mod receiver;
mod replica;
mod skew;
mod storm;
mod takeover;
mod world;
