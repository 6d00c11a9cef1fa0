//! What the daemon serves: pages for machines on the operator's network, which hold no secrets, and the receiver of webhooks.

mod listener;
mod routes;
mod webhook;

pub use listener::serve;
pub use routes::router;
pub use webhook::{Receiver, WEBHOOK_PATH};
