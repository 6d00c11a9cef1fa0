//! How GitHub is asked and told: one request at a time that is authenticated, bounded, paced, and repeated only where that does no harm.

mod address;
mod answer;
mod ask;
mod backoff;
mod budget;
mod cache;
mod counts;
mod discovery;
mod error;
mod exchange;
mod jwt;
mod limits;
mod link;
mod pacer;
mod pages;
mod redirect;
mod secret;
mod tell;
#[cfg(test)]
mod tests;
mod token;
mod transport;

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::{OnceCell, Semaphore};

use crate::model::{ForgeUser, Timestamp};

use address::Address;
use ask::{Call, Place};
use budget::Purpose;
use cache::Cache;
use counts::Counters;
use exchange::locked;
use jwt::Signer;
use token::{Holder, Repository, Scope, Who};
use transport::Transport;

pub use address::segment;
pub use counts::Counts;
pub use discovery::{Account, App, Found, Installation, Quota};
pub use error::ApiError;
pub use secret::Secret;

/// Requests at a time, of all that one daemon asks of one GitHub, which takes a hundred.
const EVERYBODY: usize = 90;
/// How much of what was read is kept, to be asked for by validator.
const CACHE_BYTES: usize = 64 << 20;
/// How many answers are kept.
const CACHE_ENTRIES: usize = 20_000;
/// Who asks with the plain token, to the cache; the App's JWT; and the first of those who hold installation tokens.
const TOKEN_IDENTITY: u64 = 0;
const APP_IDENTITY: u64 = 1;
const FIRST_HOLDER: u64 = 2;

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
    /// For one request, from its first byte to the last of its answer. It is real time whatever [`Time`] says: it is about sockets.
    pub deadline: Duration,
}

/// One GitHub, known as one App or one token; shared by all its repositories.
#[derive(Clone)]
pub struct Github(Arc<Inner>);

struct Inner {
    address: Address,
    git: String,
    credentials: Credentials,
    signer: Option<Signer>,
    transport: Transport,
    time: Arc<dyn Time>,
    rng: Mutex<fastrand::Rng>,
    cache: Mutex<Cache>,
    counts: Counters,
    everybody: Semaphore,
    accounts: Mutex<BTreeMap<token::Quota, Arc<exchange::Account>>>,
    repositories: Mutex<HashMap<String, (Arc<Repository>, Who)>>,
    installations: Mutex<BTreeMap<u64, Who>>,
    holders: AtomicU64,
    ourselves: OnceCell<ForgeUser>,
    /// What is added to our clock for JWTs, in seconds.
    skew: AtomicI64,
    /// What the last answer said that GitHub's clock is ahead by, in seconds.
    observed: Mutex<Option<i64>>,
}

impl Github {
    /// Connects to nothing yet.
    ///
    /// # Errors
    /// [`ApiError::Refused`] where the address, the token or the key cannot be used.
    pub fn new(options: GithubOptions, time: Arc<dyn Time>, rng: fastrand::Rng) -> Result<Self, ApiError> {
        let address = Address::new(&options.api)?;
        let signer = match &options.credentials {
            Credentials::App { id, key } => Some(Signer::new(id, key)?),
            Credentials::Token(token) if token.reveal().is_empty() || !token.reveal().chars().all(|c| c.is_ascii_graphic()) => {
                return Err(ApiError::Refused { status: 0, what: "the GitHub token is empty, or more than one word".into() });
            }
            Credentials::Token(_) => None,
        };
        let transport = Transport::new(address.is_secure(), options.deadline)?;
        Ok(Self(Arc::new(Inner {
            address,
            git: options.git,
            credentials: options.credentials,
            signer,
            transport,
            time,
            rng: Mutex::new(rng),
            cache: Mutex::new(Cache::new(CACHE_BYTES, CACHE_ENTRIES)),
            counts: Counters::default(),
            everybody: Semaphore::new(EVERYBODY),
            accounts: Mutex::default(),
            repositories: Mutex::default(),
            installations: Mutex::default(),
            holders: AtomicU64::new(FIRST_HOLDER),
            ourselves: OnceCell::new(),
            skew: AtomicI64::new(0),
            observed: Mutex::default(),
        })))
    }

