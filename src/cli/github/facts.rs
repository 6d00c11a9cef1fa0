//! What is known of a GitHub and of the repositories on it, before anything is thought of it.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::forge::github::ApiError;
use crate::forge::github::client::{Account, App, Installation, Quota};
use crate::model::{ForgeTeam, IdentityMode};
use crate::report::AppWishes;

/// What GitHub told, or why it did not.
pub(super) type Told<T> = Result<T, ApiError>;

/// Everything.
pub(super) struct Facts {
    /// The address of the API.
    pub(super) api: String,
    /// Who we are to it.
    pub(super) identity: Identity,
    /// By how many seconds its clock is ahead of ours.
    pub(super) skew: Option<i64>,
    /// What the App should be able to do.
    pub(super) wishes: AppWishes,
    /// Whether the daemon takes webhooks.
    pub(super) takes_webhooks: bool,
    /// Whether it was said where the daemon can be reached.
    pub(super) url_is_known: bool,
    /// The App's webhook; `None` where we are no App.
    pub(super) hook: Option<Hook>,
    /// What is left of the quota; `None` inside where there is none.
    pub(super) quota: Option<Told<Option<Quota>>>,
    /// The repositories.
    pub(super) repositories: Vec<RepositoryFacts>,
    /// What the configuration warns of.
    pub(super) warnings: Vec<String>,
}

/// Who we are.
pub(super) enum Identity {
    App(Told<App>),
    Token(Told<Account>),
}

/// The webhook of an App.
pub(super) struct Hook {
    pub(super) config: Told<Option<HookConfig>>,
    pub(super) deliveries: Told<Option<Vec<Delivery>>>,
}

/// Where deliveries go.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct HookConfig {
    #[serde(default)]
    pub(super) url: Option<String>,
    #[serde(default)]
    pub(super) content_type: Option<String>,
    /// `"0"`, `0`, `"1"` or `1`.
    #[serde(default)]
    pub(super) insecure_ssl: serde_json::Value,
    /// Stars, where there is one.
    #[serde(default)]
    pub(super) secret: Option<String>,
}

/// One delivery.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Delivery {
    #[serde(default)]
    pub(super) status_code: u16,
    #[serde(default)]
    pub(super) status: String,
    #[serde(default)]
    pub(super) event: String,
}

/// One repository.
pub(super) struct RepositoryFacts {
    /// `owner/name`, as the configuration has it.
    pub(super) name: String,
    /// The watched branch.
    pub(super) branch: String,
    /// The installation that has it; `None` where we are no App.
    pub(super) installation: Option<Told<Option<Installation>>>,
    /// The repository itself.
    pub(super) repository: Told<Option<RepositoryWords>>,
    /// Whether git fetches it, and what of the catalog there is.
    pub(super) fetched: Result<CatalogFacts, Unfetched>,
    /// The watched branch, with a summary of its protection.
    pub(super) branch_words: Told<Option<BranchWords>>,
    /// The details of its protection, which only some may see.
    pub(super) protection: Told<Option<Protection>>,
    /// The rules of the rulesets that hold for it.
    pub(super) rules: Told<Option<Vec<Rule>>>,
    /// The accounts of the roster, by number.
    pub(super) accounts: BTreeMap<u64, Told<Option<Account>>>,
    /// The teams of the roster.
    pub(super) teams: BTreeMap<ForgeTeam, Told<Option<TeamWords>>>,
}

/// Why there is no catalog to look at.
#[derive(Clone, Debug)]
pub(super) enum Unfetched {
    /// git could not fetch; its words.
    Git(String),
    /// The branch is not there.
    NoBranch,
    /// There is no catalog that can be read.
    NoCatalog(String),
}

/// What the catalog says of people, and asks of us.
#[derive(Clone, Debug)]
pub(super) struct CatalogFacts {
    pub(super) identity: IdentityMode,
    /// Errors in the catalog as it stands.
    pub(super) errors: usize,
    pub(super) users: Vec<UserFacts>,
    pub(super) teams: Vec<ForgeTeam>,
    /// Whether there are actions at all: what becomes of their runs is written down in git.
    pub(super) actions: bool,
    /// Whether there are actions that dispatch workflows.
    pub(super) workflows: bool,
}

/// A user of the roster.
#[derive(Clone, Debug)]
pub(super) struct UserFacts {
    pub(super) identifier: String,
    pub(super) id: Option<u64>,
    pub(super) login: Option<String>,
}

/// A repository in GitHub's words.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct RepositoryWords {
    #[serde(default)]
    pub(super) full_name: String,
    #[serde(default)]
    pub(super) archived: bool,
    #[serde(default)]
    pub(super) permissions: Option<OurPermissions>,
}

/// What a token's user may do.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(super) struct OurPermissions {
    #[serde(default)]
    pub(super) push: bool,
}

/// A branch.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct BranchWords {
    #[serde(default)]
    pub(super) protected: bool,
    #[serde(default)]
    pub(super) protection: Option<ProtectionSummary>,
}

/// What everybody who reads the branch sees of its protection.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct ProtectionSummary {
    #[serde(default)]
    pub(super) required_status_checks: Option<RequiredChecks>,
}

/// The details of a protection.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Protection {
    #[serde(default)]
    pub(super) required_status_checks: Option<RequiredChecks>,
    #[serde(default)]
    pub(super) enforce_admins: Option<Switch>,
    #[serde(default)]
    pub(super) allow_force_pushes: Option<Switch>,
}

/// Something that is on or off.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(super) struct Switch {
    #[serde(default)]
    pub(super) enabled: bool,
}

/// Which checks must be green.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct RequiredChecks {
    #[serde(default)]
    pub(super) strict: Option<bool>,
    /// `everyone`, `non_admins` or `off`; in the summary alone.
    #[serde(default)]
    pub(super) enforcement_level: Option<String>,
    #[serde(default)]
    pub(super) contexts: Vec<String>,
    #[serde(default)]
    pub(super) checks: Vec<RequiredCheck>,
}

/// One of them, and whose it must be.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct RequiredCheck {
    #[serde(default)]
    pub(super) context: String,
    /// The App's number: `app_id` in protections, `integration_id` in rulesets; none, or -1, for anybody's.
    #[serde(default, alias = "integration_id")]
    pub(super) app_id: Option<i64>,
}

/// A rule of a ruleset.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Rule {
    #[serde(default, rename = "type")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) parameters: Option<RuleParameters>,
}

/// Of a rule, what is of interest here.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct RuleParameters {
    #[serde(default)]
    pub(super) required_status_checks: Vec<RequiredCheck>,
    #[serde(default)]
    pub(super) strict_required_status_checks_policy: bool,
}

/// A team.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(super) struct TeamWords {
    #[serde(default)]
    pub(super) id: u64,
}
