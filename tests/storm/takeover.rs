//! Measures how long a repository is held by nobody who lives.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use portcullis::store::Store;
use tokio::task::JoinSet;

use crate::company::key;

/// Watches the leases until it is dropped.
pub struct Watch {
    seen: Arc<Mutex<Seen>>,
    _task: JoinSet<()>,
}

#[derive(Default)]
struct Seen {
    /// Those who have died, and when.
    dead: BTreeMap<u32, Instant>,
    /// From a death to somebody else who acts.
    took: Vec<Duration>,
}

impl Watch {
    pub fn over(store: Arc<dyn Store>, names: Vec<String>) -> Self {
        let seen: Arc<Mutex<Seen>> = Arc::default();
        let shared = seen.clone();
        let mut task = JoinSet::new();
        task.spawn(async move {
            let mut since = BTreeMap::<String, Option<Instant>>::new();
            loop {
                for name in &names {
                    let Ok(lease) = store.leased(&key(name)).await else { continue };
                    let holder = lease.and_then(|lease| lease.holder.as_str().split('-').next()?.parse::<u32>().ok());
                    let mut seen = shared.lock().unwrap_or_else(PoisonError::into_inner);
                    let died = holder.and_then(|holder| seen.dead.get(&holder).copied());
                    let since = since.entry(name.clone()).or_default();
                    match (holder, died) {
                        // From the first death on, whoever took it and died too.
                        (_, Some(died)) => *since = Some(since.unwrap_or(died)),
                        (Some(_), None) => seen.took.extend(since.take().map(|since| since.elapsed())),
                        (None, None) => {}
                    }
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        });
        Self { seen, _task: task }
    }

    /// This process is dead, or as good as dead, from now on.
    pub fn died(&self, process: u32) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).dead.insert(process, Instant::now());
    }

    /// How long each repository waited, shortest first.
    pub fn took(&self) -> Vec<Duration> {
        let mut took = self.seen.lock().unwrap_or_else(PoisonError::into_inner).took.clone();
        took.sort();
        took
    }
}
