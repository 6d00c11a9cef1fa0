//! A self-service action: what it asks for, who must agree and what it does (spec 6).

use std::time::Duration;

use super::{Identifier, InvocationMethod, Value};

/// `trigger.operation`
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operation {
    /// Makes a new entity: a run names none.
    Create,
    /// Works on an entity: a run names it.
    Day2,
    /// Removes an entity: a run names it.
    Delete,
}

impl Operation {
    /// As Port writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "CREATE",
            Self::Day2 => "DAY-2",
            Self::Delete => "DELETE",
        }
    }
}

/// `trigger`
#[derive(Clone, PartialEq, Debug)]
pub struct Trigger {
    /// `operation`
    pub operation: Operation,
    /// `userInputs.properties`, `required`, `order`, steps and the rest, as written: a JSON Schema over the inputs.
    pub user_inputs: Value,
}

/// Whose approval is enough.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ApprovalKind {
    /// `ANY`: `count` of those who may approve.
    Any,
    /// `ALL`: everyone who may approve at the time of the decision.
    All,
}

/// `requiredApproval`
#[derive(Clone, PartialEq, Debug)]
pub enum RequiredApproval {
    /// `false`, or absent.
    Never,
    /// `true`, or `{type, count}`.
    Always {
        /// `type`
        kind: ApprovalKind,
        /// `count`, at least one.
        count: u32,
    },
    /// `{when: …}`: where the inputs, with defaults filled in, satisfy this JSON Schema.
    When {
        /// The schema, as written.
        schema: Value,
        /// `type`
        kind: ApprovalKind,
        /// `count`, at least one.
        count: u32,
    },
}

/// An action, in the shape of Port's v2; v1 documents are normalised to it.
#[derive(Clone, PartialEq, Debug)]
pub struct Action {
    /// `identifier`
    pub identifier: Identifier,
    /// `title`
    pub title: Option<String>,
    /// The blueprint it belongs to.
    pub blueprint: Identifier,
    /// `trigger`
    pub trigger: Trigger,
    /// `invocationMethod`
    pub invocation: InvocationMethod,
    /// `requiredApproval`
    pub required_approval: RequiredApproval,
    /// `selfApproval`: the requester and contributors may approve too; where unsaid, the repository's policy decides.
    pub self_approval: Option<bool>,
    /// `expiry`: how long a run may wait, where the action says so.
    pub expiry: Option<Duration>,
    /// The whole document by meaning, normalised: what the run digest takes in.
    pub definition: Value,
}
