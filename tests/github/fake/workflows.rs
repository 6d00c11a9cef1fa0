//! Workflows of GitHub Actions: dispatched, listed, and ended when the test says so.

use std::collections::BTreeSet;

use portcullis::model::Timestamp;
use serde_json::{Value, json};

use super::GitHub;
use super::answer::{Answer, Answered, Call};
use super::objects;
use super::state::State;

/// A file in `.github/workflows` that starts on `workflow_dispatch`.
pub struct Workflow {
    pub id: u64,
    pub file: String,
    /// The inputs that it declares.
    pub inputs: BTreeSet<String>,
    /// Whether its `run-name` shows `portcullis_run`.
    pub shows_run: bool,
}

/// One run of a workflow.
pub struct WorkflowRun {
    pub id: u64,
    pub workflow: u64,
    pub branch: String,
    pub sha: git2::Oid,
    pub title: String,
    pub inputs: Value,
    pub conclusion: Option<String>,
    pub actor: u64,
    pub at: Timestamp,
}

impl State {
    fn workflow_run_json(&self, id: u64, run: &WorkflowRun) -> Value {
        let (full, own, at) = (self.full_name(id), run.id, run.at.to_string());
        let api = format!("{}/repos/{full}/actions/runs/{own}", self.url);
        let workflow = self.repositories[&id].workflows.iter().find(|it| it.id == run.workflow).unwrap();
        json!({
            "id": own, "name": workflow.file, "node_id": format!("WFR_{own}"), "head_branch": run.branch, "head_sha": run.sha.to_string(),
            "path": format!(".github/workflows/{}", workflow.file), "run_number": own, "run_attempt": 1, "display_title": run.title,
            "event": "workflow_dispatch", "status": if run.conclusion.is_some() { "completed" } else { "in_progress" },
            "conclusion": run.conclusion, "workflow_id": run.workflow, "check_suite_id": own, "check_suite_node_id": format!("CS_{own}"),
            "url": api, "html_url": format!("{}/{full}/actions/runs/{own}", self.url), "pull_requests": [], "created_at": at,
            "updated_at": at, "actor": self.user_json(run.actor), "triggering_actor": self.user_json(run.actor), "run_started_at": at,
            "jobs_url": format!("{api}/jobs"), "logs_url": format!("{api}/logs"), "check_suite_url": format!("{api}/check-suite"),
            "artifacts_url": format!("{api}/artifacts"), "cancel_url": format!("{api}/cancel"), "rerun_url": format!("{api}/rerun"),
            "workflow_url": format!("{api}/workflow"), "head_commit": null, "repository": self.repository_json(id),
            "head_repository": self.repository_json(id),
        })
    }

    fn workflow_id(&self, id: u64, name: &str) -> Result<u64, Answer> {
        let found = self.repositories[&id].workflows.iter().find(|it| it.file == name || it.id.to_string() == name);
        found.map(|it| it.id).ok_or_else(Answer::not_found)
    }

    /// What GitHub would answer with 422, its description does not list: then the test fails, unless it asked for that answer itself.
    pub fn dispatch_workflow(&mut self, call: &Call<'_>, id: u64, name: &str) -> Answered {
        let workflow = self.workflow_id(id, name)?;
        let branch = call.text("ref").to_owned();
        let repository = &self.repositories[&id];
        let Some(sha) = objects::resolve(&repository.path, &format!("refs/heads/{branch}")) else {
            return Err(Answer::invalid(&format!("No ref found for: {branch}")));
        };
        let body = call.body.clone().unwrap_or_default();
        let inputs = body.get("inputs").cloned().unwrap_or_else(|| json!({}));
        let found = repository.workflows.iter().find(|it| it.id == workflow).unwrap();
        let unexpected: Vec<&String> = inputs.as_object().unwrap().keys().filter(|key| !found.inputs.contains(*key)).collect();
        if !unexpected.is_empty() {
            return Err(Answer::invalid(&format!("Unexpected inputs provided: {unexpected:?}")));
        }
        let shown = inputs["portcullis_run"].as_str().unwrap_or_default();
        let title = if found.shows_run { format!("Deploy ({shown})") } else { "Deploy".into() };
        let (own, actor, at) = (self.next_id(), self.author(&call.caller).0, self.now());
        let run = WorkflowRun { id: own, workflow, branch, sha, title, inputs, conclusion: None, actor, at };
        self.repository(id).workflow_runs.insert(own, run);
        if body["return_run_details"] != json!(true) {
            return Ok(Answer { status: 204, body: None, headers: Vec::new(), described: None, bare: false });
        }
        let full = self.full_name(id);
        Ok(Answer::ok(json!({
            "workflow_run_id": own, "run_url": format!("{}/repos/{full}/actions/runs/{own}", self.url),
            "html_url": format!("{}/{full}/actions/runs/{own}", self.url),
        })))
    }

    /// The newest first.
    pub fn list_workflow_runs(&self, call: &Call<'_>, id: u64, name: &str) -> Answered {
        let workflow = self.workflow_id(id, name)?;
        let since = call.query("created").and_then(|it| it.strip_prefix(">=")).and_then(|it| it.parse::<Timestamp>().ok());
        let all = self.repositories[&id].workflow_runs.values().rev();
        let all: Vec<Value> = all
            .filter(|run| run.workflow == workflow && since.is_none_or(|since| run.at >= since))
            .map(|run| self.workflow_run_json(id, run))
            .collect();
        let count = all.len();
        let (shown, headers) = call.page(all);
        let mut answer = Answer::ok(json!({ "total_count": count, "workflow_runs": shown }));
        answer.headers.extend(headers);
        Ok(answer)
    }

    pub fn get_workflow_run(&self, id: u64, run: &str) -> Answered {
        let run = run.parse().ok().and_then(|run: u64| self.repositories[&id].workflow_runs.get(&run));
        run.map(|run| Answer::ok(self.workflow_run_json(id, run))).ok_or_else(Answer::not_found)
    }
}

impl GitHub {
    /// There is a workflow in a repository that declares these inputs, and shows the run in its name or does not.
    pub fn workflow(&self, full_name: &str, file: &str, inputs: &[&str], shows_run: bool) {
        let mut state = self.state();
        let (id, own) = (state.repository_id(full_name).unwrap(), state.next_id());
        let inputs = inputs.iter().map(ToString::to_string).collect();
        state.repository(id).workflows.push(Workflow { id: own, file: file.into(), inputs, shows_run });
    }

    /// What was dispatched, by id: the inputs.
    pub fn dispatched(&self, full_name: &str) -> Vec<(u64, Value)> {
        let state = self.state();
        let id = state.repository_id(full_name).unwrap();
        state.repositories[&id].workflow_runs.values().map(|run| (run.id, run.inputs.clone())).collect()
    }

    /// A run ends.
    pub fn concludes(&self, full_name: &str, run: u64, conclusion: &str) {
        let mut state = self.state();
        let id = state.repository_id(full_name).unwrap();
        state.repository(id).workflow_runs.get_mut(&run).unwrap().conclusion = Some(conclusion.into());
    }
}
