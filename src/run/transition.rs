//! Which state may follow which, and how a newly derived state is reached from the one that was told last (spec 7).

use crate::model::RunState;

use super::Decision;

/// Whether the states of spec 7 lead from `from` to `to` in one step.
pub fn may_become(from: RunState, to: RunState) -> bool {
    use RunState::{Approved, Cancelled, Declined, Expired, Failure, InProgress, Success, WaitingForApproval};
    match from {
        WaitingForApproval => matches!(to, Approved | Declined | Expired | Cancelled),
        Approved => matches!(to, WaitingForApproval | InProgress),
        InProgress => matches!(to, Success | Failure),
        Declined | Expired | Cancelled | Success | Failure => false,
    }
}

/// Whether nothing follows.
pub fn is_terminal(state: RunState) -> bool {
    use RunState::{Approved, Cancelled, Declined, Expired, Failure, InProgress, Success, WaitingForApproval};
    match state {
        WaitingForApproval | Approved | InProgress => false,
        Declined | Expired | Cancelled | Success | Failure => true,
    }
}

/// The states that a run passes through, in order; each may become the next. Empty: it stays where it is.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Transition(pub Vec<RunState>);

impl Transition {
    /// Where it ends; `None` where nothing moves.
    pub fn end(&self) -> Option<RunState> {
        self.0.last().copied()
    }
}

/// The way from the state that was told last to the derived one; `previous` is `None` for a run that nobody told of yet.
///
/// Once a terminal state is written it stays, and once execution has begun approval moves nothing any more. What was
/// approved and is now declined, expired or cancelled was first no longer covered, so it passes through waiting.
pub fn step(previous: Option<RunState>, decision: &Decision) -> Transition {
    use RunState::{Approved, Cancelled, Declined, Expired, Failure, InProgress, Success, WaitingForApproval};
    let to = decision.state;
    Transition(match (previous, to) {
        (Some(Declined | Expired | Cancelled | Success | Failure | InProgress), _) => Vec::new(),
        (_, InProgress | Success | Failure) => Vec::new(), // never derived: execution alone leads there
        (None, WaitingForApproval | Approved) => vec![to],
        (None | Some(Approved), Declined | Expired | Cancelled) => vec![WaitingForApproval, to],
        (Some(WaitingForApproval), WaitingForApproval) | (Some(Approved), Approved) => Vec::new(),
        (Some(WaitingForApproval), Approved | Declined | Expired | Cancelled) => vec![to],
        (Some(Approved), WaitingForApproval) => vec![to],
    })
}
