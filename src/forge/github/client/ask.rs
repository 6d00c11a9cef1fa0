//! A question that may be repeated: until there is a whole answer, or a reason why there will be none.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ETAG, LINK};
use http::{Method, Uri};
use serde::de::{DeserializeOwned, IgnoredAny};

use super::answer::Meaning;
use super::backoff::{self, ATTEMPTS, PATIENCE};
use super::budget::Purpose;
use super::cache::{Question, Stored, same_etag};
use super::counts::Count;
use super::exchange::{Failure, Told, locked};
use super::limits;
use super::redirect::{HOPS, too_far};
use super::token::{Repository, Who};
use super::transport::Broken;
use super::{ApiError, Inner};
use crate::model::Timestamp;

/// What is asked or told, and as whom.
pub(super) struct Call<'c> {
    pub(super) who: &'c Who,
    /// The repository that it is about, which may be renamed meanwhile.
    pub(super) repository: Option<&'c Repository>,
    pub(super) method: Method,
    pub(super) place: Place,
    /// JSON.
    pub(super) body: Option<Bytes>,
    pub(super) purpose: Purpose,
}

/// Where something is.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// Below the repository, whatever it is called now: `pulls/7`.
    Below(String),
    /// There.
    At(Uri),
}

/// A whole answer to a question.
pub(super) struct Whole {
    pub(super) stored: Arc<Stored>,
    /// Where it was found.
    pub(super) uri: Uri,
    /// It is what was answered last time.
    pub(super) unchanged: bool,
    /// The server's clock.
    pub(super) date: Option<Timestamp>,
}

/// Why there was no answer this time, and how long the server asks to wait.
struct Trouble {
    why: String,
    wait: Option<Duration>,
    at_once: bool,
}

impl Trouble {
    fn new(why: impl Into<String>, wait: Option<Duration>) -> Self {
        Self { why: why.into(), wait, at_once: false }
    }
}

impl Inner {
    /// Asks until there is an answer; `None` where there is no such thing.
    ///
    /// # Errors
    /// No, or not now. Where the wait is longer than we are patient, it is told and not slept through.
    pub(super) async fn ask(&self, call: &Call<'_>) -> Result<Option<Whole>, ApiError> {
        let (mut place, mut failed, mut hops, mut conditional) = (call.place.clone(), 0, 0, call.method == Method::GET);
        loop {
            self.prepare(call.who).await?;
            let uri = self.uri(call.repository, &place)?;
            let question = Question { identity: self.identity(call.who), address: uri.to_string() };
            let stored = if conditional { locked(&self.cache).find(&question) } else { None };
            let etag = stored.as_ref().map(|stored| stored.etag.as_str());
            let trouble = match self.exchange(call, &uri, etag).await {
                Err(Failure::Final(error)) => return Err(error),
                Err(Failure::Broken(Broken::TooLarge)) => {
                    return Err(ApiError::Refused {
                        status: 0,
                        what: format!("{}: the answer is too large", self.shown(&call.method, &uri)),
                    });
                }
                Err(Failure::Broken(Broken::Unsent(why) | Broken::Cut(why))) => Trouble::new(why, None),
                Ok(told) => match &told.meaning {
                    Meaning::Done => match self.take(call, &told, &uri, &question) {
                        Ok(whole) => return Ok(Some(whole)),
                        Err(trouble) => trouble,
                    },
                    Meaning::Unchanged => match stored.filter(|stored| is_about(&told, stored)) {
                        Some(stored) => {
                            self.counts.add(Count::Unchanged);
                            return Ok(Some(Whole { stored, uri, unchanged: true, date: told.date }));
                        }
                        None => {
                            conditional = false;
                            locked(&self.cache).forget(&question);
                            Trouble { at_once: true, ..Trouble::new("\"unchanged\", which was not the question", None) }
                        }
                    },
                    Meaning::Absent => {
                        locked(&self.cache).forget(&question);
                        return Ok(None);
                    }
                    Meaning::Moved { kept } => {
                        hops += 1;
                        if hops > HOPS {
                            return Err(too_far(&self.shown(&call.method, &uri)));
                        }
                        place = self.moved(call, &place, *kept, &told).await?;
                        continue;
                    }
                    Meaning::Limited(limit) => Trouble::new(format!("{} {}", told.answer.status, told.said), Some(limit.wait)),
                    Meaning::Fault => {
                        let wait = limits::retry_after(&told.answer.headers, told.date.unwrap_or_else(|| self.github_now()));
                        Trouble::new(format!("{} {}", told.answer.status, told.said), wait)
                    }
                    Meaning::Stranger | Meaning::No => return Err(self.refused(call, &uri, &told)),
                },
            };
            failed += 1;
            let pause = if trouble.at_once { Duration::ZERO } else { backoff::pause(failed, self.chance()) };
            let wait = trouble.wait.unwrap_or_default().max(pause);
            if failed >= ATTEMPTS || wait > PATIENCE {
                return Err(ApiError::Later {
                    what: format!("{}: {}", self.shown(&call.method, &uri), trouble.why),
                    after: trouble.wait,
                });
            }
            self.counts.add(Count::Retry);
            self.time.sleep(wait).await;
        }
    }

