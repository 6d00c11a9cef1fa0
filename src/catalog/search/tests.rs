//! Searches over a small catalog, read from the text in which people write them.

use super::*;
use crate::catalog::FileDelta;
use crate::catalog::parse_file;
use crate::model::{FilePath, Identifier, Limits, PolicyTest};

const CATALOG: &[(&str, &str)] = &[
    (
        "blueprints/Service.yaml",
        "identifier: Service\nschema:\n  properties:\n    tier: { type: string }\n    size: { type: number }\n    tags: { type: array }\nrelations:\n  \
         cluster: { target: Cluster }\n  needs: { target: Service, many: true }\n  home: { target: Cluster, required: true }\n",
    ),
    (
        "blueprints/Cluster.yaml",
        "identifier: Cluster\nschema:\n  properties:\n    size: { type: string }\nrelations:\n  region: { target: Region }\n",
    ),
    ("blueprints/Region.yaml", "identifier: Region\nrelations:\n  parent: { target: Region }\n"),
    (
        "entities/all.yaml",
        "- { blueprint: Region, identifier: earth }\n- { blueprint: Region, identifier: eu, relations: { parent: earth } }\n\
         - { blueprint: Region, identifier: de, relations: { parent: eu } }\n\
         - { blueprint: Cluster, identifier: prod, properties: { size: big }, relations: { region: de } }\n\
         - { blueprint: Cluster, identifier: test }\n\
         - { blueprint: Service, identifier: cart, team: shop, properties: { tier: gold, size: 3, tags: [a, b] }, relations: { cluster: prod, home: prod, needs: [pay] } }\n\
         - { blueprint: Service, identifier: pay, team: [money], properties: { tier: silver, size: 12 }, relations: { home: test, needs: [cart] } }\n\
         - { blueprint: Service, identifier: idle }\n",
    ),
];

fn catalog() -> Catalog {
    let file = |(path, text): &(&str, &str)| {
        let file = parse_file(&FilePath::new(path), text.as_bytes(), &Limits::default());
        assert_eq!(file.findings, [], "{path}");
        FileDelta::put(file)
    };
    Catalog::default().apply(CATALOG.iter().map(file))
}

fn read(search: &str) -> Result<Search, String> {
    let text = format!("blueprint: Service\nentities:\n  read:\n    policy: {search}\n");
    let file = parse_file(&FilePath::new("permissions/Service.yaml"), text.as_bytes(), &Limits::default());
    if let Some(finding) = file.findings.first() {
        return Err(format!("{}: {}", finding.rule, finding.message));
    }
    let catalog = Catalog::default().apply([FileDelta::put(file)]);
    let document = catalog.permissions().get(&Identifier::new("Service").unwrap()).unwrap().clone();
    match document.value.entities.read.clone().unwrap().policy.unwrap().test {
        PolicyTest::Entity(search) => Ok(search),
        PolicyTest::Catalog { .. } => unreachable!(),
    }
}

fn value_of(catalog: &Catalog, key: &EntityKey, name: &str) -> Option<Value> {
    let entity = &catalog.entities().get(key)?.value;
    match name {
        "$identifier" => Some(Value::from(entity.key.identifier.as_str())),
        "$blueprint" => Some(Value::from(entity.key.blueprint.as_str())),
        "$team" => Some(Value::List(catalog.owner_of(key).iter().map(|team| Value::from(team.as_str())).collect())),
        _ => entity.properties.get(name).cloned(),
    }
}

fn context() -> SearchContext<'static> {
    let json = |json: serde_json::Value| Value::from_json(&json);
    SearchContext {
        user: Some(json(serde_json::json!({"identifier": "ann", "properties": {"tier": "gold"}}))),
        teams: vec![json(serde_json::json!({"identifier": "shop"})), json(serde_json::json!({"identifier": "ops"}))],
        root: json(serde_json::json!({"inputs": {"name": "pay", "list": ["pay", "idle"]}})),
        ..SearchContext::default()
    }
}

