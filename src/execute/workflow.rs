//! A workflow of GitHub Actions: dispatched, found again where the answer was lost, and looked at until it ends.

use async_trait::async_trait;
use http::Method;
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

use crate::forge::github::client::segment;
use crate::forge::github::{ApiError, Client, Github};
use crate::run::call::{Call, WorkflowCall};
use crate::run::life::{Answer, Report};

use super::{Order, Performer};

/// Pages of a workflow's runs that are searched for one of ours: three hundred since it was dispatched.
const PAGES: u32 = 3;
const PER_PAGE: usize = 100;

/// By how much GitHub's clock may be behind ours.
const SKEW_SECONDS: i64 = 300;

/// Dispatches workflows of the repositories that are allowed, and of no others: the token of the daemon may reach further than whoever writes
/// actions in one repository should.
pub struct WorkflowPerformer {
    github: Github,
    allowed: Vec<String>,
}

/// A run of a workflow.
#[derive(Deserialize)]
struct WorkflowRun {
    id: Option<u64>,
    name: Option<String>,
    display_title: Option<String>,
    status: Option<String>,
    conclusion: Option<String>,
    html_url: Option<String>,
}

#[derive(Deserialize)]
struct WorkflowRuns {
    #[serde(default)]
    workflow_runs: Vec<WorkflowRun>,
}

#[derive(Deserialize)]
struct Dispatched {
    workflow_run_id: Option<u64>,
    html_url: Option<String>,
}

#[derive(Deserialize)]
struct Repository {
    default_branch: Option<String>,
}

impl WorkflowPerformer {
    /// `allowed` are repositories: `acme/platform`, or `acme/*` for all of one owner. Case counts as little as it does for GitHub.
    pub fn new(github: Github, allowed: Vec<String>) -> Self {
        Self { github, allowed: allowed.into_iter().map(|name| name.to_ascii_lowercase()).collect() }
    }

    fn allows(&self, call: &WorkflowCall) -> bool {
        let owner = call.owner.to_ascii_lowercase();
        let name = format!("{owner}/{}", call.repository.to_ascii_lowercase());
        self.allowed.iter().any(|allowed| *allowed == name || allowed.strip_suffix("/*").is_some_and(|whole| whole == owner))
    }

    fn client(&self, call: &WorkflowCall) -> Client {
        self.github.repository(&format!("{}/{}", call.owner, call.repository))
    }

    /// The call of an order, where its repository is allowed.
    fn call<'o>(&self, order: &'o Order) -> Result<&'o WorkflowCall, String> {
        match &order.call {
            Call::Workflow(call) if self.allows(call) => Ok(call),
            Call::Workflow(call) => Err(format!(
                "workflows of {}/{} may not be dispatched from here: the daemon's configuration does not allow it",
                call.owner, call.repository
            )),
            Call::Webhook(_) | Call::Entity(_) => Err("this is no workflow".into()),
        }
    }

    async fn dispatch(&self, call: &WorkflowCall) -> Result<Answer, ApiError> {
        let client = self.client(call);
        let reference = match &call.reference {
            Some(reference) => reference.clone(),
            None => match client.get::<Repository>("").await.map_err(unsent)?.and_then(|found| found.default_branch) {
                Some(branch) => branch,
                None => return Ok(Answer::Refused { why: no_repository(call) }),
            },
        };
        let inputs: Map<String, Json> = call.inputs.iter().map(|(name, text)| (name.clone(), text.as_str().into())).collect();
        let path = format!("actions/workflows/{}/dispatches", segment(&call.workflow));
        let mut body = json!({ "ref": reference, "inputs": inputs, "return_run_details": true });
        let told = match client.write::<Dispatched>(Method::POST, &path, &body).await {
            // An Enterprise Server that does not know the key yet has done nothing.
            Err(ApiError::Refused { status: 422, what }) if what.contains("return_run_details") => {
                if let Some(body) = body.as_object_mut() {
                    body.remove("return_run_details");
                }
                client.write::<Dispatched>(Method::POST, &path, &body).await?
            }
            told => told?,
        };
        let (outside, link) = told.map_or((None, None), |told| (told.workflow_run_id.map(|id| id.to_string()), told.html_url));
        Ok(Answer::Accepted { outside, link })
    }

    /// The run of the workflow that has our handle in its name.
    async fn found(&self, order: &Order, call: &WorkflowCall) -> Result<Option<WorkflowRun>, ApiError> {
        let client = self.client(call);
        let earliest = order.since.checked_sub(jiff::SignedDuration::from_secs(SKEW_SECONDS)).unwrap_or(order.since);
        let earliest = earliest.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        for page in 1..=PAGES {
            let path = format!(
                "actions/workflows/{}/runs?event=workflow_dispatch&created={}&per_page={PER_PAGE}&page={page}",
                segment(&call.workflow),
                segment(&format!(">={earliest}")),
            );
            let Some(runs) = client.get::<WorkflowRuns>(&path).await? else { return Ok(None) };
            let last = runs.workflow_runs.len() < PER_PAGE;
            let ours = |text: &Option<String>| text.as_ref().is_some_and(|text| text.contains(order.handle.as_str()));
            if let Some(run) = runs.workflow_runs.into_iter().find(|run| ours(&run.display_title) || ours(&run.name)) {
                return Ok(Some(run));
            }
            if last {
                break;
            }
        }
        Ok(None)
    }
}

