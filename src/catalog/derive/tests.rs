//! What readers get, told over a small company: systems own services, services run in environments.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::fake::FewPrograms;
use super::*;
use crate::catalog::{Catalog, FileDelta, parse_file};
use crate::model::{FilePath, Identifier, Limits, Timestamp};

const FILES: &[(&str, &str)] = &[
    (
        "blueprints/System.yaml",
        "identifier: System
schema:
  properties:
    tier: { type: string, default: low }
aggregationProperties:
  services: { target: Service, calculationSpec: { calculationBy: entities, func: count } }
  load: { target: Service, calculationSpec: { calculationBy: property, func: sum, property: load } }
  middle: { target: Service, calculationSpec: { calculationBy: property, func: median, property: load } }
  busy:
    target: Service
    calculationSpec: { calculationBy: entities, func: count }
    query: { combinator: and, rules: [{ property: load, operator: '>', value: 3 }] }
  pace:
    target: Service
    calculationSpec: { calculationBy: entities, func: average, averageOf: week, measureTimeBy: born }
  named: { target: Service, calculationSpec: { calculationBy: property, func: max, property: label } }
",
    ),
    (
        "blueprints/Service.yaml",
        "identifier: Service
schema:
  properties:
    load: { type: number }
    born: { type: string, format: date-time }
    label: { type: string }
relations:
  system: { target: System }
  friends: { target: Service, many: true }
mirrorProperties:
  tier: { path: system.tier }
  systemName: { path: system.$title }
  systemTeam: { path: system.$team }
  systemLoad: { path: system.load }
formulaProperties:
  link: { formula: 'https://acme.dev/{{$identifier}}?tier={{tier}}' }
  owner: { formula: '{{ $team }}' }
calculationProperties:
  more: { calculation: .properties.load + 1, type: number }
  evenMore: { calculation: .properties.more + 1, type: number }
  wrong: { calculation: .properties.tier, type: number }
  none: { calculation: empty, type: string }
  two: { calculation: '1,2', type: number }
  fails: { calculation: error, type: string }
  all: { calculation: '.' }
aggregationProperties:
  friendly:
    target: Service
    calculationSpec: { calculationBy: entities, func: count }
    pathFilter: [{ path: [friends] }]
  liked:
    target: Service
    calculationSpec: { calculationBy: entities, func: count }
    pathFilter: [{ path: [friends], fromBlueprint: Service }]
teamInheritance: { path: system }
",
    ),
    (
        "entities/all.yaml",
        "- { blueprint: System, identifier: shop, title: The shop, team: red }
- { blueprint: System, identifier: idle, properties: { tier: high } }
- { blueprint: Service, identifier: cart, properties: { load: 3, born: 2026-01-01T00:00:00Z }, relations: { system: shop, friends: [till, pay] } }
- { blueprint: Service, identifier: till, properties: { load: 4, born: 2026-01-15T00:00:00Z }, relations: { system: shop, friends: [pay] } }
- { blueprint: Service, identifier: pay, properties: { load: 9 }, relations: { system: shop } }
- { blueprint: Service, identifier: lone }
",
    ),
];

fn catalog_of(files: &[(&str, &str)]) -> Catalog {
    let deltas = files.iter().map(|(path, text)| {
        let parsed = parse_file(&FilePath::new(path), text.as_bytes(), &Limits::default());
        assert_eq!(parsed.findings, [], "{path}");
        FileDelta::put(parsed)
    });
    Catalog::with_expressions(Arc::new(FewPrograms)).apply(deltas)
}

fn key(text: &str) -> EntityKey {
    let (blueprint, identifier) = text.split_once('/').unwrap();
    let id = |text| Identifier::new(text).unwrap();
    EntityKey { blueprint: id(blueprint), identifier: id(identifier) }
}

/// A value as its canonical text, `-` where there is none, `! …` for an error.
fn told(derived: Derived) -> String {
    match derived {
        Derived::Value(value) => value.canonical(),
        Derived::Absent => "-".to_owned(),
        Derived::Error(text) => format!("! {text}"),
    }
}

#[track_caller]
fn is(entity: &str, name: &str, expected: &str) {
    let catalog = catalog_of(FILES);
    assert_eq!(told(Derivation::new(&catalog, &SeesAll, &NoProvenance).value(&key(entity), name)), expected, "{entity} {name}");
}

#[test]
fn mirrors_show_properties_defaults_titles_and_owners() {
    is("Service/cart", "tier", "\"low\"");
    is("Service/cart", "systemName", "\"The shop\"");
    is("Service/cart", "systemTeam", "[\"red\"]");
    is("Service/cart", "systemLoad", "16");
    is("Service/lone", "tier", "-");
    is("Service/nobody", "tier", "-");
    is("Service/cart", "nothing", "-");
}

#[test]
fn formulas_put_values_in_and_are_missing_where_one_is() {
    is("Service/cart", "link", "\"https://acme.dev/cart?tier=low\"");
    is("Service/lone", "link", "-");
    is("Service/cart", "owner", "\"red\"");
}

#[test]
fn calculations_are_judged_by_their_type_and_errors_are_values() {
    is("Service/cart", "more", "4");
    is("Service/cart", "evenMore", "5");
    is("Service/cart", "wrong", "! its result does not fit its definition: expected a number, found the text `low`");
    is("Service/cart", "none", "-");
    is("Service/cart", "two", "! it yields 2 values, where one is wanted");
    is("Service/cart", "fails", "! it fails: as asked");
    is("Service/lone", "evenMore", "! `more` of `Service/lone`: it fails: null cannot be added to");
}

