//! What we read of a delivery: a few fields of each, and none of them required.

use serde::Deserialize;

/// The union of what the events have that wake somebody.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Payload {
    pub(super) action: Option<String>,
    pub(super) repository: Option<Repository>,
    pub(super) installation: Option<Numbered>,
    pub(super) sender: Option<Numbered>,
    pub(super) pull_request: Option<PullRequest>,
    pub(super) check_run: Option<Check>,
    pub(super) check_suite: Option<Check>,
    pub(super) issue: Option<Issue>,
    pub(super) comment: Option<Comment>,
    /// Of a push.
    #[serde(rename = "ref")]
    pub(super) reference: Option<String>,
    /// Of a status.
    pub(super) context: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Repository {
    pub(super) id: u64,
    pub(super) full_name: String,
}

#[derive(Deserialize)]
pub(super) struct Numbered {
    pub(super) id: u64,
}

#[derive(Deserialize)]
pub(super) struct PullRequest {
    pub(super) number: u64,
    /// Where a check names it: pull requests of other repositories with the same head are named too.
    #[serde(default)]
    pub(super) base: Option<Base>,
}

#[derive(Deserialize)]
pub(super) struct Base {
    #[serde(default)]
    pub(super) repo: Option<Numbered>,
}

/// A check run, or a suite.
#[derive(Deserialize)]
pub(super) struct Check {
    /// Empty for forks.
    #[serde(default)]
    pub(super) pull_requests: Option<Vec<PullRequest>>,
}

#[derive(Deserialize)]
pub(super) struct Issue {
    pub(super) number: u64,
    /// There, where the issue is a pull request.
    #[serde(default)]
    pub(super) pull_request: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
pub(super) struct Comment {
    #[serde(default)]
    pub(super) body: Option<String>,
}
