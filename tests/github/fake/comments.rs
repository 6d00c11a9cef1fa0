//! Comments on pull requests, their reactions, and labels.

use serde_json::{Value, json};

use super::GitHub;
use super::answer::{Answer, Answered, Call};
use super::state::{Comment, Reaction, State};

const LONGEST: usize = 65_536;

impl State {
    pub fn comment_json(&self, id: u64, comment: &Comment) -> Value {
        let (full, own) = (self.full_name(id), comment.id);
        let api = format!("{}/repos/{full}", self.url);
        let count = |content: &str| comment.reactions.iter().filter(|it| it.content == content).count();
        json!({
            "id": own, "node_id": format!("IC_{own}"), "url": format!("{api}/issues/comments/{own}"),
            "html_url": format!("{}/{full}/pull/{}#issuecomment-{own}", self.url, comment.issue),
            "issue_url": format!("{api}/issues/{}", comment.issue), "user": self.user_json(comment.user), "body": comment.body,
            "created_at": comment.created_at.to_string(), "updated_at": comment.updated_at.to_string(),
            "author_association": self.association(id, comment.user),
            "performed_via_github_app": comment.app.map(|app| self.app_json(app)),
            "reactions": {
                "url": format!("{api}/issues/comments/{own}/reactions"), "total_count": comment.reactions.len(), "+1": count("+1"),
                "-1": count("-1"), "laugh": count("laugh"), "confused": count("confused"), "heart": count("heart"),
                "hooray": count("hooray"), "eyes": count("eyes"), "rocket": count("rocket"),
            },
        })
    }

    pub fn list_comments(&self, call: &Call<'_>, id: u64, number: &str) -> Answered {
        let number = self.pull_number(id, number)?;
        let all = self.repositories[&id].comments.values().filter(|comment| comment.issue == number);
        let since = call.query("since").and_then(|since| since.parse().ok());
        let all = all.filter(|comment| since.is_none_or(|since| comment.updated_at >= since));
        Ok(call.list(all.map(|comment| self.comment_json(id, comment)).collect()))
    }

    fn fitting(call: &Call<'_>) -> Result<String, Answer> {
        let body = call.text("body").to_owned();
        match body.chars().count() {
            0 => Err(Answer::invalid("Validation Failed")),
            it if it > LONGEST => Err(Answer::invalid("Validation Failed: body is too long (maximum is 65536 characters)")),
            _ => Ok(body),
        }
    }

    pub fn create_comment(&mut self, call: &Call<'_>, id: u64, number: &str) -> Answered {
        let number = self.pull_number(id, number)?;
        let (body, (user, app)) = (Self::fitting(call)?, self.author(&call.caller));
        let comment = self.add_comment(id, number, user, app, &body);
        Ok(Answer::created(self.comment_json(id, &self.repositories[&id].comments[&comment])))
    }

    pub fn add_comment(&mut self, id: u64, number: u64, user: u64, app: Option<u64>, body: &str) -> u64 {
        let (own, now) = (self.next_id(), self.now());
        let (body, reactions) = (body.to_owned(), Vec::new());
        let comment = Comment { id: own, issue: number, user, app, body, created_at: now, updated_at: now, reactions };
        self.repository(id).comments.insert(own, comment);
        self.pull(id, number).updated_at = now;
        self.comment_event(id, own, "created", user);
        own
    }

    fn comment_id(&self, id: u64, comment: &str) -> Result<u64, Answer> {
        comment.parse().ok().filter(|it| self.repositories[&id].comments.contains_key(it)).ok_or_else(Answer::not_found)
    }

    pub fn update_comment(&mut self, call: &Call<'_>, id: u64, comment: &str) -> Answered {
        let own = self.comment_id(id, comment)?;
        let (body, by, now) = (Self::fitting(call)?, self.author(&call.caller).0, self.now());
        let comment = self.repository(id).comments.get_mut(&own).unwrap();
        (comment.body, comment.updated_at) = (body, now);
        self.comment_event(id, own, "edited", by);
        Ok(Answer::ok(self.comment_json(id, &self.repositories[&id].comments[&own])))
    }

    fn reaction_json(&self, reaction: &Reaction) -> Value {
        let (id, at) = (reaction.id, reaction.at.to_string());
        json!({"id": id, "node_id": format!("REA_{id}"), "user": self.user_json(reaction.user), "content": reaction.content, "created_at": at})
    }

