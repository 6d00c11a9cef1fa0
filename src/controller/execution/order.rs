//! What is to be performed: the action's invocation, filled in by the very revision that the claim was made by.

use std::sync::Arc;
use std::time::Duration;

use crate::catalog::Catalog;
use crate::check::Base;
use crate::execute::{Order, Performers};
use crate::model::{Action, Identifier};
use crate::run::call::Call;
use crate::run::life::{Execution, Grant, Landing, RunHandle};
use crate::store::RunRecord;

use super::super::Shared;
use super::super::judging::{Unjudged, laid_to_commit};
use super::super::parts::Repository;
use super::decide::Decided;

/// What is to be done, or why that cannot be said.
pub(super) enum Filled {
    /// This.
    Call(Box<Call>),
    /// Nothing ever, by the revision that the claim was made by.
    Never(String),
}

/// Why a run that may be executed is not: nobody was set up to perform its action.
pub(super) fn unperformed(performers: &Performers, decided: &Decided) -> Option<String> {
    let action = decided.now.0.actions().get(&decided.landed.grant.as_ref()?.action)?;
    let kind = action.value.invocation.kind.as_ref();
    let has = match kind {
        "WEBHOOK" => performers.webhook.is_some(),
        "GITHUB" => performers.workflow.is_some(),
        "UPSERT_ENTITY" => performers.entity.is_some(),
        _ => false,
    };
    (!has).then(|| format!("this controller is not set up to perform {kind} actions"))
}

/// Whether the receiver performs what carries one key only once.
pub(super) fn dedupes(action: &Action) -> bool {
    action.invocation.definition.get("idempotent") == Some(&crate::model::Value::Bool(true))
}

/// How long an execution may take.
pub(super) fn time_to_execute(_base: &Base<Catalog>, _action: &Action) -> Duration {
    Duration::from_secs(3600)
}

impl Shared {
    /// What is to be done, by the accepted revision of the claim: the same on every attempt.
    pub(super) async fn fill(
        self: &Arc<Self>,
        repository: &Arc<Repository>,
        record: &RunRecord,
        grant: &Grant,
    ) -> Result<Filled, Unjudged> {
        let (inner, run, grant, handle) = (repository.clone(), record.id.clone(), grant.clone(), handle(repository, &record.id));
        self.off_thread(move || {
            let catalog = inner.watched.workspace.snapshot(grant.revision).map_err(laid_to_commit)?.catalog;
            Ok(fill(&catalog, &run, &grant, &handle))
        })
        .await
    }
}

fn fill(catalog: &Catalog, run: &Identifier, grant: &Grant, _handle: &RunHandle) -> Filled {
    let (Some(request), Some(action)) = (catalog.runs().get(run), catalog.actions().get(&grant.action)) else {
        return Filled::Never("the revision that the claim was made by does not hold it".to_owned());
    };
    let definition = &action.value.invocation.definition;
    let url = definition.get("url").and_then(|url| url.as_str()).unwrap_or_default().to_owned();
    Filled::Call(Box::new(Call::Webhook(crate::run::call::WebhookCall {
        url,
        method: "POST".to_owned(),
        headers: Vec::new(),
        body: request.value.inputs.to_json(),
        synchronized: definition.get("synchronized") == Some(&crate::model::Value::Bool(true)),
    })))
}

/// What the API calls a run.
pub(super) fn handle(repository: &Repository, run: &Identifier) -> RunHandle {
    RunHandle::of(repository.watched.key.as_str(), run)
}

/// The order of an attempt.
pub(super) fn order(
    repository: &Repository,
    run: &Identifier,
    landing: &Landing,
    execution: &Execution,
    attempt: u32,
    call: Call,
) -> Order {
    Order {
        repository: repository.watched.key.as_str().to_owned(),
        run: run.clone(),
        handle: handle(repository, run),
        key: execution.key.clone(),
        attempt,
        // No attempt is older than the run on the branch.
        since: landing.at,
        outside: execution.outside.clone(),
        call,
    }
}
