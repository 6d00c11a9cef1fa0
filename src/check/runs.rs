//! Decides about the runs that a change asks for: whether each is a sound request, and what state it is in (spec 6 and 7).

use std::collections::BTreeMap;

use crate::catalog::{Catalog, Change, ChangeSet, Located, Operation};
use crate::model::{
    Action, ActionOperation, Actor, Attribution, CommitId, EntityKey, Finding, Identifier, RuleDoc, RunRequest, Subject, Value,
};
use crate::run::{
    ApprovalSubject, Decision, Hands, RunFacts, action_of, approvers, derive, digest_request, digest_run, requirement,
};

use super::inputs::{self, did_you_mean, judge_inputs};
use super::{CommitFacts, Proposal, RunVerdict, run_facts};

const IMMUTABLE: &str = "run/immutable";
const IDENTIFIER_USED: &str = "run/identifier-used";
pub(super) const UNKNOWN_ACTION: &str = "run/unknown-action";
const UNKNOWN_ENTITY: &str = "run/unknown-entity";
const MISSING_ENTITY: &str = "run/missing-entity";
const NEEDLESS_ENTITY: &str = "run/needless-entity";
const TOO_MANY: &str = "limit/runs";

/// The rules of requests; those of inputs and approval stand beside their own code.
pub const RULES: &[RuleDoc] = &[
    RuleDoc {
        id: IMMUTABLE,
        summary: "A run on the watched branch is history and is never edited.",
        remedy: "Leave the file as it is and ask again in a new one.",
    },
    RuleDoc {
        id: IDENTIFIER_USED,
        summary: "The identifier of a run that was ever on the watched branch is never used again.",
        remedy: "Give the run an identifier of its own, or rename the file.",
    },
    RuleDoc {
        id: UNKNOWN_ACTION,
        summary: "A run names an action that the watched branch has, once, and that this change leaves there.",
        remedy: "Name an existing action; add a new one in a change that is merged first.",
    },
    RuleDoc {
        id: UNKNOWN_ENTITY,
        summary: "A run names an entity of its action's blueprint that the watched branch has, once, and that this change leaves there.",
        remedy: "Name an existing entity; register a new one in a change that is merged first.",
    },
    RuleDoc {
        id: MISSING_ENTITY,
        summary: "A run of a DAY-2 or DELETE action names the entity it works on.",
        remedy: "Add `entity:` with the identifier of the entity.",
    },
    RuleDoc {
        id: NEEDLESS_ENTITY,
        summary: "A run of a CREATE action names no entity: it makes one.",
        remedy: "Take `entity:` out.",
    },
];

/// The bound on how many there may be.
const LIMIT: RuleDoc = RuleDoc {
    id: TOO_MANY,
    summary: "A judged range adds at most `limits.runs` runs (500 where unsaid).",
    remedy: "Ask for them in several pull requests; an admin can raise the limit in catalog.yaml.",
};

/// Every rule of runs and approval.
pub fn rules() -> impl Iterator<Item = &'static RuleDoc> {
    RULES.iter().chain([&LIMIT]).chain(inputs::RULES).chain(run_facts::RULES)
}

/// Judges the runs among the net changes: a verdict for each that is added, and what is wrong with any.
///
/// Action, approve rule, target and roster are base's. Without facts of a pull request there are no reviews, and a run
/// that needs approval waits. `refused` are the runs that not everyone may ask for to whom they are laid, and who may not.
pub fn judge_runs(
    proposal: &Proposal,
    attributions: &BTreeMap<Option<CommitId>, Attribution>,
    changes: &ChangeSet,
    refused: &BTreeMap<Identifier, Vec<Actor>>,
) -> (Vec<RunVerdict>, Vec<Finding>) {
    let (mut verdicts, mut findings) = (Vec::new(), Vec::new());
    if let Some(finding) = too_many(proposal, changes) {
        return (verdicts, vec![finding]);
    }
    for change in &changes.0 {
        let Subject::Run(identifier) = &change.subject else { continue };
        match change.operation {
            Operation::Execute => {
                let Some(run) = proposal.merged.0.runs().get(identifier) else { continue };
                let refused = refused.get(identifier).map(|who| may_not_ask(who, &run.value));
                let judged = judge_run(proposal, attributions, run, Also { refused, ..Also::default() });
                verdicts.push(judged.verdict);
                findings.extend(judged.findings);
            }
            Operation::Update => findings.push(immutable(identifier, change)),
            Operation::Register | Operation::Unregister | Operation::Create | Operation::Delete => {}
        }
    }
    (verdicts, findings)
}

/// Each run that lands is followed until it ends, by itself: a flood of them would keep everything else waiting.
fn too_many(proposal: &Proposal, changes: &ChangeSet) -> Option<Finding> {
    let limit = proposal.base.0.policy().limits.runs;
    let is_new = |change: &&Change| matches!(change.subject, Subject::Run(_)) && change.operation == Operation::Execute;
    let first_beyond = changes.0.iter().filter(is_new).nth(limit)?;
    let finding = Finding::error(TOO_MANY, format!("more than {limit} runs are asked for in one judged range"))
        .help("ask for them in several pull requests, or have an Admin raise `limits.runs` in catalog.yaml")
        .at(first_beyond.place.clone());
    Some(finding)
}

