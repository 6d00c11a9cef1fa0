//! Messages to people, delivered to real receivers: an SMTP server, and listeners that fail, hang, ask for time, or break off.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)] // a test may fail loudly
#![allow(unreachable_pub)] // nothing is outside of a test

mod attacks;
mod cards;
mod email;
mod outbox;
mod sink;
mod smtp;
mod world;
