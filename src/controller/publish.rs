//! Makes answers public, each content once, and carries them to where the repository came from.

use std::sync::{Arc, PoisonError};

use crate::forge::{ForeignStatus, Publication};

use super::answer::Answer;
use super::parts::Repository;
use super::{Shared, Thing, Trouble};

/// How often notes are fetched, written and pushed again when somebody else pushes notes at the same time.
const ATTEMPTS: usize = 4;
/// Things of which is remembered what was last made public; of one that is forgotten the forge is read before it is written to.
const MOST_PUBLISHED: usize = 10_000;
/// Commits of which is remembered who posted in our place; a comment that forgets it loses a line, and no more.
const MOST_FOREIGN: usize = 1_000;

impl Shared {
    /// Publishes an answer unless this very one was the last for the thing and nothing says that it may not stand there any more.
    /// The forge reads before it writes, so after a restart, when nothing is remembered, nothing is posted twice either.
    ///
    /// Of a pull request it is settled first with what others say of the same commits; returns what stands there now.
    pub(super) async fn publish(
        self: &Arc<Self>,
        repository: &Arc<Repository>,
        thing: &Thing,
        answer: &Answer,
    ) -> Result<Answer, Trouble> {
        let mut published = repository.published.lock().await;
        let settled = match thing {
            Thing::PullRequest(id) => repository.claims().settle(id, answer),
            _ => answer.clone(),
        };
        let hash = settled.hash();
        let answers = settled.story.as_ref().is_some_and(|story| !story.answered.is_empty());
        let doubted = repository.distrusts(thing);
        if published.get(thing) == Some(&hash) && !doubted && !answers {
            repository.sightings.posted(thing, self.clock.elapsed());
            return Ok(settled);
        }
        repository.trust(thing);
        if let Err(trouble) = self.post(repository, &settled).await {
            if doubted {
                repository.distrust(thing.clone());
            }
            return Err(trouble);
        }
        if published.len() >= MOST_PUBLISHED && !published.contains_key(thing) {
            published.pop_first();
        }
        published.insert(thing.clone(), hash);
        let took = repository.sightings.posted(thing, self.clock.elapsed());
        self.metrics.answered(&repository.name, took.whole, took.posting);
        Ok(settled)
    }

    async fn post(self: &Arc<Self>, repository: &Arc<Repository>, answer: &Answer) -> Result<(), Trouble> {
        let mut attempt = 1;
        loop {
            let publication = Publication {
                statuses: answer.statuses.clone(),
                analyses: answer.analyses.clone(),
                report: answer.report.clone(),
                story: answer.story.clone(),
                at: self.clock.now(),
            };
            let done = repository.watched.forge.publish(&publication).await?;
            self.metrics.posted(&repository.name, done.statuses);
            let told = done.foreign.iter().filter(|status| self.tell_foreign(repository, status)).count();
            if let Some(story) = answer.story.as_ref().filter(|_| told > 0) {
                // Its comment is to tell of it.
                self.wake_thing(&repository.name, Thing::PullRequest(story.pull_request.clone()));
            }
            match self.push_notes(repository).await {
                Ok(()) => return Ok(()),
                Err(trouble) if trouble.passes && attempt < ATTEMPTS => {
                    tracing::debug!(repository = %repository.name, "pushing notes: {trouble}; once more");
                    self.fetch_notes(repository).await?;
                    attempt += 1;
                }
                Err(trouble) => return Err(trouble),
            }
        }
    }

    /// Says whether it is the first of its kind.
    fn tell_foreign(&self, repository: &Repository, status: &ForeignStatus) -> bool {
        self.metrics.foreign(&repository.name);
        tracing::warn!(repository = %repository.name, commit = %status.commit, context = %status.context, by = %status.by,
            "somebody else had posted a status in our context; it is overwritten");
        let mut foreign = repository.foreign.lock().unwrap_or_else(PoisonError::into_inner);
        if foreign.len() >= MOST_FOREIGN {
            foreign.clear();
        }
        foreign.entry(status.commit).or_default().insert((status.context.clone(), status.by.clone()))
    }
}
