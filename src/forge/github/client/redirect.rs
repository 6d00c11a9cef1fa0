//! Where a redirect leads: to the same API only, and after a rename to the repository under its new name, once and for all.

use http::Method;
use http::header::LOCATION;
use serde::Deserialize;

use super::ask::{Call, Place};
use super::budget::Purpose;
use super::counts::Count;
use super::exchange::Told;
use super::token::{Repository, Who};
use super::{ApiError, Inner};

/// How many redirects are followed for one request.
pub(super) const HOPS: u32 = 3;

#[derive(Deserialize)]
struct Named {
    id: u64,
    full_name: String,
}

/// More redirects than any rename makes.
pub(super) fn too_far(shown: &str) -> ApiError {
    ApiError::Refused { status: 0, what: format!("{shown}: GitHub redirects in a circle") }
}

impl Inner {
    /// Where to send a request that was redirected, and so was not done. A repository's new name is looked up and remembered, so that the next
    /// request needs no redirect; a write is never turned into a read.
    ///
    /// # Errors
    /// [`ApiError::Refused`] where the redirect leads away from the API, or where it is not clear what to do with a write.
    pub(super) async fn moved(&self, call: &Call<'_>, place: &Place, kept: bool, told: &Told) -> Result<Place, ApiError> {
        let shown = || self.uri(call.repository, place).map(|uri| self.shown(&call.method, &uri)).unwrap_or_default();
        let status = told.answer.status;
        let location = told.answer.headers.get(LOCATION).and_then(|location| location.to_str().ok());
        let Some(target) = location.and_then(|location| self.address.resolve(location)) else {
            return Err(ApiError::Refused {
                status,
                what: format!("{}: redirected away from GitHub's API; it is not followed", shown()),
            });
        };
        self.counts.add(Count::Redirect);
        let sent_again = call.method == Method::GET || kept;
        if let (Some(repository), Place::Below(rest)) = (call.repository, place) {
            let before = repository.name();
            self.learn_name(call.who, repository, self.address.path_of(&target), sent_again).await?;
            if repository.name() != before {
                tracing::info!(before, now = repository.name(), "the repository is called otherwise now");
                return Ok(Place::Below(rest.clone()));
            }
        }
        if sent_again {
            return Ok(Place::At(target));
        }
        Err(ApiError::Refused { status, what: format!("{}: redirected by {status}, which a write does not follow", shown()) })
    }

    /// Finds out what a repository is called now, by where we were sent.
    async fn learn_name(&self, who: &Who, repository: &Repository, target: &str, sent_again: bool) -> Result<(), ApiError> {
        let path = target.split('?').next().unwrap_or_default();
        let mut segments = path.split('/').skip(1);
        let lookup = match (segments.next(), segments.next(), segments.next()) {
            (Some("repos"), Some(owner), Some(name)) => {
                repository.rename(&format!("{owner}/{name}"));
                return Ok(());
            }
            (Some("repositories"), Some(id), _) if id.parse::<u64>().is_ok() => {
                repository.number(id.parse().unwrap_or_default());
                format!("/repositories/{id}")
            }
            _ if sent_again => return Ok(()),
            _ => format!("/repos/{}", repository.name()),
        };
        // A JWT may not read repositories; the name comes with the token that is minted by the number.
        if matches!(who, Who::App) {
            return Ok(());
        }
        let place = Place::At(self.address.below(&lookup)?);
        let call = Call { who, repository: None, method: Method::GET, place, body: None, purpose: Purpose::Awaited };
        if let Some(whole) = Box::pin(self.ask(&call)).await? {
            let named: Named = self.understand(&call, &whole.stored.body)?;
            repository.number(named.id);
            repository.rename(&named.full_name);
        }
        Ok(())
    }
}
