//! Finds the runs of a repository: those on the watched branch, and those that open review requests ask for.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::check::{self, RunVerdict, Target};
use crate::config::StorePlace;
use crate::facts::{Ask, Head, PullRequestInput};
use crate::forge::{Asking, Forge, GitForge, GitForgeOptions, PullRequest};
use crate::model::{Actor, CommitId, Identifier, RunState, SigningKey, Timestamp};
use crate::report::{RunEntry, RunOrigin, why};
use crate::run::Requirement;
use crate::store::{FoundRun, RepositoryKey, SqliteStore, Standing};
use serde_json::Value as Json;

use super::super::judging::{Place, cannot_judge};
use super::super::{CommandError, store_place};
use super::recorded::{handle, journey};

/// Which runs are asked for.
#[derive(Clone, Debug)]
pub(super) struct RunsRequest {
    /// Where the repository is.
    pub(super) repo: PathBuf,
    /// The catalog's directory inside it.
    pub(super) root: String,
    /// The watched branch.
    pub(super) branch: Option<String>,
    /// The daemon's store, where its records are to be read.
    pub(super) store: Option<StorePlace>,
    /// What the daemon's configuration calls the repository, where it does.
    pub(super) name: Option<String>,
    /// What the store calls the repository, where that is known already.
    pub(super) key: Option<RepositoryKey>,
    /// Now.
    pub(super) now: Timestamp,
}

/// Every run, those on the watched branch first.
pub(super) fn find(request: &RunsRequest) -> Result<Vec<RunEntry>, CommandError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| CommandError::internal("cannot start the runtime").because(&error))?;
    runtime.block_on(gather(request))
}

async fn gather(request: &RunsRequest) -> Result<Vec<RunEntry>, CommandError> {
    let place = Place::open(&request.repo, &request.root)?;
    let (watched, tip) = place.watched(request.branch.as_deref())?;
    let base = place.workspace.snapshot(tip).map_err(|error| cannot_judge(&error))?.catalog;
    let records = match &request.store {
        Some(store) => recorded(store, &place, &watched, request).await?,
        None => BTreeMap::new(),
    };
    let mut out: Vec<RunEntry> = base
        .runs()
        .iter()
        .map(|(id, run)| {
            let needs = check::requirement_of(&base, &run.value);
            match records.get(id) {
                Some(found) => as_recorded(found, &run.value.action),
                None => on_branch(id, &run.value.action, needs.as_ref()),
            }
        })
        .collect();
    let keys: Vec<SigningKey> = base.users().iter().flat_map(|(_, user)| user.value.signing_keys.clone()).collect();
    // Times of receipt are the daemon's to remember; for a look from outside everything was received now.
    let memory = tempfile::tempdir().map_err(|error| CommandError::internal("no temporary directory").because(&error))?;
    let store = open(&memory.path().join("runs.db")).await?;
    let forge = GitForge::new(
        GitForgeOptions {
            path: place.repository.path().to_owned(),
            repository: RepositoryKey::new("runs"),
            watched: watched.clone(),
            name: "Portcullis".to_owned(),
            email: "portcullis@localhost".to_owned(),
            agent: "portcullis".to_owned(),
            keeps_tips: false,
        },
        Arc::new(store.clone()),
    );
    let trouble =
        |error: &dyn std::error::Error| CommandError::could_not_judge("the review requests cannot be read").because(error);
    for review in forge.open_pull_requests().await.map_err(|error| trouble(&error))? {
        let asking = Asking { keys: &keys, signed: &[], now: request.now };
        let details = forge.details(&review, asking).await.map_err(|error| trouble(&error))?;
        let input = PullRequestInput {
            state: details.state,
            opener: details.opener,
            pushes: details.pushes,
            reviews: details.reviews,
            verified: details.verified,
        };
        out.extend(asked_by(&place, tip, &review, details.head, input, request.now)?);
    }
    store.close().await;
    Ok(out)
}

