//! What the fake was asked, in order.

use serde_json::Value;

use super::GitHub;

/// One request, and how it was answered.
#[derive(Clone, Debug)]
pub struct Called {
    pub method: String,
    /// Below the API's address, without the query: `/repos/acme/catalog/pulls`.
    pub path: String,
    pub query: String,
    /// Whether it asked only for what has changed.
    pub conditional: bool,
    /// 0 where it was never answered.
    pub status: u16,
    /// How much of the quota it took.
    pub cost: u64,
    /// Who asked: `token:alice`, `app:portcullis`, `installation:7`, or `nobody`.
    pub by: String,
    pub body: Option<Value>,
    /// Whether it was git, not the API.
    pub git: bool,
}

impl Called {
    pub fn writes(&self) -> bool {
        !self.git && self.method != "GET" && !self.path.ends_with("/access_tokens")
    }
}

impl GitHub {
    /// Everything that was asked of the API so far, oldest first.
    pub fn calls(&self) -> Vec<Called> {
        self.state().journal.iter().filter(|call| !call.git).cloned().collect()
    }

    /// Those of a method whose path contains a text.
    pub fn calls_to(&self, method: &str, part: &str) -> Vec<Called> {
        self.calls().into_iter().filter(|call| call.method == method && call.path.contains(part)).collect()
    }

    /// What git asked.
    pub fn git_calls(&self) -> Vec<Called> {
        self.state().journal.iter().filter(|call| call.git).cloned().collect()
    }

    /// What was written, or tried to be.
    pub fn writes(&self) -> Vec<Called> {
        self.calls().into_iter().filter(Called::writes).collect()
    }

    /// How much quota was used.
    pub fn cost(&self) -> u64 {
        self.calls().iter().map(|call| call.cost).sum()
    }

    /// Forgets what was asked, so that what follows is counted alone.
    pub fn forgets_calls(&self) {
        self.state().journal.clear();
    }
}
