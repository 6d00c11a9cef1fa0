//! Tests against the real `git`, `ssh-keygen` and `gpg`, each in a directory and a home of its own.

mod merges;
mod sandbox;
