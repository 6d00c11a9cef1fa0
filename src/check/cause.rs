//! What comes first: the mistake that may be the cause of others, before those that may follow from it.

use crate::model::Finding;

/// How far a rule stands from the text of a file: what is wrong nearer to it is told first, since the rest may follow.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Cause {
    /// The repository's objects and limits, and the text of a file.
    Text,
    /// What a document may say, by itself.
    Document,
    /// What a blueprint asks of its entities.
    Schema,
    /// Documents among each other: names, references, owners.
    Reference,
    /// Who somebody is, and what they may.
    Right,
    /// Runs and their approval.
    Approval,
    /// Advice.
    Advice,
}

/// Where in that order the findings of a rule stand.
pub fn cause_of(rule: &str) -> Cause {
    match rule.split_once('/').map_or(rule, |(family, _)| family) {
        "git" | "limit" | "yaml" | "json" => Cause::Text,
        "document" | "identifier" | "action" | "blueprint" | "user" => Cause::Document,
        "schema" => Cause::Schema,
        "permission" | "identity" => Cause::Right,
        "approval" => Cause::Approval,
        "lint" => Cause::Advice,
        _ => Cause::Reference,
    }
}

/// Errors first, and causes before consequences; otherwise as they were.
pub(super) fn causes_first(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort_by_key(|finding| (finding.severity, cause_of(finding.rule)));
    findings
}
