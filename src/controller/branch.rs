//! The watched branch and its accepted revision (spec 9): what is live, what may become live, and what stops the whole.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::abort::{self, Deed};
use crate::check::watching_rules::{HISTORY_REWRITTEN, UNJUDGED};
use crate::check::{CheckName, Conclusion, Target};
use crate::facts::{Ask, BranchInput, Head};
use crate::forge::{Analysis, BranchDetails};
use crate::model::{CommitId, IdentityMode};
use crate::report::CommentOptions;
use crate::store::{Acceptance, TreeId};

use super::answer::{Answer, first_tip_refused, refusal};
use super::judging::{Unjudged, laid_to_commit, may_become_base};
use super::merge_group::IN_QUEUE;
use super::parts::{BaseFacts, Repository};
use super::sweep::World;
use super::{Input, Outcome, Shared, Thing, Trouble};

impl Shared {
    /// Brings the accepted revision up to the branch's tip, as far as it may go.
    pub(super) async fn reconcile_branch(self: &Arc<Self>, repository: &Arc<Repository>) -> Result<Outcome<Input>, Trouble> {
        let world = self.world(repository).await?;
        let outcome = match (world.tip, world.accepted) {
            (None, _) => {
                let why = format!("branch {} does not exist", repository.watched.branch);
                tracing::warn!(repository = %repository.name, "{why}");
                self.health.set(&repository.name, "accepted", world.accepted.is_none().then_some(why));
                Ok(None)
            }
            (Some(tip), None) => self.first_sight(repository, tip).await.map(|()| None),
            (Some(tip), Some(accepted)) => {
                self.health.set(&repository.name, "accepted", None);
                self.follow(repository, &world, accepted, tip).await
            }
        };
        match outcome {
            Ok(again) => Ok(Outcome::Settled { input: Some(world.branch()), again }),
            Err(Unjudged::Trouble(trouble)) => Err(trouble),
            Err(Unjudged::Poison(why)) => {
                self.metrics.branch(&repository.name, world.halted, true);
                self.quarantine(repository, &Thing::Branch, world.tip, &why).await?;
                Ok(Outcome::Stalled)
            }
        }
    }

    /// Adopts a valid tip and the runs on it as history; one that is not valid is reported, and nothing is accepted.
    async fn first_sight(self: &Arc<Self>, repository: &Arc<Repository>, tip: CommitId) -> Result<(), Unjudged> {
        let (shared, inner) = (self.clone(), repository.clone());
        let (findings, runs, answer) = self
            .off_thread(move || {
                let snapshot = inner.watched.workspace.snapshot(tip).map_err(laid_to_commit)?;
                let mut findings = (shared.judge.validate)(&snapshot.catalog);
                findings.retain(|finding| finding.is_error());
                let runs: Vec<_> = snapshot.catalog.runs().iter().map(|(id, _)| id.clone()).collect();
                let answer = match findings.is_empty() {
                    true => Answer::one(
                        tip,
                        CheckName::Catalog,
                        Conclusion::Success,
                        "adopted as the first accepted revision",
                        &shared.settings,
                    ),
                    false => first_tip_refused(tip, &findings, &shared.settings, &inner),
                };
                Ok((findings.len(), runs, answer))
            })
            .await?;
        self.publish(repository, &Thing::Branch, &answer).await?;
        if findings > 0 {
            let why = format!("the first tip of {} is not a valid catalog: {findings} errors", repository.watched.branch);
            tracing::error!(repository = %repository.name, tip = %tip, "{why}");
            self.metrics.branch(&repository.name, false, true);
            self.health.set(&repository.name, "accepted", Some(why));
            return Ok(());
        }
        let acceptance = Acceptance { commit: tip, at: self.clock.now(), reason: "first sight of the branch".to_owned() };
        if !self.store_of(repository).adopt(&repository.watched.key, &acceptance, &runs).await? {
            return Err(Trouble::passing("another hand accepted a revision meanwhile").into());
        }
        tracing::info!(repository = %repository.name, tip = %tip, runs = runs.len(), "adopted the branch as it stands");
        self.accepted(repository, None, tip);
        self.wake(&repository.name);
        Ok(())
    }

