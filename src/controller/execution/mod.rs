//! A run that stands on the watched branch: decided about anew, claimed, performed and seen to its end (spec 8).
//!
//! The order of the writes is the point. What is about to be sent is durable before its first byte leaves, and how that ended is durable
//! before anything else says so. Whoever finds an attempt begun whose end nobody wrote down asks the receiver, or a person.

mod attempt;
mod claim;
mod crowd;
mod decide;
mod order;
mod performed;
#[cfg(test)]
mod tests;
mod words;

pub(super) use crowd::Crowd;
pub use order::inputs_of_claim;

use std::sync::Arc;
use std::time::Duration;

use crate::model::{Identifier, Timestamp};
use crate::run::life::{Event, Phase};
use crate::store::RunRecord;

use super::journal::About;
use super::parts::Repository;
use super::sweep::World;
use super::{Input, Outcome, Shared, Thing, Trouble};

/// Steps of one reconciliation; a run that goes on is looked at again at once.
const MOST_STEPS: usize = 8;

/// What is to be done after a step.
pub(super) enum Next {
    /// Something was written down, or has to be read again: go on from there.
    Again,
    /// Nothing is to be done now.
    Rest {
        /// Look again after this long, even if nothing changes.
        again: Option<Duration>,
        /// What it was looked at for.
        input: Option<Input>,
    },
}

impl Next {
    /// Rests until something changes, or so long.
    pub(super) fn rest(again: impl Into<Option<Duration>>) -> Self {
        Self::Rest { again: again.into(), input: None }
    }

    /// The same, and looked at again after `most` at the latest.
    fn within(self, most: Duration) -> Self {
        match self {
            Self::Again => Self::Again,
            Self::Rest { again, input } => Self::Rest { again: Some(again.map_or(most, |again| again.min(most))), input },
        }
    }
}

impl Shared {
    /// Offers the runs that stand on the branch and have not come to their end, and forgets the others.
    pub(super) async fn offer_runs(
        self: &Arc<Self>,
        repository: &Arc<Repository>,
        world: &World,
        seen: Duration,
        resync: bool,
    ) -> Result<(), Trouble> {
        let under_way = self.store_of(repository).under_way(&repository.watched.key).await?;
        let now: super::parts::Landings = under_way
            .iter()
            .map(|record| {
                let landing = record.life.as_ref().and_then(|life| life.landing.as_ref());
                (record.id.clone(), landing.and_then(|landing| landing.pull_request.clone()))
            })
            .collect();
        let before = std::mem::replace(&mut *repository.landings(), now.clone());
        for gone in before.into_keys().filter(|run| !now.contains_key(run)) {
            let key = super::Key { repository: repository.name.clone(), thing: Thing::Run(gone) };
            self.queue_of(&key.thing).forget(&key);
        }
        for record in under_way {
            self.offer(repository, Thing::Run(record.id.clone()), input(world, &record), seen, resync);
        }
        Ok(())
    }

    /// Brings a run as far as it goes.
    pub(super) async fn reconcile_run(
        self: &Arc<Self>,
        repository: &Arc<Repository>,
        run: &Identifier,
    ) -> Result<Outcome<Input>, Trouble> {
        for _ in 0..MOST_STEPS {
            match self.step_run(repository, run).await? {
                Next::Again => {}
                Next::Rest { again, input } => return Ok(Outcome::Settled { input, again }),
            }
        }
        Ok(Outcome::Settled { input: None, again: Some(Duration::ZERO) })
    }

