//! How GitHub is asked and told: one request at a time that is authenticated, bounded, paced, and repeated only where that does no harm.

mod error;
mod secret;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use http::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::model::Timestamp;

pub use error::ApiError;
pub use secret::Secret;

/// The time, as the client needs it; passed in.
pub trait Time: Send + Sync {
    /// The wall clock: what JWTs and rate limits are about.
    fn now(&self) -> Timestamp;
    /// Since some start; never goes back.
    fn elapsed(&self) -> Duration;
    /// Ends after this long.
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}

/// Who we are to GitHub.
#[derive(Clone, Debug)]
pub enum Credentials {
    /// A token of a person or a bot.
    Token(Secret),
    /// A GitHub App: its id (or client id), and its private key in PEM.
    App {
        /// What JWTs are issued by.
        id: String,
        /// What they are signed with.
        key: Secret,
    },
}

/// What a connection to GitHub is made of.
#[derive(Clone, Debug)]
pub struct GithubOptions {
    /// Where the API is: `https://api.github.com`, or `https://HOST/api/v3`.
    pub api: String,
    /// Where repositories are fetched from: `https://github.com`.
    pub git: String,
    /// Who we are.
    pub credentials: Credentials,
    /// For one request, from its first byte to the last of its answer.
    pub deadline: Duration,
}

/// One GitHub, known as one App or one token; shared by all its repositories.
#[derive(Clone)]
pub struct Github(#[allow(dead_code)] Arc<GithubOptions>);

impl Github {
    /// Connects to nothing yet.
    ///
    /// # Errors
    /// [`ApiError::Refused`] where the address or the key cannot be used.
    pub fn new(options: GithubOptions, _time: Arc<dyn Time>, _rng: fastrand::Rng) -> Result<Self, ApiError> {
        Ok(Self(Arc::new(options)))
    }

    /// A client that acts on one repository, `owner/name`; with an App as the installation that has it, found out at the first request.
    pub fn repository(&self, name: &str) -> Client {
        Client { github: self.clone(), name: name.to_owned() }
    }
}

/// Acts on one repository. A path that begins with `/` is below the API's address; any other is below the repository: `pulls/7`.
#[derive(Clone)]
pub struct Client {
    #[allow(dead_code)]
    github: Github,
    name: String,
}

impl Client {
    /// `owner/name`, as it is called now: a renamed repository is followed.
    pub fn name(&self) -> String {
        self.name.clone()
    }

    /// Reads one thing; `None` where it does not exist (404, 410).
    ///
    /// # Errors
    /// Whatever kept it from being read.
    pub async fn get<T: DeserializeOwned>(&self, _path: &str) -> Result<Option<T>, ApiError> {
        Err(ApiError::Later { what: "not built yet".into(), after: None })
    }

    /// Reads every page of a list, in order; `None` where it does not exist. A list of pages that changes under our hands is read anew.
    ///
    /// # Errors
    /// Whatever kept it from being read whole: there are no partial lists.
    pub async fn list<T: DeserializeOwned>(&self, _path: &str) -> Result<Option<Vec<T>>, ApiError> {
        Err(ApiError::Later { what: "not built yet".into(), after: None })
    }

    /// Writes once. It is never sent twice: where nobody knows whether it arrived, the error is [`ApiError::Unknown`], and whoever wants it
    /// still reads first. `None` where the answer has no body.
    ///
    /// # Errors
    /// Whatever kept it from being written.
    pub async fn write<T: DeserializeOwned>(
        &self,
        _method: Method,
        _path: &str,
        _body: &(impl Serialize + Sync + ?Sized),
    ) -> Result<Option<T>, ApiError> {
        Err(ApiError::Later { what: "not built yet".into(), after: None })
    }

    /// The value of the `Authorization` header with which git fetches this repository.
    ///
    /// # Errors
    /// Where no token is to be had.
    pub async fn git_authorization(&self) -> Result<Secret, ApiError> {
        Err(ApiError::Later { what: "not built yet".into(), after: None })
    }

    /// The login and numeric id that what we write carries: the token's user, or the App's bot.
    ///
    /// # Errors
    /// Where GitHub does not say.
    pub async fn ourselves(&self) -> Result<crate::model::ForgeUser, ApiError> {
        Err(ApiError::Later { what: "not built yet".into(), after: None })
    }

    /// Whether we are a GitHub App, which may make check runs.
    pub fn is_app(&self) -> bool {
        matches!(self.github.0.credentials, Credentials::App { .. })
    }
}
