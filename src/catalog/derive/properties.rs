//! What holds over random catalogs: every value is computed, mirrors are walks, and what is hidden shows nowhere.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;

use super::fake::FewPrograms;
use super::*;
use crate::catalog::{Catalog, FileDelta, parse_file};
use crate::model::{FilePath, Identifier, Limits, PropertyName, Recipe, RelationValue};

const SECRET: &str = "s3cret";
const BLUEPRINTS: [&str; 3] = ["A", "B", "C"];
const ENTITIES: [&str; 4] = ["w", "x", "y", "z"];

fn one(of: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    proptest::sample::select(of)
}

/// One derived property, often senseless: what a name leads to is left to chance.
fn derived() -> impl Strategy<Value = (&'static str, String)> {
    let end = || one(&["p", "n", "d0", "d1", "d2", "$title", "$team", "$identifier"]);
    let path = || vec(one(&["r", "s", "many"]), 1..3).prop_map(|steps| steps.join("."));
    let mirror = (path(), end()).prop_map(|(path, end)| ("mirrorProperties", format!("{{ path: {path}.{end} }}")));
    let formula = (end(), end()).prop_map(|(a, b)| ("formulaProperties", format!("{{ formula: '{{{{{a}}}}}-{{{{{b}}}}}' }}")));
    let program = one(&[".", ".properties", ".properties.p", ".properties.d0", ".properties.d1 + 1", ".relations", "error"]);
    let calculation = program.prop_map(|program| ("calculationProperties", format!("{{ calculation: {program} }}")));
    let spec = one(&[
        "{ calculationBy: entities, func: count }",
        "{ calculationBy: property, func: sum, property: n }",
        "{ calculationBy: property, func: max, property: d1 }",
        "{ calculationBy: property, func: median, property: d2 }",
        "{ calculationBy: entities, func: average, averageOf: day, measureTimeBy: p }",
    ]);
    let query = prop_oneof![
        Just(String::new()),
        Just(format!(", query: {{ combinator: and, rules: [{{ property: p, operator: '=', value: {SECRET} }}] }}")),
        Just(", query: { combinator: and, rules: [{ property: d0, operator: isNotEmpty }] }".to_owned()),
    ];
    let filter = prop_oneof![
        2 => Just(String::new()),
        1 => path().prop_map(|path| format!(", pathFilter: [{{ path: [{}] }}]", path.replace('.', ", "))),
        1 => (path(), one(&BLUEPRINTS))
            .prop_map(|(path, from)| format!(", pathFilter: [{{ path: [{}], fromBlueprint: {from} }}]", path.replace('.', ", "))),
    ];
    let aggregation = (one(&BLUEPRINTS), spec, query, filter).prop_map(|(target, spec, query, filter)| {
        ("aggregationProperties", format!("{{ target: {target}, calculationSpec: {spec}{query}{filter} }}"))
    });
    prop_oneof![3 => mirror, 2 => formula, 2 => calculation, 3 => aggregation]
}

fn blueprint(name: &'static str) -> impl Strategy<Value = (String, String)> {
    (vec(derived(), 0..4), vec(one(&BLUEPRINTS), 3), any::<bool>()).prop_map(move |(derived, targets, inherits)| {
        let mut text = format!(
            "identifier: {name}\nschema: {{ properties: {{ p: {{ type: string }}, n: {{ type: number, default: 2 }} }} }}\nrelations:\n  r: {{ target: {} }}\n  s: {{ target: {} }}\n  many: {{ target: {}, many: true }}\n",
            targets[0], targets[1], targets[2]
        );
        for family in ["mirrorProperties", "formulaProperties", "calculationProperties", "aggregationProperties"] {
            let of = derived.iter().enumerate().filter(|(_, (f, _))| *f == family);
            let lines: String = of.map(|(i, (_, body))| format!("  d{i}: {body}\n")).collect();
            if !lines.is_empty() {
                text += &format!("{family}:\n{lines}");
            }
        }
        if inherits {
            text += "teamInheritance: { path: r }\n";
        }
        (format!("blueprints/{name}.yaml"), text)
    })
}

/// An entity, with its blueprint and identifier first.
fn entity() -> impl Strategy<Value = (String, String)> {
    let value = prop_oneof![Just("null".to_owned()), Just(SECRET.to_owned()), Just("open".to_owned())];
    (one(&BLUEPRINTS), one(&ENTITIES), value, any::<Option<i8>>(), vec(one(&ENTITIES), 4), any::<bool>()).prop_map(
        |(blueprint, id, p, n, ends, team)| {
            let n = n.map(|n| format!(", n: {n}")).unwrap_or_default();
            let team = if team { ", team: red" } else { "" };
            let relations = format!("r: {}, s: {}, many: [{}, {}]", ends[0], ends[1], ends[2], ends[3]);
            (format!("{blueprint}-{id}"), format!("{{ blueprint: {blueprint}, identifier: {id}, properties: {{ p: {p}{n} }}, relations: {{ {relations} }}{team} }}\n"))
        },
    )
}

fn catalog() -> impl Strategy<Value = Catalog> {
    (blueprint("A"), blueprint("B"), blueprint("C"), vec(entity(), 0..10).prop_map(BTreeMap::from_iter)).prop_map(
        |(a, b, c, entities)| {
            let files =
                [a, b, c].into_iter().chain(entities.into_iter().map(|(name, text)| (format!("entities/{name}.yaml"), text)));
            let deltas = files.map(|(path, text)| {
                let parsed = parse_file(&FilePath::new(&path), text.as_bytes(), &Limits::default());
                assert_eq!(parsed.findings, [], "{path}: {text}");
                FileDelta::put(parsed)
            });
            Catalog::with_expressions(Arc::new(FewPrograms)).apply(deltas)
        },
    )
}

