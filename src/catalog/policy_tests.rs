//! Policies over a small base: who is granted, and that every failure is a no.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{About, AboutRun, Catalog, FileDelta, Grant, Owner, PolicyFault, grants, parse_file, policy_grants, user_of};
use crate::model::{EntityKey, ExpressionError, Expressions, FilePath, Identifier, Limits, Rule, Value};

/// Knows a few programs, and fails at all others.
#[derive(Debug)]
struct FewPrograms;

impl Expressions for FewPrograms {
    fn check(&self, _: &str) -> Result<(), ExpressionError> {
        Ok(())
    }

    fn evaluate(&self, program: &str, input: &Value) -> Result<Vec<Value>, ExpressionError> {
        let found = |query: &str| -> Vec<Value> {
            match input.get("results").and_then(|r| r.get(query)).and_then(|q| q.get("entities")) {
                Some(Value::List(items)) => items.to_vec(),
                _ => Vec::new(),
            }
        };
        let names = |items: Vec<Value>| Value::List(items.iter().filter_map(|i| i.get("identifier").cloned()).collect());
        Ok(match program {
            "yes" => vec![true.into()],
            "no" => vec![false.into()],
            "none found" => vec![found("q").is_empty().into()],
            "found" => vec![(!found("q").is_empty()).into()],
            "names" => vec![names(found("q"))],
            "list of numbers" => vec![Value::List([Value::Int(1)].into())],
            "null" => vec![Value::Null],
            "1" => vec![Value::Int(1)],
            "nothing" => vec![],
            "twice" => vec![true.into(), true.into()],
            "entity is prod" => vec![
                (input.get("entity").and_then(|e| e.get("properties")).and_then(|p| p.get("kind")) == Some(&Value::from("prod")))
                    .into(),
            ],
            _ => return Err(ExpressionError::Failed("unknown".into())),
        })
    }
}

const BASE: &[(&str, &str)] = &[
    ("users/ann.yaml", "identifier: ann@acme.dev\nname: Ann\nroles: [Member]\nemails: [ann@home.example]\n"),
    ("users/bea.yaml", "identifier: bea@acme.dev\nroles: [Env-moderator]\n"),
    ("users/cy.yaml", "identifier: cy\nroles: []\nemails: [cy@acme.dev]\n"),
    ("teams/red.yaml", "identifier: red\nmembers: [ann@acme.dev]\n"),
    (
        "blueprints/Env.yaml",
        "identifier: Env\nschema:\n  properties:\n    kind: { type: string, default: dev }\n    lead: { type: string }\nrelations:\n  of: { target: Env }\n\
         mirrorProperties: { ofKind: { path: of.kind } }\nformulaProperties: { since: { formula: \"{{$createdAt}}\" } }\n",
    ),
    (
        "blueprints/_user.yaml",
        "identifier: _user\nschema: { properties: { department: { type: string }, port_role: { type: string } } }\n",
    ),
    (
        "entities/all.yaml",
        "- { identifier: prod, blueprint: Env, team: red, properties: { kind: prod, lead: ann@acme.dev } }\n\
         - { identifier: test, blueprint: Env, relations: { of: prod } }\n\
         - { identifier: ann@acme.dev, blueprint: _user, properties: { department: ops, port_role: Admin } }\n",
    ),
    (
        "actions/a.yaml",
        "identifier: a\nblueprint: Env\ntrigger: { operation: DAY-2 }\ninvocationMethod: { type: WEBHOOK, url: https://acme.dev }\n",
    ),
];

fn base() -> Catalog {
    let files = BASE.iter().map(|(path, text)| {
        let file = parse_file(&FilePath::new(path), text.as_bytes(), &Limits::default());
        assert_eq!(file.findings, [], "{path}");
        FileDelta::put(file)
    });
    Catalog::with_expressions(Arc::new(FewPrograms)).apply(files)
}

fn id(text: &str) -> Identifier {
    Identifier::new(text).unwrap()
}

fn rule(policy: &str) -> Rule {
    let text = format!("blueprint: Env\nentities:\n  update:\n    policy: {policy}\n");
    let file = parse_file(&FilePath::new("permissions/Env.yaml"), text.as_bytes(), &Limits::default());
    assert_eq!(file.findings, [], "{policy}");
    let catalog = Catalog::default().apply([FileDelta::put(file)]);
    catalog.permissions().get(&id("Env")).unwrap().value.entities.update.clone().unwrap()
}

fn about_entity(base: &Catalog, policy: &str, user: &str, entity: &str) -> Result<bool, PolicyFault> {
    let key = EntityKey { blueprint: id("Env"), identifier: id(entity) };
    let owner = base.owner_of(&key);
    let found = base.entities().get(&key);
    let about = About { owner: Some(&owner), entity: found.as_ref().map(|found| &found.value), run: None };
    policy_grants(base, rule(policy).policy.as_ref().unwrap(), user_of(base, &id(user)).unwrap(), &about)
}

fn all(rules: &str) -> String {
    format!("{{ combinator: and, rules: [{rules}] }}")
}

