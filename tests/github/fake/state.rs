//! What there is on the fake GitHub: nouns, and how they are found.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use git2::Oid;
use portcullis::model::Timestamp;
use serde_json::Value;

use super::faults::Fault;
use super::journal::Called;
use super::queue::Group;
use super::webhooks::Delivery;
use crate::clock::ManualClock;

/// The account under which GitHub itself commits: merges, edits on the web, suggestions.
pub const WEB_FLOW: u64 = 19_864_447;

pub struct State {
    pub clock: Arc<ManualClock>,
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    /// Where the git repositories lie.
    pub root: PathBuf,
    /// Whether each deed of a person takes a second.
    pub deeds_take_time: bool,
    /// How much later a fresh activity shows up in its list: a count that the test lets go.
    pub activity_held: bool,
    /// By how much the Date of answers, and what JWTs are measured with, is ahead of the clock.
    pub skew: jiff::SignedDuration,
    pub accounts: BTreeMap<u64, Account>,
    pub repositories: BTreeMap<u64, Repository>,
    /// Former full names.
    pub renamed: BTreeMap<String, u64>,
    pub teams: BTreeMap<u64, Team>,
    pub apps: BTreeMap<u64, App>,
    pub installations: BTreeMap<u64, Installation>,
    pub tokens: BTreeMap<String, Token>,
    /// Signed commits that GitHub vouches for, and for whom.
    pub verified: BTreeMap<Oid, u64>,
    /// Whose signing keys GitHub knows.
    pub known_keys: BTreeSet<u64>,
    pub quotas: BTreeMap<String, Quota>,
    pub quota: u64,
    /// How many requests with a fresh token are answered by a server that has not heard of it.
    pub late_tokens: u32,
    /// Of GitHub it is 100.
    pub most_of_a_page: usize,
    pub journal: Vec<Called>,
    pub faults: Vec<Fault>,
    pub deliveries: Vec<Delivery>,
    pub violations: Vec<String>,
    pub last_id: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    User,
    Organization,
    Bot,
}

pub struct Account {
    pub id: u64,
    pub login: String,
    pub kind: Kind,
    pub email: String,
    pub name: String,
    /// Deleted: wherever it stood there is nobody.
    pub gone: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Role {
    None,
    Read,
    Triage,
    Write,
    Maintain,
    Admin,
}

pub struct Repository {
    pub id: u64,
    pub owner: u64,
    pub name: String,
    pub private: bool,
    pub default_branch: String,
    pub parent: Option<u64>,
    pub gone: bool,
    pub path: PathBuf,
    pub created_at: Timestamp,
    pub collaborators: BTreeMap<u64, Role>,
    pub last_number: u64,
    pub pulls: BTreeMap<u64, Pull>,
    pub comments: BTreeMap<u64, Comment>,
    pub labels: BTreeMap<String, u64>,
    pub statuses: Vec<CommitStatus>,
    pub check_runs: BTreeMap<u64, CheckRun>,
    /// Oldest first.
    pub activity: Vec<Activity>,
    /// By branch.
    pub protection: BTreeMap<String, Value>,
    /// By branch.
    pub rules: BTreeMap<String, Vec<Value>>,
    pub queue: Vec<Group>,
    pub workflows: Vec<super::workflows::Workflow>,
    pub workflow_runs: BTreeMap<u64, super::workflows::WorkflowRun>,
}

pub struct Pull {
    pub id: u64,
    pub number: u64,
    pub title: String,
    pub body: Option<String>,
    pub user: u64,
    pub open: bool,
    pub draft: bool,
    pub head_repository: u64,
    pub head_ref: String,
    pub head: Oid,
    pub base_ref: String,
    pub base: Oid,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub closed_at: Option<Timestamp>,
    pub merged: Option<MergedBy>,
    pub reviews: Vec<Review>,
    pub requested: BTreeSet<u64>,
    pub labels: BTreeSet<String>,
}

pub struct MergedBy {
    pub at: Timestamp,
    pub by: u64,
    pub sha: Oid,
}

pub struct Review {
    pub id: u64,
    pub user: u64,
    pub state: String,
    pub body: String,
    pub commit: Option<Oid>,
    pub submitted_at: Timestamp,
}

pub struct Comment {
    pub id: u64,
    pub issue: u64,
    pub user: u64,
    /// The App through which it was written.
    pub app: Option<u64>,
    pub body: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub reactions: Vec<Reaction>,
}

pub struct Reaction {
    pub id: u64,
    pub user: u64,
    pub content: String,
    pub at: Timestamp,
}

pub struct CommitStatus {
    pub id: u64,
    pub sha: Oid,
    pub context: String,
    pub state: String,
    pub description: Option<String>,
    pub target_url: Option<String>,
    pub creator: u64,
    pub at: Timestamp,
}

#[derive(Clone)]
pub struct CheckRun {
    pub id: u64,
    pub app: u64,
    pub sha: Oid,
    pub name: String,
    pub status: String,
    pub conclusion: Option<String>,
    pub details_url: Option<String>,
    pub external_id: Option<String>,
    pub started_at: Option<String>,
    pub completed_at: Option<String>,
    pub title: Option<String>,
    pub summary: Option<String>,
    pub text: Option<String>,
    pub annotations: Vec<Value>,
}

pub struct Activity {
    pub id: u64,
    pub kind: &'static str,
    pub actor: u64,
    /// `refs/heads/main`.
    pub reference: String,
    pub before: Oid,
    pub after: Oid,
    pub at: Timestamp,
    /// Happened, but not to be seen in the list yet.
    pub held: bool,
}

pub struct Team {
    pub id: u64,
    pub organization: u64,
    pub slug: String,
    pub members: BTreeSet<u64>,
    pub created_at: Timestamp,
}

pub struct App {
    pub id: u64,
    pub slug: String,
    pub owner: u64,
    pub bot: u64,
    pub permissions: BTreeMap<String, Level>,
    pub events: Vec<String>,
    pub webhook_url: String,
    pub created_at: Timestamp,
}

pub struct Installation {
    pub id: u64,
    pub app: u64,
    pub account: u64,
    pub repositories: BTreeSet<u64>,
    pub permissions: BTreeMap<String, Level>,
    pub suspended: bool,
    pub created_at: Timestamp,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Level {
    Read,
    Write,
}

#[derive(Clone)]
pub struct Token {
    pub of: Bearer,
    /// `None`: everything its bearer may.
    pub permissions: Option<BTreeMap<String, Level>>,
    /// `None`: every repository its bearer may see.
    pub repositories: Option<BTreeSet<u64>>,
    pub expires_at: Option<Timestamp>,
    /// How many requests with it are still answered by a server that has not heard of it.
    pub unheard_of: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bearer {
    User(u64),
    Installation(u64),
}

#[derive(Clone, Copy)]
pub struct Quota {
    pub used: u64,
    pub reset: Timestamp,
}

impl State {
    pub fn new(clock: Arc<ManualClock>, root: PathBuf) -> Self {
        let mut state = Self {
            clock,
            url: String::new(),
            root,
            deeds_take_time: true,
            activity_held: false,
            skew: jiff::SignedDuration::ZERO,
            accounts: BTreeMap::new(),
            repositories: BTreeMap::new(),
            renamed: BTreeMap::new(),
            teams: BTreeMap::new(),
            apps: BTreeMap::new(),
            installations: BTreeMap::new(),
            tokens: BTreeMap::new(),
            verified: BTreeMap::new(),
            known_keys: BTreeSet::new(),
            quotas: BTreeMap::new(),
            quota: 5000,
            late_tokens: 0,
            most_of_a_page: 100,
            journal: Vec::new(),
            faults: Vec::new(),
            deliveries: Vec::new(),
            violations: Vec::new(),
            last_id: 1000,
        };
        let web_flow = Account {
            id: WEB_FLOW,
            login: "web-flow".into(),
            kind: Kind::User,
            email: "noreply@github.com".into(),
            name: "GitHub".into(),
            gone: false,
        };
        state.accounts.insert(WEB_FLOW, web_flow);
        state
    }

