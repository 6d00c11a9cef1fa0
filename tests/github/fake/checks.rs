//! Check runs and their annotations.

use git2::Oid;
use serde_json::{Value, json};

use super::GitHub;
use super::answer::{Answer, Answered, Call};
use super::auth::Caller;
use super::state::{CheckRun, State};

/// So many annotations GitHub takes in one request.
const BATCH: usize = 50;
/// So many bytes it takes of a summary or a text.
const LONGEST: usize = 65_535;

impl State {
    pub fn check_run_json(&self, id: u64, run: &CheckRun) -> Value {
        let (full, own) = (self.full_name(id), run.id);
        let api = format!("{}/repos/{full}/check-runs/{own}", self.url);
        json!({
            "id": own, "node_id": format!("CR_{own}"), "head_sha": run.sha.to_string(), "name": run.name, "url": api,
            "html_url": format!("{}/{full}/runs/{own}", self.url), "details_url": run.details_url, "status": run.status,
            "conclusion": run.conclusion, "started_at": run.started_at, "completed_at": run.completed_at,
            "external_id": run.external_id.clone().unwrap_or_default(), "check_suite": {"id": run.app},
            "output": {
                "title": run.title, "summary": run.summary, "text": run.text, "annotations_count": run.annotations.len(),
                "annotations_url": format!("{api}/annotations"),
            },
            "app": self.app_json(run.app), "pull_requests": [],
        })
    }

    /// The newest of each name, unless all are asked for.
    pub fn list_check_runs(&self, call: &Call<'_>, id: u64, name: &str) -> Answered {
        let sha = self.commit_of(id, name)?;
        let mut all: Vec<&CheckRun> = self.repositories[&id].check_runs.values().rev().filter(|run| run.sha == sha).collect();
        all.retain(|run| call.query("check_name").is_none_or(|name| run.name == name));
        all.retain(|run| call.query("status").is_none_or(|status| run.status == status));
        all.retain(|run| call.query("app_id").is_none_or(|app| run.app.to_string() == app));
        if call.query("filter") != Some("all") {
            let mut seen = std::collections::BTreeSet::new();
            all.retain(|run| seen.insert((run.app, run.name.clone())));
        }
        Ok(call.counted("check_runs", all.into_iter().map(|run| self.check_run_json(id, run)).collect()))
    }

    pub fn create_check_run(&mut self, call: &Call<'_>, id: u64) -> Answered {
        let Caller::Installation { id: installation, .. } = call.caller else {
            return Err(Answer::refused(403, "You must authenticate via a GitHub App."));
        };
        let (app, sha) = (self.installations[&installation].app, self.commit_of(id, call.text("head_sha"))?);
        let own = self.next_id();
        let run = CheckRun {
            id: own,
            app,
            sha,
            name: call.text("name").into(),
            status: "queued".into(),
            conclusion: None,
            details_url: Some(format!("{}/apps/{}", self.url, self.apps[&app].slug)),
            external_id: None,
            started_at: None,
            completed_at: None,
            title: None,
            summary: None,
            text: None,
            annotations: Vec::new(),
        };
        let run = self.changed_run(call, run)?;
        self.repository(id).check_runs.insert(own, run);
        self.check_run_event(id, own, "created", None);
        Ok(Answer::created(self.check_run_json(id, &self.repositories[&id].check_runs[&own])))
    }

    pub fn update_check_run(&mut self, call: &Call<'_>, id: u64, run: &str) -> Answered {
        let own = self.check_run_id(id, run)?;
        let run = self.repositories[&id].check_runs[&own].clone();
        if !matches!(call.caller, Caller::Installation { id, .. } if self.installations[&id].app == run.app) {
            return Err(Answer::refused(
                403,
                "Invalid app_id: a check run can only be modified by the GitHub App that created it.",
            ));
        }
        let run = self.changed_run(call, run)?;
        let completed = run.status == "completed";
        self.repository(id).check_runs.insert(own, run);
        if completed {
            self.check_run_event(id, own, "completed", None);
        }
        Ok(Answer::ok(self.check_run_json(id, &self.repositories[&id].check_runs[&own])))
    }

    fn check_run_id(&self, id: u64, run: &str) -> Result<u64, Answer> {
        let found = run.parse().ok().filter(|run| self.repositories[&id].check_runs.contains_key(run));
        found.ok_or_else(Answer::not_found)
    }

