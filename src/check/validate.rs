//! The table of checks: everything that can be wrong with a catalog by itself, whole or only where a change reaches.

use crate::catalog::{Catalog, ChangeSet, diff};
use crate::model::{EntityKey, Finding, Subject};

use super::programs::Programs;
use super::scope::Scope;
use super::{
    broken, definitions, derived, duplicates, fold, forms, immutable, invocations, lints, lookalike, ownership, references,
    roster,
};

/// One thing wrong, and why: a change elsewhere may be to blame.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    pub(super) finding: Finding,
    /// What it is found in.
    pub(super) found_in: Subject,
    pub(super) cause: Cause,
}

/// What else a fault depends on.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Cause {
    /// Nothing: it is at fault itself.
    Itself,
    /// The entity's blueprint.
    Blueprint,
    /// Something that it names and that is not there.
    Missing(Subject),
}

impl Fault {
    pub(super) fn itself(found_in: Subject, finding: Finding) -> Self {
        Self { finding: finding.about(found_in.clone()), found_in, cause: Cause::Itself }
    }

    pub(super) fn by_blueprint(key: &EntityKey, finding: Finding) -> Self {
        let found_in = Subject::Entity(key.clone());
        Self { finding: finding.about(found_in.clone()), found_in, cause: Cause::Blueprint }
    }

    pub(super) fn missing(found_in: Subject, missing: Subject, finding: Finding) -> Self {
        Self { finding: finding.about(found_in.clone()), found_in, cause: Cause::Missing(missing) }
    }
}

type Check = fn(&Scope<'_>, &mut Vec<Fault>);

/// Every check, each collecting every fault; lints last. Entities are judged by their schemas together with their references.
const CHECKS: &[Check] = &[
    broken::check,
    duplicates::check,
    lookalike::check,
    definitions::check,
    forms::check,
    invocations::check,
    ownership::check,
    derived::check,
    references::check,
    roster::check,
    lints::check,
    invocations::lint,
];

fn run(scope: &Scope<'_>) -> Vec<Fault> {
    let mut out = Vec::new();
    CHECKS.iter().for_each(|check| check(scope, &mut out));
    out
}

/// Everything wrong in a catalog, in order of file and place.
pub fn validate(catalog: &Catalog) -> Vec<Finding> {
    sorted(run(&Scope::whole(catalog, &Programs::default())).into_iter().map(|fault| fault.finding).collect())
}

/// Everything wrong in `after`, worded against what stood before: what a blueprint's change breaks and what a deletion
/// leaves dangling is laid to the blueprint and to the deletion, in one finding each. Here alone is said what may not change
/// while it is in use.
pub fn validate_against(before: &Catalog, after: &Catalog, changes: &ChangeSet) -> Vec<Finding> {
    validate_against_within(before, after, changes, &Programs::default())
}

/// The same, where other parts of the judgement have programs compiled too.
pub(super) fn validate_against_within(
    before: &Catalog,
    after: &Catalog,
    changes: &ChangeSet,
    programs: &Programs,
) -> Vec<Finding> {
    let mut faults = run(&Scope::whole(after, programs));
    immutable::check(before, after, changes, &mut faults);
    sorted(fold::fold(before, after, changes, faults))
}

/// What is wrong in `after` and was not in `before`; the cost is in proportion to the change and what depends on it.
///
/// Where `before` has no errors, this is [`validate_against`] without the warnings that stood before.
pub fn validate_changed(before: &Catalog, after: &Catalog, changes: &ChangeSet) -> Vec<Finding> {
    validate_changed_within(before, after, changes, &Programs::default())
}

/// Whether a catalog has no errors, where the one before it has none; the cost is in proportion to what they do not share.
pub fn stays_valid(before: &Catalog, after: &Catalog) -> bool {
    !validate_changed(before, after, &diff(before, after)).iter().any(Finding::is_error)
}

/// The same, where other parts of the judgement have programs compiled too.
pub(super) fn validate_changed_within(
    before: &Catalog,
    after: &Catalog,
    changes: &ChangeSet,
    programs: &Programs,
) -> Vec<Finding> {
    let scope = Scope::changed(before, after, changes, programs);
    let mut faults = run(&scope);
    if faults.iter().any(|fault| !fault.finding.is_error()) {
        let mut old = Vec::new();
        lints::check(&scope.on(before), &mut old);
        invocations::lint(&scope.on(before), &mut old);
        broken::check(&scope.on(before), &mut old);
        let old: Vec<Finding> = old.into_iter().map(|fault| fault.finding).collect();
        faults.retain(|fault| fault.finding.is_error() || !old.contains(&fault.finding));
    }
    immutable::check(before, after, changes, &mut faults);
    sorted(fold::fold(before, after, changes, faults))
}

/// In order of file and place, each once.
pub(super) fn sorted(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort_by(|a, b| (&a.place, a.rule, &a.message, &a.commit).cmp(&(&b.place, b.rule, &b.message, &b.commit)));
    findings.dedup();
    findings
}
