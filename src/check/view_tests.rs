//! What is hidden shows nowhere: two catalogs that differ only in it answer alike.

use std::sync::Arc;

use proptest::prelude::*;

use super::view::{Eyes, View};
use crate::catalog::derive::NoProvenance;
use crate::catalog::{Catalog, FileDelta, parse_file};
use crate::model::{EntityKey, ExpressionError, Expressions, FilePath, Identifier, Limits, PolicyTest, Search, Value};

/// Every program yields the whole of its input, so that whatever flows into one is seen.
#[derive(Debug)]
struct Echo;

impl Expressions for Echo {
    fn check(&self, _: &str) -> Result<(), ExpressionError> {
        Ok(())
    }

    fn evaluate(&self, _: &str, input: &Value) -> Result<Vec<Value>, ExpressionError> {
        Ok(vec![input.clone()])
    }
}

const FIXED: &[(&str, &str)] = &[
    (
        "blueprints/Service.yaml",
        "identifier: Service\nschema:\n  properties:\n    open: { type: string }\n    secret: { type: string, default: none }\n    cost: { type: number }\n\
         relations:\n  next: { target: Service }\n  behind: { target: Service, many: true }\n  vault: { target: Vault }\n\
         mirrorProperties:\n  nextSecret: { path: next.secret }\n  nextOpen: { path: next.open }\n  vaultTitle: { path: vault.$title }\n\
         formulaProperties:\n  said: { formula: \"is {{secret}} and {{open}}\" }\n\
         calculationProperties:\n  all: { calculation: \".\", type: object }\n\
         aggregationProperties:\n  sum: { target: Service, calculationSpec: { calculationBy: property, func: sum, property: cost }, pathFilter: [{ path: [next], fromBlueprint: Service }] }\n  \
         counted: { target: Service, calculationSpec: { calculationBy: entities, func: count }, query: { combinator: and, rules: [{ property: secret, operator: \"=\", value: a }] }, pathFilter: [{ path: [behind], fromBlueprint: Service }] }\n\
         teamInheritance: { path: next }\n",
    ),
    ("blueprints/Vault.yaml", "identifier: Vault\nschema: { properties: { code: { type: string } } }\n"),
    (
        "permissions/Service.yaml",
        "entities:\n  readProperties: { secret: { roles: [Admin] }, cost: { roles: [Admin] } }\n  readRelations: { behind: { roles: [Admin] } }\n",
    ),
    ("permissions/Vault.yaml", "entities: { read: { roles: [Admin] } }\n"),
    ("users/ann.yaml", "identifier: ann@acme.dev\nroles: [Member]\n"),
    ("users/root.yaml", "identifier: root@acme.dev\nroles: [Admin]\n"),
    ("blueprints/_user.yaml", "identifier: _user\nschema: { properties: { grade: { type: string } } }\n"),
    ("permissions/_user.yaml", "entities: { readProperties: { grade: { roles: [Admin] } } }\n"),
];

fn catalog(files: &[(&str, String)]) -> Catalog {
    let parse = |path: &str, text: &str| {
        let file = parse_file(&FilePath::new(path), text.as_bytes(), &Limits::default());
        assert_eq!(file.findings, [], "{path}\n{text}");
        FileDelta::put(file)
    };
    let fixed = FIXED.iter().map(|(path, text)| parse(path, text));
    let files: Vec<FileDelta> = fixed.chain(files.iter().map(|(path, text)| parse(path, text))).collect();
    Catalog::with_expressions(Arc::new(Echo)).apply(files)
}

/// What everybody sees of a service, and what is hidden.
#[derive(Clone, Debug)]
struct Open {
    next: Option<usize>,
    open: Option<char>,
    team: bool,
}

#[derive(Clone, Debug)]
struct Hidden {
    secret: Option<char>,
    cost: i8,
    behind: Vec<usize>,
    vault: Option<bool>,
}