fn asked_by(
    place: &Place,
    tip: CommitId,
    review: &PullRequest,
    head: CommitId,
    input: PullRequestInput,
    now: Timestamp,
) -> Result<Vec<RunEntry>, CommandError> {
    let ask = Ask {
        performed: check::Performed::default(),
        withdrawn: BTreeMap::new(),
        target: Target::PullRequest,
        base: tip,
        base_is_valid: false,
        head: Head::Commit(head),
        identity: None,
        as_user: None,
        pull_request: Some(input),
        branch: None,
        members: BTreeMap::new(),
        received: BTreeMap::new(),
        first_seen: None,
        now,
    };
    let proposed = place.workspace.propose(&ask).map_err(|error| cannot_judge(&error))?;
    let verdict = check::judge(&proposed.proposal);
    Ok(verdict
        .runs
        .into_iter()
        .map(|run| RunEntry { run, origin: RunOrigin::Review(review.id.clone()), handle: None, links: Vec::new() })
        .collect())
}

/// A run that has been merged, as far as git alone can tell.
fn on_branch(id: &Identifier, action: &Identifier, needs: Option<&Requirement>) -> RunEntry {
    let (state, reason) = match needs {
        Some(Requirement::None) => (RunState::Approved, "needs no approval; only the daemon's record knows what became of it"),
        _ => (RunState::WaitingForApproval, "was merged; only the daemon's record, --store, knows its approvals"),
    };
    let run = RunVerdict {
        id: id.clone(),
        action: action.clone(),
        state,
        requester: None,
        digest: String::new(),
        approvals: Vec::new(),
        approvers: Vec::new(),
        reason: reason.to_owned(),
    };
    RunEntry { run, origin: RunOrigin::Branch, handle: None, links: Vec::new() }
}

/// A run that has been merged, as the daemon recorded it: by whom it was asked for and allowed, and where it stands.
fn as_recorded(found: &FoundRun, action: &Identifier) -> RunEntry {
    let record = &found.record;
    let execution = record.life.as_ref().and_then(|life| life.execution.as_ref());
    let text = |key: &str| record.decision.get(key).and_then(Json::as_str);
    let names = |key: &str| -> Vec<Identifier> {
        let names = record.decision.get(key).and_then(Json::as_array).into_iter().flatten();
        names.filter_map(Json::as_str).filter_map(|name| Identifier::new(name).ok()).collect()
    };
    let handle = handle(found);
    let run = RunVerdict {
        id: record.id.clone(),
        action: action.clone(),
        state: match record.standing {
            Standing::Decided(state) => state,
            Standing::Adopted => RunState::Cancelled,
        },
        requester: text("requester").map(actor),
        digest: execution
            .map_or_else(|| text("digest").unwrap_or_default().to_owned(), |execution| execution.grant.digest.clone()),
        approvals: execution.map_or_else(|| names("approvals"), |execution| execution.grant.approvals.clone()),
        approvers: names("approvers"),
        reason: why(&journey(found, &handle)),
    };
    let links = execution.map(|execution| execution.links.clone()).unwrap_or_default();
    RunEntry { run, origin: RunOrigin::Branch, handle: Some(handle.as_str().to_owned()), links }
}

/// Somebody as the journal names them.
fn actor(name: &str) -> Actor {
    Identifier::new(name).map_or_else(|_| Actor::Stranger(name.to_owned()), Actor::User)
}

async fn open(file: &Path) -> Result<SqliteStore, CommandError> {
    SqliteStore::open(file).await.map_err(|error| CommandError::could_not_judge("cannot open the store").because(&error))
}

/// What the daemon recorded of this repository's runs.
async fn recorded(
    store: &StorePlace,
    place: &Place,
    watched: &str,
    request: &RunsRequest,
) -> Result<BTreeMap<Identifier, FoundRun>, CommandError> {
    let store = store_place::open_existing(store).await?;
    let at = std::fs::canonicalize(place.repository.path()).unwrap_or_else(|_| place.repository.path().to_owned());
    let root = if request.root.is_empty() { String::new() } else { format!(":{}", request.root) };
    let branch = watched.strip_prefix("refs/heads/").unwrap_or(watched);
    let place = request.name.clone().unwrap_or_else(|| at.display().to_string());
    let key = request.key.clone().unwrap_or_else(|| RepositoryKey::new(format!("{place}#{branch}{root}")));
    let records = store.runs(&key).await;
    store.shut().await;
    let records = records.map_err(|error| CommandError::could_not_judge("the store cannot be read").because(&error))?;
    Ok(records.into_iter().map(|record| (record.id.clone(), FoundRun { repository: key.clone(), record })).collect())
}
