//! Gathers what the state of a run follows from, and says what stands in its way (spec 7, `approval/*`).

use std::collections::BTreeMap;

use crate::catalog::{Catalog, Located};
use crate::model::{
    Actor, Attribution, CommitId, Finding, Identifier, IdentityMode, Review, RuleDoc, RunRequest, RunState, Severity, Subject,
    Timestamp,
};
use crate::run::{Decision, Footing, Hands, ReviewedOn, RunFacts, Void, Word, barred, digest_request, digest_run, names, remark};

use super::{CommitFacts, Proposal, PullRequestFacts, Way, by_forge, identity};

const NO_APPROVER: &str = "approval/no-approver";
const TOO_FEW_APPROVERS: &str = "approval/too-few-approvers";
const DECLINED: &str = "approval/declined";
const EXPIRED: &str = "approval/expired";
const OUTDATED: &str = "approval/outdated";
const NOT_COUNTED: &str = "approval/not-counted";

/// The rules of approval.
pub(super) const RULES: &[RuleDoc] = &[
    RuleDoc {
        id: NO_APPROVER,
        summary: "A run that needs approval has somebody who may approve it: whom the approve rule grants, not a bot, not the requester, not a contributor.",
        remedy: "Have an Admin or moderator widen the action's `approve` rule on the watched branch, or let somebody else ask.",
    },
    RuleDoc {
        id: TOO_FEW_APPROVERS,
        summary: "As many people may approve a run as approvals it needs.",
        remedy: "Lower `requiredApproval.count`, or widen the `approve` rule, on the watched branch.",
    },
    RuleDoc {
        id: DECLINED,
        summary: "No approver's standing review requests changes.",
        remedy: "Settle it with the reviewer, who can approve or have the review dismissed.",
    },
    RuleDoc {
        id: EXPIRED,
        summary: "A run is approved within its `expiry` of being first seen.",
        remedy: "Ask again in a new run.",
    },
    RuleDoc {
        id: OUTDATED,
        summary: "An approval counts for the request, the action, its approve rule and the target's owner as they were when it was given.",
        remedy: "Bring the branch up to date where the watched branch has moved, and approve again.",
    },
    RuleDoc {
        id: NOT_COUNTED,
        summary: "Only an approver's word on a known commit that holds the run counts.",
        remedy: "Have somebody approve who is named in the run's approvers.",
    },
];

/// Who had a hand in the proposal, in every way that identity knows.
pub(super) fn hands(proposal: &Proposal, attributions: &BTreeMap<Option<CommitId>, Attribution>, asked_by: &[Actor]) -> Hands {
    let users = |actors: &[Actor]| actors.iter().filter_map(Actor::user).cloned().collect::<Vec<_>>();
    let mut hands = Hands::default();
    hands.requesters.extend(users(asked_by));
    hands.contributors.extend(attributions.values().flat_map(|attribution| users(&attribution.0)));
    hands.contributors.extend(proposal.commits.iter().flat_map(|commit| identity::hands(&proposal.base, commit)));
    if let Some(pull_request) = &proposal.pull_request {
        hands.contributors.extend(identity::pushers(&proposal.base, pull_request));
        hands.proven.extend(identity::pushers(&proposal.base, pull_request));
        // Where the forge knows people, it knows who pushed each commit: if it does not say, it may have been any approver.
        hands.unknown_pusher = match proposal.identity {
            IdentityMode::Forge if proposal.as_user.is_none() => {
                by_forge::somebody_unknown_pushed(&proposal.commits, &Way::of(proposal))
            }
            _ => pull_request.pushes.iter().any(|push| push.actor.is_none()),
        };
    }
    if proposal.identity == IdentityMode::Forge && proposal.as_user.is_none() {
        // There the lines of a commit that the forge does not verify are among its actors, and anyone can write them.
        let known = |commit| identity::known_to_forge(&proposal.base, commit, proposal.pull_request.as_ref());
        hands.proven.extend(proposal.commits.iter().flat_map(known));
    } else {
        hands.proven.extend(hands.requesters.iter().cloned());
        hands.proven.extend(attributions.values().flat_map(|attribution| users(&attribution.0)));
    }
    hands
}

/// When the run was first seen: told, or else the date of the commit that added it, or when that was received.
pub(super) fn first_seen(proposal: &Proposal, added_by: Option<&CommitFacts>) -> Timestamp {
    let of_commit = added_by.map(|commit| commit.committed_at.unwrap_or(commit.received_at));
    proposal.first_seen.or(of_commit).unwrap_or(proposal.now)
}

