//! Templates under attack: whatever a run gives, it is a value where the action put it, and nothing else.

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;
use crate::catalog::{Document, parse_file};
use crate::model::{Action, FilePath, Limits, TemplateError, Value};
use crate::run::fixture::id;
use crate::run::life::RunHandle;

const FORM: &str = "identifier: act
title: Act
trigger:
  operation: DAY-2
  blueprintIdentifier: Env
  userInputs:
    properties: { a: { type: string }, b: { type: string }, n: { type: number }, list: { type: array }, map: { type: object }, token: { type: string, encryption: aes256-gcm } }
invocationMethod:
";

fn try_action(method: &str) -> Result<Action, Vec<&'static str>> {
    let method: String = method.lines().map(|line| format!("  {line}\n")).collect();
    let parsed = parse_file(&FilePath::new("actions/act.yaml"), format!("{FORM}{method}").as_bytes(), &Limits::MOST);
    match parsed.documents.into_iter().next() {
        Some(Document::Action(action)) if parsed.findings.is_empty() => Ok(action.value),
        _ => Err(parsed.findings.iter().map(|finding| finding.rule).collect()),
    }
}

fn action(method: &str) -> Action {
    try_action(method).unwrap()
}

fn context(inputs: &Json) -> CallContext {
    CallContext {
        inputs: Value::from_json(inputs),
        entity: Some(Value::from_json(&json!({ "identifier": "env-1", "properties": { "region": "eu-1" }, "relations": {} }))),
        handle: RunHandle::of("repo", &id("r1")),
        run: id("r1"),
        link: None,
        requester: Requester { identifier: id("alice@acme.dev"), email: Some("alice@acme.dev".into()), name: None },
    }
}

fn filled(method: &str, inputs: &Json) -> Result<Call, CallError> {
    fill(&action(method), &context(inputs))
}

fn webhook(method: &str, inputs: &Json) -> WebhookCall {
    match filled(method, inputs) {
        Ok(Call::Webhook(call)) => call,
        other => panic!("{other:?}"),
    }
}

fn body(body: &str, inputs: &Json) -> Json {
    webhook(&format!("type: WEBHOOK\nurl: https://x.example/\nbody: {body}"), inputs).body
}

