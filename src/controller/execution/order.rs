//! What is to be performed: the action's invocation, filled in by the very revision that the claim was made by.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value as Json;

use crate::catalog::Catalog;
use crate::check::{Base, entity_in_form};
use crate::execute::{Order, Performers};
use crate::model::{Action, Identifier, IdentityMode, Invocation, Value};
use crate::run::call::{Call, CallContext, Requester, Scrub, fill};
use crate::run::life::{Execution, Grant, RunHandle};
use crate::store::RunRecord;

use super::super::Shared;
use super::super::judging::{Unjudged, laid_to_commit};
use super::super::parts::Repository;
use super::decide::Decided;
use super::words::INPUTS;

/// What is to be done, or why that cannot be said.
pub(super) enum Filled {
    /// This, and what is secret about it.
    Call(Box<Call>, Scrub),
    /// Nothing ever, by the revision that the claim was made by.
    Never(String),
}

/// Why a run that may be executed is not: nobody was set up to perform its action.
pub(super) fn unperformed(performers: &Performers, decided: &Decided) -> Option<String> {
    let action = &decided.now.0.actions().get(&decided.landed.grant.as_ref()?.action)?.value;
    let (performer, wants) = match &action.invocation.way {
        Invocation::Webhook(_) => (&performers.webhook, "`executionHosts` in its configuration"),
        Invocation::Workflow(_) => (&performers.workflow, "a GitHub App or a token"),
        Invocation::Entity(_) => (&performers.entity, "`signingKeyFile` in its configuration"),
    };
    let kind = action.invocation.kind();
    if performer.is_none() {
        return Some(format!("this controller is not set up to perform {kind} actions: that wants {wants}"));
    }
    match &action.invocation.way {
        Invocation::Entity(_) => no_hand(performers, &decided.now.0),
        Invocation::Webhook(_) | Invocation::Workflow(_) => None,
    }
}

/// Why the controller's own commits would not be accepted: one that is not would keep the whole branch from being followed.
fn no_hand(performers: &Performers, catalog: &Catalog) -> Option<String> {
    let hand = performers.hand.to_lowercase();
    if !catalog.users().iter().any(|(_, user)| user.value.bot && user.value.addresses().contains(&hand)) {
        return Some(format!(
            "no bot of the roster has the address {hand} by which this controller commits: `author` in its configuration says which it is"
        ));
    }
    let unsigned = catalog.policy().identity == IdentityMode::Signature && !performers.signs;
    unsigned.then(|| "commits have to be signed, and this controller has no key to sign with: `signingKeyFile` in its configuration names one".to_owned())
}

/// How long an execution may take: as the action says, or else the policy.
pub(super) fn time_to_execute(base: &Base<Catalog>, action: &Action) -> Duration {
    action.invocation.deadline.unwrap_or_else(|| base.0.policy().execution_deadline)
}

impl Shared {
    /// What is to be done, by the accepted revision of the claim: the same on every attempt.
    pub(super) async fn fill(
        self: &Arc<Self>,
        repository: &Arc<Repository>,
        record: &RunRecord,
        grant: &Grant,
    ) -> Result<Filled, Unjudged> {
        let (inner, run, grant) = (repository.clone(), record.id.clone(), grant.clone());
        let inputs = record.decision.get(INPUTS).and_then(Json::as_object).map(|_| inputs_of_claim(&record.decision));
        self.off_thread(move || {
            let catalog = inner.watched.workspace.snapshot(grant.revision).map_err(laid_to_commit)?.catalog;
            Ok(filled(&catalog, &inner, &run, &grant, inputs))
        })
        .await
    }
}

/// The inputs with which a run was claimed, as its record keeps them: defaults may have been computed of who is in which team, and that changes.
pub fn inputs_of_claim(decision: &Json) -> Value {
    decision.get(INPUTS).map(Value::from_json).unwrap_or(Value::Null)
}

fn filled(catalog: &Catalog, repository: &Repository, run: &Identifier, grant: &Grant, inputs: Option<Value>) -> Filled {
    let (request, action) = (catalog.runs().get(run), catalog.actions().get(&grant.action));
    let (Some(request), Some(action), Some(asked)) = (request, action, grant.requesters.first()) else {
        return Filled::Never("the revision that the claim was made by does not hold it".to_owned());
    };
    let Some(inputs) = inputs else {
        return Filled::Never("the record of the claim does not say with which inputs".to_owned());
    };
    let secrets = Scrub::of_inputs(Some(&action.value), &inputs);
    let user = catalog.users().get(asked).map(|user| &user.value);
    let context = CallContext {
        inputs,
        entity: request.value.target(&action.value.blueprint).map(|key| entity_in_form(catalog, &key)),
        handle: handle(repository, run),
        run: run.clone(),
        link: None,
        requester: Requester {
            identifier: asked.clone(),
            email: Some(asked.as_str().to_owned()),
            name: user.and_then(|user| user.name.clone()),
        },
    };
    match fill(&action.value, &context) {
        Ok(call) => Filled::Call(Box::new(call), secrets),
        Err(error) => Filled::Never(secrets.clean(&error.to_string())),
    }
}

/// What the API calls a run.
pub(super) fn handle(repository: &Repository, run: &Identifier) -> RunHandle {
    RunHandle::of(repository.watched.key.as_str(), run)
}

/// The order of an attempt.
pub(super) fn order(
    repository: &Repository,
    run: &Identifier,
    execution: &Execution,
    attempt: u32,
    (call, secrets): (Call, Scrub),
) -> Order {
    Order {
        repository: repository.watched.key.as_str().to_owned(),
        run: run.clone(),
        handle: handle(repository, run),
        key: execution.key.clone(),
        dedupes: execution.dedupes,
        attempt,
        since: execution.since,
        outside: execution.outside.clone(),
        call,
        secrets,
    }
}
