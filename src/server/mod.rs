//! What the daemon serves: pages for machines on the operator's network, which hold no secrets, the receiver of webhooks, and the API by
//! which runs are reported on.

mod api;
mod listener;
mod routes;
mod webhook;

pub use api::{Api, Described, Loop, Watching};
pub use listener::serve;
pub use routes::router;
pub use webhook::{Receiver, WEBHOOK_PATH};
