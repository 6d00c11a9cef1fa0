//! What the API asks of the loop: which repositories there are, what a run is about, and to look at one.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Map, Value as Json};

use crate::controller::{Waker, inputs_of_claim};
use crate::facts::Workspace;
use crate::model::{CommitId, Identifier};
use crate::run::call::{Scrub, redacted};
use crate::store::{RepositoryKey, RunRecord, Store};

/// What a run is about, as the watched branch holds it.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Described {
    /// The title of its action.
    pub title: Option<String>,
    /// The blueprint of the entity it works on.
    pub blueprint: Option<String>,
    /// The entity it works on.
    pub entity: Option<String>,
    /// Its inputs. What is secret is redacted.
    pub properties: Map<String, Json>,
}

/// The loop, as the API sees it.
#[async_trait]
pub trait Watching: Send + Sync {
    /// The repositories that are watched now: what the store calls each, and what the configuration does.
    fn repositories(&self) -> Vec<(RepositoryKey, String)>;

    /// Has a run looked at, because something was recorded of it. Waits for nothing.
    fn wake(&self, repository: &RepositoryKey, run: &Identifier);

    /// What a run is about; `None` where the branch does not hold it, or cannot be read.
    async fn describe(&self, repository: &RepositoryKey, run: &Identifier) -> Option<Described>;

    /// What is secret about a run that was claimed: nothing that is reported of it may repeat that. `None` where nobody can tell now.
    async fn secrets(&self, repository: &RepositoryKey, record: &RunRecord) -> Option<Scrub>;
}

/// The loop itself, with the catalogs it keeps.
#[derive(Clone)]
pub struct Loop {
    waker: Waker,
    store: Arc<dyn Store>,
}

impl Loop {
    /// The loop that `waker` wakes and `store` remembers for.
    pub fn new(waker: Waker, store: Arc<dyn Store>) -> Self {
        Self { waker, store }
    }
}

#[async_trait]
impl Watching for Loop {
    fn repositories(&self) -> Vec<(RepositoryKey, String)> {
        self.waker.watched().into_iter().map(|watched| (watched.key, watched.name)).collect()
    }

    fn wake(&self, repository: &RepositoryKey, run: &Identifier) {
        self.waker.wake_run(repository, run);
    }

    async fn describe(&self, repository: &RepositoryKey, run: &Identifier) -> Option<Described> {
        let workspace = self.waker.watched().into_iter().find(|watched| watched.key == *repository)?.workspace;
        let accepted = self.store.accepted(repository).await.ok()??.commit;
        let run = run.clone();
        tokio::task::spawn_blocking(move || described(&workspace, accepted, &run)).await.ok()?
    }

    async fn secrets(&self, repository: &RepositoryKey, record: &RunRecord) -> Option<Scrub> {
        let workspace = self.waker.watched().into_iter().find(|watched| watched.key == *repository)?.workspace;
        let grant = record.life.as_ref()?.execution.as_ref()?.grant.clone();
        let inputs = inputs_of_claim(&record.decision);
        let read = move || {
            let catalog = workspace.snapshot(grant.revision).ok()?.catalog;
            Some(Scrub::of_inputs(catalog.actions().get(&grant.action).map(|action| &action.value), &inputs))
        };
        tokio::task::spawn_blocking(read).await.ok()?
    }
}

fn described(workspace: &Workspace, accepted: CommitId, run: &Identifier) -> Option<Described> {
    let catalog = workspace.snapshot(accepted).ok()?.catalog;
    let run = &catalog.runs().get(run)?.value;
    let action = catalog.actions().get(&run.action).map(|action| &action.value);
    let properties = match redacted(action, &run.inputs).to_json() {
        Json::Object(properties) => properties,
        _ => Map::new(),
    };
    Some(Described {
        title: action.and_then(|action| action.title.clone()),
        blueprint: action.map(|action| action.blueprint.to_string()),
        entity: run.entity.as_ref().map(ToString::to_string),
        properties,
    })
}
