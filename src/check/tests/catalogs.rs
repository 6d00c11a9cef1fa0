//! What is wrong with catalogs by themselves, and how it is said.

use super::told::*;
use crate::catalog::{diff, locate};
use crate::check::{validate, validate_changed};

/// Everything said about the world with these files.
fn said(files: Files<'_>) -> Vec<String> {
    lines(&validate(&world().apply(deltas(files))))
}

/// Everything said about a change of the world to these files, judged by what it reaches alone.
fn said_of_change(files: Files<'_>) -> Vec<String> {
    let (before, after) = (world(), world().apply(deltas(files)));
    lines(&validate_changed(&before, &after, &diff(&before, &after)))
}

#[test]
fn the_world_is_clean() {
    assert_eq!(said(&[]), [""; 0]);
}

#[test]
fn every_violation_of_an_entity_is_told_where_it_stands() {
    let entity = "identifier: prod\nteam: rd\nproperties: { kind: Prod, slack: nowhere, size: big, colour: red }\nrelations: { service: kart, servise: cart }\n";
    assert_eq!(
        said(&[("entities/Env/prod.yaml", entity)]),
        [
            "schema/unknown-property entities/Env/prod.yaml/properties/colour: `colour` is not a property of blueprint `Env` [its properties are kind, size, slack]",
            "schema/enum entities/Env/prod.yaml/properties/kind: `kind`: `Prod` is not one of the allowed values [did you mean `prod`? allowed: `dev`, `staging`, `prod`]",
            "schema/type entities/Env/prod.yaml/properties/size: `size`: expected a number, found the text `big` []",
            "schema/format-mismatch entities/Env/prod.yaml/properties/slack: `slack`: `nowhere` is not a valid URL [write it like `https://acme.dev/docs`]",
            "reference/missing-entity entities/Env/prod.yaml/relations/service: relation `service` names `Service/kart`, which does not exist [did you mean `cart`? Otherwise add `Service/kart` under `entities/`]",
            "reference/unknown-relation entities/Env/prod.yaml/relations/servise: `servise` is not a relation of blueprint `Env` [did you mean `service`?]",
            "reference/unknown-team entities/Env/prod.yaml/team/rd: team `rd` does not exist [did you mean `red`? Otherwise add the team under `teams/`]",
        ]
    );
    let place = validate(&world().apply(deltas(&[("entities/Env/prod.yaml", entity)]))).pop().unwrap().place.unwrap();
    let span = locate(entity.as_bytes(), &place).unwrap();
    assert_eq!((span.line, span.column), (2, 7));
}

#[test]
fn null_is_taken_where_nothing_is_required() {
    assert_eq!(
        said(&[("entities/Env/prod.yaml", "identifier: prod\nproperties: { kind: null }\nrelations: { service: null }\n")]),
        [""; 0]
    );
    assert_eq!(
        said(&[("entities/Env/prod.yaml", "identifier: prod\nproperties: { size: null }\n")]),
        ["schema/type entities/Env/prod.yaml/properties/size: `size`: expected a number, found `null` []"]
    );
}

#[test]
fn a_list_and_a_single_relation_are_told_apart() {
    assert_eq!(
        said(&[("entities/Service/cart.yaml", "identifier: cart\nrelations: { system: [shop], friends: till }\n")]),
        [
            "reference/shape entities/Service/cart.yaml/relations/friends: relation `friends` holds a list, found one identifier [write a list: `[till]`]",
            "reference/shape entities/Service/cart.yaml/relations/system: relation `system` holds one identifier, found a list [write the one identifier, without a list]",
        ]
    );
}

