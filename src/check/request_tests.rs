//! Stories of requests that do not fit their action, and of actions whose demands cannot be judged.

use super::runs::rules;
use super::story::{Story, put_run};
use crate::catalog::{Document, FileDelta};
use crate::model::{Action, ActionOperation, ApprovalKind, FilePath, RequiredApproval, RunState};
use crate::run::fixture::{World, at, file, id, inputs};
use RunState::WaitingForApproval as Waiting;

fn asked() -> Story {
    Story::asked(World::new())
}

fn state(story: &Story) -> RunState {
    story.verdict().0.state
}

/// The rules that a request breaks, and the help of the first.
fn broken(world: World) -> (Vec<&'static str>, String) {
    let (verdicts, findings) = Story::asked(world).judge();
    assert_ne!(verdicts[0].state, RunState::Approved);
    assert!(findings.iter().all(|f| rules().any(|rule| rule.id == f.rule) && f.place.is_some() && f.help.is_some()));
    (findings.iter().map(|f| f.rule).collect(), findings[0].help.clone().unwrap())
}

#[test]
fn an_unknown_action_is_named_and_mended() {
    let (rules, help) = broken(World::new().with_run(|r| r.action = id("extend_env_tll")));
    assert_eq!((rules, help.as_str()), (vec!["run/unknown-action"], "did you mean `extend_env_ttl`?"));
    let world = World::new();
    let other = Action { identifier: id("fresh"), ..world.action.clone() };
    let fresh = file("actions/fresh.yaml", |f| Document::Action(at(f, other)));
    let run = put_run("runs/r1.yaml", &world.clone().with_run(|r| r.action = id("fresh")).run);
    let (verdicts, findings) = Story::new(world).commits("alice", [FileDelta::put(fresh), run]).judge();
    assert_eq!((verdicts[0].state, verdicts[0].digest.as_str()), (Waiting, ""));
    assert!(findings[0].help.as_deref().unwrap().contains("must be on the watched branch before"));
}

#[test]
fn the_target_must_fit_the_operation() {
    let (rules, help) = broken(World::new().with_run(|r| r.entity = Some(id("enf-1"))));
    assert_eq!((rules, help.as_str()), (vec!["run/unknown-entity"], "did you mean `env-1`?"));
    assert_eq!(broken(World::new().with_run(|r| r.entity = None)).0, ["run/missing-entity"]);
    let create = World::new().with_action(|a| a.trigger.operation = ActionOperation::Create);
    assert_eq!(broken(create).0, ["run/needless-entity"]);
    let gone = asked().commits("alice", [FileDelta::Remove(FilePath::new("entities/env-1.yaml"))]).judge();
    assert_eq!(gone.1[0].rule, "run/unknown-entity", "the target goes in the same change");
}

fn with_inputs(asks: &str, given: &str) -> World {
    World::new().with_action(|a| a.trigger.user_inputs = inputs(asks)).with_run(|r| r.inputs = inputs(given))
}

