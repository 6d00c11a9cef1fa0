use std::collections::BTreeMap;

use serde_json::json;

use super::super::facts::*;
use super::*;
use crate::forge::github::client::{Account, App, Installation, Quota};
use crate::model::{ForgeTeam, IdentityMode};
use crate::report::{AppWishes, Wellness, app_events, app_permissions, doctor_text};

fn told<T: serde::de::DeserializeOwned>(value: serde_json::Value) -> Told<Option<T>> {
    Ok(Some(serde_json::from_value(value).unwrap()))
}

/// A GitHub on which everything is as it should be.
fn healthy() -> Facts {
    let wishes = AppWishes {
        name: String::new(),
        org: None,
        git: "https://github.com".to_owned(),
        api: "https://api.github.com".to_owned(),
        url: Some("https://portcullis.acme.dev".to_owned()),
        merge: false,
        execute: false,
        workflows: false,
        teams: true,
    };
    let permissions: BTreeMap<String, String> =
        app_permissions(&wishes).iter().map(|need| (need.name.to_owned(), need.access.to_owned())).collect();
    let events: Vec<&str> = app_events(&wishes).iter().map(|event| event.name).collect();
    let app: App = serde_json::from_value(
        json!({"id": 7, "slug": "portcullis-acme", "name": "P", "permissions": permissions, "events": events}),
    )
    .unwrap();
    let installation: Installation =
        serde_json::from_value(json!({"id": 70, "permissions": permissions, "events": events, "suspended_at": null})).unwrap();
    let checks: Vec<_> =
        crate::check::CheckName::ALL.iter().map(|c| json!({"context": c.as_str(), "integration_id": 7})).collect();
    let team = ForgeTeam { organization: "acme".to_owned(), slug: "platform".to_owned(), id: 42 };
    let user =
        |identifier: &str, id, login: &str| UserFacts { identifier: identifier.to_owned(), id, login: Some(login.to_owned()) };
    Facts {
        api: "https://api.github.com".to_owned(),
        identity: Identity::App(Ok(app)),
        skew: Some(-1),
        wishes,
        takes_webhooks: true,
        url_is_known: true,
        hook: Some(Hook {
            config: told(json!({"url": "https://portcullis.acme.dev/webhooks/github", "content_type": "json",
                "insecure_ssl": "0", "secret": "********"})),
            deliveries: told(json!([{"status_code": 202, "status": "OK", "event": "push"}])),
        }),
        quota: Some(Ok(Some(Quota { limit: 5000, remaining: 4900, reset: 0 }))),
        repositories: vec![RepositoryFacts {
            name: "acme/catalog".to_owned(),
            branch: "main".to_owned(),
            installation: Some(Ok(Some(installation))),
            repository: told(json!({"full_name": "acme/catalog", "archived": false})),
            fetched: Ok(CatalogFacts {
                identity: IdentityMode::Forge,
                errors: 0,
                users: vec![user("alice@acme.dev", Some(1), "alice"), user("bob@acme.dev", Some(2), "bob")],
                teams: vec![team.clone()],
                actions: false,
                workflows: false,
            }),
            branch_words: told(json!({"protected": true, "protection": {}})),
            protection: Ok(None),
            rules: told(json!([
                {"type": "required_status_checks", "parameters":
                    {"required_status_checks": checks, "strict_required_status_checks_policy": true}},
                {"type": "non_fast_forward"},
            ])),
            accounts: [(1, "alice"), (2, "bob")]
                .map(|(id, login)| (id, Ok(Some(Account { id, login: login.to_owned() }))))
                .into(),
            teams: [(team, Ok(Some(TeamWords { id: 42 })))].into(),
        }],
        warnings: Vec::new(),
    }
}

fn said(facts: &Facts) -> String {
    doctor_text(&examine(facts), false)
}

#[test]
fn where_all_is_well_it_says_so() {
    let facts = healthy();
    assert!(examine(&facts).iter().all(|checkup| checkup.wellness == Wellness::Well), "{}", said(&facts));
    insta::assert_snapshot!("healthy", said(&facts));
}

