//! What everybody sees in the end, whatever happened on the way: without times, addresses and the numbers that things happened to get.

use std::collections::{BTreeMap, BTreeSet};

use git2::{Oid, Repository as Git, Sort};
use serde_json::{Value, json};

use super::GitHub;
use super::journal::Called;
use super::state::{CheckRun, Repository, State};

/// The first line of the message of each commit, by its id.
struct Names(BTreeMap<String, String>);

impl Names {
    fn of(repository: &Repository) -> Self {
        let git = Git::open(&repository.path).unwrap();
        let mut names = BTreeMap::new();
        git.odb()
            .unwrap()
            .foreach(|id| {
                if let Ok(commit) = git.find_commit(*id) {
                    names.insert(id.to_string(), commit.summary().ok().flatten().unwrap_or_default().to_owned());
                }
                true
            })
            .unwrap();
        Self(names)
    }

    /// The text with the names of commits in place of their ids.
    fn said(&self, text: &str) -> String {
        let (mut out, mut word) = (String::new(), String::new());
        for c in text.chars().chain(['\n']) {
            if c.is_ascii_digit() || ('a'..='f').contains(&c) {
                word.push(c);
                continue;
            }
            let known = self.0.range(word.clone()..).next().filter(|(id, _)| word.len() >= 7 && id.starts_with(&word));
            match known {
                Some((_, name)) => out.push_str(&format!("<{name}>")),
                None => out.push_str(&word),
            }
            word.clear();
            out.push(c);
        }
        out.pop();
        out
    }

    fn value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => self.said(text).into(),
            Value::Array(all) => all.iter().map(|one| self.value(one)).collect(),
            // The mark of a check run is a hash of what it says, ids of commits too.
            Value::Object(all) => {
                all.iter().filter(|(key, _)| *key != "external_id").map(|(key, one)| (key.clone(), self.value(one))).collect()
            }
            other => other.clone(),
        }
    }
}

fn shown(run: &CheckRun) -> Value {
    json!([run.name, run.status, run.conclusion, run.title, run.summary, run.text, run.annotations])
}

impl State {
    fn on_commit(&self, repository: &Repository, sha: Oid, is_head: bool) -> Value {
        let mut statuses = BTreeMap::new();
        for status in repository.statuses.iter().filter(|it| it.sha == sha) {
            let by = &self.accounts[&status.creator].login;
            let described = status.description.clone().unwrap_or_default();
            statuses.insert(status.context.clone(), format!("{}: {described} ({by})", status.state));
        }
        // What an older head was told beyond what every commit is told stays with it.
        statuses.retain(|context, _| is_head || !context.ends_with("/approval"));
        let runs = repository.check_runs.values().filter(|run| run.sha == sha && is_head);
        // Of one name the newest counts.
        let runs: BTreeMap<_, _> = runs.map(|run| ((run.app, &run.name), shown(run))).collect();
        let runs: Vec<Value> = runs.into_values().collect();
        json!({"statuses": statuses, "check runs": runs})
    }
}

