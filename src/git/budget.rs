//! How much of a tree one comparison may look at: a few hundred bytes of nested trees can stand for billions of files.

/// Entries left to look at.
pub(super) struct Budget {
    left: usize,
}

impl Budget {
    /// What no honest repository needs: several times a catalog of a million files.
    pub(super) const ENTRIES: usize = 8_000_000;
    /// The greatest depth of directories that is followed.
    pub(super) const DEPTH: usize = 64;

    pub(super) fn new(entries: usize) -> Self {
        Self { left: entries }
    }

    /// Spends; `false` once there is nothing left.
    pub(super) fn spend(&mut self, entries: usize) -> bool {
        match self.left.checked_sub(entries) {
            Some(left) => {
                self.left = left;
                true
            }
            None => {
                self.left = 0;
                false
            }
        }
    }
}
