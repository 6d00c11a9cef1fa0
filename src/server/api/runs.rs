//! The calls about runs.

use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::controller::outside::{self, Said};
use crate::model::RunState;
use crate::run::call::Scrub;
use crate::run::life::{Event, Life, Refusal, Report, RunHandle, step};
use crate::store::{FoundRun, LogLine, RunRecord, Standing, StoreError};

use super::answer::{self, Failure};
use super::token::{self, Holder};
use super::{Api, Parts, body, shape};

/// Runs in one answer.
const MOST_RUNS: usize = 1000;
/// Lines of a log in one answer.
const MOST_LINES: u32 = 50;
/// Lines of a log that are looked through for one that was sent before.
const LOOKED_THROUGH: u32 = 10_000;

/// A run that whoever asks may speak of, and what the configuration calls its repository.
struct Theirs {
    found: FoundRun,
    repository: String,
}

impl Parts {
    /// Who asks.
    fn holder(&self, headers: &HeaderMap) -> Result<Holder<'_>, Failure> {
        let said = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = said.and_then(|said| {
            let (kind, token) = said.split_once(' ')?;
            kind.eq_ignore_ascii_case("bearer").then(|| token.trim())
        });
        let Some(token) = token else { return Err(Failure::Unauthorized("no token: `Authorization: Bearer TOKEN`")) };
        token::holder(&self.credentials, token, self.clock.now())
            .ok_or(Failure::Unauthorized("the token is none of ours, or has run out: ask for another"))
    }

    /// The run that a holder names, if it is one of theirs.
    async fn theirs(&self, holder: &Holder<'_>, run: &str) -> Result<Theirs, Failure> {
        let handle = RunHandle::parse(run).ok_or(Failure::NotFound)?;
        let found = self.store.run_by_handle(&handle).await.map_err(failed)?.ok_or(Failure::NotFound)?;
        let watched = self.watching.repositories();
        let repository = watched.into_iter().find(|(key, _)| *key == found.repository).ok_or(Failure::NotFound)?.1;
        match may_speak(holder, &handle, &repository, &found.record) {
            true => Ok(Theirs { found, repository }),
            false => Err(Failure::NotFound),
        }
    }

    async fn shaped(&self, found: &FoundRun, repository: &str) -> Json {
        let described = self.watching.describe(&found.repository, &found.record.id).await;
        shape::run(found, repository, described)
    }

    /// What nothing that is reported of a run may repeat.
    async fn secrets(&self, found: &FoundRun) -> Result<Scrub, Failure> {
        if found.record.life.as_ref().is_none_or(|life| life.execution.is_none()) {
            return Ok(Scrub::default()); // it was sent to nobody, and nothing that is reported is kept
        }
        self.watching.secrets(&found.repository, &found.record).await.ok_or(Failure::Unavailable)
    }

    /// Has a report happen to a run; the run as it then stands. What is told again is taken again.
    async fn report(&self, holder: &Holder<'_>, found: FoundRun, report: Report) -> Result<FoundRun, Failure> {
        let by = format!("client {}", holder.credential.client_id);
        let event = Event::Reported(report);
        let Event::Reported(report) = &event else { return Err(Failure::Unavailable) };
        match outside::say(&*self.store, found, &event, &by, &|| self.clock.now()).await.map_err(failed)? {
            Said::Written(found) => {
                tracing::info!(repository = %found.repository, run = %found.record.id, client = holder.credential.client_id,
                    status = shape::status(&found.record), "reported");
                self.watching.wake(&found.repository, &found.record.id);
                Ok(*found)
            }
            Said::Unmoved(refusal, found) if is_told_again(refusal, report, &found.record) => Ok(*found),
            Said::Unmoved(refusal, _) => Err(refused(refusal)),
            Said::History(_) => Err(refused(Refusal::OutOfPlace)),
            Said::Gone => Err(Failure::NotFound),
            Said::Contended => Err(Failure::Unavailable),
        }
    }

    /// A line that was written before with exactly these words.
    async fn written_before(&self, found: &FoundRun, message: &str) -> Result<Option<LogLine>, Failure> {
        let lines = self.store.log(&found.repository, &found.record.id, 0, LOOKED_THROUGH).await.map_err(failed)?;
        Ok(lines.into_iter().rev().find(|line| line.message == message))
    }
}

