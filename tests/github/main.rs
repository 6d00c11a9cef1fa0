//! GitHub, as the tests have it: one stateful fake that speaks real git and is held to GitHub's own description of its API, and everything
//! of ours that talks to it.

#![recursion_limit = "256"] // what GitHub tells of a repository is long
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)] // a test may fail loudly
#![allow(dead_code, unreachable_pub, unused_imports)] // what the fake can do is more than any one story needs
#![allow(clippy::result_large_err)] // a refusal of the fake is a whole answer

mod attacks;
mod binary;
mod client;
mod clock;
mod fake;
mod fake_itself;
mod faults;
mod forge;
mod hearing;
mod manifest;
mod openapi;
mod payloads;
mod receiver;
mod stories;
mod workflows;
mod world;
mod world_itself;
