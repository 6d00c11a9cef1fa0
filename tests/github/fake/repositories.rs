//! Repositories as the API shows them, and what happens to them as a whole.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::GitHub;
use super::accounts::laid_over;
use super::answer::{Answer, Answered};
use super::objects;
use super::state::{Kind, Repository, Role, State};

/// The members that are addresses below the repository's.
const BELOW: &[(&str, &str)] = &[
    ("archive_url", "/{archive_format}{/ref}"),
    ("assignees_url", "/assignees{/user}"),
    ("blobs_url", "/git/blobs{/sha}"),
    ("branches_url", "/branches{/branch}"),
    ("collaborators_url", "/collaborators{/collaborator}"),
    ("comments_url", "/comments{/number}"),
    ("commits_url", "/commits{/sha}"),
    ("compare_url", "/compare/{base}...{head}"),
    ("contents_url", "/contents/{+path}"),
    ("contributors_url", "/contributors"),
    ("deployments_url", "/deployments"),
    ("downloads_url", "/downloads"),
    ("events_url", "/events"),
    ("forks_url", "/forks"),
    ("git_commits_url", "/git/commits{/sha}"),
    ("git_refs_url", "/git/refs{/sha}"),
    ("git_tags_url", "/git/tags{/sha}"),
    ("hooks_url", "/hooks"),
    ("issue_comment_url", "/issues/comments{/number}"),
    ("issue_events_url", "/issues/events{/number}"),
    ("issues_url", "/issues{/number}"),
    ("keys_url", "/keys{/key_id}"),
    ("labels_url", "/labels{/name}"),
    ("languages_url", "/languages"),
    ("merges_url", "/merges"),
    ("milestones_url", "/milestones{/number}"),
    ("notifications_url", "/notifications{?since,all,participating}"),
    ("pulls_url", "/pulls{/number}"),
    ("releases_url", "/releases{/id}"),
    ("stargazers_url", "/stargazers"),
    ("statuses_url", "/statuses/{sha}"),
    ("subscribers_url", "/subscribers"),
    ("subscription_url", "/subscription"),
    ("tags_url", "/tags"),
    ("teams_url", "/teams"),
    ("trees_url", "/git/trees{/sha}"),
    ("url", ""),
];

impl State {
    pub fn repository_json(&self, id: u64) -> Value {
        let (full, it) = (self.full_name(id), &self.repositories[&id]);
        let html = format!("{}/{full}", self.url);
        let open = it.pulls.values().filter(|pull| pull.open).count();
        let mut json = json!({
            "id": id, "node_id": format!("R_{id}"), "name": it.name, "full_name": full, "private": it.private,
            "owner": self.user_json(it.owner), "html_url": html, "description": null, "fork": it.parent.is_some(),
            "clone_url": format!("{html}.git"), "git_url": format!("git://github.com/{full}.git"),
            "ssh_url": format!("git@github.com:{full}.git"), "svn_url": html, "mirror_url": null, "homepage": null, "language": null,
            "default_branch": it.default_branch, "forks": 0, "forks_count": 0, "stargazers_count": 0, "watchers": 0, "watchers_count": 0,
            "size": 1, "open_issues": open, "open_issues_count": open, "license": null, "has_issues": true, "has_projects": true,
            "has_wiki": true, "has_pages": false, "has_downloads": true, "has_discussions": false, "archived": false, "disabled": false,
            "visibility": if it.private { "private" } else { "public" }, "topics": [], "is_template": false, "allow_forking": true,
            "web_commit_signoff_required": false, "pushed_at": self.last_push(id), "created_at": it.created_at.to_string(),
            "updated_at": it.created_at.to_string(),
        });
        for (member, below) in BELOW {
            json[*member] = format!("{}/repos/{full}{below}", self.url).into();
        }
        json
    }

    fn last_push(&self, id: u64) -> String {
        let it = &self.repositories[&id];
        it.activity.last().map_or(it.created_at, |last| last.at).to_string()
    }

    pub fn full_repository_json(&self, id: u64) -> Value {
        let more = json!({
            "network_count": 0, "subscribers_count": 0, "allow_merge_commit": true, "allow_squash_merge": true, "allow_rebase_merge": true,
            "permissions": {"admin": false, "maintain": false, "push": true, "triage": true, "pull": true},
        });
        laid_over(self.repository_json(id), more)
    }

