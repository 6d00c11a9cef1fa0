//! Judges off the async threads, within a deadline, and survives a judgement that panics.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::catalog::Catalog;
use crate::check::{CheckName, Conclusion, Proposal, Verdict, stays_valid};
use crate::facts::{Ask, Sources};
use crate::git::ObjectId;
use crate::model::{CommitId, FilePath, ForgeTeam, ForgeUser, Identifier, RunState, Timestamp, User};
use crate::report::{self, CommentOptions, Report};
use crate::store::TreeId;

use super::answer::{Answer, answer};
use super::parts::{BaseFacts, Repository};
use super::sparing::Rested;
use super::{Shared, Thing, Trouble};

/// Threads past their deadline that may still be running before new judgements wait; a thread cannot be killed.
const MOST_ABANDONED: i64 = 32;

/// A judgement, and what follows from it.
pub(super) struct Judged {
    pub(super) verdict: Verdict,
    pub(super) answer: Answer,
    /// The comment of a pull request.
    pub(super) comment: String,
    /// The tree of the clean merge, where catalog and permissions are green.
    pub(super) tree: Option<TreeId>,
    /// When time alone may change the verdict: a run that waits expires.
    pub(super) recheck: Option<Timestamp>,
    /// What it rests on, where that can be told.
    pub(super) rested: Option<Rested>,
}

impl Judged {
    /// What follows from a verdict: all that is said of it, and the tree that may become base.
    pub(super) fn worded(
        verdict: Verdict,
        sources: &Sources,
        merged: Option<ObjectId>,
        wording: &CommentOptions,
        (shared, repository): (&Shared, &Repository),
    ) -> Self {
        let tree = merged.filter(|_| may_become_base(&verdict)).map(|id| TreeId(id.0));
        let read = |file: &FilePath| sources.read(file);
        let report = Report::new(&verdict, repository.watched.root.as_str(), &read);
        let (page, comment) = (report::check_summary(&report), report::comment(&report, wording));
        let answer = answer(&verdict, sources, page, &shared.settings, repository);
        Self { verdict, answer, comment, tree, recheck: None, rested: None }
    }
}

/// Why there is none.
#[derive(Debug)]
pub(super) enum Unjudged {
    /// It may be asked again, or somebody must mend something that is not the commit.
    Trouble(Trouble),
    /// The commit itself: it panics, takes too long, or cannot be read. Nothing but another commit helps.
    Poison(String),
}

impl Unjudged {
    /// For what is no commit's fault alone: a repository that cannot be read stands until it is mended.
    pub(super) fn into_trouble(self) -> Trouble {
        match self {
            Self::Trouble(trouble) => trouble,
            Self::Poison(why) => Trouble::standing(why),
        }
    }
}

/// Lays what will never pass to the commit: nothing but another commit can mend it.
pub(super) fn laid_to_commit(error: impl Into<Trouble>) -> Unjudged {
    match error.into() {
        trouble if trouble.passes => Unjudged::Trouble(trouble),
        trouble => Unjudged::Poison(trouble.what),
    }
}

impl<E: Into<Trouble>> From<E> for Unjudged {
    fn from(error: E) -> Self {
        Self::Trouble(error.into())
    }
}

/// Whether catalog and permissions stand; what only waits for approval may become base all the same.
pub(super) fn may_become_base(verdict: &Verdict) -> bool {
    let green = |name| verdict.checks.iter().any(|check| check.name == name && check.conclusion == Conclusion::Success);
    green(CheckName::Catalog) && green(CheckName::Permissions)
}

