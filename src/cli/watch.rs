//! `check --watch`: judges the working tree anew whenever a file that could matter has changed.

use std::collections::BTreeSet;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

use notify::event::{Event, EventKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};

use crate::model::{Kind, Timestamp};
use crate::report::Format;

use super::judging::{JudgeRequest, Place};
use super::telling::{Telling, Worded, judge_and_word};
use super::{CommandError, Outcome, output};

/// An editor writes a file in several steps: judged is what stands once they are over.
const QUIET: Duration = Duration::from_millis(50);

/// After so many events without a pause the judgement does not wait any longer.
const MOST_EVENTS: usize = 1_000;

/// Clears a terminal, and begins at its top.
const CLEAR: &str = "\u{1b}[2J\u{1b}[3J\u{1b}[H";

/// Judges and prints until nobody reads any more, or the person ends it.
pub(super) fn watch(request: &JudgeRequest, telling: &Telling) -> Result<Outcome, CommandError> {
    let place = Place::find(request)?;
    // Before the first look, so that nothing is missed between the two.
    let mut eyes = Eyes::open(&place)?;
    let on_terminal = std::io::stdout().is_terminal() && telling.format == Format::Text;
    let mut last: Option<Worded> = None;
    loop {
        let request = JudgeRequest { now: Timestamp::now(), ..request.clone() };
        match judge_and_word(&place, &request, telling) {
            Ok(worded) => {
                if let Some(page) = page(&worded, last.as_ref(), on_terminal)
                    && !output::print_while_read(&page)?
                {
                    return Ok(worded.outcome);
                }
                last = Some(worded);
            }
            Err(error) if last.is_none() => return Err(error),
            // Half a rebase cannot be judged; the next look may.
            Err(error) => drop(error.exit(telling.color)),
        }
        if !eyes.wait() {
            return Ok(last.map_or(Outcome::Clean, |last| last.outcome));
        }
    }
}

/// What is printed: on a terminal always, in the place of the last; elsewhere where it says something new.
fn page(worded: &Worded, last: Option<&Worded>, on_terminal: bool) -> Option<String> {
    if on_terminal {
        return Some(format!("{CLEAR}{}watching for changes; Ctrl-C ends it\n", worded.text));
    }
    let new = last.is_none_or(|last| last.gist != worded.gist);
    new.then(|| worded.text.clone())
}

/// Watches what a judgement of the working tree reads.
struct Eyes {
    watcher: RecommendedWatcher,
    events: Receiver<()>,
    directories: Vec<(PathBuf, RecursiveMode)>,
    watched: BTreeSet<PathBuf>,
}

impl Eyes {
    fn open(place: &Place) -> Result<Self, CommandError> {
        let cannot = |error: notify::Error| CommandError::could_not_judge("cannot watch the files").because(&error);
        let Some(top) = place.repository.workdir() else {
            return Err(CommandError::usage("a bare repository has no working tree to watch"));
        };
        let root = top.join(place.workspace.root());
        let (git, common) = (place.repository.path().to_path_buf(), place.repository.common_path().to_path_buf());
        let mut directories = vec![(root.clone(), RecursiveMode::NonRecursive)];
        directories.extend(Kind::WITH_DIRECTORY.map(|kind| (root.join(kind.directory()), RecursiveMode::Recursive)));
        directories.push((common.join("refs"), RecursiveMode::Recursive));
        directories.extend([&git, &common].map(|path| (path.clone(), RecursiveMode::NonRecursive)));
        let (tell, events) = mpsc::channel();
        let on_event = move |event: notify::Result<Event>| {
            if event.as_ref().map_or(true, |event| matters(event, &root, &[&git, &common])) {
                // Nobody listens only where the program ends.
                let _ = tell.send(());
            }
        };
        let watcher = notify::recommended_watcher(on_event).map_err(cannot)?;
        let mut eyes = Self { watcher, events, directories, watched: BTreeSet::new() };
        eyes.look();
        match eyes.watched.is_empty() {
            false => Ok(eyes),
            true => Err(CommandError::could_not_judge("cannot watch the files: the system has no watch left")),
        }
    }

    /// Watches the directories that have come, and forgets those that are gone.
    fn look(&mut self) {
        for (path, mode) in &self.directories {
            match (path.is_dir(), self.watched.contains(path)) {
                (true, false) if self.watcher.watch(path, *mode).is_ok() => {
                    self.watched.insert(path.clone());
                }
                (false, true) => {
                    // The system has dropped it with the directory.
                    let _ = self.watcher.unwatch(path);
                    self.watched.remove(path);
                }
                _ => {}
            }
        }
    }