#[test]
fn rules_ask_about_the_entity_and_who_asks() {
    let base = base();
    let ask = |rules: &str, user: &str, entity: &str| about_entity(&base, &all(rules), user, entity);
    let dev = "{ property: kind, operator: \"=\", value: dev }";
    assert_eq!(ask(dev, "ann@acme.dev", "test"), Ok(true), "the default counts");
    assert_eq!(ask(dev, "ann@acme.dev", "prod"), Ok(false));
    let lead = "{ property: lead, operator: \"=\", value: { context: user, property: $identifier } }";
    assert_eq!(ask(lead, "ann@acme.dev", "prod"), Ok(true));
    assert_eq!(ask(lead, "bea@acme.dev", "prod"), Ok(false));
    assert_eq!(ask("{ property: lead, operator: \"=\", value: \"{{ .user.email }}\" }", "ann@acme.dev", "prod"), Ok(true));
    let owned = "{ property: $team, operator: containsAny, value: { context: userTeams, property: $identifier } }";
    assert_eq!(ask(owned, "ann@acme.dev", "prod"), Ok(true));
    assert_eq!(ask(owned, "bea@acme.dev", "prod"), Ok(false));
    assert_eq!(
        ask("{ property: { context: user, property: department }, operator: \"=\", value: ops }", "ann@acme.dev", "prod"),
        Ok(true)
    );
    assert_eq!(
        ask("{ property: ofKind, operator: \"=\", value: prod }", "ann@acme.dev", "test"),
        Ok(true),
        "derived properties too"
    );
}

#[test]
fn nobody_becomes_an_admin_by_a_property() {
    let role = all("{ property: { context: user, property: port_role }, operator: \"=\", value: Admin }");
    assert_eq!(
        about_entity(&base(), &role, "ann@acme.dev", "prod"),
        Ok(false),
        "the roster decides, not the entity of that name"
    );
    let moderator = all("{ property: { context: user, property: port_role }, operator: \"=\", value: Moderator }");
    assert_eq!(about_entity(&base(), &moderator, "bea@acme.dev", "prod"), Ok(true));
}

#[test]
fn what_cannot_be_known_denies_also_where_the_rule_denies() {
    let base = base();
    for rules in [
        "{ property: kind, operator: \"!=\", value: { context: user, property: department } }",
        "{ property: kind, operator: \"!=\", value: \"{{ .user.none }}\" }",
        "{ property: since, operator: \"!=\", value: x }",
        "{ property: $createdAt, operator: isEmpty }",
        "{ property: $team, operator: \"!=\", value: x }",
    ] {
        assert!(about_entity(&base, &all(rules), "bea@acme.dev", "prod").is_err(), "{rules}");
    }
    let none = About::default();
    let kind = rule(&all("{ property: kind, operator: \"!=\", value: x }"));
    let bea = user_of(&base, &id("bea@acme.dev")).unwrap();
    assert_eq!(policy_grants(&base, kind.policy.as_ref().unwrap(), bea, &none), Err(PolicyFault::NoEntity));
    assert_eq!(grants(&base, &kind, bea, &none), None);
    let broken = parse_file(&FilePath::new("entities/x.yaml"), b"- [", &Limits::default());
    let broken = base.apply([FileDelta::put(broken)]);
    assert!(matches!(about_entity(&broken, &all(""), "bea@acme.dev", "prod"), Err(PolicyFault::Unreadable(_))));
}

#[test]
fn conditions_are_asked_of_what_queries_find() {
    let base = base();
    let ask = |rules: &str, conditions: &str| {
        about_entity(
            &base,
            &format!("{{ queries: {{ q: {} }}, conditions: [{conditions}] }}", all(rules)),
            "ann@acme.dev",
            "prod",
        )
    };
    let prod = "{ property: $blueprint, operator: \"=\", value: Env }, { property: kind, operator: \"=\", value: prod }";
    assert_eq!(ask(prod, "found"), Ok(true));
    assert_eq!(ask(prod, "none found"), Ok(false));
    assert_eq!(ask(prod, "found, yes"), Ok(true));
    assert_eq!(ask(prod, "found, no"), Ok(false), "every condition must hold");
    assert_eq!(ask(prod, "entity is prod"), Ok(true));
    let user = "{ property: $blueprint, operator: \"=\", value: _user }, { property: $identifier, operator: \"=\", value: \"{{.user.email}}\" }";
    assert_eq!(ask(user, "found"), Ok(true), "users are searched as `_user`");
    for odd in ["names", "\"null\"", "\"1\"", "nothing", "twice", "list of numbers", "something else"] {
        assert!(ask(prod, odd).is_err(), "{odd}");
    }
    assert!(
        ask("{ property: kind, operator: \"=\", value: \"{{ .inputs.none }}\" }", "none found").is_err(),
        "a query that fails"
    );
}