#[test]
fn derived_properties_are_not_written() {
    let system = "identifier: System\nschema: { properties: { tier: { type: string } } }\nformulaProperties:\n  score: { title: Score, formula: '{{tier}}!' }\n";
    assert_eq!(
        said(&[
            ("blueprints/System.yaml", system),
            ("entities/System/shop.yaml", "identifier: shop\nteam: red\nproperties: { score: 3 }\n")
        ]),
        [
            "schema/derived-property entities/System/shop.yaml/properties/score: `score` is computed (formulaProperties of blueprint `System`) and cannot be written [remove it, and change what it is computed from: `{{tier}}!`]"
        ]
    );
}

#[test]
fn definitions_that_cannot_stand_are_refused_on_the_blueprint() {
    let blueprint = |property: &str| format!("identifier: System\nschema:\n  properties:\n    tier: {property}\n");
    for (property, rule) in [
        ("{ type: string, pattern: '^(?!x)' }", "schema/pattern"),
        ("{ type: string, pattern: '(a{1000}){1000}' }", "schema/pattern"),
        ("{ type: string, pattern: '(' }", "schema/pattern"),
        ("{ type: object, properties: { a: { $ref: '#/properties/tier' } } }", "schema/ref"),
        ("{ type: object, properties: { a: { $ref: '#/properties/none' } } }", "schema/ref"),
        ("{ type: string, default: 1 }", "schema/default"),
        ("{ type: string, enum: [a], default: b }", "schema/default"),
    ] {
        let findings = validate(&world().apply(deltas(&[("blueprints/System.yaml", &blueprint(property))])));
        assert_eq!(counts(&findings), [(rule, 1)].into(), "{property}: {:#?}", lines(&findings));
    }
}

#[test]
fn a_billion_laughs_of_references_is_refused_at_once() {
    let mut text =
        "identifier: System\nschema:\n  properties:\n    tier: { type: string }\n    l0: { type: string }\n".to_owned();
    for i in 1..40 {
        let below = format!("{{ $ref: '#/properties/l{}' }}", i - 1);
        text += &format!("    l{i}: {{ type: string, allOf: [{below}, {below}] }}\n");
    }
    let findings = validate(&world().apply(deltas(&[("blueprints/System.yaml", &text)])));
    assert_eq!(rules_of(&findings), ["schema/ref"].into());
}

#[test]
fn inside_references_are_followed() {
    let text = "identifier: System\nschema:\n  properties:\n    tier: { type: string }\n    a: { type: object, $defs: { small: { type: number, maximum: 3 } }, properties: { n: { $ref: '#/properties/a/$defs/small' }, m: { $ref: '#/schema/properties/tier' } } }\n";
    assert_eq!(
        said(&[
            ("blueprints/System.yaml", text),
            ("entities/System/shop.yaml", "identifier: shop\nteam: red\nproperties: { a: { n: 4, m: 1 } }\n")
        ]),
        [
            "schema/type entities/System/shop.yaml/properties/a/m: `a`: expected a text, found the number `1` [write it in quotes to make it a text: \"1\"]",
            "schema/limit entities/System/shop.yaml/properties/a/n: `a`: `4` is greater than the maximum of 3 []",
        ]
    );
}

#[test]
fn owners_come_by_single_relations_and_never_in_circles() {
    let env = |path: &str| {
        format!(
            "identifier: Env\nschema: {{ properties: {{ kind: {{ type: string }} }} }}\nrelations:\n  service: {{ target: Service }}\nteamInheritance: {{ path: {path} }}\n"
        )
    };
    let fault = |path: &str| counts(&validate(&world().apply(deltas(&[("blueprints/Env.yaml", &env(path))]))));
    assert_eq!(fault("service.sistem"), [("ownership/unknown-hop", 1)].into());
    assert_eq!(fault("service.friends"), [("ownership/many-hop", 1)].into());
    let circle = world().apply(deltas(&[
        ("blueprints/System.yaml", "identifier: System\nschema: { properties: {} }\nrelations: { main: { target: Service } }\nteamInheritance: { path: main }\n"),
    ]));
    assert_eq!(counts(&validate(&circle)), [("ownership/cycle", 2)].into());
    assert!(circle.owner_of(&crate::model::EntityKey { blueprint: id("Env"), identifier: id("prod") }).is_empty());
}

