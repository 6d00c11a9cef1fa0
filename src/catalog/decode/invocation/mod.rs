//! `invocationMethod`: how a run is performed.

mod address;
mod entity;
mod header;
mod template;
mod workflow;

use crate::model::{Invocation, InvocationMethod, RuleDoc, Webhook};

use super::cursor::{Cursor, Decoder};
use super::time;

const METHOD: &str = "action/invocation-method";
const URL: &str = "action/url";
const HEADER: &str = "action/header";
const TEMPLATE: &str = "action/template";
const WORKFLOW: &str = "action/workflow";

pub(super) const RULES: &[RuleDoc] = &[
    RuleDoc {
        id: METHOD,
        summary: "An action is performed by `WEBHOOK`, `GITHUB`, `UPSERT_ENTITY` or `DELETE_ENTITY`.",
        remedy: "Use one of these; a webhook can start anything else.",
    },
    RuleDoc {
        id: URL,
        summary: "A webhook's `url` is an http or https address whose host is written out; templates stand in segments of its path and in values of its query.",
        remedy: "Write the whole address: https://example.com/hook/{{ .run.id }}.",
    },
    RuleDoc {
        id: HEADER,
        summary: "A header has a name that HTTP allows and that the controller does not set itself, and a value in one line.",
        remedy: "Rename the header, or take it out.",
    },
    RuleDoc {
        id: TEMPLATE,
        summary: "A template is a path such as `{{ .inputs.name }}` into `inputs`, `entity`, `action`, `run` or `requester`; in values of headers into `secrets` too.",
        remedy: "Write a path; what has to be computed is computed by whatever is called.",
    },
    RuleDoc {
        id: WORKFLOW,
        summary: "`org`, `repo`, `workflow` and `ref` name one workflow of GitHub, and it is given at most 24 inputs besides `portcullis_run`.",
        remedy: "Write the names out, and pass what belongs together as one input.",
    },
];

const SUPPORTED: &[&str] = &["WEBHOOK", "GITHUB", "UPSERT_ENTITY", "DELETE_ENTITY"];

/// What Port knows besides, by the names it has had.
const REFUSED: &[&str] = &[
    "KAFKA",
    "GITLAB",
    "AZURE_DEVOPS",
    "AZURE-DEVOPS",
    "JENKINS",
    "BITBUCKET",
    "ARGO",
    "SLACK",
    "INTEGRATION_ACTION",
    "AI_AGENT",
    "CREATE_ENTITY",
];

/// Reads how a run is performed.
pub(super) fn invocation(d: &mut Decoder<'_>, at: Cursor<'_, '_>) -> Option<InvocationMethod> {
    if !d.mapping(at) {
        return None;
    }
    let kind_at = d.required(&at, "type", "WEBHOOK")?;
    let written = d.text(kind_at)?;
    if REFUSED.contains(&written) {
        let message = format!("runs cannot be performed by {written} here");
        let help = "use WEBHOOK, GITHUB, UPSERT_ENTITY or DELETE_ENTITY; a webhook can start anything else";
        d.error(METHOD, kind_at, message, help);
        return None;
    }
    let way = match d.choice(kind_at, SUPPORTED)? {
        "WEBHOOK" => webhook(d, at).map(Invocation::Webhook),
        "GITHUB" => workflow::workflow(d, at).map(Invocation::Workflow),
        "UPSERT_ENTITY" => entity::upsert(d, at).map(Invocation::Entity),
        _ => entity::delete(d, at).map(Invocation::Entity),
    };
    let deadline = at.given("deadline").and_then(|given| time::duration(d, given));
    Some(InvocationMethod { way: way?, deadline, definition: at.node.to_value() })
}

fn webhook(d: &mut Decoder<'_>, at: Cursor<'_, '_>) -> Option<Webhook> {
    const KEYS: &[&str] = &["type", "url", "agent", "synchronized", "method", "headers", "body", "idempotent", "deadline"];
    d.fields(at, KEYS);
    let url = d.required(&at, "url", "https://example.com/hook").and_then(|url| address::address(d, url));
    if let Some(agent) = at.given("agent")
        && d.boolean(agent) == Some(true)
    {
        d.error(METHOD, agent, "there is no agent here", "write `agent: false`: the controller itself calls the webhook");
    }
    let method = at.given("method").and_then(|method| d.choice(method, &["POST", "PUT", "PATCH", "DELETE", "GET"]));
    let headers = at.given("headers").map(|headers| header::headers(d, headers)).unwrap_or_default();
    let body = at.given("body").map(|body| template::json(d, body));
    Some(Webhook {
        url: url?,
        method: method.unwrap_or("POST").into(),
        headers,
        body: match body {
            Some(read) => Some(read?),
            None => None,
        },
        synchronized: d.flag(&at, "synchronized"),
        idempotent: d.flag(&at, "idempotent"),
    })
}
