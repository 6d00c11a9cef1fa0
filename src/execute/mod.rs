//! Performs an approved run: each way is a performer behind one small trait, translates, and decides nothing.

pub mod entity;
mod webhook;
mod workflow;

use std::sync::Arc;

use async_trait::async_trait;

use crate::model::{Identifier, Timestamp};
use crate::run::call::{Call, Scrub};
use crate::run::life::{Answer, Report, RunHandle};

pub use webhook::{Now, WebhookOptions, WebhookPerformer};
pub use workflow::WorkflowPerformer;

/// A run that may be performed now: its intent is durable, and everything was checked again just before. Only the controller makes one.
#[derive(Clone, PartialEq, Debug)]
pub struct Order {
    /// What the store calls its repository.
    pub repository: String,
    /// The run.
    pub run: Identifier,
    /// What the API calls it.
    pub handle: RunHandle,
    /// The idempotency key: the same on every attempt.
    pub key: String,
    /// Whether the receiver performs what carries one key only once; see [`Execution::dedupes`](crate::run::life::Execution::dedupes).
    pub dedupes: bool,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// When the first attempt was begun: what to look for is not older.
    pub since: Timestamp,
    /// What the receiver called it, where it has said so.
    pub outside: Option<String>,
    /// What is to be done.
    pub call: Call,
    /// What is secret among its inputs: nothing that is said of it repeats that.
    pub secrets: Scrub,
}

/// One way to have a run performed.
///
/// A call is bounded in time and size, and may be dropped at any point. What is not known for certain is [`Answer::Unknown`].
#[async_trait]
pub trait Performer: Send + Sync {
    /// Has it performed. Never called twice for one attempt.
    async fn perform(&self, order: &Order) -> Answer;

    /// What has become of an attempt whose answer was lost; `None` where the receiver cannot be asked.
    async fn find(&self, _order: &Order) -> Option<Answer> {
        None
    }

    /// Where a run that was taken on stands now; `None` where the receiver reports by itself, or cannot be asked at the moment.
    async fn look(&self, _order: &Order) -> Option<Report> {
        None
    }
}

/// The ways there are for one repository.
#[derive(Clone, Default)]
pub struct Performers {
    /// `WEBHOOK`
    pub webhook: Option<Arc<dyn Performer>>,
    /// `GITHUB`
    pub workflow: Option<Arc<dyn Performer>>,
    /// `UPSERT_ENTITY`
    pub entity: Option<Arc<dyn Performer>>,
    /// The address that the commits of `entity` go by; empty where there are none.
    pub hand: String,
    /// Whether they are signed.
    pub signs: bool,
}

impl Performers {
    /// Whoever performs such a call; `None` where nobody was set up for it.
    pub fn of(&self, call: &Call) -> Option<&Arc<dyn Performer>> {
        match call {
            Call::Webhook(_) => self.webhook.as_ref(),
            Call::Workflow(_) => self.workflow.as_ref(),
            Call::Entity(_) => self.entity.as_ref(),
        }
    }
}