    pub fn collaborator_permission(&self, id: u64, login: &str) -> Answered {
        let account = self.account_id(login).ok_or_else(Answer::not_found)?;
        let role = self.role(id, account);
        let (permission, name) = match role {
            Role::None => ("none", "none"),
            Role::Read => ("read", "read"),
            Role::Triage => ("read", "triage"),
            Role::Write => ("write", "write"),
            Role::Maintain => ("write", "maintain"),
            Role::Admin => ("admin", "admin"),
        };
        let permissions = json!({
            "pull": role >= Role::Read, "triage": role >= Role::Triage, "push": role >= Role::Write, "maintain": role >= Role::Maintain,
            "admin": role >= Role::Admin,
        });
        let user = laid_over(self.user_json(account), json!({"permissions": permissions, "role_name": name}));
        Ok(Answer::ok(json!({"permission": permission, "role_name": name, "user": user})))
    }

    /// Makes a repository, with its owner's account if need be.
    pub fn create_repository(&mut self, full_name: &str, parent: Option<u64>) -> u64 {
        let (owner, name) = full_name.split_once('/').unwrap();
        let owner = self.account(owner, if parent.is_some() { Kind::User } else { Kind::Organization });
        let id = self.next_id();
        let path = self.root.join(format!("{id}.git"));
        let branch = parent.map_or("main".to_owned(), |parent| self.repositories[&parent].default_branch.clone());
        objects::create(&path, &branch, parent.map(|parent| self.repositories[&parent].path.clone()).as_deref());
        let private = parent.is_some_and(|parent| self.repositories[&parent].private);
        let repository = Repository {
            id,
            owner,
            name: name.into(),
            private,
            default_branch: branch,
            parent,
            gone: false,
            path,
            created_at: self.now(),
            collaborators: BTreeMap::new(),
            last_number: 0,
            pulls: BTreeMap::new(),
            comments: BTreeMap::new(),
            labels: BTreeMap::new(),
            statuses: Vec::new(),
            check_runs: BTreeMap::new(),
            activity: Vec::new(),
            protection: BTreeMap::new(),
            rules: BTreeMap::new(),
            queue: Vec::new(),
            workflows: Vec::new(),
            workflow_runs: BTreeMap::new(),
        };
        self.repositories.insert(id, repository);
        id
    }
}

impl GitHub {
    /// The repository of that name, made if there is none; its numeric id.
    pub fn repository(&self, full_name: &str) -> u64 {
        let mut state = self.state();
        state.repository_id(full_name).unwrap_or_else(|| state.create_repository(full_name, None))
    }

    /// Hides it from whoever has no role in it.
    pub fn makes_private(&self, full_name: &str) {
        let id = self.repository(full_name);
        self.state().repository(id).private = true;
    }

    /// Gives somebody a role in a repository.
    pub fn collaborator(&self, full_name: &str, login: &str, role: Role) {
        let id = self.repository(full_name);
        let mut state = self.state();
        let account = state.account(login, Kind::User);
        state.repository(id).collaborators.insert(account, role);
        state.collaborator_changed(id, account);
    }

    /// It is called otherwise from now on; the old name redirects.
    pub fn renames(&self, full_name: &str, name: &str) {
        let id = self.repository(full_name);
        let mut state = self.state();
        state.repository(id).name = name.into();
        state.renamed.insert(full_name.into(), id);
        state.repository_renamed(id, full_name);
    }

    /// It is gone, and what it was the head of has no head repository any more.
    pub fn deletes_repository(&self, full_name: &str) {
        let id = self.repository(full_name);
        self.state().repository(id).gone = true;
    }

    pub fn default_branch(&self, full_name: &str, branch: &str) {
        let id = self.repository(full_name);
        self.state().repository(id).default_branch = branch.into();
    }

    /// Where its bare repository lies.
    pub fn path(&self, full_name: &str) -> std::path::PathBuf {
        let id = self.repository(full_name);
        self.state().repositories[&id].path.clone()
    }
}