#[test]
fn what_looks_alike_is_an_error_in_both_places() {
    let said = said_of_change(&[("entities/Env/alike.yaml", "identifier: Pr0d\n")]);
    assert_eq!(
        said,
        [
            "lookalike/identifier entities/Env/alike.yaml/identifier: `Pr0d` looks like `prod`: a reader cannot tell them apart [rename one of them; they may not differ by case or by look-alike letters alone]",
            "lookalike/identifier entities/Env/prod.yaml/identifier: `prod` looks like `Pr0d`: a reader cannot tell them apart [rename one of them; they may not differ by case or by look-alike letters alone]",
        ]
    );
    // The same name in another blueprint is another thing.
    assert_eq!(said_of_change(&[("entities/System/alike.yaml", "identifier: Pr0d\n")]), [""; 0]);
}

#[test]
fn two_claims_of_one_key_are_an_error_in_both_places() {
    assert_eq!(
        said_of_change(&[("entities/more.yaml", "- { identifier: prod, blueprint: Env }\n")]),
        [
            "duplicate/identifier entities/Env/prod.yaml/identifier: `Env/prod` is declared more than once: also in entities/more.yaml at /0 [rename one of them, or delete it]",
            "duplicate/identifier entities/more.yaml/0/identifier: `Env/prod` is declared more than once: also in entities/Env/prod.yaml [rename one of them, or delete it]",
        ]
    );
}

#[test]
fn a_deletion_names_what_still_needs_it() {
    assert_eq!(
        said_of_change(&[("entities/System/shop.yaml", "")]),
        [
            "reference/still-needed entities/Service/cart.yaml/relations/system: `System/shop` is deleted, but `Service/cart` still needs it [change or delete them in the same change, or keep `System/shop`]"
        ]
    );
    assert_eq!(
        said_of_change(&[("teams/red.yaml", "")]),
        [
            "reference/still-needed entities/System/shop.yaml/team/red: `teams/red` is deleted, but `System/shop` still needs it [change or delete them in the same change, or keep `teams/red`]"
        ]
    );
    assert_eq!(
        said_of_change(&[("blueprints/System.yaml", "")]),
        [
            "reference/still-needed entities/System/pay.yaml/blueprint: `blueprints/System` is deleted, but `System/pay`, `System/shop`, `blueprints/Service` still need it [change or delete them in the same change, or keep `blueprints/System`]"
        ]
    );
    assert_eq!(
        said_of_change(&[("users/alice.yaml", "")]),
        [
            "reference/still-needed teams/red.yaml/members/alice@acme.dev: `users/alice@acme.dev` is deleted, but `teams/red` still needs it [change or delete them in the same change, or keep `users/alice@acme.dev`]"
        ]
    );
}

#[test]
fn a_blueprint_that_breaks_its_entities_is_told_so_once() {
    let stricter = "identifier: System\nschema:\n  properties:\n    tier: { type: string }\n  required: [tier]\n";
    assert_eq!(
        said_of_change(&[("blueprints/System.yaml", stricter)]),
        [
            "schema/breaks-entities blueprints/System.yaml: this change of blueprint `System` breaks 2 existing entities of 2: System/pay (`tier` is required by blueprint `System` and missing); System/shop (`tier` is required by blueprint `System` and missing) [make the change milder with a default, or take it in steps: optional first, then fill it in, then require it]"
        ]
    );
    // With a default nothing breaks.
    let milder = "identifier: System\nschema:\n  properties:\n    tier: { type: string, default: low }\n  required: [tier]\n";
    assert_eq!(said_of_change(&[("blueprints/System.yaml", milder)]), [""; 0]);
}

#[test]
fn a_file_that_cannot_be_read_is_told_once() {
    assert_eq!(counts(&validate(&world().apply(deltas(&[("entities/System/shop.yaml", "identifier: [")])))).len(), 1);
}

