//! GitHub: what it tells, translated into our words, and what we tell it. It decides nothing.

pub mod client;
pub mod delivery;

pub use client::{ApiError, Client, Credentials, Github, GithubOptions, Secret, Time};
