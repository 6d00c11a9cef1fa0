//! What we show to GitHub: a token as it is, a JWT, or a token that an installation of our App lends us for an hour.
//!
//! An installation token is minted for one repository alone, although one for the whole installation would do for all: what leaks then, or is
//! handed to a git process, opens that repository and no other. Once known it is minted by the repository's numeric id, so that whoever takes
//! a name over after a rename gets nothing.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Mutex as AsyncMutex;

use super::address::segment;
use super::ask::{Call, Place};
use super::budget::Purpose;
use super::counts::Count;
use super::{ApiError, Inner, Secret};
use crate::model::Timestamp;

/// A token is renewed this long before it ends.
const EARLY: Duration = Duration::from_secs(5 * 60);
/// No token is believed to live longer.
const LONGEST: Duration = Duration::from_secs(60 * 60);
/// An old token is still used, where no new one is to be had, until this long before it ends.
const LAST: Duration = Duration::from_secs(30);
/// How long after a renewal that failed, early, the next one is tried.
const AGAIN: Duration = Duration::from_secs(60);
/// For this long after it was minted, a token may be unknown to a part of GitHub.
const FRESH: Duration = Duration::from_secs(60);

/// As whom something is asked.
#[derive(Clone)]
pub(super) enum Who {
    /// As whoever the plain token belongs to.
    Token,
    /// As the App itself, by JWT.
    App,
    /// As an installation of the App.
    Installed(Arc<Holder>),
}

/// Whose quota a request is counted against.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum Quota {
    Token,
    App,
    Installation(u64),
}

/// One repository: it may be renamed, its number stays.
pub(super) struct Repository {
    name: Mutex<String>,
    /// 0 while it is not known.
    id: AtomicU64,
}

/// What an installation token opens.
pub(super) enum Scope {
    /// One repository, with all that the App may do there.
    Repository(Arc<Repository>),
    /// The names of all its repositories.
    Installation(u64),
}

/// Who holds the token of one scope; one at a time mints.
pub(super) struct Holder {
    /// Tells answers apart that were given to different identities.
    pub(super) identity: u64,
    scope: Scope,
    slot: AsyncMutex<Slot>,
    failures: AtomicU64,
}

#[derive(Default)]
struct Slot {
    installation: Option<u64>,
    minted: Option<Minted>,
    failure: Option<ApiError>,
    count: u64,
}

/// Times are since the clock's start.
#[derive(Clone)]
struct Minted {
    token: Secret,
    number: u64,
    at: Duration,
    renew_at: Duration,
    until: Duration,
    installation: u64,
}

/// What one request is sent with.
pub(super) struct Pass {
    /// The token or JWT alone.
    pub(super) token: Secret,
    pub(super) quota: Quota,
    pub(super) kind: Kind,
}

/// What a 401 means depends on what was shown.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Plain,
    Jwt,
    /// The number of the minted token, and whether it may be too new.
    Minted {
        number: u64,
        fresh: bool,
    },
}

/// What GitHub tells of a token that it has minted.
#[derive(Deserialize)]
struct TokenMade {
    token: String,
    expires_at: Option<Timestamp>,
    #[serde(default)]
    repositories: Option<Vec<Numbered>>,
}

#[derive(Deserialize)]
struct Numbered {
    id: u64,
    full_name: Option<String>,
}

impl Repository {
    pub(super) fn new(name: &str) -> Self {
        Self { name: Mutex::new(name.to_owned()), id: AtomicU64::new(0) }
    }

