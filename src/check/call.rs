//! What a run asks to have done, by what the watched branch says now: its action, its entity, and whoever asked.

use crate::catalog::{Catalog, Located};
use crate::model::{Action, Actor, Identifier, Invocation, Pointer, RunRequest, Template};
use crate::run::action_of;
use crate::run::call::{Call, CallContext, CallError, Requester, fill};
use crate::run::life::RunHandle;

use super::Base;
use super::inputs::{entity_of, judge_inputs};
use super::invocations::each_template;

/// Why there is nothing that could be asked of anybody. Nothing was sent.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NoCall {
    /// The action is gone, or declared twice.
    #[error("action `{0}` is not on the watched branch any more")]
    Action(Identifier),
    /// Nobody of the roster asked.
    #[error("nobody who asked for it is a user of the roster")]
    Requester,
    /// The inputs fit the action no more.
    #[error("its inputs do not fit the action any more: {0}")]
    Inputs(String),
    /// The entity is gone.
    #[error("`{0}` is not on the watched branch any more")]
    Entity(String),
    /// Something of the entity that a template asks for could not be computed.
    #[error("`{0}` of the entity could not be computed")]
    Unknown(String),
    /// Its templates cannot be filled in.
    #[error(transparent)]
    Unfilled(#[from] CallError),
}

/// The call that performs a run.
///
/// `asked_by` are the users who asked, the first of whom templates are told of; `link` is where people see the run.
///
/// # Errors
/// [`NoCall`]: as the watched branch stands, the run cannot be performed.
pub fn call_of(
    base: &Base<Catalog>,
    run: &Located<RunRequest>,
    asked_by: &[Identifier],
    handle: &RunHandle,
    link: Option<&str>,
) -> Result<Call, NoCall> {
    let base = &base.0;
    let action = action_of(base, &run.value.action).ok_or_else(|| NoCall::Action(run.value.action.clone()))?;
    let requester = asked_by.iter().find_map(|user| base.users().get(user)).ok_or(NoCall::Requester)?;
    let askers: Vec<Actor> = asked_by.iter().cloned().map(Actor::User).collect();
    let judged = judge_inputs(base, action, run, &askers);
    if let Some(unfit) = judged.findings.iter().find(|finding| finding.is_error()) {
        return Err(NoCall::Inputs(unfit.message.clone()));
    }
    let entity = match run.value.target(&action.blueprint) {
        None => None,
        Some(key) if !base.entities().contains(&key) => return Err(NoCall::Entity(key.to_string())),
        Some(key) => {
            let (entity, unknown) = entity_of(base, &key);
            if let Some(unknown) = unknown.into_iter().find(|name| asks_for(action, name)) {
                return Err(NoCall::Unknown(unknown.into()));
            }
            Some(entity)
        }
    };
    let user = &requester.value;
    let address = Some(user.identifier.as_str()).filter(|id| id.contains('@')).or(user.emails.first().map(String::as_str));
    let context = CallContext {
        inputs: judged.filled,
        entity,
        handle: handle.clone(),
        run: run.value.identifier.clone(),
        link: link.map(str::to_owned),
        requester: Requester { identifier: user.identifier.clone(), email: address.map(str::to_owned), name: user.name.clone() },
    };
    Ok(fill(action, &context)?)
}

/// Whether an action's templates ask for a property of the entity, by itself or as a part of the whole.
fn asks_for(action: &Action, property: &str) -> bool {
    if matches!(&action.invocation.way, Invocation::Webhook(webhook) if webhook.body.is_none()) {
        return true; // the whole context is sent
    }
    let mut asked = false;
    let names = |template: &Template| {
        template.paths().any(|path| {
            path.first() == "entity"
                && path.key(1).is_none_or(|family| family == "properties")
                && path.key(2).is_none_or(|name| name == property)
        })
    };
    each_template(&action.invocation.definition, &Pointer::root(), &mut |template, _| asked |= names(template));
    asked
}
