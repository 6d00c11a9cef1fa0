use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

type Map = Layered<u16, u8>;
type Model = BTreeMap<u16, u8>;

/// What is done to a map, and whether a revision begins before it.
type Step = (u16, Option<u8>, bool);

fn steps(most: usize) -> impl Strategy<Value = Vec<Step>> {
    let value = prop_oneof![2 => (0u8..3).prop_map(Some), 1 => Just(None)];
    proptest::collection::vec((0u16..400, value, proptest::bool::weighted(0.02)), 0..most)
}

/// The steps one after the other, with every revision that began on the way.
fn revisions(first: (Map, Model), steps: &[Step]) -> Vec<(Map, Model)> {
    let (mut all, (mut map, mut model)) = (Vec::new(), first);
    for (key, value, begins) in steps {
        if *begins {
            all.push((map.clone(), model.clone()));
            map = map.settled();
        }
        match value {
            Some(value) => {
                map.insert(*key, *value);
                model.insert(*key, *value);
            }
            None => {
                map.remove(key);
                model.remove(key);
            }
        }
    }
    all.push((map, model));
    all
}

fn read(map: &Map) -> Vec<(u16, u8)> {
    map.iter().map(|(key, value)| (*key, *value)).collect()
}

fn differences(before: &Model, after: &Model) -> Vec<(u16, Option<u8>, Option<u8>)> {
    let keys: std::collections::BTreeSet<u16> = before.keys().chain(after.keys()).copied().collect();
    let both = keys.into_iter().map(|key| (key, before.get(&key).copied(), after.get(&key).copied()));
    both.filter(|(_, before, after)| before != after).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn says_what_a_plain_map_says(below in proptest::collection::btree_map(0u16..400, 0u8..3, 0..300), steps in steps(400), at in 0u16..410) {
        let map = Map::filled(below.clone().into_iter().collect());
        let all = revisions((map, below), &steps);
        for (map, model) in &all {
            prop_assert_eq!(read(map), model.clone().into_iter().collect::<Vec<_>>());
            prop_assert_eq!((map.len(), map.is_empty()), (model.len(), model.is_empty()));
            prop_assert_eq!((map.get(&at), map.contains(&at)), (model.get(&at), model.contains_key(&at)));
            let up: Vec<_> = map.from(at).map(|(key, _)| *key).collect();
            prop_assert_eq!(up, model.range(at..).map(|(key, _)| *key).collect::<Vec<_>>());
            let down: Vec<_> = map.down_from(at).map(|(key, _)| *key).collect();
            prop_assert_eq!(down, model.range(..at).rev().map(|(key, _)| *key).collect::<Vec<_>>());
        }
        for (one, model) in &all {
            for (other, theirs) in &all {
                let told: Vec<_> = one.diff(other).map(|d| (*d.key, d.before.copied(), d.after.copied())).collect();
                prop_assert_eq!(told, differences(model, theirs));
                prop_assert!(!one.ptr_eq(other) || model == theirs);
            }
        }
    }
}

/// A map with so much above that the next revision begins anew.
fn grown() -> (Map, Model) {
    let most = u16::try_from(2 * FEW).unwrap();
    let model: Model = (0..most).map(|key| (key, 1)).collect();
    let mut map = Map::default();
    model.iter().for_each(|(key, value)| map.insert(*key, *value));
    (map, model)
}

#[test]
fn revisions_that_follow_the_same_one_share_its_array() {
    let (map, model) = grown();
    let (mut one, mut other) = (map.settled(), map.settled());
    assert!(Arc::ptr_eq(&one.below, &other.below) && one.above.is_empty());
    assert_eq!(read(&one), model.into_iter().collect::<Vec<_>>());
    one.insert(5, 7);
    other.remove(&6);
    let told = |a: &Map, b: &Map| a.diff(b).map(|d| (*d.key, d.before.copied(), d.after.copied())).collect::<Vec<_>>();
    assert_eq!(told(&map, &one), [(5, Some(1), Some(7))]);
    assert_eq!(told(&one, &map), [(5, Some(7), Some(1))]);
    assert_eq!(told(&one, &other), [(5, Some(7), Some(1)), (6, Some(1), None)]);
}

#[test]
fn an_array_is_never_that_of_what_was_changed_since() {
    let (map, model) = grown();
    let before = map.settled();
    let mut changed = map.clone();
    changed.insert(3, 9);
    assert_eq!(changed.settled().get(&3), Some(&9));
    assert_eq!(before.get(&3), model.get(&3));
    assert_eq!(changed.diff(&before).map(|d| *d.key).collect::<Vec<_>>(), [3]);
    let mut mine = map;
    mine.remove(&4);
    assert!(!mine.settled().contains(&4));
}

#[test]
fn what_goes_and_comes_back_leaves_nothing_above() {
    let mut map = Map::filled(vec![(1, 1), (2, 2)]);
    map.remove(&1);
    map.insert(1, 1);
    assert!(map.above.is_empty());
    assert_eq!(map.len(), 2);
}
