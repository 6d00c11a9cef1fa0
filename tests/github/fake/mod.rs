//! A GitHub of one's own: its API on loopback, real git behind it, people who do things, and a memory of everything it was asked.
//!
//! Every request that comes in and every answer that goes out is held to GitHub's OpenAPI description. What does not fit is remembered, and
//! fails the test when the last handle goes away.

mod accounts;
mod activity;
mod answer;
mod apps;
mod auth;
mod checkout;
mod checks;
mod comments;
mod commits;
mod contents;
mod faults;
mod git;
mod journal;
mod merging;
mod objects;
mod people;
mod protection;
mod pulls;
mod queue;
mod repositories;
mod reviews;
mod routes;
mod server;
mod standing;
mod state;
mod statuses;
mod teams;
mod webhooks;
mod workflows;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use server::Server;
use state::State;

use crate::clock::ManualClock;

pub use checkout::Checkout;
pub use faults::{Release, on};
pub use journal::Called;
pub use merging::Method;
pub use people::Person;
pub use state::{Level, Role, WEB_FLOW};
pub use webhooks::{Delivery, post, signature};

/// A handle on the fake; it lives until the last one is dropped.
#[derive(Clone)]
pub struct GitHub(Arc<Running>);

struct Running {
    shared: Arc<Mutex<State>>,
    server: Mutex<Option<Server>>,
    _dir: tempfile::TempDir,
}

impl GitHub {
    pub fn start(clock: Arc<ManualClock>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let shared = Arc::new(Mutex::new(State::new(clock, dir.path().to_path_buf())));
        let server = Server::start(&shared, 0);
        Self(Arc::new(Running { shared, server: Mutex::new(Some(server)), _dir: dir }))
    }

    /// What everything is known to; not held while anything is awaited.
    fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.0.shared)
    }

    /// Where the API is.
    pub fn api(&self) -> String {
        self.state().url.clone()
    }

    /// Where the API is as an Enterprise Server has it: below a path.
    pub fn enterprise_api(&self) -> String {
        format!("{}/api/v3", self.api())
    }

    /// Where repositories are fetched from.
    pub fn git(&self) -> String {
        self.api()
    }

    /// Every connection breaks, and the server comes back where it was, with all it knew.
    pub fn restarts(&self) {
        self.stops();
        self.starts_again();
    }

    /// Nobody listens any more.
    pub fn stops(&self) {
        drop(self.0.server.lock().unwrap().take());
    }

    /// After [`Self::stops`]: at the same address.
    pub fn starts_again(&self) {
        let port = self.api().rsplit(':').next().unwrap().parse().unwrap();
        *self.0.server.lock().unwrap() = Some(Server::start(&self.0.shared, port));
    }

    /// What was not as GitHub's description says, so far. Asking forgives it.
    pub fn violations(&self) -> Vec<String> {
        std::mem::take(&mut self.state().violations)
    }

    /// Fails if anything that was asked or answered was not as GitHub's description says.
    pub fn assert_clean(&self) {
        let violations = self.violations();
        assert!(violations.is_empty(), "against GitHub's description of its API:\n{}", violations.join("\n"));
    }
}

fn locked(shared: &Mutex<State>) -> MutexGuard<'_, State> {
    // A test that failed while it held this has said why already.
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.server.get_mut().unwrap_or_else(PoisonError::into_inner).take());
        let violations = std::mem::take(&mut locked(&self.shared).violations);
        if !violations.is_empty() && !std::thread::panicking() {
            panic!("against GitHub's description of its API:\n{}", violations.join("\n"));
        }
    }
}