    async fn step_run(self: &Arc<Self>, repository: &Arc<Repository>, run: &Identifier) -> Result<Next, Trouble> {
        let record = self.store_of(repository).run(&repository.watched.key, run).await?;
        let life = record.as_ref().and_then(|record| record.life.clone()).filter(|life| life.is_under_way());
        let (Some(record), Some(life)) = (record, life) else {
            repository.landings().remove(run);
            repository.unwritten().remove(run);
            return Ok(Next::rest(None));
        };
        let (Some(landing), execution) = (&life.landing, &life.execution) else { return Ok(Next::rest(None)) };
        let Some(execution) = execution else {
            if let Some(rest) = self.crowded(repository, &record, &life) {
                return Ok(Next::rest(rest));
            }
            return self.decide_run(repository, &record, &life, landing).await;
        };
        let now = self.clock.now();
        match &execution.phase {
            // Nothing was sent yet, and what the claim rests on may not hold any more.
            Phase::Ready { .. } if execution.is_stale(now) && now < execution.deadline => {
                let next = self.decide_run(repository, &record, &life, landing).await?;
                Ok(next.within(until(now, execution.deadline)))
            }
            Phase::Ready { due } => self.attempt_run(repository, &record, execution, *due).await,
            Phase::Sending { .. } => self.settle_attempt(repository, &record, execution).await,
            Phase::Running => self.look_at_run(repository, &record, execution).await,
            Phase::Unknown { .. } => self.remind(repository, &record, &life).await,
            Phase::Ended => Ok(Next::rest(None)),
        }
    }

    /// How long a run that would be claimed next rests, because others of its action get no answer.
    fn crowded(&self, repository: &Repository, record: &RunRecord, life: &crate::run::life::Life) -> Option<Duration> {
        let action =
            record.decision.get("action").and_then(serde_json::Value::as_str).and_then(|text| Identifier::new(text).ok());
        let action = action.filter(|_| life.state == crate::model::RunState::Approved)?;
        repository.crowd.rest(&action, self.room_of_action(), self.clock.elapsed(), self.chance())
    }

    /// How many slow attempts of one action are under way at a time: a quarter of all.
    fn room_of_action(&self) -> usize {
        self.settings.execution.concurrency / 4
    }

    /// Has people reminded of a run that waits for them, if it is time; rests until it is.
    async fn remind(
        self: &Arc<Self>,
        repository: &Arc<Repository>,
        record: &RunRecord,
        life: &crate::run::life::Life,
    ) -> Result<Next, Trouble> {
        let Some(due) = self.reminder_due(repository, record, life).await? else { return Ok(Next::rest(None)) };
        let now = self.clock.now();
        if due > now {
            return Ok(Next::rest(until(now, due)));
        }
        match self.happen(repository, &record.id, About::Branch, &Event::Reminded, &record.decision).await? {
            Some(_) => Ok(Next::Again),
            None => Ok(Next::rest(self.settings.resync_interval)),
        }
    }

    /// When people are to be reminded next: the policy's time after they were told last.
    async fn reminder_due(
        self: &Arc<Self>,
        repository: &Arc<Repository>,
        record: &RunRecord,
        life: &crate::run::life::Life,
    ) -> Result<Option<Timestamp>, Trouble> {
        let Some(accepted) = self.store_of(repository).accepted(&repository.watched.key).await? else { return Ok(None) };
        let base = self.base(repository, accepted.commit).await.map_err(super::Unjudged::into_trouble)?;
        let Some(reminder) = base.reminder else { return Ok(None) };
        let since = match life.phase() {
            Some(Phase::Unknown { since, .. }) => *since,
            _ => life.landing.as_ref().map_or(record.at, |landing| landing.at),
        };
        let last = life.reminded.map_or(since, |reminded| reminded.max(since));
        Ok(last.checked_add(reminder).ok())
    }
}

/// What the decision about a run depends on besides time.
fn input(world: &World, record: &RunRecord) -> Input {
    Input { head: world.tip, version: record.revision.to_string(), ..world.pull_request(!world.halted) }
}

/// How long it is from `now` to `at`; nothing where that has passed.
fn until(now: Timestamp, at: Timestamp) -> Duration {
    at.duration_since(now).try_into().unwrap_or(Duration::ZERO)
}
