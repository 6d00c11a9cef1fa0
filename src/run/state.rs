//! Derives the state of a run before its execution from facts, by one exhaustive match (spec 7).

use std::time::Duration;

use crate::model::{ApprovalKind, Identifier, PullRequestState, ReviewState, RunState, Timestamp};

use super::{Digest, Ineligible, Panel, Requirement, ReviewedOn, Word, last_words, reason};

/// Everything the state of a run follows from. Nothing in here is a stored state.
#[derive(Clone, PartialEq, Debug)]
pub struct RunFacts {
    /// The pull request that adds the run, where there is one.
    pub pull_request: Option<PullRequestState>,
    /// Who took it back, for ever.
    pub withdrawn: Option<String>,
    /// Why nothing can be decided in the run's favour (an unknown action, inputs that do not fit, a requester who is not
    /// in the roster): a clause of a sentence.
    pub blocked: Option<String>,
    /// How much approval it needs.
    pub requirement: Requirement,
    /// The run digest at head; `None` where base does not know the action.
    pub digest: Option<Digest>,
    /// The digest of the request alone at head.
    pub request: Digest,
    /// Who may approve.
    pub panel: Panel,
    /// The reviews, oldest first.
    pub words: Vec<Word>,
    /// When the run was first seen.
    pub first_seen: Timestamp,
    /// How long it may wait.
    pub expiry: Duration,
    /// Now.
    pub now: Timestamp,
}

/// An approval that does not count.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Uncounted {
    /// Whose.
    pub by: Identifier,
    /// Why.
    pub why: Void,
}

/// Why an approval does not count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Void {
    /// It is not theirs to give.
    Ineligible(Ineligible),
    /// It was given on no commit, or on one that is unknown.
    NoCommit,
    /// The run does not stand in the commit it was given on.
    WithoutRun,
    /// The request has changed since.
    RequestChanged,
    /// The action, its approve rule or the target's owner has changed on the watched branch since.
    ActionChanged,
    /// It came after the run expired, or nobody knows when it came.
    Late,
}

/// What stands in the way of approval.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Footing {
    /// Nothing can be decided in its favour.
    Blocked,
    /// It needs no approval.
    Free,
    /// It has the approvals it needs.
    Covered,
    /// It needs this many more.
    Short(usize),
    /// It needs approval and nobody may give it.
    NobodyMay,
    /// It needs more approvals than there are people who may give one.
    TooFewMay {
        /// How many it needs.
        needed: usize,
    },
}

/// The state of a run, and what it follows from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decision {
    /// The state.
    pub state: RunState,
    /// What stands in the way of approval, whatever the state.
    pub footing: Footing,
    /// Whose approvals count.
    pub approvals: Vec<Identifier>,
    /// Who may approve.
    pub approvers: Vec<Identifier>,
    /// Who may say no, and did.
    pub declined_by: Vec<Identifier>,
    /// Approvals that do not count, and why.
    pub uncounted: Vec<Uncounted>,
    /// One sentence: why it is in this state, and what would move it.
    pub reason: String,
}

/// Derives the state. The same facts give the same state, in whatever order, and however often, they were heard.
pub fn derive(facts: &RunFacts) -> Decision {
    let last = last_words(&facts.words);
    let said = |by: &Identifier, word: &Word, state| word.state == state && facts.panel.heard.contains(by);

    let declined_by: Vec<Identifier> =
        last.iter().filter(|(by, word)| said(by, word, ReviewState::ChangesRequested)).map(|(by, _)| by.clone()).collect();
    let (mut approvals, mut uncounted) = (Vec::new(), Vec::new());
    for (by, word) in last.iter().filter(|(_, word)| word.state == ReviewState::Approved) {
        match void(facts, by, word) {
            None => approvals.push(by.clone()),
            Some(why) => uncounted.push(Uncounted { by: by.clone(), why }),
        }
    }
    let footing = footing(facts, approvals.len());
    let state = state(facts, !declined_by.is_empty(), footing);
    let mut decision = Decision {
        state,
        footing,
        approvals,
        approvers: facts.panel.eligible.keys().cloned().collect(),
        declined_by,
        uncounted,
        reason: String::new(),
    };
    decision.reason = reason::sentence(facts, &decision);
    decision
}

fn state(facts: &RunFacts, declined: bool, footing: Footing) -> RunState {
    use Footing::{Blocked, Covered, Free, NobodyMay, Short, TooFewMay};
    if facts.withdrawn.is_some() {
        return RunState::Cancelled;
    }
    match (facts.pull_request, declined, footing) {
        (Some(PullRequestState::Closed), _, _) => RunState::Cancelled,
        (Some(PullRequestState::Open | PullRequestState::Merged) | None, true, _) => RunState::Declined,
        (Some(PullRequestState::Open | PullRequestState::Merged) | None, false, Free | Covered) => RunState::Approved,
        (
            Some(PullRequestState::Open | PullRequestState::Merged) | None,
            false,
            Blocked | Short(_) | NobodyMay | TooFewMay { .. },
        ) => {
            if is_past_expiry(facts) {
                RunState::Expired
            } else {
                RunState::WaitingForApproval
            }
        }
    }
}

fn footing(facts: &RunFacts, approvals: usize) -> Footing {
    if facts.blocked.is_some() || facts.digest.is_none() {
        return Footing::Blocked;
    }
    let needed = needed(facts);
    if needed == 0 {
        return Footing::Free;
    }
    let eligible = facts.panel.eligible.len();
    if eligible == 0 {
        Footing::NobodyMay
    } else if eligible < needed {
        Footing::TooFewMay { needed }
    } else if approvals >= needed {
        Footing::Covered
    } else {
        Footing::Short(needed - approvals)
    }
}

/// How many approvals it needs; 0 where it needs none.
pub fn needed(facts: &RunFacts) -> usize {
    let Requirement::Approvals { kind, count } = facts.requirement else { return 0 };
    let count = usize::try_from(count).unwrap_or(usize::MAX).max(1);
    match kind {
        ApprovalKind::Any => count,
        ApprovalKind::All => count.max(facts.panel.heard.len()),
    }
}

fn void(facts: &RunFacts, by: &Identifier, word: &Word) -> Option<Void> {
    if let Some(why) = facts.panel.why_not(by) {
        return Some(Void::Ineligible(why));
    }
    match &word.on {
        ReviewedOn::Unknown => Some(Void::NoCommit),
        ReviewedOn::WithoutRun => Some(Void::WithoutRun),
        ReviewedOn::Run { request, .. } if *request != facts.request => Some(Void::RequestChanged),
        ReviewedOn::Run { run, .. } if run.is_none() || *run != facts.digest => Some(Void::ActionChanged),
        // An expired run stays so: an approval lifts it only where it is known to have come in time.
        ReviewedOn::Run { .. } if is_past_expiry(facts) && word.at.is_none_or(|at| is_late(facts, at)) => Some(Void::Late),
        ReviewedOn::Run { .. } => None,
    }
}

fn is_past_expiry(facts: &RunFacts) -> bool {
    is_late(facts, facts.now)
}

fn is_late(facts: &RunFacts, at: Timestamp) -> bool {
    let expiry = jiff::SignedDuration::try_from(facts.expiry).unwrap_or(jiff::SignedDuration::MAX);
    at.duration_since(facts.first_seen) > expiry
}
