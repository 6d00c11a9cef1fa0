//! Which commits on the watched branch runs may have made: those that name a run which the journal knows to be in execution, and what it is to
//! do. Whether such a commit is ours, and does that and nothing else, is decided by the judgement.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::check::Performed;
use crate::execute::entity::RUN_TRAILER;
use crate::git::{Repository as Git, trailer};
use crate::model::CommitId;
use crate::run::call::Call;
use crate::run::life::{Phase, RunHandle};

use super::super::Shared;
use super::super::judging::{Unjudged, laid_to_commit};
use super::super::parts::Repository;
use super::order::Filled;

/// Commits of one range that are asked about; more name runs for another reason than that they are ours.
const MOST: usize = 1_000;
/// Commits of a range; a longer one is refused by the judgement itself.
const LONGEST: usize = 10_000;

impl Shared {
    /// What the journal knows of the commits in `from..tip` that name runs.
    pub(in super::super) async fn performed(
        self: &Arc<Self>,
        repository: &Arc<Repository>,
        from: CommitId,
        tip: CommitId,
    ) -> Result<Performed, Unjudged> {
        let hand = repository.watched.performers.hand.clone();
        if hand.is_empty() {
            return Ok(Performed::default());
        }
        let inner = repository.clone();
        let named = self.off_thread(move || {
            let git = Git::open(&inner.watched.path).map_err(laid_to_commit)?;
            let range = git.range(from, tip, LONGEST).map_err(laid_to_commit)?.commits;
            let handle = |id: &CommitId| {
                let commit = git.commit(*id).ok()?;
                Some((*id, RunHandle::parse(&trailer(&commit.message, RUN_TRAILER)?)?))
            };
            Ok(range.iter().filter_map(handle).take(MOST).collect::<Vec<_>>())
        });
        let mut calls = BTreeMap::new();
        for (commit, handle) in named.await? {
            let Some(found) = self.store_of(repository).run_by_handle(&handle).await? else { continue };
            let Some(execution) = found.record.life.as_ref().and_then(|life| life.execution.as_ref()) else { continue };
            let ours = match execution.phase {
                // What has ended has made one commit, and no other is its.
                Phase::Ended => execution.outside.as_deref() == Some(commit.to_string().as_str()),
                _ => execution.attempt > 0,
            };
            if found.repository != repository.watched.key || !ours {
                continue;
            }
            if let Filled::Call(call, _) = self.fill(repository, &found.record, &execution.grant).await?
                && let Call::Entity(call) = *call
            {
                calls.insert(commit, call);
            }
        }
        Ok(Performed { hand, calls })
    }
}
