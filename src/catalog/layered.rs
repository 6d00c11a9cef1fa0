//! A sorted map in two layers: one array that many revisions share, and over it a small tree of what a revision has otherwise.
//!
//! A persistent tree of a million entries copies a path through memory that no cache holds for whatever changes. Here a change costs what
//! the changes before it amount to, and the array holds nothing but entries. Once much stands above, the next revision begins with an
//! array of its own, which is made once however many revisions follow the same one.

use std::cmp::Ordering;
use std::fmt;
use std::sync::{Arc, OnceLock};

use equivalent::Comparable;
use imbl::OrdMap;

/// Up to so many changes nobody minds.
const FEW: usize = 1024;
/// And up to this part of what lies below.
const PART: usize = 2;

type Array<K, V> = Arc<Vec<(K, V)>>;

/// Values by key, in order. Cloning costs nothing; clones share what they do not change.
#[derive(Clone)]
pub(super) struct Layered<K, V> {
    /// In order, each key once.
    below: Array<K, V>,
    /// What differs from it; `None` is not there.
    above: OrdMap<K, Option<V>>,
    len: usize,
    /// All of it as one array, once a revision that follows has asked for it.
    whole: Arc<OnceLock<Array<K, V>>>,
}

impl<K, V> Default for Layered<K, V> {
    fn default() -> Self {
        Self { below: Arc::default(), above: OrdMap::new(), len: 0, whole: Arc::default() }
    }
}

impl<K: fmt::Debug + Ord + Clone, V: fmt::Debug + Clone + PartialEq> fmt::Debug for Layered<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// A key that two maps do not have alike, and what each has.
pub(super) struct Differing<'a, K, V> {
    pub(super) key: &'a K,
    pub(super) before: Option<&'a V>,
    pub(super) after: Option<&'a V>,
}

impl<K: Ord + Clone, V: Clone + PartialEq> Layered<K, V> {
    /// All at once; `sorted` is in order, each key once.
    pub(super) fn filled(sorted: Vec<(K, V)>) -> Self {
        Self { len: sorted.len(), below: Arc::new(sorted), ..Self::default() }
    }

    /// The same, for a revision that follows: with little above.
    pub(super) fn settled(&self) -> Self {
        if self.above.len() <= FEW + self.below.len() / PART { self.clone() } else { self.folded() }
    }

    /// The same, as one array where most of it is above or gone: that is smaller than what says so.
    pub(super) fn compact(self) -> Self {
        if self.above.len() <= FEW || self.len > PART * self.above.len() { self } else { self.folded() }
    }

