//! Work that all cores share; the answer is the same as that of one.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many threads may run at a time. Asked of the system once: its answer stands in files, which take longer to read than a small change takes to
/// judge.
pub(crate) fn cores() -> usize {
    static CORES: OnceLock<usize> = OnceLock::new();
    *CORES.get_or_init(|| std::thread::available_parallelism().map_or(1, usize::from))
}

/// Both answers, found side by side.
pub(crate) fn both<A: Send, B: Send>(first: impl FnOnce() -> A + Send, second: impl FnOnce() -> B + Send) -> (A, B) {
    if cores() == 1 {
        return (first(), second());
    }
    std::thread::scope(|scope| {
        let second = scope.spawn(second);
        (first(), finished(second.join()))
    })
}

/// One answer for each item, in their order. Items are pieces of work large enough for a thread.
pub(crate) fn in_parts<T: Sync, R: Send>(items: &[T], answer: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let cores = cores();
    if cores == 1 || items.len() < 2 {
        return items.iter().map(answer).collect();
    }
    let next = AtomicUsize::new(0);
    let work = || -> Vec<(usize, R)> {
        // Whoever has finished takes the next, so that no core waits for a slower one.
        std::iter::from_fn(|| {
            let at = next.fetch_add(1, Ordering::Relaxed);
            items.get(at).map(|item| (at, answer(item)))
        })
        .collect()
    };
    let mut all: Vec<(usize, R)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (1..cores).map(|_| scope.spawn(work)).collect();
        let mine = work();
        mine.into_iter().chain(workers.into_iter().flat_map(|worker| finished(worker.join()))).collect()
    });
    all.sort_by_key(|(at, _)| *at);
    all.into_iter().map(|(_, answer)| answer).collect()
}

/// A panic goes on where it was waited for.
fn finished<T>(joined: std::thread::Result<T>) -> T {
    joined.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
