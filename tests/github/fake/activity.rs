//! Who moved which branch: the repository's activity, and what follows from a push.

use git2::Oid;
use serde_json::{Value, json};

use super::GitHub;
use super::answer::{Answer, Call};
use super::objects;
use super::state::{Activity, MergedBy, State};

impl State {
    /// A branch has moved, or come, or gone: remembered as its mover's, and whatever rests on it follows.
    pub fn moved(
        &mut self,
        id: u64,
        reference: &str,
        before: Option<Oid>,
        after: Option<Oid>,
        actor: u64,
        kind: Option<&'static str>,
    ) {
        let path = self.repositories[&id].path.clone();
        let kind = kind.unwrap_or_else(|| match (before, after) {
            (None, _) => "branch_creation",
            (_, None) => "branch_deletion",
            (Some(before), Some(after)) if objects::contains(&path, after, before) => "push",
            _ => "force_push",
        });
        let (zero, activity_id, at, held) = (Oid::ZERO_SHA1, self.next_id(), self.now(), self.activity_held);
        let (from, to) = (before.unwrap_or(zero), after.unwrap_or(zero));
        let activity = Activity { id: activity_id, kind, actor, reference: reference.into(), before: from, after: to, at, held };
        self.repository(id).activity.push(activity);
        self.pushed(id, reference, from, to, actor);
        let branch = reference.trim_start_matches("refs/heads/").to_owned();
        for (repository, number) in self.open_pulls() {
            let pull = &self.repositories[&repository].pulls[&number];
            if pull.head_repository == id && pull.head_ref == branch {
                self.head_moved(repository, number, after, actor);
            } else if repository == id && pull.base_ref == branch && kind != "pr_merge" {
                let (head, base) = (pull.head, pull.base);
                if let Some(tip) = after.filter(|tip| head != base && objects::contains(&path, *tip, head)) {
                    self.close_as_merged(repository, number, MergedBy { at, by: actor, sha: tip });
                }
            }
        }
    }

    fn open_pulls(&self) -> Vec<(u64, u64)> {
        let all = self.repositories.values();
        all.flat_map(|it| it.pulls.values().filter(|pull| pull.open).map(|pull| (it.id, pull.number))).collect()
    }

    fn head_moved(&mut self, repository: u64, number: u64, head: Option<Oid>, actor: u64) {
        let now = self.now();
        let path = self.repositories[&repository].path.clone();
        let base_ref = self.repositories[&repository].pulls[&number].base_ref.clone();
        let base = objects::tip(&path, &format!("refs/heads/{base_ref}"));
        let pull = self.pull(repository, number);
        pull.updated_at = now;
        let Some(head) = head else {
            pull.open = false;
            pull.closed_at = Some(now);
            return self.pull_request_event(repository, number, "closed", actor);
        };
        pull.head = head;
        pull.base = base.unwrap_or(pull.base);
        objects::set(&path, &format!("refs/pull/{number}/head"), head);
        self.pull_request_event(repository, number, "synchronize", actor);
    }

    pub fn close_as_merged(&mut self, repository: u64, number: u64, merged: MergedBy) {
        let by = merged.by;
        let pull = self.pull(repository, number);
        pull.open = false;
        pull.updated_at = merged.at;
        pull.closed_at = Some(merged.at);
        pull.merged = Some(merged);
        self.pull_request_event(repository, number, "closed", by);
    }

    fn activity_json(&self, activity: &Activity) -> Value {
        json!({
            "id": activity.id, "node_id": format!("PSH_{}", activity.id), "before": activity.before.to_string(),
            "after": activity.after.to_string(), "ref": activity.reference, "timestamp": activity.at.to_string(),
            "activity_type": activity.kind, "actor": self.user_json(activity.actor),
        })
    }

    pub fn list_activity(&self, call: &Call<'_>, id: u64) -> Answer {
        let wanted =
            call.query("ref").map(|name| if name.starts_with("refs/") { name.to_owned() } else { format!("refs/heads/{name}") });
        let mut all: Vec<&Activity> = self.repositories[&id].activity.iter().filter(|it| !it.held).collect();
        all.retain(|it| wanted.as_ref().is_none_or(|wanted| it.reference == *wanted));
        all.retain(|it| call.query("activity_type").is_none_or(|kind| it.kind == kind));
        all.retain(|it| call.query("actor").is_none_or(|actor| self.accounts[&it.actor].login == actor));
        if call.query("direction") != Some("asc") {
            all.reverse();
        }
        call.after(all.into_iter().map(|it| (it.id, self.activity_json(it))).collect())
    }
}

impl GitHub {
    /// Pushes happen, but the list of activities does not tell them yet.
    pub fn holds_activity(&self) {
        self.state().activity_held = true;
    }

    /// The list of activities catches up.
    pub fn releases_activity(&self) {
        let mut state = self.state();
        state.activity_held = false;
        state.repositories.values_mut().flat_map(|it| it.activity.iter_mut()).for_each(|it| it.held = false);
    }
}
