//! A write: sent once, and never again unless GitHub has said that it was not done.

use bytes::Bytes;
use http::Method;

use super::answer::Meaning;
use super::ask::Call;
use super::budget::Purpose;
use super::exchange::Failure;
use super::redirect::{HOPS, too_far};
use super::transport::Broken;
use super::{ApiError, Inner};

/// What a write is for: of some, people hear.
pub(super) fn purpose_of(method: &Method, path: &str) -> Purpose {
    let path = path.split('?').next().unwrap_or_default();
    let heard = ["/comments", "/requested_reviewers", "/reviews", "/merge"].iter().any(|end| path.ends_with(end));
    Purpose::Write { heard: heard && *method != Method::DELETE }
}

impl Inner {
    /// Tells, once; the body of the answer where it was done.
    ///
    /// # Errors
    /// [`ApiError::Later`] where it was not done, [`ApiError::Unknown`] where nobody knows.
    pub(super) async fn tell(&self, call: &Call<'_>) -> Result<Bytes, ApiError> {
        let (mut place, mut hops) = (call.place.clone(), 0);
        loop {
            self.prepare(call.who).await?;
            let uri = self.uri(call.repository, &place)?;
            let shown = self.shown(&call.method, &uri);
            let unknown = |why: &str| ApiError::Unknown { what: format!("{shown}: {why}; whether it was done is not known") };
            let told = match self.exchange(call, &uri, None).await {
                Err(Failure::Final(error)) => return Err(error),
                Err(Failure::Broken(Broken::Unsent(why))) => {
                    return Err(ApiError::Later { what: format!("{shown}: {why}"), after: None });
                }
                Err(Failure::Broken(Broken::Cut(why))) => return Err(unknown(&why)),
                Err(Failure::Broken(Broken::TooLarge)) => return Err(unknown("the answer is too large")),
                Ok(told) => told,
            };
            let status = told.answer.status;
            match told.meaning {
                Meaning::Done => return Ok(told.answer.body),
                Meaning::Limited(limit) => {
                    return Err(ApiError::Later { what: format!("{shown}: {status} {}", told.said), after: Some(limit.wait) });
                }
                Meaning::Fault | Meaning::Unchanged => return Err(unknown(format!("{status} {}", told.said).trim_end())),
                Meaning::Moved { kept } => {
                    hops += 1;
                    if hops > HOPS {
                        return Err(too_far(&shown));
                    }
                    place = self.moved(call, &place, kept, &told).await?;
                }
                Meaning::Absent | Meaning::Stranger | Meaning::No => return Err(self.refused(call, &uri, &told)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_hear_of_comments_requests_and_merges() {
        let heard = |method, path| matches!(purpose_of(&method, path), Purpose::Write { heard: true });
        assert!(heard(Method::POST, "issues/7/comments") && heard(Method::PUT, "pulls/7/merge"));
        assert!(heard(Method::POST, "pulls/7/requested_reviewers"));
        assert!(!heard(Method::POST, "statuses/abc") && !heard(Method::PATCH, "check-runs/1"));
        assert!(!heard(Method::PATCH, "issues/comments/9"), "an edit sends no mail");
        assert!(!heard(Method::DELETE, "pulls/7/requested_reviewers"));
    }
}