fn immutable(identifier: &Identifier, change: &Change) -> Finding {
    Finding::error(IMMUTABLE, format!("run `{identifier}` is on the watched branch already, and history is not edited"))
        .help("undo this edit, and ask again in a new file under `runs/`")
        .at(change.place.clone())
        .about(change.subject.clone())
}

/// What else is known of a run than its proposal tells.
#[derive(Default)]
pub(super) struct Also {
    /// Why nobody knows enough to decide in its favour, whatever it asks for.
    pub(super) unknown: Option<String>,
    /// Why it may not be asked for.
    pub(super) refused: Option<String>,
    /// Who else had a hand in it.
    pub(super) hands: Hands,
}

/// A run, judged, and what that follows from.
pub(super) struct JudgedRun {
    pub(super) verdict: RunVerdict,
    pub(super) findings: Vec<Finding>,
    pub(super) facts: RunFacts,
    pub(super) decision: Decision,
    pub(super) hands: Hands,
    /// With the defaults of the action filled in.
    pub(super) inputs: Value,
}

/// Judges one run by base.
pub(super) fn judge_run(
    proposal: &Proposal,
    attributions: &BTreeMap<Option<CommitId>, Attribution>,
    run: &Located<RunRequest>,
    also: Also,
) -> JudgedRun {
    let base = &proposal.base.0;
    let identifier = &run.value.identifier;
    let added_by = adding_commit(proposal, identifier);
    let asked_by = asked_by(proposal, attributions, identifier);
    let requester = asked_by.iter().find(|actor| actor.user().is_some()).or(asked_by.first()).cloned();

    let mut findings = judge_request(proposal, run);
    let action = action_of(base, &run.value.action);
    let judged = action.map(|action| judge_inputs(base, action, run, &asked_by));
    let (filled, of_inputs) = judged.map_or_else(|| (run.value.inputs.clone(), Vec::new()), |j| (j.filled, j.findings));
    findings.extend(of_inputs);

    let target = action.and_then(|action| run.value.target(&action.blueprint));
    let owner = target.as_ref().map(|key| base.owner_of(key));
    let about = ApprovalSubject { target: target.as_ref(), owner: owner.as_ref(), inputs: Some(&filled) };
    let hands = run_facts::hands(proposal, attributions, &asked_by).with(also.hands);
    let facts = RunFacts {
        pull_request: proposal.pull_request.as_ref().map(|pr| pr.state),
        withdrawn: proposal.withdrawn.get(identifier).cloned(),
        blocked: also.unknown.or_else(|| blocked(proposal, run, &asked_by, &findings)).or(also.refused),
        requirement: action.map_or(crate::run::Requirement::None, |action| requirement(action, &filled)),
        digest: digest_run(&run.value, base),
        request: digest_request(&run.value),
        panel: action.map(|action| approvers(base, action, &about, &hands)).unwrap_or_default(),
        words: run_facts::words(proposal, identifier),
        first_seen: run_facts::first_seen(proposal, added_by),
        expiry: action.and_then(|action| action.expiry).unwrap_or_else(|| base.policy().expiry),
        now: proposal.now,
    };
    let decision = derive(&facts);
    findings.extend(run_facts::findings(run, &facts, &decision));
    let verdict = RunVerdict {
        id: identifier.clone(),
        action: run.value.action.clone(),
        state: decision.state,
        requester,
        digest: facts.digest.as_ref().map(ToString::to_string).unwrap_or_default(),
        approvals: decision.approvals.clone(),
        approvers: decision.approvers.clone(),
        reason: decision.reason.clone(),
    };
    JudgedRun { verdict, findings, facts, decision, hands, inputs: filled }
}

/// Whom the commit that adds the run is attributed to; nobody where no commit of the range does.
pub(super) fn asked_by(
    proposal: &Proposal,
    attributions: &BTreeMap<Option<CommitId>, Attribution>,
    run: &Identifier,
) -> Vec<Actor> {
    adding_commit(proposal, run).map(|commit| attribution(attributions, commit).0.clone()).unwrap_or_default()
}

/// The last commit before which the run is not there and after which it is: its actor is the requester. A merge adds no run
/// that either of its parents has.
fn adding_commit<'a>(proposal: &'a Proposal, run: &Identifier) -> Option<&'a CommitFacts> {
    let had =
        |commit: &CommitFacts| commit.before.runs().contains(run) || commit.sides.iter().any(|side| side.runs().contains(run));
    proposal.commits.iter().rev().find(|commit| !had(commit) && commit.after.runs().contains(run))
}

/// Whom a commit was attributed to; the one of a working tree has no id there.
fn attribution<'a>(attributions: &'a BTreeMap<Option<CommitId>, Attribution>, commit: &CommitFacts) -> &'a Attribution {
    const NOBODY: &Attribution = &Attribution(Vec::new());
    attributions.get(&Some(commit.id)).or_else(|| attributions.get(&None)).unwrap_or(NOBODY)
}