/// Whether a holder may speak of a run: it is of one of their repositories and their actions, and the one their token is for.
fn may_speak(holder: &Holder<'_>, handle: &RunHandle, repository: &str, record: &RunRecord) -> bool {
    let credential = holder.credential;
    holder.run.as_ref().is_none_or(|run| run == handle)
        && credential.repositories.hold(repository)
        && shape::action(record).is_some_and(|action| credential.actions.hold(action))
}

/// Whether a report says nothing that is not written already.
fn is_told_again(refusal: Refusal, report: &Report, record: &RunRecord) -> bool {
    let outcome = match record.life.as_ref().map(|life| life.state) {
        Some(RunState::Success) => Some(true),
        Some(RunState::Failure) => Some(false),
        _ => None,
    };
    let Some(execution) = record.life.as_ref().and_then(|life| life.execution.as_ref()) else { return false };
    let same = |said: &Option<String>, kept: &Option<String>| said.is_none() || said == kept;
    let kept = same(&report.label, &execution.label)
        && same(&report.summary, &execution.summary)
        && same(&report.outside, &execution.outside)
        && report.links.as_ref().is_none_or(|links| *links == execution.links);
    match refusal {
        Refusal::Nothing => true,
        Refusal::Final => kept && report.success.is_none_or(|success| outcome == Some(success)),
        _ => false,
    }
}

fn refused(refusal: Refusal) -> Failure {
    match refusal {
        Refusal::Final => Failure::OutOfPlace("run_ended", "the run has come to its end, and nothing changes that".to_owned()),
        _ => Failure::OutOfPlace(
            "run_not_in_progress",
            "the run was not handed to anybody, so nobody can have performed it".to_owned(),
        ),
    }
}

fn failed(error: StoreError) -> Failure {
    tracing::error!(%error, "the API cannot use the store");
    Failure::Unavailable
}

/// `GET /v1/actions/runs/{run}`
pub(super) async fn show(State(api): State<Api>, headers: HeaderMap, Path(run): Path<String>) -> Response {
    let parts = &api.0;
    let shown = async {
        let theirs = parts.theirs(&parts.holder(&headers)?, &run).await?;
        Ok(parts.shaped(&theirs.found, &theirs.repository).await)
    };
    answered(shown.await.map(|run| json!({ "ok": true, "run": run })))
}

/// `PATCH /v1/actions/runs/{run}`
pub(super) async fn update(State(api): State<Api>, Path(run): Path<String>, request: Request) -> Response {
    let parts = &api.0;
    let (head, body) = request.into_parts();
    let updated = async {
        let holder = parts.holder(&head.headers)?;
        let theirs = parts.theirs(&holder, &run).await?;
        let report = body::report(&head.headers, body, &parts.room).await?;
        let report = parts.secrets(&theirs.found).await?.clean_report(report);
        let found = parts.report(&holder, theirs.found, report).await?;
        Ok(parts.shaped(&found, &theirs.repository).await)
    };
    answered(updated.await.map(|run| json!({ "ok": true, "run": run })))
}

/// `GET /v1/actions/runs/{run}/approvers`
pub(super) async fn approvers(
    State(api): State<Api>,
    headers: HeaderMap,
    Path(run): Path<String>,
    Query(asked): Query<Approvers>,
) -> Response {
    let parts = &api.0;
    let told = async {
        let theirs = parts.theirs(&parts.holder(&headers)?, &run).await?;
        Ok(shape::approvers(&theirs.found.record, asked.include_pending_approvers.as_deref() == Some("true")))
    };
    answered(told.await.map(|approvers| json!({ "ok": true, "approvers": approvers })))
}

/// What is asked of approvers.
#[derive(Deserialize)]
pub(super) struct Approvers {
    include_pending_approvers: Option<String>,
}

/// `GET /v1/actions/runs/{run}/logs`
pub(super) async fn read_log(
    State(api): State<Api>,
    headers: HeaderMap,
    Path(run): Path<String>,
    Query(asked): Query<Lines>,
) -> Response {
    let parts = &api.0;
    let told = async {
        let theirs = parts.theirs(&parts.holder(&headers)?, &run).await?;
        let limit = asked.limit.unwrap_or(MOST_LINES).clamp(1, MOST_LINES);
        let (repository, id) = (&theirs.found.repository, &theirs.found.record.id);
        let lines = parts.store.log(repository, id, asked.offset.unwrap_or(0), limit).await.map_err(failed)?;
        let handle = shape::handle(&theirs.found);
        Ok(lines.iter().map(|line| shape::log_line(&handle, line)).collect::<Vec<_>>())
    };
    answered(told.await.map(|lines| json!({ "ok": true, "runLogs": lines })))
}