fn written(open: &[Open], hidden: &[Hidden], grade: char) -> Vec<(&'static str, String)> {
    let mut services = String::new();
    for (index, (open, hidden)) in open.iter().zip(hidden).enumerate() {
        let text = |name: &str, value: Option<char>| value.map(|c| format!("{name}: {c}, ")).unwrap_or_default();
        let properties = format!("{}{}cost: {}", text("open", open.open), text("secret", hidden.secret), hidden.cost);
        let next = open.next.map(|n| format!("next: s{n}, ")).unwrap_or_default();
        let vault = hidden.vault.map(|one| format!("vault: {}, ", if one { "v1" } else { "v2" })).unwrap_or_default();
        let behind = hidden.behind.iter().map(|n| format!("s{n}")).collect::<Vec<_>>().join(", ");
        let team = if open.team { "team: red, " } else { "" };
        services += &format!(
            "- {{ identifier: s{index}, blueprint: Service, {team}properties: {{ {properties} }}, relations: {{ {next}{vault}behind: [{behind}] }} }}\n"
        );
    }
    let vaults = format!(
        "- {{ identifier: v1, blueprint: Vault, title: T{grade} }}\n- {{ identifier: v2, blueprint: Vault, title: U{grade} }}\n"
    );
    let person = format!("{{ identifier: ann@acme.dev, blueprint: _user, properties: {{ grade: {grade} }} }}\n");
    vec![("entities/s.yaml", services), ("entities/v.yaml", vaults), ("entities/_user/ann.yaml", person)]
}

fn search(rules: &str) -> Search {
    let text = format!("blueprint: Service\nentities: {{ read: {{ policy: {{ combinator: and, rules: [{rules}] }} }} }}\n");
    let file = parse_file(&FilePath::new("permissions/Service.yaml"), text.as_bytes(), &Limits::default());
    assert_eq!(file.findings, [], "{rules}");
    let catalog = Catalog::default().apply([FileDelta::put(file)]);
    let (_, document) = catalog.permissions().iter().next().unwrap();
    match document.value.entities.read.clone().unwrap().policy.unwrap().test {
        PolicyTest::Entity(search) => search,
        PolicyTest::Catalog { .. } => unreachable!(),
    }
}

const QUERIES: &[&str] = &[
    "{ property: secret, operator: \"=\", value: a }",
    "{ property: secret, operator: \"!=\", value: a }",
    "{ property: secret, operator: isEmpty }",
    "{ property: cost, operator: \">\", value: 3 }",
    "{ property: nextSecret, operator: isNotEmpty }",
    "{ property: nextOpen, operator: \"=\", value: a }",
    "{ property: said, operator: contains, value: a }",
    "{ property: sum, operator: \">\", value: 0 }",
    "{ property: $team, operator: containsAny, value: [red] }",
    "{ relation: behind, operator: isEmpty }",
    "{ relation: next, operator: \"=\", value: s1 }",
    "{ relation: vault, operator: isNotEmpty }",
    "{ operator: relatedTo, blueprint: Service, value: s0 }",
    "{ operator: relatedTo, blueprint: Service, value: s0, direction: downstream }",
    "{ operator: relatedTo, blueprint: Vault, value: v1 }",
    "{ property: { path: [behind] }, operator: matchAny, value: s0 }",
    "{ property: { path: [next, { relation: behind, maxHops: 3 }], fromBlueprint: Service }, operator: matchAny, value: s0 }",
    "{ property: { context: user, property: grade }, operator: \"=\", value: a }",
    "{ property: open, operator: \"=\", value: { context: user, property: grade } }",
];