#[test]
fn whatever_is_wrong_is_told_with_its_remedy() {
    let mut facts = healthy();
    facts.skew = Some(400);
    facts.warnings = vec!["`app.pem` holds a secret, and everybody on this machine can read it: chmod 600".to_owned()];
    facts.quota = Some(Ok(Some(Quota { limit: 5000, remaining: 12, reset: 0 })));
    if let Identity::App(Ok(app)) = &mut facts.identity {
        app.events.retain(|event| event != "merge_group" && event != "push");
    }
    facts.hook = Some(Hook {
        config: told(json!({"url": "https://old.acme.dev/", "content_type": "form", "insecure_ssl": 1})),
        deliveries: told(json!([{"status_code": 401, "status": "Unauthorized", "event": "push"}])),
    });
    let repository = &mut facts.repositories[0];
    if let Some(Ok(Some(installation))) = &mut repository.installation {
        installation.permissions.insert("statuses".to_owned(), "read".to_owned());
        installation.permissions.remove("members");
    }
    repository.repository = told(json!({"full_name": "acme/software-catalog"}));
    repository.rules = Ok(Some(Vec::new()));
    repository.branch_words = told(json!({"protected": true, "protection": {"required_status_checks":
        {"enforcement_level": "non_admins", "contexts": ["portcullis/catalog", "portcullis/approval"],
         "checks": [{"context": "portcullis/catalog", "app_id": null}, {"context": "portcullis/approval", "app_id": 99}]}}}));
    repository.protection = told(json!({"required_status_checks": {"strict": false, "contexts": [], "checks": []},
        "enforce_admins": {"enabled": false}, "allow_force_pushes": {"enabled": true}}));
    if let Ok(catalog) = &mut repository.fetched {
        catalog.identity = IdentityMode::Declared;
        catalog.errors = 2;
        catalog.users.push(UserFacts { identifier: "carol@acme.dev".to_owned(), id: None, login: None });
    }
    repository.accounts.insert(1, Ok(Some(Account { id: 1, login: "alice2".to_owned() })));
    repository.accounts.insert(2, Ok(None));
    let team = ForgeTeam { organization: "acme".to_owned(), slug: "platform".to_owned(), id: 42 };
    repository.teams.insert(team, Ok(Some(TeamWords { id: 43 })));
    insta::assert_snapshot!("ill", said(&facts));
}

#[test]
fn what_execution_needs_is_missed_where_it_is_on() {
    let mut facts = healthy();
    assert!(!said(&facts).contains("not granted"));
    (facts.wishes.execute, facts.wishes.workflows) = (true, true);
    let text = said(&facts);
    assert!(text.contains("`contents: write` (") && text.contains("`actions: write` ("), "{text}");
    if let Some(Ok(Some(installation))) = &mut facts.repositories[0].installation {
        installation.permissions.insert("contents".to_owned(), "write".to_owned());
        installation.permissions.insert("actions".to_owned(), "write".to_owned());
    }
    assert!(!said(&facts).contains("not granted"));
}

#[test]
fn a_token_cannot_be_bound_and_needs_to_write() {
    let mut facts = healthy();
    facts.identity = Identity::Token(Ok(Account { id: 9, login: "acme-bot".to_owned() }));
    facts.hook = None;
    let repository = &mut facts.repositories[0];
    repository.installation = None;
    repository.repository = told(json!({"full_name": "acme/catalog", "permissions": {"push": false}}));
    insta::assert_snapshot!("token", said(&facts));
}

#[test]
fn where_nobody_knows_us_nothing_else_is_asked() {
    let mut facts = healthy();
    let refused = ApiError::Refused { status: 401, what: "GET /app: 401 Bad credentials".to_owned() };
    facts.identity = Identity::App(Err(refused));
    insta::assert_snapshot!("unknown", said(&facts));
    assert!(unreached(&facts).is_none());
    facts.identity = Identity::App(Err(ApiError::Later { what: "GET /app: no answer".to_owned(), after: None }));
    assert!(unreached(&facts).is_some());
}

#[test]
fn a_repository_may_be_out_of_reach_in_many_ways() {
    let reach = |change: &dyn Fn(&mut RepositoryFacts)| {
        let mut facts = healthy();
        change(&mut facts.repositories[0]);
        said(&facts)
    };
    assert!(reach(&|r| r.installation = Some(Ok(None))).contains("the App is not installed on it"));
    assert!(
        reach(&|r| {
            if let Some(Ok(Some(installation))) = &mut r.installation {
                installation.suspended_at = Some(crate::model::Timestamp::UNIX_EPOCH);
            }
        })
        .contains("the App's installation is suspended")
    );
    assert!(reach(&|r| r.repository = Ok(None)).contains("GitHub knows no such repository"));
    assert!(reach(&|r| r.fetched = Err(Unfetched::NoBranch)).contains("there is no branch `main`"));
    assert!(reach(&|r| r.fetched = Err(Unfetched::Git("403".to_owned()))).contains("git cannot fetch it: 403"));
    assert!(reach(&|r| r.fetched = Err(Unfetched::NoCatalog("there is no catalog.yaml".to_owned()))).contains("portcullis init"));
}
