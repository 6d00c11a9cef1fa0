//! Teams whose members the forge knows: who has their rights, until when, and who may say so.

use portcullis::model::RunState;

use crate::harness::{COMPANY, Story};

const PROD: &str = "entities/Env/prod.yaml";
const ASK: &str = "action: extend_env_ttl\nentity: prod\ninputs: { ttl: 10 days }\n";
const ONCALL: &str = "identifier: oncall\ngithub: { team: acme/oncall, id: 42 }\n";

/// The company, with a team of the forge whose members may approve and set notes.
fn company() -> Story {
    let permissions = COMPANY.iter().find(|(path, _)| *path == "permissions/Env.yaml").unwrap().1;
    let permissions = permissions
        .replace("note: { roles: [], ownedByTeam: true }", "note: { roles: [], teams: [oncall] }")
        .replace("extend_env_ttl:\n", "extend_env_ttl:\n    approve: { roles: [], teams: [oncall] }\n");
    Story::with(&[("teams/oncall.yaml", ONCALL), ("permissions/Env.yaml", &permissions)])
}

#[test]
fn whoever_is_in_the_team_now_has_its_rights_now() {
    let mut story = company();
    story.topic("edit").replace(PROD, "note: careful", "note: paged").commit_as("erin@acme.dev");
    story.judge("edit").refuses("Env/prod", "note");
    story.forge_team("oncall", &["erin", "mallory"]);
    story.judge("edit").allows("Env/prod", "note");
    story.forge_team("oncall", &["dave"]);
    story.judge("edit").refuses("Env/prod", "note");
}

#[test]
fn an_approval_leaves_with_whoever_left_the_team() {
    let mut story = company();
    story.topic("ask").write("runs/more.yaml", ASK).commit_as("bob@acme.dev");
    story.judge("ask").fails_by("approval/no-approver");
    story.forge_team("oncall", &["erin", "dave"]).approve("ask", "erin");
    story.judge("ask").run_is("more", RunState::Approved);
    story.forge_team("oncall", &["dave"]);
    story.judge("ask").run_is("more", RunState::WaitingForApproval);
}

#[test]
fn all_means_those_of_the_forges_team_too() {
    let mut story = company();
    let action = COMPANY.iter().find(|(path, _)| *path == "actions/extend_env_ttl.yaml").unwrap().1;
    let all = action.replace("requiredApproval: true", "requiredApproval: { type: ALL }");
    story.main().write("actions/extend_env_ttl.yaml", &all).commit_as("alice@acme.dev");
    story.topic("ask").write("runs/more.yaml", ASK).commit_as("bob@acme.dev");
    story.forge_team("oncall", &["erin", "dave"]).approve("ask", "erin");
    story.judge("ask").run_is("more", RunState::WaitingForApproval);
    story.approve("ask", "dave");
    story.judge("ask").run_is("more", RunState::Approved);
}

#[test]
fn naming_another_team_of_the_forge_is_a_change_of_the_roster_and_judges_nothing_yet() {
    let mut story = company();
    story.forge_team("oncall", &["dave"]).forge_team("platform", &["erin"]);
    story.topic("swap").replace("teams/oncall.yaml", "id: 42", "id: 43").commit_as("carol@acme.dev");
    story.judge("swap").refuses("teams/oncall", "");
    let bound = "identifier: platform\nmembers: [bob@acme.dev]\ngithub: { team: acme/platform, id: 7 }\n";
    story.topic("bind").write("teams/platform.yaml", bound).commit_as("alice@acme.dev");
    story.judge("bind").succeeds();
    story.topic("grab").write("teams/platform.yaml", bound).commit_as("alice@acme.dev");
    story.topic("grab").replace("entities/Service/cart.yaml", "language: go", "language: rust").commit_as("erin@acme.dev");
    story.judge("grab").allows("teams/platform", "").refuses("Service/cart", "language");
}
