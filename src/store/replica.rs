//! What replicas that share a store know of each other: how many live, what is taken, and what one has heard for another.

use std::collections::BTreeSet;

use super::{Fence, RepositoryKey};

/// What a replica finds when it says that it lives.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pulse {
    /// How many replicas live, this one among them.
    pub replicas: usize,
    /// What it holds, prolonged just now. What is missing here it has lost.
    pub held: Vec<Fence>,
    /// What others hold.
    pub elsewhere: BTreeSet<RepositoryKey>,
    /// What others have heard of the repositories that it holds. Each word is given once, and one that is lost does no harm.
    pub words: Vec<(RepositoryKey, String)>,
}
