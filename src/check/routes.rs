//! Routes of `catalog.yaml` by which nobody is ever told of anything.

use crate::catalog::{Catalog, Located, nearest};
use crate::model::{CatalogPolicy, Finding, Identifier, Occasion, Place, Route, RuleDoc, Subject};

use super::validate::Fault;

const IDLE_ROUTE: &str = "lint/idle-route";

/// The rules of this family.
pub(super) const RULES: &[RuleDoc] = &[RuleDoc {
    id: IDLE_ROUTE,
    summary: "A route of `notifications` tells of what can happen, and of actions that exist.",
    remedy: "Mend the action's name, or set `reminder` where reminders are wanted.",
}];

pub(super) fn check(catalog: &Catalog, out: &mut Vec<Fault>) {
    let Some(policy) = catalog.policies().get(&()) else { return };
    for (index, route) in policy.value.notifications.iter().enumerate() {
        let found = [unknown_action(catalog, policy, route, index), reminder(policy, route, index)];
        out.extend(found.into_iter().flatten().map(|finding| Fault::itself(Subject::Policy, finding)));
    }
}

fn unknown_action(catalog: &Catalog, policy: &Located<CatalogPolicy>, route: &Route, index: usize) -> Option<Finding> {
    let unknown = route.actions.iter().flatten().find(|action| !catalog.actions().contains(*action))?;
    let help = match nearest(unknown.as_str(), catalog.actions().iter().map(|(id, _): (&Identifier, _)| id.as_str())) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "mend the name, or add the action under `actions/`".to_owned(),
    };
    let message = format!("the route to `{}` is about action `{unknown}`, which does not exist", route.channel);
    let place = Place::value(&policy.file, policy.descend(&["notifications"]).index(index).key("actions"));
    Some(Finding::warning(IDLE_ROUTE, message).at(place).help(help))
}

/// Only a route that is about reminders alone, or names them, means them.
fn reminder(policy: &Located<CatalogPolicy>, route: &Route, index: usize) -> Option<Finding> {
    let named = route.on.contains(&Occasion::Reminder) && route.on.len() < Occasion::ALL.len();
    if !named || policy.value.reminder.is_some() {
        return None;
    }
    let message = format!("the route to `{}` is about reminders, and nobody is ever reminded", route.channel);
    let place = Place::value(&policy.file, policy.descend(&["notifications"]).index(index).key("on"));
    Some(
        Finding::warning(IDLE_ROUTE, message)
            .at(place)
            .help("say how long a run waits before people are reminded: `reminder: 4h`"),
    )
}
