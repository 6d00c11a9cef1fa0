//! Decides about a run that stands on the watched branch, by what is accepted and known at this moment: whether it may be executed now.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::{Catalog, Located};
use crate::model::{Actor, Attribution, CommitId, Finding, Identifier, RunRequest, Timestamp, Value};
use crate::run::life::{Grant, Landing};
use crate::run::{Decision, action_of, allows_self_approval, digest_request, digest_run, needed};

use super::rights::to_execute;
use super::runs::{Also, JudgedRun, asked_by, judge_run, may_not_ask};
use super::{Base, Head, Proposal, RunVerdict, Target, Way, identity, permissions, run_facts};

/// What is accepted at this moment.
#[derive(Clone, Copy, Debug)]
pub struct Accepted<'a> {
    /// The revision.
    pub revision: CommitId,
    /// Its catalog, with the members that the forge tells of teams.
    pub catalog: &'a Base<Catalog>,
}

/// What is decided about a run that stands on the watched branch.
#[derive(Clone, PartialEq, Debug)]
pub struct LandedDecision {
    /// Its state, and what that follows from.
    pub decision: Decision,
    /// The same as people are told it.
    pub verdict: RunVerdict,
    /// Who asked: users of the roster, none where that is not known.
    pub requesters: Vec<Identifier>,
    /// Its inputs, with the defaults of the action filled in.
    pub inputs: Value,
    /// When it has waited too long.
    pub expires: Timestamp,
    /// What allows its execution; nothing else does. Only for a run that is approved.
    pub grant: Option<Grant>,
}

/// Decides about the run `run` that came onto the watched branch by `landing`.
///
/// `proposal` is the range that brought it, as git and the forge tell it at this moment, with the revision accepted before as its base: from there
/// to the head of its pull request, or to the landing itself where it was pushed directly. Everything else is judged by `now`: the action, what it
/// requires and of whom, the target and its owner, who may ask. Who asked and who had a hand in it is judged by both, and must be the same person
/// by both. Whatever is unknown allows nothing; that it waits, and one day expires, is the worst that comes of it.
pub fn decide_landed(proposal: &Proposal, landing: &Landing, now: Accepted<'_>, run: &Identifier) -> LandedDecision {
    let standing = now.catalog.0.runs().get(run);
    let nothing = nothing_known(run);
    let request = standing.or_else(|| proposal.head.0.runs().get(run)).map_or(&nothing, |found| &**found);

    let then = attributions(proposal);
    let renewed = renewed(proposal, now);
    let today = attributions(&renewed);
    let who = asked_by(proposal, &then, run);
    let also = Also {
        unknown: not_what_was_judged(proposal, landing, standing.is_some(), request)
            .or_else(|| differs(&who, &asked_by(&renewed, &today, run))),
        refused: changed_since(proposal, &request.value, now).or_else(|| may_ask_no_more(now, request, &who)),
        hands: run_facts::hands(proposal, &then, &who),
    };
    let judged = judge_run(&renewed, &today, request, also);
    let expiry = jiff::SignedDuration::try_from(judged.facts.expiry).unwrap_or(jiff::SignedDuration::MAX);
    LandedDecision {
        requesters: judged.hands.requesters.iter().cloned().collect(),
        expires: judged.facts.first_seen.saturating_add(expiry).unwrap_or(Timestamp::MAX),
        grant: grant(&judged, now, &request.value),
        decision: judged.decision,
        verdict: judged.verdict,
        inputs: judged.inputs,
    }
}

/// The same range, as if it were proposed to what is accepted now. The run itself stands there already, and the rest of the range is judged.
fn renewed(proposal: &Proposal, now: Accepted<'_>) -> Proposal {
    Proposal {
        base_id: now.revision,
        base: now.catalog.clone(),
        identity: now.catalog.0.policy().identity,
        merged: Head(now.catalog.0.clone()),
        used_runs: BTreeSet::new(),
        ..proposal.clone()
    }
}

