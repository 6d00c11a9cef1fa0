//! The entries of a merge queue: each is judged as its pull request, onto what the queue puts it onto, and told on its own commit.
//!
//! What an entry is put onto must be the accepted revision, or an entry that was itself judged green, so that every step has been
//! judged once the branch is moved to the last of them.

use std::collections::BTreeMap;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use crate::check::watching_rules::MERGE_GROUP;
use crate::check::{Conclusion, Target};
use crate::facts::{Ask, Head};
use crate::forge::{MergeGroup, PullRequestDetails};
use crate::model::{CommitId, PullRequestState};
use crate::report::CommentOptions;
use crate::store::Judged as Remembered;

use super::answer::{Answer, refusal};
use super::judging::{Judged, Unjudged, laid_to_commit};
use super::parts::{BaseFacts, Repository};
use super::pull_request::input;
use super::runs::summary_with_decisions;
use super::sweep::World;
use super::telling::Asker;
use super::{Input, Key, Outcome, Shared, Thing, Trouble};

/// What the store's names of entries begin with; no pull request is called so.
pub(super) const IN_QUEUE: &str = "queue/";

/// An entry of the queue.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Entry {
    /// Its commit; `None` where its ref is gone and only what was remembered of it is left.
    at: Option<CommitId>,
    /// Whether it was green, for which commit and which accepted revision.
    judged: Option<(CommitId, CommitId, bool)>,
}

/// What an entry stands on.
enum Ground {
    /// Something that was judged.
    Firm,
    /// It is being judged.
    Awaited,
    /// Neither: a clause.
    None(String),
}

/// How the judgement of an entry ended.
enum Ended {
    Judged(Box<Judged>, PullRequestDetails),
    Refused(String),
    /// There is nothing to say, now or any more.
    Silent(Option<Duration>),
}

impl Repository {
    fn groups(&self) -> MutexGuard<'_, Option<BTreeMap<String, Entry>>> {
        self.groups.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    /// Offers the entries of the queue, and forgets those whose refs are gone once the branch has been followed: until then the tip
    /// may be one of them.
    pub(super) async fn offer_groups(
        self: &Arc<Self>,
        repository: &Arc<Repository>,
        world: &World,
        versions: &BTreeMap<String, String>,
        seen: Duration,
        resync: bool,
    ) -> Result<(), Trouble> {
        let Some(prefix) = repository.watched.forge.queue() else { return Ok(()) };
        let history = repository.history.clone();
        let found = self.off_thread(move || Ok(history.under(&prefix)?)).await.map_err(Unjudged::into_trouble)?;
        let found: BTreeMap<String, CommitId> = found.into_iter().collect();
        self.load_groups(repository).await?;
        let gone: Vec<String> = {
            let mut groups = repository.groups();
            let groups = groups.get_or_insert_default();
            for (rest, entry) in groups.iter_mut() {
                entry.at = found.get(rest).copied();
            }
            for (rest, at) in &found {
                groups.entry(rest.clone()).or_insert(Entry { at: Some(*at), judged: None });
            }
            groups.iter().filter(|(_, entry)| entry.at.is_none()).map(|(rest, _)| rest.clone()).collect()
        };
        for (rest, at) in found {
            let pull_request = repository.watched.forge.merge_group(&rest).map(|group| group.pull_request);
            let version = pull_request.and_then(|id| versions.get(&id).cloned()).unwrap_or_default();
            let input = Input { head: Some(at), version, ..world.pull_request(true) };
            self.offer(repository, Thing::MergeGroup(rest), input, seen, resync);
        }
        if world.tip == world.accepted {
            for rest in gone {
                self.store_of(repository).forget_judged(&repository.watched.key, &format!("{IN_QUEUE}{rest}")).await?;
                repository.groups().get_or_insert_default().remove(&rest);
                let key = Key { repository: repository.name.clone(), thing: Thing::MergeGroup(rest) };
                self.queue().forget(&key);
                repository.forget_thing(&key.thing);
            }
        }
        Ok(())
    }

    /// Reads from the store, once after a start, of which entries something is remembered.
    async fn load_groups(&self, repository: &Repository) -> Result<(), Trouble> {
        if repository.groups().is_some() {
            return Ok(());
        }
        let judged = self.store_of(repository).all_judged(&repository.watched.key).await?;
        let entries = judged.iter().filter_map(|judged| judged.pull_request.strip_prefix(IN_QUEUE));
        let entries = entries.map(|rest| (rest.to_owned(), Entry { at: None, judged: None })).collect();
        repository.groups().get_or_insert(entries);
        Ok(())
    }

