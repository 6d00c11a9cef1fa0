//! Makes answers public, each content once, and carries them to where the repository came from.

use std::sync::Arc;

use crate::forge::Publication;

use super::answer::Answer;
use super::parts::Repository;
use super::{Shared, Thing, Trouble};

/// How often notes are fetched, written and pushed again when somebody else pushes notes at the same time.
const ATTEMPTS: usize = 4;

impl Shared {
    /// Publishes an answer unless this very one was the last for the thing. The forge reads before it writes, so after a
    /// restart, when nothing is remembered, nothing is posted twice either.
    pub(super) async fn publish(
        self: &Arc<Self>,
        repository: &Arc<Repository>,
        thing: &Thing,
        answer: &Answer,
    ) -> Result<(), Trouble> {
        let hash = answer.hash();
        let mut published = repository.published.lock().await;
        if published.get(thing) == Some(&hash) {
            repository.take_seen(thing);
            return Ok(());
        }
        let mut attempt = 1;
        loop {
            let publication = Publication {
                statuses: answer.statuses.clone(),
                analyses: answer.analyses.clone(),
                report: None,
                story: None,
                at: self.clock.now(),
            };
            let done = repository.watched.forge.publish(&publication).await?;
            self.metrics.posted(&repository.name, done.statuses);
            match self.push_notes(repository).await {
                Ok(()) => break,
                Err(trouble) if trouble.passes && attempt < ATTEMPTS => {
                    tracing::debug!(repository = %repository.name, "pushing notes: {trouble}; once more");
                    self.fetch_notes(repository).await?;
                    attempt += 1;
                }
                Err(trouble) => return Err(trouble),
            }
        }
        published.insert(thing.clone(), hash);
        if let Some(seen) = repository.take_seen(thing) {
            self.metrics.answered(&repository.name, self.clock.elapsed().saturating_sub(seen).as_secs_f64());
        }
        Ok(())
    }
}
