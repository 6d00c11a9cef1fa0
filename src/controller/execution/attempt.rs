//! One attempt to have a run performed, what became of it, and how whoever has it gets on.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, MutexGuard, PoisonError};

use tokio::task::JoinSet;

use crate::abort::{self, Deed};
use crate::execute::{Order, Performer};
use crate::model::{Identifier, Timestamp};
use crate::run::life::{Answer, Event, Execution, Phase, Report};
use crate::store::RunRecord;

use super::super::journal::About;
use super::super::judging::{Unjudged, seconds};
use super::super::parts::Repository;
use super::super::{Shared, Trouble};
use super::order::{Filled, order};
use super::words::with;
use super::{Next, until};

/// How an attempt ended, and which it was.
type Unwritten = BTreeMap<Identifier, (u32, Answer)>;

impl Repository {
    /// How attempts ended that could not be written down yet.
    pub(super) fn unwritten(&self) -> MutexGuard<'_, Unwritten> {
        self.unwritten.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    /// Has a run performed that is due.
    pub(super) async fn attempt_run(
        self: &Arc<Self>,
        repository: &Arc<Repository>,
        record: &RunRecord,
        execution: &Execution,
        due: Timestamp,
    ) -> Result<Next, Trouble> {
        let (key, now) = (&repository.watched.key, self.clock.now());
        if now >= execution.deadline {
            return self.pass_deadline(repository, record).await;
        }
        if due > now {
            return Ok(Next::rest(until(now, due).min(until(now, execution.deadline))));
        }
        if self.store_of(repository).halted(key).await?.is_some() {
            return Ok(Next::rest(self.settings.poll_interval));
        }
        let (run, (_, epoch), attempt) = (&record.id, self.journal(repository), execution.attempt.saturating_add(1));
        let filled = self.filled(repository, record, execution).await?;
        let performer = match &filled {
            Filled::Call(call, _) => match repository.watched.performers.of(call) {
                Some(performer) => Some(performer.clone()),
                None => return Ok(Next::rest(until(now, execution.deadline).min(self.settings.resync_interval))),
            },
            Filled::Never(_) => None,
        };
        let under_way =
            repository.crowd.begin(&execution.grant.action, self.room_of_action(), self.clock.elapsed(), self.chance());
        let _under_way = match under_way {
            Ok(under_way) => under_way,
            Err(rest) => return Ok(Next::rest(rest.min(until(now, execution.deadline)))),
        };
        // If the next write fails, nobody knows whether it was kept; that nothing was sent we know.
        let unsent = Answer::NotPerformed { why: "the store failed before it was sent".to_owned(), after: None };
        repository.unwritten().insert(run.clone(), (attempt, unsent));
        let begun = self.happen(repository, run, About::Branch, &Event::Begun { epoch }, &record.decision).await?;
        repository.unwritten().remove(run);
        if begun.is_none() {
            return Ok(Next::Again);
        }
        let answer = match (filled, performer) {
            (Filled::Call(call, secrets), Some(performer)) => {
                let order = order(repository, run, execution, attempt, (*call, secrets.clone()));
                tracing::info!(repository = %repository.name, %run, handle = %order.handle, attempt, "performing the run");
                let asked = async move { performer.perform(&order).await };
                abort::before(Deed::Sent);
                let answer = self.within(asked).await.unwrap_or_else(|why| Answer::Unknown { why });
                abort::after(Deed::Sent);
                secrets.clean_answer(answer)
            }
            (Filled::Never(why), _) => Answer::Refused { why },
            (Filled::Call(..), None) => Answer::NotPerformed { why: "nobody performs it".to_owned(), after: None },
        };
        self.answer_run(repository, record, (attempt, epoch), answer).await
    }

    /// Writes down how the attempt of this number, begun in this epoch, ended. What cannot be written now is kept in mind, and written as soon as it can be.
    async fn answer_run(
        self: &Arc<Self>,
        repository: &Arc<Repository>,
        record: &RunRecord,
        (attempt, epoch): (u32, i64),
        answer: Answer,
    ) -> Result<Next, Trouble> {
        let run = &record.id;
        repository.unwritten().insert(run.clone(), (attempt, answer.clone()));
        let decision = with(record.decision.clone(), "answer", serde_json::to_value(&answer).unwrap_or_default());
        self.happen(repository, run, About::Branch, &Event::Answered { epoch, answer }, &decision).await?;
        repository.unwritten().remove(run);
        Ok(Next::Again)
    }

