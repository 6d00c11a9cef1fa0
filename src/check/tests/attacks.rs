//! What somebody might try to get a right that base does not give.

use super::told::*;
use crate::catalog::{Catalog, Field, Operation};
use crate::check::{Conclusion, validate};
use crate::model::{Actor, Severity};

/// The world, with these permissions for Env.
fn env(permissions: &str) -> Catalog {
    world().apply(deltas(&[("permissions/Env.yaml", permissions)]))
}

const PROD: &str = "entities/Env/prod.yaml";

#[test]
fn an_admin_and_a_moderator_may_and_a_member_may_not() {
    let change: Files<'_> = &[(PROD, "identifier: prod\nproperties: { kind: dev }\nrelations: { service: cart }\n")];
    on(&world()).commit("ada", change).is_green();
    on(&world()).commit("mo", change).is_green();
    on(&world()).commit("alice", change).is_red_by(&["permission/update-property"]);
    let told = on(&world()).commit("alice", change).judged();
    assert_eq!(
        errors(&told.findings),
        [
            "permission/update-property entities/Env/prod.yaml/properties/kind: alice@acme.dev may not change property `kind` of Env/prod \
             [`updateProperties.kind` (the default) grants Admin and Env-moderator; who could: ada@acme.dev, mo@acme.dev]"
        ]
    );
    assert_eq!(
        told.checks.iter().map(|c| c.conclusion).collect::<Vec<_>>(),
        [Conclusion::Success, Conclusion::Failure, Conclusion::Success]
    );
}

#[test]
fn a_policy_changed_in_the_same_pull_request_gives_no_right() {
    let grant = ("permissions/Env.yaml", "entities:\n  update: { roles: [Member] }\n");
    let change = (PROD, "identifier: prod\nproperties: { kind: dev }\nrelations: { service: cart }\n");
    on(&world()).commit("alice", &[grant, change]).is_red_by(&["permission/permissions", "permission/update-property"]);
    // Not even where an Admin grants it in the commit before: it must reach base first.
    on(&world()).commit("ada", &[grant]).commit("alice", &[change]).is_red_by(&["permission/update-property"]);
    let granted = world().apply(deltas(&[grant]));
    on(&granted).commit("alice", &[change]).is_green();
}

#[test]
fn nobody_promotes_himself() {
    let promote = ("users/alice.yaml", "identifier: alice@acme.dev\nroles: [Admin]\n");
    on(&world()).commit("alice", &[promote]).is_red_by(&["permission/roster"]);
    // And what he does with the promotion in the same range counts for nothing.
    let policy = ("catalog.yaml", "identity: declared\nselfApproval: true\n");
    on(&world()).commit("alice", &[promote]).commit("alice", &[policy]).is_red_by(&["permission/roster", "permission/policy"]);
    on(&world())
        .commit("alice", &[("teams/blue.yaml", "identifier: blue\nmembers: [alice@acme.dev]\n")])
        .is_red_by(&["permission/roster"]);
}

#[test]
fn a_promotion_does_not_hide_behind_an_admins_later_commit_to_the_same_file() {
    let promote = ("users/alice.yaml", "identifier: alice@acme.dev\nroles: [Admin]\n");
    let rename = ("users/alice.yaml", "identifier: alice@acme.dev\nname: Alice\nroles: [Admin]\n");
    let told = on(&world()).commit("alice", &[promote]).commit("ada", &[rename]);
    told.is_red_by(&["permission/roster"]);
    assert_eq!(told.judged().changes[0].actors, [Actor::User(id("alice@acme.dev")), Actor::User(id("ada@acme.dev"))]);
    // An Admin who takes it back and makes it anew answers for it himself.
    let back = ROSTER[2];
    on(&world()).commit("alice", &[promote]).commit("ada", &[back]).commit("ada", &[rename]).is_green();
}