#[test]
fn permissions_that_mean_little_are_warned_of() {
    let permissions = "entities:\n  register: { roles: [Member] }\n  unregister: { roles: [] }\n  updateProperties:\n    size: { roles: [Admin] }\n    sise: { users: [al@acme.dev] }\n    kind: { roles: [Envy-moderator], teams: [rde] }\nactions:\n  go: { execute: { roles: [Admin] } }\n";
    let stricter = WORLD[2].1.replace("default: 1", "minimum: 0");
    let world = world().apply(deltas(&[
        ("permissions/Env.yaml", permissions),
        ("blueprints/Env.yaml", &stricter),
        ("entities/Env/prod.yaml", ""),
        ("users/ada.yaml", "identifier: ada@acme.dev\nroles: [Admin]\n"),
    ]));
    let findings = validate(&world);
    assert!(findings.iter().all(|f| !f.is_error()), "{:#?}", lines(&findings));
    assert_eq!(
        counts(&findings),
        [
            ("lint/grants-nobody", 3),
            ("lint/unknown-action", 1),
            ("lint/unknown-property", 1),
            ("lint/unknown-role", 1),
            ("lint/unknown-team", 1),
            ("lint/unknown-user", 1),
            ("lint/unsatisfiable-register", 1),
        ]
        .into()
    );
}

#[test]
fn a_policy_names_what_there_is_and_its_conditions_compile() {
    let permissions = "entities:\n  update:\n    policy: { combinator: and, rules: [{ property: kynd, operator: \"=\", value: prod }, { relation: servise, operator: \"=\", value: cart }] }\n\
        actions:\n  extend:\n    execute:\n      roles: [Member]\n      policy:\n        queries: { all: { combinator: and, rules: [{ property: $blueprint, operator: \"=\", value: Servise }] } }\n        conditions: [\"true\"]\n";
    let told = said(&[("permissions/Env.yaml", permissions)]);
    let mine: Vec<&str> = told.iter().map(String::as_str).filter(|line| line.contains("policy")).collect();
    assert_eq!(
        mine,
        [
            "lint/policy-widens permissions/Env.yaml/actions/extend/execute/policy: the policy of `extend.execute` narrows nothing: whom roles, users or teams grant needs no policy [remove from `roles`, `users` and `teams` whoever shall need the policy; in Port they only see the action]",
            "policy/condition permissions/Env.yaml/actions/extend/execute/policy/conditions/0: condition 1 of the policy of `extend.execute` could not be checked: no evaluator was given [check it where jq programs can be evaluated]",
            "lint/policy-names permissions/Env.yaml/actions/extend/execute/policy/queries/all/rules/0/value: blueprint `Servise` does not exist [did you mean `Service`?]",
            "lint/policy-names permissions/Env.yaml/entities/update/policy/rules/0/property: `kynd` is not a property of `Env` [did you mean `kind`?]",
            "lint/policy-names permissions/Env.yaml/entities/update/policy/rules/1/relation: `servise` is not a relation of `Env` [did you mean `service`?]",
        ]
    );
}

#[test]
fn where_commits_are_signed_everyone_needs_a_key() {
    let findings = validate(&world().apply(deltas(&[("catalog.yaml", "identity: signature\n")])));
    assert_eq!(counts(&findings), [("lint/no-signing-key", 4)].into());
}

#[test]
fn warnings_that_stood_before_are_not_told_again() {
    let before = world().apply(deltas(&[("permissions/Env.yaml", "entities:\n  update: { roles: [] }\n")]));
    let after = before.apply(deltas(&[("users/new.yaml", "identifier: new@acme.dev\nroles: [Nothing-moderator]\n")]));
    let findings = validate_changed(&before, &after, &diff(&before, &after));
    assert_eq!(counts(&findings), [("lint/unknown-role", 1)].into());
}
