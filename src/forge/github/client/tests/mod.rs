//! The client against scripted bytes on a socket: every fault that a wire or a server can have.

pub(in crate::forge::github::client) mod keys;
