//! Asks GitHub, and git, everything that a check-up needs; nothing is written anywhere but in a directory that goes away.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::de::DeserializeOwned;

use crate::config::{Config, GithubConfig, RepositoryConfig};
use crate::facts::Workspace;
use crate::forge::github::Github;
use crate::forge::github::client::{Account, Client, Credentials, Installation, segment};
use crate::git::{self, Access};
use crate::report::AppWishes;

use super::facts::{CatalogFacts, Delivery, Facts, Hook, Identity, RepositoryFacts, Told, Unfetched, UserFacts};

/// How many accounts are looked up: a request each.
const MOST_ACCOUNTS: usize = 200;

/// How many of the latest deliveries are looked at.
const DELIVERIES: usize = 30;

/// Gathers the facts of these repositories; `url` is where the daemon can be reached.
pub(super) async fn gather(
    (config, github): (&Config, &GithubConfig),
    repositories: &[RepositoryConfig],
    connection: &Github,
    url: Option<String>,
) -> Facts {
    let is_app = matches!(github.credentials, Some(Credentials::App { .. }));
    let identity = if is_app { Identity::App(connection.app().await) } else { Identity::Token(connection.user().await) };
    let takes_webhooks = !github.webhook_secrets.is_empty();
    let mut facts = Facts {
        api: github.api.clone(),
        identity,
        skew: connection.clock_skew(),
        wishes: AppWishes {
            name: String::new(),
            org: None,
            git: github.git.clone(),
            api: github.api.clone(),
            url: url.clone().or_else(|| takes_webhooks.then(String::new)),
            merge: repositories.iter().any(|repository| repository.answers.merge.is_some()),
            execute: false,
            workflows: false,
            teams: false,
        },
        takes_webhooks,
        url_is_known: url.is_some(),
        hook: None,
        quota: None,
        repositories: Vec::new(),
        warnings: config.warnings.clone(),
    };
    if matches!(&facts.identity, Identity::App(Err(_)) | Identity::Token(Err(_))) {
        return facts;
    }
    if is_app && takes_webhooks {
        let app = connection.as_app();
        let deliveries: Told<Option<Vec<Delivery>>> = app.get(&format!("/app/hook/deliveries?per_page={DELIVERIES}")).await;
        facts.hook = Some(Hook { config: app.get("/app/hook/config").await, deliveries });
    }
    for repository in repositories {
        if let Some(asked) = ask(repository, connection, is_app, config.fetch_deadline).await {
            facts.repositories.push(asked);
        }
    }
    let asks = |of: fn(&CatalogFacts) -> bool| facts.repositories.iter().any(|told| told.fetched.as_ref().is_ok_and(of));
    facts.wishes.execute = config.execution.enabled && asks(|catalog| catalog.actions);
    facts.wishes.workflows = config.execution.enabled && asks(|catalog| catalog.workflows);
    facts.wishes.teams = facts.repositories.iter().any(|repository| !repository.teams.is_empty());
    if let Some(first) = facts.repositories.first() {
        facts.quota = Some(connection.repository(&first.name).rate_limit().await);
    }
    facts
}

