//! A workflow of GitHub Actions: which one is written out, what it is given may come from the run.

use crate::catalog::shown::shown;
use crate::model::{JsonTemplate, Workflow};

use super::super::cursor::{Cursor, Decoder};
use super::{WORKFLOW, template};

/// How many inputs GitHub takes is 25; one of them says which run it is.
const MOST: usize = 24;

/// The input that holds the run's handle.
const OF_THE_RUN: &str = "portcullis_run";

/// Reads a workflow.
pub(super) fn workflow(d: &mut Decoder<'_>, at: Cursor<'_, '_>) -> Option<Workflow> {
    const KEYS: &[&str] = &[
        "type",
        "org",
        "repo",
        "workflow",
        "ref",
        "workflowInputs",
        "reportWorkflowStatus",
        "omitPayload",
        "omitUserInputs",
        "idempotent",
        "deadline",
    ];
    d.fields(at, KEYS);
    let owner = d.required(&at, "org", "acme").and_then(|given| name(d, given, is_owner, "the owner of a repository"));
    let repository = d.required(&at, "repo", "infrastructure").and_then(|given| name(d, given, is_name, "a repository"));
    let workflow = d
        .required(&at, "workflow", "deploy.yml")
        .and_then(|given| name(d, given, is_name, "the file of a workflow, without its directory"));
    let reference = at.given("ref").map(|given| name(d, given, is_ref, "a branch or a tag"));
    let inputs = at.given("workflowInputs").map(|given| inputs(d, given));
    let omit = d.flag(&at, "omitUserInputs");
    d.flag(&at, "omitPayload");
    let report_status = at.given("reportWorkflowStatus").and_then(|given| d.boolean(given)).unwrap_or(true);
    Some(Workflow {
        owner: owner?,
        repository: repository?,
        workflow: workflow?,
        reference: match reference {
            Some(read) => Some(read?),
            None => None,
        },
        inputs: inputs.or(omit.then(Vec::new)),
        report_status,
        idempotent: d.flag(&at, "idempotent"),
    })
}

fn inputs(d: &mut Decoder<'_>, at: Cursor<'_, '_>) -> Vec<(Box<str>, JsonTemplate)> {
    if !d.mapping(at) {
        return Vec::new();
    }
    if let Some(reserved) = at.get(OF_THE_RUN) {
        let message = format!("the controller itself gives `{OF_THE_RUN}`");
        d.key_error(WORKFLOW, reserved, message, "take it out; the workflow gets it in any case");
    }
    if let Some(one_more) = at.pairs().nth(MOST) {
        let message = format!("a workflow takes at most {MOST} inputs besides `{OF_THE_RUN}`");
        d.key_error(WORKFLOW, one_more, message, "pass what belongs together as one input: a mapping becomes JSON");
    }
    if let Some(odd) = at.pairs().find(|pair| !is_input(pair.name())) {
        let message = format!("`{}` is no name of an input", shown(odd.name()));
        d.key_error(WORKFLOW, odd, message, "write letters, digits, `_` and `-`");
    }
    template::entries(d, at)
}

fn name(d: &mut Decoder<'_>, at: Cursor<'_, '_>, good: impl Fn(&str) -> bool, what: &str) -> Option<Box<str>> {
    let text = d.text(at)?;
    if !template::fixed(d, at, text, false) {
        return None;
    }
    if !good(text) {
        d.error(WORKFLOW, at, format!("`{}` does not name {what}", shown(text)), "write it as GitHub shows it");
        return None;
    }
    Some(text.into())
}

fn is_owner(text: &str) -> bool {
    (1..=100).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

/// Of a repository, and of a file in `.github/workflows`.
fn is_name(text: &str) -> bool {
    (1..=200).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
        && !text.bytes().all(|b| b == b'.')
}

fn is_input(text: &str) -> bool {
    text.contains("{{") // told of elsewhere
        || ((1..=100).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')))
}

/// A name of a ref, by git's rules.
fn is_ref(text: &str) -> bool {
    (1..=250).contains(&text.len())
        && !text.contains("..")
        && !text.contains("//")
        && !text.contains("@{")
        && !text.ends_with(['/', '.'])
        && !text.starts_with(['/', '-', '.'])
        && text.bytes().all(|b| b.is_ascii_graphic() && !b"~^:?*[\\".contains(&b))
}
