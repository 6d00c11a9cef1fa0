//! What the API asks of the loop: which repositories there are, what a run is about, and to look at one.

use async_trait::async_trait;

use serde_json::{Map, Value as Json};

use crate::model::Identifier;
use crate::store::RepositoryKey;

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
}
