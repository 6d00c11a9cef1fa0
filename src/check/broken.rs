//! What the reader of each file found wrong in it.

use crate::model::Subject;

use super::scope::Scope;
use super::validate::{Cause, Fault};

pub(super) fn check(scope: &Scope<'_>, out: &mut Vec<Fault>) {
    for finding in scope.broken() {
        let found_in = finding.subject.clone().unwrap_or(Subject::Policy);
        out.push(Fault { finding: finding.clone(), found_in, cause: Cause::Itself });
    }
}