#[test]
fn inputs_must_fit_what_the_action_asks_for() {
    let asks = r#"{"properties":{"ttl":{"type":"string","enum":["3 days","10 days"],"icon":"Clock"},"size":{"type":"integer","minimum":1},"at":{"type":"string","format":"url"}},
        "required":["ttl"],"order":["ttl"],"steps":[{"title":"one","order":["ttl"]}]}"#;
    let fits = |given| Story::asked(with_inputs(asks, given)).verdict().1;
    assert!(fits(r#"{"ttl":"3 days","size":2.0,"at":"https://acme.dev/x"}"#).is_empty());
    assert_eq!(broken(with_inputs(asks, "{}")).0, ["run/missing-input"]);
    let (rules, help) = broken(with_inputs(asks, r#"{"ttl":"10 day"}"#));
    assert_eq!((rules, help.as_str()), (vec!["run/invalid-input"], "did you mean `10 days`?"));
    let (rules, help) = broken(with_inputs(asks, r#"{"ttl":"3 days","sise":1}"#));
    assert_eq!((rules, help.as_str()), (vec!["run/unknown-input"], "did you mean `size`?"));
    for given in [r#"{"ttl":"3 days","size":"2"}"#, r#"{"ttl":"3 days","size":0}"#, r#"{"ttl":"3 days","at":"javascript:x"}"#] {
        assert_eq!(broken(with_inputs(asks, given)).0, ["run/invalid-input"], "{given}");
    }
}

#[test]
fn a_value_that_does_not_fit_is_not_repeated() {
    let world = with_inputs(r#"{"properties":{"token":{"type":"string","maxLength":3}}}"#, r#"{"token":"hunter2"}"#);
    let (_, findings) = Story::asked(world).judge();
    assert_eq!(findings[0].message, "the input `token` does not fit: the value is longer than 3 characters");
    assert_eq!(findings[0].place.as_ref().unwrap().pointer.to_string(), "/inputs/token");
}

#[test]
fn what_is_computed_or_cannot_be_judged_is_refused() {
    let asks = |input: &str| format!(r#"{{"properties":{{"a":{input},"b":{{"type":"string"}}}}}}"#);
    let computed = r#"{"jqQuery":".form.x"}"#;
    for (asks, given) in [
        (asks(&format!(r#"{{"enum":{computed}}}"#)), r#"{"a":"x"}"#),
        (asks(&format!(r#"{{"type":"array","items":{{"enum":{computed}}}}}"#)), r#"{"a":["x"]}"#),
        (asks(&format!(r#"{{"type":"string","default":{computed}}}"#)), r#"{"b":"x"}"#),
        (format!(r#"{{"properties":{{}},"required":{computed}}}"#), "{}"),
        (asks(r#"{"type":"strin"}"#), r#"{"a":"x"}"#),
        (asks(r#"{"$ref":"https://evil.example/schema.json"}"#), r#"{"a":"x"}"#),
        (asks(r#"{"pattern":"(a)\\1"}"#), r#"{"a":"x"}"#),
    ] {
        assert_eq!(broken(with_inputs(&asks, given)).0, ["run/inputs-not-judged"], "{asks}");
    }
    let unused = asks(&format!(r#"{{"enum":{computed}}}"#));
    assert!(
        Story::asked(with_inputs(&unused, r#"{"b":"x"}"#)).verdict().1.is_empty(),
        "an input that is not given needs no judging"
    );
}

#[test]
fn defaults_count_inside_objects_too() {
    let asks = r#"{"properties":{"cfg":{"type":"object","properties":{"prod":{"type":"boolean","default":true}}}}}"#;
    let when = RequiredApproval::When {
        schema: inputs(r#"{"properties":{"cfg":{"properties":{"prod":{"const":true}},"required":["prod"]}},"required":["cfg"]}"#),
        kind: ApprovalKind::Any,
        count: 1,
    };
    let given = |given| state(&Story::asked(with_inputs(asks, given).with_action(|a| a.required_approval = when.clone())));
    assert_eq!(given(r#"{"cfg":{}}"#), Waiting);
    assert_eq!(given(r#"{"cfg":{"prod":false}}"#), RunState::Approved);
}

#[test]
fn inputs_that_name_something_name_what_is_there() {
    let asks = r#"{"properties":{"env":{"type":"string","format":"entity","blueprint":"Env"},"who":{"type":"string","format":"user"},
        "teams":{"type":"array","items":{"type":"string","format":"team"}}}}"#;
    assert!(
        Story::asked(with_inputs(asks, r#"{"env":"env-2","who":"bob@acme.dev","teams":["platform"]}"#)).verdict().1.is_empty()
    );
    for given in [r#"{"env":"env-9"}"#, r#"{"who":"mallory@acme.dev"}"#, r#"{"teams":["platform","nobody"]}"#, r#"{"env":"a b"}"#]
    {
        assert_eq!(broken(with_inputs(asks, given)).0, ["run/invalid-input"], "{given}");
    }
}

#[test]
fn every_rule_is_documented_once() {
    let mut ids: Vec<&str> = rules().chain(super::identity::RULES).map(|rule| rule.id).collect();
    ids.sort_unstable();
    let count = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), count);
    assert!(ids.iter().all(|id| ["run/", "approval/", "identity/", "limit/runs"].iter().any(|family| id.starts_with(family))));
}