    /// Follows the branch from the accepted revision to its tip. Says when to look again, where the forge may have more to tell.
    async fn follow(
        self: &Arc<Self>,
        repository: &Arc<Repository>,
        world: &World,
        accepted: CommitId,
        tip: CommitId,
    ) -> Result<Option<Duration>, Unjudged> {
        let (key, halted) = (&repository.watched.key, world.halted);
        if accepted == tip {
            if halted {
                // Whoever rewrote the history has put it back, or a person has accepted it while we looked.
                self.store_of(repository).halt(key, tip, self.clock.now()).await?;
                self.store_of(repository).resume(key, &self.acceptance(tip, "history restored"), &[]).await?;
                // What was held back meanwhile is looked at again.
                self.wake(&repository.name);
            }
            self.answer_alert(repository, tip).await?;
            self.accepted(repository, None, tip);
            return Ok(None);
        }
        let history = repository.history.clone();
        if !self.off_thread(move || history.leads_to(accepted, tip).map_err(laid_to_commit)).await? {
            return self.stop(repository, accepted, tip).await.map(|()| None);
        }
        let from = if halted { accepted } else { self.accept_judged_trees(repository, accepted, tip).await? };
        if from == tip {
            return Ok(None);
        }
        let base = self.base(repository, from).await?;
        let told = self.branch_details(repository, &base, from, tip).await?;
        let pending = told.as_ref().and_then(|told| told.pending.clone());
        let again = repository.look_again(&Thing::Branch, pending.is_some());
        let members = if from == accepted { world.members.clone() } else { self.members(repository, from).await? };
        let ask = Ask {
            performed: self.performed(repository, from, tip).await?,
            withdrawn: BTreeMap::new(),
            target: Target::WatchedBranch,
            base: from,
            base_is_valid: base.valid,
            head: Head::Commit(tip),
            identity: None,
            as_user: None,
            pull_request: None,
            branch: told.map(|told| BranchInput { pushes: told.pushes, verified: told.verified }),
            members,
            received: self.received(repository, from, tip).await?,
            first_seen: Some(self.store_of(repository).first_seen(key, &format!("branch/{tip}"), self.clock.now()).await?),
            now: self.clock.now(),
        };
        let judged = self.judge(repository, ask, CommentOptions::default()).await?;
        self.has_verdict(repository, &Thing::Branch);
        self.publish(repository, &Thing::Branch, &judged.answer).await?;
        if !may_become_base(&judged.verdict) {
            let errors = judged.verdict.findings.iter().filter(|finding| finding.is_error()).count();
            tracing::error!(repository = %repository.name, tip = %tip, accepted = %from, errors,
                "the tip is not applied; revert what is wrong, or let somebody who may commit it again");
            if let Some(pending) = pending {
                tracing::info!(repository = %repository.name, tip = %tip, "the forge may have more to tell: {pending}");
            }
            self.metrics.branch(&repository.name, halted, true);
            return Ok(again);
        }
        repository.look_again(&Thing::Branch, false);
        let landed = self.landed(repository, from, tip, None).await?;
        if halted {
            // The history leads on from the accepted revision again, so nothing needs a person any more.
            self.store_of(repository).halt(key, from, self.clock.now()).await?;
            if !self.store_of(repository).resume(key, &self.acceptance(from, "history restored"), &[]).await? {
                return Err(Trouble::passing("the alert changed meanwhile").into());
            }
        }
        abort::before(Deed::Landed);
        if !self.store_of(repository).accept(key, from, &self.acceptance(tip, "judged green"), &landed).await? {
            return Err(Trouble::passing("the accepted revision moved meanwhile").into());
        }
        abort::after(Deed::Landed);
        self.accepted(repository, Some(from), tip);
        Ok(None)
    }

    /// Who pushed to the branch, by the forge's word, where that is what identity rests on.
    async fn branch_details(
        self: &Arc<Self>,
        repository: &Arc<Repository>,
        base: &BaseFacts,
        from: CommitId,
        tip: CommitId,
    ) -> Result<Option<BranchDetails>, Trouble> {
        if base.identity != IdentityMode::Forge {
            return Ok(None);
        }
        let signed = self.signed(repository, from, tip).await?;
        Ok(Some(repository.watched.forge.branch(&signed).await?))
    }

    /// Accepts, one step along first parents at a time, what was judged green as a pull request: its very tree.
    async fn accept_judged_trees(
        self: &Arc<Self>,
        repository: &Arc<Repository>,
        accepted: CommitId,
        tip: CommitId,
    ) -> Result<CommitId, Unjudged> {
        let (key, inner) = (&repository.watched.key, repository.clone());
        let steps = self
            .off_thread(move || {
                let way = inner.history.first_parents(accepted, tip).map_err(laid_to_commit)?.unwrap_or_default();
                // The tip alone can also be the fast-forward of a pull request of many commits.
                let snapshot = |commit| {
                    let snapshot = inner.watched.workspace.snapshot(commit).map_err(laid_to_commit)?;
                    Ok((commit, TreeId(snapshot.tree.0)))
                };
                let steps = if way.len() <= 50 { way } else { vec![tip] };
                steps.into_iter().map(snapshot).collect::<Result<Vec<_>, Unjudged>>()
            })
            .await?;
        let mut at = accepted;
        for (commit, tree) in steps {
            let mut known = self.store_of(repository).judged_tree(key, tree, at).await?;
            // An entry of the merge queue is told on this very commit, and its word is the later one.
            known.sort_by_key(|judged| judged.head != commit);
            let Some(judged) = known.into_iter().next() else { continue };
            self.record_kept(repository, &judged.verdict).await?;
            let (whose, pull_request) = match judged.pull_request.strip_prefix(IN_QUEUE) {
                Some(entry) => {
                    let group = repository.watched.forge.merge_group(entry);
                    (format!("merge queue entry {entry}"), group.map(|group| group.pull_request))
                }
                None => (format!("pull request {}", judged.pull_request), Some(judged.pull_request.clone())),
            };
            let landed = self.landed(repository, at, commit, pull_request.as_deref()).await?;
            let reason = format!("tree of {whose}");
            if commit == tip && judged.head != tip {
                let text = format!("judged as {whose}");
                let mut answer = Answer::one(tip, CheckName::Catalog, Conclusion::Success, &text, &self.settings);
                answer
                    .statuses
                    .extend(Answer::one(tip, CheckName::Permissions, Conclusion::Success, &text, &self.settings).statuses);
                let answer = answer.in_prose(tip, Conclusion::Success, &text, &text);
                self.publish(repository, &Thing::Branch, &answer).await?;
            }
            abort::before(Deed::Landed);
            if !self.store_of(repository).accept(key, at, &self.acceptance(commit, &reason), &landed).await? {
                return Err(Trouble::passing("the accepted revision moved meanwhile").into());
            }
            abort::after(Deed::Landed);
            self.accepted(repository, Some(at), commit);
            at = commit;
        }
        Ok(at)
    }

