//! One kind of document by its key: a persistent map that also remembers who else claims a key.

use std::sync::Arc;

use imbl::OrdMap;

use crate::model::{FilePath, Place, Pointer};

/// A document and where it stands.
#[derive(Clone, PartialEq, Debug)]
pub struct Located<T> {
    /// Its file.
    pub file: FilePath,
    /// Its node in the file: the root, or an item of a sequence of entities.
    pub pointer: Pointer,
    /// The document.
    pub value: T,
}

impl<T> Located<T> {
    /// The document as a whole.
    pub fn place(&self) -> Place {
        Place::value(&self.file, self.pointer.clone())
    }

    /// The value under these keys.
    pub fn value_at(&self, keys: &[&str]) -> Place {
        Place::value(&self.file, self.descend(keys))
    }

    /// The last of these keys itself.
    pub fn key_at(&self, keys: &[&str]) -> Place {
        Place::key(&self.file, self.descend(keys))
    }

    /// The way to these keys.
    pub fn descend(&self, keys: &[&str]) -> Pointer {
        keys.iter().fold(self.pointer.clone(), |pointer, key| pointer.key(key))
    }
}

/// Documents by key, whichever way they are held.
pub trait Declared<K, T> {
    /// The document under `key`.
    fn standing(&self, key: &K) -> Option<Arc<Located<T>>>;

    /// Every key that more than one document claims, with the documents that do not stand.
    fn rivals(&self) -> &OrdMap<K, Vec<Arc<Located<T>>>>;
}

impl<K: Ord + Clone, T: Clone> Declared<K, T> for Table<K, T> {
    fn standing(&self, key: &K) -> Option<Arc<Located<T>>> {
        self.live.get(key).cloned()
    }

    fn rivals(&self) -> &OrdMap<K, Vec<Arc<Located<T>>>> {
        &self.duplicates
    }
}

/// Documents by key. Cloning costs nothing; clones share what they do not change.
///
/// Of several documents that claim one key the one in the first file, by name, stands (so the order of loading means
/// nothing); the others wait in [`Table::duplicates`], and every one of them is an error.
#[derive(Clone)]
pub struct Table<K, T> {
    live: OrdMap<K, Arc<Located<T>>>,
    duplicates: OrdMap<K, Vec<Arc<Located<T>>>>,
}

impl<K: Ord + Clone + std::fmt::Debug, T: std::fmt::Debug> std::fmt::Debug for Table<K, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Table").field("live", &self.live).field("duplicates", &self.duplicates).finish()
    }
}

impl<K: Ord + Clone, T> Default for Table<K, T> {
    fn default() -> Self {
        Self { live: OrdMap::new(), duplicates: OrdMap::new() }
    }
}

impl<K: Ord + Clone, T: Clone> Table<K, T> {
    /// The document under `key`.
    pub fn get<Q>(&self, key: &Q) -> Option<&Arc<Located<T>>>
    where
        Q: Ord + ?Sized,
        K: std::borrow::Borrow<Q>,
    {
        self.live.get(key)
    }

    /// Whether there is one.
    pub fn contains<Q>(&self, key: &Q) -> bool
    where
        Q: Ord + ?Sized,
        K: std::borrow::Borrow<Q>,
    {
        self.live.contains_key(key)
    }

    /// All, in order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &Arc<Located<T>>)> {
        self.live.iter()
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.live.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.live.is_empty()
    }

    /// The persistent map itself, for structural comparison.
    pub fn map(&self) -> &OrdMap<K, Arc<Located<T>>> {
        &self.live
    }

    /// Every key that more than one document claims, with the documents that do not stand.
    pub fn duplicates(&self) -> impl Iterator<Item = (&K, &Vec<Arc<Located<T>>>)> {
        self.duplicates.iter()
    }

    /// The persistent map of those, for structural comparison.
    pub fn duplicates_map(&self) -> &OrdMap<K, Vec<Arc<Located<T>>>> {
        &self.duplicates
    }

    /// Those that claim `key` without standing.
    pub fn duplicates_of(&self, key: &K) -> &[Arc<Located<T>>] {
        self.duplicates.get(key).map_or(&[], Vec::as_slice)
    }

    /// Adds a document.
    pub(super) fn insert(&mut self, key: K, document: Arc<Located<T>>) {
        let Some(standing) = self.live.get(&key) else {
            self.live.insert(key, document);
            return;
        };
        let order = |l: &Located<T>| (l.file.clone(), l.pointer.clone());
        let (first, second) =
            if order(&document) < order(standing) { (document, standing.clone()) } else { (standing.clone(), document) };
        let mut others = self.duplicates.get(&key).cloned().unwrap_or_default();
        others.push(second);
        others.sort_by_key(|l| order(l));
        self.duplicates.insert(key.clone(), others);
        self.live.insert(key, first);
    }

    /// Takes away what `file` declared under `key`.
    pub(super) fn remove(&mut self, key: &K, file: &FilePath) {
        let mut all: Vec<_> = self.live.get(key).cloned().into_iter().chain(self.duplicates_of(key).iter().cloned()).collect();
        all.retain(|l| l.file != *file);
        self.live.remove(key);
        self.duplicates.remove(key);
        for document in all {
            self.insert(key.clone(), document);
        }
    }
}
