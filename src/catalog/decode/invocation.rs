//! `invocationMethod`: how a run is performed.

use crate::catalog::shown::shown;
use crate::model::{InvocationMethod, RuleDoc};

use super::cursor::{Cursor, Decoder};

pub(super) const RULES: &[RuleDoc] = &[
    RuleDoc {
        id: "action/invocation-method",
        summary: "An action is performed by `WEBHOOK`, `GITHUB` or `UPSERT_ENTITY`.",
        remedy: "Use one of these; a webhook can start anything else.",
    },
    RuleDoc {
        id: "action/url",
        summary: "A webhook's `url` is an http or https address.",
        remedy: "Write the whole address: https://example.com/hook.",
    },
];

const SUPPORTED: &[&str] = &["WEBHOOK", "GITHUB", "UPSERT_ENTITY"];

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
        d.error(
            "action/invocation-method",
            kind_at,
            message,
            "use WEBHOOK, GITHUB or UPSERT_ENTITY; a webhook can start anything else",
        );
        return None;
    }
    let kind = d.choice(kind_at, SUPPORTED)?;
    match kind {
        "WEBHOOK" => webhook(d, at),
        "GITHUB" => github(d, at),
        _ => upsert(d, at),
    }
    Some(InvocationMethod { kind: kind.into(), definition: at.node.to_value() })
}

fn webhook(d: &mut Decoder<'_>, at: Cursor<'_, '_>) {
    d.fields(at, &["type", "url", "agent", "synchronized", "method", "headers", "body"]);
    if let Some(url) = d.required(&at, "url", "https://example.com/hook")
        && let Some(text) = d.text(url).filter(|text| !text.starts_with("https://") && !text.starts_with("http://"))
    {
        let message = format!("`{}` is not an http address", shown(text));
        d.error("action/url", url, message, "write the whole address: https://example.com/hook");
    }
    if let Some(agent) = at.given("agent")
        && d.boolean(agent) == Some(true)
    {
        d.error(
            "action/invocation-method",
            agent,
            "there is no agent here",
            "write `agent: false`: the controller itself calls the webhook",
        );
    }
    if let Some(method) = at.given("method") {
        d.choice(method, &["POST", "PUT", "PATCH", "DELETE", "GET"]);
    }
    d.flag(&at, "synchronized");
    if let Some(headers) = at.given("headers").filter(|headers| d.mapping(*headers)) {
        headers.pairs().for_each(|header| {
            d.text(header);
        });
    }
}

fn github(d: &mut Decoder<'_>, at: Cursor<'_, '_>) {
    d.fields(at, &["type", "org", "repo", "workflow", "workflowInputs", "reportWorkflowStatus", "omitPayload", "omitUserInputs"]);
    for (key, example) in [("org", "acme"), ("repo", "infrastructure"), ("workflow", "deploy.yml")] {
        if let Some(written) = d.required(&at, key, example) {
            d.text(written);
        }
    }
    if let Some(inputs) = at.given("workflowInputs") {
        d.mapping(inputs);
    }
    for key in ["reportWorkflowStatus", "omitPayload", "omitUserInputs"] {
        d.flag(&at, key);
    }
}

fn upsert(d: &mut Decoder<'_>, at: Cursor<'_, '_>) {
    d.fields(at, &["type", "blueprintIdentifier", "mapping"]);
    if let Some(blueprint) = d.required(&at, "blueprintIdentifier", "<Blueprint>") {
        d.identifier(blueprint);
    }
    if let Some(mapping) = d.required(&at, "mapping", "{ identifier: \"{{ .inputs.name }}\" }") {
        d.fields(mapping, &["identifier", "title", "icon", "team", "properties", "relations"]);
    }
}