/// Everything that a view yields, in words.
fn told(catalog: &Catalog, user: &str) -> String {
    let eyes = Eyes::of(catalog, &Identifier::new(user).unwrap());
    let view = View::new(&eyes, &NoProvenance);
    let mut out = String::new();
    for blueprint in ["Service", "Vault", "_user", "None"] {
        let blueprint = Identifier::new(blueprint).unwrap();
        for entity in view.entities_of(&blueprint) {
            out += &format!("{entity:?}\n");
        }
        for name in ["s0", "v1", "ann@acme.dev"] {
            let key = EntityKey { blueprint: blueprint.clone(), identifier: Identifier::new(name).unwrap() };
            out += &format!("{:?}\n", view.entity(&key).map(|seen| seen.relations));
        }
    }
    for query in QUERIES {
        let search = search(query);
        let found = view.search(&search);
        out += &format!("{query} {:?} {found:?}\n", view.count(&search));
        for by in ["secret", "open", "cost", "sum", "said", "$title"] {
            out += &format!("{:?}\n", found.clone().map(|keys| view.sort(keys, by)));
        }
    }
    out
}

fn services() -> impl Strategy<Value = (Vec<Open>, Vec<Hidden>, Vec<Hidden>)> {
    (1usize..6).prop_flat_map(|count| {
        let letter = || proptest::option::of(prop_oneof![Just('a'), Just('b'), Just('z')]);
        let open =
            (proptest::option::of(0..count), letter(), any::<bool>()).prop_map(|(next, open, team)| Open { next, open, team });
        let hidden = move || {
            let behind = proptest::collection::btree_set(0..count, 0..3).prop_map(|set| set.into_iter().collect());
            (letter(), any::<i8>(), behind, proptest::option::of(any::<bool>()))
                .prop_map(|(secret, cost, behind, vault)| Hidden { secret, cost, behind, vault })
        };
        let many = |count: usize| count..=count;
        (
            proptest::collection::vec(open, many(count)),
            proptest::collection::vec(hidden(), many(count)),
            proptest::collection::vec(hidden(), many(count)),
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_hidden_makes_no_difference((open, one, other) in services(), grades in ("[a-c]", "[a-c]")) {
        let grade = |text: &str| text.chars().next().unwrap();
        let one = catalog(&written(&open, &one, grade(&grades.0)));
        let other = catalog(&written(&open, &other, grade(&grades.1)));
        prop_assert_eq!(told(&one, "ann@acme.dev"), told(&other, "ann@acme.dev"));
    }

    #[test]
    fn a_secret_is_nowhere((open, mut hidden, _) in services()) {
        for one in &mut hidden {
            one.secret = Some('Q');
            one.cost = 77;
        }
        let files = written(&open, &hidden, 'Q');
        let catalog = catalog(&files);
        let ann = told(&catalog, "ann@acme.dev");
        prop_assert!(!ann.contains('Q') && !ann.contains("77") && !ann.contains("Vault/v"), "{ann}");
        let root = told(&catalog, "root@acme.dev");
        prop_assert!(root.contains('Q') && root.contains("77"), "whoever may sees it");
        prop_assert!(!told(&catalog, "stranger@acme.dev").contains("SeenEntity"));
    }
}

#[test]
fn broken_permissions_show_nothing_and_ownership_shows_what_it_grants() {
    let files = vec![
        ("blueprints/Doc.yaml", "identifier: Doc\n".to_owned()),
        ("permissions/Doc.yaml", "entities: { read: { ownedByTeam: true } }\n".to_owned()),
        ("teams/red.yaml", "identifier: red\nmembers: [ann@acme.dev]\n".to_owned()),
        (
            "entities/d.yaml",
            "- { identifier: ours, blueprint: Doc, team: red }\n- { identifier: theirs, blueprint: Doc }\n".to_owned(),
        ),
    ];
    let seen = |catalog: &Catalog| {
        let eyes = Eyes::of(catalog, &Identifier::new("ann@acme.dev").unwrap());
        let all = View::new(&eyes, &NoProvenance).entities_of(&Identifier::new("Doc").unwrap());
        all.into_iter().map(|entity| entity.key.identifier.to_string()).collect::<Vec<_>>()
    };
    let good = catalog(&files);
    assert_eq!(seen(&good), ["ours"]);
    let broken = parse_file(&FilePath::new("permissions/Doc.yaml"), b"entities: [", &Limits::default());
    assert_eq!(seen(&good.apply([FileDelta::put(broken)])), [""; 0]);
}