    /// A client that acts on one repository, `owner/name`; with an App as the installation that has it, found out at the first request.
    pub fn repository(&self, name: &str) -> Client {
        let mut known = locked(&self.0.repositories);
        let (repository, who) = known.entry(name.to_ascii_lowercase()).or_insert_with(|| {
            let repository = Arc::new(Repository::new(name));
            let who = self.0.holder(Scope::Repository(repository.clone()));
            (repository, who)
        });
        self.client(who.clone(), Some(repository.clone()))
    }

    /// A client that asks as the App itself: `/app/…`. It has no repository, so that its paths begin with `/`.
    pub fn as_app(&self) -> Client {
        self.client(Who::App, None)
    }

    /// A client that asks as an installation of the App, and may read the names of its repositories alone.
    pub fn as_installation(&self, id: u64) -> Client {
        let mut known = locked(&self.0.installations);
        let who = known.entry(id).or_insert_with(|| self.0.holder(Scope::Installation(id)));
        self.client(who.clone(), None)
    }

    /// By how much polls should be stretched, from 1, so that the quota lasts: the worst of all quotas.
    pub fn slow_down(&self) -> f64 {
        let now = self.0.time.elapsed();
        locked(&self.0.accounts).values().map(|account| account.slow_down(now)).fold(1.0, f64::max)
    }

    /// What was sent so far.
    pub fn counts(&self) -> Counts {
        self.0.counts.now()
    }

    /// By how many seconds GitHub's clock was ahead of ours when it last answered; `None` before.
    pub fn clock_skew(&self) -> Option<i64> {
        *locked(&self.0.observed)
    }

    /// Where repositories are fetched from: `https://github.com`.
    pub fn git(&self) -> &str {
        &self.0.git
    }

    fn client(&self, who: Who, repository: Option<Arc<Repository>>) -> Client {
        Client { github: self.clone(), who, repository, purpose: Purpose::Awaited }
    }
}

impl Inner {
    fn holder(&self, scope: Scope) -> Who {
        match self.credentials {
            Credentials::Token(_) => Who::Token,
            Credentials::App { .. } => Who::Installed(Arc::new(Holder::new(self.holders.fetch_add(1, Ordering::Relaxed), scope))),
        }
    }

    fn identity(&self, who: &Who) -> u64 {
        match who {
            Who::Token => TOKEN_IDENTITY,
            Who::App => APP_IDENTITY,
            Who::Installed(holder) => holder.identity,
        }
    }

    fn account(&self, quota: token::Quota) -> Arc<exchange::Account> {
        locked(&self.accounts).entry(quota).or_insert_with(|| Arc::new(exchange::Account::new())).clone()
    }

    fn plain_token(&self) -> Result<Secret, ApiError> {
        match &self.credentials {
            Credentials::Token(token) => Ok(token.clone()),
            Credentials::App { .. } => Err(ApiError::Refused { status: 0, what: "a GitHub App has no token of its own".into() }),
        }
    }

    fn signer(&self) -> Result<&Signer, ApiError> {
        self.signer
            .as_ref()
            .ok_or_else(|| ApiError::Refused { status: 0, what: "only a GitHub App may ask this, and we are none".into() })
    }

    /// The time by GitHub's clock, as far as we have learned it.
    fn github_now(&self) -> Timestamp {
        let now = self.time.now();
        now.checked_add(jiff::SignedDuration::from_secs(self.skew.load(Ordering::Relaxed))).unwrap_or(now)
    }

    fn observe(&self, date: Timestamp) {
        *locked(&self.observed) = Some(date.as_second() - self.time.now().as_second());
    }

    fn chance(&self) -> f64 {
        locked(&self.rng).f64()
    }
}

/// Acts on one repository. A path that begins with `/` is below the API's address; any other is below the repository: `pulls/7`. What comes
/// from elsewhere (a branch, a login) goes into a path through [`segment`].
#[derive(Clone)]
pub struct Client {
    github: Github,
    who: Who,
    repository: Option<Arc<Repository>>,
    /// What its reads are for.
    purpose: Purpose,
}

impl Client {
    /// `owner/name`, as it is called now: a renamed repository is followed. Empty for a client without a repository.
    pub fn name(&self) -> String {
        self.repository.as_ref().map(|repository| repository.name()).unwrap_or_default()
    }

