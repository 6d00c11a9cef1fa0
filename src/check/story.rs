//! A pull request as tests tell it: commits, pushes, reviews, and a watched branch that moves meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::{Catalog, Change, ChangeSet, Document, FileDelta, Operation};
use crate::model::{
    Attribution, CommitId, Finding, ForgeUser, Identifier, IdentityMode, PullRequestState, Push, Review, ReviewState, Reviewer,
    RunRequest, SignatureFact, Subject, Timestamp,
};
use crate::run::fixture::{World, account, at, day, file};

use super::{Base, CommitFacts, Head, Proposal, PullRequestFacts, RunVerdict, Target, Way, identity, runs};

pub(super) fn commit_id(number: u8) -> CommitId {
    CommitId([number; 20])
}

pub(super) fn forge_user(name: &str) -> ForgeUser {
    ForgeUser { login: name.into(), id: account(name) }
}

/// A commit whose both lines name `<who>@acme.dev`, which changes nothing.
pub(super) fn commit(number: u8, parents: &[u8], who: &str) -> CommitFacts {
    let email = if who.is_empty() { String::new() } else { format!("{who}@acme.dev") };
    CommitFacts {
        id: commit_id(number),
        parents: parents.iter().map(|parent| commit_id(*parent)).collect(),
        summary: String::new(),
        author_email: email.clone(),
        committer_email: email,
        co_authors: Vec::new(),
        committed_at: Some(day(0)),
        signature: SignatureFact::Unsigned,
        received_at: day(0),
        vouched: None,
        before: Catalog::default(),
        sides: Vec::new(),
        conflicts: Vec::new(),
        after: Catalog::default(),
        findings: Vec::new(),
    }
}

pub(super) fn push(who: Option<&str>, before: Option<u8>, after: u8) -> Push {
    Push { actor: who.map(forge_user), before: before.map(commit_id), after: Some(commit_id(after)) }
}

pub(super) fn pull_request(opener: Option<&str>, pushes: Vec<Push>) -> PullRequestFacts {
    PullRequestFacts {
        state: PullRequestState::Open,
        opener: opener.map(forge_user),
        pushes,
        reviews: Vec::new(),
        reviewed: BTreeMap::new(),
    }
}

/// A run as a file puts it.
pub(super) fn put_run(path: &str, run: &RunRequest) -> FileDelta {
    FileDelta::put(file(path, |f| Document::Run(at(f, run.clone()))))
}

#[derive(Clone)]
pub(super) struct Story {
    pub(super) world: World,
    pub(super) mode: IdentityMode,
    pub(super) commits: Vec<CommitFacts>,
    pub(super) facts: PullRequestFacts,
    pub(super) used_runs: BTreeSet<Identifier>,
    pub(super) withdrawn: BTreeMap<Identifier, String>,
    pub(super) now: Timestamp,
    base: Catalog,
    /// Where the branch forked from base, or was last brought up to date.
    fork: Catalog,
    deltas: Vec<FileDelta>,
}

impl Story {
    /// A branch of the watched branch that this world describes, without commits.
    pub(super) fn new(world: World) -> Self {
        let base = world.base();
        Self {
            world,
            mode: IdentityMode::Declared,
            commits: Vec::new(),
            facts: pull_request(None, Vec::new()),
            used_runs: BTreeSet::new(),
            withdrawn: BTreeMap::new(),
            now: day(1),
            fork: base.clone(),
            base,
            deltas: Vec::new(),
        }
    }

    /// Alice asks for the run of this world.
    pub(super) fn asked(world: World) -> Self {
        let run = put_run("runs/r1.yaml", &world.run);
        Self::new(world).commits("alice", [run])
    }

    pub(super) fn commits(mut self, who: &str, deltas: impl IntoIterator<Item = FileDelta>) -> Self {
        let before = self.fork.apply(self.deltas.clone());
        self.deltas.extend(deltas);
        let after = self.fork.apply(self.deltas.clone());
        let number = u8::try_from(self.commits.len()).unwrap() + 1;
        let commit = CommitFacts { before, after: after.clone(), ..commit(number, &[number - 1], who) };
        self.facts.reviewed.insert(commit.id, (Head(after), Base(self.fork.clone())));
        self.commits.push(commit);
        self
    }

