//! Taking an entity by changing who owns it.

use crate::harness::Story;

const STAGING: &str = "entities/Env/staging.yaml";
const LEDGER: &str = "entities/Service/ledger.yaml";

#[test]
fn naming_ones_own_team_as_owner_is_refused() {
    let story = Story::begin();
    story.topic("grab").append(LEDGER, "team: platform\n").commit_as("bob@acme.dev");
    story.judge("grab").refuses("Service/ledger", "$team");
}

#[test]
fn ownership_claimed_in_a_commit_gives_no_right_in_it() {
    let story = Story::begin();
    story
        .topic("grab")
        .append(LEDGER, "team: platform\n")
        .replace(LEDGER, "language: rust", "language: go")
        .commit_as("bob@acme.dev");
    story.judge("grab").refuses("Service/ledger", "language");
}

#[test]
fn moving_an_environment_under_ones_own_service_gives_no_right_to_it() {
    let story = Story::begin();
    story
        .topic("grab")
        .replace(STAGING, "service: ledger", "service: cart")
        .replace(STAGING, "ttl: 3 days", "ttl: 3 days, note: mine")
        .commit_as("bob@acme.dev");
    story.judge("grab").refuses("Env/staging", "service").refuses("Env/staging", "note");
}

#[test]
fn the_owner_of_a_service_cannot_hand_on_the_environments_under_it() {
    let story = Story::begin();
    story.topic("move").replace(LEDGER, "system: bank", "system: shop").commit_as("dave@acme.dev");
    story.judge("move").allows("Service/ledger", "system").refuses("Env/staging", "$team");
}

#[test]
fn moving_the_owner_of_a_system_needs_the_right_on_all_that_inherit_it() {
    let story = Story::with(&[("users/greg@acme.dev.yaml", "identifier: greg@acme.dev\nroles: [System-moderator]\n")]);
    story.topic("move").replace("entities/System/shop.yaml", "team: platform", "team: payments").commit_as("greg@acme.dev");
    story.judge("move").allows("System/shop", "$team").refuses("Service/cart", "$team").refuses("Env/prod", "$team");
}

#[test]
fn changing_the_path_of_inheritance_moves_owners_and_needs_the_right_on_each() {
    let story = Story::with(&[
        ("users/greg@acme.dev.yaml", "identifier: greg@acme.dev\nroles: [Service-moderator]\n"),
        ("permissions/Service.yaml", "entities:\n  update: { roles: [Admin] }\n"),
    ]);
    story.topic("move").replace("blueprints/Service.yaml", "teamInheritance: { path: system }\n", "").commit_as("greg@acme.dev");
    story.judge("move").allows("blueprints/Service", "").refuses("Service/cart", "$team").refuses("Service/ledger", "$team");
}

#[test]
fn registering_with_an_owner_needs_the_right_to_name_one() {
    let story = Story::begin();
    story.topic("new").write("entities/Env/mine.yaml", "identifier: mine\nteam: platform\n").commit_as("bob@acme.dev");
    story.judge("new").allows("Env/mine", "").refuses("Env/mine", "$team");
}

#[test]
fn registering_sets_only_what_its_author_may_set() {
    let story = Story::begin();
    story
        .topic("new")
        .write("entities/Env/mine.yaml", "identifier: mine\nproperties: { ttl: 3 days }\n")
        .commit_as("bob@acme.dev");
    story.judge("new").succeeds();
    story
        .topic("more")
        .write("entities/Env/mine.yaml", "identifier: mine\nproperties: { ttl: 3 days, size: 4 }\n")
        .commit_as("bob@acme.dev");
    story.judge("more").refuses("Env/mine", "size");
}

#[test]
fn removing_and_registering_anew_in_two_commits_takes_nothing() {
    let story = Story::begin();
    story.topic("grab").remove(LEDGER).remove(STAGING).commit_as("bob@acme.dev");
    story
        .topic("grab")
        .write(LEDGER, "identifier: ledger\nteam: platform\nproperties: { language: rust }\nrelations: { system: bank }\n")
        .write(STAGING, "identifier: staging\nproperties: { ttl: 3 days }\nrelations: { service: ledger }\n")
        .commit_as("bob@acme.dev");
    story.judge("grab").refuses("Service/ledger", "$team");
}

