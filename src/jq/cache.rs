//! Remembers answers, within bounds, so that a judgement which asks again does not compute again.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use crate::model::{ExpressionError, Value};

/// How many answers are kept.
const KEPT: usize = 8192;
/// The most that the answers kept may come to, in bytes as the cache counts them.
const BYTES: usize = 32 * 1024 * 1024;
/// How long it is believed that a question takes too long or too much: it may have been the machine.
const MISFORTUNE: Duration = Duration::from_secs(30);

type Known = Result<Vec<Value>, ExpressionError>;
type Key = [u8; 32];

/// The newest answers, by question.
#[derive(Debug)]
pub(super) struct Cache(Mutex<Held>);

#[derive(Default, Debug)]
struct Held {
    answers: HashMap<Key, Entry>,
    order: VecDeque<Key>,
    bytes: usize,
}

#[derive(Debug)]
struct Entry {
    known: Known,
    until: Option<Instant>,
    bytes: usize,
}

impl Cache {
    pub(super) fn new() -> Self {
        Self(Mutex::new(Held::default()))
    }

    /// What was answered before.
    pub(super) fn get(&self, question: &[u8]) -> Option<Known> {
        let held = self.held();
        let entry = held.answers.get(&key(question))?;
        entry.until.is_none_or(|until| Instant::now() < until).then(|| entry.known.clone())
    }

    /// Remembers an answer; that nobody evaluates is none.
    pub(super) fn put(&self, question: Vec<u8>, known: &Known) {
        let until = match known {
            Err(ExpressionError::Unavailable(_)) => return,
            Err(ExpressionError::TimedOut | ExpressionError::Crashed) => Some(Instant::now() + MISFORTUNE),
            _ => None,
        };
        let bytes = 128 + known.as_ref().map_or(0, |values| values.iter().map(weight).sum());
        let key = key(&question);
        let mut held = self.held();
        if let Some(old) = held.answers.insert(key, Entry { known: known.clone(), until, bytes }) {
            held.bytes = held.bytes.saturating_sub(old.bytes);
        } else {
            held.order.push_back(key);
        }
        held.bytes += bytes;
        while held.answers.len() > KEPT || held.bytes > BYTES {
            let Some(oldest) = held.order.pop_front() else { return };
            let gone = held.answers.remove(&oldest).map_or(0, |entry| entry.bytes);
            held.bytes = held.bytes.saturating_sub(gone);
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        // A panic while holding it leaves at worst one answer that is never forgotten first.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Questions are long and many are alike, so their digest is kept.
fn key(question: &[u8]) -> Key {
    Sha256::digest(question).into()
}

/// What a value takes, near enough.
fn weight(value: &Value) -> usize {
    32 + match value {
        Value::String(text) => text.len(),
        Value::List(items) => items.iter().map(weight).sum(),
        Value::Map(pairs) => pairs.iter().map(|(key, value)| key.len() + weight(value)).sum(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_remembered_and_the_oldest_are_forgotten() {
        let cache = Cache::new();
        for question in 0..=KEPT {
            cache.put(question.to_string().into(), &Ok(vec![Value::Int(1)]));
        }
        assert_eq!(cache.get(b"0"), None);
        assert_eq!(cache.get(b"1"), Some(Ok(vec![Value::Int(1)])));
    }

    #[test]
    fn large_answers_push_others_out() {
        let cache = Cache::new();
        let large = Value::from("x".repeat(1024 * 1024).as_str());
        for question in 0..100 {
            cache.put(format!("{question}").into(), &Ok(vec![large.clone()]));
        }
        assert!(cache.held().bytes <= BYTES);
        assert!(cache.get(b"99").is_some());
        assert_eq!(cache.get(b"0"), None);
    }

    #[test]
    fn that_nobody_evaluates_is_not_remembered() {
        let cache = Cache::new();
        cache.put(b"q".to_vec(), &Err(ExpressionError::Unavailable("not started".into())));
        assert_eq!(cache.get(b"q"), None);
    }
}