    /// Judges an entry of the queue, and says so on its commit.
    pub(super) async fn reconcile_merge_group(
        self: &Arc<Self>,
        repository: &Arc<Repository>,
        rest: &str,
    ) -> Result<Outcome<Input>, Trouble> {
        let world = self.world(repository).await?;
        let (Some(accepted), Some(prefix)) = (world.accepted, repository.watched.forge.queue()) else {
            return Ok(Outcome::done());
        };
        let (history, name) = (repository.history.clone(), format!("{prefix}{rest}"));
        let at = self.off_thread(move || Ok(history.refs(&[&name])?)).await.map_err(Unjudged::into_trouble)?;
        let Some(at) = at.into_iter().flatten().next() else { return Ok(Outcome::done()) };
        let thing = Thing::MergeGroup(rest.to_owned());
        let (green, answer) = match self.judge_group(repository, &world, accepted, rest, at).await {
            Ok(Ended::Silent(again)) => return Ok(Outcome::Settled { input: None, again }),
            Ok(Ended::Judged(judged, details)) => self.conclude_group(repository, rest, at, *judged, &details).await?,
            Ok(Ended::Refused(why)) => {
                self.store_of(repository).forget_judged(&repository.watched.key, &format!("{IN_QUEUE}{rest}")).await?;
                (false, refusal(at, MERGE_GROUP, &why, &self.settings))
            }
            Err(Unjudged::Trouble(trouble)) => return Err(trouble),
            Err(Unjudged::Poison(why)) => {
                self.store_of(repository).forget_judged(&repository.watched.key, &format!("{IN_QUEUE}{rest}")).await?;
                self.note_group(repository, rest, at, accepted, false);
                self.quarantine(repository, &thing, Some(at), &why).await?;
                return Ok(Outcome::Stalled);
            }
        };
        self.publish(repository, &thing, &answer).await?;
        tracing::info!(repository = %repository.name, entry = %rest, %at, base = %accepted, green, "judged an entry of the merge queue");
        self.note_group(repository, rest, at, accepted, green);
        Ok(Outcome::done())
    }

    async fn judge_group(
        self: &Arc<Self>,
        repository: &Arc<Repository>,
        world: &World,
        accepted: CommitId,
        rest: &str,
        at: CommitId,
    ) -> Result<Ended, Unjudged> {
        let forge = &repository.watched.forge;
        let refused = |why: &str| Ok(Ended::Refused(why.to_owned()));
        let Some(MergeGroup { pull_request: id, onto }) = forge.merge_group(rest) else {
            return refused("the name of this entry does not say what it adds to what");
        };
        let history = repository.history.clone();
        if self.off_thread(move || history.leads_to(at, accepted).map_err(laid_to_commit)).await? {
            return Ok(Ended::Silent(None));
        }
        let history = repository.history.clone();
        if !self.off_thread(move || history.leads_to(onto, at).map_err(laid_to_commit)).await? {
            return refused("it does not lead on from what its name says it is put onto");
        }
        match ground(repository, world, accepted, onto) {
            Ground::Firm => {}
            Ground::Awaited => return Ok(Ended::Silent(None)),
            Ground::None(why) => return Ok(Ended::Refused(why)),
        }
        let Some(pull_request) = forge.pull_request(&id).await? else {
            return refused("the forge does not know its pull request");
        };
        self.fetch_heads(repository, std::slice::from_ref(&pull_request)).await?;
        let base: Arc<BaseFacts> = self.base(repository, onto).await?;
        let details = self.details(repository, &pull_request, onto, &base).await?;
        match details.state {
            PullRequestState::Open if details.onto_watched => {}
            PullRequestState::Merged => return Ok(Ended::Silent(None)),
            PullRequestState::Open | PullRequestState::Closed => {
                return refused("its pull request is not open onto this branch any more");
            }
        }
        let thing = Thing::MergeGroup(rest.to_owned());
        if let Some(again) = repository.look_again(&thing, details.pending.is_some()) {
            // A queue throws out what fails, so it is not told of what may be known in a moment.
            return Ok(Ended::Silent(Some(again)));
        }
        let (head, told) = (details.head, details.clone());
        let asked = self.asked_runs(repository, onto, head).await?;
        let ask = Ask {
            performed: crate::check::Performed::default(),
            withdrawn: self.withdrawn(repository, &asked).await?,
            target: Target::PullRequest,
            base: onto,
            base_is_valid: base.valid,
            head: Head::Commit(head),
            identity: None,
            as_user: None,
            pull_request: Some(input(told)),
            branch: None,
            members: self.members(repository, onto).await?,
            received: self.received(repository, onto, head).await?,
            first_seen: Some(self.runs_first_seen(repository, &id, &asked).await?),
            now: self.clock.now(),
        };
        let judged = self.judge(repository, ask, CommentOptions::default()).await?;
        self.has_verdict(repository, &thing);
        Ok(Ended::Judged(Box::new(judged), details))
    }

