//! The bar of a long judgement: on standard error, on a terminal alone, and only once there is something to wait for.

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::facts::Progress;

/// Before this nobody wonders.
const PATIENCE: Duration = Duration::from_millis(500);

/// How often it is drawn.
const TICK: Duration = Duration::from_millis(100);

/// A bar that is there while this value lives, or nothing.
pub(super) struct Bar(Option<(mpsc::Sender<()>, JoinHandle<()>)>);

impl Bar {
    /// Starts one where standard error is a terminal, unless `quiet`.
    pub(super) fn start(progress: Arc<Progress>, quiet: bool) -> Self {
        if quiet || !std::io::stderr().is_terminal() {
            return Self(None);
        }
        let (stop, stopped) = mpsc::channel();
        let draw = move || {
            if stopped.recv_timeout(PATIENCE) != Err(RecvTimeoutError::Timeout) {
                return;
            }
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {wide_bar} {elapsed}") {
                bar.set_style(style);
            }
            loop {
                let (done, total) = progress.so_far();
                bar.set_length(u64::try_from(total).unwrap_or(u64::MAX));
                bar.set_position(u64::try_from(done).unwrap_or(u64::MAX));
                bar.set_message(stage(done, total));
                bar.tick();
                if stopped.recv_timeout(TICK) != Err(RecvTimeoutError::Timeout) {
                    return bar.finish_and_clear();
                }
            }
        };
        // A judgement without a bar is as good as one with it.
        Self(std::thread::Builder::new().name("progress".to_owned()).spawn(draw).ok().map(|thread| (stop, thread)))
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.0.take() {
            drop(stop);
            // Whatever became of it, the verdict is not about the bar.
            let _ = thread.join();
        }
    }
}

/// What is being done.
fn stage(done: usize, total: usize) -> String {
    match total {
        0 => "looking for changes".to_owned(),
        total if done < total => format!("reading {done} of {total} files"),
        total => format!("judging {total} files"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_told_what_is_being_waited_for() {
        assert_eq!([stage(0, 0), stage(3, 9), stage(9, 9)], ["looking for changes", "reading 3 of 9 files", "judging 9 files"]);
    }

    #[test]
    fn what_nobody_sees_is_not_drawn() {
        assert!(Bar::start(Arc::default(), true).0.is_none());
    }
}