impl GitHub {
    /// What stands on a repository.
    pub fn end_state(&self, full_name: &str) -> Value {
        let id = self.repository(full_name);
        let state = self.state();
        let repository = &state.repositories[&id];
        let names = Names::of(repository);
        let login = |id: &u64| state.accounts[id].login.clone();
        let git = Git::open(&repository.path).unwrap();
        let mut walk = git.revwalk().unwrap();
        walk.set_sorting(Sort::TOPOLOGICAL | Sort::TIME).unwrap();
        walk.push_ref("refs/heads/main").unwrap();
        let mut heads: BTreeSet<Oid> = repository.pulls.values().map(|pull| pull.head).collect();
        heads.iter().for_each(|head| walk.push(*head).unwrap());
        heads.insert(git.refname_to_id("refs/heads/main").unwrap());
        let commits = walk
            .map(|sha| sha.unwrap())
            .map(|sha| json!([names.said(&sha.to_string()), state.on_commit(repository, sha, heads.contains(&sha))]));
        let commits: Vec<Value> = commits.collect();
        let pulls = repository.pulls.values().map(|pull| {
            let comments = repository.comments.values().filter(|comment| comment.issue == pull.number).map(|comment| {
                let reactions: Vec<String> =
                    comment.reactions.iter().map(|it| format!("{} by {}", it.content, login(&it.user))).collect();
                json!([login(&comment.user), comment.body, reactions])
            });
            json!({
                "number": pull.number, "open": pull.open, "draft": pull.draft, "base": pull.base_ref,
                "merged by": pull.merged.as_ref().map(|merged| login(&merged.by)), "head": pull.head.to_string(),
                "labels": pull.labels, "asked": pull.requested.iter().map(login).collect::<Vec<_>>(),
                "reviews": pull.reviews.iter().map(|it| format!("{} by {}", it.state, login(&it.user))).collect::<Vec<_>>(),
                "comments": comments.collect::<Vec<_>>(),
            })
        });
        let whole = json!({"commits": commits, "pulls": pulls.collect::<Vec<_>>()});
        serde_json::from_str(&names.value(&whole).to_string().replace(&state.url, "GITHUB")).unwrap()
    }

    /// What was written since the calls were last forgotten, and took effect; in an order that does not depend on when.
    pub fn written(&self, full_name: &str) -> Vec<String> {
        let id = self.repository(full_name);
        let names = Names::of(&self.state().repositories[&id]);
        let done = self.writes().into_iter().filter(|call| call.status < 300 && call.status > 0);
        let mut lines: Vec<String> = done.map(|call| line(&call, &names)).collect();
        lines.sort();
        lines
    }

    /// What was posted although it stood there already; there should be nothing.
    pub fn posted_twice(&self, full_name: &str) -> Vec<String> {
        let id = self.repository(full_name);
        let state = self.state();
        let repository = &state.repositories[&id];
        let names = Names::of(repository);
        let mut twice = Vec::new();
        let mut newest = BTreeMap::new();
        for status in &repository.statuses {
            let told = (status.creator, status.state.clone(), status.description.clone(), status.target_url.clone());
            if newest.insert((status.sha, status.context.clone()), told.clone()).as_ref() == Some(&told) {
                twice.push(format!("{} on <{}>: {}", status.context, names.said(&status.sha.to_string()), told.1));
            }
        }
        let mut runs = BTreeMap::new();
        for run in repository.check_runs.values() {
            // Annotations cannot be taken back: what has others is another one.
            if runs.insert((run.sha, run.app, &run.name), shown(run)) == Some(shown(run)) {
                twice.push(format!("a check run on <{}>", names.said(&run.sha.to_string())));
            }
            let mut annotations = BTreeSet::new();
            twice.extend(run.annotations.iter().map(Value::to_string).filter(|it| !annotations.insert(it.clone())));
        }
        let mut marked = BTreeSet::new();
        for comment in repository.comments.values() {
            let ours = comment.body.starts_with(portcullis::forge::github::COMMENT_MARKER);
            if ours && !marked.insert((comment.issue, comment.user)) {
                twice.push(format!("a comment on #{}", comment.issue));
            }
            let mut reactions = BTreeSet::new();
            let again = comment.reactions.iter().filter(|it| !reactions.insert((it.user, it.content.clone())));
            twice.extend(again.map(|it| format!("{} on {}", it.content, comment.body)));
        }
        twice
    }
}

fn line(call: &Called, names: &Names) -> String {
    let mut path: Vec<String> = call.path.split('/').map(|part| names.said(part)).collect();
    for at in 1..path.len() {
        if ["check-runs", "comments"].contains(&path[at - 1].as_str()) {
            path[at] = "N".into();
        }
    }
    let body = call.body.as_ref().map(|body| names.value(body).to_string()).unwrap_or_default();
    format!("{} {} {body}", call.method, path.join("/"))
}
