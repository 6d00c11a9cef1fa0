//! Forms that would be got round: what is hidden, filtered, required or computed, and expressions that never end.

use portcullis::model::RunState;

use crate::harness::{Judged, Story};

/// A company with one more action on Env, whose `userInputs` and `condition` these are.
fn form(inputs: &str, condition: &str) -> Story {
    let action = format!(
        "identifier: resize\ntrigger:\n  type: self-service\n  operation: DAY-2\n  blueprintIdentifier: Env\n{condition}  userInputs:\n{inputs}invocationMethod: {{ type: WEBHOOK, url: 'https://hooks.acme.dev/resize' }}\n"
    );
    Story::with(&[("actions/resize.yaml", &action)])
}

fn asks(story: &Story, who: &str, entity: &str, inputs: &str) -> Judged {
    let run = format!("action: resize\nentity: {entity}\ninputs: {inputs}\n");
    story.topic("ask").write("runs/r.yaml", &run).commit_as(who);
    story.judge("ask")
}

const HIDDEN: &str = r#"    properties:
      size: { type: string, enum: { jqQuery: 'if .entity.identifier == "prod" then ["large"] else ["small", "large"] end' } }
      force: { type: boolean, default: false, visible: { jqQuery: '.user.roles | any(.name == "Admin")' } }
    required: { jqQuery: 'if .entity.properties.ttl == "10 days" then ["size"] else [] end' }
"#;

#[test]
fn a_hidden_input_cannot_be_given_by_whom_it_is_hidden_from() {
    asks(&form(HIDDEN, ""), "carol@acme.dev", "prod", "{ size: large, force: true }").fails_only_by("run/input-not-offered");
    asks(&form(HIDDEN, ""), "alice@acme.dev", "prod", "{ size: large, force: true }").succeeds().run_is("r", RunState::Approved);
    asks(&form(HIDDEN, ""), "carol@acme.dev", "prod", "{ size: large, force: false }").succeeds();
}

#[test]
fn what_is_computed_to_be_allowed_or_required_binds() {
    asks(&form(HIDDEN, ""), "carol@acme.dev", "prod", "{ size: small }").fails_only_by("run/invalid-input");
    asks(&form(HIDDEN, ""), "carol@acme.dev", "staging", "{ size: small }").succeeds();
    asks(&form(HIDDEN, ""), "carol@acme.dev", "prod", "{}").fails_only_by("run/missing-input");
    asks(&form(HIDDEN, ""), "carol@acme.dev", "staging", "{}").succeeds();
}

#[test]
fn an_entity_outside_the_filter_is_refused() {
    let inputs = r#"    properties:
      with: { type: string, format: entity, blueprint: Service, dataset: { combinator: and, rules: [{ property: language, operator: "=", value: { jqQuery: '"go"' } }] } }
"#;
    asks(&form(inputs, ""), "carol@acme.dev", "prod", "{ with: cart }").succeeds();
    asks(&form(inputs, ""), "carol@acme.dev", "prod", "{ with: ledger }").fails_only_by("run/invalid-input");
}

#[test]
fn who_is_named_inside_an_object_is_looked_up_too() {
    let inputs = "    properties:\n      options: { type: object, properties: { who: { type: string, format: user } } }\n";
    asks(&form(inputs, ""), "carol@acme.dev", "prod", "{ options: { who: bob@acme.dev } }").succeeds();
    asks(&form(inputs, ""), "carol@acme.dev", "prod", "{ options: { who: mallory@acme.dev } }")
        .fails_only_by("run/invalid-input");
}

#[test]
fn an_action_is_not_run_where_its_condition_does_not_hold() {
    let condition =
        "  condition: { type: SEARCH, combinator: and, rules: [{ property: ttl, operator: \"=\", value: 3 days }] }\n";
    let inputs = "    properties: {}\n";
    asks(&form(inputs, condition), "carol@acme.dev", "staging", "{}").succeeds();
    asks(&form(inputs, condition), "carol@acme.dev", "prod", "{}").fails_only_by("run/not-available");
}

