//! How far the reading of files has come, for whoever draws a bar.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Files to be read and files read, since the workspace was opened; several threads may count.
#[derive(Debug, Default)]
pub struct Progress {
    total: AtomicUsize,
    done: AtomicUsize,
}

impl Progress {
    /// So many files more are to be read.
    pub(super) fn expect(&self, files: usize) {
        self.total.fetch_add(files, Ordering::Relaxed);
    }

    /// So many of them were read.
    pub(super) fn advance(&self, files: usize) {
        self.done.fetch_add(files, Ordering::Relaxed);
    }

    /// Files read, and files to be read in all.
    pub fn so_far(&self) -> (usize, usize) {
        (self.done.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed))
    }
}
