//! Which entities an action, or an input, is meant for: Port's search rules over base.

use crate::catalog::derive::{Derivation, Derived, NoProvenance, SeesAll};
use crate::catalog::search::{Prepared, SearchContext, SearchFault};
use crate::catalog::search_of;
use crate::model::{EntityKey, Value};

use super::definition::resolve;
use super::fit::Fit;
use super::{NOT_AVAILABLE, NOT_JUDGED};

/// Judges the `condition` of the action: whether it may be run on this entity at all.
pub(super) fn judge(fit: &mut Fit<'_>, target: Option<&EntityKey>) {
    let condition = fit.action.definition.get("trigger").and_then(|trigger| trigger.get("condition"));
    let Some(condition) = condition.filter(|condition| !condition.is_null()) else { return };
    let identifier = &fit.action.identifier;
    // That no entity is named, or one that is not there, is said elsewhere.
    let Some(target) = target.filter(|target| fit.base.entities().contains(target)) else { return };
    let place = || fit.run.value_at(&["entity"]);
    match admits(fit, condition, target, &fit.run.value.inputs) {
        Ok(true) => {}
        Ok(false) => {
            let message = format!("action `{identifier}` is not for {target}: its `condition` does not hold");
            let help = format!("see `trigger.condition` of action `{identifier}` on the watched branch");
            fit.error(NOT_AVAILABLE, place(), message, &help);
        }
        Err(why) => {
            let message = format!("nobody can tell whether action `{identifier}` is for {target}, by its `condition`: {why}");
            fit.error(NOT_JUDGED, place(), message, "have the action mended on the watched branch first");
        }
    }
}

/// Whether search rules, with everything computed in them told, mean an entity of base.
///
/// # Errors
/// Why nobody can tell.
pub(super) fn admits(fit: &Fit<'_>, rules: &Value, key: &EntityKey, form: &Value) -> Result<bool, String> {
    let asked = &fit.action.trigger.user_inputs;
    let rules = resolve(rules, &mut |program| fit.context.ask(program, asked, form))?;
    let search = search_of(&rules)?;
    let derivation = Derivation::new(fit.base, &SeesAll, &NoProvenance);
    // What cannot be computed is not absent: a rule that denies would hold for it.
    let read = |key: &EntityKey, name: &str| match derivation.value(key, name) {
        Derived::Value(value) => Ok(Some(value)),
        Derived::Absent => Ok(None),
        Derived::Error(_) => Err(SearchFault::Unknown(format!("`{name}` of {key} cannot be computed"))),
    };
    let context = SearchContext { root: fit.context.root(asked, form), ..SearchContext::default() };
    Prepared::new(fit.base, &search, &context, &read).matches(key).map_err(|fault| fault.to_string())
}
