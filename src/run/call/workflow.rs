//! The dispatch of a workflow.

use crate::model::{Value, Workflow};

use super::WorkflowCall;
use super::context::CallContext;
use super::fill::{CallError, Filling, at};

/// The input that says which run it is.
const OF_THE_RUN: &str = "portcullis_run";

/// Inputs that GitHub takes, and characters of all of them together.
const MOST: usize = 25;
const LONGEST: usize = 65_000;

pub(super) fn fill(method: &Workflow, context: &CallContext, filling: &mut Filling) -> Result<WorkflowCall, CallError> {
    let unfit = |why| CallError::Unfit { place: "workflowInputs".into(), what: "inputs of a workflow", why };
    let mut inputs = vec![(OF_THE_RUN.to_owned(), context.handle.to_string())];
    match &method.inputs {
        Some(written) => {
            for (name, value) in written {
                let filled = value.fill(&filling.root, &mut filling.allowance).map_err(at(format!("workflowInputs.{name}")))?;
                inputs.extend(text(&filled).map(|text| (name.to_string(), text)));
            }
        }
        None => {
            let given = match &context.inputs {
                Value::Map(pairs) => &**pairs,
                _ => &[],
            };
            for (name, value) in given.iter().filter(|(name, _)| &**name != OF_THE_RUN) {
                inputs.extend(text(value).map(|text| (name.to_string(), text)));
            }
        }
    }
    if inputs.len() > MOST {
        return Err(unfit("there are more than 25 of them"));
    }
    if inputs.iter().map(|(name, text)| name.len().saturating_add(text.len())).sum::<usize>() > LONGEST {
        return Err(unfit("they are too long"));
    }
    Ok(WorkflowCall {
        owner: method.owner.to_string(),
        repository: method.repository.to_string(),
        workflow: method.workflow.to_string(),
        reference: method.reference.as_deref().map(str::to_owned),
        inputs,
        report_status: method.report_status,
    })
}

/// GitHub takes texts: a list or a mapping becomes JSON, and what is not there is not given, so that the workflow's own default stands.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.to_string()),
        other => Some(other.canonical()),
    }
}
