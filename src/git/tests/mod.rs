//! Tests against the real `git`, `ssh-keygen` and `gpg`, each in a directory and a home of its own.

#![allow(clippy::string_slice)] // hexadecimal digits and armour are ASCII

mod commits;
mod graphs;
mod merges;
mod programs;
mod repositories;
mod sandbox;
mod signatures;
mod trees;
mod worktrees;
