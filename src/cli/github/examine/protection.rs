//! Whether the watched branch lets in only what our contexts say yes to, and takes that from nobody but us.

use crate::check::CheckName;
use crate::report::Checkup;

use super::super::facts::{RepositoryFacts, RequiredCheck};
use super::list;

/// Where to go.
const PAGE: &str = "in the repository's settings, under \"Rules\" or \"Branches\"";

/// `app` is our App's number; `None` where we are none.
pub(super) fn protection(facts: &RepositoryFacts, app: Option<i64>) -> Vec<Checkup> {
    let mut out = Vec::new();
    let required = required(facts);
    let Some(required) = required else {
        return vec![Checkup::doubtful(
            "protection",
            "the branch's protection cannot be seen",
            "`Contents: read` and `Metadata: read` show it",
        )];
    };
    let ours = CheckName::ALL.map(CheckName::as_str);
    let missing: Vec<&str> = ours.into_iter().filter(|name| !required.iter().any(|check| check.context == *name)).collect();
    if missing.is_empty() {
        out.push(Checkup::well("protection", "all three contexts must be green before anything is merged"));
    } else {
        out.push(Checkup::wrong(
            "protection",
            format!("{} need not be green for a merge into `{}`", list(&missing), facts.branch),
            format!("{PAGE}, require the status checks {}", list(&ours)),
        ));
    }
    if let Some(app) = app {
        // A context may be required twice, by a ruleset and by the protection: one that is bound is enough.
        let bound = |name: &str| required.iter().any(|check| check.context == name && check.app_id == Some(app));
        let others = |name: &str| {
            required.iter().any(|check| check.context == name && check.app_id.is_some_and(|id| id >= 0 && id != app))
        };
        let loose: Vec<&str> = ours.into_iter().filter(|name| !missing.contains(name) && !bound(name)).collect();
        let foreign: Vec<&str> = ours.into_iter().filter(|name| others(name)).collect();
        if !foreign.is_empty() {
            out.push(Checkup::wrong(
                "binding",
                format!("{} must come from another App, so that ours never counts", list(&foreign)),
                format!("{PAGE}, choose this App as the source of the check"),
            ));
        } else if !loose.is_empty() {
            out.push(Checkup::wrong(
                "binding",
                format!("{} may be posted by anybody who can write statuses", list(&loose)),
                format!("{PAGE}, choose this App as the source of each check, instead of \"any source\""),
            ));
        } else if missing.is_empty() {
            out.push(Checkup::well("binding", "the contexts count from this App alone"));
        }
    }
    out.extend(up_to_date(facts));
    out.extend(around(facts));
    out
}

/// Every check that is required, by whatever way; `None` where neither way can be seen.
fn required(facts: &RepositoryFacts) -> Option<Vec<RequiredCheck>> {
    if facts.rules.is_err() && facts.branch_words.is_err() {
        return None;
    }
    let mut out = Vec::new();
    for rule in facts.rules.iter().flatten().flatten().filter(|rule| rule.kind == "required_status_checks") {
        out.extend(rule.parameters.iter().flat_map(|parameters| parameters.required_status_checks.clone()));
    }
    let summary = facts.branch_words.iter().flatten().filter(|branch| branch.protected);
    let summary = summary.filter_map(|branch| branch.protection.as_ref()?.required_status_checks.as_ref());
    let summary = summary.filter(|checks| checks.enforcement_level.as_deref() != Some("off"));
    let details = facts.protection.iter().flatten().filter_map(|protection| protection.required_status_checks.as_ref());
    for checks in summary.chain(details) {
        let named = |context: &String| checks.checks.iter().any(|check| check.context == *context);
        let unnamed = checks.contexts.iter().filter(|context| !named(context));
        out.extend(unnamed.map(|context| RequiredCheck { context: context.clone(), app_id: None }));
        out.extend(checks.checks.iter().cloned());
    }
    Some(out)
}

/// Whether what was judged is what is merged.
fn up_to_date(facts: &RepositoryFacts) -> Option<Checkup> {
    let rules = || facts.rules.iter().flatten().flatten();
    if rules().any(|rule| rule.kind == "merge_queue") {
        return Some(Checkup::well("up-to-date", "a merge queue has every combination judged before it is merged"));
    }
    let by_rule =
        rules().filter_map(|rule| rule.parameters.as_ref()).any(|parameters| parameters.strict_required_status_checks_policy);
    let strict = facts.protection.iter().flatten().filter_map(|p| p.required_status_checks.as_ref()?.strict).collect::<Vec<_>>();
    match (by_rule || strict.contains(&true), strict.is_empty()) {
        (true, _) => Some(Checkup::well("up-to-date", "branches must be up to date before they are merged")),
        // The summary does not tell: nothing is said of what cannot be seen.
        (false, true)
            if facts.branch_words.iter().flatten().any(|branch| branch.protected)
                && facts.rules.iter().flatten().flatten().next().is_none() =>
        {
            None
        }
        (false, _) => Some(Checkup::doubtful(
            "up-to-date",
            "a pull request may be merged although the branch has moved since it was judged",
            format!(
                "{PAGE}, require branches to be up to date, or use a merge queue; without, the combination is judged after the merge"
            ),
        )),
    }
}

/// Ways around it.
fn around(facts: &RepositoryFacts) -> Vec<Checkup> {
    let mut out = Vec::new();
    let details = facts.protection.as_ref().ok().and_then(Option::as_ref);
    let summary =
        facts.branch_words.iter().flatten().filter_map(|branch| branch.protection.as_ref()?.required_status_checks.as_ref());
    let admins_exempt = details.and_then(|details| details.enforce_admins).is_some_and(|switch| !switch.enabled)
        || summary.filter_map(|checks| checks.enforcement_level.as_deref()).any(|level| level == "non_admins");
    if admins_exempt {
        out.push(Checkup::doubtful(
            "bypass",
            "administrators of the repository may merge what is red",
            format!(
                "{PAGE}, do not allow bypassing; what they merge is judged all the same, and stands unaccepted until it is mended"
            ),
        ));
    }
    let forbidden = facts.rules.iter().flatten().flatten().any(|rule| rule.kind == "non_fast_forward");
    let allowed = details.and_then(|details| details.allow_force_pushes).is_some_and(|switch| switch.enabled);
    let protected = facts.branch_words.iter().flatten().any(|branch| branch.protected);
    if !forbidden && (allowed || !protected) {
        out.push(Checkup::wrong(
            "force-push",
            format!("`{}` may be force-pushed", facts.branch),
            format!("{PAGE}, block force pushes: rewritten history halts the daemon until `portcullis accept`"),
        ));
    }
    out
}
