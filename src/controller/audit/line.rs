//! What an audit note says of a run: one line of JSON a step that is worth telling, the same bytes whoever writes it and whenever.

use serde::Serialize;
use serde_json::Value as Json;

use crate::model::{Identifier, RunState};
use crate::run::call::Scrub;
use crate::run::life::{Life, RunHandle};
use crate::store::RunTransition;

/// The most that is kept of one text, in characters.
const LONGEST: usize = 500;

/// One step.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    v: u8,
    run: &'a str,
    handle: &'a str,
    step: u64,
    at: String,
    event: &'a str,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    requester: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pull_request: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    approvals: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    says: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
}

/// The lines of a run, oldest first. `secrets` are not repeated, wherever they stand.
pub(super) fn lines(run: &Identifier, handle: &RunHandle, life: &Life, steps: &[RunTransition], secrets: &Scrub) -> String {
    let mut out = String::new();
    for step in steps.iter().filter(|step| is_worth_telling(step)) {
        if let Ok(line) = serde_json::to_string(&line(run, handle, life, step, secrets)) {
            out.push_str(&line);
            out.push('\n');
        }
    }
    out
}

fn is_worth_telling(step: &RunTransition) -> bool {
    step.from != Some(step.to)
        || matches!(step.event.as_str(), "landed" | "claimed" | "answered" | "lost" | "withdrawn" | "resolved")
}

fn line<'a>(run: &'a Identifier, handle: &'a RunHandle, life: &Life, step: &'a RunTransition, secrets: &Scrub) -> Line<'a> {
    let decision = &step.decision;
    let at = |value: Option<&Json>, key: &str| {
        value.and_then(|value| value.get(key)).and_then(Json::as_str).map(|text| open(text, secrets))
    };
    let text = |key: &str| at(Some(decision), key);
    let list = |value: Option<&Json>| {
        let names: Vec<String> = value?.as_array()?.iter().filter_map(Json::as_str).map(|name| open(name, secrets)).collect();
        (!names.is_empty()).then_some(names)
    };
    let grant = decision.get("grant").filter(|_| step.event == "claimed");
    let answer = decision.get("answer").filter(|_| matches!(step.event.as_str(), "answered" | "lost"));
    let ended = matches!(step.to, RunState::Success | RunState::Failure);
    let execution = life.execution.as_ref().filter(|_| ended && step.from != Some(step.to));
    let decided = step.event == "decided";
    Line {
        v: 1,
        run: run.as_str(),
        handle: handle.as_str(),
        step: step.revision,
        at: step.at.to_string(),
        event: if step.event.is_empty() { "decided" } else { &step.event },
        state: step.to.as_str(),
        action: text("action"),
        requester: text("requester"),
        pull_request: text("pull_request"),
        digest: at(grant, "digest").or_else(|| text("digest").filter(|_| decided)),
        revision: at(grant, "revision"),
        approvals: list(grant.and_then(|grant| grant.get("approvals")).or_else(|| decision.get("approvals").filter(|_| decided))),
        by: text("by").or_else(|| {
            let withdrawn = life.withdrawn.as_ref().filter(|_| step.event == "withdrawn");
            withdrawn.map(|withdrawn| open(&withdrawn.by, secrets))
        }),
        reason: text("reason").filter(|_| decided),
        outcome: at(answer, "is"),
        says: at(answer, "says")
            .or_else(|| at(answer, "why"))
            .or_else(|| execution.and_then(|execution| execution.summary.as_deref()).map(|text| open(text, secrets))),
        link: at(answer, "link")
            .or_else(|| execution.and_then(|execution| execution.links.first()).map(|link| open(link, secrets))),
    }
}

/// A text as it may be shown to whoever has a clone.
fn open(text: &str, secrets: &Scrub) -> String {
    secrets.clean(text).chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn step(revision: u64, from: RunState, to: RunState, event: &str, decision: Json) -> RunTransition {
        let at = crate::model::Timestamp::from_second(1_700_000_000 + i64::try_from(revision).unwrap()).unwrap();
        RunTransition { revision, from: Some(from), to, decision, event: event.to_owned(), at }
    }

    fn told(steps: &[RunTransition], secrets: &[&str]) -> String {
        let run = Identifier::new("r-1").unwrap();
        let mut scrub = Scrub::default();
        secrets.iter().for_each(|secret| scrub.add(secret));
        lines(&run, &RunHandle::of("acme", &run), &Life::new(RunState::Approved), steps, &scrub)
    }

    #[test]
    fn a_claim_tells_who_approved_and_which_digest() {
        let grant =
            json!({ "digest": "ab", "revision": "cd", "approvals": ["carol@acme.dev"], "requesters": ["alice@acme.dev"] });
        let decision = json!({ "action": "grant", "requester": "alice@acme.dev", "grant": grant, "inputs": { "token": "hush" } });
        let line = told(&[step(3, RunState::Approved, RunState::InProgress, "claimed", decision)], &[]);
        let handle = RunHandle::of("acme", &Identifier::new("r-1").unwrap());
        assert_eq!(
            line,
            format!(
                "{{\"v\":1,\"run\":\"r-1\",\"handle\":\"{handle}\",\"step\":3,\"at\":\"2023-11-14T22:13:23Z\",\"event\":\"claimed\",\"state\":\"IN_PROGRESS\",\
                 \"action\":\"grant\",\"requester\":\"alice@acme.dev\",\"digest\":\"ab\",\"revision\":\"cd\",\"approvals\":[\"carol@acme.dev\"]}}\n"
            )
        );
    }

    #[test]
    fn a_secret_is_repeated_nowhere_and_no_text_makes_a_second_line() {
        let decision = json!({ "answer": { "is": "done", "says": "took s3cr3t\nand more", "link": "https://x/s3cr3t" } });
        let line = told(&[step(4, RunState::InProgress, RunState::Success, "answered", decision)], &["s3cr3t"]);
        assert!(!line.contains("s3cr3t"), "{line}");
        assert_eq!(line.lines().count(), 1);
        assert!(line.contains("took ***\\nand more"), "{line}");
    }

    #[test]
    fn what_only_repeats_a_state_is_not_told() {
        let waiting = RunState::WaitingForApproval;
        assert_eq!(
            told(&[step(2, waiting, waiting, "reminded", json!({})), step(3, waiting, waiting, "decided", json!({}))], &[]),
            ""
        );
    }
}