#[async_trait]
impl Performer for WorkflowPerformer {
    async fn perform(&self, order: &Order) -> Answer {
        let call = match self.call(order) {
            Ok(call) => call,
            Err(why) => return Answer::Refused { why },
        };
        match self.dispatch(call).await {
            Ok(answer) => answer,
            Err(error) => answer(error, call),
        }
    }

    /// Only a run that shows our handle is ours. That there is none proves nothing: the workflow may not show it.
    async fn find(&self, order: &Order) -> Option<Answer> {
        let call = self.call(order).ok()?;
        let run = self.found(order, call).await.ok().flatten()?;
        Some(Answer::Accepted { outside: run.id.map(|id| id.to_string()), link: run.html_url })
    }

    async fn look(&self, order: &Order) -> Option<Report> {
        let call = self.call(order).ok().filter(|call| call.report_status)?;
        let run = match order.outside.as_deref().and_then(|id| id.parse::<u64>().ok()) {
            Some(id) => self.client(call).get::<WorkflowRun>(&format!("actions/runs/{id}")).await.ok().flatten()?,
            None => self.found(order, call).await.ok().flatten()?,
        };
        Some(report(run))
    }
}

/// Where a run of a workflow stands, in our words. What GitHub calls something new is no success.
fn report(run: WorkflowRun) -> Report {
    let ended = run.status.as_deref() == Some("completed");
    let conclusion = run.conclusion.filter(|_| ended);
    Report {
        success: conclusion.as_deref().map(|conclusion| matches!(conclusion, "success" | "neutral")),
        summary: conclusion.as_ref().map(|conclusion| format!("the workflow ended: {conclusion}")),
        label: conclusion.or(run.status),
        links: run.html_url.map(|link| vec![link]),
        outside: run.id.map(|id| id.to_string()),
    }
}

/// A question before anything was sent: whatever came of it, nothing was done.
fn unsent(error: ApiError) -> ApiError {
    match error {
        ApiError::Unknown { what } => ApiError::Later { what, after: None },
        other => other,
    }
}

fn answer(error: ApiError, call: &WorkflowCall) -> Answer {
    match error {
        ApiError::Later { what, after } => Answer::NotPerformed { why: what, after: after.map(|after| after.as_secs()) },
        ApiError::Unknown { what } => Answer::Unknown { why: what },
        ApiError::Refused { status: 403, what } => {
            let why = format!("{what}. It takes the permission `Actions: read and write` on {}/{}", call.owner, call.repository);
            Answer::Refused { why }
        }
        ApiError::Refused { status: 404, what } => {
            let why = format!("{what}. Is there a workflow `{}`? {}", call.workflow, no_repository(call));
            Answer::Refused { why }
        }
        ApiError::Refused { status: 422, what } => {
            let why = format!(
                "{what}. The workflow has to start on `workflow_dispatch`, and to declare each input, `portcullis_run` too"
            );
            Answer::Refused { why }
        }
        ApiError::Refused { what, .. } => Answer::Refused { why: what },
    }
}