    /// Takes an answer, if it is whole; only then it is kept.
    fn take(&self, call: &Call<'_>, told: &Told, uri: &Uri, question: &Question) -> Result<Whole, Trouble> {
        let answer = &told.answer;
        let body = match answer.status {
            204 | 205 => Bytes::from_static(b"null"),
            202 => return Err(Trouble::new("GitHub is not done with it yet", None)),
            _ => answer.body.clone(),
        };
        if serde_json::from_slice::<IgnoredAny>(&body).is_err() {
            self.counts.add(Count::Fault);
            return Err(Trouble::new("the answer is no whole JSON", None));
        }
        let header = |name| answer.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let etag = header(ETAG);
        let stored = Stored { etag: etag.clone().unwrap_or_default(), body, link: header(LINK) };
        let known = etag.is_some_and(|etag| !etag.is_empty()) && answer.status == 200 && call.method == Method::GET;
        if known {
            locked(&self.cache).keep(question.clone(), stored.clone());
        } else {
            locked(&self.cache).forget(question);
        }
        Ok(Whole { stored: Arc::new(stored), uri: uri.clone(), unchanged: false, date: told.date })
    }

    /// Reads what was answered.
    ///
    /// # Errors
    /// [`ApiError::Refused`] where it is not what we know. What is told to an App may hold a token: then the error says nothing of it.
    pub(super) fn understand<T: DeserializeOwned>(&self, call: &Call<'_>, body: &[u8]) -> Result<T, ApiError> {
        serde_json::from_slice(body).map_err(|error| {
            let why = if matches!(call.who, Who::App) { String::new() } else { format!(": {error}") };
            let place = self.uri(call.repository, &call.place).map(|uri| self.shown(&call.method, &uri)).unwrap_or_default();
            ApiError::Refused { status: 0, what: format!("{place}: GitHub's answer is not understood{why}") }
        })
    }

    /// The address of a place, by the name that the repository has now.
    pub(super) fn uri(&self, repository: Option<&Repository>, place: &Place) -> Result<Uri, ApiError> {
        match (place, repository) {
            (Place::At(uri), _) => Ok(uri.clone()),
            (Place::Below(path), Some(repository)) if path.is_empty() => {
                self.address.below(&format!("/repos/{}", repository.name()))
            }
            (Place::Below(path), Some(repository)) => self.address.below(&format!("/repos/{}/{path}", repository.name())),
            (Place::Below(path), None) => {
                Err(ApiError::Refused { status: 0, what: format!("{path:?} is below a repository, and there is none") })
            }
        }
    }

    /// No, in GitHub's words.
    pub(super) fn refused(&self, call: &Call<'_>, uri: &Uri, told: &Told) -> ApiError {
        let status = told.answer.status;
        ApiError::Refused {
            status,
            what: format!("{}: {status} {}", self.shown(&call.method, uri), told.said).trim_end().to_owned(),
        }
    }
}

/// Whether "unchanged" is about what we have: an answer meant for another question names another validator.
fn is_about(told: &Told, stored: &Stored) -> bool {
    let named = told.answer.headers.get(ETAG).and_then(|etag| etag.to_str().ok());
    named.is_none_or(|named| same_etag(named, &stored.etag))
}
