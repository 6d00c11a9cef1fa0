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
            let near = |key: &u16| key.abs_diff(at) < 50;
            let up: Vec<_> = map.from(at, near).map(|(key, _)| *key).collect();
            prop_assert_eq!(up, model.range(at..at + 50).map(|(key, _)| *key).collect::<Vec<_>>());
            let down: Vec<_> = map.down_from(at, near).map(|(key, _)| *key).collect();
            prop_assert_eq!(down, model.range(at.saturating_sub(49)..at).rev().map(|(key, _)| *key).collect::<Vec<_>>());
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

/// A key that counts how often it is compared.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Counted(u32);

thread_local!(static COMPARED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) });

impl PartialOrd for Counted {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Counted {
    fn cmp(&self, other: &Self) -> Ordering {
        COMPARED.set(COMPARED.get() + 1);
        self.0.cmp(&other.0)
    }
}

#[test]
fn what_is_gone_costs_nobody_who_does_not_ask_for_it() {
    let mut map = Layered::filled((0..20_000).map(|key| (Counted(key), ())).collect());
    (1_000..11_000).for_each(|key| map.remove(&Counted(key)));
    COMPARED.set(0);
    for key in 900..10_900 {
        assert_eq!(map.from(Counted(key), |found| found.0 == key).count(), usize::from(key < 1_000));
        assert_eq!(map.down_from(Counted(key), |found| found.0 + 1 == key).count(), usize::from(key <= 1_000));
        assert!(map.near(&Counted(key)).is_some());
    }
    let each = COMPARED.get() / 10_000;
    assert!(each < 200, "{each} comparisons for each");
}

#[test]
fn where_most_is_gone_or_new_what_is_left_is_one_array() {
    let most = u16::try_from(8 * FEW).unwrap();
    let full = Map::filled((0..most).map(|key| (key, 1)).collect());
    let mut emptied = full.clone();
    (5..most).for_each(|key| emptied.remove(&key));
    let left = emptied.clone().compact();
    assert!(left.above.is_empty() && left.below.len() == 5);
    assert_eq!(read(&left), read(&emptied));
    assert_eq!(full.diff(&left).count(), usize::from(most) - 5);
    let mut little = full.clone();
    (0..100).for_each(|key| little.remove(&key));
    assert!(Arc::ptr_eq(&little.compact().below, &full.below), "it shares what it does not change");
}

#[test]
fn what_goes_and_comes_back_leaves_nothing_above() {
    let mut map = Map::filled(vec![(1, 1), (2, 2)]);
    map.remove(&1);
    map.insert(1, 1);
    assert!(map.above.is_empty());
    assert_eq!(map.len(), 2);
}
