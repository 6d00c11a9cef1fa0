//! The forge that needs no server: pull requests, reviews, statuses and findings as notes in git-appraise's published format.
//!
//! - A pull request is a review request in `refs/notes/devtools/reviews` on the first commit of the review, whose id is its name.
//!   It is open while its latest record targets the watched branch and its head is not yet reached by it.
//! - A review is a comment in `refs/notes/devtools/discuss` on that same commit. Who gave it is read from the commit of the notes'
//!   history that brought the line, never from the line.
//! - Statuses go to `refs/notes/devtools/ci`, findings to `refs/notes/devtools/analyses`, on the commit they judge.
//!
//! Notes are data from strangers: what does not read as a record is passed over, and what is written loses nobody's lines.

mod draft;
mod history;
mod memory;
mod notes;
mod objects;
mod publish;
mod record;
mod report;
mod requests;
mod reviews;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use git2::Oid;

use crate::git::{Keyring, RawCommit, Repository};
use crate::model::{CommitId, PullRequestState, SigningKey, Timestamp};
use crate::store::{RepositoryKey, Store};

use super::{Asking, Forge, ForgeError, Publication, Published, PullRequest, PullRequestDetails, Status};
use history::{Bringing, History};
use objects::{Objects, commit_id};
use report::{AnalysisLine, CiLine};
use requests::Requests;
use reviews::Witness;

/// After so many pieces of work the repository is opened anew: what libgit2 has kept of it goes, and so do packs that git has replaced.
const MOST_WORK: u32 = 256;

/// Where the notes are, and as whom we write them.
#[derive(Clone, Debug)]
pub struct GitForgeOptions {
    /// The repository.
    pub path: PathBuf,
    /// Under which name the store keeps times of receipt.
    pub repository: RepositoryKey,
    /// The watched branch, by its full name: `refs/heads/main`.
    pub watched: String,
    /// The name that our notes commits carry.
    pub name: String,
    /// The address that they carry.
    pub email: String,
    /// The agent whose lines are ours, `portcullis`; the contexts of our statuses are it, or stand below it: `portcullis/catalog`.
    pub agent: String,
    /// Whether tips of the comments are kept below `refs/portcullis/`, so that rewriting them takes no rejection back. The
    /// daemon keeps them; whoever only reads writes nothing.
    pub keeps_tips: bool,
}

/// A [`Forge`] in the notes of a repository.
pub struct GitForge {
    options: Arc<GitForgeOptions>,
    store: Arc<dyn Store>,
    room: Arc<Mutex<Option<Room>>>,
    keyring: Mutex<Option<(Vec<SigningKey>, Arc<Keyring>)>>,
    /// Times of receipt that the store has told; they never change.
    received: Mutex<HashMap<CommitId, Timestamp>>,
}

impl std::fmt::Debug for GitForge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GitForge").field("options", &self.options).finish_non_exhaustive()
    }
}

/// The open repository, and what was read of it before.
struct Room {
    objects: Objects,
    commits: Repository,
    history: History,
    /// The tip of the comments up to which history has grown.
    grown: Option<Oid>,
    requests: Requests,
    keeps_tips: bool,
    /// Pieces of work since it was opened.
    work: u32,
}

/// What the notes say of one pull request, before it is known when they were received and whose keys signed them.
struct Testimony {
    head: CommitId,
    state: PullRequestState,
    brought: BTreeMap<String, Vec<Bringing>>,
    standing: BTreeSet<String>,
    commits: Vec<RawCommit>,
    /// Every commit of the notes that was read for the first time: all are received now, in one go.
    fresh: Vec<CommitId>,
}

impl Testimony {
    fn new(head: CommitId, state: PullRequestState) -> Self {
        Self { head, state, brought: BTreeMap::new(), standing: BTreeSet::new(), commits: Vec::new(), fresh: Vec::new() }
    }
}

impl GitForge {
    /// A forge over a repository. Nothing is opened before it is asked.
    pub fn new(options: GitForgeOptions, store: Arc<dyn Store>) -> Self {
        Self { options: Arc::new(options), store, room: Arc::default(), keyring: Mutex::default(), received: Mutex::default() }
    }

    /// The findings on a commit in the JSON that git-appraise fetches from an analysis' address; `None` where there are none.
    pub async fn analysis_document(&self, commit: CommitId) -> Result<Option<String>, ForgeError> {
        let agent = self.options.agent.clone();
        self.blocking(move |room| {
            let lines = notes_on(&room.objects, record::ANALYSES, commit)?;
            let ours = lines.iter().filter_map(|l| AnalysisLine::parse(l)).filter(|l| l.agent == agent);
            Ok(ours.max_by_key(AnalysisLine::seconds).map(|l| report::line(&l)))
        })
        .await
    }

