//! Decides about a run that stands on the branch and is not claimed: all facts anew, by the accepted revision as it is now.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value as Json;

use crate::catalog::Catalog;
use crate::check::{self, Accepted, Base, LandedDecision, Target};
use crate::facts::{Ask, BranchInput, Head, PullRequestInput};
use crate::forge::PullRequest;
use crate::model::{CommitId, Identifier, IdentityMode, RunState};
use crate::run::life::{Event, Landing, Life};
use crate::store::RunRecord;

use super::super::journal::About;
use super::super::judging::{Unjudged, laid_to_commit};
use super::super::parts::Repository;
use super::super::pull_request::input;
use super::super::story::Heard;
use super::super::sweep::{Members, World};
use super::super::telling::of_landed;
use super::super::{Shared, Thing, Trouble};
use super::words::{HELD, decision_json, held_up, with};
use super::{Next, order, until};

/// A decision, and the catalog that it was made by.
pub(super) struct Decided {
    pub(super) landed: LandedDecision,
    pub(super) now: Base<Catalog>,
    /// Whether the forge may still have something to tell.
    pending: bool,
    /// Where a person reads the pull request.
    url: Option<String>,
    /// Who asked for it, and takes it back.
    withdrawn_by: Option<Identifier>,
}

/// What the forge tells of the range that brought a run.
struct Told {
    head: CommitId,
    pull_request: Option<PullRequestInput>,
    branch: Option<BranchInput>,
    pending: bool,
    url: Option<String>,
    /// The accounts that take back what they asked for, and whose they are.
    withdrawn_by: BTreeSet<Identifier>,
}

impl Shared {
    pub(super) async fn decide_run(
        self: &Arc<Self>,
        repository: &Arc<Repository>,
        record: &RunRecord,
        life: &Life,
        landing: &Landing,
    ) -> Result<Next, Trouble> {
        let world = self.world(repository).await?;
        let looked_at = Some(super::input(&world, record));
        let Some(accepted) = stands_still(&world) else {
            // Nobody knows by what to decide until the branch has been followed, or a person has looked at it.
            if let Some(why) = held_up(&world).filter(|why| record.decision.get(HELD).and_then(Json::as_str) != Some(why)) {
                let decision = with(record.decision.clone(), HELD, why.into());
                self.happen(repository, &record.id, About::Branch, &Event::Decided { state: life.state }, &decision).await?;
            }
            return Ok(Next::Rest { again: Some(self.settings.poll_interval), input: looked_at });
        };
        let decided = match self.decide(repository, &world, accepted, &record.id, landing).await {
            Ok(decided) => decided,
            Err(Unjudged::Trouble(trouble)) => return Err(trouble),
            Err(Unjudged::Poison(why)) => {
                return Err(Trouble::standing(format!("nothing can be decided about run {}: {why}", record.id)));
            }
        };
        if let Some(who) = &decided.withdrawn_by
            && self.withdraw_run(repository, &record.id, About::Branch, who).await?
        {
            return Ok(Next::Again);
        }
        let state = decided.landed.decision.state;
        let held = order::unperformed(&repository.watched.performers, &decided);
        let (brought, catalog) = (landing.pull_request.as_deref(), &decided.now.0);
        let telling = of_landed(repository, catalog, &decided.landed, brought, decided.url.as_deref());
        let json = decision_json(&decided.landed, landing, accepted, held.as_deref(), telling);
        let pending = repository.look_again(&Thing::Run(record.id.clone()), decided.pending);
        if let Some(happened) = self.happen(repository, &record.id, About::Branch, &Event::Decided { state }, &json).await?
            && happened.from != Some(happened.life.state)
        {
            return Ok(Next::Again);
        }
        match state {
            RunState::Approved if held.is_some() => {
                Ok(Next::Rest { again: Some(self.settings.resync_interval), input: looked_at })
            }
            RunState::Approved => self.claim_run(repository, record, &world, decided, json).await,
            RunState::WaitingForApproval => {
                let now = self.clock.now();
                let expires = until(now, decided.landed.expires).max(Duration::from_secs(1));
                match self.remind(repository, record, life).await? {
                    Next::Rest { again, .. } => {
                        let again = [Some(expires), again, pending].into_iter().flatten().min();
                        Ok(Next::Rest { again, input: looked_at })
                    }
                    Next::Again => Ok(Next::Again),
                }
            }
            RunState::Declined | RunState::Expired | RunState::Cancelled => Ok(Next::rest(None)),
            // Never derived.
            RunState::InProgress | RunState::Success | RunState::Failure => Ok(Next::rest(None)),
        }
    }

