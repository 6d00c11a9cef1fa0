//! Which request is answered by what, and which permission it needs.

use super::answer::{Answer, Answered, Call};
use super::auth::Caller;
use super::state::{Level, State};

use Level::{Read, Write};

const ISSUES: &[&str] = &["issues", "pull_requests"];

impl State {
    /// Answers a request whose sender is known.
    pub fn route(&mut self, call: &Call<'_>) -> Answered {
        let segments: Vec<&str> = call.segments.iter().map(String::as_str).collect();
        match (call.method, segments.as_slice()) {
            ("GET", ["rate_limit"]) => Ok(self.rate_limit(call)),
            ("GET", ["user"]) => self.current_user(call),
            ("GET", ["users", login]) => self.user(login),
            ("GET", ["user", id]) => self.user_by_id(id),
            ("GET", ["app"]) => self.app(call),
            ("GET", ["app", "installations"]) => self.list_installations(call),
            ("POST", ["app", "installations", id, "access_tokens"]) => self.create_token(call, id),
            ("GET", ["app", "hook", "config"]) => self.hook_config(call),
            ("GET", ["app", "hook", "deliveries"]) => self.hook_deliveries(call),
            ("GET", ["installation", "repositories"]) => self.installation_repositories(call),
            ("GET", ["orgs", org, "teams", slug]) => self.team(call, org, slug),
            ("GET", ["orgs", org, "teams", slug, "members"]) => self.team_members(call, org, slug),
            (_, ["repos", owner, name, rest @ ..]) => self.in_repository(call, &format!("{owner}/{name}"), rest),
            _ => Err(Answer::not_found()),
        }
    }

    fn in_repository(&mut self, call: &Call<'_>, name: &str, rest: &[&str]) -> Answered {
        let Some(id) = self.repository_id(name) else { return Err(self.moved_away(call, name, rest)) };
        if let ("GET", ["installation"]) = (call.method, rest) {
            return self.repository_installation(call, id);
        }
        let (any, level): (&[&str], Level) = match (call.method, rest) {
            ("GET", [] | ["collaborators", ..] | ["rules", ..]) => (&["metadata"], Read),
            ("GET", ["branches", _, "protection"]) => (&["administration"], Read),
            ("GET", ["commits", _, "statuses"]) => (&["statuses"], Read),
            ("GET", ["commits", _, "check-runs"] | ["check-runs", ..]) => (&["checks"], Read),
            ("GET", ["activity" | "commits" | "branches" | "contents", ..]) => (&["contents"], Read),
            ("GET", ["pulls", ..]) => (&["pull_requests"], Read),
            ("GET", ["actions", ..]) => (&["actions"], Read),
            ("POST", ["actions", ..]) => (&["actions"], Write),
            ("GET", ["issues", ..]) => (ISSUES, Read),
            ("POST", ["statuses", _]) => (&["statuses"], Write),
            ("POST" | "PATCH", ["check-runs", ..]) => (&["checks"], Write),
            ("PUT", ["pulls", _, "merge"]) => (&["contents"], Write),
            (_, ["pulls", ..]) => (&["pull_requests"], Write),
            (_, ["issues", ..]) => (ISSUES, Write),
            _ => return Err(Answer::not_found()),
        };
        self.demand(&call.caller, id, any, level)?;
        match (call.method, rest) {
            ("GET", []) => Ok(Answer::ok(self.full_repository_json(id))),
            ("GET", ["pulls"]) => self.list_pulls(call, id),
            ("GET", ["pulls", number]) => self.get_pull(id, number),
            ("GET", ["pulls", number, "reviews"]) => self.list_reviews(call, id, number),
            ("POST", ["pulls", number, "requested_reviewers"]) => self.request_reviewers(call, id, number),
            ("PUT", ["pulls", number, "merge"]) => self.merge_by_api(call, id, number),
            ("GET", ["activity"]) => Ok(self.list_activity(call, id)),
            ("GET", ["commits"]) => self.list_commits(call, id),
            ("GET", ["commits", sha]) => self.get_commit(id, sha),
            ("GET", ["commits", sha, "statuses"]) => self.list_statuses(call, id, sha),
            ("POST", ["statuses", sha]) => self.create_status(call, id, sha),
            ("GET", ["commits", sha, "check-runs"]) => self.list_check_runs(call, id, sha),
            ("POST", ["check-runs"]) => self.create_check_run(call, id),
            ("PATCH", ["check-runs", run]) => self.update_check_run(call, id, run),
            ("GET", ["check-runs", run, "annotations"]) => self.list_annotations(call, id, run),
            ("GET", ["issues", number, "comments"]) => self.list_comments(call, id, number),
            ("POST", ["issues", number, "comments"]) => self.create_comment(call, id, number),
            ("PATCH", ["issues", "comments", comment]) => self.update_comment(call, id, comment),
            ("GET", ["issues", "comments", comment, "reactions"]) => self.list_reactions(call, id, comment),
            ("POST", ["issues", "comments", comment, "reactions"]) => self.create_reaction(call, id, comment),
            ("GET", ["issues", number, "labels"]) => self.list_labels(call, id, number),
            ("POST", ["issues", number, "labels"]) => self.add_labels(call, id, number),
            ("DELETE", ["issues", number, "labels", label]) => self.remove_label(id, number, label),
            ("GET", ["collaborators", login, "permission"]) => self.collaborator_permission(id, login),
            ("GET", ["branches", branch]) => self.branch(id, branch),
            ("GET", ["branches", branch, "protection"]) => self.branch_protection(id, branch),
            ("GET", ["rules", "branches", branch]) => Ok(self.branch_rules(call, id, branch)),
            ("POST", ["actions", "workflows", name, "dispatches"]) => self.dispatch_workflow(call, id, name),
            ("GET", ["actions", "workflows", name, "runs"]) => self.list_workflow_runs(call, id, name),
            ("GET", ["actions", "runs", run]) => self.get_workflow_run(id, run),
            ("GET", ["contents", path @ ..]) => self.contents(call, id, &path.join("/")),
            _ => Err(Answer::not_found()),
        }
    }

    /// A repository that was renamed is found by its id; one that never was, not at all.
    fn moved_away(&self, call: &Call<'_>, name: &str, rest: &[&str]) -> Answer {
        let Some(id) = self.renamed.get(name) else { return Answer::not_found() };
        let api = call.here.split("/repos/").next().unwrap_or_default();
        let rest: String = rest.iter().map(|part| format!("/{part}")).collect();
        let query: Vec<String> =
            call.query.iter().map(|(key, value)| format!("{key}={}", super::answer::encoded(value))).collect();
        let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
        let location = format!("{api}/repositories/{id}{rest}{query}");
        let mut answer = Answer::refused(if call.method == "GET" { 301 } else { 307 }, "Moved Permanently");
        answer.body.as_mut().unwrap()["url"] = location.clone().into();
        answer.headers.push(("location", location));
        answer
    }

    /// Refuses whoever is not an App with a JWT.
    pub fn demand_app(&self, call: &Call<'_>) -> Result<u64, Answer> {
        match call.caller {
            Caller::App(id) => Ok(id),
            _ => Err(Answer::refused(401, "A JSON web token could not be decoded")),
        }
    }
}