async fn ask(repository: &RepositoryConfig, connection: &Github, is_app: bool, deadline: Duration) -> Option<RepositoryFacts> {
    let name = repository.github.as_ref()?.name.clone();
    let client = connection.repository(&name);
    let branch = segment(&repository.branch);
    let installation: Option<Told<Option<Installation>>> = match is_app {
        true => Some(connection.as_app().get(&format!("/repos/{name}/installation")).await),
        false => None,
    };
    let mut facts = RepositoryFacts {
        branch: repository.branch.clone(),
        repository: Ok(None),
        fetched: Err(Unfetched::Git(String::new())),
        branch_words: Ok(None),
        protection: Ok(None),
        rules: Ok(None),
        accounts: BTreeMap::new(),
        teams: BTreeMap::new(),
        installation,
        name,
    };
    let usable = |installation: &Installation| installation.suspended_at.is_none();
    if facts.installation.as_ref().is_some_and(|told| !matches!(told, Ok(Some(installation)) if usable(installation))) {
        return Some(facts);
    }
    facts.repository = client.get(&format!("/repos/{}", facts.name)).await;
    if !matches!(facts.repository, Ok(Some(_))) {
        return Some(facts);
    }
    facts.branch_words = client.get(&format!("branches/{branch}")).await;
    facts.protection = client.get(&format!("branches/{branch}/protection")).await;
    facts.rules = client.list(&format!("rules/branches/{branch}?per_page=100")).await;
    facts.fetched = match &facts.branch_words {
        // git would say that it cannot fetch, and not why.
        Ok(None) => Err(Unfetched::NoBranch),
        _ => fetch(repository, &client, deadline).await,
    };
    if let Ok(catalog) = &facts.fetched {
        let ids: BTreeSet<u64> = catalog.users.iter().filter_map(|user| user.id).collect();
        for id in ids.into_iter().take(MOST_ACCOUNTS) {
            facts.accounts.insert(id, read::<Account>(&client, &format!("/user/{id}")).await);
        }
        for team in &catalog.teams {
            let path = format!("/orgs/{}/teams/{}", segment(&team.organization), segment(&team.slug));
            facts.teams.insert(team.clone(), client.get(&path).await);
        }
    }
    Some(facts)
}

async fn read<T: DeserializeOwned>(client: &Client, path: &str) -> Told<Option<T>> {
    client.get(path).await
}

/// Fetches the watched branch into a directory that goes away, and reads the catalog there.
async fn fetch(repository: &RepositoryConfig, client: &Client, deadline: Duration) -> Result<CatalogFacts, Unfetched> {
    let broken = |error: &dyn std::fmt::Display| Unfetched::Git(error.to_string());
    let directory = tempfile::tempdir().map_err(|error| broken(&error))?;
    git2::Repository::init_bare(directory.path()).map_err(|error| broken(&error))?;
    let url = format!("{}/{}.git", client.github().git(), client.name());
    let authorization = client.git_authorization().await.map_err(|error| broken(&error))?;
    let access = Access { remote: &url, authorization: Some(authorization.reveal()) };
    let watched = format!("refs/heads/{}", repository.branch);
    let refspecs = [format!("+{watched}:{watched}")];
    git::fetch_by(directory.path(), access, &refspecs, deadline).await.map_err(|error| broken(&error))?;
    let opened = git::Repository::open(directory.path()).map_err(|error| broken(&error))?;
    let commit = opened.resolve(&watched).map_err(|_| Unfetched::NoBranch)?;
    let unread = |error: &dyn std::fmt::Display| Unfetched::NoCatalog(error.to_string());
    let expressions = crate::cli::jq_worker::expressions();
    let workspace = Workspace::open(directory.path(), &repository.root, expressions).map_err(|error| unread(&error))?;
    let catalog = workspace.snapshot(commit).map_err(|error| unread(&error))?.catalog;
    if catalog.policies().iter().next().is_none() {
        return Err(Unfetched::NoCatalog(format!("there is no catalog.yaml on `{}`", repository.branch)));
    }
    let errors = crate::check::validate(&catalog).iter().filter(|finding| finding.is_error()).count();
    let user = |user: &crate::model::User| UserFacts {
        identifier: user.identifier.to_string(),
        id: user.github_id,
        login: user.github_login.clone(),
    };
    Ok(CatalogFacts {
        identity: catalog.policy().identity,
        errors,
        users: catalog.users().iter().map(|(_, located)| user(&located.value)).collect(),
        teams: catalog.teams().iter().filter_map(|(_, located)| located.value.github.clone()).collect(),
        actions: catalog.actions().iter().next().is_some(),
        workflows: catalog
            .actions()
            .iter()
            .any(|(_, action)| matches!(action.value.invocation.way, crate::model::Invocation::Workflow(_))),
    })
}
