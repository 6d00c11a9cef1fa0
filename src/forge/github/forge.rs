//! GitHub as a [`Forge`]: each of its calls, handed to the part that knows it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use crate::forge::{
    Asking, BranchDetails, Forge, ForgeError, Merge, MergeGroup, Merged, Publication, Published, PullRequest, PullRequestDetails,
    Remote, RunTold, Status,
};
use crate::model::{CommitId, ForgeTeam};

use super::publish::{Memory, Publisher};
use super::{Client, facts, merging, publish, words};

/// Which branch of the repository is watched, and what is shown of a judgement beyond statuses.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GithubForgeOptions {
    /// The watched branch, by its short name: `main`.
    pub watched_branch: String,
    /// Whether the one comment is written.
    pub comments: bool,
    /// Whether a check run is made, where we are a GitHub App.
    pub check_runs: bool,
    /// Whether those who may approve are asked for their review.
    pub review_requests: bool,
    /// Where repositories are fetched from, `https://github.com`.
    pub git: String,
}

impl Default for GithubForgeOptions {
    fn default() -> Self {
        Self {
            watched_branch: "main".to_owned(),
            comments: true,
            check_runs: true,
            review_requests: true,
            git: "https://github.com".to_owned(),
        }
    }
}

/// A repository on GitHub.
pub struct GithubForge {
    client: Client,
    options: GithubForgeOptions,
    memory: Mutex<Memory>,
    /// Teams of which it was said already that they are not known, and why.
    unknown_teams: Mutex<BTreeMap<ForgeTeam, String>>,
}

impl std::fmt::Debug for GithubForge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GithubForge").field("options", &self.options).finish_non_exhaustive()
    }
}

impl GithubForge {
    /// Asks nothing yet.
    pub fn new(client: Client, options: GithubForgeOptions) -> Self {
        Self { client, options, memory: Mutex::default(), unknown_teams: Mutex::default() }
    }

    /// Says once of each team that it is not known, and once of each that it is again.
    fn tell_unknown(&self, asked: &BTreeSet<ForgeTeam>, unknown: Vec<(ForgeTeam, String)>) {
        let mut told = self.unknown_teams.lock().unwrap_or_else(PoisonError::into_inner);
        let unknown: BTreeMap<ForgeTeam, String> = unknown.into_iter().collect();
        for team in asked.iter().filter(|team| !unknown.contains_key(*team)) {
            if told.remove(team).is_some() {
                tracing::info!(repository = %self.client.name(), team = %team.slug, "its members are known again");
            }
        }
        for (team, why) in unknown {
            if told.get(&team) != Some(&why) {
                tracing::warn!(repository = %self.client.name(), organization = %team.organization, team = %team.slug,
                    "its members are not known, so it grants nobody anything: {why}");
                told.insert(team, why);
            }
        }
    }
}

#[async_trait]
impl Forge for GithubForge {
    async fn open_pull_requests(&self) -> Result<Vec<PullRequest>, ForgeError> {
        // What a poll asks must leave quota to what somebody waits for.
        facts::open_pull_requests(&self.client.patient(), &self.options.watched_branch).await
    }

    async fn pull_request(&self, id: &str) -> Result<Option<PullRequest>, ForgeError> {
        facts::pull_request(&self.client, id).await
    }

    async fn details(&self, pull_request: &PullRequest, asking: Asking<'_>) -> Result<PullRequestDetails, ForgeError> {
        facts::details(&self.client, &self.options.watched_branch, pull_request, asking).await
    }

    async fn publish(&self, publication: &Publication) -> Result<Published, ForgeError> {
        Publisher { client: &self.client, options: &self.options, memory: &self.memory }.publish(publication).await
    }

    fn tells_runs(&self) -> bool {
        self.options.comments
    }

    async fn tell_run(&self, told: &RunTold) -> Result<bool, ForgeError> {
        let Some(number) = facts::number(&told.pull_request) else { return Ok(false) };
        let ourselves = self.client.ourselves().await?;
        let remark = publish::Remark { number, marker: &words::run_marker(&told.handle), text: &told.comment };
        Ok(publish::comment(&self.client, &ourselves, remark, None).await?.written)
    }

    async fn statuses(&self, commits: &[CommitId]) -> Result<Vec<Status>, ForgeError> {
        publish::statuses(&self.client, commits).await
    }

    async fn remote(&self) -> Result<Option<Remote>, ForgeError> {
        let authorization = self.client.git_authorization().await?;
        let url = format!("{}/{}.git", self.options.git.trim_end_matches('/'), self.client.name());
        Ok(Some(Remote { url, authorization: Some(authorization.reveal().to_owned()) }))
    }

    async fn branch(&self, signed: &[CommitId]) -> Result<BranchDetails, ForgeError> {
        facts::branch(&self.client, &self.options.watched_branch, signed).await
    }

    async fn teams(&self, teams: &BTreeSet<ForgeTeam>) -> Result<BTreeMap<ForgeTeam, BTreeSet<u64>>, ForgeError> {
        let (known, unknown) = facts::teams(&self.client, teams).await?;
        self.tell_unknown(teams, unknown);
        Ok(known)
    }

    fn queue(&self) -> Option<String> {
        Some(facts::prefix(&self.options.watched_branch))
    }

    fn merge_group(&self, rest: &str) -> Option<MergeGroup> {
        facts::merge_group(rest)
    }

    fn patience(&self) -> f64 {
        self.client.github().slow_down()
    }

    /// Of all repositories of this GitHub together: they share one connection.
    fn requests(&self) -> Vec<(&'static str, u64)> {
        let counts = self.client.github().counts();
        vec![
            ("sent", counts.requests),
            ("write", counts.writes),
            ("unchanged", counts.unchanged),
            ("retry", counts.retries),
            ("limited", counts.limited),
            ("held", counts.held),
            ("minted", counts.minted),
            ("redirect", counts.redirects),
            ("fault", counts.faults),
        ]
    }

    async fn merge(&self, merge: &Merge) -> Result<Merged, ForgeError> {
        merging::merge(&self.client, &self.options.watched_branch, merge).await
    }
}
