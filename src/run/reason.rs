//! Says in one sentence why a run is in its state and what would move it.

use std::time::Duration;

use crate::model::{Identifier, PullRequestState, RunState};

use super::state::{Decision, Footing, RunFacts, Void};

/// How many names a sentence bears before it counts the rest.
const NAMES: usize = 5;

pub(super) fn sentence(facts: &RunFacts, decision: &Decision) -> String {
    match decision.state {
        RunState::Cancelled => match &facts.withdrawn {
            Some(who) => format!("{who} withdrew it, and that is final; ask again in a new run"),
            None => "the pull request was closed without being merged".into(),
        },
        RunState::Declined => format!(
            "declined by {}; it can go on once that review is dismissed or its author approves",
            names(&decision.declined_by)
        ),
        RunState::Expired => {
            format!("waited longer than {} for approval; ask again in a new run{}", length(facts.expiry), remarks(decision))
        }
        RunState::Approved if decision.footing == Footing::Free => "needs no approval".into(),
        RunState::Approved => format!("approved by {}", names(&decision.approvals)),
        _ => waiting(facts, decision),
    }
}

fn waiting(facts: &RunFacts, decision: &Decision) -> String {
    let others: Vec<Identifier> = decision.approvers.iter().filter(|who| !decision.approvals.contains(who)).cloned().collect();
    let mut text = match decision.footing {
        Footing::Blocked => {
            return format!(
                "cannot be decided: {}",
                facts.blocked.as_deref().unwrap_or("the watched branch does not know its action")
            );
        }
        Footing::NobodyMay => {
            format!("needs approval, and nobody may give it{}", barred(facts).map_or(String::new(), |who| format!(" ({who})")))
        }
        Footing::TooFewMay { needed } => format!(
            "needs {needed} approvals, and only {} may give one: {}{}",
            decision.approvers.len(),
            names(&decision.approvers),
            barred(facts).map_or(String::new(), |who| format!(" ({who})"))
        ),
        Footing::Short(1) => format!("needs one more approval of: {}", names(&others)),
        Footing::Short(more) => format!("needs {more} more approvals of: {}", names(&others)),
        Footing::Free | Footing::Covered => String::new(),
    };
    text.push_str(&remarks(decision));
    if facts.pull_request == Some(PullRequestState::Merged) {
        text.push_str("; it was merged before it was approved, and does not execute until it is");
    }
    text
}

/// Whom the rule grants in vain: `alice@acme.dev: they asked for the run themselves`.
pub(crate) fn barred(facts: &RunFacts) -> Option<String> {
    let all: Vec<String> = facts.panel.barred.iter().take(NAMES).map(|(who, why)| format!("{who}: {why}")).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

fn remarks(decision: &Decision) -> String {
    decision.uncounted.iter().take(NAMES).map(|one| format!("; {}", remark(&one.by, one.why))).collect()
}

/// Why an approval does not count, and what would make it.
pub(crate) fn remark(by: &Identifier, why: Void) -> String {
    match why {
        Void::Ineligible(why) => format!("the approval of {by} does not count: {why}"),
        Void::NoCommit => format!("the approval of {by} does not count: it was given on no commit that is known"),
        Void::WithoutRun => format!("the approval of {by} does not count: it was given on a commit without this run"),
        Void::RequestChanged => format!("the approval of {by} no longer counts: the request has changed since"),
        Void::ActionChanged => format!(
            "the approval of {by} no longer counts: the action, its approve rule or the target's owner has changed on the watched \
             branch since; bring the branch up to date and approve again"
        ),
        Void::Late => format!("the approval of {by} does not count: it is not known to have come before the run expired"),
    }
}

/// `a, b and 3 more`
pub(crate) fn names(who: &[Identifier]) -> String {
    let shown: Vec<&str> = who.iter().take(NAMES).map(Identifier::as_str).collect();
    match who.len().saturating_sub(NAMES) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn length(duration: Duration) -> String {
    let seconds = duration.as_secs();
    [(86_400, "d"), (3_600, "h"), (60, "m")]
        .into_iter()
        .find(|(unit, _)| seconds >= *unit && seconds.is_multiple_of(*unit))
        .map_or_else(|| format!("{seconds}s"), |(unit, letter)| format!("{}{letter}", seconds / unit))
}
