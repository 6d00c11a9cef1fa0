//! A small world for tests: an action on `Env`, its target, a run, and a roster.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::catalog::{Catalog, Document, FileDelta, Located, ParsedFile};
use crate::model::{
    Action, ActionOperation, ActionPermissions, ApprovalKind, CatalogPolicy, Entity, EntityKey, EntityMapping, EntityPermissions,
    FilePath, Identifier, Invocation, InvocationMethod, Permissions, Pointer, RequiredApproval, Role, Rule, RunRequest, Team,
    Template, Timestamp, Trigger, User, Value,
};

use super::{Digest, digest_run};

pub(crate) fn id(text: &str) -> Identifier {
    Identifier::new(text).unwrap()
}

pub(crate) fn inputs(json: &str) -> Value {
    Value::from_json(&serde_json::from_str(json).unwrap())
}

/// `2026-11-21` and this many days.
pub(crate) fn day(days: i64) -> Timestamp {
    "2026-11-21T12:00:00Z".parse::<Timestamp>().unwrap() + jiff::SignedDuration::from_hours(24 * days)
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split_whitespace()
}

/// A rule of roles, users and teams, each a list of words.
pub(crate) fn rule(roles: &str, users: &str, teams: &str) -> Rule {
    Rule {
        roles: words(roles).filter_map(Role::parse).collect(),
        users: words(users).map(id).collect(),
        teams: words(teams).map(id).collect(),
        ..Rule::default()
    }
}

/// The number of the account of this name.
pub(crate) fn account(name: &str) -> u64 {
    name.bytes().fold(0, |number, byte| number * 256 + u64::from(byte))
}

/// A user with these roles, whose address is `<name>@acme.dev`.
pub(crate) fn user(name: &str, roles: &str) -> User {
    User {
        identifier: id(&format!("{name}@acme.dev")),
        name: None,
        roles: words(roles).filter_map(Role::parse).collect(),
        emails: Vec::new(),
        github_id: Some(account(name)),
        github_login: Some(name.to_owned()),
        signing_keys: Vec::new(),
        bot: false,
    }
}

pub(crate) fn file(path: &str, document: impl FnOnce(FilePath) -> Document) -> ParsedFile {
    let path = FilePath::new(path);
    ParsedFile { content: None, path: path.clone(), documents: vec![document(path)], findings: Vec::new() }
}

pub(crate) fn at<T>(file: FilePath, value: T) -> Located<T> {
    Located { file, pointer: Pointer::root(), value }
}

/// Alice asks for ten more days of `Env/env-1`; carol and dave moderate `Env`.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) users: Vec<User>,
    pub(crate) teams: Vec<Team>,
    pub(crate) action: Action,
    pub(crate) approve: Option<Rule>,
    pub(crate) owner: Option<Identifier>,
    pub(crate) run: RunRequest,
    pub(crate) policy: CatalogPolicy,
}

impl World {
    pub(crate) fn new() -> Self {
        Self {
            users: vec![
                user("alice", "Member"),
                user("bob", "Member"),
                user("carol", "Member Env-moderator"),
                user("dave", "Env-moderator"),
            ],
            teams: vec![Team {
                identifier: id("platform"),
                title: None,
                members: ["bob@acme.dev", "carol@acme.dev"].into_iter().map(id).collect(),
                github: None,
            }],
            action: Action {
                identifier: id("extend_env_ttl"),
                title: None,
                blueprint: id("Env"),
                trigger: Trigger {
                    operation: ActionOperation::Day2,
                    user_inputs: inputs(
                        r#"{"properties":{"ttl":{"type":"string","enum":["3 days","5 days","10 days"],"default":"3 days"}},"required":["ttl"]}"#,
                    ),
                },
                invocation: InvocationMethod {
                    way: Invocation::Entity(EntityMapping {
                        blueprint: id("Env"),
                        identifier: Template::read("{{ .entity.identifier }}").unwrap(),
                        document: None,
                    }),
                    deadline: None,
                    definition: Value::Null,
                },
                required_approval: RequiredApproval::Always { kind: ApprovalKind::Any, count: 1 },
                self_approval: None,
                expiry: None,
                definition: inputs(r#"{"identifier":"extend_env_ttl"}"#),
            },
            approve: None,
            owner: Some(id("platform")),
            run: RunRequest {
                identifier: id("r1"),
                action: id("extend_env_ttl"),
                entity: Some(id("env-1")),
                inputs: inputs(r#"{"ttl":"10 days"}"#),
                reason: None,
            },
            policy: CatalogPolicy { expiry: Duration::from_secs(14 * 24 * 3600), ..CatalogPolicy::default() },
        }
    }

    pub(crate) fn with_run(mut self, change: impl FnOnce(&mut RunRequest)) -> Self {
        change(&mut self.run);
        self
    }

    pub(crate) fn with_action(mut self, change: impl FnOnce(&mut Action)) -> Self {
        change(&mut self.action);
        self
    }

    pub(crate) fn with_approve(mut self, rule: Rule) -> Self {
        self.approve = Some(rule);
        self
    }

    pub(crate) fn with_owner(mut self, owner: Option<&str>) -> Self {
        self.owner = owner.map(id);
        self
    }

    pub(crate) fn with_user(mut self, user: User) -> Self {
        self.users.retain(|u| u.identifier != user.identifier);
        self.users.push(user);
        self
    }

    pub(crate) fn edit_user(mut self, name: &str, change: impl FnOnce(&mut User)) -> Self {
        let identifier = id(&format!("{name}@acme.dev"));
        change(self.users.iter_mut().find(|u| u.identifier == identifier).unwrap());
        self
    }

    /// The watched branch: everything but the run.
    pub(crate) fn base(&self) -> Catalog {
        let mut files = vec![
            file("catalog.yaml", |f| Document::Policy(at(f, self.policy.clone()))),
            file("actions/extend.yaml", |f| Document::Action(at(f, self.action.clone()))),
        ];
        for entity in ["env-1", "env-2"] {
            files.push(file(&format!("entities/{entity}.yaml"), |f| Document::Entity(at(f, self.entity(entity)))));
        }
        for user in &self.users {
            files.push(file(&format!("users/{}.yaml", user.identifier), |f| Document::User(at(f, user.clone()))));
        }
        for team in &self.teams {
            files.push(file(&format!("teams/{}.yaml", team.identifier), |f| Document::Team(at(f, team.clone()))));
        }
        if let Some(approve) = &self.approve {
            let entry = ActionPermissions { execute: None, approve: Some(approve.clone()) };
            let permissions = Permissions {
                blueprint: id("Env"),
                entities: EntityPermissions::default(),
                actions: BTreeMap::from([(self.action.identifier.clone(), entry)]),
            };
            files.push(file("permissions/Env.yaml", |f| Document::Permissions(at(f, permissions))));
        }
        Catalog::default().apply(files.into_iter().map(FileDelta::put))
    }

    /// The proposal: the watched branch and the run.
    pub(crate) fn head(&self) -> Catalog {
        let run = file("runs/r1.yaml", |f| Document::Run(at(f, self.run.clone())));
        self.base().apply([FileDelta::put(run)])
    }

    pub(crate) fn digest(&self) -> Digest {
        digest_run(&self.run, &self.base()).unwrap()
    }

    fn entity(&self, identifier: &str) -> Entity {
        Entity {
            key: EntityKey { blueprint: id("Env"), identifier: id(identifier) },
            title: None,
            icon: None,
            team: self.owner.clone().map(|team| vec![team]),
            properties: BTreeMap::new(),
            relations: BTreeMap::new(),
        }
    }
}
