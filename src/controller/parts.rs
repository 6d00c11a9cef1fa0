//! What a controller is made of: everything of the outside world that it touches is handed in here.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::catalog::Catalog;
use crate::check::{Proposal, Verdict};
use crate::config::RemoteUrl;
use crate::execute::Performers;
use crate::facts::Workspace;
use crate::forge::{Forge, MergeMethod};
use crate::model::{CommitId, Finding, ForgeTeam, ForgeUser, Identifier, IdentityMode, SigningKey};
use crate::run::life::Answer;
use crate::store::{RepositoryKey, Store};

use super::claims::Claims;
use super::history::History;
use super::lease::{Held, LeaseSettings};
use super::merge_group::Entry;
use super::sightings::Sightings;
use super::sparing::Rests;
use super::{Backoff, Clock, Thing};

/// A repository to watch.
#[derive(Clone)]
pub struct Watched {
    /// What logs and metrics call it; no two the same.
    pub name: String,
    /// What the store calls it.
    pub key: RepositoryKey,
    /// The watched branch's short name.
    pub branch: String,
    /// The catalog's directory; empty for the repository's top.
    pub root: String,
    /// The local repository.
    pub path: PathBuf,
    /// Where it is fetched from, and answered to.
    pub remote: Option<RemoteUrl>,
    /// Its catalogs.
    pub workspace: Arc<Workspace>,
    /// Its pull requests.
    pub forge: Arc<dyn Forge>,
    /// What is said and done there besides statuses.
    pub outward: Outward,
    /// Who performs its runs; where nobody does, they stay approved and say so.
    pub performers: Performers,
}

/// What is said and done on a forge that has accounts, besides statuses; the forge that is git itself has no place for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Outward {
    /// One comment on each pull request, edited in place.
    pub comments: bool,
    /// Requests for review to those who may approve a run that waits.
    pub review_requests: bool,
    /// A label that says how the pull request stands.
    pub labels: bool,
    /// How a pull request that asks for a run is merged once all is green; `None` where people merge.
    pub merge: Option<MergeMethod>,
}

impl Default for Outward {
    fn default() -> Self {
        Self { comments: true, review_requests: true, labels: false, merge: None }
    }
}

type JudgeFn = dyn Fn(&Proposal) -> Verdict + Send + Sync;
type ValidateFn = dyn Fn(&Catalog) -> Vec<Finding> + Send + Sync;

/// The two questions a controller asks of the core.
pub struct Judge {
    pub(super) judge: Box<JudgeFn>,
    pub(super) validate: Box<ValidateFn>,
}

impl Judge {
    /// Judges proposals by `judge`, and the first sight of a branch by `validate`.
    pub fn new(
        judge: impl Fn(&Proposal) -> Verdict + Send + Sync + 'static,
        validate: impl Fn(&Catalog) -> Vec<Finding> + Send + Sync + 'static,
    ) -> Self {
        Self { judge: Box::new(judge), validate: Box::new(validate) }
    }

    /// The core's own judgement.
    pub fn of_core() -> Self {
        Self::new(crate::check::judge, crate::check::validate)
    }
}

/// How the loop behaves; docs/configuration.md explains each.
#[derive(Clone, PartialEq, Debug)]
pub struct Settings {
    /// Between two looks when no event wakes.
    pub poll_interval: Duration,
    /// Between two looks at every open pull request although nothing is known to have changed, in which what stands on the
    /// forge is read again too.
    pub resync_interval: Duration,
    /// For one fetch, and one push of notes.
    pub fetch_deadline: Duration,
    /// For one judgement.
    pub judge_deadline: Duration,
    /// Keys reconciled at a time.
    pub concurrency: usize,
    /// For what runs when told to stop.
    pub shutdown_grace: Duration,
    /// For what failed and may pass.
    pub backoff: Backoff,
    /// What statuses link to, the commit's id appended.
    pub status_url: Option<String>,
    /// How runs are executed.
    pub execution: ExecutionSettings,
    /// How repositories are shared with other replicas.
    pub lease: LeaseSettings,
    /// The channels by which people can be told, by name; `None` where nobody says which there are.
    pub channels: Option<BTreeSet<String>>,
}