/// The identifiers of what a search finds among all entities.
fn found_by(search: &str, context: &SearchContext<'_>) -> Result<Vec<String>, SearchFault> {
    let catalog = catalog();
    let search = read(search).unwrap();
    let read = |key: &EntityKey, name: &str| Ok(value_of(&catalog, key, name));
    let keys = Prepared::new(&catalog, &search, context, &read).select()?;
    Ok(keys.iter().map(|key| key.identifier.to_string()).collect())
}

fn found(rules: &str) -> Result<Vec<String>, SearchFault> {
    found_by(&format!("{{ combinator: and, rules: [{rules}] }}"), &context())
}

const SERVICES: &str = "{ property: $blueprint, operator: =, value: Service }";

#[test]
fn properties_teams_and_groups() {
    let among = |rule: &str| found(&format!("{SERVICES}, {rule}")).unwrap();
    assert_eq!(among("{ property: tier, operator: \"=\", value: gold }"), ["cart"]);
    assert_eq!(among("{ property: tier, operator: \"!=\", value: gold }"), ["idle", "pay"], "absent is not gold");
    assert_eq!(among("{ property: size, operator: \">\", value: 3 }"), ["pay"]);
    assert_eq!(
        among("{ property: $team, operator: containsAny, value: { context: userTeams, property: $identifier } }"),
        ["cart"]
    );
    assert_eq!(among("{ property: tier, operator: \"=\", value: { context: user, property: tier } }"), ["cart"]);
    assert_eq!(among("{ property: { context: user, property: tier }, operator: \"=\", value: gold }").len(), 3);
    assert_eq!(among("{ property: $identifier, operator: \"=\", value: \"{{ .inputs.name }}\" }"), ["pay"]);
    assert_eq!(among("{ property: $identifier, operator: in, value: \"{{ .inputs.list }}\" }"), ["idle", "pay"]);
    assert_eq!(
        among(
            "{ combinator: or, rules: [{ property: tags, operator: isNotEmpty }, { property: size, operator: \">\", value: 9 }] }"
        ),
        ["cart", "pay"]
    );
    assert_eq!(among("{ combinator: or, rules: [] }"), [""; 0]);
    assert_eq!(among("{ relation: home, operator: \"=\", value: prod }"), ["cart"]);
    assert_eq!(among("{ relation: needs, operator: isEmpty }"), ["idle"]);
}

#[test]
fn relations_are_followed_in_the_direction_that_is_asked_for() {
    let related = |more: &str| found(&format!("{{ operator: relatedTo, {more} }}")).unwrap();
    assert_eq!(related("blueprint: Cluster, value: prod, direction: upstream"), ["de", "earth", "eu"]);
    assert_eq!(related("blueprint: Cluster, value: prod, direction: downstream"), ["cart", "pay"]);
    assert_eq!(related("blueprint: Cluster, value: prod, direction: downstream, required: true"), ["cart"]);
    assert_eq!(related("blueprint: Cluster, value: [prod, test]"), ["de", "earth", "eu", "cart", "pay"]);
    assert_eq!(related("blueprint: Cluster, value: none"), [""; 0]);
}

#[test]
fn paths_are_followed_step_by_step() {
    let path = |property: &str, value: &str| {
        let mut names = found(&format!("{{ property: {property}, operator: matchAny, value: {value} }}")).unwrap();
        names.sort();
        names
    };
    assert_eq!(path("{ path: [cluster, region] }", "de"), ["cart"]);
    assert_eq!(path("{ path: [cluster, region], fromBlueprint: Service }", "[cart, pay]"), ["de"]);
    assert_eq!(path("{ path: [{ relation: parent, maxHops: 3 }], fromBlueprint: Region }", "de"), ["earth", "eu"]);
    assert_eq!(path("{ path: [parent, parent] }", "earth"), ["de"]);
    assert_eq!(path("{ path: [none] }", "earth"), [""; 0]);
}