/// Whom each commit of the range is attributed to, by the base that the proposal has.
fn attributions(proposal: &Proposal) -> BTreeMap<Option<CommitId>, Attribution> {
    let way = Way::of(proposal);
    let commits = proposal.commits.iter();
    commits
        .map(|commit| {
            let of = identity::attribute(&proposal.base, proposal.identity, commit, &proposal.commits, &way);
            (Some(commit.id), of.0)
        })
        .collect()
}

/// Why the range does not tell what stands on the watched branch.
fn not_what_was_judged(proposal: &Proposal, landing: &Landing, stands: bool, request: &Located<RunRequest>) -> Option<String> {
    if proposal.base_id != landing.from || proposal.as_user.is_some() || proposal.target == Target::WorkingTree {
        return Some("what is known of the change that brought it is not what was judged then".into());
    }
    if let Some(error) = proposal.findings.iter().find(|finding| finding.is_error()) {
        return Some(format!("what brought it cannot be read as a whole: {}", error.message));
    }
    if landing.pull_request.is_some() && proposal.pull_request.is_none() {
        return Some("nothing is known of the pull request that brought it".into());
    }
    if !stands {
        return Some("its file no longer stands on the watched branch".into());
    }
    let brought =
        proposal.head.0.runs().get(&request.value.identifier).filter(|run| run_facts::stands_soundly(&proposal.head.0, run));
    if brought.is_none_or(|run| digest_request(&run.value) != digest_request(&request.value)) {
        return Some("the request on the watched branch is not the one that the change which brought it asks for".into());
    }
    None
}

/// Why nothing that was said of it counts: what it asks for means something else by now.
fn changed_since(proposal: &Proposal, request: &RunRequest, now: Accepted<'_>) -> Option<String> {
    // Also the change that brought it may be what changed them: nobody was judged by that.
    if digest_run(request, &proposal.base.0) != digest_run(request, &now.catalog.0) {
        return Some(
            "the action, its approve rule or the target's owner has changed on the watched branch since it came there; ask again in a new run"
                .into(),
        );
    }
    None
}

/// Why nobody knows who asked: the rosters of then and of now must name the same people.
fn differs(then: &[Actor], now: &[Actor]) -> Option<String> {
    let all = |actors: &[Actor]| actors.iter().cloned().collect::<BTreeSet<_>>();
    (all(then) != all(now)).then(|| {
        let name = |actors: &[Actor]| actors.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ");
        format!("the roster has changed: who asked for it was {}, and would be {} now", name(then), name(now))
    })
}

/// Why whoever asked may not ask any more.
fn may_ask_no_more(now: Accepted<'_>, request: &Located<RunRequest>, who: &[Actor]) -> Option<String> {
    let needs = [to_execute(now.catalog, &request.value)];
    let may = |actor: &Actor| permissions::decide_by(now.catalog, "permission/execute", &needs, actor).allowed;
    let refused: Vec<Actor> = who.iter().filter(|actor| !may(actor)).cloned().collect();
    (!refused.is_empty() || who.is_empty()).then(|| may_not_ask(&refused, &request.value))
}

fn grant(judged: &JudgedRun, now: Accepted<'_>, request: &RunRequest) -> Option<Grant> {
    let action = action_of(&now.catalog.0, &request.action)?;
    if judged.decision.state != crate::model::RunState::Approved || judged.findings.iter().any(Finding::is_error) {
        return None;
    }
    let grant = Grant {
        revision: now.revision,
        digest: judged.facts.digest.as_ref()?.to_string(),
        action: action.identifier.clone(),
        requesters: judged.hands.requesters.iter().cloned().collect(),
        contributors: judged.hands.contributors.iter().cloned().collect(),
        approvals: judged.decision.approvals.clone(),
        needed: needed(&judged.facts),
        self_approval: allows_self_approval(&now.catalog.0, action),
    };
    grant.is_sound().then_some(grant)
}

/// What stands for a run of which nothing is left to read, so that it too is decided about, and expires.
fn nothing_known(run: &Identifier) -> Located<RunRequest> {
    let value = RunRequest {
        identifier: run.clone(),
        action: run.clone(), // blocked before anybody looks for it
        entity: None,
        inputs: Value::Null,
        reason: None,
    };
    Located { file: crate::model::FilePath::new("runs"), pointer: crate::model::Pointer::root(), value }
}