#[test]
fn aggregations_count_and_add_up() {
    is("System/shop", "services", "3");
    is("System/idle", "services", "0");
    is("System/shop", "load", "16");
    is("System/idle", "load", "0");
    is("System/shop", "middle", "4");
    is("System/idle", "middle", "-");
    is("System/shop", "busy", "2");
    is("System/shop", "pace", "1");
    is("Service/cart", "friendly", "2");
    is("Service/pay", "liked", "2");
}

#[test]
fn averages_over_time_end_now() {
    let catalog = catalog_of(FILES);
    let now: Timestamp = "2026-01-29T00:00:00Z".parse().unwrap();
    let value = Derivation::new(&catalog, &SeesAll, &NoProvenance).at(now).value(&key("System/shop"), "pace");
    assert_eq!(told(value), "0.5", "two services in four weeks");
}

#[test]
fn history_is_shown_where_somebody_knows_it() {
    struct Made;
    impl Provenance for Made {
        fn created(&self, _: &EntityKey) -> Option<Touch> {
            Some(Touch { at: Some(Timestamp::UNIX_EPOCH), by: Some(Identifier::new("ada@acme.dev").unwrap()) })
        }
        fn updated(&self, _: &EntityKey) -> Option<Touch> {
            Some(Touch { at: None, by: None })
        }
    }
    let catalog = catalog_of(FILES);
    let derivation = Derivation::new(&catalog, &SeesAll, &Made);
    let value = |name: &str| told(derivation.value(&key("Service/cart"), name));
    assert_eq!(value("$createdAt"), "\"1970-01-01T00:00:00Z\"");
    assert_eq!(value("$createdBy"), "\"ada@acme.dev\"");
    assert_eq!((value("$updatedAt"), value("$updatedBy")), ("-".to_owned(), "-".to_owned()));
}

/// Somebody who does not see these: `Service/cart` or `Service/cart.load`.
struct Blind(BTreeSet<String>);

impl Blind {
    fn to(all: &[&str]) -> Self {
        Self(all.iter().map(|s| (*s).to_owned()).collect())
    }
}

impl Sight for Blind {
    fn entity(&self, key: &EntityKey) -> bool {
        !self.0.contains(&key.to_string())
    }
    fn property(&self, key: &EntityKey, name: &str) -> bool {
        !self.0.contains(&format!("{key}.{name}"))
    }
    fn relation(&self, key: &EntityKey, name: &str) -> bool {
        !self.0.contains(&format!("{key}.{name}"))
    }
}

#[test]
fn what_a_reader_does_not_see_flows_into_nothing() {
    let catalog = catalog_of(FILES);
    let seen = |hidden: &[&str], entity: &str, name: &str| {
        let sight = Blind::to(hidden);
        told(Derivation::new(&catalog, &sight, &NoProvenance).value(&key(entity), name))
    };
    assert_eq!(seen(&["System/shop.tier"], "Service/cart", "tier"), "-", "not even the default");
    assert_eq!(seen(&["System/shop.tier"], "Service/cart", "link"), "-");
    assert_eq!(seen(&["System/shop"], "Service/cart", "systemName"), "-");
    assert_eq!(seen(&["Service/cart.system"], "Service/cart", "systemName"), "-");
    assert_eq!(seen(&["System/shop.$team"], "Service/cart", "systemTeam"), "-");
    assert_eq!(seen(&["System/shop.$team"], "Service/cart", "$team"), "[]");
    assert_eq!(seen(&["Service/pay"], "System/shop", "services"), "2", "a count is of what is seen");
    assert_eq!(seen(&["Service/pay.load"], "System/shop", "load"), "7");
    assert_eq!(seen(&["Service/pay.load"], "System/shop", "busy"), "1", "nor does a filter tell");
    assert_eq!(seen(&["Service/pay.system"], "System/shop", "services"), "2");
    assert_eq!(seen(&["Service/cart.load"], "Service/cart", "more"), "! it fails: null cannot be added to");
    assert_eq!(seen(&["Service/cart.more"], "Service/cart", "more"), "-");
    let all = seen(&["System/shop", "Service/till", "Service/cart.load"], "Service/cart", "all");
    assert!(!all.contains("shop") && !all.contains("till") && !all.contains("load"), "{all}");
    assert!(all.contains("pay"), "{all}");
}

#[test]
fn what_is_computed_from_itself_ends_in_an_error() {
    let circle = catalog_of(&[
        (
            "blueprints/A.yaml",
            "identifier: A\nrelations: { a: { target: A } }\nmirrorProperties: { m: { path: a.m } }\nformulaProperties: { f: { formula: '{{m}}' } }\n",
        ),
        (
            "entities/a.yaml",
            "- { blueprint: A, identifier: x, relations: { a: y } }\n- { blueprint: A, identifier: y, relations: { a: x } }\n",
        ),
    ]);
    let derivation = Derivation::new(&circle, &SeesAll, &NoProvenance);
    assert!(told(derivation.value(&key("A/x"), "f")).ends_with("it is computed from itself"));
    assert!(told(derivation.value(&key("A/y"), "m")).ends_with("it is computed from itself"));
}

#[test]
fn a_tower_of_mirrors_ends_in_an_error() {
    let chain: String =
        (0..2_000).map(|i| format!("- {{ blueprint: A, identifier: e{i}, relations: {{ a: e{} }} }}\n", i + 1)).collect();
    let tower = catalog_of(&[
        ("blueprints/A.yaml", "identifier: A\nrelations: { a: { target: A } }\nmirrorProperties: { m: { path: a.m } }\n"),
        ("entities/a.yaml", &chain),
    ]);
    let value = Derivation::new(&tower, &SeesAll, &NoProvenance).value(&key("A/e0"), "m");
    assert!(told(value).contains("rests on more than"));
}