impl Shared {
    /// Runs `work` on a thread that may block; a panic is [`Unjudged::Poison`], and so is a missed deadline, after which
    /// the thread is left to itself.
    pub(super) async fn off_thread<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce() -> Result<T, Unjudged> + Send + 'static,
    ) -> Result<T, Unjudged> {
        if self.metrics.abandoned.get() >= MOST_ABANDONED {
            return Err(Trouble::passing("too many judgements past their deadline are still running").into());
        }
        let mut thread = tokio::task::spawn_blocking(work);
        let deadline = self.settings.judge_deadline;
        match tokio::time::timeout(deadline, &mut thread).await {
            Ok(Ok(result)) => result,
            Ok(Err(error)) => Err(match error.try_into_panic() {
                Ok(panic) => Unjudged::Poison(format!("judging it failed inside Portcullis: {}", panic_text(&*panic))),
                Err(_) => Unjudged::Trouble(Trouble::passing("stopped while judging")),
            }),
            Err(_) => {
                let abandoned = self.metrics.abandoned.clone();
                abandoned.inc();
                tokio::spawn(async move {
                    let _ = thread.await;
                    abandoned.dec();
                });
                Err(Unjudged::Poison(format!("judging it took longer than {}", seconds(deadline))))
            }
        }
    }

    /// Gathers the facts, judges, and words the answer.
    pub(super) async fn judge(
        self: &Arc<Self>,
        repository: &Arc<Repository>,
        mut ask: Ask,
        wording: CommentOptions,
    ) -> Result<Judged, Unjudged> {
        let started = self.clock.elapsed();
        let (shared, inner) = (self.clone(), repository.clone());
        let judged = self
            .off_thread(move || {
                ask.now = shared.clock.now();
                let proposed = inner.watched.workspace.propose(&ask).map_err(laid_to_commit)?;
                let verdict = (shared.judge.judge)(&proposed.proposal);
                let recheck = recheck(&proposed.proposal, &verdict);
                let rested = Rested::of(&ask, &proposed.proposal, proposed.trace, &verdict);
                let judged = Judged::worded(verdict, &proposed.sources, proposed.merged_tree, &wording, (&shared, &inner));
                Ok(Judged { recheck, rested, ..judged })
            })
            .await;
        self.metrics.judged(&repository.name, self.clock.elapsed().saturating_sub(started).as_secs_f64());
        judged
    }

    /// A thing has its verdict now.
    pub(super) fn has_verdict(&self, repository: &Repository, thing: &Thing) {
        if let Some(took) = repository.sightings.judged(thing, self.clock.elapsed()) {
            self.metrics.decided(&repository.name, took);
        }
    }

    /// What every judgement against this accepted revision needs; computed once a revision.
    pub(super) async fn base(
        self: &Arc<Self>,
        repository: &Arc<Repository>,
        commit: CommitId,
    ) -> Result<Arc<BaseFacts>, Unjudged> {
        if let Some(known) = repository.known_base(commit) {
            return Ok(known);
        }
        let (shared, inner) = (self.clone(), repository.clone());
        let facts = self
            .off_thread(move || {
                let snapshot = inner.watched.workspace.snapshot(commit)?;
                let valid = match inner.newest_valid_base() {
                    // Only what has changed since can have made it wrong.
                    Some(before) => stays_valid(&before, &snapshot.catalog),
                    None => !(shared.judge.validate)(&snapshot.catalog).iter().any(|finding| finding.is_error()),
                };
                let users = snapshot.catalog.users();
                let people = || users.iter().filter(|(_, user)| !user.value.bot);
                let account = |user: &User| Some(ForgeUser { login: user.github_login.clone()?, id: user.github_id? });
                Ok(Arc::new(BaseFacts {
                    keys: users.iter().flat_map(|(_, user)| user.value.signing_keys.clone()).collect(),
                    valid,
                    catalog: snapshot.catalog.clone(),
                    identity: snapshot.catalog.policy().identity,
                    teams: bound_teams(&snapshot.catalog),
                    people: people().filter_map(|(id, user)| Some((id.clone(), account(&user.value)?))).collect(),
                    known: users.iter().filter_map(|(_, user)| user.value.github_id).collect(),
                    channels: snapshot.catalog.policy().notifications.iter().map(|route| route.channel.clone()).collect(),
                    reminder: snapshot.catalog.policy().reminder,
                    accounts: people().filter_map(|(_, user)| user.value.github_id).collect(),
                }))
            })
            .await?;
        repository.remember_base(commit, facts.clone());
        Ok(facts)
    }

    /// When each commit of a range was received; those that nobody has seen before are received now.
    pub(super) async fn received(
        self: &Arc<Self>,
        repository: &Arc<Repository>,
        from: CommitId,
        to: CommitId,
    ) -> Result<BTreeMap<CommitId, Timestamp>, Unjudged> {
        let history = repository.history.clone();
        let range = self.off_thread(move || history.range(from, to).map_err(laid_to_commit)).await?;
        Ok(self.store_of(repository).received(&repository.watched.key, &range, self.clock.now()).await?)
    }
}

/// The teams of a roster whose members the forge knows.
fn bound_teams(catalog: &Catalog) -> BTreeMap<Identifier, ForgeTeam> {
    catalog.teams().iter().filter_map(|(id, team)| Some((id.clone(), team.value.github.clone()?))).collect()
}

/// The earliest moment at which a run that waits expires, by the policy and the actions of base.
fn recheck(proposal: &Proposal, verdict: &Verdict) -> Option<Timestamp> {
    let seen = proposal.first_seen.unwrap_or(proposal.now);
    let base = &proposal.base.0;
    let waits = verdict.runs.iter().filter(|run| run.state == RunState::WaitingForApproval);
    waits
        .filter_map(|run| {
            let own = base.actions().get(&run.action).and_then(|action| action.value.expiry);
            seen.checked_add(own.unwrap_or_else(|| base.policy().expiry)).ok()
        })
        .filter(|at| *at > proposal.now)
        .min()
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|s| (*s).to_owned()).or_else(|| panic.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "no reason given".to_owned())
}

/// A duration as people say it.
pub(super) fn seconds(duration: Duration) -> String {
    match duration.as_millis() {
        ms if ms % 1000 == 0 => format!("{}s", ms / 1000),
        ms => format!("{ms}ms"),
    }
}
