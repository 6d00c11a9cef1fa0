//! Merges a pull request that asks for a run once nothing stands against it, where the operator has chosen so.

use std::sync::Arc;

use crate::check::Verdict;
use crate::forge::{Merge, Merged};
use crate::model::CommitId;

use super::answer::Answer;
use super::parts::Repository;
use super::{Shared, Trouble};

/// What was judged and posted of a pull request that might be merged now.
pub(super) struct Candidate<'a> {
    pub(super) id: &'a str,
    pub(super) head: CommitId,
    /// Whether it is open onto the watched branch, no draft, and all facts about it are known.
    pub(super) settled: bool,
    pub(super) verdict: &'a Verdict,
    /// What stands on its head now.
    pub(super) posted: &'a Answer,
}

impl Shared {
    /// Merges the very head that was judged, if all three checks are green on it, and the branch stands where it was judged against.
    pub(super) async fn merge_if_green(
        self: &Arc<Self>,
        repository: &Arc<Repository>,
        candidate: Candidate<'_>,
    ) -> Result<(), Trouble> {
        let Some(method) = repository.watched.outward.merge else { return Ok(()) };
        let Candidate { id, head, settled, verdict, posted } = candidate;
        if !settled || verdict.runs.is_empty() || !posted.is_green(head) {
            return Ok(());
        }
        // Two that are green at once would both be merged onto what was judged, and the second made of nobody knows what.
        let _alone = repository.merging.lock().await;
        // Whoever merged meanwhile moved the branch on, and what was judged is not what this merge would make.
        self.fetch(repository).await?;
        let world = self.world(repository).await?;
        if world.halted || world.accepted != Some(verdict.base) || world.tip != world.accepted {
            // It is judged again once the branch is followed.
            return Ok(());
        }
        let merge = Merge { pull_request: id.to_owned(), head, method };
        let why = match repository.watched.forge.merge(&merge).await {
            Ok(Merged::Done) => {
                tracing::info!(repository = %repository.name, pull_request = %id, %head, method = method.as_str(), "merged");
                self.metrics.merged(&repository.name, "done");
                self.wake(&repository.name);
                return Ok(());
            }
            Ok(Merged::Refused(why)) => why,
            Err(error) if error.is_retryable() => return Err(error.into()),
            Err(error) => error.to_string(),
        };
        self.metrics.merged(&repository.name, "refused");
        let mut unmerged = repository.unmerged.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if unmerged.insert(id.to_owned(), head) != Some(head) {
            tracing::warn!(repository = %repository.name, pull_request = %id, %head, "not merged, until something changes: {why}");
        }
        Ok(())
    }
}
