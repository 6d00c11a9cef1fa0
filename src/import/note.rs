//! What is told of an import: nothing is lost in silence.

use std::collections::BTreeMap;

/// How much of something is missing afterwards.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Weight {
    /// A whole document: nothing of it is in the repository.
    KeptOut,
    /// A part of a document.
    LeftOut,
    /// Nothing; it is told so that nobody wonders.
    Told,
}

/// One thing to tell.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Note {
    /// How much is missing.
    pub weight: Weight,
    /// What it is about, as findings name it: `actions/deploy`, `Env/prod`, or the place in a file.
    pub what: String,
    /// Why, in one sentence without a full stop.
    pub why: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// Notes as they are collected. What happens to many documents alike is counted and told once.
#[derive(Clone, Default, Debug)]
pub struct Notes {
    single: Vec<Note>,
    counted: BTreeMap<(Weight, &'static str), BTreeMap<String, usize>>,
}

/// How many names a counted note tells.
const SHOWN: usize = 12;

impl Notes {
    /// A document that is not imported.
    pub(super) fn kept_out(&mut self, what: impl Into<String>, why: impl Into<String>, help: impl Into<String>) {
        self.push(Weight::KeptOut, what.into(), why.into(), Some(help.into()));
    }

    /// A part that is not imported.
    pub(super) fn left_out(&mut self, what: impl Into<String>, why: impl Into<String>, help: impl Into<String>) {
        self.push(Weight::LeftOut, what.into(), why.into(), Some(help.into()));
    }

    /// Something worth knowing.
    pub(super) fn told(&mut self, what: impl Into<String>, why: impl Into<String>) {
        self.push(Weight::Told, what.into(), why.into(), None);
    }

    /// One more of many.
    pub(super) fn count(&mut self, weight: Weight, why: &'static str, name: impl Into<String>) {
        *self.counted.entry((weight, why)).or_default().entry(name.into()).or_default() += 1;
    }

    fn push(&mut self, weight: Weight, what: String, why: String, help: Option<String>) {
        self.single.push(Note { weight, what, why, help: help.filter(|help| !help.is_empty()) });
    }

    /// All of them: the gravest first, then by what they are about.
    pub(super) fn done(self) -> Vec<Note> {
        let mut all = self.single;
        for ((weight, why), names) in self.counted {
            let total: usize = names.values().sum();
            let mut shown: Vec<String> =
                names.iter().take(SHOWN).map(|(name, n)| if *n == 1 { name.clone() } else { format!("{name} ({n})") }).collect();
            if names.len() > SHOWN {
                shown.push(format!("and {} more", names.len() - SHOWN));
            }
            let what = format!("{total} {}", if total == 1 { "place" } else { "places" });
            all.push(Note { weight, what, why: format!("{why}: {}", shown.join(", ")), help: None });
        }
        all.sort();
        all.dedup();
        all
    }
}