#[test]
fn what_cannot_be_answered_is_a_fault_unless_other_rules_decide() {
    let odd = "{ property: size, operator: \">\", value: 1 }";
    assert!(matches!(found(odd), Err(SearchFault::Incomparable { .. })), "a cluster's size is a text");
    assert_eq!(found(&format!("{odd}, {SERVICES}")).unwrap(), ["cart", "pay"], "clusters are out whatever their size");
    let none = "{ property: tier, operator: \"!=\", value: \"{{ .inputs.none }}\" }";
    assert!(matches!(found(none), Err(SearchFault::Template(_))), "and not everything");
    let nobody = "{ property: tier, operator: \"!=\", value: { context: user, property: department } }";
    assert_eq!(found(nobody), Err(SearchFault::NoSuchContext("department".into())));
    let search = format!("{{ combinator: and, rules: [{nobody}] }}");
    assert_eq!(found_by(&search, &SearchContext::default()), Err(SearchFault::NobodyAsks));
}

#[test]
fn what_may_not_be_seen_is_not_followed() {
    struct Blind;
    impl Sight for Blind {
        fn entity(&self, key: &EntityKey) -> bool {
            key.identifier.as_str() != "eu"
        }
        fn property(&self, _: &EntityKey, _: &str) -> bool {
            true
        }
        fn relation(&self, _: &EntityKey, name: &str) -> bool {
            name != "needs"
        }
    }
    let context = || SearchContext { sight: &Blind, ..context() };
    let related =
        |more: &str| found_by(&format!("{{ combinator: and, rules: [{{ operator: relatedTo, {more} }}] }}"), &context()).unwrap();
    assert_eq!(related("blueprint: Cluster, value: prod, direction: upstream"), ["de"], "the way to earth leads over eu");
    assert_eq!(related("blueprint: Cluster, value: prod, direction: downstream"), ["cart"], "pay needs cart, which is hidden");
}

#[test]
fn mistakes_are_told_with_what_to_write() {
    let told = |rule: &str| read(&format!("{{ combinator: and, rules: [{rule}] }}")).unwrap_err();
    for (rule, wanted) in [
        ("{ property: a, operator: containz, value: b }", "document/unknown-value: `containz` is no operator"),
        ("{ property: a, operator: \">\", value: b }", "search/value: `>` compares with a number"),
        ("{ property: a, operator: in, value: b }", "search/value: `in` compares with a list"),
        ("{ property: a, operator: isEmpty, value: 1 }", "search/value: `isEmpty` compares with nothing"),
        ("{ property: $createdAt, operator: between, value: { preset: lastWeek } }", "search/unsupported: a preset"),
        ("{ propertySchema: { type: string }, operator: \"=\", value: b }", "search/unsupported: `propertySchema`"),
        ("{ property: $team, operator: in, value: [My Teams] }", "search/unsupported: `My Teams`"),
        ("{ property: a, operator: \"=\", value: \"{{ .secrets.x }}\" }", "search/template: `.secrets.x` is not known"),
        ("{ property: a, operator: \"=\", value: \"{{getUserEmail()}}\" }", "search/template: "),
        ("{ property: a, operator: \"=\" }", "document/missing-key: `value`"),
        ("{ operator: relatedTo, value: b }", "document/missing-key: `blueprint`"),
        ("{ property: { path: [a, { relation: b, maxHops: 16 }] }, operator: matchAny, value: c }", "document/out-of-range"),
        ("{ property: { path: [] }, operator: matchAny, value: c }", "search/value: "),
        ("{ property: { context: me, property: a }, operator: \"=\", value: c }", "document/unknown-value: "),
    ] {
        let found = told(rule);
        assert!(found.starts_with(wanted), "{rule}\n{found}");
    }
}
