//! A pull request that brings its own rights along.

use portcullis::model::{IdentityMode, RunState};

use crate::harness::Story;

const BOB: &str = "users/bob@acme.dev.yaml";
const PROD: &str = "entities/Env/prod.yaml";

#[test]
fn a_member_cannot_promote_himself() {
    let story = Story::begin();
    story.topic("grab").replace(BOB, "[Member]", "[Member, Admin]").commit_as("bob@acme.dev");
    story.judge("grab").refuses("users/bob@acme.dev", "").fails_only_by("permission/roster");
}

#[test]
fn a_promotion_gives_no_right_in_the_commit_that_makes_it() {
    let story = Story::begin();
    story.topic("grab").replace(BOB, "[Member]", "[Admin]").replace(PROD, "note: careful", "size: 9").commit_as("bob@acme.dev");
    story.judge("grab").refuses("users/bob@acme.dev", "").refuses("Env/prod", "size");
}

#[test]
fn a_promotion_gives_no_right_to_the_next_commit_either() {
    let story = Story::begin();
    story.topic("grab").replace(BOB, "[Member]", "[Admin]").commit_as("bob@acme.dev");
    story.topic("grab").append(PROD, "icon: Skull\n").commit_as("bob@acme.dev");
    story.judge("grab").refuses("Env/prod", "$icon");
}

#[test]
fn a_widened_rule_gives_no_right_before_it_is_merged() {
    let story = Story::begin();
    let topic = story.topic("grab").replace(
        "permissions/Env.yaml",
        "  updateProperties:\n",
        "  updateProperties:\n    size: { roles: [Member, Env-moderator] }\n",
    );
    topic.commit_as("carol@acme.dev");
    story.topic("grab").replace(PROD, "properties:\n", "properties:\n  size: 3\n").commit_as("bob@acme.dev");
    story.judge("grab").allows("permissions/Env", "").refuses("Env/prod", "size");
}

#[test]
fn removing_a_permissions_file_does_not_bring_the_laxer_default_at_once() {
    let story = Story::begin();
    story
        .topic("grab")
        .remove("permissions/Deployment.yaml")
        .replace("entities/Deployment/first.yaml", "'1'", "'2'")
        .commit_as("alice@acme.dev");
    story.judge("grab").allows("permissions/Deployment", "").refuses("Deployment/first", "version");
}

#[test]
fn what_is_immutable_is_immutable_for_an_admin_too() {
    let story = Story::begin();
    story.topic("grab").replace("entities/Deployment/first.yaml", "'1'", "'2'").commit_as("alice@acme.dev");
    story.judge("grab").refuses("Deployment/first", "version").fails_only_by("permission/update");
}

#[test]
fn a_second_permissions_file_for_a_blueprint_is_an_error_and_grants_nothing() {
    let story = Story::begin();
    story
        .topic("grab")
        .write("permissions/aaa.yaml", "blueprint: Env\nentities:\n  update: { roles: [Member] }\n")
        .replace(PROD, "note: careful", "size: 9")
        .commit_as("bob@acme.dev");
    story.judge("grab").refuses("Env/prod", "size").fails_by("duplicate/identifier");
}

#[test]
fn joining_a_team_gives_no_right_before_it_is_merged() {
    let story = Story::begin();
    story
        .topic("grab")
        .replace("teams/platform.yaml", "[bob@acme.dev]", "[bob@acme.dev, dave@acme.dev]")
        .replace("entities/Service/cart.yaml", "go", "rust")
        .commit_as("dave@acme.dev");
    story.judge("grab").refuses("teams/platform", "").refuses("Service/cart", "language");
}

#[test]
fn a_stranger_cannot_enrol_himself() {
    let story = Story::begin();
    story
        .topic("grab")
        .write("users/mallory.yaml", "identifier: mallory@evil.example\nroles: [Admin]\n")
        .commit_as("mallory@evil.example");
    story.judge("grab").refuses("users/mallory@evil.example", "");
}

#[test]
fn claiming_an_admins_address_gives_nothing() {
    let story = Story::begin();
    story
        .topic("grab")
        .append(BOB, "")
        .replace(BOB, "emails: [bob@home.example]", "emails: [alice@acme.dev]")
        .commit_as("bob@acme.dev");
    story.judge("grab").refuses("users/bob@acme.dev", "").fails_by("roster/email-claimed-twice");
}

