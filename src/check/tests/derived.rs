//! Blueprints whose derived properties cannot be computed, and how that is said.

use std::sync::Arc;

use super::told::*;
use crate::catalog::derive::fake::FewPrograms;
use crate::catalog::{Catalog, diff};
use crate::check::{validate, validate_changed};

fn world_with_jq() -> Catalog {
    Catalog::with_expressions(Arc::new(FewPrograms)).apply(deltas(ROSTER)).apply(deltas(WORLD))
}

/// Everything said of the world with these derived properties added to `Service`, judged whole and by the change alone.
fn said(derived: &str) -> Vec<String> {
    let service = format!("{}{derived}", WORLD[1].1);
    let (before, after) = (world_with_jq(), world_with_jq().apply(deltas(&[("blueprints/Service.yaml", &service)])));
    let (whole, changed) = (validate(&after), validate_changed(&before, &after, &diff(&before, &after)));
    assert_eq!(lines(&whole), lines(&changed));
    lines(&whole)
}

#[test]
fn a_good_one_of_each_family_is_clean() {
    let derived = "mirrorProperties:\n  tier: { path: system.tier }\n  systemTeam: { path: system.$team }\nformulaProperties:\n  link: { formula: 'https://acme.dev/{{$identifier}}/{{tier}}' }\ncalculationProperties:\n  same: { calculation: .properties.tier, type: string }\naggregationProperties:\n  envs: { target: Env, calculationSpec: { calculationBy: entities, func: count } }\n  size: { target: Env, calculationSpec: { calculationBy: property, func: sum, property: size }, query: { combinator: and, rules: [{ property: kind, operator: '=', value: prod }] } }\n";
    assert_eq!(said(derived), [""; 0]);
}

#[test]
fn paths_and_names_that_lead_nowhere_are_told_with_what_may_be_meant() {
    let derived = "mirrorProperties:\n  a: { path: sistem.tier }\n  b: { path: friends.tier }\n  c: { path: system.teir }\n  d: { path: system.system.tier }\nformulaProperties:\n  e: { formula: '{{system}}' }\n";
    assert_eq!(
        said(derived),
        [
            "derived/unknown-property blueprints/Service.yaml/formulaProperties/e/formula: `e`: `system` is not a property of blueprint `Service` [`system` is a relation: write `system.$title` or the like in a mirror]",
            "derived/unknown-hop blueprints/Service.yaml/mirrorProperties/a/path: `a`: `sistem` is not a relation of blueprint `Service` [did you mean `system`?]",
            "derived/many-hop blueprints/Service.yaml/mirrorProperties/b/path: `b`: relation `friends` of blueprint `Service` holds a list, so there is no one entity to mirror [go by a relation with `many: false`, or write an aggregation]",
            "derived/unknown-property blueprints/Service.yaml/mirrorProperties/c/path: `c`: `teir` is not a property of blueprint `System` [did you mean `tier`?]",
            "derived/unknown-hop blueprints/Service.yaml/mirrorProperties/d/path: `d`: `system` is not a relation of blueprint `System` [blueprint `System` has no relations]",
        ]
    );
}

#[test]
fn calculations_are_compiled_and_what_nobody_can_compile_is_refused() {
    assert_eq!(
        said("calculationProperties: { a: { calculation: 'if', type: string } }\n"),
        [
            "derived/calculation blueprints/Service.yaml/calculationProperties/a/calculation: the calculation of `a` cannot be used: it is not valid jq: unexpected end [mend the program; the entity is its input: `.properties.name`, `.identifier`, `.relations.name`]"
        ]
    );
    let service = format!("{}calculationProperties: {{ a: {{ calculation: . }} }}\n", WORLD[1].1);
    assert_eq!(
        rules_of(&validate(&world().apply(deltas(&[("blueprints/Service.yaml", &service)])))),
        ["derived/calculation"].into()
    );
}