    /// What follows: the tree that was judged must be the tree that is proposed. Remembered before anybody can act on it.
    async fn conclude_group(
        self: &Arc<Self>,
        repository: &Arc<Repository>,
        rest: &str,
        at: CommitId,
        judged: Judged,
        details: &PullRequestDetails,
    ) -> Result<(bool, Answer), Trouble> {
        let (key, name) = (&repository.watched.key, format!("{IN_QUEUE}{rest}"));
        let history = repository.history.clone();
        let proposed = self.off_thread(move || Ok(history.tree(at)?)).await.map_err(Unjudged::into_trouble)?;
        let Some(tree) = judged.tree else {
            self.store_of(repository).forget_judged(key, &name).await?;
            return Ok((false, moved_to(judged.answer, at, self)));
        };
        if tree != proposed {
            self.store_of(repository).forget_judged(key, &name).await?;
            let why = format!("it is not the clean merge of the pull request's head {}", details.head.short());
            return Ok((false, refusal(at, MERGE_GROUP, &why, &self.settings)));
        }
        let pull_request = repository.watched.forge.merge_group(rest).map(|group| group.pull_request).unwrap_or_default();
        let asker = Asker { id: &pull_request, url: None };
        let tellings = self.tellings(repository, asker, &judged.verdict).await;
        let verdict = summary_with_decisions(&judged.verdict, &pull_request, &tellings);
        let (base, now) = (judged.verdict.base, self.clock.now());
        let remembered = Remembered { pull_request: name, head: at, base, tree, verdict, at: now };
        self.store_of(repository).remember_judged(key, &remembered).await?;
        Ok((judged.verdict.conclusion == Conclusion::Success, moved_to(judged.answer, at, self)))
    }

    /// Notes how an entry stands, and has those judged that stand on it.
    fn note_group(&self, repository: &Repository, rest: &str, at: CommitId, accepted: CommitId, green: bool) {
        let upon: Vec<String> = {
            let mut groups = repository.groups();
            let groups = groups.get_or_insert_default();
            let now = Some((at, accepted, green));
            let entry = groups.entry(rest.to_owned()).or_insert(Entry { at: Some(at), judged: None });
            if entry.judged == now {
                return;
            }
            entry.judged = now;
            groups.keys().cloned().collect()
        };
        for other in upon {
            if repository.watched.forge.merge_group(&other).is_some_and(|group| group.onto == at) {
                self.wake_thing(&repository.name, Thing::MergeGroup(other));
            }
        }
    }
}

/// Whether what an entry is put onto may be judged against.
fn ground(repository: &Repository, world: &World, accepted: CommitId, onto: CommitId) -> Ground {
    if onto == accepted {
        return Ground::Firm;
    }
    let groups = repository.groups();
    let before = groups.iter().flatten().map(|(_, entry)| entry).find(|entry| entry.at == Some(onto));
    match before.map(|entry| entry.judged.filter(|(at, base, _)| *at == onto && *base == accepted)) {
        Some(Some((.., true))) => Ground::Firm,
        Some(Some((.., false))) => Ground::None("the entry before it in the queue is not green".to_owned()),
        Some(None) => Ground::Awaited,
        // The branch is on its way there.
        None if world.tip == Some(onto) => Ground::Awaited,
        None => Ground::None(format!(
            "it is put onto {}, which is neither the accepted revision nor an entry of the queue",
            onto.short()
        )),
    }
}

/// What is said of the head, said of the entry's commit instead; what the other commits are told, their pull request tells.
fn moved_to(answer: Answer, at: CommitId, shared: &Shared) -> Answer {
    let Some(head) = answer.head else { return answer };
    let url = super::answer::url(at, &shared.settings);
    let mut out = Answer { head: Some(at), ..Answer::default() };
    for mut status in answer.statuses.into_iter().filter(|status| status.commit == head) {
        (status.commit, status.url) = (at, url.clone());
        out.statuses.push(status);
    }
    for mut analysis in answer.analyses.into_iter().filter(|analysis| analysis.commit == head) {
        analysis.commit = at;
        out.analyses.push(analysis);
    }
    out.report = answer.report.map(|mut report| {
        (report.commit, report.url) = (at, url);
        report
    });
    out
}
