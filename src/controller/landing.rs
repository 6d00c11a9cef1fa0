//! Which runs come onto the watched branch with a revision that is accepted, and by which pull requests.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value as Json;

use crate::model::{CommitId, Identifier, PullRequestState};
use crate::run::life::Landing;
use crate::store::Landed;

use super::judging::{Unjudged, laid_to_commit};
use super::outbox::on_landing;
use super::parts::Repository;
use super::{Shared, Trouble};

impl Shared {
    /// The runs that `to` has and `from` has not, all of them brought by `pull_request`; where none is named, each by the one that its
    /// record names, if the forge says that it was merged.
    pub(super) async fn landed(
        self: &Arc<Self>,
        repository: &Arc<Repository>,
        from: CommitId,
        to: CommitId,
        pull_request: Option<&str>,
    ) -> Result<Vec<Landed>, Unjudged> {
        let inner = repository.clone();
        let new = self.off_thread(move || {
            let workspace = &inner.watched.workspace;
            let before = workspace.snapshot(from).map_err(laid_to_commit)?;
            let after = workspace.snapshot(to).map_err(laid_to_commit)?;
            let known = before.catalog.runs();
            Ok(after.catalog.runs().iter().map(|(run, _)| run.clone()).filter(|run| !known.contains(run)).collect::<Vec<_>>())
        });
        let (new, at) = (new.await?, self.clock.now());
        let mut merged = BTreeMap::new();
        let mut landed = Vec::new();
        for run in new {
            let pull_request = match pull_request {
                Some(id) => Some(id.to_owned()),
                None => self.brought_by(repository, &run, &mut merged).await?,
            };
            let landing = Landing { from, to, pull_request, at };
            let messages = vec![on_landing(&repository.watched.key, &run, &landing)];
            landed.push(Landed { run, landing, messages });
        }
        Ok(landed)
    }

    /// The pull request that asked for a run, if it was merged onto the watched branch; what is known of others is kept in `merged`.
    async fn brought_by(
        &self,
        repository: &Repository,
        run: &Identifier,
        merged: &mut BTreeMap<String, bool>,
    ) -> Result<Option<String>, Trouble> {
        let record = self.store_of(repository).run(&repository.watched.key, run).await?;
        let named = record.and_then(|record| record.decision.get("pull_request").and_then(Json::as_str).map(str::to_owned));
        let Some(id) = named else { return Ok(None) };
        let is_merged = match merged.get(&id) {
            Some(known) => *known,
            None => {
                let is_merged = self.is_merged(repository, &id).await?;
                merged.insert(id.clone(), is_merged);
                is_merged
            }
        };
        Ok(is_merged.then_some(id))
    }

    async fn is_merged(&self, repository: &Repository, id: &str) -> Result<bool, Trouble> {
        let forge = &repository.watched.forge;
        let Some(pull_request) = forge.pull_request(id).await? else { return Ok(false) };
        let asking = crate::forge::Asking { keys: &[], signed: &[], now: self.clock.now() };
        let details = forge.details(&pull_request, asking).await?;
        Ok(details.state == PullRequestState::Merged && details.onto_watched)
    }
}