    pub fn now(&self) -> Timestamp {
        self.clock.time()
    }

    /// An id that nothing has.
    pub fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// What people do takes a second, so that what follows is later.
    pub fn deed(&self) {
        if self.deeds_take_time {
            self.clock.advance(std::time::Duration::from_secs(1));
        }
    }

    /// The account of that name, made if there is none.
    pub fn account(&mut self, login: &str, kind: Kind) -> u64 {
        if let Some(id) = self.account_id(login) {
            return id;
        }
        let id = self.next_id();
        let email = format!("{login}@acme.dev");
        self.accounts.insert(id, Account { id, login: login.into(), kind, email, name: login.into(), gone: false });
        id
    }

    pub fn account_id(&self, login: &str) -> Option<u64> {
        self.accounts
            .values()
            .find(|account| account.login.eq_ignore_ascii_case(login) && !account.gone)
            .map(|account| account.id)
    }

    pub fn by_email(&self, email: &str) -> Option<u64> {
        self.accounts
            .values()
            .find(|account| account.email.eq_ignore_ascii_case(email) && !account.gone)
            .map(|account| account.id)
    }

    pub fn full_name(&self, repository: u64) -> String {
        let repository = &self.repositories[&repository];
        format!("{}/{}", self.accounts[&repository.owner].login, repository.name)
    }

    /// The repository that is called this now.
    pub fn repository_id(&self, full_name: &str) -> Option<u64> {
        let ids = self.repositories.values().filter(|repository| !repository.gone).map(|repository| repository.id);
        ids.into_iter().find(|id| self.full_name(*id).eq_ignore_ascii_case(full_name))
    }

    pub fn repository(&mut self, id: u64) -> &mut Repository {
        self.repositories.get_mut(&id).unwrap()
    }

    pub fn pull(&mut self, repository: u64, number: u64) -> &mut Pull {
        self.repository(repository).pulls.get_mut(&number).unwrap_or_else(|| panic!("there is no pull request #{number}"))
    }

    /// What somebody may do in a repository.
    pub fn role(&self, repository: u64, account: u64) -> Role {
        let repository = &self.repositories[&repository];
        if repository.owner == account {
            return Role::Admin;
        }
        let least = if repository.private { Role::None } else { Role::Read };
        repository.collaborators.get(&account).copied().unwrap_or(least)
    }
}