    /// The GitHub that it asks.
    pub fn github(&self) -> &Github {
        &self.github
    }

    /// The same client for reads that can wait: they leave the reserve of the quota to writes, and to reads that somebody waits for.
    pub fn patient(&self) -> Self {
        Self { purpose: Purpose::Resync, ..self.clone() }
    }

    /// Reads one thing; `None` where it does not exist (404, 410). Where the answer has no body (204), `T` is read from `null`.
    ///
    /// # Errors
    /// Whatever kept it from being read.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, ApiError> {
        let call = self.reading(self.place(path)?);
        let Some(whole) = self.github.0.ask(&call).await? else { return Ok(None) };
        self.github.0.understand(&call, &whole.stored.body).map(Some)
    }

    /// Reads every page of a list, in order; `None` where it does not exist. A list of pages that changes under our hands is read anew.
    ///
    /// # Errors
    /// Whatever kept it from being read whole: there are no partial lists.
    pub async fn list<T: DeserializeOwned>(&self, path: &str) -> Result<Option<Vec<T>>, ApiError> {
        self.pages(path, None).await
    }

    /// As [`Client::list`], but no more than so many pages, and whether there are more: for lists that anybody can make long.
    ///
    /// # Errors
    /// Whatever kept those from being read.
    pub async fn list_first<T: DeserializeOwned>(&self, path: &str, pages: usize) -> Result<Option<(Vec<T>, bool)>, ApiError> {
        self.first_pages(path, None, pages, true).await
    }

    /// As [`Client::list`], where each page is an object that holds the list under `key`: `check_runs`, `repositories`.
    ///
    /// # Errors
    /// Whatever kept it from being read whole.
    pub async fn list_in<T: DeserializeOwned>(&self, path: &str, key: &str) -> Result<Option<Vec<T>>, ApiError> {
        self.pages(path, Some(key)).await
    }

    /// Writes once. It is never sent twice: where nobody knows whether it arrived, the error is [`ApiError::Unknown`], and whoever wants it
    /// still reads first. `None` where the answer has no body. A body of `null` (`&()`) is not sent.
    ///
    /// # Errors
    /// Whatever kept it from being written.
    pub async fn write<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &(impl Serialize + Sync + ?Sized),
    ) -> Result<Option<T>, ApiError> {
        let unwritten = |why: &str| ApiError::Refused { status: 0, what: format!("{method} {path}: {why}") };
        let body = serde_json::to_vec(body).map_err(|_| unwritten("this cannot be written as JSON"))?;
        let body = (body != b"null").then(|| Bytes::from(body));
        let purpose = tell::purpose_of(&method, path);
        let place = self.place(path)?;
        let call = Call { who: &self.who, repository: self.repository.as_deref(), method: method.clone(), place, body, purpose };
        let told = self.github.0.tell(&call).await?;
        if told.is_empty() {
            return Ok(None);
        }
        // It was done, and what was made of it is not understood: whoever goes on must look.
        serde_json::from_slice(&told).map(Some).map_err(|_| ApiError::Unknown {
            what: format!("{method} {path}: it was done, and GitHub's answer is not understood"),
        })
    }

    /// The value of the `Authorization` header with which git fetches this repository. With an App it ends within the hour.
    ///
    /// # Errors
    /// Where no token is to be had.
    pub async fn git_authorization(&self) -> Result<Secret, ApiError> {
        let pass = self.github.0.pass(&self.who).await?;
        Ok(Secret::new(&format!("Basic {}", STANDARD.encode(format!("x-access-token:{}", pass.token.reveal())))))
    }

    /// Whether we are a GitHub App, which may make check runs.
    pub fn is_app(&self) -> bool {
        matches!(self.github.0.credentials, Credentials::App { .. })
    }

    fn place(&self, path: &str) -> Result<Place, ApiError> {
        if path.starts_with('/') {
            return self.github.0.address.below(path).map(Place::At);
        }
        let name = self.name();
        let named = name
            .split_once('/')
            .is_some_and(|(owner, rest)| !owner.is_empty() && segment(owner) == owner && segment(rest) == rest);
        if named { Ok(Place::Below(path.to_owned())) } else { Err(token::unnamed(&name)) }
    }
}