    /// History was rewritten: nothing is applied until a person accepts it.
    async fn stop(self: &Arc<Self>, repository: &Arc<Repository>, accepted: CommitId, tip: CommitId) -> Result<(), Unjudged> {
        let halt = self.store_of(repository).halt(&repository.watched.key, tip, self.clock.now()).await?;
        tracing::error!(repository = %repository.name, tip = %tip, accepted = %accepted, since = %halt.since, rule = HISTORY_REWRITTEN,
            "history was rewritten: the accepted revision is no ancestor of the tip. Restore the branch, or run `portcullis accept {tip}`");
        let text = format!(
            "history was rewritten: accepted {} is no ancestor. Restore it, or run `portcullis accept`",
            accepted.short()
        );
        let mut answer = Answer::one(tip, CheckName::Permissions, Conclusion::Failure, &text, &self.settings);
        let help =
            format!("restore the branch so that it leads on from {accepted}, or look at {tip} and run `portcullis accept {tip}`");
        answer.remark(tip, HISTORY_REWRITTEN, format!("the accepted revision is no ancestor of this commit. To go on, {help}"));
        self.publish(repository, &Thing::Branch, &answer).await?;
        self.metrics.branch(&repository.name, true, true);
        Ok(())
    }

    /// Takes back what the alert said of a tip that a person has accepted since: it asks for what has been done.
    async fn answer_alert(self: &Arc<Self>, repository: &Arc<Repository>, tip: CommitId) -> Result<(), Trouble> {
        let accepted = self.store_of(repository).accepted(&repository.watched.key).await?;
        let Some(by_hand) = accepted.filter(|accepted| accepted.commit == tip && accepted.is_by_a_person()) else {
            return Ok(());
        };
        let mut answer = Answer::default();
        for name in [CheckName::Catalog, CheckName::Permissions] {
            answer.statuses.extend(Answer::one(tip, name, Conclusion::Success, &by_hand.reason, &self.settings).statuses);
        }
        answer.analyses.push(Analysis { commit: tip, remarks: Vec::new(), url: None });
        self.publish(repository, &Thing::Branch, &answer).await.map(drop)
    }

    /// Notes in logs and metrics that a revision is accepted, and has the open pull requests judged against it.
    fn accepted(&self, repository: &Repository, from: Option<CommitId>, to: CommitId) {
        self.metrics.accepted(&repository.name, to);
        self.metrics.branch(&repository.name, false, false);
        self.health.set(&repository.name, "accepted", None);
        if let Some(from) = from {
            tracing::info!(repository = %repository.name, %from, %to, "accepted");
            self.wake(&repository.name);
        }
    }

    fn acceptance(&self, commit: CommitId, reason: &str) -> Acceptance {
        Acceptance { commit, at: self.clock.now(), reason: reason.to_owned() }
    }

    /// Reports a head that cannot be judged, once; it rests until its input changes.
    pub(super) async fn quarantine(
        self: &Arc<Self>,
        repository: &Arc<Repository>,
        thing: &Thing,
        head: Option<CommitId>,
        why: &str,
    ) -> Result<(), Trouble> {
        tracing::error!(repository = %repository.name, ?thing, head = head.map(tracing::field::display), rule = UNJUDGED, "could not judge: {why}");
        self.metrics.quarantined(&repository.name);
        match head {
            Some(head) => {
                let mut answer = refusal(head, UNJUDGED, why, &self.settings);
                self.say_unjudged(repository, thing, head, why, &mut answer);
                self.publish(repository, thing, &answer).await.map(drop)
            }
            None => Ok(()),
        }
    }
}
