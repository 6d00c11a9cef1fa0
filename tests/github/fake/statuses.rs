//! Commit statuses.

use git2::Oid;
use serde_json::{Value, json};

use super::GitHub;
use super::answer::{Answer, Answered, Call};
use super::state::{CommitStatus, State};

/// So many in one context on one commit are all that GitHub takes.
const MOST: usize = 1000;

impl State {
    fn status_json(&self, id: u64, status: &CommitStatus) -> Value {
        let at = status.at.to_string();
        let url = format!("{}/repos/{}/statuses/{}", self.url, self.full_name(id), status.sha);
        json!({
            "url": url, "avatar_url": format!("{}/avatars/{}", self.url, status.creator), "id": status.id,
            "node_id": format!("SC_{}", status.id), "state": status.state, "description": status.description,
            "target_url": status.target_url.clone(), "context": status.context, "created_at": at, "updated_at": at,
            "creator": self.user_json(status.creator),
        })
    }

    /// The newest first.
    pub fn list_statuses(&self, call: &Call<'_>, id: u64, name: &str) -> Answered {
        let sha = self.commit_of(id, name)?;
        let all = self.repositories[&id].statuses.iter().rev().filter(|status| status.sha == sha);
        Ok(call.list(all.map(|status| self.status_json(id, status)).collect()))
    }

    pub fn create_status(&mut self, call: &Call<'_>, id: u64, sha: &str) -> Answered {
        let sha = self.commit_of(id, sha)?;
        let (state, context) = (call.text("state").to_owned(), call.optional("context").unwrap_or_else(|| "default".into()));
        if !["error", "failure", "pending", "success"].contains(&state.as_str()) {
            return Err(Answer::invalid("Validation Failed"));
        }
        let description = call.optional("description");
        if description.as_ref().is_some_and(|it| it.chars().count() > 140) {
            return Err(Answer::invalid("Validation Failed: description is too long (maximum is 140 characters)"));
        }
        let target = call.optional("target_url");
        if target.as_ref().is_some_and(|it| !it.starts_with("http://") && !it.starts_with("https://")) {
            return Err(Answer::invalid("Validation Failed: target_url must use http(s) scheme"));
        }
        let there = self.repositories[&id].statuses.iter().filter(|it| it.sha == sha && it.context == context).count();
        if there >= MOST {
            return Err(Answer::invalid("This SHA and context has reached the maximum number of statuses."));
        }
        let creator = self.author(&call.caller).0;
        let status = self.add_status(id, sha, &context, &state, description, target, creator);
        Ok(Answer::created(self.status_json(id, &self.repositories[&id].statuses[status])))
    }

    #[allow(clippy::too_many_arguments)] // they are the members of a status
    fn add_status(
        &mut self,
        id: u64,
        sha: Oid,
        context: &str,
        state: &str,
        description: Option<String>,
        target_url: Option<String>,
        creator: u64,
    ) -> usize {
        let (new, at) = (self.next_id(), self.now());
        let (context, state) = (context.to_owned(), state.to_owned());
        self.repository(id).statuses.push(CommitStatus { id: new, sha, context, state, description, target_url, creator, at });
        let last = self.repositories[&id].statuses.len() - 1;
        self.status_event(id, last);
        last
    }
}

impl GitHub {
    /// The status that counts on a commit in a context: state and description.
    pub fn status(&self, full_name: &str, sha: Oid, context: &str) -> Option<(String, String)> {
        let id = self.repository(full_name);
        let state = self.state();
        let found = state.repositories[&id].statuses.iter().rev().find(|it| it.sha == sha && it.context == context)?;
        Some((found.state.clone(), found.description.clone().unwrap_or_default()))
    }

    /// Every status that was ever posted on a commit in a context, oldest first.
    pub fn statuses(&self, full_name: &str, sha: Oid, context: &str) -> Vec<(String, String)> {
        let id = self.repository(full_name);
        let state = self.state();
        let all = state.repositories[&id].statuses.iter().filter(|it| it.sha == sha && it.context == context);
        all.map(|it| (it.state.clone(), it.description.clone().unwrap_or_default())).collect()
    }

    /// Every context on a commit.
    pub fn contexts(&self, full_name: &str, sha: Oid) -> std::collections::BTreeSet<String> {
        let id = self.repository(full_name);
        self.state().repositories[&id].statuses.iter().filter(|it| it.sha == sha).map(|it| it.context.clone()).collect()
    }

    /// Somebody posts a status by their own means.
    pub fn posts_status(&self, login: &str, full_name: &str, sha: Oid, context: &str, state: &str) {
        let id = self.repository(full_name);
        let mut all = self.state();
        all.deed();
        let creator = all.account_id(login).unwrap();
        all.add_status(id, sha, context, state, Some("by other means".into()), None, creator);
    }
}