fn no_repository(call: &WorkflowCall) -> String {
    format!("{}/{} has to be there, and to be among what the daemon's App or token may see", call.owner, call.repository)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(status: &str, conclusion: Option<&str>) -> WorkflowRun {
        WorkflowRun {
            id: Some(7),
            name: None,
            display_title: None,
            status: Some(status.into()),
            conclusion: conclusion.map(Into::into),
            html_url: Some("https://github.com/acme/infra/actions/runs/7".into()),
        }
    }

    fn call(owner: &str, repository: &str) -> WorkflowCall {
        WorkflowCall {
            owner: owner.into(),
            repository: repository.into(),
            workflow: "x.yml".into(),
            reference: None,
            inputs: Vec::new(),
            report_status: true,
        }
    }

    #[test]
    fn only_a_conclusion_that_we_know_to_be_good_is_a_success() {
        let said = |status, conclusion| report(run(status, conclusion)).success;
        assert_eq!(said("completed", Some("success")), Some(true));
        for bad in ["failure", "cancelled", "timed_out", "skipped", "stale", "action_required", "startup_failure", "new_word"] {
            assert_eq!(said("completed", Some(bad)), Some(false), "{bad}");
        }
        assert_eq!(said("completed", None), None);
        assert_eq!(said("in_progress", Some("success")), None, "a conclusion of something that goes on is none");
        let going = report(run("queued", None));
        assert_eq!((going.label.as_deref(), going.outside.as_deref()), (Some("queued"), Some("7")));
    }

    #[test]
    fn what_was_certainly_not_done_is_told_apart_from_what_nobody_knows() {
        let told = |error| answer(error, &call("acme", "infra"));
        let refused = |status| told(ApiError::Refused { status, what: "no".into() });
        assert!(matches!(refused(403), Answer::Refused { why } if why.contains("Actions: read and write")));
        assert!(matches!(refused(404), Answer::Refused { why } if why.contains("x.yml")));
        assert!(matches!(refused(422), Answer::Refused { why } if why.contains("workflow_dispatch")));
        let later = told(ApiError::Later { what: "busy".into(), after: Some(std::time::Duration::from_secs(9)) });
        assert_eq!(later, Answer::NotPerformed { why: "busy".into(), after: Some(9) });
        assert!(matches!(told(ApiError::Unknown { what: "cut".into() }), Answer::Unknown { .. }));
    }

    struct Clock;

    impl crate::forge::github::Time for Clock {
        fn now(&self) -> crate::model::Timestamp {
            crate::model::Timestamp::UNIX_EPOCH
        }
        fn elapsed(&self) -> std::time::Duration {
            std::time::Duration::ZERO
        }
        fn sleep(&self, _: std::time::Duration) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> {
            Box::pin(std::future::ready(()))
        }
    }

    #[test]
    fn no_action_reaches_a_repository_that_is_not_allowed() {
        let options = crate::forge::github::GithubOptions {
            api: "http://127.0.0.1:9".into(),
            git: "http://127.0.0.1:9".into(),
            credentials: crate::forge::github::Credentials::Token(crate::forge::github::Secret::new("t")),
            deadline: std::time::Duration::from_secs(1),
        };
        let github = Github::new(options, std::sync::Arc::new(Clock), fastrand::Rng::with_seed(1)).unwrap();
        let performer =
            |allowed: &[&str]| WorkflowPerformer::new(github.clone(), allowed.iter().map(ToString::to_string).collect());
        assert!(performer(&["acme/infra"]).allows(&call("Acme", "INFRA")));
        assert!(performer(&["acme/*"]).allows(&call("acme", "infra")));
        for (allowed, owner, name) in [
            ("acme/infra", "acme", "payroll"),
            ("acme/*", "acme-evil", "infra"),
            ("acme/*", "evil", "acme"),
            ("*", "acme", "infra"),
        ] {
            assert!(!performer(&[allowed]).allows(&call(owner, name)), "{allowed}: {owner}/{name}");
        }
        assert!(!performer(&[]).allows(&call("acme", "infra")));
    }
}