#[test]
fn aggregations_need_one_way_and_numbers() {
    let one = |spec: &str| said(&format!("aggregationProperties:\n  a: {{ {spec} }}\n"));
    let count = "calculationSpec: { calculationBy: entities, func: count }";
    let of =
        |property: &str| format!("target: Env, calculationSpec: {{ calculationBy: property, func: sum, property: {property} }}");
    let at = "blueprints/Service.yaml/aggregationProperties/a";
    assert_eq!(
        one(&format!("target: Envy, {count}")),
        [format!("derived/unknown-target {at}/target: `a`: blueprint `Envy` does not exist [did you mean `Env`?]")]
    );
    assert_eq!(
        one(&of("kind")),
        [format!(
            "derived/not-a-number {at}/calculationSpec/property: `a`: `kind` of blueprint `Env` is not a number [name a property with `type: number`]"
        )]
    );
    assert_eq!(
        one(&of("sise")),
        [format!(
            "derived/unknown-property {at}/calculationSpec/property: `a`: `sise` is not a property of blueprint `Env` [did you mean `size`?]"
        )]
    );
    assert_eq!(
        one("target: Env, calculationSpec: { calculationBy: entities, func: average, averageOf: day, measureTimeBy: kind }"),
        [format!(
            "derived/not-a-moment {at}/calculationSpec/measureTimeBy: `a`: `kind` of blueprint `Env` is not a moment [name a property with `format: date-time`, or `$createdAt`]"
        )]
    );
    assert_eq!(
        one(&format!(
            "target: Env, {count}, query: {{ combinator: and, rules: [{{ property: sise, operator: '=', value: 1 }}] }}"
        )),
        [format!(
            "derived/unknown-property {at}/query/rules/0/property: `a`: `sise` is not a property of blueprint `Env` [did you mean `size`?]"
        )]
    );
    // A relation of the blueprint to itself is two ways: to those it names, and to those that name it.
    assert_eq!(
        one(&format!("target: Service, {count}")),
        [format!(
            "derived/ambiguous-path {at}/target: `a`: several ways lead from `Service` to `Service`: `Service.friends`, `Service.friends backwards` [say which is meant: `pathFilter: [{{ path: [friends] }}]`]"
        )]
    );
    assert_eq!(one(&format!("target: Service, {count}, pathFilter: [{{ path: [friends], fromBlueprint: Service }}]")), [""; 0]);
    assert_eq!(
        one(&format!("target: Env, {count}, pathFilter: [{{ path: [system] }}]")),
        [format!(
            "derived/path-filter {at}/pathFilter/0/path: `a`: the path ends at `System`, and not at the other end [name relations until `Env`, or with `fromBlueprint: Env` relations until `Service`]"
        )]
    );
    assert_eq!(
        one(&format!("target: Env, {count}, pathFilter: [{{ path: [servise], fromBlueprint: Env }}]")),
        [format!(
            "derived/path-filter {at}/pathFilter/0/path: `a`: `servise` is not a relation of blueprint `Env` [did you mean `service`?]"
        )]
    );
    assert_eq!(
        one(&format!("target: Env, {count}, pathFilter: [{{ path: [service], fromBlueprint: System }}]")),
        [format!(
            "derived/path-filter {at}/pathFilter/0/fromBlueprint: `a`: a path starts at `Service` or at `Env`, and nowhere else [write `fromBlueprint: Env`, or leave it out to start at `Service`]"
        )]
    );
}

#[test]
fn two_blueprints_without_a_way_between_them() {
    let lone = "identifier: Lone\naggregationProperties:\n  a: { target: Env, calculationSpec: { calculationBy: entities, func: count } }\n";
    let after = world_with_jq().apply(deltas(&[("blueprints/Lone.yaml", lone)]));
    assert_eq!(rules_of(&validate(&after)), ["derived/no-path"].into());
}

#[test]
fn a_circle_is_told_at_each_of_its_members() {
    let system = "identifier: System\nschema: { properties: { tier: { type: string } } }\nrelations: { main: { target: Service } }\nmirrorProperties: { m: { path: main.m } }\n";
    let service = format!(
        "{}mirrorProperties:\n  m: {{ path: system.m }}\nformulaProperties:\n  f: {{ formula: '{{{{m}}}}' }}\n",
        WORLD[1].1
    );
    let after = world_with_jq().apply(deltas(&[("blueprints/Service.yaml", &service), ("blueprints/System.yaml", system)]));
    assert_eq!(
        lines(&validate(&after)),
        [
            "derived/cycle blueprints/Service.yaml/mirrorProperties/m/path: `m` is computed from itself: Service.m from System.m from Service.m [let one of them read a written property instead]",
            "derived/cycle blueprints/System.yaml/mirrorProperties/m/path: `m` is computed from itself: System.m from Service.m from System.m [let one of them read a written property instead]",
        ]
    );
}

#[test]
fn a_change_elsewhere_that_takes_the_end_of_a_mirror_away_is_told() {
    let service = format!("{}mirrorProperties: {{ tier: {{ path: system.tier }} }}\n", WORLD[1].1);
    let before = world_with_jq().apply(deltas(&[("blueprints/Service.yaml", &service)]));
    let after = before.apply(deltas(&[("blueprints/System.yaml", "identifier: System\nschema: { properties: {} }\n")]));
    let findings = validate_changed(&before, &after, &diff(&before, &after));
    assert_eq!(rules_of(&findings), ["derived/unknown-property"].into());
}
