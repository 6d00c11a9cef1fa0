//! Claims an approved run for execution, at the moment at which everything was checked again.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde_json::Value as Json;

use crate::model::Timestamp;
use crate::run::life::{Event, idempotency_key};
use crate::store::RunRecord;

use super::super::journal::About;
use super::super::parts::Repository;
use super::super::sweep::World;
use super::super::{Shared, Trouble};
use super::decide::Decided;
use super::words::claim_json;
use super::{Next, order};

impl Shared {
    /// Claims a run that was just decided to be approved. `world` is what the decision was made in: where it is another by now, the
    /// decision is made anew.
    pub(super) async fn claim_run(
        self: &Arc<Self>,
        repository: &Arc<Repository>,
        record: &RunRecord,
        world: &World,
        decided: Decided,
        json: Json,
    ) -> Result<Next, Trouble> {
        let input = Some(super::input(world, record));
        let Some(grant) = decided.landed.grant else { return Ok(Next::Rest { again: None, input }) };
        let Some(action) = decided.now.0.actions().get(&grant.action).map(|found| &found.value) else {
            return Ok(Next::Rest { again: None, input });
        };
        self.fetch_for_claim(repository).await?;
        let latest = self.world(repository).await?;
        if super::input(&latest, record) != super::input(world, record) {
            // The branch is followed first, and then everything is looked at again.
            self.wake(&repository.name);
            return Ok(match super::decide::stands_still(&latest) {
                Some(_) => Next::Again,
                None => Next::Rest { again: Some(self.settings.poll_interval), input: None },
            });
        }
        let (now, (_, epoch)) = (self.clock.now(), self.journal(repository));
        let deadline = now.checked_add(order::time_to_execute(&decided.now, action)).unwrap_or(Timestamp::MAX);
        let key = idempotency_key(repository.watched.key.as_str(), &record.id, &grant.digest);
        let json = claim_json(json, &grant, &decided.landed.inputs);
        let claimed = Event::Claimed { grant, key, dedupes: action.invocation.dedupes(), deadline, epoch };
        self.happen(repository, &record.id, About::Branch, &claimed, &json).await?;
        Ok(Next::Again)
    }

    /// Brings the copy up to date before something is executed by it. Many who ask at once share a fetch that begins after they asked.
    async fn fetch_for_claim(self: &Arc<Self>, repository: &Arc<Repository>) -> Result<(), Trouble> {
        let begun = repository.fetches.load(Ordering::SeqCst);
        let mut last = repository.fetched.lock().await;
        if last.is_some_and(|fetch| fetch > begun) {
            return Ok(());
        }
        let this = repository.fetches.fetch_add(1, Ordering::SeqCst).saturating_add(1);
        self.fetch(repository).await?;
        *last = Some(this);
        Ok(())
    }
}