    fn folded(&self) -> Self {
        let whole = self.whole.get_or_init(|| {
            let mut whole = Vec::with_capacity(self.len);
            whole.extend(self.iter().map(|(key, value)| (key.clone(), value.clone())));
            Arc::new(whole)
        });
        Self { below: whole.clone(), len: self.len, ..Self::default() }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether both are one memory: a quick yes; a no means nothing.
    pub(super) fn ptr_eq(&self, other: &Self) -> bool {
        let above = self.above.ptr_eq(&other.above) || self.above.is_empty() && other.above.is_empty();
        above && Arc::ptr_eq(&self.below, &other.below)
    }

    pub(super) fn get_key_value<Q: Comparable<K> + ?Sized>(&self, key: &Q) -> Option<(&K, &V)> {
        match self.above.get_key_value(key) {
            Some((key, value)) => value.as_ref().map(|value| (key, value)),
            None => self.lies_below(key),
        }
    }

    pub(super) fn get<Q: Comparable<K> + ?Sized>(&self, key: &Q) -> Option<&V> {
        self.get_key_value(key).map(|(_, value)| value)
    }

    pub(super) fn contains<Q: Comparable<K> + ?Sized>(&self, key: &Q) -> bool {
        self.get_key_value(key).is_some()
    }

    fn lies_below<Q: Comparable<K> + ?Sized>(&self, key: &Q) -> Option<(&K, &V)> {
        let at = self.below.binary_search_by(|(known, _)| key.compare(known).reverse()).ok()?;
        self.below.get(at).map(|(key, value)| (key, value))
    }

    pub(super) fn insert(&mut self, key: K, value: V) {
        self.changed();
        let stood = self.contains(&key);
        // Above stands only what differs, so that what goes and comes back leaves nothing.
        if self.lies_below(&key).is_some_and(|(_, known)| *known == value) {
            self.above.remove(&key);
        } else {
            self.above.insert(key, Some(value));
        }
        self.len += usize::from(!stood);
    }

    pub(super) fn remove<Q: Comparable<K> + ?Sized>(&mut self, key: &Q) {
        let Some((known, _)) = self.get_key_value(key) else { return };
        let known = known.clone();
        self.changed();
        if self.lies_below(key).is_some() {
            self.above.insert(known, None);
        } else {
            self.above.remove(&known);
        }
        self.len -= 1;
    }

    /// The array that was made is that of another revision now.
    fn changed(&mut self) {
        if Arc::strong_count(&self.whole) > 1 || self.whole.get().is_some() {
            self.whole = Arc::default();
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        merged(self.below.iter(), self.above.iter(), K::cmp)
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &K> {
        self.iter().map(|(key, _)| key)
    }

    /// A value that stands near `key`, or stood there: to share memory with.
    pub(super) fn near(&self, key: &K) -> Option<&V> {
        let place = self.place(key);
        let below = self.below.get(place).or_else(|| self.below.get(place.checked_sub(1)?)).map(|(_, value)| value);
        below.or_else(|| self.above.get_next(key).or_else(|| self.above.get_prev(key))?.1.as_ref())
    }

    /// Those from `first` on, as long as keys are `wanted`. What is gone is passed over, one by one; so what is not wanted ends the search, whether it is
    /// there or not.
    pub(super) fn from(&self, first: K, wanted: impl Fn(&K) -> bool + Clone) -> impl Iterator<Item = (&K, &V)> {
        let below = self.below.get(self.place(&first)..).unwrap_or_default();
        let (lower, upper) = (wanted.clone(), wanted);
        let below = below.iter().take_while(move |(key, _)| lower(key));
        merged(below, self.above.range(first..).take_while(move |(key, _)| upper(key)), K::cmp)
    }

    /// Those before `end`, the last first, as long as keys are `wanted`.
    pub(super) fn down_from(&self, end: K, wanted: impl Fn(&K) -> bool + Clone) -> impl Iterator<Item = (&K, &V)> {
        let below = self.below.get(..self.place(&end)).unwrap_or_default();
        let (lower, upper) = (wanted.clone(), wanted);
        let below = below.iter().rev().take_while(move |(key, _)| lower(key));
        merged(below, self.above.range(..end).rev().take_while(move |(key, _)| upper(key)), |a, b| b.cmp(a))
    }

    /// How many entries below stand before `key`.
    fn place(&self, key: &K) -> usize {
        self.below.partition_point(|(known, _)| known < key)
    }

    /// What the two do not have alike, in order. Where one follows the other, or both the same, the cost is in proportion to what
    /// changed since their array was made.
    pub(super) fn diff<'a>(&'a self, other: &'a Self) -> Box<dyn Iterator<Item = Differing<'a, K, V>> + 'a> {
        let differing = |key: &'a K, before: Option<&'a V>, after: Option<&'a V>| {
            (before != after).then_some(Differing { key, before, after })
        };
        if Arc::ptr_eq(&self.below, &other.below) {
            return Box::new(self.above.diff(&other.above).filter_map(move |item| {
                use imbl::ordmap::DiffItem::{Add, Remove, Update};
                let (Add(key, _) | Remove(key, _) | Update { new: (key, _), .. }) = item;
                differing(key, self.get(key), other.get(key))
            }));
        }
        if self.whole.get().is_some_and(|whole| Arc::ptr_eq(whole, &other.below)) {
            return Box::new(other.above.keys().filter_map(move |key| differing(key, self.get(key), other.get(key))));
        }
        if other.whole.get().is_some_and(|whole| Arc::ptr_eq(whole, &self.below)) {
            return Box::new(self.above.keys().filter_map(move |key| differing(key, self.get(key), other.get(key))));
        }
        let (mut mine, mut theirs) = (self.iter().peekable(), other.iter().peekable());
        Box::new(
            std::iter::from_fn(move || {
                let order = match (mine.peek(), theirs.peek()) {
                    (None, None) => return None,
                    (Some(_), None) => Ordering::Less,
                    (None, Some(_)) => Ordering::Greater,
                    (Some((a, _)), Some((b, _))) => a.cmp(b),
                };
                let before = if order.is_le() { mine.next() } else { None };
                let after = if order.is_ge() { theirs.next() } else { None };
                let key = before.or(after).map(|(key, _)| key)?;
                Some(differing(key, before.map(|(_, value)| value), after.map(|(_, value)| value)))
            })
            .flatten(),
        )
    }
}

/// Both layers as one, in the order in which each of them comes.
fn merged<'a, K: 'a, V: 'a>(
    below: impl Iterator<Item = &'a (K, V)>,
    above: impl Iterator<Item = (&'a K, &'a Option<V>)>,
    order: impl Fn(&K, &K) -> Ordering,
) -> impl Iterator<Item = (&'a K, &'a V)> {
    let (mut below, mut above) = (below.peekable(), above.peekable());
    std::iter::from_fn(move || {
        loop {
            let next = match (below.peek(), above.peek()) {
                (None, None) => return None,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some((lower, _)), Some((upper, _))) => order(lower, upper),
            };
            let lower = if next.is_le() { below.next() } else { None };
            if next.is_lt() {
                return lower.map(|(key, value)| (key, value));
            }
            if let Some((key, Some(value))) = above.next() {
                return Some((key, value));
            }
        }
    })
}

#[cfg(test)]
#[path = "layered_tests.rs"]
mod tests;
