//! The permission engine against an independent oracle: the same questions, put to Cedar in a translation of its own.
//!
//! `PORTCULLIS_ORACLE_SEED` asks other questions; the seed of a failure is printed with the smallest catalog that shows it.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::expect_used, clippy::result_large_err)] // a test that cannot go on says so

mod engine;
mod oracle;
mod owners;
mod random;
mod shrink;

use std::collections::BTreeMap;

use cedar_policy::PolicySet;
use engine::{Engine, WRONG, answers, judged};
use fastrand::Rng;
use oracle::{Change, Oracle};
use portcullis::catalog::Catalog;
use random::{ACTORS, Files};

const SEED: u64 = 20_261_122;
const QUESTIONS: usize = 100_000;
/// Catalogs, and edits of each.
const CATALOGS: u64 = 450;
const EDITS: usize = 8;

fn seed() -> u64 {
    std::env::var("PORTCULLIS_ORACLE_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(SEED)
}

/// Where the two disagree: who, about which change, and what each says (`None`: that there is no such change).
type Mismatch = (Change, String, Option<bool>, Option<bool>);

#[derive(Default, Debug)]
struct Count {
    allowed: usize,
    denied: usize,
    /// Answers by what is asked: the directory, or the kind of field.
    kinds: BTreeMap<String, [usize; 2]>,
}

impl Count {
    fn add(&mut self, change: &Change, allowed: bool) {
        *(if allowed { &mut self.allowed } else { &mut self.denied }) += 1;
        let kind = match change.0.split('/').next().unwrap() {
            kind if kind.len() > 1 => kind.to_owned(),
            _ if change.1.is_empty() => "entity".into(),
            _ => format!("field {}", change.1),
        };
        self.kinds.entry(kind).or_default()[usize::from(allowed)] += 1;
    }

    fn merge(&mut self, other: &Self) {
        self.allowed += other.allowed;
        self.denied += other.denied;
        for (kind, [no, yes]) in &other.kinds {
            let mine = self.kinds.entry(kind.clone()).or_default();
            *mine = [mine[0] + no, mine[1] + yes];
        }
    }
}

/// Asks both about everything between two catalogs.
fn compare(engine: Engine, base: &Base, after: &Files, count: &mut Count) -> Option<Mismatch> {
    let oracle = Oracle::with(base.rules.clone(), &base.files, after);
    let answers = answers(engine, &base.files, &base.catalog, after, ACTORS);
    if let Some(missed) = oracle.asks.keys().find(|change| !answers.contains_key(*change)) {
        return Some((missed.clone(), String::new(), None, Some(true)));
    }
    for (change, given) in &answers {
        if !oracle.asks.contains_key(change) {
            return Some((change.clone(), String::new(), Some(true), None));
        }
        for (actor, engine) in ACTORS.iter().zip(given) {
            let cedar = oracle.allows(actor, change);
            count.add(change, cedar);
            if *engine != cedar {
                return Some((change.clone(), (*actor).to_owned(), Some(*engine), Some(cedar)));
            }
        }
    }
    None
}

/// What judges, read by both.
struct Base {
    files: Files,
    catalog: Catalog,
    rules: PolicySet,
}

impl Base {
    fn of(files: Files) -> Self {
        Self { catalog: engine::read(&files), rules: oracle::rules(&files), files }
    }
}

/// The catalog of a number, and edits of it.
fn world(number: u64) -> (Base, Vec<Files>) {
    let mut r = Rng::with_seed(seed().wrapping_mul(1_000_003).wrapping_add(number));
    let before = random::catalog(&mut r);
    let edits = (0..EDITS).map(|_| random::edited(&mut r, &before)).collect();
    (Base::of(before), edits)
}

/// Runs over numbers on every core.
fn on_every_core<T: Send>(numbers: std::ops::Range<u64>, work: impl Fn(u64) -> T + Sync) -> Vec<T> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let (work, numbers) = (&work, &numbers);
    std::thread::scope(|scope| {
        let mine = |core| move || numbers.clone().filter(|number| number % cores == core).map(work).collect::<Vec<T>>();
        let running: Vec<_> = (0..cores).map(|core| scope.spawn(mine(core))).collect();
        running.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    })
}