    /// Gathers the facts as they are now and decides.
    pub(super) async fn decide(
        self: &Arc<Self>,
        repository: &Arc<Repository>,
        world: &World,
        accepted: CommitId,
        run: &Identifier,
        landing: &Landing,
    ) -> Result<Decided, Unjudged> {
        let key = &repository.watched.key;
        let told = self.told(repository, accepted, landing).await?;
        let first = match &landing.pull_request {
            Some(id) => format!("pull-request/{id}/run/{run}"),
            None => format!("branch/{}", landing.to),
        };
        let (pending, url, by) = (told.pending, told.url, told.withdrawn_by);
        let ask = Ask {
            performed: check::Performed::default(),
            withdrawn: BTreeMap::new(),
            target: if told.pull_request.is_some() { Target::PullRequest } else { Target::WatchedBranch },
            base: landing.from,
            base_is_valid: true,
            head: Head::Commit(told.head),
            identity: None,
            as_user: None,
            pull_request: told.pull_request,
            branch: told.branch,
            members: if landing.from == accepted {
                world.members.clone()
            } else {
                self.members(repository, landing.from).await?
            },
            received: self.received(repository, landing.from, told.head).await?,
            first_seen: Some(self.store_of(repository).first_seen(key, &first, landing.at).await?),
            now: self.clock.now(),
        };
        let (inner, run, members, landing) = (repository.clone(), run.clone(), world.members.clone(), landing.clone());
        self.off_thread(move || {
            let workspace = &inner.watched.workspace;
            let proposed = workspace.propose(&ask).map_err(laid_to_commit)?;
            let now = standing(Base(workspace.snapshot(accepted).map_err(laid_to_commit)?.catalog), &members);
            let accepted = Accepted { revision: accepted, catalog: &now };
            let landed = check::decide_landed(&proposed.proposal, &landing, accepted, &run);
            let withdrawn_by = landed.requesters.iter().find(|who| by.contains(*who)).cloned();
            Ok(Decided { landed, now, pending, url, withdrawn_by })
        })
        .await
    }

    /// What the forge tells now of the pull request that brought a run; of the branch, where none did.
    async fn told(
        self: &Arc<Self>,
        repository: &Arc<Repository>,
        accepted: CommitId,
        landing: &Landing,
    ) -> Result<Told, Unjudged> {
        let base = self.base(repository, accepted).await?;
        let Some(id) = &landing.pull_request else {
            let branch = match base.identity {
                IdentityMode::Forge => {
                    let signed = self.signed(repository, landing.from, landing.to).await?;
                    Some(repository.watched.forge.branch(&signed).await?)
                }
                IdentityMode::Declared | IdentityMode::Signature => None,
            };
            let pending = branch.as_ref().is_some_and(|told| told.pending.is_some());
            let branch = branch.map(|told| BranchInput { pushes: told.pushes, verified: told.verified });
            return Ok(Told { head: landing.to, pull_request: None, branch, pending, url: None, withdrawn_by: BTreeSet::new() });
        };
        let found: Option<PullRequest> = repository.watched.forge.pull_request(id).await?;
        let Some(pull_request) = found else {
            // Nobody knows who approved it: what needs approval waits.
            return Ok(Told {
                head: landing.to,
                pull_request: None,
                branch: None,
                pending: false,
                url: None,
                withdrawn_by: BTreeSet::new(),
            });
        };
        self.fetch_heads(repository, std::slice::from_ref(&pull_request)).await?;
        let details = self.details(repository, &pull_request, landing.from, &base).await?;
        let heard = Heard::of(&details.commands, &base.accounts).withdrawn_by;
        let people = base.people.iter().filter(|(_, account)| heard.contains(&account.id));
        let withdrawn_by = people.map(|(who, _)| who.clone()).collect();
        let (head, pending, url) = (details.head, details.pending.is_some(), pull_request.url.clone());
        Ok(Told { head, pull_request: Some(input(details)), branch: None, pending, url, withdrawn_by })
    }
}

/// The revision that everything is decided by, if it is certain: accepted, no alert standing, and nothing on the branch beyond it.
pub(super) fn stands_still(world: &World) -> Option<CommitId> {
    match held_up(world) {
        None => world.accepted,
        Some(_) => None,
    }
}

/// A catalog in which the teams have the members that the forge tells now.
fn standing(base: Base<Catalog>, members: &Members) -> Base<Catalog> {
    if members.is_empty() {
        return base;
    }
    let known: BTreeMap<_, _> = check::identity::outside_members(&base, members);
    Base(base.0.with_outside_members(known))
}
