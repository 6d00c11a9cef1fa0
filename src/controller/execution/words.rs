//! The facts behind what happens to a run, as the journal keeps them for whoever asks why.

use serde_json::{Value as Json, json};

use crate::check::LandedDecision;
use crate::model::{CommitId, Identifier, Value};
use crate::report::notice::Telling;
use crate::run::life::{Grant, Landing};

use super::super::sweep::World;

/// Where the journal has why a run that is decided is not executed.
pub(super) const HELD: &str = "held";

/// Why nothing is decided and nothing executed at the moment; `None` where nothing keeps it.
pub(super) fn held_up(world: &World) -> Option<&'static str> {
    match (world.tip, world.accepted, world.halted) {
        (_, _, true) => {
            Some("the history of the watched branch was rewritten, and nothing is executed until a person has accepted it")
        }
        (_, None, _) => Some("no revision of the watched branch is accepted"),
        (tip, accepted, _) if tip != accepted => {
            Some("the watched branch holds commits that are not accepted, and nothing is executed until they are")
        }
        _ => None,
    }
}

/// What a decision about a run on the branch rests on.
pub(super) fn decision_json(
    landed: &LandedDecision,
    landing: &Landing,
    accepted: CommitId,
    held: Option<&str>,
    telling: Option<Telling>,
) -> Json {
    let told = &landed.verdict;
    let mut decision = json!({
        "pull_request": landing.pull_request,
        "base": accepted.to_string(),
        "head": landing.to.to_string(),
        "action": told.action.as_str(),
        "requester": told.requester.as_ref().map(ToString::to_string),
        "digest": told.digest,
        "approvals": told.approvals.iter().map(Identifier::as_str).collect::<Vec<_>>(),
        "approvers": told.approvers.iter().map(Identifier::as_str).collect::<Vec<_>>(),
        "reason": told.reason,
        (HELD): held,
    });
    if let Some(telling) = telling {
        telling.keep_in(&mut decision);
    }
    decision
}

/// Where the journal has the inputs that a run is executed with, defaults filled in.
pub(super) const INPUTS: &str = "inputs";

/// The same, with what allows the execution, and with which inputs.
pub(super) fn claim_json(decision: Json, grant: &Grant, inputs: &Value) -> Json {
    let decision = with(decision, "grant", serde_json::to_value(grant).unwrap_or_default());
    with(decision, INPUTS, inputs.to_json())
}

/// The same, with one fact more.
pub(super) fn with(mut decision: Json, name: &str, fact: Json) -> Json {
    if let Some(map) = decision.as_object_mut() {
        map.insert(name.to_owned(), fact);
    }
    decision
}
