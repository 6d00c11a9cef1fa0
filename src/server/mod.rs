//! The daemon's own pages: alive, ready, and what it counts. They are for machines on the operator's network and hold no secrets.

mod listener;
mod routes;

pub use listener::serve;
pub use routes::router;
