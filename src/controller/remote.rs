//! A repository that came from elsewhere: fetched before every look, and answered to.
//!
//! The other side is the truth for every ref, our own notes included. Answers are written here and pushed; a push that loses
//! a race is fetched over, written and pushed again. A forge with accounts says itself where its repository is, and is answered
//! by other ways.

use std::sync::Arc;

use crate::config::RemoteUrl;
use crate::forge::{PullRequest, Remote};
use crate::git::{self, Access, GitError};

use super::parts::Repository;
use super::{Shared, Trouble, Unjudged, watch};

/// The branches, of which those that are gone over there go here too.
const BRANCHES: &str = "+refs/heads/*:refs/heads/*";
/// The reviews, and what answers them.
const NOTES: &str = "+refs/notes/devtools/*:refs/notes/devtools/*";
/// What we write.
const ANSWERS: [&str; 2] = ["refs/notes/devtools/ci", "refs/notes/devtools/analyses"];
/// Heads that are fetched at a time.
const BATCH: usize = 50;
/// Heads of one batch that may fail before it is laid to the other side.
const MOST_FAILED: usize = 5;

impl Shared {
    /// Brings the local copy up to date: the watched branch and the entries of a merge queue where a forge says where the repository
    /// is, all branches and notes where the configuration says so; nothing where there is no remote.
    pub(super) async fn fetch(self: &Arc<Self>, repository: &Arc<Repository>) -> Result<(), Trouble> {
        let watched = &repository.watched;
        if let Some(remote) = watched.forge.remote().await? {
            let branch = repository.branch_ref();
            let queue = watched.forge.queue().map(|prefix| format!("+{prefix}*:{prefix}*"));
            let refs: Vec<String> = std::iter::once(format!("+{branch}:{branch}")).chain(queue).collect();
            return self.fetch_by(repository, &remote, &refs).await;
        }
        let Some(remote) = &watched.remote else {
            if !repository.is_watching() {
                // A walk over all directories of refs.
                let (shared, inner) = (self.clone(), repository.clone());
                let begun = self.off_thread(move || {
                    watch::begin(&shared, &inner);
                    Ok(())
                });
                begun.await.map_err(Unjudged::into_trouble)?;
            }
            return Ok(());
        };
        let branches = [BRANCHES.to_owned()];
        let fetched = git::fetch(&watched.path, remote.secret(), &branches, self.settings.fetch_deadline);
        fetched.await.map_err(|error| trouble(remote, &error))?;
        // Notes that are written but not pushed yet must not be taken from under their writer.
        let _writing = repository.published.lock().await;
        self.fetch_notes(repository).await
    }

    /// Fetches the heads of these pull requests as far as they are not here yet and no branch brings them. One that is missing over
    /// there does not keep the others away; it is told of where it is needed.
    pub(super) async fn fetch_heads(
        self: &Arc<Self>,
        repository: &Arc<Repository>,
        pull_requests: &[PullRequest],
    ) -> Result<(), Trouble> {
        let named: Vec<_> = pull_requests.iter().filter_map(|p| Some((p.head, refspec(p.fetched_ref.as_deref()?)?))).collect();
        if named.is_empty() {
            return Ok(());
        }
        let (history, heads) = (repository.history.clone(), named.iter().map(|(head, _)| *head).collect::<Vec<_>>());
        let missing = self.off_thread(move || Ok(history.missing(&heads)?)).await.map_err(Unjudged::into_trouble)?;
        let wanted: Vec<String> =
            named.into_iter().filter(|(head, _)| missing.contains(head)).map(|(_, refspec)| refspec).collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let Some(remote) = repository.watched.forge.remote().await? else { return Ok(()) };
        for batch in wanted.chunks(BATCH) {
            let Err(trouble) = self.fetch_by(repository, &remote, batch).await else { continue };
            if batch.len() == 1 {
                tracing::warn!(repository = %repository.name, "a head could not be fetched: {trouble}");
                continue;
            }
            tracing::debug!(repository = %repository.name, "{trouble}; one head at a time");
            let mut failed = 0;
            for one in batch {
                let Err(trouble) = self.fetch_by(repository, &remote, std::slice::from_ref(one)).await else { continue };
                tracing::warn!(repository = %repository.name, refspec = %one, "a head could not be fetched: {trouble}");
                failed += 1;
                if failed >= MOST_FAILED {
                    // So many are not missing by themselves.
                    return Err(trouble);
                }
            }
        }
        Ok(())
    }

    async fn fetch_by(&self, repository: &Repository, remote: &Remote, refspecs: &[String]) -> Result<(), Trouble> {
        let access = Access { remote: &remote.url, authorization: remote.authorization.as_deref() };
        let fetched = git::fetch_by(&repository.watched.path, access, refspecs, self.settings.fetch_deadline);
        // A forge that fails may be back later, whatever it says now.
        fetched.await.map(drop).map_err(|error| Trouble::passing(error.to_string()))
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

/// Fetches one ref into the ref of the same name; `None` for what is no name of one ref.
fn refspec(name: &str) -> Option<String> {
    let plain = name.starts_with("refs/") && !name.contains([':', '*', ' ', '\n', '\0']);
    plain.then(|| format!("+{name}:{name}"))
}

/// A remote that fails may be back later, whatever it says now; its credentials are not repeated.
fn trouble(remote: &RemoteUrl, error: &GitError) -> Trouble {
    Trouble::passing(remote.redact(&error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_forge_calls_a_ref_is_fetched_only_if_it_is_one() {
        assert_eq!(refspec("refs/pull/7/head").unwrap(), "+refs/pull/7/head:refs/pull/7/head");
        for name in ["", "--upload-pack=x", "refs/*", "refs/pull/7/head:refs/heads/main", "main"] {
            assert_eq!(refspec(name), None, "{name}");
        }
    }
}
