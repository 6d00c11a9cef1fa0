//! A repository that came from elsewhere: fetched before every look, and answered to.
//!
//! The other side is the truth for every ref, our own notes included. Answers are written here and pushed; a push that loses
//! a race is fetched over, written and pushed again.

use std::sync::Arc;

use crate::config::RemoteUrl;
use crate::git::{self, GitError};

use super::parts::Repository;
use super::{Shared, Trouble, Unjudged};

/// The branches, of which those that are gone over there go here too.
const BRANCHES: &str = "+refs/heads/*:refs/heads/*";
/// The reviews, and what answers them.
const NOTES: &str = "+refs/notes/devtools/*:refs/notes/devtools/*";
/// What we write.
const ANSWERS: [&str; 2] = ["refs/notes/devtools/ci", "refs/notes/devtools/analyses"];

impl Shared {
    /// Brings the local copy up to date; nothing to do where there is no remote.
    pub(super) async fn fetch(self: &Arc<Self>, repository: &Arc<Repository>) -> Result<(), Trouble> {
        let Some(remote) = &repository.watched.remote else { return Ok(()) };
        let (path, branches) = (&repository.watched.path, [BRANCHES.to_owned()]);
        let fetched = git::fetch(path, remote.secret(), &branches, self.settings.fetch_deadline);
        fetched.await.map_err(|error| trouble(remote, &error))?;
        // Notes that are written but not pushed yet must not be taken from under their writer.
        let _writing = repository.published.lock().await;
        self.fetch_notes(repository).await
    }

    /// Brings the notes up to date; for whoever may write them now.
    pub(super) async fn fetch_notes(self: &Arc<Self>, repository: &Arc<Repository>) -> Result<(), Trouble> {
        let Some(remote) = &repository.watched.remote else { return Ok(()) };
        let (path, notes) = (&repository.watched.path, [NOTES.to_owned()]);
        let fetched = git::fetch_keeping(path, remote.secret(), &notes, self.settings.fetch_deadline);
        fetched.await.map(drop).map_err(|error| trouble(remote, &error))
    }

    /// Pushes the notes that answer; nothing to do where there is no remote.
    pub(super) async fn push_notes(self: &Arc<Self>, repository: &Arc<Repository>) -> Result<(), Trouble> {
        let Some(remote) = &repository.watched.remote else { return Ok(()) };
        let history = repository.history.clone();
        let there = self.off_thread(move || Ok(history.refs(&ANSWERS)?)).await.map_err(Unjudged::into_trouble)?;
        let refspecs: Vec<String> =
            ANSWERS.iter().zip(there).filter(|(_, at)| at.is_some()).map(|(name, _)| format!("{name}:{name}")).collect();
        if refspecs.is_empty() {
            return Ok(());
        }
        let pushed = git::push(&repository.watched.path, remote.secret(), &refspecs, self.settings.fetch_deadline);
        pushed.await.map_err(|error| trouble(remote, &error))
    }
}

/// A remote that fails may be back later, whatever it says now; its credentials are not repeated.
fn trouble(remote: &RemoteUrl, error: &GitError) -> Trouble {
    Trouble::passing(remote.redact(&error.to_string()))
}
