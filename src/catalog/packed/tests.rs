//! What is packed unfolds to what it was, and a table of the packed holds what a table of the unfolded would.

use proptest::prelude::*;

use super::*;
use crate::catalog::{Document, ParsedFile};
use crate::model::Value;

fn identifier() -> impl Strategy<Value = Identifier> {
    "[a-zA-Z0-9@_.+:/=-]{1,8}".prop_filter_map("a path", |text| Identifier::new(&text).ok())
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(|n| Value::Int(n.into())),
        any::<u64>().prop_map(|n| Value::Int(n.into())),
        (-1000i128..1000).prop_map(Value::Int),
        any::<f64>().prop_filter("finite", |f| f.is_finite()).prop_map(Value::from_f64),
        ".{0,12}".prop_map(|text| Value::String(text.into())),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| Value::List(items.into())),
            prop::collection::btree_map(".{0,4}", inner, 0..4)
                .prop_map(|map| Value::from_pairs(map.into_iter().map(|(key, value)| (key.into(), value)))),
        ]
    })
}

fn relation() -> impl Strategy<Value = RelationValue> {
    prop_oneof![
        Just(RelationValue::Null),
        identifier().prop_map(RelationValue::One),
        prop::collection::vec(identifier(), 0..4).prop_map(RelationValue::Many),
    ]
}

prop_compose! {
    fn entity()(
        blueprint in identifier(),
        identifier in identifier(),
        title in prop::option::of(".{0,9}"),
        icon in prop::option::of("[a-z]{0,4}"),
        team in prop::option::of(prop::collection::vec(identifier(), 0..3)),
        properties in prop::collection::btree_map(".{0,5}", value(), 0..5),
        relations in prop::collection::btree_map("[a-z]{1,3}", relation(), 0..4),
    ) -> Entity {
        Entity {
            key: EntityKey { blueprint, identifier },
            title,
            icon,
            team,
            properties: properties.into_iter().map(|(name, value)| (name.into(), value)).collect(),
            relations: relations.into_iter().map(|(name, value)| (name.into(), value)).collect(),
        }
    }
}

prop_compose! {
    fn located()(
        value in entity(),
        by_convention in any::<bool>(),
        extension in prop::sample::select(vec!["yaml", "yml", "json"]),
        below in prop::sample::select(vec!["", "a/", "a/b/"]),
        index in prop::option::of(0usize..3),
    ) -> Located<Entity> {
        let name = if by_convention { value.key.identifier.to_string() } else { "list".to_owned() };
        let file = FilePath::new(&format!("entities/{}/{below}{name}.{extension}", value.key.blueprint));
        let pointer = index.map_or_else(Pointer::root, |at| Pointer::root().index(at));
        Located { file, pointer, value }
    }
}

fn packed(entity: &Located<Entity>) -> (EntityName, Packed) {
    let (name, packed, _) = Packing::default().entity(entity);
    (name, packed)
}

/// One key, claimed by many files in any order: the first by name stands, the others wait in order of theirs.
#[test]
fn of_many_that_claim_one_key_the_first_by_name_stands_whatever_order_they_came_in() {
    let claim = |at: usize| {
        let key = EntityKey { blueprint: Identifier::new("E").unwrap(), identifier: Identifier::new("one").unwrap() };
        let (properties, relations) = (Default::default(), Default::default());
        let value = Entity { key, title: Some(at.to_string()), icon: None, team: None, properties, relations };
        Located { file: FilePath::new(&format!("entities/E/{at:03}.yaml")), pointer: Pointer::root(), value }
    };
    let mut table = EntityTable::default();
    let mut order: Vec<usize> = (0..200).map(|at| at * 77 % 200).collect();
    for at in &order {
        let (name, packed) = packed(&claim(*at));
        table.insert(name, packed);
    }
    let key = claim(0).value.key;
    let held = |table: &EntityTable| -> Vec<Located<Entity>> {
        let first = table.get(&key).into_iter();
        first.chain(table.duplicates_of(&key).to_vec()).map(|entity| (*entity).clone()).collect()
    };
    assert_eq!(held(&table), (0..200).map(claim).collect::<Vec<_>>());
    let before = table.clone();
    for at in order.drain(..100) {
        table.remove(&key, &claim(at).file);
    }
    let left: Vec<_> = (0..200).filter(|at| (100..200).map(|n| n * 77 % 200).any(|n| n == *at)).map(claim).collect();
    assert_eq!(held(&table), left);
    assert_eq!(held(&before).len(), 200, "who shares it sees nothing of that");
}

