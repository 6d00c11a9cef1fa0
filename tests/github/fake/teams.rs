//! Teams of organisations.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::GitHub;
use super::answer::{Answer, Answered, Call};
use super::auth::Caller;
use super::state::{Kind, Level, State, Team};

impl State {
    /// Whoever asks needs to see the organisation's members.
    fn find_team(&self, call: &Call<'_>, org: &str, slug: &str) -> Result<&Team, Answer> {
        let organization = self.account_id(org).ok_or_else(Answer::not_found)?;
        let token = match &call.caller {
            Caller::App(_) => return Err(Answer::refused(401, "A JSON web token could not be decoded")),
            Caller::Installation { token, id } if self.installations[id].account == organization => &self.tokens[token],
            Caller::Installation { .. } => return Err(Answer::not_found()),
            Caller::User { token, .. } => &self.tokens[token],
        };
        let seen = |all: &std::collections::BTreeMap<String, Level>| all.contains_key("members");
        if !token.permissions.as_ref().is_none_or(seen) {
            return Err(Answer::refused(403, "Resource not accessible by integration"));
        }
        let found = self.teams.values().find(|team| team.organization == organization && team.slug == slug);
        found.ok_or_else(Answer::not_found)
    }

    fn organization_json(&self, id: u64) -> Value {
        let login = &self.accounts[&id].login;
        let (api, at) = (format!("{}/orgs/{login}", self.url), "2020-01-01T00:00:00Z");
        json!({
            "login": login, "id": id, "node_id": format!("O_{id}"), "url": api, "repos_url": format!("{api}/repos"),
            "events_url": format!("{api}/events"), "hooks_url": format!("{api}/hooks"), "issues_url": format!("{api}/issues"),
            "members_url": format!("{api}/members{{/member}}"), "public_members_url": format!("{api}/public_members{{/member}}"),
            "avatar_url": format!("{}/avatars/{id}", self.url), "description": null, "html_url": format!("{}/{login}", self.url),
            "has_organization_projects": true, "has_repository_projects": true, "public_repos": 1, "public_gists": 0, "followers": 0,
            "following": 0, "type": "Organization", "created_at": at, "updated_at": at, "archived_at": null,
        })
    }

    pub fn team(&self, call: &Call<'_>, org: &str, slug: &str) -> Answered {
        let team = self.find_team(call, org, slug)?;
        let at = team.created_at.to_string();
        let api = format!("{}/organizations/{}/team/{}", self.url, team.organization, team.id);
        Ok(Answer::ok(json!({
            "id": team.id, "node_id": format!("T_{}", team.id), "url": api, "html_url": format!("{}/orgs/{org}/teams/{slug}", self.url),
            "name": slug, "slug": slug, "description": null, "privacy": "closed", "notification_setting": "notifications_enabled",
            "permission": "pull", "parent": null, "members_url": format!("{api}/members{{/member}}"), "type": "organization",
            "repositories_url": format!("{api}/repos"), "members_count": team.members.len(), "repos_count": 0, "created_at": at,
            "updated_at": at, "organization": self.organization_json(team.organization),
        })))
    }

    pub fn team_members(&self, call: &Call<'_>, org: &str, slug: &str) -> Answered {
        let team = self.find_team(call, org, slug)?;
        let there = team.members.iter().filter(|id| !self.accounts[id].gone);
        Ok(call.list(there.map(|id| self.user_json(*id)).collect()))
    }
}

impl GitHub {
    /// A team of an organisation with these members and no others; its numeric id.
    pub fn team(&self, org: &str, slug: &str, members: &[&str]) -> u64 {
        let mut state = self.state();
        let organization = state.account(org, Kind::Organization);
        let there = state.teams.values().find(|team| team.organization == organization && team.slug == slug).map(|team| team.id);
        let id = there.unwrap_or_else(|| state.next_id());
        let members: BTreeSet<u64> = members.iter().map(|login| state.account(login, Kind::User)).collect();
        let before = state.teams.get(&id).map(|team| team.members.clone()).unwrap_or_default();
        let created_at = state.now();
        state.teams.insert(id, Team { id, organization, slug: slug.into(), members: members.clone(), created_at });
        for member in before.symmetric_difference(&members) {
            state.membership_event(id, *member, if members.contains(member) { "added" } else { "removed" });
        }
        id
    }

    pub fn deletes_team(&self, id: u64) {
        self.state().teams.remove(&id);
    }
}
