//! What people are told of runs, and who is told by which channel: the routes of `catalog.yaml`.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Identifier;

/// What people are told of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Occasion {
    /// It waits for approval.
    Waiting,
    /// It still waits.
    Reminder,
    /// It has the approval it needs.
    Granted,
    /// Somebody who may approve said no.
    Declined,
    /// It waited too long.
    Expired,
    /// It was withdrawn, or its pull request closed.
    Cancelled,
    /// Its execution has begun.
    Started,
    /// It is done.
    Succeeded,
    /// It failed.
    Failed,
    /// Nobody knows what came of it, and a person must say.
    Unknown,
}

impl Occasion {
    /// All of them, in the order of a life.
    pub const ALL: [Self; 10] = [
        Self::Waiting,
        Self::Reminder,
        Self::Granted,
        Self::Declined,
        Self::Expired,
        Self::Cancelled,
        Self::Started,
        Self::Succeeded,
        Self::Failed,
        Self::Unknown,
    ];

    /// As `catalog.yaml` writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Reminder => "reminder",
            Self::Granted => "granted",
            Self::Declined => "declined",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
            Self::Started => "started",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }

    /// Reads what [`Self::as_str`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|occasion| occasion.as_str() == text)
    }

    /// Whether those who may approve are to do something about it.
    pub fn asks_approvers(self) -> bool {
        matches!(self, Self::Waiting | Self::Reminder)
    }
}

/// Whom a route is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Audience {
    /// Whom it concerns: those who may approve while the run waits, whoever asked afterwards, and both where nobody knows what came of it.
    #[default]
    Concerned,
    /// `approvers`: those who may approve and have not.
    Approvers,
    /// `requesters`: whoever asked.
    Requesters,
    /// `everybody`: both.
    Everybody,
}

impl Audience {
    /// As `catalog.yaml` writes them.
    pub const WORDS: [&'static str; 4] = ["concerned", "approvers", "requesters", "everybody"];

    /// As `catalog.yaml` writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Concerned => "concerned",
            Self::Approvers => "approvers",
            Self::Requesters => "requesters",
            Self::Everybody => "everybody",
        }
    }

    /// Reads what [`Self::as_str`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Concerned, Self::Approvers, Self::Requesters, Self::Everybody].into_iter().find(|whom| whom.as_str() == text)
    }

    /// Whether those who may approve are among them on this occasion.
    pub fn has_approvers(self, occasion: Occasion) -> bool {
        match self {
            Self::Concerned => occasion.asks_approvers() || occasion == Occasion::Unknown,
            Self::Approvers | Self::Everybody => true,
            Self::Requesters => false,
        }
    }

    /// Whether whoever asked is among them on this occasion.
    pub fn has_requesters(self, occasion: Occasion) -> bool {
        match self {
            Self::Concerned => !occasion.asks_approvers(),
            Self::Requesters | Self::Everybody => true,
            Self::Approvers => false,
        }
    }
}

/// An entry of `notifications`: who is told of what, by which channel.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Route {
    /// `channel`: what the daemon's configuration calls it.
    pub channel: Identifier,
    /// `on`: all of them where unsaid.
    pub on: BTreeSet<Occasion>,
    /// `to`
    pub to: Audience,
    /// `actions`: every action where unsaid.
    pub actions: Option<BTreeSet<Identifier>>,
}

impl Route {
    /// Whether it is about runs of this action.
    pub fn is_about(&self, action: &Identifier) -> bool {
        self.actions.as_ref().is_none_or(|actions| actions.contains(action))
    }
}