fn tell(mismatch: &Mismatch, before: &Files, after: &Files) -> String {
    let (change, actor, engine, cedar) = mismatch;
    // A catalog cut so far that it is none is no counterexample; of that nothing needs telling.
    std::panic::set_hook(Box::new(|_| {}));
    let (before, after) = shrink::smaller(before, after, |before, after| {
        // The same kind of disagreement, about the same change; a smaller catalog may show it by somebody else.
        std::panic::catch_unwind(|| compare(Engine::Real, &Base::of(before.clone()), after, &mut Count::default()))
            .is_ok_and(|found| found.is_some_and(|found| found.0 == *change && found.2 == *engine && found.3 == *cedar))
    });
    drop(std::panic::take_hook());
    let list = |files: &Files| files.iter().map(|(path, document)| format!("  {path}: {document}\n")).collect::<String>();
    let changed: Files =
        after.iter().filter(|(path, d)| before.get(*path) != Some(d)).map(|(p, d)| (p.clone(), d.clone())).collect();
    let removed: Vec<&String> = before.keys().filter(|path| !after.contains_key(*path)).collect();
    format!(
        "seed {}: may {actor:?} make the change {change:?}? engine: {engine:?}, oracle: {cedar:?}\nbase:\n{}put:\n{}removed: {removed:?}",
        seed(),
        list(&before),
        list(&changed)
    )
}

#[test]
fn the_engine_answers_as_cedar_does() {
    println!("PORTCULLIS_ORACLE_SEED={}", seed());
    let counts = on_every_core(0..CATALOGS, |number| {
        let mut count = Count::default();
        let (base, edits) = world(number);
        for after in edits {
            if let Some(mismatch) = compare(Engine::Real, &base, &after, &mut count) {
                return Err(Box::new((base.files, after, mismatch)));
            }
        }
        Ok(count)
    });
    let mut all = Count::default();
    for count in counts {
        match count {
            Ok(count) => all.merge(&count),
            Err(found) => panic!("{}", tell(&found.2, &found.0, &found.1)),
        }
    }
    println!("{all:#?}");
    assert!(all.allowed + all.denied >= QUESTIONS, "only {} questions", all.allowed + all.denied);
    assert!(all.allowed * 10 > all.denied, "too few are allowed for a comparison that means anything: {all:?}");
    assert!(
        all.kinds.values().all(|answers| answers.iter().all(|n| *n >= 100)),
        "a kind of change is hardly asked about: {all:?}"
    );
}

#[test]
fn whole_commits_are_judged_as_cedar_would() {
    let judged = on_every_core(0..CATALOGS / 3, |number| {
        let (Base { files: before, .. }, edits) = world(number);
        let after = edits[0].clone();
        let who = ACTORS[number as usize % ACTORS.len()];
        let oracle = Oracle::new(&before, &after);
        let expected: BTreeMap<Change, bool> =
            oracle.asks.keys().map(|change| (change.clone(), oracle.allows(who, change))).collect();
        let (changes, refused) = judged(&before, &after, who);
        assert_eq!(changes, expected, "seed {}, catalog {number}, by {who}", seed());
        // Of an action that is not there it is said that it is not there.
        let nothing = |change: &Change| change.0.starts_with("runs/");
        let known = expected.iter().any(|(change, allowed)| !allowed && !nothing(change));
        assert!(refused || !known, "seed {}, catalog {number}: no finding says that {who} may not", seed());
        assert!(!refused || expected.values().any(|allowed| !allowed), "seed {}, catalog {number}: {who} may", seed());
        refused
    });
    let refused = judged.iter().filter(|refused| **refused).count();
    assert!(refused > 20 && judged.len() - refused > 10, "{refused} of {} commits are refused", judged.len());
}

/// The comparison is worth what it finds: each engine that is wrong in one way is caught.
#[test]
fn wrong_engines_are_caught() {
    for engine in WRONG {
        let caught = (0..CATALOGS).any(|number| {
            let (base, edits) = world(number);
            edits.iter().any(|after| compare(engine, &base, after, &mut Count::default()).is_some())
        });
        assert!(caught, "{engine:?} is not told from the real one");
    }
}
