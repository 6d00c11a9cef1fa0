//! Where the branch stands, and how a commit comes onto it: only from where it was seen.

use std::sync::Arc;

use crate::forge::Remote;
use crate::git::{Access, GitError, Moved, Pushed, Repository, Writer, fetch_by, push_from};
use crate::model::CommitId;

use super::Inner;

/// What became of a commit that was to be put on the branch.
pub(super) enum Sent {
    /// The branch stands on it.
    There,
    /// It certainly does not: the branch stands elsewhere by now.
    Moved,
    /// It certainly does not, and whoever keeps the branch says that it never will.
    Never(String),
    /// Nothing was sent.
    Unsent(String),
    /// Nobody knows.
    Unknown(String),
}

impl Inner {
    /// The place that the branch is kept at; `None` where that is the local repository.
    async fn upstream(&self) -> Result<Option<Remote>, String> {
        let told = self.forge.remote().await.map_err(|error| error.to_string())?;
        let configured = || self.options.remote.clone().map(|url| Remote { url, authorization: None });
        Ok(told.or_else(configured))
    }

    /// Where a copy of the tip over there is kept; no branch, so that what the controller last saw of those stays as it saw it.
    fn copy(&self) -> String {
        format!("refs/portcullis/tip/{}", self.options.branch)
    }

    /// The tip of the branch, as it stands now where it is kept.
    pub(super) async fn tip(self: &Arc<Self>) -> Result<CommitId, String> {
        let name = match self.upstream().await? {
            None => self.reference(),
            Some(remote) => {
                let access = Access { remote: &remote.url, authorization: remote.authorization.as_deref() };
                let refspecs = [format!("+{}:{}", self.reference(), self.copy())];
                let fetched = fetch_by(&self.options.path, access, &refspecs, self.options.deadline).await;
                fetched.map_err(|error| hidden(&error, &remote))?;
                self.copy()
            }
        };
        let inner = self.clone();
        let read = move || {
            let tip = Repository::open(&inner.options.path).and_then(|repository| repository.reference(&name));
            tip.map_err(|error| error.to_string())?.ok_or_else(|| format!("branch {} does not exist", inner.options.branch))
        };
        tokio::task::spawn_blocking(read).await.map_err(|error| error.to_string())?
    }

    /// Puts a commit on the branch, if that still stands at `tip`.
    pub(super) async fn send(self: &Arc<Self>, tip: CommitId, new: CommitId) -> Sent {
        let remote = match self.upstream().await {
            Ok(Some(remote)) => remote,
            Ok(None) => {
                let inner = self.clone();
                let moved = tokio::task::spawn_blocking(move || inner.move_here(tip, new)).await;
                return moved.unwrap_or_else(|_| Sent::Unknown("moving the branch failed inside Portcullis".to_owned()));
            }
            Err(why) => return Sent::Unsent(why),
        };
        let access = Access { remote: &remote.url, authorization: remote.authorization.as_deref() };
        match push_from(&self.options.path, access, &self.reference(), Some(tip), new, self.options.deadline).await {
            Ok(Pushed::Yes) => Sent::There,
            Ok(Pushed::Moved) => Sent::Moved,
            Ok(Pushed::Refused(why)) => Sent::Never(format!("{} does not take the commit: {why}", self.options.branch)),
            Err(error @ GitError::Refused(_)) => Sent::Unsent(hidden(&error, &remote)),
            Err(error) => Sent::Unknown(hidden(&error, &remote)),
        }
    }

    /// Moves the branch of the local repository. Blocks.
    fn move_here(&self, tip: CommitId, new: CommitId) -> Sent {
        let reference = self.reference();
        let moved = || {
            let writer = Writer::open(&self.options.path)?;
            if let Some(tree) = writer.checked_out(&reference)? {
                return Ok(Sent::Never(format!(
                    "{} is checked out in {}, and would be pulled away from under it; let a bare repository be watched",
                    self.options.branch,
                    tree.display()
                )));
            }
            Ok(match writer.move_ref(&reference, Some(tip), new, "portcullis: a run")? {
                Moved::Yes => Sent::There,
                Moved::Contended => Sent::Moved,
            })
        };
        // A ref is moved by one rename: what failed before has moved nothing, and what failed after it is found.
        moved().unwrap_or_else(|error: GitError| Sent::Unknown(error.to_string()))
    }
}

/// What git says, without what is secret in the address.
fn hidden(error: &GitError, remote: &Remote) -> String {
    let shown = remote.url.rsplit_once('@').map_or("", |(_, place)| place);
    if shown.is_empty() { error.to_string() } else { error.to_string().replace(&remote.url, shown) }
}
