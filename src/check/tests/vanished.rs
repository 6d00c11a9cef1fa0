//! What somebody might hope to hide by having it vanish, so that whoever brings it back answers for it.

use super::told::*;
use crate::check::Verdict;
use crate::model::{Actor, RunState};

const PROD: &str = "entities/Env/prod.yaml";
const ALICE: &str = "users/alice.yaml";
const PROMOTED: &str = "identifier: alice@acme.dev\nroles: [Admin]\n";

fn actors(verdict: &Verdict, subject: &str) -> Vec<String> {
    let laid = verdict.changes.iter().filter(|c| c.change.subject.to_string() == subject);
    let mut who: Vec<String> = laid.flat_map(|c| &c.actors).filter_map(Actor::user).map(ToString::to_string).collect();
    who.sort();
    who.dedup();
    who
}

fn broken(text: &str) -> String {
    format!("{text}\"\n")
}

#[test]
fn whoever_mends_a_file_does_not_answer_alone_for_what_another_wrote_into_it() {
    let told = on(&world()).commit("alice", &[(ALICE, &broken(PROMOTED))]).commit("ada", &[(ALICE, PROMOTED)]);
    told.is_red_by(&["permission/roster"]);
    assert_eq!(actors(&told.judged(), "users/alice@acme.dev"), ["ada@acme.dev", "alice@acme.dev"]);
    // Undone, nothing of it is left, and one person may do all of it.
    on(&world()).commit("alice", &[(ALICE, &broken(PROMOTED))]).commit("ada", &[ROSTER[2]]).is_green();
    on(&world()).commit("ada", &[(ALICE, &broken(PROMOTED))]).commit("ada", &[(ALICE, PROMOTED)]).is_green();
}

#[test]
fn what_is_written_while_a_file_cannot_be_read_is_its_writers_too() {
    let told = on(&world())
        .commit("ada", &[(ALICE, &broken(ROSTER[2].1))])
        .commit("alice", &[(ALICE, &broken(PROMOTED))])
        .commit("ada", &[(ALICE, PROMOTED)]);
    told.is_red_by(&["permission/roster"]);
    // Nor does another name help, nor a subject that is new.
    let told = on(&world())
        .commit("alice", &[("users/new.yaml", &broken("identifier: eve@acme.dev\nroles: [Admin]\n"))])
        .commit("ada", &[("users/new.yaml", ""), ("users/eve.yaml", "identifier: eve@acme.dev\nroles: [Admin]\n")]);
    told.is_red_by(&["permission/roster"]);
}

#[test]
fn an_entity_removed_and_registered_again_is_laid_to_both() {
    let changed = (PROD, "identifier: prod\nproperties: { kind: dev }\nrelations: { service: cart }\n");
    on(&world()).commit("alice", &[(PROD, "")]).commit("mo", &[changed]).is_red_by(&["permission/update-property"]);
    on(&world()).commit("mo", &[(PROD, "")]).commit("mo", &[changed]).is_green();
}

#[test]
fn leaving_a_field_out_on_registering_again_is_taking_it_away() {
    let without = (PROD, "identifier: prod\nrelations: { service: cart }\n");
    let told = on(&world())
        .commit("mo", &[without])
        .commit("mo", &[WORLD[7]])
        .commit("alice", &[(PROD, "")])
        .commit("alice", &[without]);
    told.is_red_by(&["permission/update-property"]);
    assert_eq!(actors(&told.judged(), "Env/prod"), ["alice@acme.dev", "mo@acme.dev"]);
}

#[test]
fn a_value_that_was_superseded_is_not_laid_to_who_once_set_it() {
    let dev = (PROD, "identifier: prod\nproperties: { kind: dev }\nrelations: { service: cart }\n");
    let mut told = on(&world()).commit("mo", &[dev]).commit("mo", &[WORLD[7]]).commit("alice", &[dev]).proposal();
    // Alice merges the two with a conflict and picks what Mo has taken back, which her commit does not show.
    let [first, taken_back, last] = told.commits.as_mut_slice() else { panic!() };
    (last.before, last.sides) = (first.before.clone(), vec![first.after.clone(), taken_back.after.clone()]);
    last.conflicts = vec![crate::model::FilePath::new(PROD)];
    let verdict = crate::check::judge(&told);
    assert!(rules_of(&verdict.findings).contains("permission/update-property"), "{:#?}", lines(&verdict.findings));
}

#[test]
fn a_system_out_of_sight_for_a_while_hands_nothing_on() {
    // Bob may give systems away, but not the environments that inherit from them.
    let open = world().apply(deltas(&[("permissions/System.yaml", "entities:\n  update: { roles: [Member, Admin] }\n")]));
    let shop = "entities/System/shop.yaml";
    let told = on(&open)
        .commit("bob", &[(shop, &broken("identifier: shop\nteam: blue\n"))])
        .commit("ada", &[(shop, "identifier: shop\nteam: blue\n")]);
    told.is_red_by(&["permission/update-team"]);
}

#[test]
fn whoever_mends_a_request_does_not_ask_in_anothers_place() {
    let action = "identifier: act\nblueprint: Env\ntrigger: { type: self-service, operation: DAY-2, userInputs: { properties: {} } }\ninvocationMethod: { type: WEBHOOK, url: https://example.com/hook }\n";
    let base = world().apply(deltas(&[
        ("permissions/Env.yaml", "actions:\n  act:\n    execute: { ownedByTeam: true }\n"),
        ("actions/act.yaml", action),
    ]));
    let ask = "action: act\nentity: prod\n";
    let told = on(&base).commit("bob", &[("runs/one.yaml", &broken(ask))]).commit("alice", &[("runs/one.yaml", ask)]);
    told.is_red_by(&["permission/execute"]);
    let run = told.judged().runs.remove(0);
    assert_eq!(run.state, RunState::WaitingForApproval);
    assert_eq!(run.reason, "cannot be decided: bob@acme.dev may not execute `act`");
    assert_eq!(on(&base).commit("alice", &[("runs/one.yaml", ask)]).judged().runs[0].state, RunState::Approved);
}
