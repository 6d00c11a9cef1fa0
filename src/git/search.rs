//! Looks for one commit in the newer part of a history.

use std::collections::{BinaryHeap, HashSet};

use super::{GitError, RawCommit, Repository};
use crate::model::{CommitId, Timestamp};

/// Seconds by which the clocks of those who commit may be apart.
const SKEW: u64 = 24 * 3600;
/// Commits that are looked at whatever their dates say.
const LEAST: usize = 512;

/// What came of a search.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Found {
    /// This one.
    Here(CommitId),
    /// There is none.
    Nowhere,
    /// More commits than are looked at have come since.
    TooFar,
}

impl Repository {
    /// A commit that `is_it` knows among those that `tip` reaches, newest first by their dates. Anybody can write a date, so some are looked at
    /// that seem older than `since`; and at most `most` of all. Commits that cannot be read are passed by.
    ///
    /// # Errors
    /// [`GitError::Missing`] in a shallow clone.
    pub fn search(
        &self,
        tip: CommitId,
        since: Timestamp,
        most: usize,
        is_it: &dyn Fn(&RawCommit) -> bool,
    ) -> Result<Found, GitError> {
        let oldest = u64::try_from(since.as_second()).unwrap_or_default().saturating_sub(SKEW);
        let (mut queue, mut seen) = (BinaryHeap::from([(u64::MAX, tip)]), HashSet::from([tip]));
        let mut looked = 0;
        while let Some((seconds, id)) = queue.pop() {
            if looked >= LEAST && seconds < oldest {
                return Ok(Found::Nowhere);
            }
            if looked >= most {
                return Ok(Found::TooFar);
            }
            looked += 1;
            match self.commit(id) {
                Ok(commit) if is_it(&commit) => return Ok(Found::Here(id)),
                Ok(_) | Err(GitError::Malformed { .. } | GitError::TooLarge { .. }) => {}
                Err(error) => return Err(error),
            }
            let Ok(links) = self.links(id) else { continue };
            for parent in links.parents.into_iter().filter(|parent| seen.insert(*parent)) {
                queue.push((self.links(parent).map_or(0, |links| links.seconds), parent));
            }
        }
        Ok(Found::Nowhere)
    }
}
