//! What is to be asked of whom so that a run is performed: the action's invocation with every template filled in.

mod context;
mod entity;
mod fill;
#[cfg(test)]
mod fill_tests;
mod scrub;
mod secret;
mod webhook;
mod workflow;

use serde_json::Value as Json;

pub use context::{CallContext, Requester};
pub use fill::{CallError, fill};
pub use scrub::Scrub;
pub use secret::{HIDDEN, redacted, secret_inputs};

use crate::model::{EntityKey, Identifier};

/// A run, ready to be performed. Made of base alone: the action as it stands on the watched branch at the claim.
#[derive(Clone, PartialEq, Debug)]
pub enum Call {
    /// `WEBHOOK`
    Webhook(WebhookCall),
    /// `GITHUB`
    Workflow(WorkflowCall),
    /// `UPSERT_ENTITY`
    Entity(EntityCall),
}

/// An HTTP request.
#[derive(Clone, PartialEq, Debug)]
pub struct WebhookCall {
    /// The address: its scheme and host are the action's own, never a template's.
    pub url: String,
    /// `POST` unless the action says otherwise.
    pub method: String,
    /// Names and values, in order; a value may name secrets.
    pub headers: Vec<(String, HeaderValue)>,
    /// The body: what the action says, or else the whole context of the run.
    pub body: Json,
    /// Whether the answer is the outcome; otherwise the receiver reports.
    pub synchronized: bool,
}

/// The value of a header.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum HeaderValue {
    /// A text.
    Text(String),
    /// Pieces of text and names of the daemon's secrets: `Bearer {{ .secrets.deploy }}`.
    Secret(Vec<SecretPiece>),
}

/// A piece of a header's value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SecretPiece {
    /// Text.
    Text(String),
    /// The name of a secret.
    Secret(String),
}

/// A workflow of GitHub Actions that is dispatched.
#[derive(Clone, PartialEq, Debug)]
pub struct WorkflowCall {
    /// `org`
    pub owner: String,
    /// `repo`
    pub repository: String,
    /// `workflow`: its file's name, or its number.
    pub workflow: String,
    /// The branch or tag that it runs on; `None` for the repository's default branch.
    pub reference: Option<String>,
    /// Its inputs, texts all of them, at most 25. The run's handle is among them.
    pub inputs: Vec<(String, String)>,
    /// Whether the workflow's conclusion is the run's outcome; otherwise the workflow reports.
    pub report_status: bool,
}

/// An entity that is written, or removed, by a commit on the watched branch.
#[derive(Clone, PartialEq, Debug)]
pub struct EntityCall {
    /// Which.
    pub key: EntityKey,
    /// What is set of it, in the shape of an entity's document; `None` removes the entity. What is left out stays as it is where the entity is
    /// there already, `properties` and `relations` name by name: [`EntityCall::onto`] says what comes of it.
    pub document: Option<Json>,
    /// Under whose action this happens.
    pub action: Identifier,
}