/// Why nothing can be decided in the run's favour.
fn blocked(proposal: &Proposal, run: &Located<RunRequest>, asked_by: &[Actor], findings: &[Finding]) -> Option<String> {
    if let Some(error) = findings.iter().find(|finding| finding.is_error()) {
        return Some(error.message.clone());
    }
    if !run_facts::stands_soundly(&proposal.merged.0, run) {
        return Some("the request itself has errors, or stands in two files".into());
    }
    match asked_by.iter().find(|actor| actor.user().is_none()) {
        Some(stranger) => Some(format!("its requester is not known for certain to be a user of the roster ({stranger})")),
        None if asked_by.is_empty() => Some("nobody knows who asked for it".into()),
        None => None,
    }
}

/// That the request itself is not allowed: whatever approval it has, there is nothing to approve.
pub(super) fn may_not_ask(who: &[Actor], run: &RunRequest) -> String {
    let who = who.iter().map(|actor| actor.user().map_or_else(|| actor.to_string(), ToString::to_string));
    match who.collect::<Vec<_>>().as_slice() {
        [] => format!("nobody knows who asked to execute `{}`", run.action),
        who => format!("{} may not execute `{}`", who.join(" and "), run.action),
    }
}

fn judge_request(proposal: &Proposal, run: &Located<RunRequest>) -> Vec<Finding> {
    let (base, merged) = (&proposal.base.0, &proposal.merged.0);
    let request = &run.value;
    let mut findings = Vec::new();
    let mut refuse = |rule, key: &str, message: String, help: String| {
        let subject = Subject::Run(request.identifier.clone());
        findings.push(Finding::error(rule, message).help(help).at(run.value_at(&[key])).about(subject));
    };
    if proposal.used_runs.contains(&request.identifier) {
        refuse(
            IDENTIFIER_USED,
            "identifier",
            format!("a run `{}` was on the watched branch before, and its identifier is never used again", request.identifier),
            "rename the file, or give the run another `identifier`".into(),
        );
    }
    let Some(action) = action_of(base, &request.action) else {
        let (message, help) = unknown_action(base, merged, &request.action);
        refuse(UNKNOWN_ACTION, "action", message, help);
        return findings;
    };
    if !merged.actions().contains(&request.action) {
        let message = format!("action `{}` is removed by this same change", request.action);
        refuse(UNKNOWN_ACTION, "action", message, "take either the run or the removal out".into());
    }
    match (action.trigger.operation, request.target(&action.blueprint)) {
        (ActionOperation::Create, None) => {}
        (ActionOperation::Create, Some(_)) => refuse(
            NEEDLESS_ENTITY,
            "entity",
            format!("action `{}` makes a new {}, so a run of it names none", action.identifier, action.blueprint),
            "take `entity` out".into(),
        ),
        (operation, None) => refuse(
            MISSING_ENTITY,
            "entity",
            format!(
                "action `{}` is {}: a run of it names the {} it works on",
                action.identifier,
                operation.as_str(),
                action.blueprint
            ),
            format!("add `entity:` with the identifier of the {}", action.blueprint),
        ),
        (_, Some(key)) => {
            if let Some((message, help)) = unknown_entity(base, merged, action, &key) {
                refuse(UNKNOWN_ENTITY, "entity", message, help);
            }
        }
    }
    findings
}

fn unknown_action(base: &Catalog, merged: &Catalog, action: &Identifier) -> (String, String) {
    if base.actions().contains(action) {
        let message = format!("action `{action}` is declared twice on the watched branch, so nobody knows which is meant");
        return (message, "have one of the two removed first".into());
    }
    let message = format!("the watched branch has no action `{action}`");
    let help = if merged.actions().contains(action) {
        "this change adds the action; it must be on the watched branch before it can be run, so add the run in a later change"
            .into()
    } else {
        let known = base.actions().iter().map(|(known, _)| known.as_str());
        did_you_mean(action.as_str(), known).unwrap_or_else(|| "see `actions/` for those there are".into())
    };
    (message, help)
}

fn unknown_entity(base: &Catalog, merged: &Catalog, action: &Action, key: &EntityKey) -> Option<(String, String)> {
    if !base.entities().duplicates_of(key).is_empty() {
        let message = format!("{key} is declared twice on the watched branch, so nobody knows which is meant");
        return Some((message, "have one of the two removed first".into()));
    }
    if base.entities().contains(key) {
        return (!merged.entities().contains(key))
            .then(|| (format!("{key} is removed by this same change"), "take either the run or the removal out".into()));
    }
    let help = if merged.entities().contains(key) {
        "this change registers it; it must be on the watched branch first, so add the run in a later change".into()
    } else {
        let known: Vec<EntityKey> = base.entities().keys_of(&action.blueprint).collect();
        did_you_mean(key.identifier.as_str(), known.iter().map(|key| key.identifier.as_str()))
            .unwrap_or_else(|| format!("name an entity of blueprint {} by its identifier", action.blueprint))
    };
    Some((format!("the watched branch has no {key}"), help))
}
