//! What GitHub would tell a webhook: every change makes deliveries, which the test sends, drops, repeats or sends in another order.

use std::path::PathBuf;
use std::sync::LazyLock;

use git2::Oid;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::GitHub;
use super::answer::Answered;
use super::answer::{Answer, Call};
use super::server::hex;
use super::state::State;

/// A delivery that has not been dropped.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Unique, until it is duplicated.
    pub guid: String,
    pub event: String,
    pub body: Value,
    pub at: portcullis::model::Timestamp,
    /// How it was answered; `None` before it was sent.
    pub answered: Option<u16>,
}

impl Delivery {
    pub fn action(&self) -> &str {
        self.body["action"].as_str().unwrap_or_default()
    }
}

/// GitHub's own examples of payloads: what ours are laid over.
static EXAMPLES: LazyLock<Value> = LazyLock::new(|| {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
    let tools = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(target).join("test-tools");
    let file = tools.join("node_modules/@octokit/webhooks-examples/api.github.com/index.json");
    let text = std::fs::read_to_string(&file).expect("the examples of webhooks are not installed: run scripts/test");
    serde_json::from_str(&text).unwrap()
});

fn example(event: &str, action: Option<&str>) -> Value {
    let of_event = EXAMPLES.as_array().unwrap().iter().find(|it| it["name"] == event).unwrap();
    let all = of_event["examples"].as_array().unwrap();
    let found = all.iter().find(|it| action.is_none_or(|action| it["action"] == action)).or(all.first());
    let mut found = found.unwrap().clone();
    if let Some(action) = action {
        found["action"] = action.into();
    }
    found
}

/// Objects are merged member by member; anything else is replaced.
fn lay(under: &mut Value, over: Value) {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) => {
            for (key, value) in over {
                lay(under.entry(key).or_insert(Value::Null), value);
            }
        }
        (under, over) => *under = over,
    }
}

impl State {
    fn event(&mut self, event: &str, action: Option<&str>, repository: Option<u64>, sender: u64, over: Value) {
        let mut body = example(event, action);
        lay(&mut body, over);
        if let Some(id) = repository {
            body["repository"] = self.repository_json(id);
            let installation = self.installations.values().find(|it| it.repositories.contains(&id));
            if let Some(installation) = installation {
                body["installation"] = json!({"id": installation.id, "node_id": format!("I_{}", installation.id)});
            } else if let Some(body) = body.as_object_mut() {
                body.remove("installation");
            }
        }
        body["sender"] = self.user_json(sender);
        let number = self.next_id();
        let guid = format!("00000000-0000-4000-8000-{number:012}");
        let at = self.now();
        self.deliveries.push(Delivery { guid, event: event.into(), body, at, answered: None });
    }

    pub fn pushed(&mut self, id: u64, reference: &str, before: Oid, after: Oid, by: u64) {
        let (created, deleted) = (before.is_zero(), after.is_zero());
        let pusher = json!({"name": self.accounts[&by].login, "email": self.accounts[&by].email});
        let over = json!({
            "ref": reference, "before": before.to_string(), "after": after.to_string(), "created": created, "deleted": deleted,
            "forced": false, "pusher": pusher, "head_commit": {"id": after.to_string()}, "commits": [],
        });
        self.event("push", None, Some(id), by, over);
    }

    pub fn pull_request_event(&mut self, id: u64, number: u64, action: &str, by: u64) {
        let over = json!({"number": number, "pull_request": self.full_pull_json(id, number)});
        self.event("pull_request", Some(action), Some(id), by, over);
    }

    pub fn review_event(&mut self, id: u64, number: u64, review: u64, action: &str, by: u64) {
        let pull = &self.repositories[&id].pulls[&number];
        let found = pull.reviews.iter().find(|it| it.id == review).unwrap();
        let mut review = self.review_json(id, number, found);
        review["state"] = review["state"].as_str().unwrap().to_lowercase().into();
        let over = json!({"review": review, "pull_request": self.pull_json(id, number)});
        self.event("pull_request_review", Some(action), Some(id), by, over);
    }

    pub fn comment_event(&mut self, id: u64, comment: u64, action: &str, by: u64) {
        let found = &self.repositories[&id].comments[&comment];
        let pull = self.pull_json(id, found.issue);
        let issue = json!({
            "number": found.issue, "title": pull["title"], "user": pull["user"], "state": pull["state"], "id": pull["id"],
            "pull_request": {"url": pull["url"], "html_url": pull["html_url"], "diff_url": pull["diff_url"], "patch_url": pull["patch_url"]},
        });
        let over = json!({"issue": issue, "comment": self.comment_json(id, found)});
        self.event("issue_comment", Some(action), Some(id), by, over);
    }

    pub fn status_event(&mut self, id: u64, status: usize) {
        let status = &self.repositories[&id].statuses[status];
        let (sha, by) = (status.sha.to_string(), status.creator);
        let over = json!({
            "id": status.id, "sha": sha, "name": self.full_name(id), "target_url": status.target_url, "context": status.context,
            "description": status.description, "state": status.state, "commit": {"sha": sha},
        });
        self.event("status", None, Some(id), by, over);
    }

