//! One request and its answer, sent when quota and pace allow it, with something to show that is valid.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::{Method, Uri};
use tokio::sync::Semaphore;

use super::answer::{self, Meaning};
use super::backoff::{FRESH_PAUSES, PATIENCE};
use super::budget::{Budget, Purpose};
use super::counts::Count;
use super::pacer::Pacer;
use super::token::{Kind, Pass};
use super::transport::{Answer, Broken, Letter};
use super::{ApiError, Inner, Secret, limits};
use crate::forge::github::client::ask::Call;
use crate::model::Timestamp;

/// Reads at a time with one quota; GitHub takes a hundred requests at a time from all of us.
const READS: usize = 20;
/// Writes at a time with one quota.
const WRITES: usize = 1;
/// A difference of clocks that can make a JWT invalid, in seconds.
const SKEWED: i64 = 30;

/// What one quota has left, and how fast it is spent.
pub(super) struct Account {
    reads: Semaphore,
    writes: Semaphore,
    budget: Mutex<Budget>,
    pacer: Mutex<Pacer>,
}

/// What came back.
pub(super) struct Told {
    pub(super) answer: Answer,
    pub(super) meaning: Meaning,
    /// Why not, in GitHub's words.
    pub(super) said: String,
    /// The server's clock, where it told it.
    pub(super) date: Option<Timestamp>,
}

/// What kept it from coming back.
pub(super) enum Failure {
    /// Nothing that asking again would change by itself.
    Final(ApiError),
    /// The wire.
    Broken(Broken),
}

impl Account {
    pub(super) fn new() -> Self {
        Self { reads: Semaphore::new(READS), writes: Semaphore::new(WRITES), budget: Mutex::default(), pacer: Mutex::default() }
    }

    pub(super) fn slow_down(&self, now: Duration) -> f64 {
        locked(&self.budget).slow_down(now)
    }
}

impl Inner {
    /// Sends one request, with what is valid now. A 401 means that nothing was done, so that a write too may be shown with another token: a JWT
    /// is made anew once by GitHub's clock, a token that is too new is shown again after a while, and one that is not taken is minted anew once.
    pub(super) async fn exchange(&self, call: &Call<'_>, uri: &Uri, etag: Option<&str>) -> Result<Told, Failure> {
        let (mut pauses, mut renewed) = (FRESH_PAUSES.iter(), false);
        loop {
            let pass = self.pass(call.who).await.map_err(Failure::Final)?;
            let told = self.send(call, uri, etag, &pass).await?;
            if told.meaning != Meaning::Stranger {
                return Ok(told);
            }
            match pass.kind {
                Kind::Jwt if !renewed && self.learn_skew(&told) => renewed = true,
                Kind::Plain | Kind::Jwt => return Err(Failure::Final(self.stranger(call, uri, pass.kind, &told.said))),
                Kind::Minted { number, fresh } => {
                    if let Some(pause) = pauses.next().filter(|_| fresh) {
                        self.time.sleep(*pause).await;
                    } else if !renewed {
                        (pauses, renewed) = (FRESH_PAUSES.iter(), true);
                        self.distrust(call.who, number).await;
                    } else {
                        self.distrust(call.who, number).await;
                        return Err(Failure::Final(self.stranger(call, uri, pass.kind, &told.said)));
                    }
                }
            }
            self.counts.add(Count::Retry);
        }
    }

    async fn send(&self, call: &Call<'_>, uri: &Uri, etag: Option<&str>, pass: &Pass) -> Result<Told, Failure> {
        let account = self.account(pass.quota);
        let shown = || self.shown(&call.method, uri);
        let late = |what: &str, after| Failure::Final(ApiError::Later { what: format!("{}: {what}", shown()), after });
        let turn = if matches!(call.purpose, Purpose::Write { .. }) { &account.writes } else { &account.reads };
        let both = async { (self.everybody.acquire().await, turn.acquire().await) };
        let Ok((Ok(_one), Ok(_other))) = tokio::time::timeout(self.transport.deadline(), both).await else {
            self.counts.add(Count::Held);
            return Err(late("too much is being asked at the same time", None));
        };
        self.admit(&account, call.purpose, etag.is_some()).await.map_err(|(what, wait)| late(what, Some(wait)))?;
        self.counts.add(Count::Request);
        if matches!(call.purpose, Purpose::Write { .. }) {
            self.counts.add(Count::Write);
        }
        let authorization = Secret::new(&format!("Bearer {}", pass.token.reveal()));
        let letter = Letter { method: &call.method, uri, body: call.body.as_ref(), etag, authorization: &authorization };
        let answer = self.transport.send(letter).await.map_err(|broken| {
            self.counts.add(Count::Fault);
            tracing::debug!(request = %shown(), ?broken, "no answer from GitHub");
            Failure::Broken(broken)
        })?;
        tracing::debug!(request = %shown(), status = answer.status, "GitHub answered");
        Ok(self.read_margins(&account, answer, pass))
    }

