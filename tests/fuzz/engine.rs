//! The loop: choose, mutate, execute under watch, and keep what led to an outcome not seen before.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use fastrand::Rng;

use crate::{MEMORY, mutate};

/// Something that reads what a stranger wrote.
pub(crate) trait Target {
    /// Its name, and the directory of its corpus.
    fn name(&self) -> &'static str;
    /// What there is to begin with, beside the corpus.
    fn seeds(&self) -> Vec<Vec<u8>>;
    /// Words that mean something to it.
    fn dictionary(&self) -> &'static [&'static str];
    /// How many bytes at the beginning are seldom changed.
    fn head(&self, _input: &[u8]) -> usize {
        0
    }
    /// Reads one input. What it returns tells outcomes apart: rules, kinds of errors, never the input itself.
    fn execute(&self, input: &[u8]) -> String;
    /// The longest that one input may take.
    fn patience(&self) -> Duration {
        Duration::from_secs(20)
    }
    /// The most memory that one input may take, in bytes.
    fn memory(&self) -> usize {
        64 << 20
    }
}

const MOST_INPUT: usize = 96 << 10;
const MOST_KEPT: usize = 3_000;

/// Memory is counted for the whole process, so that one target runs at a time.
static TURN: Mutex<()> = Mutex::new(());

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

/// Runs a target for `rounds`, or as long as `PORTCULLIS_FUZZ_SECONDS` says.
pub(crate) fn fuzz<T: Target>(target: impl FnOnce() -> T, rounds: u64) {
    let _turn: MutexGuard<'_, ()> = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    // Made in its own turn: what it needs for itself is not to be counted for another.
    let target: &dyn Target = &target();
    let seconds = number("PORTCULLIS_FUZZ_SECONDS");
    let seed = number("PORTCULLIS_FUZZ_SEED").unwrap_or_else(|| if seconds.is_some() { fastrand::u64(..) } else { 1 });
    println!("{}: PORTCULLIS_FUZZ_SEED={seed}", target.name());
    // Where RUST_BACKTRACE is set an error takes a backtrace along; the symbols that the first one reads are no input's doing.
    let _symbols = std::backtrace::Backtrace::force_capture().to_string();
    let watch = Watch::begin(target);
    let mut r = Rng::with_seed(seed);
    let (mut kept, mut seen) = (Vec::new(), BTreeSet::new());
    let (mut most, mut slowest) = (0, Duration::ZERO);
    let mut round = |input: Vec<u8>, kept: &mut Vec<Vec<u8>>, always: bool| {
        let (outcome, memory, time) = watch.execute(target, &input);
        (most, slowest) = (most.max(memory), slowest.max(time));
        if (seen.insert(outcome) || always) && kept.len() < MOST_KEPT {
            kept.push(input);
        }
    };
    for input in corpus(target.name()).into_iter().chain(target.seeds()) {
        round(input, &mut kept, true);
    }
    let begun = Instant::now();
    let mut done = 0;
    while seconds.map_or(done < rounds, |seconds| begun.elapsed() < Duration::from_secs(seconds)) {
        let first = r.usize(..kept.len());
        let (input, other) = (&kept[first], &kept[r.usize(..kept.len())]);
        let input = mutate::mutated(&mut r, target, input, other, MOST_INPUT);
        round(input, &mut kept, false);
        done += 1;
    }
    println!(
        "{}: {done} inputs in {:.1?}, {} kinds of outcome, {} kept; at most {} KiB and {slowest:.1?} for one",
        target.name(),
        begun.elapsed(),
        seen.len(),
        kept.len(),
        most >> 10
    );
    assert!(seen.len() > 3, "{}: hardly any outcomes; does it read its inputs at all?", target.name());
}

fn corpus(name: &str) -> Vec<Vec<u8>> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(name);
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(&directory).into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// An input, and since when it is executed.
type Execution = (Instant, Vec<u8>);

/// What is being executed; a thread of its own looks whether it ends.
struct Watch {
    now: Arc<Mutex<Option<Execution>>>,
    over: Arc<Mutex<bool>>,
}

impl Watch {
    fn begin(target: &dyn Target) -> Self {
        let watch = Self { now: Arc::default(), over: Arc::default() };
        let (now, over) = (Arc::clone(&watch.now), Arc::clone(&watch.over));
        let (name, patience) = (target.name(), target.patience());
        std::thread::spawn(move || {
            while !*over.lock().unwrap() {
                if let Some((since, input)) = &*now.lock().unwrap()
                    && since.elapsed() > patience
                {
                    eprintln!("{}", report(name, input, &format!("did not end within {patience:?}")));
                    std::process::exit(101); // nothing else ends a thread that does not return
                }
                std::thread::park_timeout(Duration::from_millis(200));
            }
        });
        watch
    }

    fn execute(&self, target: &dyn Target, input: &[u8]) -> (String, usize, Duration) {
        let since = Instant::now();
        *self.now.lock().unwrap() = Some((since, input.to_vec()));
        let before = MEMORY.current_usage();
        MEMORY.reset_peak_usage();
        let outcome = catch_unwind(AssertUnwindSafe(|| target.execute(input)));
        let memory = MEMORY.peak_usage().saturating_sub(before);
        *self.now.lock().unwrap() = None;
        let outcome = outcome.unwrap_or_else(|_| panic!("{}", report(target.name(), input, "panicked")));
        assert!(memory <= target.memory(), "{}", report(target.name(), input, &format!("took {memory} bytes of memory")));
        (outcome, memory, since.elapsed())
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        *self.over.lock().unwrap_or_else(PoisonError::into_inner) = true;
    }
}

/// Where inputs of a target that fail are saved.
pub(crate) fn saved(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("fuzz").join(name)
}

/// Saves what failed, and says where.
fn report(name: &str, input: &[u8], what: &str) -> String {
    let mut hasher = DefaultHasher::new();
    input.hash(&mut hasher);
    let directory = saved(name);
    let path = directory.join(format!("{:016x}", hasher.finish()));
    let written = std::fs::create_dir_all(&directory).and_then(|()| std::fs::write(&path, input));
    let shown = input.get(..input.len().min(2_000)).unwrap_or_default().escape_ascii();
    format!("{name}: an input of {} bytes {what}; {written:?} in {}:\n{shown}", input.len(), path.display())
}
