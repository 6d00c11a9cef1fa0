//! What a GitHub tells of itself and of us: who we are there, where we are installed, and what we may read.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::address::segment;
use super::token::Who;
use super::{ApiError, Client, Credentials, Github};
use crate::model::{ForgeUser, Timestamp};

/// An account as GitHub tells of it.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Account {
    /// The numeric id.
    pub id: u64,
    /// The login.
    pub login: String,
}

/// Our App.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct App {
    /// The numeric id.
    pub id: u64,
    /// Its name in addresses; its bot is `{slug}[bot]`.
    #[serde(default)]
    pub slug: Option<String>,
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// Whose it is.
    #[serde(default)]
    pub owner: Option<Account>,
    /// What it asks for: `checks` → `write`.
    #[serde(default)]
    pub permissions: BTreeMap<String, String>,
    /// Which events it is sent.
    #[serde(default)]
    pub events: Vec<String>,
}

/// An account that has installed our App.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Installation {
    /// The numeric id.
    pub id: u64,
    /// The organisation or user.
    #[serde(default)]
    pub account: Option<Account>,
    /// `all` or `selected` repositories.
    #[serde(default)]
    pub repository_selection: Option<String>,
    /// What was granted, which may be less than what the App asks for by now.
    #[serde(default)]
    pub permissions: BTreeMap<String, String>,
    /// Which events are sent.
    #[serde(default)]
    pub events: Vec<String>,
    /// Since when it may do nothing.
    #[serde(default)]
    pub suspended_at: Option<Timestamp>,
}

/// A repository as GitHub tells of it.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Found {
    /// The numeric id, which outlives renames.
    pub id: u64,
    /// `owner/name`.
    pub full_name: String,
    /// Nothing can be written there.
    #[serde(default)]
    pub archived: bool,
    /// Nothing can be read there either.
    #[serde(default)]
    pub disabled: bool,
    /// The branch that pull requests go to unless they say otherwise.
    #[serde(default)]
    pub default_branch: Option<String>,
}

/// What is left of the hour's quota.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
pub struct Quota {
    /// Requests an hour.
    pub limit: u64,
    /// How many of them are left.
    pub remaining: u64,
    /// When they are whole again, in seconds since 1970 by GitHub's clock.
    pub reset: i64,
}

#[derive(Deserialize)]
struct Resources {
    resources: Core,
}

#[derive(Deserialize)]
struct Core {
    core: Quota,
}

impl Github {
    /// Our App.
    ///
    /// # Errors
    /// Whatever kept it from being read, or that we are none.
    pub async fn app(&self) -> Result<App, ApiError> {
        self.as_app().get("/app").await?.ok_or_else(|| absent("the App"))
    }

    /// Every account that has installed our App.
    ///
    /// # Errors
    /// Whatever kept them from being read.
    pub async fn installations(&self) -> Result<Vec<Installation>, ApiError> {
        self.as_app().list("/app/installations?per_page=100").await?.ok_or_else(|| absent("the App's installations"))
    }

    /// Every repository that an installation may reach.
    ///
    /// # Errors
    /// Whatever kept them from being read.
    pub async fn repositories(&self, installation: u64) -> Result<Vec<Found>, ApiError> {
        let client = self.as_installation(installation);
        let found = client.list_in("/installation/repositories?per_page=100", "repositories").await?;
        found.ok_or_else(|| absent("the installation's repositories"))
    }

    /// Whose the plain token is.
    ///
    /// # Errors
    /// Whatever kept it from being read, or that we are an App.
    pub async fn user(&self) -> Result<Account, ApiError> {
        if matches!(self.0.credentials, Credentials::App { .. }) {
            return Err(ApiError::Refused { status: 0, what: "a GitHub App is no user".into() });
        }
        self.client(Who::Token, None).get("/user").await?.ok_or_else(|| absent("the token's user"))
    }
}

impl Client {
    /// What is left of the hour's quota; to ask costs nothing. `None` where this GitHub has no limits.
    ///
    /// # Errors
    /// Whatever kept it from being read.
    pub async fn rate_limit(&self) -> Result<Option<Quota>, ApiError> {
        Ok(self.get::<Resources>("/rate_limit").await?.map(|told| told.resources.core))
    }

    /// The login and numeric id that what we write carries: the token's user, or the App's bot. Asked once.
    ///
    /// # Errors
    /// Where GitHub does not say.
    pub async fn ourselves(&self) -> Result<ForgeUser, ApiError> {
        self.github.0.ourselves.get_or_try_init(|| self.find_ourselves()).await.cloned()
    }

    async fn find_ourselves(&self) -> Result<ForgeUser, ApiError> {
        let account = if self.is_app() {
            let slug = self.github.app().await?.slug.ok_or_else(|| absent("the App's slug"))?;
            let path = format!("/users/{}", segment(&format!("{slug}[bot]")));
            self.get::<Account>(&path).await?.ok_or_else(|| absent("the App's bot"))?
        } else {
            self.github.user().await?
        };
        Ok(ForgeUser { login: account.login, id: account.id })
    }
}

fn absent(what: &str) -> ApiError {
    ApiError::Refused { status: 404, what: format!("GitHub does not know {what}") }
}