    /// The request is rewritten, and the file with it.
    pub(super) fn edits(self, who: &str, change: impl FnOnce(&mut RunRequest)) -> Self {
        let mut run = self.world.run.clone();
        change(&mut run);
        self.commits(who, [put_run("runs/r1.yaml", &run)])
    }

    pub(super) fn last_commit(mut self, change: impl FnOnce(&mut CommitFacts)) -> Self {
        change(self.commits.last_mut().unwrap());
        self
    }

    pub(super) fn base_moves(mut self, change: impl FnOnce(World) -> World) -> Self {
        self.world = change(self.world);
        self.base = self.world.base();
        self
    }

    /// Base is merged into the branch.
    pub(super) fn updates(mut self, who: &str) -> Self {
        self.fork = self.base.clone();
        self.commits(who, []).last_commit(|c| c.before = c.after.clone())
    }

    /// A review on the newest commit.
    pub(super) fn says(self, who: &str, state: ReviewState) -> Self {
        let commit = self.commits.last().map(|c| c.id);
        self.says_on(who, state, commit)
    }

    pub(super) fn says_on(mut self, who: &str, state: ReviewState, commit: Option<CommitId>) -> Self {
        let id = format!("review-{}", self.facts.reviews.len());
        let reviewer = Reviewer::Account(forge_user(who));
        self.facts.reviews.push(Review { id, reviewer, state, commit, submitted_at: Some(day(0)) });
        self
    }

    pub(super) fn proposal(&self) -> Proposal {
        Proposal {
            target: Target::PullRequest,
            base_id: commit_id(0),
            base: Base(self.base.clone()),
            base_is_valid: true,
            head_id: self.commits.last().map(|c| c.id),
            merged: Head(self.base.apply(self.deltas.clone())),
            head: Head(self.fork.apply(self.deltas.clone())),
            conflicts: Vec::new(),
            commits: self.commits.clone(),
            identity: self.mode,
            as_user: None,
            pull_request: Some(self.facts.clone()),
            branch_pushes: None,
            reach: BTreeMap::new(),
            performed: Default::default(),
            used_runs: self.used_runs.clone(),
            withdrawn: self.withdrawn.clone(),
            first_seen: None,
            now: self.now,
            findings: Vec::new(),
        }
    }

    /// Every run's verdict, and the findings.
    pub(super) fn judge(&self) -> (Vec<RunVerdict>, Vec<Finding>) {
        judge(&self.proposal())
    }

    /// The one run's verdict, and the rules of its findings.
    pub(super) fn verdict(&self) -> (RunVerdict, Vec<&'static str>) {
        let (verdicts, findings) = self.judge();
        let [verdict] = <[RunVerdict; 1]>::try_from(verdicts).unwrap();
        (verdict, findings.iter().map(|f| f.rule).collect())
    }
}

pub(super) fn judge(proposal: &Proposal) -> (Vec<RunVerdict>, Vec<Finding>) {
    let attributions: BTreeMap<Option<CommitId>, Attribution> = proposal
        .commits
        .iter()
        .map(|commit| {
            let of = identity::attribute(&proposal.base, proposal.identity, commit, &proposal.commits, &Way::of(proposal));
            (Some(commit.id), of.0)
        })
        .collect();
    runs::judge_runs(proposal, &attributions, &changes(&proposal.base.0, &proposal.merged.0), &BTreeMap::new())
}

/// What differs among the runs, compared here by hand so that these tests do not lean on `catalog::diff`.
fn changes(base: &Catalog, merged: &Catalog) -> ChangeSet {
    let mut changes = Vec::new();
    for (identifier, run) in merged.runs().iter() {
        let operation = match base.runs().get(identifier) {
            None => Operation::Execute,
            Some(old) if old.value != run.value => Operation::Update,
            Some(_) => continue,
        };
        let subject = Subject::Run(identifier.clone());
        changes.push(Change { subject, operation, field: None, before: None, after: None, place: run.place() });
    }
    ChangeSet(changes)
}