fn url(written: &str, a: &str) -> Result<String, CallError> {
    match filled(&format!("type: WEBHOOK\nurl: '{written}'"), &json!({ "a": a, "b": "b" }))? {
        Call::Webhook(call) => Ok(call.url),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_place_alone_keeps_its_type_and_within_a_text_becomes_text() {
    let inputs = json!({ "a": "x", "n": 3, "list": [1, "2"], "map": { "k": true } });
    let written = r#"{ a: "{{ .inputs.a }}", n: "{{.inputs.n}}", t: "n={{ .inputs.n }}", list: ["{{ .inputs.list }}"], map: "{{ .inputs.map }}", k: "{{ .inputs.map.k }}", none: "{{ .inputs.b }}", who: "{{ .requester.email }}", region: "{{ .entity.properties.region }}", plain: 7 }"#;
    assert_eq!(
        body(written, &inputs),
        json!({ "a": "x", "n": 3, "t": "n=3", "list": [[1, "2"]], "map": { "k": true }, "k": true, "none": null,
            "who": "alice@acme.dev", "region": "eu-1", "plain": 7 })
    );
}

#[test]
fn without_a_body_the_whole_context_is_sent() {
    let call = webhook("type: WEBHOOK\nurl: https://x.example", &json!({ "a": "x" }));
    let handle = RunHandle::of("repo", &id("r1")).to_string();
    assert_eq!(call.body["run"], json!({ "id": handle, "identifier": "r1", "url": null }));
    assert_eq!(call.body["inputs"], json!({ "a": "x" }));
    assert_eq!((call.method.as_str(), call.synchronized), ("POST", false));
}

#[test]
fn what_is_not_there_or_no_text_cannot_stand_within_a_text() {
    for (text, inputs) in [
        ("x {{ .inputs.a }}", json!({})),
        ("x {{ .inputs.a }}", json!({ "a": null })),
        ("x {{ .inputs.list }}", json!({ "list": [] })),
        ("x {{ .inputs.map }}", json!({ "map": {} })),
    ] {
        let result = filled(&format!("type: WEBHOOK\nurl: https://x.example\nbody: {{ t: '{text}' }}"), &inputs);
        assert!(matches!(result, Err(CallError::Template { ref place, .. }) if place == "body"), "{text}: {result:?}");
    }
}

#[test]
fn an_input_that_looks_like_a_template_stays_text() {
    let attack = json!({ "a": "{{ .secrets.deploy }}{{ .inputs.token }}", "token": "t0p" });
    assert_eq!(
        body(r#"{ x: "{{ .inputs.a }}", y: "<{{ .inputs.a }}>" }"#, &attack)["y"],
        "<{{ .secrets.deploy }}{{ .inputs.token }}>"
    );
    let call = webhook(
        "type: WEBHOOK\nurl: https://x.example\nheaders: { X-A: '{{ .inputs.a }}', X-S: 'Bearer {{ .secrets.deploy }}' }",
        &attack,
    );
    assert_eq!(call.headers[0].1, HeaderValue::Text("{{ .secrets.deploy }}{{ .inputs.token }}".into()));
    let bearer = HeaderValue::Secret(vec![SecretPiece::Text("Bearer ".into()), SecretPiece::Secret("deploy".into())]);
    assert_eq!(call.headers[1].1, bearer);
}

#[test]
fn quotes_and_line_breaks_do_not_leave_their_place_in_the_body() {
    let attack = "\", \"admin\": true, \"x\": \"\n\u{0}\\";
    let sent = body(r#"{ x: "{{ .inputs.a }}", y: "a {{ .inputs.a }} b" }"#, &json!({ "a": attack }));
    let read: Json = serde_json::from_str(&sent.to_string()).unwrap();
    assert_eq!(read, json!({ "x": attack, "y": format!("a {attack} b") }));
}

#[test]
fn an_address_leads_nowhere_else_whatever_fills_it() {
    let segment = |a: &str| url("https://x.example/envs/{{ .inputs.a }}/ttl?q={{ .inputs.a }}&z=1", a);
    assert_eq!(segment("a b/ü").unwrap(), "https://x.example/envs/a%20b%2F%C3%BC/ttl?q=a%20b%2F%C3%BC&z=1");
    assert_eq!(
        segment("@evil.example#?&=").unwrap(),
        "https://x.example/envs/%40evil.example%23%3F%26%3D/ttl?q=%40evil.example%23%3F%26%3D&z=1"
    );
    assert_eq!(segment("../admin").unwrap(), "https://x.example/envs/..%2Fadmin/ttl?q=..%2Fadmin&z=1");
    assert_eq!(segment("%2e%2e").unwrap(), "https://x.example/envs/%252e%252e/ttl?q=%252e%252e&z=1");
    for climbing in [".", "..", ""] {
        assert!(segment(climbing).is_err(), "{climbing:?}");
    }
    assert!(url("https://x.example/a.{{ .inputs.a }}", "").is_ok(), "a segment of its own text is not empty");
    assert!(url("https://x.example/.{{ .inputs.a }}/x", ".").is_err(), "dots that only meet when filled in");
    assert!(url("https://x.example/%2e{{ .inputs.a }}", "").is_err());
    assert!(url("https://x.example/{{ .inputs.a }}", "").is_err());
    assert!(url("https://x.example/{{ .inputs.a }}", &"x".repeat(9000)).is_err());
}

#[test]
fn hosts_keys_and_names_are_never_filled_in() {
    for url in [
        "https://{{ .inputs.a }}/x",
        "https://{{ .inputs.a }}",
        "https://x.{{ .inputs.a }}.example/",
        "https://x.example:{{ .inputs.n }}/",
        "https://{{ .inputs[\"a/b\"] }}",
        "{{ .inputs.a }}",
        "{{ .inputs.a }}://x.example",
        "https://x.example@evil.example/",
        "https://user:pass@x.example/",
        "https://x.example\\@evil.example/",
        "https://x.example:0/",
        "https://x.example:99999/",
        "https://x..example/",
        "https://exämple.com/",
        "https://x.example\u{2044}evil/",
        "https:///x",
        "https://x.example/a/../b",
        "https://x.example/a/%2E%2e/b",
        "https://x.example/#f",
        "https://x.example/a b",
        "https://x.example/?{{ .inputs.a }}=1",
        "https://x.example/?a=1&{{ .inputs.a }}",
        "https://x.example/{{ .secrets.a }}",
        "ftp://x.example/",
        "https://[::1/",
        "https://[x]/",
    ] {
        assert!(try_action(&format!("type: WEBHOOK\nurl: '{url}'")).is_err(), "{url}");
    }
    for rest in ["headers: { 'X-{{ .inputs.a }}': x }", "body: { '{{ .inputs.a }}': x }", "body: [{ a: { '{{': x } }]"] {
        let refused = try_action(&format!("type: WEBHOOK\nurl: https://x.example\n{rest}"));
        assert_eq!(refused.unwrap_err(), ["action/template"], "{rest}");
    }
    let github = |rest: &str| try_action(&format!("type: GITHUB\norg: acme\nrepo: infra\n{rest}"));
    assert!(github("workflow: '{{ .inputs.a }}'").is_err());
    assert!(github("workflow: x.yml\nref: '{{ .inputs.a }}'").is_err());
    assert!(github("workflow: x.yml\nworkflowInputs: { '{{ .inputs.a }}': x }").is_err());
    assert!(github("workflow: ../x.yml").is_err());
    assert!(github("workflow: x.yml\nref: 'a..b'").is_err());
    assert!(github("workflow: x.yml\nref: release/1.2").is_ok());
}

#[test]
fn the_headers_of_the_controller_and_of_the_connection_are_its_own() {
    for name in [
        "Host",
        "Content-Length",
        "Transfer-Encoding",
        "Connection",
        "Idempotency-Key",
        "x-portcullis-signature",
        "Webhook-Id",
        "Proxy-Authorization",
        "Upgrade",
        "Expect",
        "'X Y'",
        "'X:'",
        "\"X\\r\\nY\"",
        "''",
        "Ünicode",
    ] {
        let refused = try_action(&format!("type: WEBHOOK\nurl: https://x.example\nheaders: {{ {name}: x }}"));
        assert_eq!(refused.unwrap_err(), ["action/header"], "{name}");
    }
    let twice = try_action("type: WEBHOOK\nurl: https://x.example\nheaders: { X-A: x, x-a: y }");
    assert_eq!(twice.unwrap_err(), ["action/header"]);
    let written = try_action("type: WEBHOOK\nurl: https://x.example\nheaders: { X-A: \"x\\r\\nY: z\" }");
    assert_eq!(written.unwrap_err(), ["action/header"]);
}

#[test]
fn a_line_break_from_an_input_never_ends_a_header() {
    for attack in ["x\r\nX-Admin: true", "x\ny", "\u{0}", "ü", "\u{7f}"] {
        let result =
            filled("type: WEBHOOK\nurl: https://x.example\nheaders: { X-A: 'v {{ .inputs.a }}' }", &json!({ "a": attack }));
        let Err(error @ CallError::Unfit { .. }) = result else { panic!("{attack:?}: {result:?}") };
        assert!(!error.to_string().contains("Admin"), "the value is not told: {error}");
    }
}

#[test]
fn secrets_are_named_in_values_of_headers_alone() {
    for rest in [
        "body: '{{ .secrets.a }}'",
        "body: { a: ['x {{ .secrets.a }}'] }",
        "headers: { X-A: '{{ .secrets }}' }",
        "headers: { X-A: '{{ .secrets.a.b }}' }",
    ] {
        let refused = try_action(&format!("type: WEBHOOK\nurl: https://x.example\n{rest}"));
        assert_eq!(refused.unwrap_err(), ["action/template"], "{rest}");
    }
}

#[test]
fn a_small_action_that_would_send_a_huge_request_sends_nothing() {
    let bomb = "{{ .inputs.a }}".repeat(3000);
    let result =
        filled(&format!("type: WEBHOOK\nurl: https://x.example\nbody: {{ x: '{bomb}' }}"), &json!({ "a": "x".repeat(60_000) }));
    assert_eq!(result, Err(CallError::Template { place: "body".into(), why: TemplateError::TooLarge }));
    let list = "'{{ .inputs.a }}', ".repeat(3000);
    let result = filled(&format!("type: WEBHOOK\nurl: https://x.example\nbody: [{list}]"), &json!({ "a": "x".repeat(60_000) }));
    assert_eq!(result, Err(CallError::Template { place: "body".into(), why: TemplateError::TooLarge }));
}

#[test]
fn a_workflow_is_given_texts_and_the_handle_of_the_run() {
    let method = "type: GITHUB\norg: acme\nrepo: infra\nworkflow: x.yml\nref: main\nworkflowInputs: { n: '{{ .inputs.n }}', list: '{{ .inputs.list }}', none: '{{ .inputs.a }}', all: '{{ .inputs.map }}', t: 'n{{ .inputs.n }}', deep: { a: ['{{ .inputs.n }}'] } }";
    let Ok(Call::Workflow(call)) = filled(method, &json!({ "n": 3, "list": [1, "x"], "map": { "k": "v" } })) else { panic!() };
    let handle = RunHandle::of("repo", &id("r1")).to_string();
    let given: Vec<(&str, &str)> = call.inputs.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    assert_eq!(
        given,
        [
            ("portcullis_run", handle.as_str()),
            ("all", "{\"k\":\"v\"}"),
            ("deep", "{\"a\":[3]}"),
            ("list", "[1,\"x\"]"),
            ("n", "3"),
            ("t", "n3"),
        ]
    );
    assert_eq!((call.reference.as_deref(), call.report_status), (Some("main"), true));
    let Ok(Call::Workflow(call)) = filled("type: GITHUB\norg: acme\nrepo: infra\nworkflow: x.yml", &json!({ "a": "x" })) else {
        panic!()
    };
    assert_eq!(call.inputs[1..], [("a".to_owned(), "x".to_owned())], "without workflowInputs, the inputs of the run");
    let omitted = filled("type: GITHUB\norg: acme\nrepo: infra\nworkflow: x.yml\nomitUserInputs: true", &json!({ "a": "x" }));
    assert!(matches!(omitted, Ok(Call::Workflow(call)) if call.inputs.len() == 1));
}

#[test]
fn no_workflow_is_given_more_than_github_takes() {
    let many = |n: usize| (0..n).map(|i| format!("i{i}: x")).collect::<Vec<_>>().join(", ");
    let method = |n: usize| format!("type: GITHUB\norg: acme\nrepo: infra\nworkflow: x.yml\nworkflowInputs: {{ {} }}", many(n));
    assert!(try_action(&method(24)).is_ok());
    assert_eq!(try_action(&method(25)).unwrap_err(), ["action/workflow"]);
    assert_eq!(
        try_action("type: GITHUB\norg: acme\nrepo: infra\nworkflow: x.yml\nworkflowInputs: { portcullis_run: x }").unwrap_err(),
        ["action/workflow"]
    );
    let long = filled(
        &format!("{}, big: '{{{{ .inputs.a }}}}' }}", method(1).trim_end_matches(" }")),
        &json!({ "a": "x".repeat(65_000) }),
    );
    assert!(matches!(long, Err(CallError::Unfit { .. })), "{long:?}");
}

#[test]
fn an_entity_is_changed_where_the_mapping_says_and_stays_elsewhere() {
    let method = "type: UPSERT_ENTITY\nblueprintIdentifier: Env\nmapping: { identifier: '{{ .entity.identifier }}', title: '{{ .inputs.b }}', properties: { ttl: '{{ .inputs.a }}', gone: null }, relations: { owner: ['{{ .inputs.b }}'] } }";
    let Ok(Call::Entity(call)) = filled(method, &json!({ "a": "10 days" })) else { panic!() };
    assert_eq!(call.key.to_string(), "Env/env-1");
    assert_eq!(
        call.document,
        Some(
            json!({ "identifier": "env-1", "blueprint": "Env", "properties": { "ttl": "10 days", "gone": null }, "relations": { "owner": [null] } })
        ),
        "what nothing fills is not set"
    );
    let before =
        json!({ "identifier": "env-1", "blueprint": "Env", "title": "One", "properties": { "ttl": "3 days", "region": "eu" } });
    let after = json!({ "identifier": "env-1", "blueprint": "Env", "title": "One", "properties": { "ttl": "10 days", "region": "eu", "gone": null }, "relations": { "owner": [null] } });
    assert_eq!(call.onto(Some(&before)), Some(after));
    assert_eq!(call.onto(None), call.document);
}

#[test]
fn a_removal_removes_the_entity_of_the_run_or_the_one_it_names() {
    let Ok(Call::Entity(call)) = filled("type: DELETE_ENTITY\nblueprintIdentifier: Env", &json!({})) else { panic!() };
    assert_eq!((call.key.to_string().as_str(), call.document.as_ref()), ("Env/env-1", None));
    assert_eq!(call.onto(Some(&json!({ "identifier": "env-1" }))), None);
    for (a, good) in [("env-2", true), ("..", false), ("", false), ("a\u{202e}b", false)] {
        let named = filled(
            "type: DELETE_ENTITY\nblueprintIdentifier: Env\nmapping: { identifier: '{{ .inputs.a }}' }",
            &json!({ "a": a }),
        );
        assert_eq!(named.is_ok(), good, "{a:?}");
    }
    let sets = try_action("type: DELETE_ENTITY\nblueprintIdentifier: Env\nmapping: { identifier: x, properties: { a: b } }");
    assert_eq!(sets.unwrap_err(), ["document/unknown-key"]);
}

#[test]
fn secret_inputs_are_shown_to_nobody() {
    let action = action("type: WEBHOOK\nurl: https://x.example");
    assert_eq!(secret_inputs(&action).into_iter().collect::<Vec<_>>(), [Box::from("token")]);
    let given = Value::from_json(&json!({ "a": "x", "token": "t0p", "unknown": "also" }));
    assert_eq!(redacted(Some(&action), &given).to_json(), json!({ "a": "x", "token": HIDDEN, "unknown": HIDDEN }));
    assert_eq!(redacted(None, &given).to_json(), json!({ "a": HIDDEN, "token": HIDDEN, "unknown": HIDDEN }));
    assert_eq!(redacted(Some(&action), &Value::from("t0p")), Value::from(HIDDEN));
}

proptest! {
    /// Whatever an input holds, the request goes to the same place, and its body has the same shape.
    #[test]
    fn whatever_fills_a_place_stays_in_its_place(a in any::<String>(), b in "[./%@:#?&=\\\\a{} \"\n-]{0,12}") {
        let action = action("type: WEBHOOK\nurl: 'https://x.example:8443/v1/{{ .inputs.a }}/{{ .inputs.b }}/end?k={{ .inputs.b }}&l=1'\nbody: { x: '{{ .inputs.a }}', y: ['-{{ .inputs.b }}-'] }");
        if let Ok(Call::Webhook(call)) = fill(&action, &context(&json!({ "a": a, "b": b }))) {
            let rest = call.url.strip_prefix("https://x.example:8443/v1/").unwrap();
            prop_assert!(call.url.bytes().all(|b| b.is_ascii_graphic()));
            let (path, query) = rest.split_once('?').unwrap();
            prop_assert_eq!(path.split('/').count(), 3);
            prop_assert!(path.ends_with("/end") && !path.split('/').any(|s| matches!(s, "" | "." | "..")));
            prop_assert_eq!(query.split('&').count(), 2);
            let read: Json = serde_json::from_str(&call.body.to_string()).unwrap();
            prop_assert_eq!(read, json!({ "x": a, "y": [format!("-{b}-")] }));
        } else {
            prop_assert!(matches!(&*a, "" | "." | "..") || matches!(&*b, "" | "." | ".."));
        }
    }
}
