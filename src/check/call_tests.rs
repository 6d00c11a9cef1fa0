//! The call of a run, made of what the watched branch says at the moment of asking.

use serde_json::json;

use super::{Base, NoCall, call_of, validate};
use crate::catalog::{Catalog, FileDelta, Located, parse_file};
use crate::model::{FilePath, Identifier, Kind, Limits, Pointer, RunRequest};
use crate::run::call::{Call, CallError};
use crate::run::life::RunHandle;

const BLUEPRINT: &str = "identifier: Env
schema:
  properties:
    ttl: { type: string, enum: [3 days, 10 days], default: 3 days }
    region: { type: string }
    cost: { type: number }
  required: [region]
relations: { service: { target: Env, required: false, many: false } }
mirrorProperties: { other: { path: service.region } }
";

const ACTION: &str = "identifier: extend
trigger:
  operation: DAY-2
  blueprintIdentifier: Env
  userInputs:
    properties: { ttl: { type: string, enum: [3 days, 10 days], default: 3 days }, note: { type: string } }
invocationMethod:
  type: WEBHOOK
  url: https://x.example/envs/{{ .entity.identifier }}
  body: { ttl: '{{ .inputs.ttl }}', note: '{{ .inputs.note }}', was: '{{ .entity.properties.ttl }}', by: '{{ .requester.name }} <{{ .requester.email }}>' }
";

fn id(text: &str) -> Identifier {
    Identifier::new(text).unwrap()
}

fn catalog(action: &str, more: &[(&str, &str)]) -> Catalog {
    let files = [
        ("catalog.yaml", "identity: declared\n"),
        ("users/alice.yaml", "identifier: alice@acme.dev\nname: Alice\nroles: [Admin]\n"),
        ("blueprints/Env.yaml", BLUEPRINT),
        ("entities/Env/one.yaml", "identifier: one\nproperties: { region: eu }\n"),
        ("actions/extend.yaml", action),
    ];
    let files = files.into_iter().chain(more.iter().copied()).map(|(path, text)| {
        let path = FilePath::new(path);
        FileDelta::put(parse_file(&path, text.as_bytes(), &Limits::MOST))
    });
    Catalog::default().apply(files.collect::<Vec<_>>())
}

fn run(entity: &str, inputs: &serde_json::Value) -> Located<RunRequest> {
    let value = RunRequest {
        identifier: id("r1"),
        action: id("extend"),
        entity: Some(id(entity)),
        inputs: crate::model::Value::from_json(inputs),
        reason: None,
    };
    Located { file: FilePath::new(&format!("{}/r1.yaml", Kind::Run.directory())), pointer: Pointer::root(), value }
}

fn call(catalog: &Catalog, entity: &str, inputs: &serde_json::Value, by: &str) -> Result<Call, NoCall> {
    let handle = RunHandle::of("repo", &id("r1"));
    call_of(&Base(catalog.clone()), &run(entity, inputs), &[id(by)], &handle, None)
}

#[test]
fn a_call_is_made_of_the_entity_the_inputs_with_defaults_and_whoever_asked() {
    let Call::Webhook(call) = call(&catalog(ACTION, &[]), "one", &json!({}), "alice@acme.dev").unwrap() else { panic!() };
    assert_eq!(call.url, "https://x.example/envs/one");
    assert_eq!(call.body, json!({ "ttl": "3 days", "note": null, "was": "3 days", "by": "Alice <alice@acme.dev>" }));
}

