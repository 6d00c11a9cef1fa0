//! What people are told of a run, as a value; each channel words it in its own format.

mod email;
mod slack;
#[cfg(test)]
mod snapshot_tests;
mod teams;
mod telling;
mod text;
mod webhook;
mod words;

use serde::{Deserialize, Serialize};

use crate::model::{Identifier, Timestamp};
use crate::run::life::Occasion;

pub use email::{Mail, email};
pub use slack::slack;
pub use teams::teams;
pub use telling::{Matter, Telling};
pub use text::text;
pub use webhook::webhook;

/// Something that people are told of. What is secret is redacted before it becomes one.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Notice {
    /// Of what.
    pub occasion: Occasion,
    /// What people call the repository.
    pub repository: String,
    /// The run.
    pub run: Identifier,
    /// What the API calls it.
    pub handle: String,
    /// The action.
    pub action: Identifier,
    /// The action's title.
    pub title: Option<String>,
    /// The entity it works on.
    pub entity: Option<String>,
    /// Who asked.
    pub requesters: Vec<Person>,
    /// Who may approve and has not.
    pub approvers: Vec<Person>,
    /// Who has approved.
    pub approvals: Vec<Identifier>,
    /// Its inputs, one line each, shortened; secret ones redacted.
    pub inputs: Vec<(String, String)>,
    /// Why it was asked for.
    pub reason: Option<String>,
    /// One sentence: where it stands and what would move it.
    pub why: String,
    /// Where to look, and to act: the pull request first.
    pub links: Vec<String>,
    /// The pull request.
    pub pull_request: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// A person of the roster, as channels address them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Person {
    /// Their identifier.
    pub id: Identifier,
    /// Their name.
    pub name: Option<String>,
    /// Their address.
    pub email: Option<String>,
}
