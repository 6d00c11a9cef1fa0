//! Pull requests as the API shows them.

use serde_json::{Value, json};

use super::GitHub;
use super::accounts::laid_over;
use super::answer::{Answer, Answered, Call, encoded};
use super::objects;
use super::state::{Pull, Role, State};

impl State {
    fn side_json(&self, repository: u64, branch: &str, sha: git2::Oid) -> Value {
        let it = &self.repositories[&repository];
        let owner = &self.accounts[&it.owner].login;
        let repo = if it.gone { Value::Null } else { self.repository_json(repository) };
        json!({"label": format!("{owner}:{branch}"), "ref": branch, "sha": sha.to_string(), "user": self.user_json(it.owner), "repo": repo})
    }

    pub fn association(&self, repository: u64, account: u64) -> &'static str {
        match self.role(repository, account) {
            _ if self.repositories[&repository].owner == account => "OWNER",
            Role::None | Role::Read => "NONE",
            _ => "COLLABORATOR",
        }
    }

    pub fn label_json(&self, repository: u64, name: &str) -> Value {
        let id = self.repositories[&repository].labels[name];
        let url = format!("{}/repos/{}/labels/{}", self.url, self.full_name(repository), encoded(name));
        json!({"id": id, "node_id": format!("L_{id}"), "url": url, "name": name, "color": "ededed", "default": false, "description": ""})
    }

    /// As lists have it.
    pub fn pull_json(&self, repository: u64, number: u64) -> Value {
        let (full, pull) = (self.full_name(repository), &self.repositories[&repository].pulls[&number]);
        let (api, html) = (format!("{}/repos/{full}", self.url), format!("{}/{full}/pull/{number}", self.url));
        let (own, issue) = (format!("{api}/pulls/{number}"), format!("{api}/issues/{number}"));
        let head_statuses = format!("{api}/statuses/{}", pull.head);
        let link = |to: &str| json!({"href": to});
        let time = |at: Option<portcullis::model::Timestamp>| at.map(|at| at.to_string());
        let merge_sha = pull.merged.as_ref().map(|it| it.sha).or_else(|| self.test_merge(repository, pull));
        json!({
            "id": pull.id, "node_id": format!("PR_{}", pull.id), "number": number, "url": own, "html_url": html, "diff_url": format!("{html}.diff"),
            "patch_url": format!("{html}.patch"), "issue_url": issue, "commits_url": format!("{own}/commits"),
            "review_comments_url": format!("{own}/comments"), "review_comment_url": format!("{api}/pulls/comments{{/number}}"),
            "comments_url": format!("{issue}/comments"), "statuses_url": head_statuses,
            "state": if pull.open { "open" } else { "closed" }, "locked": false, "active_lock_reason": null, "title": pull.title,
            "user": self.user_json(pull.user), "body": pull.body, "milestone": null, "assignee": null, "assignees": [],
            "labels": pull.labels.iter().map(|name| self.label_json(repository, name)).collect::<Vec<_>>(),
            "created_at": pull.created_at.to_string(), "updated_at": pull.updated_at.to_string(), "closed_at": time(pull.closed_at),
            "merged_at": time(pull.merged.as_ref().map(|it| it.at)), "merge_commit_sha": merge_sha.map(|sha| sha.to_string()),
            "requested_reviewers": pull.requested.iter().map(|id| self.user_json(*id)).collect::<Vec<_>>(), "requested_teams": [],
            "head": self.side_json(pull.head_repository, &pull.head_ref, pull.head), "base": self.side_json(repository, &pull.base_ref, pull.base),
            "_links": {
                "self": link(&own), "html": link(&html), "issue": link(&issue), "comments": link(&format!("{issue}/comments")),
                "review_comments": link(&format!("{own}/comments")), "review_comment": link(&format!("{api}/pulls/comments{{/number}}")),
                "commits": link(&format!("{own}/commits")), "statuses": link(&head_statuses),
            },
            "author_association": self.association(repository, pull.user), "auto_merge": null, "draft": pull.draft,
        })
    }

    fn test_merge(&self, repository: u64, pull: &Pull) -> Option<git2::Oid> {
        objects::tip(&self.repositories[&repository].path, &format!("refs/pull/{}/merge", pull.number))
    }

    /// By itself.
    pub fn full_pull_json(&self, repository: u64, number: u64) -> Value {
        let (it, simple) = (&self.repositories[&repository], self.pull_json(repository, number));
        let pull = &it.pulls[&number];
        let commits = objects::range(&it.path, Some(pull.base), pull.head).len();
        let tip = objects::tip(&it.path, &format!("refs/heads/{}", pull.base_ref)).unwrap_or(pull.base);
        let mergeable = (pull.open).then(|| objects::merged_tree(&it.path, tip, pull.head).is_some());
        let comments = it.comments.values().filter(|comment| comment.issue == number).count();
        let state = match mergeable {
            Some(false) => "dirty",
            Some(true) if pull.draft => "draft",
            Some(true) => "clean",
            None => "unknown",
        };
        let more = json!({
            "merged": pull.merged.is_some(), "mergeable": mergeable, "rebaseable": mergeable, "mergeable_state": state,
            "merged_by": pull.merged.as_ref().map(|it| self.user_json(it.by)), "comments": comments, "review_comments": 0,
            "maintainer_can_modify": false, "commits": commits, "additions": 1, "deletions": 0, "changed_files": 1,
        });
        laid_over(simple, more)
    }

    pub fn list_pulls(&self, call: &Call<'_>, id: u64) -> Answered {
        let it = &self.repositories[&id];
        let mut all: Vec<&Pull> = it.pulls.values().collect();
        match call.query("state").unwrap_or("open") {
            "open" => all.retain(|pull| pull.open),
            "closed" => all.retain(|pull| !pull.open),
            _ => {}
        }
        all.retain(|pull| call.query("base").is_none_or(|base| pull.base_ref == base));
        let head =
            |pull: &Pull| format!("{}:{}", self.accounts[&self.repositories[&pull.head_repository].owner].login, pull.head_ref);
        all.retain(|pull| call.query("head").is_none_or(|wanted| head(pull) == wanted));
        let updated = call.query("sort") == Some("updated");
        all.sort_by_key(|pull| if updated { pull.updated_at } else { pull.created_at });
        // By default the newest first, except where another order than that of creation is asked for.
        let descending =
            call.query("direction").map_or(call.query("sort").is_none_or(|sort| sort == "created"), |it| it == "desc");
        if descending {
            all.reverse();
        }
        let (shown, headers) = call.page(all);
        let shown: Vec<Value> = shown.into_iter().map(|pull| self.pull_json(id, pull.number)).collect();
        let described = shown.iter().cloned().map(with_heads).collect();
        Ok(Answer { headers, ..Answer::ok(Value::Array(shown)) }.described_as(described))
    }

    /// The number of a pull request that is there.
    pub fn pull_number(&self, id: u64, number: &str) -> Result<u64, Answer> {
        let number = number.parse().map_err(|_| Answer::not_found())?;
        if self.repositories[&id].pulls.contains_key(&number) { Ok(number) } else { Err(Answer::not_found()) }
    }

    pub fn get_pull(&self, id: u64, number: &str) -> Answered {
        let number = self.pull_number(id, number)?;
        let json = self.full_pull_json(id, number);
        Ok(Answer::ok(json.clone()).described_as(with_heads(json)))
    }

    pub fn request_reviewers(&mut self, call: &Call<'_>, id: u64, number: &str) -> Answered {
        let number = self.pull_number(id, number)?;
        let asked: Vec<String> =
            serde_json::from_value(call.body.clone().unwrap_or_default()["reviewers"].clone()).unwrap_or_default();
        let author = self.repositories[&id].pulls[&number].user;
        let mut wanted = Vec::new();
        for login in asked {
            let account = self.account_id(&login);
            let Some(account) = account.filter(|it| self.repositories[&id].collaborators.contains_key(it)) else {
                return Err(Answer::undescribed(
                    "Reviews may only be requested from collaborators. One or more of the users or teams you specified is not a collaborator of the repository.",
                ));
            };
            if account == author {
                return Err(Answer::undescribed("Review cannot be requested from pull request author."));
            }
            wanted.push(account);
        }
        let now = self.now();
        let pull = self.pull(id, number);
        let before = pull.requested.len();
        pull.requested.extend(wanted);
        if pull.requested.len() > before {
            pull.updated_at = now;
        }
        let json = self.pull_json(id, number);
        Ok(Answer::created(json.clone()).described_as(with_heads(json)))
    }
}

/// The description does not know that a head's repository is null once it is deleted, nor an account, nor a label's description that
/// nobody wrote; GitHub does.
fn with_heads(mut pull: Value) -> Value {
    for label in pull["labels"].as_array_mut().into_iter().flatten() {
        label["description"] = "".into();
    }
    let (base, someone) = (pull["base"]["repo"].clone(), pull["base"]["user"].clone());
    for place in ["/head/repo", "/base/repo"] {
        pull.pointer_mut(place).filter(|it| it.is_null()).into_iter().for_each(|it| *it = base.clone());
    }
    for place in ["/head/user", "/base/user", "/user"] {
        pull.pointer_mut(place).filter(|it| it.is_null()).into_iter().for_each(|it| *it = someone.clone());
    }
    pull
}

impl GitHub {
    /// A pull request as GitHub shows it.
    pub fn pull_request(&self, full_name: &str, number: u64) -> Value {
        let id = self.repository(full_name);
        self.state().full_pull_json(id, number)
    }

    pub fn head(&self, full_name: &str, number: u64) -> git2::Oid {
        let id = self.repository(full_name);
        self.state().repositories[&id].pulls[&number].head
    }
}
