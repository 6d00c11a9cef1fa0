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
        self.tell(self.shared.repository(name), "repository", &Word::Look)
    }

    /// Has one pull request judged anew, by the forge's id, and what stands on the forge read again; `false` where no repository of
    /// that name is watched. The id may be of no pull request at all.
    pub fn wake_pull_request(&self, name: &str, id: &str) -> bool {
        self.tell(self.shared.repository(name), "pull_request", &Word::PullRequest(id.to_owned()))
    }

    /// Has a run looked at that stands on a branch, because something was recorded of it; `false` where its repository is not watched.
    pub fn wake_run(&self, repository: &RepositoryKey, run: &Identifier) -> bool {
        let known = self.shared.all().into_iter().find(|known| known.watched.key == *repository);
        self.tell(known, "run", &Word::Run(run.clone()))
    }

    /// Has every open pull request of a repository judged anew, and what stands on the forge read again; `false` where none of
    /// that name is watched.
    pub fn recheck_repository(&self, name: &str) -> bool {
        self.tell(self.shared.repository(name), "repository", &Word::Recheck)
    }

    /// Has every repository looked at.
    pub fn wake_everything(&self) {
        for name in self.shared.names() {
            self.wake_repository(&name);
        }
    }

    /// Whoever acts on a repository hears it: this process, or another through the store.
    fn tell(&self, repository: Option<Arc<Repository>>, what: &'static str, word: &Word) -> bool {
        let Some(repository) = repository else { return false };
        self.shared.metrics.woken(&repository.name, what);
        match repository.is_held() {
            true => self.shared.hear(&repository, word),
            false => self.shared.pass_on(&repository, word),
        }
        true
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

/// What a repository is woken for, as one replica says it to another.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Word {
    /// A look at the whole.
    Look,
    /// A look at the whole that trusts nothing.
    Recheck,
    /// A pull request, by the forge's id.
    PullRequest(String),
    /// A run that stands on the branch.
    Run(Identifier),
}

impl Word {
    /// Reads what it writes.
    pub(super) fn parse(text: &str) -> Option<Self> {
        Some(match text.split_once(' ') {
            None if text == "look" => Self::Look,
            None if text == "recheck" => Self::Recheck,
            Some(("pull-request", id)) => Self::PullRequest(id.to_owned()),
            Some(("run", run)) => Self::Run(Identifier::new(run).ok()?),
            _ => return None,
        })
    }
}

impl std::fmt::Display for Word {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Look => f.write_str("look"),
            Self::Recheck => f.write_str("recheck"),
            Self::PullRequest(id) => write!(f, "pull-request {id}"),
            Self::Run(run) => write!(f, "run {run}"),
        }
    }
}

impl Shared {
    /// Does what a word says.
    pub(super) fn hear(&self, repository: &Repository, word: &Word) {
        match word {
            Word::Look => self.wake(&repository.name),
            Word::Recheck => {
                repository.resync_at_next_look();
                self.wake(&repository.name);
            }
            Word::PullRequest(id) => {
                let thing = Thing::PullRequest(id.clone());
                repository.distrust(thing.clone());
                self.wake_thing(&repository.name, thing);
                // A review may come after the merge, and then it is about what stands on the branch.
                let brought: Vec<_> = {
                    let landings = repository.landings();
                    landings.iter().filter(|(_, by)| by.as_deref() == Some(id)).map(|(run, _)| run.clone()).collect()
                };
                brought.into_iter().for_each(|run| self.wake_thing(&repository.name, Thing::Run(run)));
            }
            Word::Run(run) => {
                self.wake_thing(&repository.name, Thing::Run(run.clone()));
                // Whoever has something recorded of a run may have ended it, and then nothing else looks at it.
                self.wake_thing(&repository.name, Thing::Progress);
            }
        }
    }
}

impl std::fmt::Debug for Waker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Waker").field(&self.names()).finish()
    }
}