    /// A check run with what a request says of it; annotations add up.
    fn changed_run(&self, call: &Call<'_>, mut run: CheckRun) -> Result<CheckRun, Answer> {
        let now = self.now().to_string();
        let put = |into: &mut Option<String>, name: &str| *into = call.optional(name).or(into.take());
        if let Some(name) = call.optional("name") {
            run.name = name;
        }
        if let Some(status) = call.optional("status") {
            run.status = status;
        }
        put(&mut run.details_url, "details_url");
        put(&mut run.external_id, "external_id");
        put(&mut run.started_at, "started_at");
        put(&mut run.completed_at, "completed_at");
        if let Some(conclusion) = call.optional("conclusion") {
            run.conclusion = Some(conclusion);
            run.status = "completed".into();
        }
        if run.status == "completed" {
            if run.conclusion.is_none() {
                return Err(Answer::invalid("Validation Failed: conclusion is required where status is completed"));
            }
            run.completed_at.get_or_insert(now.clone());
        } else {
            (run.conclusion, run.completed_at) = (None, None);
        }
        run.started_at.get_or_insert(now);
        let Some(output) = call.body.as_ref().and_then(|body| body.get("output")) else { return Ok(run) };
        let text = |name: &str| output.get(name).and_then(Value::as_str).map(str::to_owned);
        if [text("summary"), text("text")].iter().flatten().any(|it| it.len() > LONGEST) {
            return Err(Answer::invalid("Invalid request.\n\nOnly 65535 characters are allowed."));
        }
        (run.title, run.summary, run.text) =
            (text("title").or(run.title), text("summary").or(run.summary), text("text").or(run.text));
        let more = output.get("annotations").and_then(Value::as_array).cloned().unwrap_or_default();
        if more.len() > BATCH {
            return Err(Answer::invalid(&format!(
                "Invalid request.\n\nNo more than 50 items are allowed; {} were supplied.",
                more.len()
            )));
        }
        run.annotations.extend(more);
        Ok(run)
    }

    pub fn list_annotations(&self, call: &Call<'_>, id: u64, run: &str) -> Answered {
        let own = self.check_run_id(id, run)?;
        let run = &self.repositories[&id].check_runs[&own];
        let full = self.full_name(id);
        let json = |it: &Value| {
            let path = it["path"].as_str().unwrap_or_default();
            json!({
                "path": path, "blob_href": format!("{}/{full}/blob/{}/{path}", self.url, run.sha), "start_line": it["start_line"],
                "end_line": it["end_line"], "start_column": it["start_column"], "end_column": it["end_column"],
                "annotation_level": it["annotation_level"], "title": it["title"], "message": it["message"], "raw_details": it["raw_details"],
            })
        };
        Ok(call.list(run.annotations.iter().map(json).collect()))
    }
}

impl GitHub {
    /// The check run of a name that counts on a commit, as GitHub shows it.
    pub fn check_run(&self, full_name: &str, sha: Oid, name: &str) -> Option<Value> {
        let id = self.repository(full_name);
        let state = self.state();
        let run = state.repositories[&id].check_runs.values().rev().find(|run| run.sha == sha && run.name == name)?;
        Some(state.check_run_json(id, run))
    }

    /// Its annotations, as they were sent.
    pub fn annotations(&self, full_name: &str, sha: Oid, name: &str) -> Vec<Value> {
        let id = self.repository(full_name);
        let state = self.state();
        let run = state.repositories[&id].check_runs.values().rev().find(|run| run.sha == sha && run.name == name);
        run.map(|run| run.annotations.clone()).unwrap_or_default()
    }

    /// How many check runs there are on a commit.
    pub fn check_runs(&self, full_name: &str, sha: Oid) -> usize {
        let id = self.repository(full_name);
        self.state().repositories[&id].check_runs.values().filter(|run| run.sha == sha).count()
    }

    /// Somebody asks for a check to be run again.
    pub fn rerequests(&self, login: &str, full_name: &str, sha: Oid, name: &str) {
        let id = self.repository(full_name);
        let mut state = self.state();
        state.deed();
        let by = state.account_id(login);
        let own = state.repositories[&id].check_runs.values().rev().find(|run| run.sha == sha && run.name == name).unwrap().id;
        state.check_run_event(id, own, "rerequested", by);
    }
}
