//! Persistent maps made of what is sorted already, with their nodes full.
//!
//! A B-tree splits a full node in halves. Filled in order, each of its nodes stays half empty; so first every other entry is put in, and
//! then those between fill the other halves.

use imbl::{OrdMap, OrdSet};

pub(super) fn map<K: Ord + Clone, V: Clone>(sorted: Vec<(K, V)>) -> OrdMap<K, V> {
    let mut out = OrdMap::new();
    let mut between = Vec::with_capacity(sorted.len() / 2);
    for (at, (key, value)) in sorted.into_iter().enumerate() {
        if at % 2 == 0 {
            out.insert(key, value);
        } else {
            between.push((key, value));
        }
    }
    for (key, value) in between {
        out.insert(key, value);
    }
    out
}

pub(super) fn set<T: Ord + Clone>(sorted: Vec<T>) -> OrdSet<T> {
    let mut out = OrdSet::new();
    let mut between = Vec::with_capacity(sorted.len() / 2);
    for (at, item) in sorted.into_iter().enumerate() {
        if at % 2 == 0 {
            out.insert(item);
        } else {
            between.push(item);
        }
    }
    for item in between {
        out.insert(item);
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn holds_all_in_order() {
        for size in [0, 1, 2, 17, 1000] {
            let sorted: Vec<usize> = (0..size).map(|n| n * 3).collect();
            assert!(super::set(sorted.clone()).iter().copied().eq(sorted.iter().copied()));
            let map = super::map(sorted.iter().map(|n| (*n, n + 1)).collect());
            assert!(map.iter().all(|(key, value)| key + 1 == *value) && map.keys().copied().eq(sorted));
        }
    }
}