#[test]
fn what_the_branch_has_no_more_is_not_asked_for() {
    let there = catalog(ACTION, &[]);
    let refused =
        |catalog: &Catalog, entity: &str, inputs: &serde_json::Value, by: &str| call(catalog, entity, inputs, by).unwrap_err();
    assert!(matches!(refused(&there, "one", &json!({ "ttl": "9 days" }), "alice@acme.dev"), NoCall::Inputs(_)));
    assert!(matches!(refused(&there, "two", &json!({}), "alice@acme.dev"), NoCall::Entity(_)));
    assert_eq!(refused(&there, "one", &json!({}), "eve@acme.dev"), NoCall::Requester);
    let gone = catalog("identifier: other\nbroken", &[]);
    assert!(matches!(refused(&gone, "one", &json!({}), "alice@acme.dev"), NoCall::Action(_)));
    let text = ACTION.replace("note: '{{ .inputs.note }}'", "note: 'a {{ .inputs.note }}'");
    assert!(matches!(
        refused(&catalog(&text, &[]), "one", &json!({}), "alice@acme.dev"),
        NoCall::Unfilled(CallError::Template { .. })
    ));
}

fn told(action: &str) -> Vec<String> {
    let found = validate(&catalog(action, &[]));
    let mut told: Vec<String> = found.into_iter().map(|finding| format!("{}: {}", finding.rule, finding.message)).collect();
    told.sort();
    told
}

#[test]
fn templates_ask_for_what_is_there() {
    assert_eq!(
        told(ACTION),
        ["lint/may-be-absent: `.requester.name` may be left out, and a run without it could not be performed"]
    );
    let body = |body: &str| {
        let start = ACTION
            .split("  body:")
            .next()
            .unwrap()
            .replace(" note: { type: string } ", " note: { type: string }, token: { type: string, encryption: aes256-gcm } ");
        told(&format!("{start}  body: {body}\n"))
    };
    let secret =
        "lint/secret-input: `token` is meant to be secret, and a run of this action would lie in git for everybody to read";
    assert_eq!(
        body("{ a: '{{ .inputs.ttl }} {{ .entity.properties.other }}', b: '{{ .entity.relations.service }}' }")[..1],
        ["lint/may-be-absent: `.entity.properties.other` may be left out, and a run without it could not be performed"]
    );
    assert_eq!(body("{ a: '{{ .inputs.tll }}' }"), ["action/unknown-path: the action has no input `tll`", secret]);
    assert_eq!(
        body("{ a: ['{{ .entity.properties.regoin }}', '{{ .entity.relations.srvice }}'] }"),
        [
            "action/unknown-path: blueprint `Env` has no `regoin` among its properties",
            "action/unknown-path: blueprint `Env` has no `srvice` among its relations",
            secret,
        ]
    );
    let made = ACTION.replace("DAY-2", "CREATE");
    assert!(told(&made).iter().any(|told| told.contains("has none to ask about")), "{:?}", told(&made));
}

#[test]
fn a_mapping_sets_what_may_be_set() {
    let start = ACTION.split("  type: WEBHOOK").next().unwrap();
    let mapping = |rest: &str| told(&format!("{start}{rest}"));
    let upsert = |blueprint: &str, set: &str| {
        mapping(&format!(
            "  type: UPSERT_ENTITY\n  blueprintIdentifier: {blueprint}\n  mapping: {{ identifier: '{{{{ .entity.identifier }}}}', {set} }}\n"
        ))
    };
    assert_eq!(upsert("Env", "properties: { ttl: '{{ .inputs.ttl }}' }, relations: { service: one }"), [""; 0]);
    assert_eq!(upsert("Evn", "title: x"), ["action/mapping: there is no blueprint `Evn`"]);
    assert_eq!(upsert("Env", "properties: { other: x }"), ["action/mapping: `other` of blueprint `Env` is computed"]);
    assert_eq!(upsert("Env", "properties: { tll: x }"), ["action/mapping: blueprint `Env` has no `tll` among its properties"]);
    assert_eq!(upsert("Env", "relations: { a: x }"), ["action/mapping: blueprint `Env` has no `a` among its relations"]);
    let delete = "  type: DELETE_ENTITY\n  blueprintIdentifier: Env\n";
    assert_eq!(mapping(delete), [""; 0]);
    let made = format!("{start}{delete}").replace("DAY-2", "CREATE");
    assert_eq!(told(&made), ["action/mapping: an action that makes an entity has none to remove"]);
}
