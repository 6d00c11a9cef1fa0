//! GitHub: what it tells, translated into our words, and what we tell it. It decides nothing.

mod asking;
pub mod client;
pub mod delivery;
mod facts;
mod forge;
mod merging;
mod path;
mod publish;
mod wire;
mod words;

pub use client::{ApiError, Client, Credentials, Github, GithubOptions, Secret, Time};
pub use forge::{GithubForge, GithubForgeOptions};
pub use words::{CHECK_RUN, COMMENT_MARKER, LABELS};
