//! A run and its log in the shape of Port's API.

use serde_json::{Map, Value as Json, json};

use crate::model::{RunState, Timestamp};
use crate::run::life::{Life, RunHandle};
use crate::store::{FoundRun, LogLine, RunRecord, Standing};

use super::watching::Described;

/// What the API calls a run.
pub(super) fn handle(found: &FoundRun) -> RunHandle {
    RunHandle::of(found.repository.as_str(), &found.record.id)
}

/// The action of a run, as its last decision or its execution knows it.
pub(super) fn action(record: &RunRecord) -> Option<&str> {
    match record.life.as_ref().and_then(|life| life.execution.as_ref()) {
        Some(execution) => Some(execution.grant.action.as_str()),
        None => record.decision.get("action").and_then(Json::as_str),
    }
}

/// `run`
pub(super) fn run(found: &FoundRun, repository: &str, described: Option<Described>) -> Json {
    let record = &found.record;
    let described = described.unwrap_or_default();
    let life = record.life.as_ref();
    let execution = life.and_then(|life| life.execution.as_ref());
    let over = life.is_some_and(Life::is_final) || record.standing == Standing::Adopted;
    let time = |at: Timestamp| Json::from(at.to_string());
    let texts = |key: &str| record.decision.get(key).and_then(Json::as_array).is_some_and(|list| !list.is_empty());
    let mut out = Map::new();
    let mut put = |key: &str, value: Json| out.insert(key.to_owned(), value);
    put("id", handle(found).as_str().into());
    put("status", status(record).into());
    put("statusLabel", execution.and_then(|execution| execution.label.clone()).into());
    let title = described.title;
    put("action", json!({ "identifier": action(record).unwrap_or_default(), "title": title }));
    if let Some(blueprint) = described.blueprint {
        put("blueprint", json!({ "identifier": blueprint }));
    }
    if let Some(entity) = described.entity {
        put("entity", json!({ "identifier": entity }));
    }
    put("properties", Json::Object(described.properties));
    let required = execution.map_or_else(|| texts("approvers") || texts("approvals"), |execution| execution.grant.needed > 0);
    put("requiredApproval", required.into());
    put("source", "API".into());
    put("link", execution.map(|execution| execution.links.clone()).unwrap_or_default().into());
    if let Some(summary) = execution.and_then(|execution| execution.summary.clone()) {
        put("summary", summary.into());
    }
    if let Some(outside) = execution.and_then(|execution| execution.outside.clone()) {
        put("externalRunId", outside.into());
    }
    if let Some(requester) = record.decision.get("requester").and_then(Json::as_str) {
        put("createdBy", requester.into());
    }
    put("createdAt", time(life.and_then(|life| life.landing.as_ref()).map_or(record.at, |landing| landing.at)));
    put("updatedAt", time(record.at));
    if over {
        put("endedAt", time(record.at));
    }
    // Beyond Port's: what people call it.
    put("identifier", record.id.as_str().into());
    put("repository", repository.into());
    Json::Object(out)
}

/// `status`, as Port writes it.
pub(super) fn status(record: &RunRecord) -> &'static str {
    match record.standing {
        Standing::Adopted => RunState::Cancelled.as_str(),
        Standing::Decided(state) => record.life.as_ref().map_or(state, |life| life.state).as_str(),
    }
}

/// `runLog`
pub(super) fn log_line(handle: &RunHandle, line: &LogLine) -> Json {
    json!({
        "id": format!("{handle}_{}", line.number),
        "runId": handle.as_str(),
        "message": line.message,
        "createdBy": "machine",
        "createdAt": line.at.to_string(),
    })
}

/// `approvers`: who has approved; with those who still may where `pending` is asked for.
pub(super) fn approvers(record: &RunRecord, pending: bool) -> Json {
    let named = |key: &str| record.decision.get(key).and_then(Json::as_array).cloned().unwrap_or_default();
    let of = |names: Vec<Json>, state: &str| -> Vec<Json> {
        let users = names.iter().filter_map(Json::as_str);
        users.map(|user| json!({ "userId": user, "state": state, "description": null })).collect()
    };
    let approvals = named("approvals");
    let waiting = match pending && record.life.as_ref().is_some_and(|life| life.state == RunState::WaitingForApproval) {
        true => named("approvers").into_iter().filter(|user| !approvals.contains(user)).collect(),
        false => Vec::new(),
    };
    let mut out = of(approvals, "APPROVED");
    out.extend(of(waiting, "PENDING"));
    Json::Array(out)
}
