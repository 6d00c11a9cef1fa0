//! Decides whether the inputs of a run fit what its action asks for (spec 6, `trigger.userInputs`).

mod available;
mod context;
mod definition;
mod fit;
mod form;

use crate::catalog::{Catalog, Located, nearest};
use crate::model::{Action, Actor, EntityKey, Finding, Pointer, RequiredApproval, RuleDoc, RunRequest, Value};
use crate::run::{Requirement, action_of, requirement};

use context::Context;
pub(super) use context::entity as entity_of;
pub(super) use definition::{is_computed, pairs, program, stand_in};
pub(super) use fit::unfit;

use fit::Fit;
use form::Form;

const UNKNOWN: &str = "run/unknown-input";
const MISSING: &str = "run/missing-input";
const INVALID: &str = "run/invalid-input";
const NOT_OFFERED: &str = "run/input-not-offered";
const NOT_AVAILABLE: &str = "run/not-available";
const NOT_JUDGED: &str = "run/inputs-not-judged";

/// The rules of inputs.
pub(super) const RULES: &[RuleDoc] = &[
    RuleDoc {
        id: UNKNOWN,
        summary: "A run gives only inputs that its action asks for.",
        remedy: "Take the input out, or spell it as the action's `userInputs` do.",
    },
    RuleDoc {
        id: MISSING,
        summary: "A run gives every required input that has no default.",
        remedy: "Add the input under `inputs`.",
    },
    RuleDoc {
        id: INVALID,
        summary: "An input satisfies its definition in the action's `userInputs` on the watched branch.",
        remedy: "Give a value that the definition allows.",
    },
    RuleDoc {
        id: NOT_OFFERED,
        summary: "A run gives no input that the form does not offer to whoever asks: one that is hidden, disabled, or waits for another.",
        remedy: "Take the input out: its default stands. Or fill in what it depends on.",
    },
    RuleDoc {
        id: NOT_AVAILABLE,
        summary: "An action with a `condition` is run on entities that satisfy it on the watched branch.",
        remedy: "Ask for an entity that satisfies the condition.",
    },
    RuleDoc {
        id: NOT_JUDGED,
        summary: "Every `jqQuery` and every filter of a form has an answer; what cannot be judged is refused.",
        remedy: "Mend the action on the watched branch, so that its expressions have an answer for every entity, form and user.",
    },
];

/// Inputs, judged.
pub(super) struct Judged {
    /// With the defaults of the action filled in, at every depth.
    pub(super) filled: Value,
    /// What does not fit.
    pub(super) findings: Vec<Finding>,
}

/// Judges the inputs of `run` by the definition that `base` has of its action, for each of those who ask: it has to fit for all.
pub(super) fn judge_inputs(base: &Catalog, action: &Action, run: &Located<RunRequest>, asked_by: &[Actor]) -> Judged {
    let target = run.value.target(&action.blueprint);
    let mut findings = Vec::new();
    let mut filled: Option<Value> = None;
    let nobody = [None];
    let askers = asked_by.iter().map(Some).chain(nobody.into_iter().filter(|_| asked_by.is_empty()));
    for asker in askers {
        let context = Context::new(base, asker, target.as_ref());
        let form = Form::new(&action.trigger.user_inputs, &run.value.inputs, &context);
        let mut fit = Fit { base, action, run, context: &context, findings: &mut findings };
        available::judge(&mut fit, target.as_ref());
        fit.judge(&form);
        if filled.as_ref().is_some_and(|filled| *filled != form.filled) {
            let message = "its defaults depend on who asks, and several people ask for it".to_owned();
            fit.error(
                NOT_JUDGED,
                fit.under(Pointer::root().key("inputs")),
                message,
                "give every input, so that no default is needed",
            );
        }
        filled.get_or_insert(form.filled);
    }
    let mut told: Vec<Finding> = Vec::new();
    for finding in findings {
        if !told.contains(&finding) {
            told.push(finding);
        }
    }
    Judged { filled: filled.unwrap_or_else(|| run.value.inputs.clone()), findings: told }
}

/// The inputs as the run would have them: what is left out is its default, at every depth. `None` where a default is computed:
/// then nobody knows yet what they are.
pub(super) fn as_written(action: &Action, given: &Value) -> Option<Value> {
    let asked = &action.trigger.user_inputs;
    (matches!(given, Value::Map(_)) && !definition::leaves_to_compute(asked, given)).then(|| definition::fill(asked, given))
}

/// What a run that stands on a revision needed there; `None` where its action is not known any more.
///
/// Who asked for it is not known here, so where a default was computed that may decide, approval is taken to be needed.
pub fn requirement_of(base: &Catalog, run: &RunRequest) -> Option<Requirement> {
    let action = action_of(base, &run.action)?;
    let asked = &action.trigger.user_inputs;
    match action.required_approval {
        RequiredApproval::When { kind, count, .. } if definition::leaves_to_compute(asked, &run.inputs) => {
            Some(Requirement::Approvals { kind, count: count.max(1) })
        }
        _ => Some(requirement(action, &definition::fill(asked, &run.inputs))),
    }
}

/// An entity as a form and a template see it, with everything computed; null where base has it not.
pub fn entity_in_form(base: &Catalog, key: &EntityKey) -> Value {
    context::entity(base, key).0
}

/// `did you mean …?`, where one of the candidates is near.
pub(super) fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(word, candidates).map(|meant| format!("did you mean `{meant}`?"))
}
