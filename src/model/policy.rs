//! `catalog.yaml`: the repository's own policy.

use std::time::Duration;

use super::Route;

/// How the actor of a commit is known (spec 5).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IdentityMode {
    /// By a signature with a key of the roster.
    Signature,
    /// By the forge's word.
    Forge,
    /// By the committer's email, believed.
    Declared,
}

impl IdentityMode {
    /// As `catalog.yaml` writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Signature => "signature",
            Self::Forge => "forge",
            Self::Declared => "declared",
        }
    }

    /// Reads what [`Self::as_str`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Signature, Self::Forge, Self::Declared].into_iter().find(|m| m.as_str() == text)
    }
}

/// What one file and one judged range may hold (spec 1, `limit/*`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// `fileBytes`: bytes in a file.
    pub file_bytes: usize,
    /// `depth`: nested collections.
    pub depth: usize,
    /// `nodes`: values and keys in a file.
    pub nodes: usize,
    /// `scalarBytes`: bytes in one scalar.
    pub scalar_bytes: usize,
    /// `commits`: commits in one judged range.
    pub commits: usize,
    /// `files`: managed files in one judged range.
    pub files: usize,
    /// `runs`: runs that one judged range adds.
    pub runs: usize,
}

impl Limits {
    /// What no `catalog.yaml` may exceed: the depth keeps every recursion over a value shallow, the rest keeps a judgement bounded.
    pub const MOST: Self = Self {
        file_bytes: 16 << 20,
        depth: 128,
        nodes: 1_000_000,
        scalar_bytes: 4 << 20,
        commits: 10_000,
        files: 200_000,
        runs: 10_000,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self { file_bytes: 256 * 1024, depth: 32, nodes: 20_000, scalar_bytes: 64 * 1024, commits: 250, files: 2_000, runs: 500 }
    }
}

/// The policy; every field has the default that stands where the file is silent or absent.
#[derive(Clone, PartialEq, Debug)]
pub struct CatalogPolicy {
    /// `identity`; `signature` where unsaid: the one that believes nobody's word.
    pub identity: IdentityMode,
    /// `selfApproval`: for every action that does not say otherwise.
    pub self_approval: bool,
    /// `expiry`: how long a run may wait; 14 days where unsaid.
    pub expiry: Duration,
    /// `execution.deadline`: how long an execution may take until it is given up; 1 hour where unsaid.
    pub execution_deadline: Duration,
    /// `limits`
    pub limits: Limits,
    /// `notifications`: nobody is told by a channel where unsaid.
    pub notifications: Vec<Route>,
    /// `reminder`: how often those who may move a run that waits are reminded; never where unsaid.
    pub reminder: Option<Duration>,
}

impl Default for CatalogPolicy {
    fn default() -> Self {
        Self {
            identity: IdentityMode::Signature,
            self_approval: false,
            expiry: Duration::from_secs(14 * 24 * 3600),
            execution_deadline: Duration::from_secs(3600),
            limits: Limits::default(),
            notifications: Vec::new(),
            reminder: None,
        }
    }
}
