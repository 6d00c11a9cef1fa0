//! The handle by which the world outside wakes the loop: it says where to look, and never what is there.

use std::sync::Arc;

use crate::model::Identifier;
use crate::store::RepositoryKey;

use super::drive::Shared;
use super::parts::Repository;
use super::{Thing, Watched};

/// Wakes the controller. Cheap to clone; a wake is a note in the queue and waits for nothing.
///
/// A wake that is lost, doubled or late does no harm: a sweep finds what it would have found.
#[derive(Clone)]
pub struct Waker {
    shared: Arc<Shared>,
}

impl Waker {
    pub(super) fn of(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Has a repository looked at; `false` where none of that name is watched.
    pub fn wake_repository(&self, name: &str) -> bool {
        let Some(repository) = self.shared.repository(name) else { return false };
        self.shared.metrics.woken(name, "repository");
        self.shared.wake(&repository.name);
        true
    }

    /// Has one pull request judged anew, by the forge's id, and what stands on the forge read again; `false` where no repository of
    /// that name is watched. The id may be of no pull request at all.
    pub fn wake_pull_request(&self, name: &str, id: &str) -> bool {
        let Some(repository) = self.shared.repository(name) else { return false };
        self.shared.metrics.woken(name, "pull_request");
        let thing = Thing::PullRequest(id.to_owned());
        repository.distrust(thing.clone());
        self.shared.wake_thing(&repository.name, thing);
        // A review may come after the merge, and then it is about what stands on the branch.
        let brought: Vec<_> = {
            let landings = repository.landings();
            landings.iter().filter(|(_, by)| by.as_deref() == Some(id)).map(|(run, _)| run.clone()).collect()
        };
        brought.into_iter().for_each(|run| self.shared.wake_thing(&repository.name, Thing::Run(run)));
        true
    }

    /// Has a run looked at that stands on a branch, because something was recorded of it; `false` where its repository is not watched.
    pub fn wake_run(&self, repository: &RepositoryKey, run: &Identifier) -> bool {
        let Some(repository) = self.shared.all().into_iter().find(|known| known.watched.key == *repository) else { return false };
        self.shared.metrics.woken(&repository.name, "run");
        self.shared.wake_thing(&repository.name, Thing::Run(run.clone()));
        true
    }

    /// Has every open pull request of a repository judged anew, and what stands on the forge read again; `false` where none of
    /// that name is watched.
    pub fn recheck_repository(&self, name: &str) -> bool {
        let Some(repository) = self.shared.repository(name) else { return false };
        repository.resync_at_next_look();
        self.wake_repository(name)
    }

    /// Has every repository looked at.
    pub fn wake_everything(&self) {
        for name in self.shared.names() {
            self.wake_repository(&name);
        }
    }

    /// Watches one more repository from now on; `false`, and nothing is changed, where one of that name is watched already.
    pub fn watch(&self, watched: Watched) -> bool {
        self.shared.add(Repository::new(watched))
    }

    /// Watches a repository no longer; `false` where none of that name is watched. What is stored of it stays.
    pub fn unwatch(&self, name: &str) -> bool {
        self.shared.remove(name)
    }

    /// The repositories that are watched.
    pub fn watched(&self) -> Vec<Watched> {
        self.shared.all().iter().map(|repository| repository.watched.clone()).collect()
    }

    /// The names of the repositories that are watched, in order.
    pub fn names(&self) -> Vec<String> {
        self.shared.names().iter().map(ToString::to_string).collect()
    }
}

impl std::fmt::Debug for Waker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Waker").field(&self.names()).finish()
    }
}