    /// Waits a little for quota and pace.
    async fn admit(&self, account: &Account, purpose: Purpose, conditional: bool) -> Result<(), (&'static str, Duration)> {
        let mut slept = Duration::ZERO;
        loop {
            let now = self.time.elapsed();
            let mut refused = locked(&account.budget)
                .admit(purpose, conditional, now)
                .err()
                .map(|wait| ("the quota of GitHub is spent, or kept", wait));
            if let (None, Purpose::Write { heard }) = (refused, purpose) {
                refused = locked(&account.pacer).ask(heard, now).err().map(|wait| ("GitHub takes no more writes for now", wait));
            }
            let Some((what, wait)) = refused else { return Ok(()) };
            if slept.saturating_add(wait) > PATIENCE {
                self.counts.add(Count::Held);
                return Err((what, wait));
            }
            slept = slept.saturating_add(wait);
            self.time.sleep(wait).await;
        }
    }

    /// Everything that an answer says beside its body.
    fn read_margins(&self, account: &Account, answer: Answer, pass: &Pass) -> Told {
        let date = limits::date(&answer.headers);
        let now = date.unwrap_or_else(|| self.github_now());
        let elapsed = self.time.elapsed();
        if let Some(rate) = limits::rate(&answer.headers, now) {
            locked(&account.budget).note(rate, elapsed);
        }
        if let Some(date) = date {
            self.observe(date);
        }
        let said = if answer.status >= 400 { answer::words(&answer, pass.token.reveal()) } else { String::new() };
        let meaning = answer::meaning(&answer, &said, now);
        match meaning {
            Meaning::Limited(limit) => {
                self.counts.add(Count::Limited);
                locked(&account.budget).close(limit, elapsed);
                if limit.secondary {
                    locked(&account.pacer).beware(elapsed);
                }
                tracing::info!(wait = ?limit.wait, secondary = limit.secondary, "GitHub asks us to wait");
            }
            Meaning::Fault => self.counts.add(Count::Fault),
            _ => {}
        }
        Told { answer, meaning, said, date }
    }

    /// Takes GitHub's clock for JWTs, where it differs from the one we have used so far.
    fn learn_skew(&self, told: &Told) -> bool {
        let Some(date) = told.date else { return false };
        let used = self.github_now();
        let differs = (date.as_second() - used.as_second()).abs() >= SKEWED;
        if differs {
            let skew = date.as_second() - self.time.now().as_second();
            tracing::warn!(seconds = skew, "this machine's clock differs from GitHub's: JWTs are made by GitHub's");
            self.skew.store(skew, std::sync::atomic::Ordering::Relaxed);
        }
        differs
    }

    fn stranger(&self, call: &Call<'_>, uri: &Uri, kind: Kind, said: &str) -> ApiError {
        let remedy = match kind {
            Kind::Plain => "GitHub does not take the token: it is wrong, has ended or was revoked; make a new one",
            Kind::Jwt => "GitHub does not take the App's JWT: check the App's id, its private key, and this machine's clock",
            Kind::Minted { .. } => "GitHub does not take a token that it has just minted",
        };
        let what = format!("{}: 401 {said}: {remedy}", self.shown(&call.method, uri));
        match kind {
            Kind::Plain | Kind::Jwt => ApiError::Refused { status: 401, what },
            Kind::Minted { .. } => ApiError::Later { what, after: Some(Duration::from_secs(60)) },
        }
    }

    /// A request as people are told of it.
    pub(super) fn shown(&self, method: &Method, uri: &Uri) -> String {
        format!("{method} {}", self.address.path_of(uri))
    }
}

/// What a panic elsewhere leaves behind is still whole: every change is one assignment.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
