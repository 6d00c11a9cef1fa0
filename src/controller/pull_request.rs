//! One pull request: its facts, the judgement, and what follows from it, in an order that a crash cannot spoil.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::check::Target;
use crate::facts::{Ask, Head, PullRequestInput};
use crate::forge::{Asking, PullRequest, PullRequestDetails};
use crate::model::{CommitId, PullRequestState, Timestamp};
use crate::store::Judged as Remembered;

use super::judging::Unjudged;
use super::parts::{BaseFacts, Repository};
use super::{Input, Outcome, Shared, Thing, Trouble};

impl Shared {
    /// Judges a pull request as it stands now, and says so.
    pub(super) async fn reconcile_pull_request(
        self: &Arc<Self>,
        repository: &Arc<Repository>,
        id: &str,
    ) -> Result<Outcome<Input>, Trouble> {
        let world = self.world(repository).await?;
        // Offered again once something is accepted.
        let Some(accepted) = world.accepted else { return Ok(Outcome::done()) };
        let thing = Thing::PullRequest(id.to_owned());
        let Some(pull_request) = repository.watched.forge.pull_request(id).await? else {
            self.cancel_runs(repository, accepted, id, &BTreeSet::new(), "the forge does not know the pull request any more")
                .await?;
            return Ok(Outcome::Settled { input: Some(world.pull_request(false)), again: None });
        };
        let base = match self.base(repository, accepted).await {
            Ok(base) => base,
            Err(unjudged) => return Err(unjudged.into_trouble()),
        };
        let asking = Asking { keys: &base.keys, signed: &[], now: self.clock.now() };
        let details = repository.watched.forge.details(&pull_request, asking).await?;
        let open = details.state == PullRequestState::Open;
        let input = Input { head: open.then_some(details.head), ..world.pull_request(open) };
        if details.state == PullRequestState::Merged {
            return Ok(Outcome::Settled { input: Some(input), again: None });
        }
        let head = details.head;
        match self.judge_pull_request(repository, &pull_request, details, accepted, &base).await {
            Ok(recheck) => {
                let now = self.clock.now();
                let again = recheck.and_then(|at| at.duration_since(now).try_into().ok());
                Ok(Outcome::Settled { input: Some(input), again })
            }
            Err(Unjudged::Trouble(trouble)) => Err(trouble),
            Err(Unjudged::Poison(why)) => {
                self.store.forget_judged(&repository.watched.key, id).await?;
                if open {
                    self.quarantine(repository, &thing, Some(head), &why).await?;
                } else {
                    self.cancel_runs(repository, accepted, id, &BTreeSet::new(), "the pull request was closed").await?;
                }
                Ok(Outcome::Stalled)
            }
        }
    }

    /// Says when time alone may change the verdict.
    async fn judge_pull_request(
        self: &Arc<Self>,
        repository: &Arc<Repository>,
        pull_request: &PullRequest,
        details: PullRequestDetails,
        accepted: CommitId,
        base: &BaseFacts,
    ) -> Result<Option<Timestamp>, Unjudged> {
        let (key, id, head) = (&repository.watched.key, pull_request.id.as_str(), details.head);
        let open = details.state == PullRequestState::Open;
        let ask = Ask {
            target: Target::PullRequest,
            base: accepted,
            base_is_valid: base.valid,
            head: Head::Commit(head),
            identity: None,
            as_user: None,
            pull_request: Some(PullRequestInput {
                state: details.state,
                opener: details.opener,
                pushes: details.pushes,
                reviews: details.reviews,
                verified: details.verified,
            }),
            branch: None,
            members: BTreeMap::new(),
            received: self.received(repository, accepted, head).await?,
            first_seen: Some(self.runs_first_seen(repository, id, accepted, head).await?),
            now: self.clock.now(),
        };
        let judged = self.judge(repository, ask).await?;
        // What a merge will be recognised by, and what has become of the runs, are durable before anybody can act on a
        // green status.
        match judged.tree.filter(|_| open) {
            Some(tree) => {
                let verdict = super::runs::summary(&judged.verdict);
                let at = self.clock.now();
                let judged = Remembered { pull_request: id.to_owned(), head, base: accepted, tree, verdict, at };
                self.store.remember_judged(key, &judged).await?;
            }
            None => self.store.forget_judged(key, id).await?,
        }
        self.record_runs(repository, Some(id), &judged.verdict).await?;
        let thing = Thing::PullRequest(id.to_owned());
        self.publish(repository, &thing, &judged.answer).await?;
        tracing::info!(repository = %repository.name, pull_request = %id, head = %head, base = %accepted,
            conclusion = judged.verdict.conclusion.as_str(), findings = judged.verdict.findings.len(), "judged");
        Ok(judged.recheck)
    }

    /// When the youngest run that this head asks for was first seen; the age of a run does not begin with its pull request.
    async fn runs_first_seen(
        self: &Arc<Self>,
        repository: &Arc<Repository>,
        id: &str,
        accepted: CommitId,
        head: CommitId,
    ) -> Result<Timestamp, Unjudged> {
        let inner = repository.clone();
        let asked = self
            .off_thread(move || {
                let workspace = &inner.watched.workspace;
                // What cannot be read is judged, and reported, by the judgement.
                let (Ok(base), Ok(head)) = (workspace.snapshot(accepted), workspace.snapshot(head)) else {
                    return Ok(Vec::new());
                };
                let known = base.catalog.runs();
                Ok(head.catalog.runs().iter().filter(|(run, _)| !known.contains(*run)).map(|(run, _)| run.clone()).collect())
            })
            .await?;
        let now = self.clock.now();
        let mut youngest = None;
        for run in asked {
            let seen = self.store.first_seen(&repository.watched.key, &format!("pull-request/{id}/run/{run}"), now).await?;
            youngest = youngest.max(Some(seen));
        }
        Ok(youngest.unwrap_or(now))
    }
}
