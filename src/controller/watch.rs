//! Wakes on events of a repository's refs. An event says nothing but "look"; a lost one costs a poll interval.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use notify::event::{Event, EventKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};

use super::Shared;
use super::parts::Repository;

/// What we write ourselves. No judgement depends on it, so that an answer does not wake who has just given it.
const OURS: [&str; 4] = ["refs/notes/devtools/ci", "refs/notes/devtools/analyses", "refs/notes/portcullis", "refs/portcullis"];

/// Watches the refs of a repository that is fetched from nowhere, while the loop runs.
pub(super) fn begin(shared: &Arc<Shared>, repository: &Arc<Repository>) {
    if shared.watching.load(Ordering::Relaxed) {
        repository.watch_with(|| start(shared, repository));
    }
}

/// Watches the refs of a repository for as long as the value lives. Where that is not possible the poll interval alone wakes.
fn start(shared: &Arc<Shared>, repository: &Arc<Repository>) -> Option<RecommendedWatcher> {
    let name = repository.name.clone();
    match watcher(shared, repository) {
        Ok(watcher) => Some(watcher),
        Err(error) => {
            tracing::warn!(repository = %name, "cannot watch the refs ({error}); looking every {}s instead", shared.settings.poll_interval.as_secs());
            None
        }
    }
}

fn watcher(shared: &Arc<Shared>, repository: &Arc<Repository>) -> Result<RecommendedWatcher, String> {
    let directory = repository.history.common_directory().map_err(|error| error.to_string())?;
    let directory = std::fs::canonicalize(&directory).map_err(|error| error.to_string())?;
    let (waker, name, inside) = (Arc::downgrade(shared), repository.name.clone(), directory.clone());
    let on_event = move |event: notify::Result<Event>| {
        let Some(shared) = waker.upgrade() else { return };
        match event {
            Ok(event) if event.need_rescan() => shared.names().iter().for_each(|name| shared.wake(name)),
            Ok(event) if is_about_refs(&event, &inside) => shared.wake(&name),
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(repository = %name, "watching the refs: {error}");
                shared.wake(&name);
            }
        }
    };
    let mut watcher = notify::recommended_watcher(on_event).map_err(|error| error.to_string())?;
    // `packed-refs` is replaced by a rename, so its directory is watched; loose refs come and go with their directories.
    watcher.watch(&directory, RecursiveMode::NonRecursive).map_err(|error| error.to_string())?;
    watcher.watch(&directory.join("refs"), RecursiveMode::Recursive).map_err(|error| error.to_string())?;
    Ok(watcher)
}

/// Whether an event can mean that a ref moved: reading is none, and neither is a lock that is taken or anything else in the
/// git directory.
fn is_about_refs(event: &Event, directory: &Path) -> bool {
    if matches!(event.kind, EventKind::Access(_)) {
        return false;
    }
    let of_refs = |path: &PathBuf| {
        let Ok(inside) = path.strip_prefix(directory) else { return true };
        let is_lock = path.extension().is_some_and(|extension| extension == "lock");
        let is_ours = OURS.iter().any(|ours| inside.starts_with(ours));
        !is_lock && !is_ours && (inside.starts_with("refs") || inside == Path::new("packed-refs"))
    };
    event.paths.is_empty() || event.paths.iter().any(of_refs)
}

#[cfg(test)]
mod tests {
    use notify::event::{AccessKind, CreateKind, Flag, ModifyKind};

    use super::*;

    fn wakes(kind: EventKind, path: &str) -> bool {
        is_about_refs(&Event::new(kind).add_path(PathBuf::from(path)), Path::new("/srv/c.git"))
    }

    #[test]
    fn refs_wake_and_reading_them_does_not() {
        let created = EventKind::Create(CreateKind::File);
        assert!(wakes(created, "/srv/c.git/refs/heads/main"));
        assert!(wakes(EventKind::Modify(ModifyKind::Any), "/srv/c.git/packed-refs"));
        assert!(!wakes(EventKind::Access(AccessKind::Any), "/srv/c.git/refs/heads/main"));
        assert!(!wakes(created, "/srv/c.git/refs/heads/main.lock"));
        assert!(!wakes(created, "/srv/c.git/index"));
    }

    #[test]
    fn what_it_writes_itself_does_not_wake_it() {
        let created = EventKind::Create(CreateKind::File);
        for ours in ["notes/devtools/ci", "notes/devtools/analyses", "portcullis/seen/discuss", "notes/portcullis/runs"] {
            assert!(!wakes(created, &format!("/srv/c.git/refs/{ours}")), "{ours}");
        }
        for theirs in ["notes/devtools/reviews", "notes/devtools/discuss", "notes/devtools", "heads/portcullis/ci"] {
            assert!(wakes(created, &format!("/srv/c.git/refs/{theirs}")), "{theirs}");
        }
    }

    #[test]
    fn a_lost_event_is_told_apart() {
        assert!(Event::new(EventKind::Other).set_flag(Flag::Rescan).need_rescan());
    }
}
