//! On which commit the note of a run belongs, what the journal says of all runs there, and where the notes are kept.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::catalog::Catalog;
use crate::forge::Remote;
use crate::git::{Access, Pushed, Repository as Git, fetch_by, push_from};
use crate::model::{CommitId, Identifier, RunRequest};
use crate::run::call::Scrub;
use crate::run::life::{Landing, RunHandle};

use super::super::parts::Repository;
use super::super::{Shared, Trouble, Unjudged};
use super::{NOTES, Notes, line, reference};

/// Commits of one landing that are looked through for the one that added a run.
const MOST: usize = 1_000;
/// Where a copy of the notes over there is kept, to see what others have written.
const COPY: &str = "refs/portcullis/notes/runs";

impl Shared {
    /// The notes on the commits that added these runs, with everything that the journal says of all runs that were added there. Runs that are
    /// history, or not on the branch, have none.
    pub(super) async fn audit_notes(
        self: &Arc<Self>,
        repository: &Arc<Repository>,
        runs: &BTreeSet<Identifier>,
    ) -> Result<Notes, Trouble> {
        let mut notes = Notes::new();
        let mut told: BTreeSet<Identifier> = BTreeSet::new();
        for run in runs {
            let Some(landing) = self.landing_of(repository, run).await? else { continue };
            if told.contains(run) {
                continue;
            }
            let (inner, wanted, there) = (repository.clone(), run.clone(), landing.clone());
            let (commit, added) =
                self.off_thread(move || Ok(added_by(&inner, &wanted, &there))).await.map_err(Unjudged::into_trouble)?;
            let mut text = String::new();
            for (run, secrets) in &added {
                text.push_str(&self.lines_of(repository, run, secrets).await?);
            }
            told.extend(added.into_iter().map(|(run, _)| run));
            if !text.is_empty() {
                notes.insert(commit, text);
            }
        }
        Ok(notes)
    }

    async fn landing_of(&self, repository: &Repository, run: &Identifier) -> Result<Option<Landing>, Trouble> {
        let record = self.store_of(repository).run(&repository.watched.key, run).await?;
        Ok(record.and_then(|record| record.life).and_then(|life| life.landing))
    }

    async fn lines_of(&self, repository: &Repository, run: &Identifier, secrets: &Scrub) -> Result<String, Trouble> {
        let key = &repository.watched.key;
        let Some(life) = self.store_of(repository).run(key, run).await?.and_then(|record| record.life) else {
            return Ok(String::new());
        };
        if life.landing.is_none() {
            return Ok(String::new());
        }
        let steps = self.store_of(repository).transitions(key, run).await?;
        Ok(line::lines(run, &RunHandle::of(key.as_str(), run), &life, &steps, secrets))
    }

    /// Where the notes are kept besides here.
    pub(super) async fn notes_remote(&self, repository: &Repository) -> Result<Option<Remote>, Trouble> {
        let told = repository.watched.forge.remote().await?;
        let configured =
            || repository.watched.remote.as_ref().map(|remote| Remote { url: remote.secret().to_owned(), authorization: None });
        Ok(told.or_else(configured))
    }

    /// Where the notes stand over there; `None` where there are none.
    pub(super) async fn fetch_runs_notes(&self, repository: &Repository, remote: &Remote) -> Result<Option<CommitId>, Trouble> {
        let path = &repository.watched.path;
        let access = Access { remote: &remote.url, authorization: remote.authorization.as_deref() };
        // A pattern: a ref that is not there is no error then, and is gone here too.
        let refspecs = ["+refs/notes/portcullis/*:refs/portcullis/notes/*".to_owned()];
        let fetched = fetch_by(path, access, &refspecs, self.settings.fetch_deadline).await;
        fetched.map_err(|error| hidden(repository, &error.to_string()))?;
        let path = path.clone();
        let read = tokio::task::spawn_blocking(move || reference(&path, COPY)).await;
        read.map_err(|_| Trouble::passing("reading the notes failed inside Portcullis"))?.map_err(Trouble::from)
    }

    /// Pushes the notes from where they were seen.
    pub(super) async fn push_runs_notes(
        &self,
        repository: &Repository,
        remote: &Remote,
        there: Option<CommitId>,
        tip: CommitId,
    ) -> Result<Pushed, Trouble> {
        let access = Access { remote: &remote.url, authorization: remote.authorization.as_deref() };
        let deadline = self.settings.fetch_deadline;
        let pushed = push_from(&repository.watched.path, access, NOTES, there, tip, deadline).await;
        pushed.map_err(|error| hidden(repository, &error.to_string()))
    }
}

/// A remote that fails may be back later, whatever it says now; its credentials are not repeated.
fn hidden(repository: &Repository, error: &str) -> Trouble {
    let remote = repository.watched.remote.as_ref();
    Trouble::passing(remote.map_or_else(|| error.to_owned(), |remote| remote.redact(error)))
}

/// The commit that added a run: the first of its landing that has it where its parent had not; or else the landing itself. With it all runs
/// that came with that commit, each with what is secret about it. Blocks.
fn added_by(repository: &Repository, run: &Identifier, landing: &Landing) -> (CommitId, Vec<(Identifier, Scrub)>) {
    let workspace = &repository.watched.workspace;
    let Ok(git) = Git::open(&repository.watched.path) else { return (landing.to, alone(run)) };
    let range = git.range(landing.from, landing.to, MOST).map(|range| range.commits).unwrap_or_default();
    let catalog = |commit: CommitId| workspace.snapshot(commit).ok().map(|snapshot| snapshot.catalog);
    let parent = |commit: CommitId| git.commit(commit).ok().and_then(|commit| commit.parents.first().copied()).and_then(catalog);
    for commit in range {
        let Some(after) = catalog(commit).filter(|after| after.runs().contains(run)) else { continue };
        let before = parent(commit);
        if before.as_ref().is_some_and(|before| before.runs().contains(run)) {
            continue;
        }
        let new = after.runs().iter().filter(|(id, _)| !before.as_ref().is_some_and(|before| before.runs().contains(*id)));
        let added = new.map(|(id, request)| (id.clone(), secrets(&after, &request.value))).collect();
        return (commit, added);
    }
    (landing.to, alone(run))
}

fn alone(run: &Identifier) -> Vec<(Identifier, Scrub)> {
    vec![(run.clone(), Scrub::default())]
}

/// What is secret about a run. Where nobody knows its action, each input may be.
pub(in super::super) fn secrets(catalog: &Catalog, run: &RunRequest) -> Scrub {
    Scrub::of_inputs(catalog.actions().get(&run.action).map(|action| &action.value), &run.inputs)
}