    /// Until something has changed and it is quiet again; false where nothing will ever change any more.
    fn wait(&mut self) -> bool {
        let events = &self.events;
        let heard = settle(&mut |pause| match pause {
            None => events.recv().map_or(Heard::End, |()| Heard::Event),
            Some(pause) => match events.recv_timeout(pause) {
                Ok(()) => Heard::Event,
                Err(RecvTimeoutError::Timeout) => Heard::Quiet,
                Err(RecvTimeoutError::Disconnected) => Heard::End,
            },
        });
        self.look();
        heard
    }
}

/// What came of listening.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Heard {
    Event,
    Quiet,
    End,
}

/// Listens until something happens, and then until nothing does; `listen` is told how long, where not forever.
fn settle(listen: &mut dyn FnMut(Option<Duration>) -> Heard) -> bool {
    if listen(None) == Heard::End {
        return false;
    }
    for _ in 0..MOST_EVENTS {
        match listen(Some(QUIET)) {
            Heard::Event => {}
            Heard::Quiet => break,
            Heard::End => return false,
        }
    }
    true
}

/// Whether an event can change a verdict: reading cannot, nor can files that the catalog does not know.
fn matters(event: &Event, root: &Path, git: &[&Path]) -> bool {
    if event.need_rescan() || event.paths.is_empty() {
        return true;
    }
    let of_git = |inside: &Path| {
        let is_lock = inside.extension().is_some_and(|extension| extension == "lock");
        !is_lock && (inside.starts_with("refs") || ["HEAD", "packed-refs", "index"].iter().any(|name| inside == Path::new(name)))
    };
    let of_catalog = |inside: &Path| {
        let first = inside.components().next().and_then(|part| part.as_os_str().to_str()).unwrap_or_default();
        let managed = Kind::WITH_DIRECTORY.iter().any(|kind| kind.directory() == first);
        managed || first == ".gitignore" || first.to_ascii_lowercase().starts_with("catalog.")
    };
    let one = |path: &PathBuf| match git.iter().find_map(|git| path.strip_prefix(git).ok()) {
        Some(inside) => of_git(inside),
        None => path.strip_prefix(root).map_or(true, of_catalog),
    };
    !matches!(event.kind, EventKind::Access(_)) && event.paths.iter().any(one)
}

#[cfg(test)]
mod tests {
    use notify::event::{AccessKind, CreateKind, ModifyKind};

    use super::*;

    #[test]
    fn a_burst_of_events_is_one_reason_to_look() {
        let mut script = [Heard::Event, Heard::Event, Heard::Event, Heard::Quiet].into_iter();
        let mut pauses = Vec::new();
        assert!(settle(&mut |pause| {
            pauses.push(pause);
            script.next().unwrap()
        }));
        assert_eq!(pauses, [None, Some(QUIET), Some(QUIET), Some(QUIET)]);
    }

    #[test]
    fn a_flood_does_not_keep_it_from_looking_and_the_end_ends_it() {
        assert!(settle(&mut |_| Heard::Event));
        assert!(!settle(&mut |_| Heard::End));
        let mut script = [Heard::Event, Heard::End].into_iter();
        assert!(!settle(&mut |_| script.next().unwrap()));
    }

    #[test]
    fn a_terminal_shows_one_verdict_and_a_pipe_each_that_is_new() {
        let worded = |text: &str, gist: &str| Worded { text: text.into(), gist: gist.into(), outcome: Outcome::Clean };
        let (first, again, new) = (worded("a in 1 s\n", "a"), worded("a in 2 s\n", "a"), worded("b in 1 s\n", "b"));
        assert_eq!(page(&first, None, false).as_deref(), Some("a in 1 s\n"));
        assert_eq!((page(&again, Some(&first), false), page(&new, Some(&first), false)), (None, Some("b in 1 s\n".into())));
        let shown = page(&again, Some(&first), true).unwrap();
        assert!(shown.starts_with(CLEAR) && shown.ends_with("a in 2 s\nwatching for changes; Ctrl-C ends it\n"), "{shown:?}");
    }

    fn wakes(kind: EventKind, path: &str) -> bool {
        let event = Event::new(kind).add_path(PathBuf::from(path));
        matters(&event, Path::new("/w/catalog"), &[Path::new("/w/.git")])
    }

    #[test]
    fn only_what_can_change_a_verdict_wakes() {
        let changed = EventKind::Modify(ModifyKind::Any);
        let created = EventKind::Create(CreateKind::Any);
        assert!(wakes(changed, "/w/catalog/entities/Env/prod.yaml") && wakes(created, "/w/catalog/teams"));
        assert!(wakes(changed, "/w/catalog/catalog.yaml") && wakes(created, "/w/.git/refs/heads/main"));
        assert!(wakes(changed, "/w/.git/HEAD") && wakes(changed, "/w/.git/index"));
        assert!(!wakes(changed, "/w/catalog/README.md") && !wakes(created, "/w/.git/index.lock"));
        assert!(!wakes(EventKind::Access(AccessKind::Any), "/w/catalog/entities/Env/prod.yaml"));
    }
}