/// Every value of every entity, in this order or the other way round.
fn everything(catalog: &Catalog, sight: &dyn Sight, backwards: bool) -> Vec<(EntityKey, String, Derived)> {
    let derivation = Derivation::new(catalog, sight, &NoProvenance);
    let mut asked: Vec<(EntityKey, String)> = Vec::new();
    for key in catalog.entities().keys() {
        let Some(blueprint) = catalog.blueprints().get(&key.blueprint) else { continue };
        let own = blueprint.value.properties.keys().chain(blueprint.value.derived.keys()).map(|name| name.to_string());
        let metas = crate::model::MetaProperty::ALL.iter().map(|meta| meta.as_str().to_owned());
        asked.extend(own.chain(metas).map(|name| (key.clone(), name)));
    }
    if backwards {
        asked.reverse();
    }
    let mut all: Vec<_> =
        asked.into_iter().map(|(key, name)| (derivation.value(&key, &name), key, name)).map(|(d, k, n)| (k, n, d)).collect();
    if backwards {
        all.reverse();
    }
    all
}

/// Sees neither `p` of any entity, nor the entity `x` of any blueprint.
struct Kept;

impl Sight for Kept {
    fn entity(&self, key: &EntityKey) -> bool {
        key.identifier.as_str() != "x"
    }
    fn property(&self, _: &EntityKey, name: &str) -> bool {
        name != "p"
    }
    fn relation(&self, _: &EntityKey, _: &str) -> bool {
        true
    }
}

/// The catalog without what `Kept` does not see.
fn bared(catalog: &Catalog) -> Catalog {
    let mut out = Vec::new();
    for entity in catalog.entities().iter() {
        let mut document = (*entity).clone();
        document.value.properties.remove("p");
        for held in document.value.relations.values_mut() {
            let seen = |id: &Identifier| id.as_str() != "x";
            *held = match &*held {
                RelationValue::One(one) if !seen(one) => RelationValue::Null,
                RelationValue::Many(many) => RelationValue::Many(many.iter().filter(|id| seen(id)).cloned().collect()),
                other => other.clone(),
            };
        }
        let path = entity.file.clone();
        out.push(if Kept.entity(&entity.value.key) {
            FileDelta::put(crate::catalog::ParsedFile {
                content: None,
                path,
                documents: vec![crate::catalog::Document::Entity(document)],
                findings: Vec::new(),
            })
        } else {
            FileDelta::Remove(path)
        });
    }
    catalog.apply(out)
}

fn kind(derived: &Derived) -> Option<&Value> {
    match derived {
        Derived::Value(value) => Some(value),
        Derived::Absent | Derived::Error(_) => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn every_value_is_computed_and_the_order_of_asking_means_nothing(catalog in catalog()) {
        let (one, other) = (everything(&catalog, &SeesAll, false), everything(&catalog, &SeesAll, true));
        for ((key, name, a), (_, _, b)) in one.iter().zip(&other) {
            prop_assert_eq!(kind(a), kind(b), "{} {}", key, name);
            prop_assert_eq!(matches!(a, Derived::Error(_)), matches!(b, Derived::Error(_)), "{} {}", key, name);
        }
    }

    #[test]
    fn a_mirror_is_a_walk(catalog in catalog()) {
        let derivation = Derivation::new(&catalog, &SeesAll, &NoProvenance);
        for entity in catalog.entities().iter() {
            let key = &entity.value.key;
            let blueprint = &catalog.blueprints().get(&key.blueprint).unwrap().value;
            for (name, derived) in &blueprint.derived {
                let Recipe::Mirror { path, end: PropertyName::Own(end) } = &derived.recipe else { continue };
                if !matches!(&**end, "p" | "n") || path.iter().any(|step| &**step == "many") {
                    continue;
                }
                let mut here = Some(entity.clone());
                for step in path {
                    here = here.and_then(|e| {
                        let target = &catalog.blueprints().get(&e.value.key.blueprint)?.value.relations.get(step)?.target;
                        let RelationValue::One(one) = e.value.relations.get(step)? else { return None };
                        catalog.entities().get(&EntityKey { blueprint: target.clone(), identifier: one.clone() })
                    });
                }
                let default = (&**end == "n").then_some(Value::Int(2));
                let expected = here.and_then(|e| e.value.properties.get(end).cloned().or(default));
                prop_assert_eq!(derivation.value(key, name), Derived::from(expected), "{} {}", key, name);
            }
        }
    }

    #[test]
    fn what_is_hidden_shows_nowhere(catalog in catalog()) {
        for (key, name, value) in everything(&catalog, &Kept, false) {
            prop_assert!(!format!("{value:?}").contains(SECRET), "{} {}: {:?}", key, name, value);
        }
    }

    #[test]
    fn a_reader_gets_what_the_catalog_without_the_hidden_would_give(catalog in catalog()) {
        let bared = bared(&catalog);
        let plain = everything(&bared, &SeesAll, false);
        let seen: Vec<_> = everything(&catalog, &Kept, false).into_iter().filter(|(key, _, _)| Kept.entity(key)).collect();
        prop_assert_eq!(seen.len(), plain.len());
        for ((key, name, a), (_, _, b)) in seen.iter().zip(&plain) {
            prop_assert_eq!(kind(a), kind(b), "{} {}", key, name);
        }
    }
}