#[test]
fn switching_the_identity_mode_does_not_loosen_the_judgement_of_the_switch() {
    let story = Story::with(&[("catalog.yaml", "identity: signature\n")]);
    story.topic("grab").replace("catalog.yaml", "signature", "declared").commit_as("alice@acme.dev");
    story.judge("grab").refuses("catalog.yaml", "").fails_by("identity/unsigned");
}

#[test]
fn raised_limits_do_not_hold_for_the_change_that_raises_them() {
    let story = Story::with(&[("catalog.yaml", "identity: declared\nlimits: { nodes: 300 }\n")]);
    let many: String = (0..400).map(|i| format!("- n{i}\n")).collect();
    story
        .topic("grab")
        .replace("catalog.yaml", "300", "3000")
        .write("entities/Env/big.yaml", &format!("identifier: big\nteam:\n{}", many.replace("- ", "  - ")))
        .commit_as("alice@acme.dev");
    story.judge("grab").fails_by("limit/nodes");
}

#[test]
fn self_approval_switched_on_in_the_request_lifts_nothing() {
    let mut story = Story::begin();
    story
        .topic("ask")
        .append("actions/extend_env_ttl.yaml", "selfApproval: true\n")
        .write("runs/more.yaml", "action: extend_env_ttl\nentity: prod\ninputs: { ttl: 10 days }\n")
        .commit_as("carol@acme.dev");
    story.approve("ask", "carol");
    story.judge("ask").run_is("more", RunState::WaitingForApproval);
}

#[test]
fn approval_switched_off_in_the_request_is_still_needed() {
    let story = Story::begin();
    story
        .topic("ask")
        .replace("actions/extend_env_ttl.yaml", "requiredApproval: true", "requiredApproval: false")
        .write("runs/more.yaml", "action: extend_env_ttl\nentity: prod\ninputs: { ttl: 10 days }\n")
        .commit_as("carol@acme.dev");
    story.judge("ask").waits().run_is("more", RunState::WaitingForApproval);
}

#[test]
fn an_approver_enrolled_by_the_request_approves_nothing() {
    let mut story = Story::begin();
    story
        .topic("ask")
        .write("users/zoe@acme.dev.yaml", "identifier: zoe@acme.dev\nroles: [Admin]\ngithub: { login: mallory, id: 666 }\n")
        .write("runs/more.yaml", "action: extend_env_ttl\nentity: prod\ninputs: { ttl: 10 days }\n")
        .commit_as("alice@acme.dev");
    story.approve("ask", "mallory");
    story.judge("ask").run_is("more", RunState::WaitingForApproval);
}

#[test]
fn an_approve_rule_widened_by_the_request_makes_nobody_an_approver() {
    let mut story = Story::begin();
    story
        .topic("ask")
        .replace("permissions/Env.yaml", "  extend_env_ttl:\n", "  extend_env_ttl:\n    approve: { roles: [Member] }\n")
        .write("runs/more.yaml", "action: extend_env_ttl\nentity: prod\ninputs: { ttl: 10 days }\n")
        .commit_as("carol@acme.dev");
    story.approve("ask", "bob");
    story.judge("ask").run_is("more", RunState::WaitingForApproval);
}

#[test]
fn an_action_that_only_the_request_knows_is_not_run() {
    let story = Story::begin();
    let action = story.git.show("main", "actions/create_env.yaml").replace("create_env", "free_env");
    story
        .topic("ask")
        .write("actions/free_env.yaml", &action)
        .write("runs/mine.yaml", "action: free_env\n")
        .commit_as("carol@acme.dev");
    story.judge("ask").fails_by("run/unknown-action");
}

#[test]
fn an_execute_rule_widened_by_the_request_lets_nobody_execute() {
    let story = Story::begin();
    let topic = story.topic("ask").replace(
        "permissions/Env.yaml",
        "ownedByTeam: true }\n  audit",
        "ownedByTeam: true, users: [erin@acme.dev] }\n  audit",
    );
    topic.commit_as("carol@acme.dev");
    story.topic("ask").write("runs/gone.yaml", "action: delete_env\nentity: prod\n").commit_as("erin@acme.dev");
    story.judge("ask").refuses("runs/gone", "").fails_by("permission/execute");
}