#[test]
fn a_team_is_not_grabbed_by_the_entitys_own_field() {
    let env = env("entities:\n  updateProperties:\n    kind: { ownedByTeam: true }\n");
    let grab = (PROD, "identifier: prod\nteam: blue\nproperties: { kind: prod }\nrelations: { service: cart }\n");
    on(&env).commit("bob", &[grab]).is_red_by(&["permission/update-team"]);
    let both = (PROD, "identifier: prod\nteam: blue\nproperties: { kind: dev }\nrelations: { service: cart }\n");
    on(&env).commit("bob", &[both]).is_red_by(&["permission/update-team", "permission/update-property"]);
    // Alice's team owns it by way of cart and shop.
    on(&env).commit("alice", &[(PROD, "identifier: prod\nproperties: { kind: dev }\nrelations: { service: cart }\n")]).is_green();
}

#[test]
fn a_team_is_not_grabbed_by_moving_a_relation() {
    let env = env("entities:\n  updateRelations:\n    service: { roles: [Member] }\n");
    let grab = (PROD, "identifier: prod\nproperties: { kind: prod }\nrelations: { service: till }\n");
    let told = on(&env).commit("bob", &[grab]);
    told.is_red_by(&["permission/update-team"]);
    let moved = told.judged().changes.into_iter().find(|c| c.change.field == Some(Field::Owner)).unwrap();
    assert_eq!(format!("{:?} {:?}", moved.change.before.unwrap(), moved.change.after.unwrap()), r#"["red"] ["blue"]"#);
}

#[test]
fn a_team_is_not_grabbed_by_moving_what_is_inherited_from() {
    let open = world().apply(deltas(&[
        ("permissions/System.yaml", "entities:\n  updateProperties:\n    $team: { roles: [Member] }\n"),
        ("permissions/Service.yaml", "entities:\n  updateProperties:\n    $team: { roles: [Member] }\n"),
    ]));
    let told = on(&open).commit("bob", &[("entities/System/shop.yaml", "identifier: shop\nteam: blue\n")]);
    told.is_red_by(&["permission/update-team"]);
    let refused: Vec<String> =
        told.judged().changes.iter().filter(|c| !c.allowed).map(|c| c.change.subject.to_string()).collect();
    assert_eq!(refused, ["Env/prod"]);
    // The same by way of the service in between.
    let service = world().apply(deltas(&[("permissions/Service.yaml", "entities:\n  update: { roles: [Member] }\n")]));
    let told = on(&service).commit("bob", &[("entities/Service/cart.yaml", "identifier: cart\nrelations: { system: pay }\n")]);
    told.is_red_by(&["permission/update-team"]);
}

#[test]
fn a_blueprints_inheritance_moves_owners_too() {
    // Mo may change blueprint Env; where $team of its entities is not his, he may not move all of them at once.
    let mine = env("entities:\n  updateProperties:\n    $team: { roles: [Admin] }\n");
    let direct = "identifier: Env\nschema:\n  properties:\n    slack: { type: string, format: url }\n    size: { type: number, default: 1 }\n    kind: { type: string, enum: [dev, staging, prod] }\n  required: [size]\nrelations:\n  service: { target: Service }\n";
    on(&mine).commit("mo", &[("blueprints/Env.yaml", direct)]).is_red_by(&["permission/update-team"]);
    on(&world()).commit("mo", &[("blueprints/Env.yaml", direct)]).is_green();
}

#[test]
fn registering_needs_the_right_to_every_field() {
    let env = env(
        "entities:\n  register: { roles: [Member] }\n  updateProperties:\n    kind: { roles: [Member] }\n    $title: { roles: [Member] }\n",
    );
    on(&env).commit("alice", &[("entities/Env/new.yaml", "identifier: new\ntitle: New\nproperties: { kind: dev }\n")]).is_green();
    let with = |extra: &str| format!("identifier: new\nproperties: {{ kind: dev }}\n{extra}");
    on(&env).commit("alice", &[("entities/Env/new.yaml", &with("team: red\n"))]).is_red_by(&["permission/update-team"]);
    on(&env).commit("alice", &[("entities/Env/new.yaml", &with("icon: Cloud\n"))]).is_red_by(&["permission/update-property"]);
    on(&env)
        .commit("alice", &[("entities/Env/new.yaml", &with("relations: { service: cart }\n"))])
        .is_red_by(&["permission/update-relation"]);
    // Null is set, too; absent is not.
    on(&env)
        .commit("alice", &[("entities/Env/new.yaml", &with("relations: { service: null }\n"))])
        .is_red_by(&["permission/update-relation"]);
}

#[test]
fn registering_asks_for_the_owner_in_head() {
    let own = "entities:\n  register: { ownedByTeam: true }\n  update: { ownedByTeam: true }\n";
    let env = env(own);
    let entity = |team: &str| format!("identifier: new\nteam: {team}\n");
    on(&env).commit("bob", &[("entities/Env/new.yaml", &entity("blue"))]).is_green();
    on(&env).commit("bob", &[("entities/Env/new.yaml", &entity("red"))]).is_red_by(&["permission/register", "permission/update"]);
    on(&env).commit("bob", &[("entities/Env/new.yaml", "identifier: new\n")]).is_red_by(&["permission/register"]);
}

#[test]
fn deleting_and_registering_again_is_an_update_by_base() {
    let env = env(
        "entities:\n  register: { roles: [Member] }\n  unregister: { roles: [Member] }\n  updateProperties:\n    $team: { roles: [Admin] }\n",
    );
    let again = (PROD, "identifier: prod\nteam: blue\n");
    let told = on(&env).commit("bob", &[(PROD, "")]).commit("bob", &[again]);
    told.is_red_by(&["permission/update-property", "permission/update-relation", "permission/update-team"]);
    assert!(told.judged().changes.iter().all(|c| c.change.operation == Operation::Update));
}

#[test]
fn what_is_taken_back_needs_no_right_and_its_commit_stays_red() {
    let bad = (PROD, "identifier: prod\nproperties: { kind: dev }\nrelations: { service: cart }\n");
    let told = on(&world()).commit("alice", &[bad]).commit("alice", &[WORLD[7]]);
    told.is_green();
    let verdict = told.judged();
    assert_eq!(verdict.commits.iter().map(|c| c.conclusion).collect::<Vec<_>>(), [Conclusion::Failure, Conclusion::Failure]);
    assert!(verdict.changes.is_empty());
}

#[test]
fn an_authorised_recommit_heals() {
    let bad = (PROD, "identifier: prod\nproperties: { kind: dev }\nrelations: { service: cart }\n");
    on(&world()).commit("alice", &[bad]).commit("mo", &[WORLD[7]]).commit("mo", &[bad]).is_green();
}

#[test]
fn changing_an_identifier_is_unregistering_and_registering() {
    let env = env("entities:\n  update: { roles: [Member] }\n");
    on(&env)
        .commit("alice", &[(PROD, "identifier: live\nproperties: { kind: prod }\nrelations: { service: cart }\n")])
        .is_red_by(&["permission/register", "permission/unregister"]);
}

#[test]
fn permissions_that_cannot_be_read_grant_nobody() {
    let change: Files<'_> = &[(PROD, "identifier: prod\nproperties: { kind: dev }\nrelations: { service: cart }\n")];
    for broken in ["entities: [", "entities:\n  update: { rolse: [Admin] }\n"] {
        let env = env(broken);
        on(&env)
            .on_a_broken_base()
            .commit("ada", change)
            .commit("ada", &[("permissions/Env.yaml", "entities: { update: { roles: [Admin] } }\n")])
            .is_red_by(&["permission/update-property"]);
    }
    // Mending them is still an Admin's.
    on(&env("entities: [")).on_a_broken_base().commit("ada", &[("permissions/Env.yaml", "")]).is_green();
}

#[test]
fn permissions_declared_twice_grant_nobody() {
    let twice = env("entities:\n  update: { roles: [Admin] }\n")
        .apply(deltas(&[("permissions/zz.yaml", "blueprint: Env\nentities:\n  update: { roles: [Member] }\n")]));
    let change = (PROD, "identifier: prod\nproperties: { kind: dev }\nrelations: { service: cart }\n");
    let told = on(&twice).on_a_broken_base().commit("alice", &[change, ("permissions/zz.yaml", "")]).judged();
    assert!(rules_of(&told.findings).contains("permission/update-property"));
    let told = on(&twice).on_a_broken_base().commit("ada", &[change, ("permissions/zz.yaml", "")]).judged();
    assert_eq!(rules_of(&told.findings), ["permission/update-property"].into());
}

#[test]
fn an_empty_update_makes_it_immutable_for_an_admin_too() {
    let frozen = env("entities:\n  update: {}\n");
    let change: Files<'_> = &[(PROD, "identifier: prod\nproperties: { kind: dev }\nrelations: { service: cart }\n")];
    on(&frozen).commit("ada", change).is_red_by(&["permission/update"]);
    let told = on(&frozen).commit("ada", change).judged();
    assert!(told.findings[0].help.as_ref().unwrap().ends_with("nobody in the roster could do it"), "{:?}", told.findings[0].help);
}

#[test]
fn global_wins_over_granular_and_says_so() {
    let shadowed = env("entities:\n  update: { roles: [Admin] }\n  updateProperties:\n    kind: { roles: [Member] }\n");
    on(&shadowed)
        .commit("alice", &[(PROD, "identifier: prod\nproperties: { kind: dev }\nrelations: { service: cart }\n")])
        .is_red_by(&["permission/update"]);
    let lints: Vec<_> = validate(&shadowed).into_iter().filter(|f| f.severity == Severity::Warning).map(|f| f.rule).collect();
    assert_eq!(lints, ["lint/shadowed"]);
}

const ACTION: &str = "trigger: { type: self-service, operation: DAY-2, userInputs: { properties: {} } }\ninvocationMethod: { type: WEBHOOK, url: https://example.com/hook }\n";

#[test]
fn an_action_moves_by_leave_of_both_moderators() {
    let action = |blueprint: &str| format!("identifier: act\nblueprint: {blueprint}\n{ACTION}");
    let base = world().apply(deltas(&[("actions/act.yaml", &action("Env"))]));
    assert!(validate(&base).iter().all(|f| !f.is_error()), "{:#?}", lines(&validate(&base)));
    on(&base).commit("mo", &[("actions/act.yaml", "")]).is_green();
    on(&base).commit("mo", &[("actions/act.yaml", &action("Service"))]).is_red_by(&["permission/action"]);
    on(&base).commit("ada", &[("actions/act.yaml", &action("Service"))]).is_green();
    let theirs = world().apply(deltas(&[("actions/act.yaml", &action("Service"))]));
    on(&theirs).commit("mo", &[("actions/act.yaml", &action("Env"))]).is_red_by(&["permission/action"]);
}

#[test]
fn an_action_that_writes_entities_of_another_blueprint_needs_whoever_governs_those_too() {
    let action = |written: &str| {
        format!(
            "identifier: act\nblueprint: Env\ntrigger: {{ type: self-service, operation: DAY-2, userInputs: {{ properties: {{}} }} }}\n\
             invocationMethod: {{ type: UPSERT_ENTITY, blueprintIdentifier: {written}, mapping: {{ identifier: cart, title: Mine }} }}\n"
        )
    };
    on(&world()).commit("mo", &[("actions/act.yaml", &action("Env"))]).is_green();
    on(&world()).commit("mo", &[("actions/act.yaml", &action("Service"))]).is_red_by(&["permission/action"]);
    on(&world()).commit("ada", &[("actions/act.yaml", &action("Service"))]).is_green();
    let theirs = world().apply(deltas(&[("actions/act.yaml", &action("Service"))]));
    on(&theirs).commit("mo", &[("actions/act.yaml", &action("Env"))]).is_red_by(&["permission/action"]);
}

#[test]
fn a_moderator_of_what_does_not_exist_yet_creates_nothing() {
    let future = world().apply(deltas(&[("users/alice.yaml", "identifier: alice@acme.dev\nroles: [New-moderator]\n")]));
    on(&future)
        .commit("alice", &[("blueprints/New.yaml", "identifier: New\nschema: { properties: {} }\n")])
        .is_red_by(&["permission/blueprint"]);
    on(&future)
        .commit(
            "alice",
            &[
                ("permissions/New.yaml", "blueprint: New\nentities: {}\n"),
                ("blueprints/New.yaml", "identifier: New\nschema: { properties: {} }\n"),
            ],
        )
        .is_red_by(&["permission/blueprint", "permission/permissions"]);
    on(&future).commit("ada", &[("blueprints/New.yaml", "identifier: New\nschema: { properties: {} }\n")]).is_green();
}

#[test]
fn a_stranger_may_do_nothing_and_touching_nothing_is_no_fault() {
    let open = env("entities:\n  register: { roles: [Member, Admin] }\n  update: { roles: [Member], ownedByTeam: true }\n");
    on(&open)
        .commit("eve", &[(PROD, "identifier: prod\nproperties: { kind: dev }\nrelations: { service: cart }\n")])
        .is_red_by(&["permission/update"]);
    on(&open).commit("eve", &[("README.md", "hello")]).is_green();
    on(&world()).commit("ada", &[(PROD, "")]).judged_as("eve@acme.dev").is_red_by(&["permission/unregister"]);
}

#[test]
fn a_user_declared_twice_is_nobody() {
    let twice = world().apply(deltas(&[("users/zz.yaml", "identifier: ada@acme.dev\nroles: [Admin]\n")]));
    let told = on(&twice).on_a_broken_base().commit("ada", &[(PROD, ""), ("users/zz.yaml", "")]).judged();
    assert_eq!(rules_of(&told.findings), ["permission/roster", "permission/unregister"].into());
}

#[test]
fn an_address_that_two_users_claim_is_nobodys() {
    let claimed =
        world().apply(deltas(&[("users/bob.yaml", "identifier: bob@acme.dev\nroles: [Member]\nemails: [ADA@acme.dev]\n")]));
    assert_eq!(counts(&validate(&claimed)), [("roster/email-claimed-twice", 2)].into());
    let told = on(&claimed).on_a_broken_base().commit("ada", &[(PROD, "")]).judged();
    assert!(rules_of(&told.findings).contains("permission/unregister"));
}

#[test]
fn without_users_nobody_begins() {
    let told = on(&Catalog::default()).commit("ada", ROSTER);
    told.is_red_by(&["permission/bootstrap"]);
    assert_eq!(told.judged().findings.iter().filter(|f| f.rule == "permission/bootstrap").count(), 1);
    assert_eq!(told.judged().commits[0].conclusion, Conclusion::Failure);
}

#[test]
fn running_an_action_asks_for_its_rule_in_base_and_history_stays() {
    let action = format!("identifier: act\nblueprint: Env\n{ACTION}");
    let base = env("actions:\n  act:\n    execute: { ownedByTeam: true }\n").apply(deltas(&[("actions/act.yaml", &action)]));
    let run = ("runs/one.yaml", "action: act\nentity: prod\n");
    on(&base).commit("alice", &[run]).is_green();
    on(&base).commit("bob", &[run]).is_red_by(&["permission/execute"]);
    on(&world()).commit("ada", &[run]).is_red_by(&["run/unknown-action"]);
    let ran = base.apply(deltas(&[run]));
    on(&ran).commit("alice", &[("runs/one.yaml", "")]).is_red_by(&["permission/run"]);
    on(&ran).commit("ada", &[("runs/one.yaml", "")]).is_green();
    on(&ran).commit("ada", &[("runs/one.yaml", "action: act\nentity: prod\nreason: more\n")]).is_red_by(&["run/immutable"]);
}

#[test]
fn breaking_a_file_counts_as_deleting_what_it_held() {
    let told = on(&world()).commit("alice", &[(PROD, "identifier: [")]);
    let verdict = told.judged();
    assert!(rules_of(&verdict.findings).contains("permission/unregister"), "{:#?}", lines(&verdict.findings));
}
