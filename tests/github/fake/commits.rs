//! Commits as the API shows them, read from git.

use git2::{Commit, Oid};
use serde_json::{Value, json};

use super::GitHub;
use super::answer::{Answer, Answered, Call};
use super::objects;
use super::state::State;

impl State {
    /// The account of an address in a commit: an empty object is never given, null is for nobody.
    fn named(&self, email: Option<&str>) -> Value {
        email.and_then(|email| self.by_email(email)).map_or(Value::Null, |id| self.user_json(id))
    }

    fn verification(&self, commit: &Commit<'_>) -> Value {
        let id = commit.id();
        let signature = commit.header_field_bytes("gpgsig").ok().map(|it| String::from_utf8_lossy(&it).into_owned());
        let Some(signature) = signature else {
            return json!({"verified": false, "reason": "unsigned", "signature": null, "payload": null, "verified_at": null});
        };
        let payload = format!("{}\n{}", commit.raw_header().unwrap_or_default(), commit.message().unwrap_or_default());
        // GitHub believes a signature where the committer's address is one of the key's owner.
        let committer = commit.committer().email().ok().and_then(|email| self.by_email(email));
        let (verified, reason) = match self.verified.get(&id) {
            Some(owner) if committer == Some(*owner) => (true, "valid"),
            Some(_) => (false, "bad_email"),
            None => (false, "unknown_key"),
        };
        let at = verified.then(|| self.repositories.values().next().map_or(self.now(), |it| it.created_at).to_string());
        json!({"verified": verified, "reason": reason, "signature": signature, "payload": payload, "verified_at": at})
    }

    pub fn commit_json(&self, repository: u64, id: Oid) -> Value {
        let git = git2::Repository::open(&self.repositories[&repository].path).unwrap();
        let commit = git.find_commit(id).unwrap();
        let full = self.full_name(repository);
        let (api, html) = (format!("{}/repos/{full}", self.url), format!("{}/{full}", self.url));
        let person = |it: &git2::Signature<'_>| {
            let at = portcullis::model::Timestamp::from_second(it.when().seconds()).unwrap();
            json!({"name": it.name().unwrap_or_default(), "email": it.email().unwrap_or_default(), "date": at.to_string()})
        };
        let parent = |sha: Oid| json!({"sha": sha.to_string(), "url": format!("{api}/commits/{sha}"), "html_url": format!("{html}/commit/{sha}")});
        json!({
            "sha": id.to_string(), "node_id": format!("C_{id}"), "url": format!("{api}/commits/{id}"), "html_url": format!("{html}/commit/{id}"),
            "comments_url": format!("{api}/commits/{id}/comments"),
            "commit": {
                "author": person(&commit.author()), "committer": person(&commit.committer()),
                "message": commit.message().unwrap_or_default(), "comment_count": 0, "url": format!("{api}/git/commits/{id}"),
                "tree": {"sha": commit.tree_id().to_string(), "url": format!("{api}/git/trees/{}", commit.tree_id())},
                "verification": self.verification(&commit),
            },
            "author": self.named(commit.author().email().ok()), "committer": self.named(commit.committer().email().ok()),
            "parents": commit.parent_ids().map(parent).collect::<Vec<_>>(),
        })
    }

    pub fn list_commits(&self, call: &Call<'_>, id: u64) -> Answered {
        let it = &self.repositories[&id];
        let from = call.query("sha").unwrap_or(&it.default_branch);
        let Some(head) = objects::resolve(&it.path, from) else { return Err(Answer::not_found()) };
        let mut all = objects::range(&it.path, None, head);
        all.reverse();
        let (shown, headers) = call.page(all);
        let shown = shown.into_iter().map(|sha| self.commit_json(id, sha)).collect();
        Ok(Answer { headers, ..Answer::ok(shown) })
    }

    /// The commit that is named, or GitHub's refusal.
    pub fn commit_of(&self, id: u64, name: &str) -> Result<Oid, Answer> {
        objects::resolve(&self.repositories[&id].path, name)
            .ok_or_else(|| Answer::invalid(&format!("No commit found for SHA: {name}")))
    }

    pub fn get_commit(&self, id: u64, name: &str) -> Answered {
        let sha = self.commit_of(id, name)?;
        let mut json = self.commit_json(id, sha);
        json["stats"] = json!({"total": 0, "additions": 0, "deletions": 0});
        json["files"] = json!([]);
        Ok(Answer::ok(json))
    }
}

impl GitHub {
    /// GitHub knows the signing key of an account: what is signed with it from now on is verified.
    pub fn knows_key(&self, login: &str) {
        let mut state = self.state();
        let id = state.account_id(login).unwrap();
        state.known_keys.insert(id);
    }

    /// GitHub finds the signature of a commit to be by a key of that account.
    pub fn verifies(&self, sha: Oid, login: &str) {
        let mut state = self.state();
        let id = state.account_id(login).unwrap();
        state.verified.insert(sha, id);
    }
}
