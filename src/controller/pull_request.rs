//! One pull request: its facts, the judgement, and what follows from it, in an order that a crash cannot spoil.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crate::check::Target;
use crate::facts::{Ask, Head, PullRequestInput};
use crate::forge::{Asking, PullRequest, PullRequestDetails};
use crate::model::{CommitId, Identifier, IdentityMode, PullRequestState, Timestamp};
use crate::store::Judged as Remembered;

use super::judging::{Unjudged, laid_to_commit};
use super::merging::Candidate;
use super::parts::{BaseFacts, Repository};
use super::story::{Heard, Shown, story, wording};
use super::sweep::{Members, World};
use super::telling::Asker;
use super::{Input, Outcome, Shared, Thing, Trouble};

/// Commits that are told of one by one where a stranger opened the pull request: each costs a question and two writes, and anybody can
/// push hundreds to a fork. What stands against the others is told on the head.
const MOST_OF_STRANGERS: usize = 10;

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
            let why = "the forge does not know the pull request any more";
            // Nobody vouches for its tree either: whoever brings that to the branch answers for it.
            self.store_of(repository).forget_judged(&repository.watched.key, id).await?;
            return self.leave(repository, &world, accepted, id, Some(why)).await;
        };
        self.fetch_heads(repository, std::slice::from_ref(&pull_request)).await?;
        let base = self.base(repository, accepted).await.map_err(Unjudged::into_trouble)?;
        let details = self.details(repository, &pull_request, accepted, &base).await?;
        let open = details.state == PullRequestState::Open;
        let merged = details.state == PullRequestState::Merged;
        if merged && details.onto_watched {
            return self.leave(repository, &world, accepted, id, None).await;
        }
        // One that was merged elsewhere brought nothing here either.
        if (open || merged) && !details.onto_watched {
            self.store_of(repository).forget_judged(&repository.watched.key, id).await?;
            let why = "the pull request wants to become part of another branch";
            return self.leave(repository, &world, accepted, id, Some(why)).await;
        }
        if open {
            self.demand_head(repository, &pull_request, details.head).await?;
        }
        let version = pull_request.version.clone();
        let input = Input { head: open.then_some(details.head), version, ..world.pull_request(open) };
        let pending = repository.look_again(&thing, open && details.pending.is_some());
        let head = details.head;
        let awaited = pending.and(details.pending.clone());
        let facts = Facts { pull_request, details, accepted, base: &base, members: world.members.clone(), awaited };
        match self.judge_pull_request(repository, facts).await {
            Ok(recheck) => {
                let now = self.clock.now();
                let expiry: Option<Duration> = recheck.and_then(|at| at.duration_since(now).try_into().ok());
                let again = [expiry, pending].into_iter().flatten().min();
                Ok(Outcome::Settled { input: Some(input), again })
            }
            Err(Unjudged::Trouble(trouble)) => Err(trouble),
            Err(Unjudged::Poison(why)) => {
                self.store_of(repository).forget_judged(&repository.watched.key, id).await?;
                if open {
                    self.quarantine(repository, &thing, Some(head), &why).await?;
                } else {
                    self.withdraw(repository, id);
                    self.cancel_runs(repository, accepted, id, &BTreeSet::new(), "the pull request was closed").await?;
                }
                Ok(Outcome::Stalled)
            }
        }
    }

    /// A pull request that is none of ours any more: its runs are cancelled for the reason there is, and nothing is published.
    async fn leave(
        self: &Arc<Self>,
        repository: &Arc<Repository>,
        world: &World,
        accepted: CommitId,
        id: &str,
        why: Option<&str>,
    ) -> Result<Outcome<Input>, Trouble> {
        self.withdraw(repository, id);
        repository.look_again(&Thing::PullRequest(id.to_owned()), false);
        if let Some(why) = why {
            self.cancel_runs(repository, accepted, id, &BTreeSet::new(), why).await?;
        }
        Ok(Outcome::Settled { input: Some(world.pull_request(false)), again: None })
    }

    /// Whoever shared a commit with this pull request speaks of it alone now.
    fn withdraw(&self, repository: &Repository, id: &str) {
        repository.rests.take(id);
        let others = repository.claims().withdraw(id);
        others.into_iter().for_each(|other| self.wake_thing(&repository.name, Thing::PullRequest(other)));
    }

    /// What the forge tells now, asked for the signatures that it may vouch for.
    pub(super) async fn details(
        self: &Arc<Self>,
        repository: &Arc<Repository>,
        pull_request: &PullRequest,
        onto: CommitId,
        base: &BaseFacts,
    ) -> Result<PullRequestDetails, Trouble> {
        let signed = match base.identity {
            IdentityMode::Forge => {
                let signed = self.signed(repository, onto, pull_request.head).await?;
                self.first_proposed_here(repository, &pull_request.id, signed).await?
            }
            IdentityMode::Declared | IdentityMode::Signature => Vec::new(),
        };
        let asking = Asking { keys: &base.keys, signed: &signed, now: self.clock.now() };
        Ok(repository.watched.forge.details(pull_request, asking).await?)
    }

    /// Those of the signed commits that no other pull request had before this one.
    ///
    /// A signature says who made a commit, and not that they want it now: once squashed, it is in no history that would keep it from being
    /// proposed again by anybody, after what it did was taken back. So what comes again elsewhere is laid to whoever brings it, too.
    async fn first_proposed_here(
        &self,
        repository: &Repository,
        id: &str,
        mut signed: Vec<CommitId>,
    ) -> Result<Vec<CommitId>, Trouble> {
        if signed.is_empty() {
            return Ok(signed);
        }
        let (key, now) = (&repository.watched.key, self.clock.now());
        let mut here = BTreeMap::new();
        for commit in &signed {
            // Before its receipt, so that a crash in between does not make it look older than it is here.
            here.insert(
                *commit,
                self.store_of(repository).first_seen(key, &format!("pull-request/{id}/commit/{commit}"), now).await?,
            );
        }
        let received = self.store_of(repository).received(key, &signed, now).await?;
        signed.retain(|commit| {
            let first = here.get(commit).zip(received.get(commit)).is_some_and(|(here, anywhere)| here <= anywhere);
            if !first {
                tracing::info!(repository = %repository.name, pull_request = %id, %commit,
                    "signed, and proposed elsewhere before: laid to whoever brings it here, too");
            }
            first
        });
        Ok(signed)
    }

    /// The commits of a range that carry a signature. Of what is not here yet nothing is known, and nothing vouched for.
    pub(super) async fn signed(
        self: &Arc<Self>,
        repository: &Arc<Repository>,
        from: CommitId,
        to: CommitId,
    ) -> Result<Vec<CommitId>, Trouble> {
        let history = repository.history.clone();
        let signed = self.off_thread(move || history.signed(from, to).map_err(laid_to_commit)).await;
        match signed {
            Ok(signed) => Ok(signed),
            Err(Unjudged::Trouble(trouble)) => Err(trouble),
            Err(Unjudged::Poison(_)) => Ok(Vec::new()),
        }
    }

    /// A head that is fetched by a ref of its own must be here before it is judged.
    async fn demand_head(
        self: &Arc<Self>,
        repository: &Arc<Repository>,
        pull_request: &PullRequest,
        head: CommitId,
    ) -> Result<(), Trouble> {
        if pull_request.fetched_ref.is_none() {
            return Ok(());
        }
        let history = repository.history.clone();
        let missing = self.off_thread(move || Ok(history.missing(&[head])?)).await.map_err(Unjudged::into_trouble)?;
        match missing.is_empty() {
            true => Ok(()),
            false => Err(Trouble::passing(format!("the head {} could not be fetched yet", head.short()))),
        }
    }

    /// Says when time alone may change the verdict.
    async fn judge_pull_request(
        self: &Arc<Self>,
        repository: &Arc<Repository>,
        facts: Facts<'_>,
    ) -> Result<Option<Timestamp>, Unjudged> {
        let Facts { pull_request, details, accepted, base, members, awaited } = facts;
        let (key, id, head) = (&repository.watched.key, pull_request.id.as_str(), details.head);
        let open = details.state == PullRequestState::Open;
        let heard = Heard::of(&details.commands, &base.accounts);
        let wording = wording(&details, &heard, repository);
        let settled = open && !details.draft && details.pending.is_none();
        let draft = details.draft;
        let trusted = match &details.opener {
            Some(opener) => base.known.contains(&opener.id),
            // Where git is the forge nobody opens one; on one with accounts theirs may be gone.
            None => pull_request.fetched_ref.is_none(),
        };
        let asked = self.asked_runs(repository, accepted, head).await?;
        let mut ask = Ask {
            performed: crate::check::Performed::default(),
            withdrawn: self.withdrawn(repository, &asked).await?,
            target: Target::PullRequest,
            base: accepted,
            base_is_valid: base.valid,
            head: Head::Commit(head),
            identity: None,
            as_user: None,
            pull_request: Some(input(details)),
            branch: None,
            members,
            received: self.received(repository, accepted, head).await?,
            first_seen: Some(self.runs_first_seen(repository, id, &asked).await?),
            now: self.clock.now(),
        };
        let mut judged = self.judge_or_spare(repository, id, (&ask, base), wording.clone()).await?;
        if let Some(rested) = judged.rested.take().filter(|_| open) {
            repository.rests.put(id, rested);
        }
        let asker = Asker { id, url: pull_request.url.as_deref() };
        self.record_runs(repository, asker, &judged.verdict).await?;
        if self.withdraw_runs(repository, base, &heard.withdrawn_by, &judged.verdict).await? {
            ask.withdrawn = self.withdrawn(repository, &asked).await?;
            judged = self.judge(repository, ask, wording).await?;
        }
        self.has_verdict(repository, &Thing::PullRequest(id.to_owned()));
        // What a merge will be recognised by, and what has become of the runs, are durable before anybody can act on a
        // green status.
        match judged.tree.filter(|_| open) {
            Some(tree) => {
                let verdict = super::runs::summary(&judged.verdict);
                let at = self.clock.now();
                let judged = Remembered { pull_request: id.to_owned(), head, base: accepted, tree, verdict, at };
                self.store_of(repository).remember_judged(key, &judged).await?;
            }
            None => self.store_of(repository).forget_judged(key, id).await?,
        }
        let thing = Thing::PullRequest(id.to_owned());
        if heard.recheck {
            repository.distrust(thing.clone());
        }
        let shown = Shown { id, verdict: &judged.verdict, open, draft };
        let mut answer = judged.answer;
        if !trusted {
            answer.keep_last(&judged.verdict, MOST_OF_STRANGERS);
        }
        answer.story = Some(story(&shown, judged.comment, heard.answered, repository, base));
        if let Some(what) = awaited {
            answer = answer.awaiting(&what);
        }
        if open {
            self.say(repository, id, head, &answer);
        } else {
            self.withdraw(repository, id);
            answer = repository.claims().alone(&answer);
        }
        let posted = self.publish(repository, &thing, &answer).await?;
        tracing::info!(repository = %repository.name, pull_request = %id, head = %head, base = %accepted,
            conclusion = judged.verdict.conclusion.as_str(), findings = judged.verdict.findings.len(), "judged");
        self.merge_if_green(repository, Candidate { id, head, settled, verdict: &judged.verdict, posted: &posted }).await?;
        Ok(judged.recheck)
    }

    /// The runs that a head asks for. Where that cannot be found out nothing is judged: a run that was taken back, or is too old, must not
    /// pass for another.
    pub(super) async fn asked_runs(
        self: &Arc<Self>,
        repository: &Arc<Repository>,
        accepted: CommitId,
        head: CommitId,
    ) -> Result<Vec<Identifier>, Unjudged> {
        let inner = repository.clone();
        self.off_thread(move || inner.watched.workspace.asked_runs(accepted, head).map_err(laid_to_commit)).await
    }

    /// When the youngest of the runs that a pull request asks for was first seen; the age of a run does not begin with its pull request.
    pub(super) async fn runs_first_seen(
        &self,
        repository: &Repository,
        id: &str,
        asked: &[Identifier],
    ) -> Result<Timestamp, Trouble> {
        let (store, now) = (self.store_of(repository), self.clock.now());
        let mut youngest = None;
        for run in asked {
            let seen = store.first_seen(&repository.watched.key, &format!("pull-request/{id}/run/{run}"), now).await?;
            youngest = youngest.max(Some(seen));
        }
        Ok(youngest.unwrap_or(now))
    }
}

/// Everything about a pull request that its judgement needs.
struct Facts<'a> {
    pull_request: PullRequest,
    details: PullRequestDetails,
    accepted: CommitId,
    base: &'a Arc<BaseFacts>,
    members: Members,
    /// What the forge has still to tell, and is asked again.
    awaited: Option<String>,
}

/// What the forge told, as the judgement takes it.
pub(super) fn input(details: PullRequestDetails) -> PullRequestInput {
    PullRequestInput {
        state: details.state,
        opener: details.opener,
        pushes: details.pushes,
        reviews: details.reviews,
        verified: details.verified,
    }
}