/// How approved runs are executed; docs/execution.md explains each.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExecutionSettings {
    /// Runs reconciled at a time.
    pub concurrency: usize,
    /// For one attempt, whatever the performer thinks; then nobody knows what came of it.
    pub attempt_deadline: Duration,
    /// Between two looks at a run whose outcome somebody else knows.
    pub look_interval: Duration,
}

impl Default for ExecutionSettings {
    fn default() -> Self {
        Self { concurrency: 16, attempt_deadline: Duration::from_secs(120), look_interval: Duration::from_secs(15) }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            poll_interval: Duration::from_secs(15),
            resync_interval: Duration::from_secs(600),
            fetch_deadline: Duration::from_secs(60),
            judge_deadline: Duration::from_secs(60),
            concurrency: 2,
            shutdown_grace: Duration::from_secs(10),
            backoff: Backoff::default(),
            status_url: None,
            execution: ExecutionSettings::default(),
            lease: LeaseSettings::default(),
            channels: None,
        }
    }
}

/// Everything.
pub struct Parts {
    /// The memory.
    pub store: Arc<dyn Store>,
    /// What to watch.
    pub repositories: Vec<Watched>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Spreads what is tried again.
    pub rng: fastrand::Rng,
    /// The core.
    pub judge: Judge,
    /// The behaviour.
    pub settings: Settings,
}

/// Runs that stand on the branch and have not come to their end, and the pull request that brought each, where one is known.
pub(super) type Landings = BTreeMap<Identifier, Option<String>>;

/// Revisions that are kept in mind as bases: the accepted one, and the groups of a merge queue that others stand on.
const MOST_BASES: usize = 8;

/// A watched repository and what the loop remembers of it while it runs; losing it costs only work.
pub(super) struct Repository {
    pub(super) name: Arc<str>,
    pub(super) watched: Watched,
    /// The right to act on it; `None` where another replica does, or nobody yet.
    pub(super) held: Option<Held>,
    pub(super) history: History,
    /// What is known of the revisions that were last judged against, the latest first.
    pub(super) bases: Mutex<Vec<(CommitId, Arc<BaseFacts>)>>,
    /// What the verdicts on open pull requests rest on.
    pub(super) rests: Rests,
    /// The pull requests that were open, or may have runs that wait, when last looked at.
    pub(super) tracked: Mutex<Option<BTreeSet<String>>>,
    /// The runs that have not come to an end, and the pull requests that ask for them.
    pub(super) moving_runs: Mutex<BTreeMap<Identifier, String>>,
    /// The runs that stand on the branch and have not come to their end.
    pub(super) landings: Mutex<Landings>,
    /// How attempts ended that could not be written down yet, by run: which attempt it was, and how.
    pub(super) unwritten: Mutex<BTreeMap<Identifier, (u32, Answer)>>,
    /// The attempts under way.
    pub(super) crowd: super::execution::Crowd,
    /// One fetch at a time for those who are about to execute, and how many have begun: whoever comes while one runs waits for the next.
    pub(super) fetched: tokio::sync::Mutex<Option<u64>>,
    pub(super) fetches: AtomicU64,
    /// When the store last took a write that was made to see whether it does.
    pub(super) store_proved: Mutex<Option<Duration>>,
    /// What wakes on events of its refs, where they are its own.
    pub(super) watcher: Mutex<Option<notify::RecommendedWatcher>>,
    /// What is to be published although it was published before: somebody may have changed what stands on the forge.
    pub(super) distrusted: Mutex<BTreeSet<Thing>>,
    /// When every open pull request was last looked at; `None` where the next look is to do so.
    pub(super) resynced: Mutex<Option<Duration>>,
    /// How often in a row a thing was looked at whose facts the forge did not have all yet.
    pub(super) looks: Mutex<BTreeMap<Thing, usize>>,
    /// What each open pull request says of each commit.
    pub(super) claims: Mutex<Claims>,
    /// The entries of the merge queue; `None` before the first look.
    pub(super) groups: Mutex<Option<BTreeMap<String, Entry>>>,
    /// The heads that the forge refused to merge.
    pub(super) unmerged: Mutex<BTreeMap<String, CommitId>>,
    /// What others had posted in our contexts, by commit: the context, and whose it was.
    pub(super) foreign: Mutex<BTreeMap<CommitId, BTreeSet<(String, String)>>>,
    /// The channels that routes of the accepted catalog lead to and nobody has configured, as it was last said.
    pub(super) unrouted: Mutex<BTreeSet<Identifier>>,
    /// One merge at a time: the next one sees what it has made of the branch.
    pub(super) merging: tokio::sync::Mutex<()>,
    /// When the changes were seen that things are reconciled for.
    pub(super) sightings: Sightings,
    /// One writer of notes at a time, and what it has made public since the start.
    pub(super) published: tokio::sync::Mutex<BTreeMap<Thing, Vec<u8>>>,
}