#[test]
fn a_property_that_cannot_be_computed_does_not_satisfy_a_condition_that_denies() {
    let env = "identifier: Env\nschema:\n  properties:\n    slackChannelUrl: { type: string, format: url }\n    ttl: { type: string, enum: [3 days, 5 days, 10 days] }\n    note: { type: string, maxLength: 100 }\n    size: { type: number }\ncalculationProperties:\n  risk: { type: string, calculation: 'if .properties.note == \"careful\" then error(\"odd\") else \"low\" end' }\nrelations:\n  service: { target: Service, required: false, many: false }\n  deployedAt: { target: System, required: false, many: false }\nteamInheritance: { path: service.system }\n";
    let condition =
        "  condition: { type: SEARCH, combinator: and, rules: [{ property: risk, operator: \"!=\", value: high }] }\n";
    let story = form("    properties: {}\n", condition);
    story.main().write("blueprints/Env.yaml", env).commit_as("alice@acme.dev");
    asks(&story, "carol@acme.dev", "staging", "{}").succeeds();
    asks(&story, "carol@acme.dev", "prod", "{}").fails_only_by("run/inputs-not-judged");
}

#[test]
fn an_input_that_waits_for_another_cannot_be_given_alone() {
    let inputs = "    properties:\n      a: { type: string }\n      b: { type: string, dependsOn: [a] }\n";
    asks(&form(inputs, ""), "carol@acme.dev", "prod", "{ b: x }").fails_only_by("run/input-not-offered");
    asks(&form(inputs, ""), "carol@acme.dev", "prod", "{ a: y, b: x }").succeeds();
}

#[test]
fn an_expression_that_never_ends_refuses_the_run_and_no_other() {
    let inputs = "    properties:\n      a: { type: string, default: { jqQuery: 'def f: f; f' } }\n";
    let story = form(inputs, "");
    asks(&story, "carol@acme.dev", "prod", "{}").fails_only_by("run/inputs-not-judged");
    asks(&story, "carol@acme.dev", "prod", "{ a: x }").succeeds();
}

#[test]
fn an_expression_that_fails_refuses_the_run_without_telling_what_it_saw() {
    let inputs = "    properties:\n      a: { type: string, default: { jqQuery: '.entity.properties.note | error' } }\n";
    let judged = asks(&form(inputs, ""), "carol@acme.dev", "prod", "{}").fails_only_by("run/inputs-not-judged");
    assert!(!format!("{judged}").contains("careful"), "{judged}");
}

#[test]
fn a_form_that_cannot_work_is_refused_when_it_is_written() {
    for (inputs, rule) in [
        ("    properties:\n      a: { type: string, visible: { jqQuery: 'env.HOME == 1' } }\n", "action/expression"),
        ("    properties:\n      a: { type: string, format: entity, blueprint: Nosuch }\n", "action/unknown-blueprint"),
        ("    properties:\n      a: { type: string, enum: [x], default: y }\n", "action/default"),
        (
            "    properties:\n      a: { type: string, dependsOn: [b] }\n      b: { type: string, dependsOn: [a] }\n",
            "action/input-cycle",
        ),
        ("    properties:\n      a: { type: string }\n    order: [b]\n", "action/unknown-input"),
        (
            "    properties:\n      a: { type: string }\n    steps: [{ title: one, order: [a] }, { title: two, order: [a] }]\n",
            "action/input-twice",
        ),
        (
            "    properties:\n      a: { type: string, format: entity, blueprint: Env, dataset: { combinator: nor, rules: [] } }\n",
            "action/filter",
        ),
    ] {
        let story = Story::begin();
        let action = format!(
            "identifier: resize\ntrigger:\n  type: self-service\n  operation: DAY-2\n  blueprintIdentifier: Env\n  userInputs:\n{inputs}invocationMethod: {{ type: WEBHOOK, url: 'https://hooks.acme.dev/resize' }}\n"
        );
        story.topic("form").write("actions/resize.yaml", &action).commit_as("alice@acme.dev");
        story.judge("form").fails_only_by(rule);
    }
}
