//! Keeps a record of what was decided about runs; the decision itself is derived anew each time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, MutexGuard, PoisonError};

use serde_json::{Value as Json, json};

use crate::check::{RunVerdict, Verdict};
use crate::model::{CommitId, Identifier, RunState};
use crate::report::notice::Telling;
use crate::run::life::Event;
use crate::store::Standing;

use super::journal::About;
use super::parts::{BaseFacts, Repository};
use super::telling::Asker;
use super::{Shared, Thing, Trouble, Unjudged};

/// Where a kept verdict has its decisions about runs.
const DECISIONS: &str = "decisions";

impl Shared {
    /// Reads from the store, once after a start, which runs have not come to an end; says which pull requests ask for them.
    pub(super) async fn load_moving_runs(&self, repository: &Repository) -> Result<BTreeSet<String>, Trouble> {
        let runs = self.store_of(repository).runs(&repository.watched.key).await?;
        let mut moving = repository.moving_runs();
        for run in runs {
            // What stands on the branch is no pull request's any more, whatever becomes of that.
            let landed = run.life.as_ref().is_some_and(|life| life.landing.is_some());
            if let (Standing::Decided(state), Some(id)) = (run.standing, run.decision.get("pull_request").and_then(Json::as_str))
                && !landed
                && !is_over(state)
            {
                moving.insert(run.id, id.to_owned());
            }
        }
        Ok(moving.values().cloned().collect())
    }

    /// Records the state of each run of a verdict and what it rests on, and that runs which the pull request asked for
    /// before and does not ask for any more are withdrawn.
    pub(super) async fn record_runs(
        self: &Arc<Self>,
        repository: &Arc<Repository>,
        asker: Asker<'_>,
        verdict: &Verdict,
    ) -> Result<(), Trouble> {
        let tellings = self.tellings(repository, asker, verdict).await;
        for run in &verdict.runs {
            let decision = decision(run, asker.id, verdict, tellings.get(&run.id));
            self.record_run(repository, &run.id, run.state, &decision).await?;
        }
        let asked: BTreeSet<&Identifier> = verdict.runs.iter().map(|run| &run.id).collect();
        self.cancel_runs(repository, verdict.base, asker.id, &asked, "the pull request does not ask for it any more").await
    }

    /// Those of the runs that were taken back, and who did.
    pub(super) async fn withdrawn(
        &self,
        repository: &Repository,
        runs: &[Identifier],
    ) -> Result<BTreeMap<Identifier, String>, Trouble> {
        let (store, mut withdrawn) = (self.store_of(repository), BTreeMap::new());
        for run in runs {
            let life = store.run(&repository.watched.key, run).await?.and_then(|record| record.life);
            if let Some(taken_back) = life.and_then(|life| life.withdrawn) {
                withdrawn.insert(run.clone(), taken_back.by);
            }
        }
        Ok(withdrawn)
    }

    /// Has the pull requests judged again whose runs somebody took back at the command line: nothing on the forge tells of that.
    pub(super) async fn wake_for_withdrawn(&self, repository: &Repository) -> Result<(), Trouble> {
        let moving = repository.moving_runs().clone();
        let runs: Vec<Identifier> = moving.keys().cloned().collect();
        for run in self.withdrawn(repository, &runs).await?.into_keys() {
            repository.moving_runs().remove(&run);
            if let Some(id) = moving.get(&run) {
                self.wake_thing(&repository.name, Thing::PullRequest(id.clone()));
            }
        }
        Ok(())
    }

    /// Takes back the runs of a pull request that somebody who asked for them does not want any more; whether there were any.
    pub(super) async fn withdraw_runs(
        &self,
        repository: &Repository,
        base: &BaseFacts,
        by: &BTreeSet<u64>,
        verdict: &Verdict,
    ) -> Result<bool, Trouble> {
        let mut any = false;
        for run in &verdict.runs {
            let Some(who) = run.requester.as_ref().and_then(|actor| actor.user()) else { continue };
            if base.people.get(who).is_some_and(|account| by.contains(&account.id)) {
                any |= self.withdraw_run(repository, &run.id, About::Proposal, who).await?;
            }
        }
        Ok(any)
    }

    /// Takes a run back, by the word of `who`.
    pub(super) async fn withdraw_run(
        &self,
        repository: &Repository,
        run: &Identifier,
        about: About,
        who: &Identifier,
    ) -> Result<bool, Trouble> {
        let record = self.store_of(repository).run(&repository.watched.key, run).await?;
        let Some(record) = record.filter(|record| record.life.as_ref().is_some_and(|life| !life.is_final())) else {
            return Ok(false);
        };
        let event = Event::Withdrawn { by: who.as_str().to_owned() };
        let happened = self.happen(repository, run, about, &event, &record.decision).await?;
        repository.moving_runs().remove(run);
        Ok(happened.is_some())
    }

