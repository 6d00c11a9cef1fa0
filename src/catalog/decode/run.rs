//! A request to run an action.

use crate::model::{Identifier, RuleDoc, RunRequest, Subject, Value};

use super::cursor::{Cursor, Decoder, identifier_rule};

pub(super) const RULES: &[RuleDoc] = &[RuleDoc {
    id: "run/status-in-file",
    summary: "A run's file asks; who asked, who approved and how it went are never written in it.",
    remedy: "Remove the key: state, requester and approvals are derived from commits and reviews.",
}];

const KEYS: &[&str] = &["identifier", "action", "entity", "inputs", "reason"];

/// What people, and Port's exports, write of a run that we derive.
const DERIVED: &[&str] = &[
    "status",
    "state",
    "statusLabel",
    "requester",
    "requestedBy",
    "approvals",
    "approvers",
    "approved",
    "approval",
    "approvedBy",
    "approver",
    "declinedBy",
    "requiredApproval",
    "digest",
    "createdAt",
    "createdBy",
    "updatedAt",
    "updatedBy",
    "endedAt",
    "startedAt",
    "logs",
    "summary",
    "id",
    "user",
    "by",
];

/// Reads a run.
pub(in crate::catalog) fn run(d: &mut Decoder<'_>, at: Cursor<'_, '_>) -> Option<RunRequest> {
    let advice = |key: &str| {
        let help = "remove it: the requester is the actor of the commit that adds the run, and approval comes by review";
        DERIVED.contains(&key).then(|| ("run/status-in-file", help.to_owned()))
    };
    if !d.fields_except(at, KEYS, advice) {
        return None;
    }
    let identifier = identifier_or_stem(d, at, "identifier");
    d.subject = identifier.clone().map(Subject::Run);
    let action = d.required(&at, "action", "<action>").and_then(|action| d.identifier(action));
    let entity = at.given("entity").map(|entity| d.identifier(entity));
    let inputs = at.given("inputs").filter(|inputs| d.mapping(*inputs));
    let inputs = inputs.map_or_else(|| Value::Map(Box::default()), |inputs| inputs.node.to_value());
    let reason = d.optional_text(&at, "reason");
    Some(RunRequest { identifier: identifier?, action: action?, entity: entity.flatten(), inputs, reason })
}

/// The identifier under `key`, or the stem of the file's name.
pub(super) fn identifier_or_stem(d: &mut Decoder<'_>, at: Cursor<'_, '_>, key: &str) -> Option<Identifier> {
    if let Some(written) = at.given(key) {
        return d.identifier(written);
    }
    match Identifier::new(d.file.stem()) {
        Ok(identifier) => Some(identifier),
        Err(error) => {
            let message = format!("the file's name cannot stand in for `{key}`: {error}");
            d.error(identifier_rule(&error).0, at, message, format!("add `{key}: <name>`, or rename the file"));
            None
        }
    }
}
