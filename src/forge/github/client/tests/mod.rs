//! The client against scripted bytes on a socket: every fault that a wire or a server can have.

mod app;
pub(in crate::forge::github::client) mod keys;
mod limited;
mod lists;
mod moved;
mod reading;
mod script;
mod writing;
