//! What a run itself commits: real repositories, real keys, a real bare remote with its hooks, and the judgement of what came onto the branch.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)] // a test may fail loudly

mod company;
mod judged;
mod races;
mod written;