    /// Runs work on the repository off the runtime's threads, one at a time.
    async fn blocking<T, F>(&self, work: F) -> Result<T, ForgeError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Room) -> Result<T, ForgeError> + Send + 'static,
    {
        let (room, options) = (Arc::clone(&self.room), Arc::clone(&self.options));
        let task = tokio::task::spawn_blocking(move || {
            // Taken out while in use: work that panics in the middle leaves nothing half-read behind.
            let mut slot = room.lock().unwrap_or_else(PoisonError::into_inner);
            let mut open = match slot.take() {
                Some(open) => open.once_more(&options)?,
                None => Room::open(&options)?,
            };
            let done = work(&mut open);
            *slot = Some(open);
            done
        });
        task.await.map_err(|error| ForgeError::permanent(format!("reading the notes failed: {error}")))?
    }

    fn keyring(&self, keys: &[SigningKey]) -> Arc<Keyring> {
        let mut slot = self.keyring.lock().unwrap_or_else(PoisonError::into_inner);
        match &*slot {
            Some((known, ring)) if known == keys => Arc::clone(ring),
            _ => {
                let ring = Arc::new(Keyring::new(keys));
                *slot = Some((keys.to_vec(), Arc::clone(&ring)));
                ring
            }
        }
    }

    async fn received(&self, told: &Testimony, now: Timestamp) -> Result<HashMap<CommitId, Timestamp>, ForgeError> {
        let known = |id: &CommitId| self.received.lock().unwrap_or_else(PoisonError::into_inner).get(id).copied();
        let commits = || told.commits.iter().map(|c| c.id);
        let fresh: Vec<CommitId> = told.fresh.iter().copied().chain(commits()).filter(|id| known(id).is_none()).collect();
        if !fresh.is_empty() {
            let told = self.store.received(&self.options.repository, &fresh, now).await;
            let told = told.map_err(|error| match error.is_retryable() {
                true => ForgeError::retryable(error.to_string()),
                false => ForgeError::permanent(error.to_string()),
            })?;
            self.received.lock().unwrap_or_else(PoisonError::into_inner).extend(told);
        }
        Ok(commits().filter_map(|id| Some((id, known(&id)?))).collect())
    }

    /// What each of these commits says of who made it, by the keys of the roster and the times of receipt.
    async fn witnesses(&self, told: &mut Testimony, asking: Asking<'_>) -> Result<HashMap<Oid, Witness>, ForgeError> {
        let received = self.received(told, asking.now).await?;
        let commits = std::mem::take(&mut told.commits);
        if commits.is_empty() {
            return Ok(HashMap::new());
        }
        let (ring, now) = (self.keyring(asking.keys), asking.now);
        let task = tokio::task::spawn_blocking(move || {
            let testify = |commit: RawCommit| {
                let received_at = received.get(&commit.id).copied().unwrap_or(now);
                let signature = ring.verify(&commit, received_at);
                let committed_at = commit.committer.when;
                Some((
                    objects::oid(commit.id).ok()?,
                    Witness { signature, email: commit.committer.email, received_at, committed_at },
                ))
            };
            commits.into_iter().filter_map(testify).collect()
        });
        task.await.map_err(|error| ForgeError::permanent(format!("verifying the notes failed: {error}")))
    }
}

impl Room {
    fn open(options: &GitForgeOptions) -> Result<Self, ForgeError> {
        // Ours first: it says what is wrong with a repository and what to do.
        let commits = Repository::open(&options.path).map_err(|error| match error.is_retryable() {
            true => ForgeError::retryable(error.to_string()),
            false => ForgeError::permanent(error.to_string()),
        })?;
        let objects = Objects::open(&options.path)?;
        let keeps_tips = options.keeps_tips;
        Ok(Self {
            objects,
            commits,
            history: History::default(),
            grown: None,
            requests: Requests::default(),
            keeps_tips,
            work: 0,
        })
    }

    /// The same for another piece of work: what was read stays, the handles on the repository do not forever.
    fn once_more(mut self, options: &GitForgeOptions) -> Result<Self, ForgeError> {
        self.work += 1;
        if self.work < MOST_WORK {
            return Ok(self);
        }
        let Self { objects, commits, .. } = Self::open(options)?;
        Ok(Self { objects, commits, work: 0, ..self })
    }