/// What every judgement against one accepted revision needs.
pub(super) struct BaseFacts {
    pub(super) keys: Vec<SigningKey>,
    pub(super) valid: bool,
    /// What stands there; held anyway, and shared.
    pub(super) catalog: Catalog,
    pub(super) identity: IdentityMode,
    /// The teams of the roster whose members the forge knows.
    pub(super) teams: BTreeMap<Identifier, ForgeTeam>,
    /// The people of the roster who have an account of the forge; no bots.
    pub(super) people: BTreeMap<Identifier, ForgeUser>,
    /// The numeric ids of their accounts.
    pub(super) accounts: BTreeSet<u64>,
    /// The same, bots included.
    pub(super) known: BTreeSet<u64>,
    /// The channels that routes of notifications lead to.
    pub(super) channels: BTreeSet<Identifier>,
    /// After how long those who may move a run are reminded.
    pub(super) reminder: Option<Duration>,
}

impl Repository {
    pub(super) fn new(watched: Watched) -> Self {
        Self {
            name: watched.name.as_str().into(),
            held: None,
            history: History::of(&watched.path),
            watched,
            bases: Mutex::default(),
            rests: Rests::default(),
            tracked: Mutex::default(),
            moving_runs: Mutex::default(),
            landings: Mutex::default(),
            unwritten: Mutex::default(),
            crowd: super::execution::Crowd::default(),
            fetched: tokio::sync::Mutex::default(),
            fetches: AtomicU64::default(),
            store_proved: Mutex::default(),
            watcher: Mutex::default(),
            distrusted: Mutex::default(),
            resynced: Mutex::default(),
            looks: Mutex::default(),
            claims: Mutex::default(),
            groups: Mutex::default(),
            unmerged: Mutex::default(),
            foreign: Mutex::default(),
            unrouted: Mutex::default(),
            merging: tokio::sync::Mutex::default(),
            sightings: Sightings::default(),
            published: tokio::sync::Mutex::default(),
        }
    }

    pub(super) fn claims(&self) -> MutexGuard<'_, Claims> {
        self.claims.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn branch_ref(&self) -> String {
        format!("refs/heads/{}", self.watched.branch)
    }

    pub(super) fn known_base(&self, commit: CommitId) -> Option<Arc<BaseFacts>> {
        let bases = self.bases.lock().unwrap_or_else(PoisonError::into_inner);
        bases.iter().find(|(known, _)| *known == commit).map(|(_, facts)| facts.clone())
    }

    /// The catalog of the base that was last known to be valid.
    pub(super) fn newest_valid_base(&self) -> Option<Catalog> {
        let bases = self.bases.lock().unwrap_or_else(PoisonError::into_inner);
        bases.iter().find(|(_, facts)| facts.valid).map(|(_, facts)| facts.catalog.clone())
    }

    pub(super) fn remember_base(&self, commit: CommitId, facts: Arc<BaseFacts>) {
        let mut bases = self.bases.lock().unwrap_or_else(PoisonError::into_inner);
        bases.retain(|(known, _)| *known != commit);
        bases.insert(0, (commit, facts));
        bases.truncate(MOST_BASES);
    }
}

impl fmt::Debug for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Repository").field(&self.name).finish()
    }
}