#[test]
fn renaming_an_entity_is_removing_it_and_registering_another() {
    let story = Story::begin();
    story.topic("rename").replace(STAGING, "identifier: staging", "identifier: stage2").commit_as("bob@acme.dev");
    story.judge("rename").refuses("Env/staging", "").allows("Env/stage2", "");
}

#[test]
fn moving_a_file_changes_nothing() {
    let story = Story::begin();
    let text = story.git.show("main", STAGING);
    story
        .topic("tidy")
        .remove(STAGING)
        .write("entities/Env/deep/er/s.yml", &format!("# moved\n{text}"))
        .commit_as("erin@acme.dev");
    let judged = story.judge("tidy").succeeds();
    assert!(judged.0.changes.is_empty(), "{judged}");
}

#[test]
fn an_entity_without_owner_is_nobodys() {
    let story = Story::with(&[("entities/Env/orphan.yaml", "identifier: orphan\nproperties: { note: free }\n")]);
    story.topic("grab").replace("entities/Env/orphan.yaml", "free", "mine").commit_as("bob@acme.dev");
    story.judge("grab").refuses("Env/orphan", "note");
}

#[test]
fn the_owning_team_may_do_what_ownership_grants() {
    let story = Story::begin();
    story.topic("edit").replace("entities/Env/prod.yaml", "note: careful", "note: bold").commit_as("bob@acme.dev");
    story.judge("edit").succeeds();
    story.topic("other").replace("entities/Env/prod.yaml", "note: careful", "note: bold").commit_as("dave@acme.dev");
    story.judge("other").refuses("Env/prod", "note").says("bob@acme.dev");
}

#[test]
fn an_action_cannot_be_moved_under_a_blueprint_one_moderates() {
    let story = Story::with(&[("users/greg@acme.dev.yaml", "identifier: greg@acme.dev\nroles: [Service-moderator]\n")]);
    story
        .topic("grab")
        .replace("actions/delete_env.yaml", "blueprintIdentifier: Env", "blueprintIdentifier: Service")
        .commit_as("greg@acme.dev");
    story.judge("grab").refuses("actions/delete_env", "");
}

#[test]
fn moving_a_file_hides_no_change_inside_it() {
    let story = Story::begin();
    let text = story.git.show("main", "entities/Env/prod.yaml").replace("note: careful", "note: careful\n  size: 9");
    story.topic("tidy").remove("entities/Env/prod.yaml").write("entities/Env/deep/prod.yml", &text).commit_as("bob@acme.dev");
    let judged = story.judge("tidy").refuses("Env/prod", "size");
    assert_eq!(judged.0.changes.len(), 1, "{judged}");
}

#[test]
fn a_run_asks_who_owned_its_target_before() {
    let story = Story::begin();
    story
        .topic("grab")
        .replace("entities/Env/prod.yaml", "service: cart", "service: ledger")
        .write("runs/gone.yaml", "action: delete_env\nentity: prod\n")
        .commit_as("dave@acme.dev");
    story.judge("grab").refuses("runs/gone", "").fails_by("permission/execute");
    story.topic("own").write("runs/gone.yaml", "action: delete_env\nentity: prod\n").commit_as("bob@acme.dev");
    story.judge("own").allows("runs/gone", "").waits();
}

#[test]
fn registering_in_another_teams_name_is_refused() {
    let owned = "entities:\n  register: { ownedByTeam: true }\n  update: { ownedByTeam: true }\n";
    let story = Story::with(&[("permissions/Env.yaml", owned)]);
    story.topic("theirs").write("entities/Env/new.yaml", "identifier: new\nteam: payments\n").commit_as("bob@acme.dev");
    story.judge("theirs").refuses("Env/new", "");
    story.topic("ours").write("entities/Env/new.yaml", "identifier: new\nteam: platform\n").commit_as("bob@acme.dev");
    story.judge("ours").succeeds();
}