/// Which lines of a log are asked for.
#[derive(Deserialize)]
pub(super) struct Lines {
    limit: Option<u32>,
    offset: Option<u64>,
}

/// `POST /v1/actions/runs/{run}/logs`
pub(super) async fn append_log(State(api): State<Api>, Path(run): Path<String>, request: Request) -> Response {
    let parts = &api.0;
    let (head, body) = request.into_parts();
    let appended = async {
        let holder = parts.holder(&head.headers)?;
        let Theirs { found, .. } = parts.theirs(&holder, &run).await?;
        let entry = body::LogEntry::read(&head.headers, body, &parts.room).await?.without(&parts.secrets(&found).await?);
        let handle = shape::handle(&found);
        let life = match (&found.record.standing, &found.record.life) {
            (Standing::Decided(_), Some(life)) if life.execution.is_some() => life,
            _ => return Err(refused(Refusal::OutOfPlace)),
        };
        if life.is_final() {
            // Whoever did not hear the answer says it again.
            let again = is_told_again(Refusal::Final, &entry.report.unwrap_or_default(), &found.record);
            return match parts.written_before(&found, &entry.message).await? {
                Some(line) if again => Ok(shape::log_line(&handle, &line)),
                _ => Err(refused(Refusal::Final)),
            };
        }
        if let Some(refusal) = entry.report.as_ref().and_then(|report| would_refuse(life, report, parts)) {
            return Err(refused(refusal));
        }
        let at = parts.clock.now();
        let number = parts.store.append_log(&found.repository, &found.record.id, &entry.message, at).await.map_err(failed)?;
        let Some(number) = number else {
            return Err(Failure::OutOfPlace("log_full", "the log of this run takes no more lines".to_owned()));
        };
        if let Some(report) = entry.report {
            parts.report(&holder, found, report).await?;
        }
        Ok(shape::log_line(&handle, &LogLine { number, message: entry.message, at }))
    };
    match appended.await {
        Ok(line) => answer::with_status(StatusCode::CREATED, &json!({ "ok": true, "runLog": line })),
        Err(failure) => failure.into_response(),
    }
}

/// Why a report would move nothing, so that its line is not written either.
fn would_refuse(life: &Life, report: &Report, parts: &Parts) -> Option<Refusal> {
    match step(life, &Event::Reported(report.clone()), parts.clock.now()) {
        Ok(_) | Err(Refusal::Nothing) => None,
        Err(refusal) => Some(refusal),
    }
}

/// `GET /v1/actions/runs`
pub(super) async fn list(State(api): State<Api>, headers: HeaderMap, Query(asked): Query<Asked>) -> Response {
    let parts = &api.0;
    let listed = async {
        let holder = parts.holder(&headers)?;
        let limit = asked.limit.unwrap_or(MOST_RUNS).clamp(1, MOST_RUNS);
        let mut out = Vec::new();
        for (key, name) in parts.watching.repositories() {
            if !holder.credential.repositories.hold(&name) {
                continue;
            }
            for record in parts.store.runs(&key).await.map_err(failed)?.into_iter().filter(|record| asked.fits(record)) {
                let handle = RunHandle::of(key.as_str(), &record.id);
                if out.len() < limit && may_speak(&holder, &handle, &name, &record) {
                    let found = FoundRun { repository: key.clone(), record };
                    out.push(shape::run(&found, &name, None));
                }
            }
        }
        Ok(out)
    };
    answered(listed.await.map(|runs| json!({ "ok": true, "runs": runs })))
}

/// Which runs are asked for; what else Port's call takes is passed over.
#[derive(Deserialize)]
pub(super) struct Asked {
    limit: Option<usize>,
    active: Option<String>,
    action: Option<String>,
    external_run_id: Option<String>,
}

impl Asked {
    fn fits(&self, record: &RunRecord) -> bool {
        let execution = record.life.as_ref().and_then(|life| life.execution.as_ref());
        let outside = execution.and_then(|execution| execution.outside.as_deref());
        let running = record.life.as_ref().is_some_and(|life| life.state == RunState::InProgress && !life.is_final());
        self.external_run_id.as_deref().is_none_or(|id| outside == Some(id))
            && self.action.as_deref().is_none_or(|action| shape::action(record) == Some(action))
            && (self.active.as_deref() != Some("true") || running)
    }
}

fn answered(told: Result<Json, Failure>) -> Response {
    match told {
        Ok(body) => answer::ok(body),
        Err(failure) => failure.into_response(),
    }
}
