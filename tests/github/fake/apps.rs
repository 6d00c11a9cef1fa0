//! Apps, their installations, and the tokens these are given.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::GitHub;
use super::accounts::laid_over;
use super::answer::{Answer, Answered, Call};
use super::auth::{APP_KEY, Caller};
use super::state::{App, Bearer, Installation, Kind, Level, State, Token};

fn permissions_json(permissions: &BTreeMap<String, Level>) -> Value {
    let word = |level: Level| if level == Level::Write { "write" } else { "read" };
    permissions.iter().map(|(name, level)| (name.clone(), json!(word(*level)))).collect::<Map<_, _>>().into()
}

fn permissions_of(pairs: &[(&str, Level)]) -> BTreeMap<String, Level> {
    let given = pairs.iter().map(|(name, level)| ((*name).to_owned(), *level));
    given.chain([("metadata".to_owned(), Level::Read)]).collect()
}

impl App {
    pub fn client_id(&self) -> String {
        format!("Iv23fake{}", self.id)
    }
}

impl State {
    pub fn app_json(&self, id: u64) -> Value {
        let app = &self.apps[&id];
        let at = app.created_at.to_string();
        json!({
            "id": id, "slug": app.slug, "node_id": format!("A_{id}"), "client_id": app.client_id(), "owner": self.user_json(app.owner),
            "name": app.slug, "description": null, "external_url": "https://portcullis.example",
            "html_url": format!("{}/apps/{}", self.url, app.slug), "created_at": at, "updated_at": at,
            "permissions": permissions_json(&app.permissions), "events": app.events,
        })
    }

    fn installation_json(&self, id: u64) -> Value {
        let it = &self.installations[&id];
        let (app, at) = (&self.apps[&it.app], it.created_at.to_string());
        json!({
            "id": id, "account": self.user_json(it.account), "repository_selection": "selected", "app_id": it.app, "app_slug": app.slug,
            "client_id": app.client_id(), "target_id": it.account, "target_type": self.user_json(it.account)["type"],
            "access_tokens_url": format!("{}/app/installations/{id}/access_tokens", self.url),
            "repositories_url": format!("{}/installation/repositories", self.url), "html_url": format!("{}/settings/installations/{id}", self.url),
            "permissions": permissions_json(&it.permissions), "events": app.events, "single_file_name": null,
            "created_at": at, "updated_at": at, "suspended_by": null, "suspended_at": it.suspended.then_some(at),
        })
    }

    pub fn app(&self, call: &Call<'_>) -> Answered {
        let id = self.demand_app(call)?;
        let count = self.installations.values().filter(|it| it.app == id).count();
        let mut app = self.app_json(id);
        app["installations_count"] = count.into();
        Ok(Answer::ok(app))
    }

    pub fn list_installations(&self, call: &Call<'_>) -> Answered {
        let app = self.demand_app(call)?;
        let ids = self.installations.values().filter(|it| it.app == app).map(|it| it.id);
        let answer = call.list(ids.map(|id| self.installation_json(id)).collect());
        // Here, and here alone, the description demands that the account be a user and an enterprise at once, and is older.
        let enterprise = json!({"name": "acme", "slug": "acme", "created_at": null, "updated_at": null});
        let mut both = answer.body.clone().unwrap_or_default();
        for one in both.as_array_mut().into_iter().flatten() {
            one["account"] = laid_over(one["account"].take(), enterprise.clone());
            one["account"].as_object_mut().unwrap().remove("user_view_type");
            one.as_object_mut().unwrap().remove("client_id");
            one["permissions"].as_object_mut().unwrap().remove("merge_queues");
        }
        Ok(answer.described_as(both))
    }

    pub fn repository_installation(&self, call: &Call<'_>, repository: u64) -> Answered {
        let app = self.demand_app(call)?;
        let found = self.installations.values().find(|it| it.app == app && it.repositories.contains(&repository));
        found.map(|it| Answer::ok(self.installation_json(it.id))).ok_or_else(Answer::not_found)
    }

