//! A document on its way: whose it is, what it says, where it came from.

use std::collections::BTreeMap;

use crate::model::{Subject, Value};

use super::Notes;
use super::prune;

/// A document that is to stand in the repository.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    /// What it is.
    pub(super) subject: Subject,
    /// What it says.
    pub(super) value: Value,
    /// Where it came from, for the notes.
    pub(super) source: String,
}

/// Each document once, without what no document may say.
pub(super) fn settle(drafts: Vec<Draft>, notes: &mut Notes) -> BTreeMap<Subject, Draft> {
    let mut out: BTreeMap<Subject, Draft> = BTreeMap::new();
    for draft in drafts {
        let Some(draft) = prune::prune(draft, notes) else { continue };
        match out.get(&draft.subject) {
            None => {
                out.insert(draft.subject.clone(), draft);
            }
            Some(first) if first.value == draft.value => {}
            Some(first) => {
                let why = format!("{} says something else of it than {}, which is taken", draft.source, first.source);
                notes.kept_out(draft.subject.to_string(), why, "import the one that holds, without the other");
            }
        }
    }
    out
}

/// A mapping that is being put together.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields(BTreeMap<Box<str>, Value>);

impl Fields {
    /// The entries of a mapping; none where it is something else.
    pub(super) fn of(value: &Value) -> Self {
        Self(entries(value).iter().cloned().collect())
    }

    pub(super) fn set(&mut self, key: &str, value: Value) {
        self.0.insert(key.into(), value);
    }

    /// Sets it where there is something to set: no null, no empty text, list or mapping.
    pub(super) fn set_some(&mut self, key: &str, value: Option<Value>) {
        if let Some(value) = value.filter(|value| !is_nothing(value)) {
            self.set(key, value);
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key)
    }

    pub(super) fn remove(&mut self, key: &str) -> Option<Value> {
        self.0.remove(key)
    }

    pub(super) fn retain(&mut self, keep: impl FnMut(&Box<str>, &mut Value) -> bool) {
        self.0.retain(keep);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(key, value)| (&**key, value))
    }

    pub(super) fn done(self) -> Value {
        Value::from_pairs(self.0)
    }
}

/// The entries of a mapping; none where it is something else.
pub(super) fn entries(value: &Value) -> &[(Box<str>, Value)] {
    match value {
        Value::Map(pairs) => pairs,
        _ => &[],
    }
}

/// The items of a list; none where it is something else.
pub(super) fn items(value: &Value) -> &[Value] {
    match value {
        Value::List(items) => items,
        _ => &[],
    }
}

/// The text under a key.
pub(super) fn text_at<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key).and_then(Value::as_str)
}

/// Null, and what is empty.
pub(super) fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::List(items) => items.is_empty(),
        Value::Map(pairs) => pairs.is_empty(),
        _ => false,
    }
}

/// A list of texts, sorted, each once.
pub(super) fn sorted_texts<'t>(texts: impl IntoIterator<Item = &'t str>) -> Value {
    let set: std::collections::BTreeSet<&str> = texts.into_iter().collect();
    Value::List(set.into_iter().map(Value::from).collect())
}
