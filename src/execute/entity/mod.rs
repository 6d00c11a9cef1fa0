//! Performs `UPSERT_ENTITY`: a commit of the controller's own on the watched branch, put there only where the branch stands as it was seen.
//!
//! The commit names its run in its message. So git itself tells whether a run was performed, and the same run is never committed twice: before
//! each attempt the very tip that is built on is searched for it, and the push is taken only if that is still the tip.

mod commit;
mod publish;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::abort::{self, Deed};
use crate::catalog::Catalog;
use crate::forge::Forge;
use crate::git::SshSigner;
use crate::model::{CommitId, Timestamp};
use crate::run::call::{Call, EntityCall};
use crate::run::life::Answer;

use super::{Order, Performer};
use commit::Prepared;
use publish::Sent;

/// The line of a commit's message that names the run it was made for, by its handle.
pub const RUN_TRAILER: &str = "Portcullis-Run";
/// The line that names the action.
pub const ACTION_TRAILER: &str = "Portcullis-Action";

/// How often a commit is built anew on a branch that moves under our hands, in one attempt.
const ROUNDS: u64 = 8;

/// The catalog at a commit; an error says why it cannot be read.
pub type CatalogAt = dyn Fn(CommitId) -> Result<Catalog, String> + Send + Sync;
/// The time.
pub type Now = dyn Fn() -> Timestamp + Send + Sync;

/// Where commits are made, and in whose name.
#[derive(Clone)]
pub struct EntityOptions {
    /// The local repository.
    pub path: PathBuf,
    /// The watched branch's short name.
    pub branch: String,
    /// The catalog's directory; empty for the repository's top.
    pub root: String,
    /// Where the branch really stands, with what git needs to go there, where the forge has no word of its own; `None` where the local
    /// repository is the place itself. May hold a secret.
    pub remote: Option<String>,
    /// The name on its commits.
    pub name: String,
    /// The address on its commits: that of a bot of the roster.
    pub email: String,
    /// What a link to a commit begins with.
    pub link: Option<String>,
    /// For one fetch, and one push.
    pub deadline: Duration,
}

/// Writes and removes entities.
pub struct EntityPerformer {
    inner: Arc<Inner>,
    /// One commit at a time: two of ours need not race each other.
    turn: tokio::sync::Mutex<()>,
}

struct Inner {
    options: EntityOptions,
    signer: Option<SshSigner>,
    forge: Arc<dyn Forge>,
    catalog: Box<CatalogAt>,
    now: Box<Now>,
}

impl fmt::Debug for EntityPerformer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { options, signer, .. } = &*self.inner;
        let EntityOptions { path, branch, .. } = options;
        f.debug_struct("EntityPerformer")
            .field("path", path)
            .field("branch", branch)
            .field("signer", signer)
            .finish_non_exhaustive()
    }
}

/// One round: built on a tip, and sent.
enum Round {
    /// That is that.
    Ended(Answer),
    /// The branch has moved; nothing of ours stands on it.
    Moved,
    /// Nobody knows whether it arrived.
    Uncertain(String),
    /// Nothing was sent.
    Unsent(String),
}

impl EntityPerformer {
    /// Commits as `options` say, signed where there is a signer.
    pub fn new(
        options: EntityOptions,
        signer: Option<SshSigner>,
        forge: Arc<dyn Forge>,
        catalog: Box<CatalogAt>,
        now: Box<Now>,
    ) -> Self {
        Self { inner: Arc::new(Inner { options, signer, forge, catalog, now }), turn: tokio::sync::Mutex::default() }
    }

    async fn round(&self, order: &Order, call: &EntityCall) -> Round {
        let tip = match self.inner.tip().await {
            Ok(tip) => tip,
            Err(why) => return Round::Unsent(why),
        };
        let (inner, order, called) = (self.inner.clone(), order.clone(), call.clone());
        let prepared = tokio::task::spawn_blocking(move || inner.prepare(&order, &called, tip)).await;
        let new = match prepared {
            Ok(Ok(Prepared::Commit(new))) => new,
            Ok(Ok(Prepared::Committed(there))) => return Round::Ended(self.inner.done(there)),
            Ok(Ok(Prepared::Stands)) => {
                let says = format!("{} stands so already", call.key);
                return Round::Ended(Answer::Done { success: true, says, link: None, outside: None });
            }
            Ok(Ok(Prepared::Never(why))) => return Round::Ended(Answer::Refused { why }),
            Ok(Err(why)) => return Round::Unsent(why),
            Err(_) => return Round::Unsent("building the commit failed inside Portcullis".to_owned()),
        };
        abort::before(Deed::Committed);
        let sent = self.inner.send(tip, new).await;
        abort::after(Deed::Committed);
        match sent {
            Sent::There => Round::Ended(self.inner.done(new)),
            Sent::Moved => Round::Moved,
            Sent::Never(why) => Round::Ended(Answer::Refused { why }),
            Sent::Unsent(why) => Round::Unsent(why),
            Sent::Unknown(why) => Round::Uncertain(why),
        }
    }
}

#[async_trait]
impl Performer for EntityPerformer {
    async fn perform(&self, order: &Order) -> Answer {
        let Call::Entity(call) = &order.call else {
            return Answer::Refused { why: "this is no entity to be written".to_owned() };
        };
        let _turn = self.turn.lock().await;
        let mut doubt: Option<String> = None;
        for round in 0..ROUNDS {
            let ended = match self.round(order, call).await {
                Round::Ended(answer) => Some(answer),
                Round::Unsent(why) => Some(Answer::NotPerformed { why, after: None }),
                Round::Uncertain(why) => {
                    doubt = Some(why);
                    None
                }
                Round::Moved => None,
            };
            match (ended, doubt.take()) {
                (Some(done @ Answer::Done { .. }), _) | (Some(done), None) => return done,
                // What was sent before may still arrive.
                (Some(_), Some(why)) => return Answer::Unknown { why },
                (None, earlier) => doubt = earlier,
            }
            tokio::time::sleep(Duration::from_millis(5 + round * 20 + fastrand::u64(0..=20))).await;
        }
        match doubt {
            Some(why) => Answer::Unknown { why },
            None => {
                let why = format!("{} kept moving while the commit was to be put on it", self.inner.options.branch);
                Answer::NotPerformed { why, after: None }
            }
        }
    }

    async fn find(&self, order: &Order) -> Option<Answer> {
        let Call::Entity(call) = &order.call else { return None };
        let _turn = self.turn.lock().await;
        let tip = self.inner.tip().await.ok()?;
        let (inner, order, call) = (self.inner.clone(), order.clone(), call.clone());
        let found = tokio::task::spawn_blocking(move || inner.committed(&order, &call, tip)).await.ok()?.ok()?;
        Some(match found {
            Some(there) => self.inner.done(there),
            // A push that is still under way over there finds the branch moved, or is found before the next one.
            None => Answer::NotPerformed { why: "no commit of the run is on the branch".to_owned(), after: None },
        })
    }
}

impl Inner {
    fn reference(&self) -> String {
        format!("refs/heads/{}", self.options.branch)
    }

    fn done(&self, commit: CommitId) -> Answer {
        Answer::Done {
            success: true,
            says: format!("committed {} to {}", commit.short(), self.options.branch),
            link: self.options.link.as_ref().map(|link| format!("{link}{commit}")),
            outside: Some(commit.to_string()),
        }
    }
}
