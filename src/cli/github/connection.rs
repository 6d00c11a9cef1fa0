//! The connection to GitHub that a configuration describes, and the time that it goes by.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::cli::CommandError;
use crate::config::GithubConfig;
use crate::controller::{Clock, SystemClock};
use crate::forge::github::{Github, GithubOptions, Time};
use crate::model::Timestamp;

/// For one request.
const DEADLINE: Duration = Duration::from_secs(30);

impl Time for SystemClock {
    fn now(&self) -> Timestamp {
        Clock::now(self)
    }

    fn elapsed(&self) -> Duration {
        Clock::elapsed(self)
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// Connects; nothing is sent yet.
pub(in crate::cli) fn connect(config: &GithubConfig, time: Arc<dyn Time>) -> Result<Github, CommandError> {
    let Some(credentials) = config.credentials.clone() else {
        return Err(CommandError::internal("GitHub is asked without credentials"));
    };
    let options = GithubOptions { api: config.api.clone(), git: config.git.clone(), credentials, deadline: DEADLINE };
    Github::new(options, time, fastrand::Rng::new())
        .map_err(|error| CommandError::usage("GitHub cannot be asked with this configuration").because(&error))
}
