//! Accounts as the API shows them.

use serde_json::{Value, json};

use super::answer::{Answer, Answered, Call};
use super::auth::Caller;
use super::state::{Kind, State};

/// Two objects in one; the second wins.
pub fn laid_over(mut under: Value, over: Value) -> Value {
    if let (Some(under), Value::Object(over)) = (under.as_object_mut(), over) {
        under.extend(over);
    }
    under
}

impl State {
    /// An account; null where it was deleted.
    pub fn user_json(&self, id: u64) -> Value {
        let account = &self.accounts[&id];
        if account.gone {
            return Value::Null;
        }
        let (login, url) = (&account.login, &self.url);
        let of = format!("{url}/users/{login}");
        let kind = match account.kind {
            Kind::User => "User",
            Kind::Organization => "Organization",
            Kind::Bot => "Bot",
        };
        json!({
            "login": login, "id": id, "node_id": format!("U_{id}"), "avatar_url": format!("{url}/avatars/{id}"), "gravatar_id": "",
            "url": of, "html_url": format!("{url}/{login}"), "followers_url": format!("{of}/followers"),
            "following_url": format!("{of}/following{{/other_user}}"), "gists_url": format!("{of}/gists{{/gist_id}}"),
            "starred_url": format!("{of}/starred{{/owner}}{{/repo}}"), "subscriptions_url": format!("{of}/subscriptions"),
            "organizations_url": format!("{of}/orgs"), "repos_url": format!("{of}/repos"), "events_url": format!("{of}/events{{/privacy}}"),
            "received_events_url": format!("{of}/received_events"), "type": kind, "site_admin": false, "user_view_type": "public",
        })
    }

    fn public_user_json(&self, id: u64) -> Value {
        let at = "2020-01-01T00:00:00Z";
        let more = json!({
            "name": self.accounts[&id].name, "company": null, "blog": "", "location": null, "email": null, "hireable": null, "bio": null,
            "twitter_username": null, "public_repos": 1, "public_gists": 0, "followers": 0, "following": 0, "created_at": at, "updated_at": at,
        });
        laid_over(self.user_json(id), more)
    }

    pub fn current_user(&self, call: &Call<'_>) -> Answered {
        match &call.caller {
            Caller::User { id, .. } => Ok(Answer::ok(self.public_user_json(*id))),
            Caller::Installation { .. } => Err(Answer::refused(403, "Resource not accessible by integration")),
            Caller::App(_) => Err(Answer::refused(401, "A JSON web token could not be decoded")),
        }
    }

    pub fn user(&self, login: &str) -> Answered {
        self.account_id(login).map(|id| Answer::ok(self.public_user_json(id))).ok_or_else(Answer::not_found)
    }

    pub fn user_by_id(&self, id: &str) -> Answered {
        let found = id.parse().ok().and_then(|id| self.accounts.get(&id)).filter(|account| !account.gone);
        found.map(|account| Answer::ok(self.public_user_json(account.id))).ok_or_else(Answer::not_found)
    }

    pub fn rate_limit(&self, call: &Call<'_>) -> Answer {
        let by = self.called(Some(&call.caller));
        let used = self.quotas.get(&by).map_or(0, |quota| quota.used);
        let reset = self.quotas.get(&by).map_or(self.now(), |quota| quota.reset).as_second();
        let rate = json!({"limit": self.quota, "used": used, "remaining": self.quota.saturating_sub(used), "reset": reset});
        Answer::ok(json!({"resources": {"core": rate, "search": rate}, "rate": rate}))
    }
}
