//! How a pull request becomes part of its base: the button, the API, and GitHub's own commits.

use git2::Oid;
use serde_json::json;

use super::answer::{Answer, Answered, Call};
use super::objects::{self, Draft, Named};
use super::state::{MergedBy, State, WEB_FLOW};

/// How.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Method {
    Merge,
    Squash,
    Rebase,
}

impl State {
    /// An account as commits name it.
    pub fn named_in_commits(&self, account: u64) -> Named {
        Named { name: self.accounts[&account].name.clone(), email: self.accounts[&account].email.clone() }
    }

    /// A commit that GitHub itself makes for somebody: signed by web-flow.
    pub fn web_commit(&mut self, repository: u64, parents: &[Oid], tree: Oid, message: &str, author: &Named) -> Oid {
        let path = self.repositories[&repository].path.clone();
        let signature = "-----BEGIN PGP SIGNATURE-----\n\nd2ViLWZsb3c=\n-----END PGP SIGNATURE-----";
        let (committer, time) = (self.named_in_commits(WEB_FLOW), self.now());
        let draft = Draft { parents, tree, message, author, committer: &committer, time, signature: Some(signature) };
        let sha = objects::commit(&path, &draft);
        self.verified.insert(sha, WEB_FLOW);
        sha
    }

    /// The commit that a branch is to be at after a merge; `None` where it conflicts.
    pub fn merge_result(&mut self, id: u64, number: u64, onto: Oid, method: Method, by: u64) -> Option<Oid> {
        let path = self.repositories[&id].path.clone();
        let pull = &self.repositories[&id].pulls[&number];
        let (head, title, author) = (pull.head, pull.title.clone(), pull.user);
        let tree = objects::merged_tree(&path, onto, head)?;
        let by = self.named_in_commits(by);
        match method {
            Method::Merge => {
                let message = format!("Merge pull request #{number}\n\n{title}");
                Some(self.web_commit(id, &[onto, head], tree, &message, &by))
            }
            Method::Squash => {
                let author = self.named_in_commits(author);
                Some(self.web_commit(id, &[onto], tree, &format!("{title} (#{number})"), &author))
            }
            Method::Rebase => {
                let mut tip = onto;
                for commit in objects::range(&path, Some(onto), head) {
                    let tree = objects::picked_tree(&path, commit, tip)?;
                    let (author, message) = objects::authorship(&path, commit);
                    let draft = Draft {
                        parents: &[tip],
                        tree,
                        message: &message,
                        author: &author,
                        committer: &by,
                        time: self.now(),
                        signature: None,
                    };
                    tip = objects::commit(&path, &draft);
                }
                Some(tip)
            }
        }
    }

    /// Merges a pull request for somebody.
    pub fn merge(&mut self, id: u64, number: u64, method: Method, by: u64) -> Result<Oid, Answer> {
        let path = self.repositories[&id].path.clone();
        let pull = &self.repositories[&id].pulls[&number];
        if !pull.open || pull.draft {
            return Err(Answer::refused(405, "Pull Request is not mergeable"));
        }
        let reference = format!("refs/heads/{}", pull.base_ref);
        let onto = objects::tip(&path, &reference).ok_or_else(|| Answer::refused(405, "Base branch is missing"))?;
        let refusal = || Answer::refused(405, "Pull Request is not mergeable");
        let sha = self.merge_result(id, number, onto, method, by).ok_or_else(refusal)?;
        objects::set(&path, &reference, sha);
        self.moved(id, &reference, Some(onto), Some(sha), by, Some("pr_merge"));
        let at = self.now();
        self.close_as_merged(id, number, MergedBy { at, by, sha });
        Ok(sha)
    }

    /// Why a pull request may not be merged by the rules of its base, if so.
    fn unmet(&self, id: u64, number: u64) -> Option<String> {
        let it = &self.repositories[&id];
        let pull = &it.pulls[&number];
        let required = it.protection.get(&pull.base_ref)?["required_status_checks"]["checks"].as_array()?;
        let green = |context: &str, app: Option<u64>| {
            let by = app.map(|app| self.apps[&app].bot);
            let status = it.statuses.iter().rev().find(|it| it.sha == pull.head && it.context == context);
            let run = it.check_runs.values().rev().find(|run| run.sha == pull.head && run.name == context);
            status.is_some_and(|it| it.state == "success" && by.is_none_or(|by| by == it.creator))
                || run.is_some_and(|run| run.conclusion.as_deref() == Some("success") && app.is_none_or(|app| app == run.app))
        };
        let context = |check: &serde_json::Value| check["context"].as_str().unwrap_or_default().to_owned();
        let missing = required.iter().find(|check| !green(&context(check), check["app_id"].as_u64()))?;
        Some(format!("Required status check \"{}\" is expected.", context(missing)))
    }

    pub fn merge_by_api(&mut self, call: &Call<'_>, id: u64, number: &str) -> Answered {
        let number = self.pull_number(id, number)?;
        let head = self.repositories[&id].pulls[&number].head;
        if call.optional("sha").is_some_and(|sha| sha != head.to_string()) {
            return Err(Answer::with(
                409,
                json!({
                    "message": "Head branch was modified. Review and try the merge again.", "documentation_url": "https://docs.github.com/rest",
                }),
            ));
        }
        if let Some(unmet) = self.unmet(id, number) {
            return Err(Answer::with(405, json!({"message": unmet, "documentation_url": "https://docs.github.com/rest"})));
        }
        let method = match call.text("merge_method") {
            "squash" => Method::Squash,
            "rebase" => Method::Rebase,
            _ => Method::Merge,
        };
        let by = self.author(&call.caller).0;
        let sha = self.merge(id, number, method, by).map_err(|mut refusal| {
            refusal.body.as_mut().unwrap().as_object_mut().unwrap().remove("status");
            refusal
        })?;
        Ok(Answer::ok(json!({"sha": sha.to_string(), "merged": true, "message": "Pull Request successfully merged"})))
    }
}