    pub fn list_reactions(&self, call: &Call<'_>, id: u64, comment: &str) -> Answered {
        let own = self.comment_id(id, comment)?;
        let all = self.repositories[&id].comments[&own].reactions.iter();
        let all = all.filter(|it| call.query("content").is_none_or(|content| it.content == content));
        Ok(call.list(all.map(|it| self.reaction_json(it)).collect()))
    }

    pub fn create_reaction(&mut self, call: &Call<'_>, id: u64, comment: &str) -> Answered {
        let own = self.comment_id(id, comment)?;
        let (new, at, user, content) = (self.next_id(), self.now(), self.author(&call.caller).0, call.text("content").to_owned());
        let there = &self.repositories[&id].comments[&own].reactions;
        if let Some(there) = there.iter().find(|it| it.user == user && it.content == content) {
            return Ok(Answer::ok(self.reaction_json(there)));
        }
        let reaction = Reaction { id: new, user, content, at };
        let json = self.reaction_json(&reaction);
        self.repository(id).comments.get_mut(&own).unwrap().reactions.push(reaction);
        Ok(Answer::created(json))
    }

    fn labels_json(&self, id: u64, number: u64) -> Vec<Value> {
        self.repositories[&id].pulls[&number].labels.iter().map(|name| self.label_json(id, name)).collect()
    }

    pub fn list_labels(&self, call: &Call<'_>, id: u64, number: &str) -> Answered {
        let number = self.pull_number(id, number)?;
        Ok(call.list(self.labels_json(id, number)))
    }

    pub fn add_labels(&mut self, call: &Call<'_>, id: u64, number: &str) -> Answered {
        let number = self.pull_number(id, number)?;
        let body = call.body.clone().unwrap_or_default();
        let names: Vec<String> = serde_json::from_value(body.get("labels").unwrap_or(&body).clone()).unwrap_or_default();
        for name in names {
            let (new, now) = (self.next_id(), self.now());
            self.repository(id).labels.entry(name.clone()).or_insert(new);
            let pull = self.pull(id, number);
            if pull.labels.insert(name) {
                pull.updated_at = now;
            }
        }
        Ok(Answer::ok(self.labels_json(id, number).into()))
    }

    pub fn remove_label(&mut self, id: u64, number: &str, name: &str) -> Answered {
        let number = self.pull_number(id, number)?;
        let now = self.now();
        let pull = self.pull(id, number);
        if !pull.labels.remove(name) {
            return Err(Answer::refused(404, "Label does not exist"));
        }
        pull.updated_at = now;
        Ok(Answer::ok(self.labels_json(id, number).into()))
    }
}

impl GitHub {
    /// The comments of a pull request, oldest first: whose, and their text.
    pub fn comments(&self, full_name: &str, number: u64) -> Vec<(String, String)> {
        let id = self.repository(full_name);
        let state = self.state();
        let all = state.repositories[&id].comments.values().filter(|comment| comment.issue == number);
        all.map(|comment| (state.accounts[&comment.user].login.clone(), comment.body.clone())).collect()
    }

    /// What somebody's comments on a pull request were answered with, in order.
    pub fn reactions(&self, full_name: &str, comment: u64) -> Vec<(String, String)> {
        let id = self.repository(full_name);
        let state = self.state();
        let all = state.repositories[&id].comments[&comment].reactions.iter();
        all.map(|it| (state.accounts[&it.user].login.clone(), it.content.clone())).collect()
    }

    /// Takes every comment of an account away from a pull request, by hand.
    pub fn deletes_comments_of(&self, login: &str, full_name: &str, number: u64) {
        let id = self.repository(full_name);
        let mut state = self.state();
        state.deed();
        let (user, now) = (state.account_id(login).unwrap(), state.now());
        state.repository(id).comments.retain(|_, comment| comment.user != user || comment.issue != number);
        state.pull(id, number).updated_at = now;
    }

    pub fn labels(&self, full_name: &str, number: u64) -> Vec<String> {
        let id = self.repository(full_name);
        self.state().repositories[&id].pulls[&number].labels.iter().cloned().collect()
    }

    /// Whose review of a pull request is asked for.
    pub fn requested_reviewers(&self, full_name: &str, number: u64) -> Vec<String> {
        let id = self.repository(full_name);
        let state = self.state();
        state.repositories[&id].pulls[&number].requested.iter().map(|id| state.accounts[id].login.clone()).collect()
    }
}