    pub fn create_token(&mut self, call: &Call<'_>, id: &str) -> Answered {
        let app = self.demand_app(call)?;
        let found = id.parse().ok().and_then(|id| self.installations.get(&id)).filter(|it| it.app == app);
        let installation = found.ok_or_else(Answer::not_found)?;
        if installation.suspended {
            return Err(Answer::refused(403, "This installation has been suspended"));
        }
        let (id, mut permissions, mut repositories) =
            (installation.id, installation.permissions.clone(), installation.repositories.iter().copied().collect::<Vec<_>>());
        let body = call.body.clone().unwrap_or_default();
        if let Some(asked) = body.get("permissions").and_then(Value::as_object) {
            let level = |value: &Value| if value == "write" { Level::Write } else { Level::Read };
            let asked: BTreeMap<String, Level> = asked.iter().map(|(name, value)| (name.clone(), level(value))).collect();
            if asked.iter().any(|(name, level)| permissions.get(name).is_none_or(|granted| granted < level)) {
                return Err(Answer::invalid("The permissions requested are not granted to this installation."));
            }
            permissions = asked;
        }
        let narrower = body.get("repository_ids").is_some() || body.get("repositories").is_some();
        if narrower {
            let mut wanted: Vec<u64> =
                body["repository_ids"].as_array().into_iter().flatten().filter_map(Value::as_u64).collect();
            for name in body["repositories"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                wanted.push(repositories.iter().copied().find(|it| self.repositories[it].name == name).unwrap_or_default());
            }
            if wanted.iter().any(|it| !repositories.contains(it)) {
                return Err(Answer::invalid(
                    "There is at least one repository that does not exist or is not accessible to the parent installation.",
                ));
            }
            repositories = wanted;
        }
        // One that is not narrowed opens what the installation has, whenever it got it.
        let (text, token) = self.mint(id, permissions, narrower.then(|| repositories.clone()));
        let mut json = json!({
            "token": text, "expires_at": token.expires_at.unwrap().to_string(),
            "permissions": permissions_json(token.permissions.as_ref().unwrap()), "repository_selection": "selected",
        });
        if narrower {
            json["repositories"] = repositories.iter().map(|id| self.repository_json(*id)).collect();
        }
        Ok(Answer::created(json))
    }

    pub fn installation_repositories(&self, call: &Call<'_>) -> Answered {
        let Caller::Installation { id, token } = &call.caller else {
            return Err(Answer::refused(
                403,
                "You must authenticate with an installation access token in order to list repositories for an installation.",
            ));
        };
        let all = self.tokens[token].repositories.clone().unwrap_or_else(|| self.installations[id].repositories.clone());
        Ok(call.counted("repositories", all.into_iter().map(|id| self.repository_json(id)).collect()))
    }

    pub fn hook_config(&self, call: &Call<'_>) -> Answered {
        let app = self.demand_app(call)?;
        let url = &self.apps[&app].webhook_url;
        Ok(Answer::ok(json!({"content_type": "json", "insecure_ssl": "0", "secret": "********", "url": url})))
    }
}

impl GitHub {
    /// Registers an App that asks for these permissions; its numeric id. Its private key is [`Self::app_key`].
    pub fn app(&self, slug: &str, permissions: &[(&str, Level)]) -> u64 {
        let mut state = self.state();
        let (id, owner, bot) = (state.next_id(), state.account("acme", Kind::Organization), state.bot(slug));
        let events = ["pull_request", "pull_request_review", "push", "check_run", "issue_comment", "merge_group"];
        let app = App {
            id,
            slug: slug.into(),
            owner,
            bot,
            permissions: permissions_of(permissions),
            events: events.map(str::to_owned).to_vec(),
            webhook_url: "https://portcullis.example/webhooks/github".into(),
            created_at: state.now(),
        };
        state.apps.insert(id, app);
        id
    }

