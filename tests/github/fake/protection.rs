//! Branches, and what protects them.

use serde_json::{Value, json};

use super::GitHub;
use super::answer::{Answer, Answered, Call};
use super::objects;
use super::state::State;

impl State {
    pub fn branch(&self, id: u64, branch: &str) -> Answered {
        let tip = objects::tip(&self.repositories[&id].path, &format!("refs/heads/{branch}"));
        let tip = tip.ok_or_else(|| Answer::refused(404, "Branch not found"))?;
        let full = self.full_name(id);
        let own = format!("{}/repos/{full}/branches/{branch}", self.url);
        let there = self.repositories[&id].protection.get(branch);
        let checks = there.and_then(|it| it.get("required_status_checks"));
        let everyone = there.is_some_and(|it| it["enforce_admins"]["enabled"] == true);
        let short = json!({
            "enabled": there.is_some(),
            "required_status_checks": {
                "enforcement_level": match checks {
                    None => "off",
                    Some(_) if everyone => "everyone",
                    Some(_) => "non_admins",
                },
                "contexts": checks.map_or_else(|| json!([]), |it| it["contexts"].clone()),
                "checks": checks.map_or_else(|| json!([]), |it| it["checks"].clone()),
            },
        });
        Ok(Answer::ok(json!({
            "name": branch, "commit": self.commit_json(id, tip), "_links": {"html": format!("{}/{full}/tree/{branch}", self.url), "self": own},
            "protected": there.is_some() || self.repositories[&id].rules.contains_key(branch), "protection": short,
            "protection_url": format!("{own}/protection"),
        })))
    }

    pub fn branch_protection(&self, id: u64, branch: &str) -> Answered {
        let found = self.repositories[&id].protection.get(branch).cloned();
        found.map(Answer::ok).ok_or_else(|| Answer::refused(404, "Branch not protected"))
    }

    pub fn branch_rules(&self, call: &Call<'_>, id: u64, branch: &str) -> Answer {
        call.list(self.repositories[&id].rules.get(branch).cloned().unwrap_or_default())
    }
}

impl GitHub {
    /// Protects a branch: these contexts are required, each of an App or of anybody.
    pub fn protects(&self, full_name: &str, branch: &str, required: &[(&str, Option<u64>)], enforce_admins: bool) {
        let id = self.repository(full_name);
        let mut state = self.state();
        let own = format!("{}/repos/{full_name}/branches/{branch}/protection", state.url);
        let checks: Vec<Value> = required.iter().map(|(context, app)| json!({"context": context, "app_id": app})).collect();
        let contexts: Vec<&str> = required.iter().map(|(context, _)| *context).collect();
        let json = json!({
            "url": own,
            "required_status_checks": {
                "url": format!("{own}/required_status_checks"), "strict": false, "contexts": contexts,
                "contexts_url": format!("{own}/required_status_checks/contexts"), "checks": checks,
            },
            "enforce_admins": {"url": format!("{own}/enforce_admins"), "enabled": enforce_admins},
            "required_linear_history": {"enabled": false}, "allow_force_pushes": {"enabled": false},
            "allow_deletions": {"enabled": false}, "block_creations": {"enabled": false},
            "required_conversation_resolution": {"enabled": false}, "lock_branch": {"enabled": false},
            "allow_fork_syncing": {"enabled": false},
            "required_signatures": {"url": format!("{own}/required_signatures"), "enabled": false},
        });
        state.repository(id).protection.insert(branch.into(), json);
    }

    pub fn unprotects(&self, full_name: &str, branch: &str) {
        let id = self.repository(full_name);
        let mut state = self.state();
        state.repository(id).protection.remove(branch);
        state.repository(id).rules.remove(branch);
    }

    /// The same by a ruleset.
    pub fn rules(&self, full_name: &str, branch: &str, required: &[(&str, Option<u64>)]) {
        let id = self.repository(full_name);
        let mut state = self.state();
        let check = |(context, app): &(&str, Option<u64>)| match app {
            Some(app) => json!({"context": context, "integration_id": app}),
            None => json!({"context": context}),
        };
        let checks: Vec<Value> = required.iter().map(check).collect();
        let rule = json!({
            "type": "required_status_checks", "ruleset_source_type": "Repository", "ruleset_source": full_name, "ruleset_id": 1,
            "parameters": {"required_status_checks": checks, "strict_required_status_checks_policy": false},
        });
        state.repository(id).rules.entry(branch.into()).or_default().push(rule);
    }

    /// A rule of a ruleset in GitHub's own words.
    pub fn rule(&self, full_name: &str, branch: &str, rule: Value) {
        let id = self.repository(full_name);
        self.state().repository(id).rules.entry(branch.into()).or_default().push(rule);
    }
}
