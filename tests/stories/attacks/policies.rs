//! Getting a right out of a policy that it does not give.

use portcullis::model::{ReviewState, RunState};

use crate::harness::Story;

const PROD: &str = "entities/Env/prod.yaml";
const RUN: &str = "runs/more.yaml";

/// Notes are for small environments, and everyone may say how large one is.
const BY_SIZE: &str = "entities:
  updateProperties:
    size: { roles: [Member] }
    note: { policy: { combinator: and, rules: [{ property: size, operator: \"=\", value: 1 }] } }
";

/// Permissions in which asking for more time, or agreeing to it, hangs on a policy.
fn by_policy(right: &str, condition: &str) -> String {
    let other = if right == "execute" { "approve" } else { "execute" };
    format!(
        "entities:
  updateProperties:
    note: {{ roles: [Member] }}
actions:
  extend_env_ttl:
    {other}: {{ roles: [Member, Env-moderator] }}
    {right}:
      policy:
        queries:
          careful:
            combinator: and
            rules:
              - {{ property: $blueprint, operator: \"=\", value: Env }}
              - {{ property: note, operator: \"=\", value: careful }}
          people:
            combinator: and
            rules:
              - {{ property: $blueprint, operator: \"=\", value: _user }}
              - {{ property: port_role, operator: \"=\", value: Moderator }}
        conditions: [{condition:?}]
"
    )
}

fn asked(permissions: &str) -> Story {
    let story = Story::with(&[("permissions/Env.yaml", permissions)]);
    story.topic("ask").write(RUN, "action: extend_env_ttl\nentity: prod\ninputs: { ttl: 10 days }\n").commit_as("bob@acme.dev");
    story
}

#[test]
fn data_that_a_policy_reads_grants_nothing_in_the_pull_request_that_changes_it() {
    let story = Story::with(&[("permissions/Env.yaml", BY_SIZE)]);
    story.topic("small").replace(PROD, "ttl: 10 days", "ttl: 10 days\n  size: 1").commit_as("bob@acme.dev");
    story.judge("small").succeeds().allows("Env/prod", "size");
    story.topic("small").replace(PROD, "note: careful", "note: mine").commit_as("bob@acme.dev");
    story.judge("small").allows("Env/prod", "size").refuses("Env/prod", "note");

    story.main().replace(PROD, "ttl: 10 days", "ttl: 10 days\n  size: 1").commit_as("bob@acme.dev");
    story.topic("later").replace(PROD, "note: careful", "note: mine").commit_as("bob@acme.dev");
    story.judge("later").succeeds().allows("Env/prod", "note");
}

#[test]
fn what_a_query_finds_is_what_base_holds() {
    let story = asked(&by_policy("execute", ".results.careful.entities | length == 0"));
    story.topic("ask").replace(PROD, "note: careful", "note: careless").commit_as("bob@acme.dev");
    story.judge("ask").refuses("runs/more", "");
    let story = asked(&by_policy("execute", ".results.careful.entities | length == 1"));
    story.judge("ask").allows("runs/more", "");
}

#[test]
fn a_policy_written_in_the_pull_request_grants_nothing_in_it() {
    let story = Story::begin();
    let lax = "entities:\n  updateProperties:\n    note: { policy: { combinator: and, rules: [] } }\n";
    story.topic("lax").write("permissions/Env.yaml", lax).replace(PROD, "note: careful", "note: mine").commit_as("erin@acme.dev");
    story.judge("lax").refuses("Env/prod", "note").refuses("permissions/Env", "");
}

#[test]
fn a_condition_that_fails_or_gives_an_odd_answer_denies() {
    for condition in
        ["error(\"no\")", "null", "\"true\"", "1", "true, true", "empty", "[.user.email]", "def f: f; f", ".user | not | not"]
    {
        let judged = asked(&by_policy("execute", condition)).judge("ask");
        match condition {
            ".user | not | not" => judged.allows("runs/more", ""),
            _ => judged.refuses("runs/more", "").says("has no answer"),
        };
    }
}

#[test]
fn an_input_that_is_left_out_is_asked_as_its_default() {
    let permissions =
        "actions:\n  create_env:\n    execute:\n      policy: { conditions: [\".inputs.ttl != \\\"3 days\\\"\"] }\n";
    let story = Story::with(&[("permissions/Env.yaml", permissions)]);
    story.topic("ask").write(RUN, "action: create_env\ninputs: {}\n").commit_as("bob@acme.dev");
    story.judge("ask").refuses("runs/more", "");
}

#[test]
fn an_input_that_is_left_out_inside_another_is_asked_as_its_default() {
    let action = "identifier: create_env\ntrigger:\n  type: self-service\n  operation: CREATE\n  blueprintIdentifier: Env\n  userInputs:\n    properties:\n      options: { type: object, properties: { level: { type: string, default: root } } }\ninvocationMethod: { type: WEBHOOK, url: 'https://hooks.acme.dev/env' }\n";
    let permissions =
        "actions:\n  create_env:\n    execute:\n      policy: { conditions: [\".inputs.options.level != \\\"root\\\"\"] }\n";
    let story = Story::with(&[("permissions/Env.yaml", permissions), ("actions/create_env.yaml", action)]);
    story.topic("ask").write(RUN, "action: create_env\ninputs: { options: {} }\n").commit_as("bob@acme.dev");
    story.judge("ask").refuses("runs/more", "");
    story.topic("plain").write(RUN, "action: create_env\ninputs: { options: { level: user } }\n").commit_as("bob@acme.dev");
    story.judge("plain").allows("runs/more", "");
}

#[test]
fn what_is_refused_a_hundredfold_does_not_ask_every_policy_of_everybody_each_time() {
    let permissions = "entities:\n  register: { policy: { conditions: ['.entity.identifier == \"none\"'] } }\n";
    let story = Story::with(&[("permissions/Env.yaml", permissions)]);
    let many: String = (0..100).map(|n| format!("- {{ identifier: new-{n}, blueprint: Env }}\n")).collect();
    story.topic("many").write("entities/many.yaml", &many).commit_as("mallory@evil.example");
    story.judge("many").refuses("Env/new-0", "").refuses("Env/new-99", "").says("too much is refused at once");
}

#[test]
fn approvers_are_whom_the_condition_names_and_never_the_requester() {
    let mut story = asked(&by_policy(
        "approve",
        ".trigger.user.email as $asked | [.results.people.entities[].identifier | select(. != \"frank@acme.dev\")] + [$asked]",
    ));
    story.approve("ask", "frank").approve("ask", "bob").approve("ask", "alice");
    let judged = story.judge("ask").run_is("more", RunState::WaitingForApproval);
    assert_eq!(
        judged.run("more").approvers.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["carol@acme.dev"],
        "no robot either"
    );
    story.approve("ask", "carol");
    story.judge("ask").run_is("more", RunState::Approved);
}

#[test]
fn where_the_policy_of_approval_fails_nobody_approves_and_anybody_may_say_no() {
    let mut story = asked(&by_policy("approve", "error"));
    story.approve("ask", "carol").approve("ask", "alice");
    assert_ne!(story.judge("ask").run("more").state, RunState::Approved);
    story.review("ask", "erin", ReviewState::ChangesRequested);
    story.judge("ask").run_is("more", RunState::Declined);
}