    /// An attempt was begun, and nobody is at it any more: what is known of its end is written down, or the receiver is asked.
    pub(super) async fn settle_attempt(
        self: &Arc<Self>,
        repository: &Arc<Repository>,
        record: &RunRecord,
        execution: &Execution,
    ) -> Result<Next, Trouble> {
        let (run, (_, epoch)) = (&record.id, self.journal(repository));
        let known = repository.unwritten().get(run).cloned();
        if let Some((attempt, answer)) = known.filter(|(attempt, _)| *attempt == execution.attempt) {
            // The lease may have been lost and taken again since; the answer is that of the epoch in which it was begun.
            let begun_in = match execution.phase {
                Phase::Sending { epoch, .. } => epoch,
                Phase::Ready { .. } | Phase::Running | Phase::Unknown { .. } | Phase::Ended => epoch,
            };
            return self.answer_run(repository, record, (attempt, begun_in), answer).await;
        }
        let found = match self.performer(repository, record, execution).await? {
            Some((performer, order)) => {
                let secrets = order.secrets.clone();
                let asked = async move { performer.find(&order).await };
                let found = self.within(asked).await.unwrap_or_else(|why| {
                    tracing::warn!(repository = %repository.name, %run, "asking what became of it: {why}");
                    None
                });
                found.map(|answer| secrets.clean_answer(answer))
            }
            None => None,
        };
        tracing::warn!(repository = %repository.name, %run, attempt = execution.attempt, found = found.is_some(), "an attempt was begun, and its end was not written down");
        let fact = serde_json::to_value(&found).unwrap_or_default();
        let decision = with(record.decision.clone(), "answer", fact);
        self.happen(repository, run, About::Branch, &Event::Lost { epoch, found }, &decision).await?;
        Ok(Next::Again)
    }

    /// Asks whoever has a run how it gets on, where they do not report by themselves, and gives it up at its deadline.
    pub(super) async fn look_at_run(
        self: &Arc<Self>,
        repository: &Arc<Repository>,
        record: &RunRecord,
        execution: &Execution,
    ) -> Result<Next, Trouble> {
        let (run, now) = (&record.id, self.clock.now());
        let mut again = until(now, execution.deadline);
        if let Some((performer, order)) = self.performer(repository, record, execution).await? {
            let secrets = order.secrets.clone();
            let asked = async move { performer.look(&order).await };
            let report = self.within(asked).await.unwrap_or_else(|why| {
                tracing::warn!(repository = %repository.name, %run, "asking how it gets on: {why}");
                None
            });
            if let Some(report) = report.map(|report| Report { outside: report.outside.clone(), ..secrets.clean_report(report) })
            {
                again = again
                    .min(self.settings.execution.look_interval.mul_f64(repository.watched.forge.patience().clamp(1.0, 60.0)));
                let ended = report.success.is_some();
                if self.happen(repository, run, About::Branch, &Event::Reported(report), &record.decision).await?.is_some()
                    && ended
                {
                    return Ok(Next::Again);
                }
            }
        }
        if now >= execution.deadline {
            return self.pass_deadline(repository, record).await;
        }
        Ok(Next::rest(again))
    }

    async fn pass_deadline(self: &Arc<Self>, repository: &Arc<Repository>, record: &RunRecord) -> Result<Next, Trouble> {
        match self.happen(repository, &record.id, About::Branch, &Event::DeadlinePassed, &record.decision).await? {
            Some(_) => Ok(Next::Again),
            None => Ok(Next::rest(self.settings.resync_interval)),
        }
    }

    /// Whoever performs a claimed run, and the order of its last attempt; `None` where there is nobody, or nothing to order.
    async fn performer(
        self: &Arc<Self>,
        repository: &Arc<Repository>,
        record: &RunRecord,
        execution: &Execution,
    ) -> Result<Option<(Arc<dyn Performer>, Order)>, Trouble> {
        let Filled::Call(call, secrets) = self.filled(repository, record, execution).await? else { return Ok(None) };
        let Some(performer) = repository.watched.performers.of(&call).cloned() else { return Ok(None) };
        Ok(Some((performer, order(repository, &record.id, execution, execution.attempt, (*call, secrets)))))
    }

    async fn filled(
        self: &Arc<Self>,
        repository: &Arc<Repository>,
        record: &RunRecord,
        execution: &Execution,
    ) -> Result<Filled, Trouble> {
        self.fill(repository, record, &execution.grant).await.map_err(Unjudged::into_trouble)
    }

    /// Waits for a performer, who may neither panic nor take for ever. Whoever stops waiting stops it.
    async fn within<T: Send + 'static>(&self, asked: impl Future<Output = T> + Send + 'static) -> Result<T, String> {
        let deadline = self.settings.execution.attempt_deadline;
        let mut task = JoinSet::new();
        task.spawn(asked);
        match tokio::time::timeout(deadline, task.join_next()).await {
            Ok(Some(Ok(answer))) => Ok(answer),
            Ok(Some(Err(_)) | None) => Err("performing it failed inside Portcullis".to_owned()),
            Err(_) => Err(format!("there was no answer within {}", seconds(deadline))),
        }
    }
}
