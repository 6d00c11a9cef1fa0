//! Fills an action's templates in: once, within bounds, and never so that what fills them is read as a template again.

use crate::model::{Action, Allowance, Invocation, TemplateError, Value};

use super::context::CallContext;
use super::{Call, entity, webhook, workflow};

/// Bytes that the filled-in templates of one call come to at most.
pub(super) const MOST: usize = 1024 * 1024;

/// Why a call cannot be made of an action and a run. Nothing was sent, and asking again changes nothing.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CallError {
    /// A template cannot be filled in.
    #[error("`{place}` cannot be filled in: {why}")]
    Template {
        /// Where it stands below `invocationMethod`: `body`, `headers.X-Team`.
        place: String,
        /// Why.
        why: TemplateError,
    },
    /// What comes of a template may not stand where it stands.
    #[error("`{place}` would be no {what}: {why}")]
    Unfit {
        /// Where it stands below `invocationMethod`.
        place: String,
        /// What should stand there: `address`, `header`, `identifier`.
        what: &'static str,
        /// What is wrong with it, without the value: it may be a secret.
        why: &'static str,
    },
}

/// What is to be asked of whom so that a run of `action` is performed.
///
/// # Errors
/// [`CallError`]: the run can never be performed as it stands.
pub fn fill(action: &Action, context: &CallContext) -> Result<Call, CallError> {
    let mut filling = Filling { root: context.root(action), allowance: Allowance::of(MOST) };
    match &action.invocation.way {
        Invocation::Webhook(method) => webhook::fill(method, &mut filling).map(Call::Webhook),
        Invocation::Workflow(method) => workflow::fill(method, context, &mut filling).map(Call::Workflow),
        Invocation::Entity(mapping) => entity::fill(mapping, action, &mut filling).map(Call::Entity),
    }
}

/// What is filled in, and how much more of it may be.
pub(super) struct Filling {
    pub(super) root: Value,
    pub(super) allowance: Allowance,
}

/// Says where a template stands that could not be filled in.
pub(super) fn at(place: impl Into<String>) -> impl FnOnce(TemplateError) -> CallError {
    let place = place.into();
    |why| CallError::Template { place, why }
}