    /// Cancels the runs of a pull request that have not come to an end, except those that it still asks for, and those
    /// that stand in the accepted revision: however they got there, they are the branch's now.
    pub(super) async fn cancel_runs(
        self: &Arc<Self>,
        repository: &Arc<Repository>,
        accepted: CommitId,
        pull_request: &str,
        except: &BTreeSet<&Identifier>,
        why: &str,
    ) -> Result<(), Trouble> {
        let gone: Vec<Identifier> = repository
            .moving_runs()
            .iter()
            .filter(|(run, id)| *id == pull_request && !except.contains(run))
            .map(|(run, _)| run.clone())
            .collect();
        if gone.is_empty() {
            return Ok(());
        }
        let inner = repository.clone();
        let withdrawn = self.off_thread(move || {
            let base = inner.watched.workspace.snapshot(accepted)?;
            Ok(gone.into_iter().filter(|run| !base.catalog.runs().contains(run)).collect::<Vec<_>>())
        });
        for run in withdrawn.await.map_err(Unjudged::into_trouble)? {
            let mut decision = json!({ "pull_request": pull_request, "reason": why });
            // Whoever is told of it was told of it before.
            let record = self.store_of(repository).run(&repository.watched.key, &run).await?;
            if let Some(telling) = record.and_then(|record| Telling::kept_in(&record.decision)) {
                telling.because(why).keep_in(&mut decision);
            }
            self.record_run(repository, &run, RunState::Cancelled, &decision).await?;
        }
        Ok(())
    }

    /// Records what a kept verdict decided about runs, where it keeps that: its tree has become the branch's.
    pub(super) async fn record_kept(&self, repository: &Repository, verdict: &Json) -> Result<(), Trouble> {
        let decisions = verdict.get(DECISIONS).and_then(Json::as_object).into_iter().flatten();
        for (run, decision) in decisions {
            let state = verdict.get("runs").and_then(|runs| runs.get(run)).and_then(Json::as_str).and_then(RunState::parse);
            if let (Ok(run), Some(state)) = (Identifier::new(run), state) {
                self.record_run(repository, &run, state, decision).await?;
            }
        }
        Ok(())
    }

    /// Records what was decided about a run that is proposed. One that has landed meanwhile is decided about elsewhere.
    async fn record_run(&self, repository: &Repository, run: &Identifier, to: RunState, decision: &Json) -> Result<(), Trouble> {
        self.happen(repository, run, About::Proposal, &Event::Decided { state: to }, decision).await?;
        let record = self.store_of(repository).run(&repository.watched.key, run).await?;
        let landed = record.as_ref().and_then(|record| record.life.as_ref()).is_some_and(|life| life.landing.is_some());
        let stands = match record.map(|record| record.standing) {
            Some(Standing::Decided(state)) if !landed => Some(state),
            _ => None,
        };
        match decision.get("pull_request").and_then(Json::as_str).filter(|_| stands.is_some_and(|state| !is_over(state))) {
            Some(id) => repository.moving_runs().insert(run.clone(), id.to_owned()),
            None => repository.moving_runs().remove(run),
        };
        Ok(())
    }
}

impl Repository {
    fn moving_runs(&self) -> MutexGuard<'_, BTreeMap<Identifier, String>> {
        self.moving_runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether nothing on a pull request moves a run any more. A declined one can be approved after all, and an expired one is
/// asked for again by a push.
fn is_over(state: RunState) -> bool {
    matches!(state, RunState::Cancelled | RunState::InProgress | RunState::Success | RunState::Failure)
}

fn decision(run: &RunVerdict, pull_request: &str, verdict: &Verdict, telling: Option<&Telling>) -> Json {
    let mut decision = json!({
        "pull_request": pull_request,
        "base": verdict.base.to_string(),
        "head": verdict.head.map(|head| head.to_string()),
        "action": run.action.as_str(),
        "requester": run.requester.as_ref().map(ToString::to_string),
        "digest": run.digest,
        "approvals": run.approvals.iter().map(Identifier::as_str).collect::<Vec<_>>(),
        "approvers": run.approvers.iter().map(Identifier::as_str).collect::<Vec<_>>(),
        "reason": run.reason,
    });
    if let Some(telling) = telling {
        telling.keep_in(&mut decision);
    }
    decision
}

/// The same, with what each decision rests on: for a verdict that no pull request of its own keeps up to date.
pub(super) fn summary_with_decisions(verdict: &Verdict, pull_request: &str, tellings: &BTreeMap<Identifier, Telling>) -> Json {
    let mut summary = summary(verdict);
    let told = |run: &RunVerdict| decision(run, pull_request, verdict, tellings.get(&run.id));
    let decisions = verdict.runs.iter().map(|run| (run.id.to_string(), told(run)));
    if let Some(map) = summary.as_object_mut() {
        map.insert(DECISIONS.to_owned(), Json::Object(decisions.collect()));
    }
    summary
}

/// What is kept of a green verdict for whoever accepts its tree.
pub(super) fn summary(verdict: &Verdict) -> Json {
    let checks = verdict.checks.iter().map(|check| (check.name.as_str().to_owned(), check.conclusion.as_str().into()));
    let runs = verdict.runs.iter().map(|run| (run.id.to_string(), run.state.as_str().into()));
    json!({
        "checks": checks.collect::<serde_json::Map<String, Json>>(),
        "runs": runs.collect::<serde_json::Map<String, Json>>(),
    })
}