#[test]
fn a_schema_loosened_by_the_request_does_not_judge_it() {
    let story = Story::begin();
    story
        .topic("grab")
        .replace("blueprints/Env.yaml", "10 days]", "10 days, forever]")
        .replace(PROD, "ttl: 10 days", "ttl: forever")
        .commit_as("carol@acme.dev");
    story.judge("grab").fails_by("schema/not-on-base");
}

#[test]
fn an_identity_mode_asked_for_on_the_command_line_is_the_persons_own_choice_only() {
    let mut story = Story::with(&[("catalog.yaml", "identity: signature\n")]);
    story.topic("edit").replace(PROD, "note: careful", "note: bold").commit_as("alice@acme.dev");
    story.judge("edit").fails_by("identity/unsigned");
    story.identity(IdentityMode::Declared);
    story.judge("edit").refuses("Env/prod", "note");
}

#[test]
fn an_innocent_later_commit_does_not_cover_a_forbidden_earlier_one() {
    let story = Story::begin();
    story.topic("grab").replace(PROD, "note: careful", "note: careful\n  size: 9").commit_as("bob@acme.dev");
    story.topic("grab").replace(PROD, "slack.example/prod", "slack.example/prod2").commit_as("alice@acme.dev");
    story.judge("grab").refuses("Env/prod", "size").allows("Env/prod", "slackChannelUrl");
}

#[test]
fn a_forbidden_change_taken_back_is_forgiven_and_one_set_again_is_not() {
    let story = Story::begin();
    story.topic("grab").replace(PROD, "note: careful", "note: careful\n  size: 9").commit_as("bob@acme.dev");
    story.topic("grab").replace(PROD, "\n  size: 9", "").commit_as("bob@acme.dev");
    story.judge("grab").succeeds();
    story.topic("grab").replace(PROD, "note: careful", "note: careful\n  size: 9").commit_as("bob@acme.dev");
    story.judge("grab").refuses("Env/prod", "size");
}

#[test]
fn a_member_cannot_loosen_a_schema_to_fit_his_entity() {
    let story = Story::begin();
    story
        .topic("grab")
        .replace("blueprints/Env.yaml", "10 days]", "10 days, forever]")
        .replace(PROD, "ttl: 10 days", "ttl: forever")
        .commit_as("bob@acme.dev");
    story.judge("grab").refuses("blueprints/Env", "");
}

#[test]
fn a_role_in_other_letters_is_none() {
    let story = Story::with(&[("users/erin@acme.dev.yaml", "identifier: erin@acme.dev\nroles: [ADMIN]\n")]);
    story.topic("edit").append(PROD, "icon: Skull\n").commit_as("erin@acme.dev");
    story.judge("edit").refuses("Env/prod", "$icon");
    for role in ["admin", "'Admin '", "Àdmin", "Env-Moderator"] {
        let story = Story::begin();
        story.topic("edit").replace(BOB, "[Member]", &format!("[{role}]")).commit_as("alice@acme.dev");
        story.judge("edit").fails_by("document/unknown-role");
    }
}

#[test]
fn a_policy_file_broken_on_purpose_does_not_bring_laxer_defaults() {
    let story = Story::with(&[("catalog.yaml", "identity: signature\n")]);
    story.main().write("catalog.yaml", "identity: [\n").commit_as("alice@acme.dev");
    story.topic("edit").replace(PROD, "slack.example/prod", "slack.example/new").commit_as("bob@acme.dev");
    story.judge("edit").fails_by("identity/unsigned").refuses("Env/prod", "slackChannelUrl");
}

#[test]
fn going_round_the_pull_request_gives_no_right() {
    let story = Story::begin();
    story.main().replace(PROD, "note: careful", "note: careful\n  size: 9").commit_as("bob@acme.dev");
    story.judge_pushed("main^", "main").refuses("Env/prod", "size");
    story.main().replace(BOB, "[Member]", "[Admin]").commit_as("bob@acme.dev");
    story.main().replace(PROD, "size: 9", "size: 10").commit_as("bob@acme.dev");
    story.judge_pushed("main~3", "main").refuses("users/bob@acme.dev", "").refuses("Env/prod", "size");
}