/// The reviews, each laid to a user of base and to the request as it stood in the commit it was given on.
pub(super) fn words(proposal: &Proposal, run: &Identifier) -> Vec<Word> {
    let Some(pull_request) = &proposal.pull_request else { return Vec::new() };
    let word = |review: &Review| Word {
        review: review.id.clone(),
        by: identity::reviewer(&proposal.base, proposal.identity, &review.reviewer),
        state: review.state,
        on: reviewed_on(pull_request, review.commit, run),
        at: review.submitted_at,
    };
    pull_request.reviews.iter().map(word).collect()
}

fn reviewed_on(pull_request: &PullRequestFacts, commit: Option<CommitId>, run: &Identifier) -> ReviewedOn {
    let Some((head, merge_base)) = commit.and_then(|commit| pull_request.reviewed.get(&commit)) else {
        return ReviewedOn::Unknown;
    };
    match head.0.runs().get(run) {
        Some(run) if stands_soundly(&head.0, run) => {
            ReviewedOn::Run { request: digest_request(&run.value), run: digest_run(&run.value, &merge_base.0) }
        }
        _ => ReviewedOn::WithoutRun,
    }
}

/// Whether the request is one that a reader sees as it is meant: in one file, in which nothing is wrong.
///
/// A file with a key twice shows one value and may mean the other, so nothing is ever approved by it.
pub(super) fn stands_soundly(catalog: &Catalog, run: &Located<RunRequest>) -> bool {
    catalog.runs().duplicates_of(&run.value.identifier).is_empty()
        && !catalog.broken_files().get(&run.file).is_some_and(|findings| findings.iter().any(Finding::is_error))
}

/// What stands in the run's way, as findings on its file.
pub(super) fn findings(run: &Located<RunRequest>, facts: &RunFacts, decision: &Decision) -> Vec<Finding> {
    let identifier = &run.value.identifier;
    let finding = |severity, rule, message: String, help: String| Finding {
        severity,
        ..Finding::error(rule, message).help(help).at(run.place()).about(Subject::Run(identifier.clone()))
    };
    let mut findings = Vec::new();
    match (decision.state, decision.footing) {
        (RunState::Declined, _) => findings.push(finding(
            Severity::Error,
            DECLINED,
            format!("run `{identifier}` is declined by {}", names(&decision.declined_by)),
            "settle it with the reviewer, who can approve or have the review dismissed".into(),
        )),
        (RunState::Expired, _) => findings.push(finding(
            Severity::Error,
            EXPIRED,
            format!("run `{identifier}` {}", decision.reason),
            "ask again in a new file under `runs/`".into(),
        )),
        (RunState::WaitingForApproval, Footing::NobodyMay) => {
            let help = match barred(facts) {
                None => "give somebody a role or a team that the action's `approve` rule names, on the watched branch".into(),
                Some(barred) => format!("let somebody else ask, or widen the action's `approve` rule ({barred})"),
            };
            let message = format!("run `{identifier}` needs approval, and nobody may give it");
            findings.push(finding(Severity::Error, NO_APPROVER, message, help));
        }
        (RunState::WaitingForApproval, Footing::TooFewMay { needed }) => findings.push(finding(
            Severity::Error,
            TOO_FEW_APPROVERS,
            format!("run `{identifier}` needs {needed} approvals, and only {} may give one", decision.approvers.len()),
            match barred(facts) {
                None => "lower `requiredApproval.count`, or widen the action's `approve` rule, on the watched branch".into(),
                Some(barred) => format!(
                    "ask in a pull request that they have no part in, lower `requiredApproval.count`, or widen the action's `approve` \
                     rule, on the watched branch ({barred})"
                ),
            },
        )),
        _ => {}
    }
    if decision.state == RunState::WaitingForApproval {
        findings.extend(decision.uncounted.iter().map(|one| match one.why {
            Void::ActionChanged | Void::RequestChanged => {
                let help = "approve again, on the newest commit of a branch that is up to date with the watched branch";
                finding(Severity::Warning, OUTDATED, remark(&one.by, one.why), help.into())
            }
            Void::Ineligible(_) | Void::NoCommit | Void::WithoutRun | Void::Late => {
                let help = match decision.approvers.as_slice() {
                    [] => "nobody may approve as things stand".into(),
                    approvers => format!("the newest commit can be approved by: {}", names(approvers)),
                };
                finding(Severity::Info, NOT_COUNTED, remark(&one.by, one.why), help)
            }
        }));
    }
    findings
}
