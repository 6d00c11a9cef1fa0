//! What we have read before, so that GitHub may answer "unchanged", which costs no quota. It only ever answers after GitHub was asked.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use bytes::Bytes;

/// What one entry costs besides its texts, roughly.
const OVERHEAD: usize = 200;

/// Who asked, and for what; the method is always GET and what is accepted always the same.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Question {
    /// The identity that asked: answers differ by who asks.
    pub(super) identity: u64,
    /// The whole address.
    pub(super) address: String,
}

/// A whole answer: it was read to its end, and it is JSON.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Stored {
    /// What to ask with.
    pub(super) etag: String,
    /// The body.
    pub(super) body: Bytes,
    /// The `Link` header.
    pub(super) link: Option<String>,
}

/// Bounded in bytes and entries; what was not used for longest goes first.
#[derive(Debug)]
pub(super) struct Cache {
    most_bytes: usize,
    most_entries: usize,
    entries: HashMap<Question, (u64, Arc<Stored>)>,
    by_use: BTreeMap<u64, Question>,
    bytes: usize,
    uses: u64,
}

impl Cache {
    /// An empty cache with its bounds.
    pub(super) fn new(most_bytes: usize, most_entries: usize) -> Self {
        Self { most_bytes, most_entries, entries: HashMap::new(), by_use: BTreeMap::new(), bytes: 0, uses: 0 }
    }

    /// What was answered last time.
    pub(super) fn find(&mut self, question: &Question) -> Option<Arc<Stored>> {
        let (used, stored) = self.entries.get_mut(question)?;
        self.uses += 1;
        self.by_use.remove(used);
        self.by_use.insert(self.uses, question.clone());
        *used = self.uses;
        Some(stored.clone())
    }

    /// Keeps an answer. One that would take a quarter of the whole is not kept.
    pub(super) fn keep(&mut self, question: Question, stored: Stored) {
        self.forget(&question);
        let cost = cost(&question, &stored);
        if cost > self.most_bytes / 4 {
            return;
        }
        self.uses += 1;
        self.bytes += cost;
        self.by_use.insert(self.uses, question.clone());
        self.entries.insert(question, (self.uses, Arc::new(stored)));
        while self.bytes > self.most_bytes || self.entries.len() > self.most_entries {
            let Some((_, oldest)) = self.by_use.first_key_value() else { return };
            let oldest = oldest.clone();
            self.forget(&oldest);
        }
    }

    /// Drops an answer that turned out to be of no use.
    pub(super) fn forget(&mut self, question: &Question) {
        if let Some((used, stored)) = self.entries.remove(question) {
            self.by_use.remove(&used);
            self.bytes = self.bytes.saturating_sub(cost(question, &stored));
        }
    }
}

/// Whether two validators name the same content; a weak one is good enough for what we do.
pub(super) fn same_etag(one: &str, other: &str) -> bool {
    one.strip_prefix("W/").unwrap_or(one) == other.strip_prefix("W/").unwrap_or(other)
}

fn cost(question: &Question, stored: &Stored) -> usize {
    // The address is kept twice: by question, and by use.
    OVERHEAD + 2 * question.address.len() + stored.etag.len() + stored.body.len() + stored.link.as_ref().map_or(0, String::len)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(identity: u64, address: &str) -> Question {
        Question { identity, address: address.into() }
    }

    fn stored(etag: &str, size: usize) -> Stored {
        Stored { etag: etag.into(), body: Bytes::from(vec![b' '; size]), link: None }
    }

    fn etag(cache: &mut Cache, identity: u64, address: &str) -> Option<String> {
        cache.find(&question(identity, address)).map(|stored| stored.etag.clone())
    }

    #[test]
    fn answers_are_kept_by_who_asked() {
        let mut cache = Cache::new(100_000, 10);
        cache.keep(question(1, "/a"), stored("one", 1));
        cache.keep(question(2, "/a"), stored("two", 1));
        assert_eq!(etag(&mut cache, 1, "/a").as_deref(), Some("one"));
        assert_eq!(etag(&mut cache, 2, "/a").as_deref(), Some("two"));
        assert_eq!(etag(&mut cache, 3, "/a"), None);
    }

    #[test]
    fn what_was_not_used_for_longest_goes_first() {
        let mut cache = Cache::new(100_000, 2);
        cache.keep(question(1, "/a"), stored("a", 1));
        cache.keep(question(1, "/b"), stored("b", 1));
        etag(&mut cache, 1, "/a");
        cache.keep(question(1, "/c"), stored("c", 1));
        assert_eq!(etag(&mut cache, 1, "/b"), None);
        assert!(etag(&mut cache, 1, "/a").is_some() && etag(&mut cache, 1, "/c").is_some());
    }

    #[test]
    fn bytes_are_bounded_and_counted_exactly() {
        let mut cache = Cache::new(10_000, 1000);
        for i in 0..500 {
            cache.keep(question(1, &format!("/{}", i % 70)), stored("x", (i * 37) % 2600));
            assert!(cache.bytes <= 10_000 && cache.by_use.len() == cache.entries.len());
        }
        let counted: usize = cache.entries.iter().map(|(question, (_, stored))| cost(question, stored)).sum();
        assert_eq!(counted, cache.bytes);
        for i in 0..70 {
            cache.forget(&question(1, &format!("/{i}")));
        }
        assert_eq!((cache.bytes, cache.by_use.len()), (0, 0));
    }

    #[test]
    fn what_is_too_large_replaces_nothing_but_its_own_past() {
        let mut cache = Cache::new(10_000, 10);
        cache.keep(question(1, "/a"), stored("a", 10));
        cache.keep(question(1, "/b"), stored("b", 10));
        cache.keep(question(1, "/a"), stored("new", 9000));
        assert_eq!(etag(&mut cache, 1, "/a"), None, "the old answer is stale");
        assert!(etag(&mut cache, 1, "/b").is_some());
    }

    #[test]
    fn weak_validators_are_as_good() {
        assert!(same_etag("W/\"a\"", "\"a\"") && same_etag("\"a\"", "\"a\"") && !same_etag("\"a\"", "\"b\""));
    }
}