    pub fn check_run_event(&mut self, id: u64, run: u64, action: &str, by: Option<u64>) {
        let run = &self.repositories[&id].check_runs[&run];
        let (by, sha) = (by.unwrap_or(self.apps[&run.app].bot), run.sha.to_string());
        let over = json!({"check_run": self.check_run_json(id, run)});
        let mut suite = json!({"check_suite": {"head_sha": sha, "app": self.app_json(run.app)}});
        self.event("check_run", Some(action), Some(id), by, over);
        if action == "rerequested" {
            suite["check_suite"]["id"] = 1.into();
            self.event("check_suite", Some(action), Some(id), by, suite);
        }
    }

    pub fn merge_group_event(&mut self, id: u64, group: usize, action: &str) {
        let group = &self.repositories[&id].queue[group];
        let (by, base) = (group.by, format!("refs/heads/{}", group.branch));
        let mut over = json!({"merge_group": {
            "head_sha": group.sha.to_string(), "head_ref": group.reference, "base_sha": group.onto.to_string(), "base_ref": base,
            "head_commit": {"id": group.sha.to_string()},
        }});
        if action == "destroyed" {
            over["reason"] = "merged".into();
        }
        self.event("merge_group", Some(action), Some(id), by, over);
    }

    pub fn membership_event(&mut self, team: u64, member: u64, action: &str) {
        let team = &self.teams[&team];
        let (organization, login) = (team.organization, self.accounts[&team.organization].login.clone());
        let over = json!({
            "member": self.user_json(member), "team": {"id": team.id, "slug": team.slug, "name": team.slug},
            "organization": {"id": organization, "login": login},
        });
        self.event("membership", Some(action), None, organization, over);
    }

    pub fn collaborator_changed(&mut self, id: u64, account: u64) {
        let owner = self.repositories[&id].owner;
        self.event("member", Some("edited"), Some(id), owner, json!({"member": self.user_json(account)}));
    }

    pub fn repository_renamed(&mut self, id: u64, before: &str) {
        let owner = self.repositories[&id].owner;
        let from = before.split('/').nth(1);
        self.event("repository", Some("renamed"), Some(id), owner, json!({"changes": {"repository": {"name": {"from": from}}}}));
    }

    pub fn hook_deliveries(&self, call: &Call<'_>) -> Answered {
        self.demand_app(call)?;
        let sent = self.deliveries.iter().enumerate().rev().filter(|(_, it)| it.answered.is_some());
        let json = |(at, it): (usize, &Delivery)| {
            let code = it.answered.unwrap_or_default();
            let status = if (200..300).contains(&code) { "OK" } else { "Invalid HTTP Response" };
            json!({
                "id": at + 1, "guid": it.guid, "delivered_at": it.at.to_string(), "redelivery": false, "duration": 0.1, "status": status,
                "status_code": code, "event": it.event, "action": it.body["action"], "installation_id": it.body["installation"]["id"],
                "repository_id": it.body["repository"]["id"], "throttled_at": null,
            })
        };
        let all: Vec<Value> = sent.map(json).take(call.per_page()).collect();
        Ok(Answer::ok(all.into()))
    }
}

/// The value of `X-Hub-Signature-256`.
pub fn signature(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    format!("sha256={}", hex(&mac.finalize().into_bytes()))
}

impl GitHub {
    /// Takes everything out that has not been sent: it never will be, unless the test does.
    pub fn deliveries(&self) -> Vec<Delivery> {
        let mut state = self.state();
        let (sent, unsent) = std::mem::take(&mut state.deliveries).into_iter().partition(|it| it.answered.is_some());
        state.deliveries = sent;
        unsent
    }

    /// Loses everything that has not been sent.
    pub fn drops_deliveries(&self) {
        drop(self.deliveries());
    }

    /// Sends everything that has not been sent, in order.
    pub async fn deliver_all(&self, to: &str, secret: &str) -> Vec<u16> {
        let mut answers = Vec::new();
        for delivery in self.deliveries() {
            answers.push(self.deliver(delivery, to, secret).await);
        }
        answers
    }

    /// Sends one; again is a redelivery, with the same id. How it was answered.
    pub async fn deliver(&self, mut delivery: Delivery, to: &str, secret: &str) -> u16 {
        let body = delivery.body.to_string();
        let status = post(to, &delivery, &body, &signature(secret, body.as_bytes())).await;
        delivery.answered = Some(status);
        self.state().deliveries.push(delivery);
        status
    }
}

/// POSTs a body as GitHub does; the status of the answer, 0 where there was none.
pub async fn post(to: &str, delivery: &Delivery, body: &str, signature: &str) -> u16 {
    let (host, path) = to.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let head = format!(
        "POST /{path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: GitHub-Hookshot/fake\r\nAccept: */*\r\nContent-Type: application/json\r\n\
         X-GitHub-Event: {}\r\nX-GitHub-Delivery: {}\r\nX-Hub-Signature-256: {signature}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        delivery.event,
        delivery.guid,
        body.len()
    );
    let Ok(mut stream) = TcpStream::connect(host).await else { return 0 };
    let mut answer = Vec::new();
    // A receiver that refuses by the head alone may close before it has read everything.
    let _ = stream.write_all(head.as_bytes()).await;
    let _ = stream.write_all(body.as_bytes()).await;
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer);
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
}