#[test]
fn a_run_is_asked_with_its_inputs_and_approved_by_whom_the_condition_names() {
    let base = base();
    let ask = |policy: &str, user: &str, inputs: Option<&str>, requesters: Option<&[&str]>| {
        let run = AboutRun {
            action: id("a"),
            inputs: inputs.map(|name| Value::from_pairs([("name".into(), Value::from(name))])),
            requesters: requesters.map(|all| all.iter().map(|name| id(name)).collect::<BTreeSet<_>>()),
        };
        let about = About { run: Some(&run), ..About::default() };
        policy_grants(&base, rule(policy).policy.as_ref().unwrap(), user_of(&base, &id(user)).unwrap(), &about)
    };
    let named = |condition: &str| {
        format!(
            "{{ queries: {{ q: {} }}, conditions: [{condition}] }}",
            all("{ property: $identifier, operator: \"=\", value: \"{{ .inputs.name }}\" }")
        )
    };
    assert_eq!(ask(&named("none found"), "ann@acme.dev", Some("new"), None), Ok(true));
    assert_eq!(ask(&named("none found"), "ann@acme.dev", Some("prod"), None), Ok(false));
    assert_eq!(ask(&named("none found"), "ann@acme.dev", None, None), Err(PolicyFault::NoInputs));
    assert!(ask(&named("names"), "ann@acme.dev", Some("prod"), None).is_err(), "a list is no answer to who may ask");

    assert_eq!(ask(&named("names"), "ann@acme.dev", Some("ann@acme.dev"), Some(&["bea@acme.dev"])), Ok(true));
    assert_eq!(ask(&named("names"), "bea@acme.dev", Some("ann@acme.dev"), Some(&["bea@acme.dev"])), Ok(false));
    assert_eq!(ask(&named("yes"), "bea@acme.dev", Some("x"), Some(&["ann@acme.dev"])), Ok(true));
    let trigger = format!(
        "{{ queries: {{ q: {} }}, conditions: [found] }}",
        all(
            "{ property: $blueprint, operator: \"=\", value: _user }, { property: $team, operator: containsAny, value: \"{{ .trigger.user.team }}\" }"
        )
    );
    assert_eq!(ask(&trigger, "bea@acme.dev", Some("x"), Some(&["ann@acme.dev"])), Ok(true));
    assert_eq!(
        ask(&trigger, "bea@acme.dev", Some("x"), Some(&["ann@acme.dev", "bea@acme.dev"])),
        Ok(false),
        "for each who may have asked"
    );
    assert_eq!(ask(&trigger, "bea@acme.dev", Some("x"), Some(&["stranger@acme.dev"])), Err(PolicyFault::NoRequester));
    assert_eq!(ask(&trigger, "bea@acme.dev", Some("x"), Some(&[])), Err(PolicyFault::NoRequester));
}

#[test]
fn a_new_entity_is_asked_as_it_would_be_and_nothing_else_of_the_change() {
    let base = base();
    let parsed = parse_file(
        &FilePath::new("entities/n.yaml"),
        b"{ identifier: new, blueprint: Env, properties: { kind: mine }, relations: { of: prod } }",
        &Limits::default(),
    );
    let after = base.apply([FileDelta::put(parsed)]);
    let new = after.entities().get(&EntityKey { blueprint: id("Env"), identifier: id("new") }).unwrap();
    let owner = Owner::from([id("red")]);
    let about = About { owner: Some(&owner), entity: Some(&new.value), run: None };
    let ann = user_of(&base, &id("ann@acme.dev")).unwrap();
    let ask = |policy: &str| grants(&base, &rule(policy), ann, &about);
    assert_eq!(
        ask(&all("{ property: kind, operator: \"=\", value: mine }, { property: ofKind, operator: \"=\", value: prod }")),
        Some(Grant::Policy)
    );
    assert_eq!(ask(&all("{ operator: relatedTo, blueprint: Env, value: prod }")), Some(Grant::Policy));
    assert_eq!(ask(&all("{ property: $team, operator: containsAny, value: [red] }")), Some(Grant::Policy));
    assert_eq!(ask(&all("{ property: kind, operator: \"=\", value: dev }")), None);
}

#[test]
fn nobody_is_already_who_the_change_would_make_them() {
    let base = base();
    let parsed = parse_file(
        &FilePath::new("entities/n.yaml"),
        b"{ identifier: bea@acme.dev, blueprint: _user, properties: { department: ops } }",
        &Limits::default(),
    );
    let after = base.apply([FileDelta::put(parsed)]);
    let new = after.entities().get(&EntityKey { blueprint: id("_user"), identifier: id("bea@acme.dev") }).unwrap();
    let about = About { entity: Some(&new.value), ..About::default() };
    let bea = user_of(&base, &id("bea@acme.dev")).unwrap();
    let ask = |policy: &str| grants(&base, &rule(policy), bea, &about);
    assert_eq!(ask(&all("{ property: { context: user, property: department }, operator: \"=\", value: ops }")), None);
    assert_eq!(ask(&all("{ property: department, operator: \"=\", value: \"{{ .user.properties.department }}\" }")), None);
    let asked = all("{ property: department, operator: \"=\", value: ops }");
    assert_eq!(ask(&asked), Some(Grant::Policy), "what is asked about is as it would be");
}