    fn testimony(&mut self, watched: &str, pull_request: &PullRequest) -> Result<Testimony, ForgeError> {
        let id = CommitId::from_hex(&pull_request.id);
        let found = id.map(|id| self.requests.one(&self.objects, watched, id)).transpose()?.flatten();
        let (head, state) = match found {
            Some(found) => (found.pull_request.head, found.state),
            None => (pull_request.head, PullRequestState::Closed),
        };
        let mut told = Testimony::new(head, state);
        let Some(id) = id else { return Ok(told) };
        let tip = self.objects.reference(record::COMMENTS)?;
        if tip.is_none() || tip != self.grown {
            let tips = memory::tips(&self.objects, self.keeps_tips)?;
            told.fresh = self.history.grow(&self.objects, &tips)?.into_iter().filter_map(commit_id).collect();
            self.grown = tip;
        }
        told.brought = self.history.brought(&self.objects, id)?.clone();
        told.standing = notes_on(&self.objects, record::COMMENTS, id)?.into_iter().collect();
        let bringers: BTreeSet<Oid> = told.brought.values().flatten().map(|b| b.moment.1).collect();
        for bringer in bringers.into_iter().filter_map(commit_id) {
            match self.commits.commit(bringer) {
                Ok(commit) => told.commits.push(commit),
                Err(error) if error.is_retryable() => return Err(ForgeError::retryable(error.to_string())),
                // What has more than one meaning is nobody's word.
                Err(error) => tracing::warn!(commit = %bringer, %error, "a notes commit is passed over"),
            }
        }
        Ok(told)
    }
}

/// The readable lines on a commit as they stand now.
fn notes_on(objects: &Objects, name: &str, commit: CommitId) -> Result<Vec<String>, ForgeError> {
    let Some(tree) = requests::tree_of(objects, name)? else { return Ok(Vec::new()) };
    notes::lines(objects, &notes::find(objects, tree, commit)?)
}

#[async_trait]
impl Forge for GitForge {
    async fn open_pull_requests(&self) -> Result<Vec<PullRequest>, ForgeError> {
        let watched = self.options.watched.clone();
        self.blocking(move |room| room.requests.open(&room.objects, &watched)).await
    }

    async fn pull_request(&self, id: &str) -> Result<Option<PullRequest>, ForgeError> {
        let Some(id) = CommitId::from_hex(id) else { return Ok(None) };
        let watched = self.options.watched.clone();
        self.blocking(move |room| Ok(room.requests.one(&room.objects, &watched, id)?.map(|f| f.pull_request))).await
    }

    async fn details(&self, pull_request: &PullRequest, asking: Asking<'_>) -> Result<PullRequestDetails, ForgeError> {
        let (watched, pull_request) = (self.options.watched.clone(), pull_request.clone());
        let mut told = self.blocking(move |room| room.testimony(&watched, &pull_request)).await?;
        let witnesses = self.witnesses(&mut told, asking).await?;
        Ok(PullRequestDetails {
            head: told.head,
            state: told.state,
            // Git knows no accounts: who opened and who pushed is nobody's word.
            opener: None,
            pushes: Vec::new(),
            reviews: reviews::reviews(&told.brought, &told.standing, &witnesses),
            verified: BTreeMap::new(),
            draft: false,
            onto_watched: true,
            commands: Vec::new(),
            pending: None,
        })
    }

    async fn publish(&self, publication: &Publication) -> Result<Published, ForgeError> {
        let (options, publication) = (Arc::clone(&self.options), publication.clone());
        self.blocking(move |room| {
            let hand = publish::Hand { name: &options.name, email: &options.email, agent: &options.agent, at: publication.at };
            // Findings first: whoever sees a status can read why. But where they cannot be written, the status still is.
            let analyses = publish::analyses(&room.objects, &hand, &publication.analyses);
            let statuses = publish::statuses(&room.objects, &hand, &publication.statuses)?;
            Ok(Published { statuses, analyses: analyses?, foreign: Vec::new() })
        })
        .await
    }

    async fn statuses(&self, commits: &[CommitId]) -> Result<Vec<Status>, ForgeError> {
        let commits = commits.to_vec();
        self.blocking(move |room| {
            let mut statuses = Vec::new();
            for commit in commits {
                let mut current: BTreeMap<String, CiLine> = BTreeMap::new();
                for line in notes_on(&room.objects, record::STATUSES, commit)?.iter().filter_map(|l| CiLine::parse(l)) {
                    let later = current.get(&line.agent).is_none_or(|c| c.seconds() <= line.seconds());
                    if later {
                        current.insert(line.agent.clone(), line);
                    }
                }
                statuses.extend(current.into_values().filter_map(|line| line.into_status(commit)));
            }
            Ok(statuses)
        })
        .await
    }
}

#[cfg(test)]
mod tests;