    /// `owner/name`, as far as we know.
    pub(super) fn name(&self) -> String {
        self.name.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// It is called so now. What is no `owner/name` is not believed.
    pub(super) fn rename(&self, name: &str) {
        let part = |part: &str| !part.is_empty() && segment(part) == part && !part.chars().all(|c| c == '.');
        if name.split_once('/').is_some_and(|(owner, rest)| part(owner) && part(rest)) {
            name.clone_into(&mut self.name.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }

    fn id(&self) -> Option<u64> {
        Some(self.id.load(Ordering::Relaxed)).filter(|id| *id != 0)
    }

    /// Its number; the first that we hear counts.
    pub(super) fn number(&self, id: u64) {
        let _ = self.id.compare_exchange(0, id, Ordering::Relaxed, Ordering::Relaxed);
    }
}

impl Holder {
    pub(super) fn new(identity: u64, scope: Scope) -> Self {
        Self { identity, scope, slot: AsyncMutex::default(), failures: AtomicU64::new(0) }
    }
}

impl Minted {
    fn pass(&self, now: Duration) -> Pass {
        let fresh = now.saturating_sub(self.at) < FRESH;
        let kind = Kind::Minted { number: self.number, fresh };
        Pass { token: self.token.clone(), quota: Quota::Installation(self.installation), kind }
    }
}

impl Inner {
    /// What to show now. Tokens are minted one at a time for each scope: whoever comes meanwhile waits, and shares what comes of it.
    pub(super) async fn pass(&self, who: &Who) -> Result<Pass, ApiError> {
        match who {
            Who::Token => Ok(Pass { token: self.plain_token()?, quota: Quota::Token, kind: Kind::Plain }),
            Who::App => Ok(Pass { token: self.signer()?.sign(self.github_now())?, quota: Quota::App, kind: Kind::Jwt }),
            Who::Installed(holder) => self.installation_pass(holder).await,
        }
    }

    /// Sees to it that there is a token before an address is written: with the token comes the name that the repository has now.
    pub(super) async fn prepare(&self, who: &Who) -> Result<(), ApiError> {
        match who {
            Who::Token | Who::App => Ok(()),
            Who::Installed(holder) => self.installation_pass(holder).await.map(drop),
        }
    }

    /// A token that GitHub does not take any more is thrown away, unless somebody has done so already.
    pub(super) async fn distrust(&self, who: &Who, number: u64) {
        if let Who::Installed(holder) = who {
            let mut slot = holder.slot.lock().await;
            if slot.minted.as_ref().is_some_and(|minted| minted.number == number) {
                slot.minted = None;
            }
        }
    }

    async fn installation_pass(&self, holder: &Holder) -> Result<Pass, ApiError> {
        let failures = holder.failures.load(Ordering::Acquire);
        let mut slot = holder.slot.lock().await;
        let now = self.time.elapsed();
        if let Some(minted) = slot.minted.as_ref().filter(|minted| now < minted.renew_at) {
            return Ok(minted.pass(now));
        }
        if holder.failures.load(Ordering::Acquire) != failures
            && let Some(failure) = &slot.failure
        {
            return Err(failure.clone());
        }
        match Box::pin(self.mint(&holder.scope, &mut slot)).await {
            Ok(minted) => {
                let pass = minted.pass(self.time.elapsed());
                slot.failure = None;
                slot.minted = Some(minted);
                Ok(pass)
            }
            Err(error) => {
                holder.failures.fetch_add(1, Ordering::Release);
                slot.failure = Some(error.clone());
                let now = self.time.elapsed();
                let usable = slot.minted.as_mut().filter(|minted| now.saturating_add(LAST) < minted.until);
                let Some(minted) = usable else { return Err(error) };
                minted.renew_at = now.saturating_add(AGAIN);
                Ok(minted.pass(now))
            }
        }
    }

    /// A new token. Where the installation is gone, or the repository has another name, that is found out once.
    async fn mint(&self, scope: &Scope, slot: &mut Slot) -> Result<Minted, ApiError> {
        for last in [false, true] {
            let installation = match (scope, slot.installation) {
                (Scope::Installation(id), _) => *id,
                (Scope::Repository(_), Some(id)) => id,
                (Scope::Repository(repository), None) => self.find_installation(repository).await?,
            };
            slot.installation = Some(installation);
            match self.mint_once(scope, installation, slot.count + 1).await {
                Ok(Some(minted)) => {
                    slot.count += 1;
                    return Ok(minted);
                }
                Ok(None) | Err(ApiError::Refused { status: 422, .. }) if !last => slot.installation = None,
                Ok(None) => break,
                Err(error) => return Err(error),
            }
        }
        Err(ApiError::Refused {
            status: 404,
            what: format!("GitHub mints no token for {}: is the App still installed?", scope.shown()),
        })
    }

    /// Minting may be repeated: a token that got lost on its way does nothing, and ends by itself.
    async fn mint_once(&self, scope: &Scope, installation: u64, number: u64) -> Result<Option<Minted>, ApiError> {
        let body = match scope {
            Scope::Repository(repository) => match (repository.id(), repository.name().split_once('/')) {
                (Some(id), _) => json!({ "repository_ids": [id] }),
                (None, Some((_, name))) => json!({ "repositories": [name] }),
                (None, None) => return Err(unnamed(&repository.name())),
            },
            Scope::Installation(_) => json!({ "permissions": { "metadata": "read" } }),
        };
        let call = Call {
            who: &Who::App,
            repository: None,
            method: Method::POST,
            place: Place::At(self.address.below(&format!("/app/installations/{installation}/access_tokens"))?),
            body: Some(Bytes::from(body.to_string())),
            purpose: Purpose::Awaited,
        };
        let Some(whole) = self.ask(&call).await? else { return Ok(None) };
        let made: TokenMade = self.understand(&call, &whole.stored.body)?;
        self.counts.add(Count::Minted);
        if let (Scope::Repository(repository), Some([only])) = (scope, made.repositories.as_deref()) {
            repository.number(only.id);
            if let Some(name) = &only.full_name {
                repository.rename(name);
            }
        }
        let at = self.time.elapsed();
        let asked = whole.date.unwrap_or_else(|| self.github_now());
        let told = made.expires_at.and_then(|until| Duration::try_from(until.duration_since(asked)).ok()).unwrap_or(EARLY);
        let lives = told.clamp(Duration::from_secs(60), LONGEST);
        let (until, renew_at) = (at.saturating_add(lives), at.saturating_add(lives.saturating_sub(EARLY).max(lives / 2)));
        Ok(Some(Minted { token: Secret::new(&made.token), number, at, renew_at, until, installation }))
    }

    /// Which installation of our App has a repository.
    async fn find_installation(&self, repository: &Arc<Repository>) -> Result<u64, ApiError> {
        #[derive(Deserialize)]
        struct Found {
            id: u64,
        }
        let place = Place::Below("installation".into());
        let call = Call {
            who: &Who::App,
            repository: Some(repository),
            method: Method::GET,
            place,
            body: None,
            purpose: Purpose::Awaited,
        };
        let Some(whole) = self.ask(&call).await? else {
            let name = repository.name();
            let what = format!(
                "the GitHub App is not installed on {name}: install it there, or add {name} to the repositories it may reach"
            );
            return Err(ApiError::Refused { status: 404, what });
        };
        Ok(self.understand::<Found>(&call, &whole.stored.body)?.id)
    }
}

impl Scope {
    fn shown(&self) -> String {
        match self {
            Self::Repository(repository) => repository.name(),
            Self::Installation(id) => format!("installation {id}"),
        }
    }
}

/// A repository that no path can name.
pub(super) fn unnamed(name: &str) -> ApiError {
    ApiError::Refused { status: 0, what: format!("{name:?} is no repository of GitHub; write owner/name") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_name_is_believed_to_be_one() {
        let repository = Repository::new("acme/catalog");
        for bad in ["", "acme", "acme/", "/x", "acme/a/b", "acme/..", "../acme", "acme/a?b", "acme/a b"] {
            repository.rename(bad);
            assert_eq!(repository.name(), "acme/catalog", "{bad}");
        }
        repository.rename("Acme-2/my.catalog_1");
        assert_eq!(repository.name(), "Acme-2/my.catalog_1");
    }

    #[test]
    fn the_first_number_counts() {
        let repository = Repository::new("acme/catalog");
        repository.number(7);
        repository.number(8);
        assert_eq!(repository.id(), Some(7));
    }
}
