//! A request to run an action, and the states a run goes through (spec 6 and 7).

use std::fmt;

use super::{EntityKey, Identifier, Value};

/// A run as a file asks for it. The requester is the actor of the commit that adds it, never a field.
#[derive(Clone, PartialEq, Debug)]
pub struct RunRequest {
    /// `identifier`, or the file's stem.
    pub identifier: Identifier,
    /// `action`
    pub action: Identifier,
    /// `entity`, for DAY-2 and DELETE: its identifier, in the action's blueprint.
    pub entity: Option<Identifier>,
    /// `inputs`, a map; empty where absent.
    pub inputs: Value,
    /// `reason`
    pub reason: Option<String>,
}

impl RunRequest {
    /// The target entity, given the action's blueprint.
    pub fn target(&self, blueprint: &Identifier) -> Option<EntityKey> {
        self.entity.clone().map(|identifier| EntityKey { blueprint: blueprint.clone(), identifier })
    }
}

/// The states of a run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum RunState {
    /// Needs approvals that are not there yet.
    WaitingForApproval,
    /// May execute once its file is on the watched branch.
    Approved,
    /// Someone who may approve said no.
    Declined,
    /// Waited longer than `expiry`.
    Expired,
    /// Withdrawn, or its pull request was closed unmerged.
    Cancelled,
    /// Being performed.
    InProgress,
    /// Performed.
    Success,
    /// Performed, and failed.
    Failure,
}

impl RunState {
    /// As Port and our JSON write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::WaitingForApproval => "WAITING_FOR_APPROVAL",
            Self::Approved => "APPROVED",
            Self::Declined => "DECLINED",
            Self::Expired => "EXPIRED",
            Self::Cancelled => "CANCELLED",
            Self::InProgress => "IN_PROGRESS",
            Self::Success => "SUCCESS",
            Self::Failure => "FAILURE",
        }
    }

    /// Reads what [`Self::as_str`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        [
            Self::WaitingForApproval,
            Self::Approved,
            Self::Declined,
            Self::Expired,
            Self::Cancelled,
            Self::InProgress,
            Self::Success,
            Self::Failure,
        ]
        .into_iter()
        .find(|s| s.as_str() == text)
    }
}

impl serde::Serialize for RunState {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> serde::Deserialize<'de> for RunState {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not a state of a run"))
    }
}

impl fmt::Display for RunState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