proptest! {
    #[test]
    fn unfolds_to_what_it_was(entity in located()) {
        let (name, packed) = packed(&entity);
        prop_assert_eq!(packed.unfold(&name), entity.clone());
        prop_assert_eq!(packed.team(), entity.value.team.clone());
        for (relation, held) in &entity.value.relations {
            prop_assert_eq!(packed.relation(relation), Some(held.clone()));
        }
        prop_assert_eq!(packed.relation("not there"), None);
        let mut targets = Vec::new();
        packed.targets(|relation, target| targets.push((relation.to_owned(), target.to_owned())));
        let all = entity.value.relations.iter().flat_map(|(name, held)| held.targets().iter().map(move |t| (name.to_string(), t.to_string())));
        prop_assert_eq!(targets, all.collect::<Vec<_>>());
    }

    #[test]
    fn equal_means_equal(a in located(), b in located()) {
        prop_assert_eq!(packed(&a) == packed(&b), a == b);
        prop_assert_eq!(packed(&a).0.cmp(&packed(&b).0), a.value.key.cmp(&b.value.key));
    }

    #[test]
    fn any_text_can_be_read(text in "(\\PC|[\\x00-\\x7f]){0,40}", entity in located()) {
        let (name, mut packed) = packed(&entity);
        packed.body = text.as_str().into();
        packed.unfold(&name);
        packed.targets(|_, _| {});
    }

    #[test]
    fn what_is_put_in_is_taken_out_by_its_path(files in prop::collection::vec(prop::collection::vec(located(), 1..3), 1..8)) {
        let mut catalog = crate::catalog::Catalog::default();
        let mut standing: std::collections::BTreeMap<FilePath, Vec<Located<Entity>>> = std::collections::BTreeMap::new();
        for mut file in files {
            let path = file[0].file.clone();
            file.iter_mut().for_each(|entity| entity.file = path.clone());
            file.dedup_by(|a, b| (&a.value.key, &a.pointer) == (&b.value.key, &b.pointer));
            let documents = file.iter().cloned().map(Document::Entity).collect();
            catalog = catalog.apply([crate::catalog::FileDelta::put(ParsedFile { path: path.clone(), documents, findings: Vec::new(), content: None })]);
            standing.insert(path, file);
        }
        prop_assert_eq!(catalog.file_count(), standing.len());
        let paths: Vec<FilePath> = standing.keys().cloned().collect();
        for path in paths {
            prop_assert!(catalog.has_file(&path));
            let mut claims: Vec<Located<Entity>> = standing.values().flatten().cloned().collect();
            claims.sort_by(|a, b| (&a.value.key, &a.file, &a.pointer).cmp(&(&b.value.key, &b.file, &b.pointer)));
            let held: Vec<Located<Entity>> = catalog
                .entities()
                .iter()
                .flat_map(|first| {
                    let rest = catalog.entities().duplicates_of(&first.value.key).to_vec();
                    [first].into_iter().chain(rest).map(|entity| (*entity).clone())
                })
                .collect();
            prop_assert_eq!(held, claims);
            standing.remove(&path);
            catalog = catalog.apply([crate::catalog::FileDelta::Remove(path.clone())]);
            prop_assert!(!catalog.has_file(&path));
            prop_assert_eq!(catalog.file_count(), standing.len());
        }
        prop_assert!(catalog.entities().is_empty());
    }
}
