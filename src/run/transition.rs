//! Which state may follow which, and by which way another is reached (spec 7).

use crate::model::RunState;

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

/// The states that a run on the watched branch passes through from `from`, exclusively, to `to`; `None` for one that has just come there. Empty:
/// it stays where it is, or `to` is nowhere it can go.
///
/// What was approved and is now declined, expired or cancelled was first no longer covered, so it passes through waiting.
pub fn way(from: Option<RunState>, to: RunState) -> Vec<RunState> {
    use RunState::{Approved, Cancelled, Declined, Expired, Failure, InProgress, Success, WaitingForApproval};
    match (from, to) {
        (Some(from), to) if may_become(from, to) => vec![to],
        (None, WaitingForApproval | Approved) => vec![to],
        (None | Some(Approved), Declined | Expired | Cancelled) => vec![WaitingForApproval, to],
        (None, InProgress | Success | Failure) | (Some(_), _) => Vec::new(),
    }
}