    /// What the JWTs of Apps are signed with, in PEM.
    pub fn app_key(&self) -> &'static str {
        APP_KEY
    }

    /// Installs an App on repositories of one owner, with the permissions it asks for; the installation's id.
    pub fn installs(&self, app: u64, repositories: &[&str]) -> u64 {
        let repositories: BTreeSet<u64> = repositories.iter().map(|name| self.repository(name)).collect();
        let mut state = self.state();
        let id = state.next_id();
        let account = state.repositories[repositories.first().unwrap()].owner;
        let (permissions, created_at) = (state.apps[&app].permissions.clone(), state.now());
        state
            .installations
            .insert(id, Installation { id, app, account, repositories, permissions, suspended: false, created_at });
        id
    }

    /// An installation is given one more repository.
    pub fn adds(&self, installation: u64, repository: &str) {
        let id = self.repository(repository);
        self.state().installations.get_mut(&installation).unwrap().repositories.insert(id);
    }

    pub fn uninstalls(&self, installation: u64) {
        self.state().installations.remove(&installation);
    }

    pub fn suspends(&self, installation: u64, suspended: bool) {
        self.state().installations.get_mut(&installation).unwrap().suspended = suspended;
    }

    /// A token of an installation, as if it had asked for one itself.
    pub fn installation_token(&self, installation: u64) -> String {
        let mut state = self.state();
        let it = &state.installations[&installation];
        let permissions = it.permissions.clone();
        let (text, _) = state.mint(installation, permissions, None);
        state.tokens.get_mut(&text).unwrap().unheard_of = 0;
        text
    }

    /// A token of a person or a bot, for everything they may.
    pub fn token(&self, login: &str) -> String {
        self.add_token(login, None)
    }

    /// A fine-grained token of a person or a bot.
    pub fn fine_grained_token(&self, login: &str, permissions: &[(&str, Level)]) -> String {
        self.add_token(login, Some(permissions_of(permissions)))
    }

    fn add_token(&self, login: &str, permissions: Option<BTreeMap<String, Level>>) -> String {
        let mut state = self.state();
        let (id, account) = (state.next_id(), state.account(login, Kind::User));
        let text = format!("github_pat_{id:036}");
        let token = Token { of: Bearer::User(account), permissions, repositories: None, expires_at: None, unheard_of: 0 };
        state.tokens.insert(text.clone(), token);
        text
    }

    /// No token of an installation is worth anything any more; of a person, that one.
    pub fn revokes(&self, token: &str) {
        self.state().tokens.remove(token);
    }

    /// The same for every token that any installation has.
    pub fn revokes_installation_tokens(&self) {
        self.state().tokens.retain(|_, token| matches!(token.of, Bearer::User(_)));
    }

    /// Every token there is now, of people and of installations.
    pub fn tokens(&self) -> Vec<String> {
        self.state().tokens.keys().cloned().collect()
    }

    /// An installation is granted these permissions and no others; the App asks for what it asked.
    pub fn grants(&self, installation: u64, permissions: &[(&str, Level)]) {
        self.state().installations.get_mut(&installation).unwrap().permissions = permissions_of(permissions);
    }

    /// Pages of lists hold no more than this, so that a few things fill several.
    pub fn pages_hold(&self, most: usize) {
        self.state().most_of_a_page = most;
    }

    /// Fresh tokens of installations are unknown to the servers that answer so many requests with them.
    pub fn tokens_are_late(&self, requests: u32) {
        self.state().late_tokens = requests;
    }

    /// What each identity may ask for in an hour.
    pub fn quota(&self, limit: u64) {
        self.state().quota = limit;
    }

    /// So much of everybody's quota of this hour is used.
    pub fn used_up(&self, used: u64) {
        self.state().quotas.values_mut().for_each(|quota| quota.used = used);
    }
}
