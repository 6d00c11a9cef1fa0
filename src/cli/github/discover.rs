//! Which repositories an App is installed on and hold a catalog at their top.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::config::{Config, Discovered, ForgeKind, GithubConfig, GithubRepository, RepositoryConfig};
use crate::forge::github::client::{Found, segment};
use crate::forge::github::{ApiError, Github};

/// The file that makes a repository one with a catalog.
const CATALOG: &str = "catalog.yaml";

/// Of a file, that it is there.
#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    File {
        #[allow(dead_code)]
        sha: IgnoredAny,
    },
    /// A directory of that name is a list.
    Other(#[allow(dead_code)] IgnoredAny),
}

/// What was found, and what could not be looked at.
#[derive(Debug, Default)]
pub(in crate::cli) struct Discovery {
    /// The repositories with a catalog.
    pub(in crate::cli) found: Vec<Found>,
    /// The numbers of those without one.
    pub(in crate::cli) without: Vec<u64>,
    /// The numbers of repositories of which nobody knows whether they have one: what is known of them stays as it is.
    pub(in crate::cli) unknown: Vec<u64>,
    /// Whether a whole installation could not be listed.
    pub(in crate::cli) incomplete: bool,
    /// Why.
    pub(in crate::cli) troubles: Vec<String>,
}

/// Looks everywhere that the App is installed, except at repositories that `skipped` names: nobody is told "still nothing there" for free.
///
/// # Errors
/// Where not even the installations are told.
pub(in crate::cli) async fn discover(github: &Github, skipped: &BTreeSet<u64>) -> Result<Discovery, ApiError> {
    let mut out = Discovery::default();
    for installation in github.installations().await?.into_iter().filter(|installation| installation.suspended_at.is_none()) {
        let repositories = match github.repositories(installation.id).await {
            Ok(repositories) => repositories,
            Err(error) => {
                out.incomplete = true;
                out.troubles.push(format!("installation {}: {error}", installation.id));
                continue;
            }
        };
        let usable = |repository: &Found| !repository.archived && !repository.disabled && !skipped.contains(&repository.id);
        for repository in repositories.into_iter().filter(usable) {
            let Some(branch) = repository.default_branch.clone() else { continue };
            let client = github.repository(&repository.full_name).patient();
            match client.get::<Content>(&format!("contents/{CATALOG}?ref={}", segment(&branch))).await {
                Ok(Some(Content::File { .. })) => out.found.push(repository),
                Ok(Some(Content::Other(_)) | None) => out.without.push(repository.id),
                Err(error) => {
                    out.unknown.push(repository.id);
                    out.troubles.push(format!("{}: {error}", repository.full_name));
                }
            }
        }
    }
    // An order of our own, and each once, whatever was told.
    out.found.sort_by_key(|found| found.id);
    out.found.dedup_by_key(|found| found.id);
    Ok(out)
}

/// How a repository that was found is watched; `None` where it is listed in the configuration, which says it better, or its name could not be
/// that of a repository.
pub(in crate::cli) fn configured(
    found: &Found,
    github: &GithubConfig,
    discovered: &Discovered,
    config: &Config,
) -> Option<RepositoryConfig> {
    let listed =
        |listed: &RepositoryConfig| listed.github.as_ref().is_some_and(|g| g.name.eq_ignore_ascii_case(&found.full_name));
    if config.repositories.iter().any(listed) {
        return None;
    }
    crate::config::github_repository(&found.full_name).ok()?;
    // An owner's login has no dot, so that no two repositories come to one name.
    let name = found.full_name.replacen('/', ".", 1);
    Some(RepositoryConfig {
        name,
        named: false,
        path: config.copies.join("repositories").join(format!("github-{}.git", found.id)),
        remote: None,
        branch: found.default_branch.clone()?,
        root: String::new(),
        forge: ForgeKind::Github,
        github: Some(GithubRepository { name: found.full_name.clone(), id: Some(found.id), git: github.git.clone() }),
        answers: discovered.answers.clone(),
    })
}
