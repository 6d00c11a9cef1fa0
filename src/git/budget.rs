//! How much of a tree one comparison may look at: a few hundred bytes of nested trees can stand for billions of files.

/// Entries left to look at.
pub(super) struct Budget {
    left: usize,
}

impl Budget {
    /// For a look at a whole tree: several times what a catalog of a million files needs.
    pub(super) const WHOLE: usize = 20_000_000;
    /// For a look at a change: enough for one beside a million files in one directory.
    pub(super) const CHANGE: usize = 4_000_000;
    /// What reading a tree costs beside its entries.
    const TREE: usize = 8;
    /// The greatest depth of directories that is followed.
    pub(super) const DEPTH: usize = 64;

    pub(super) fn new(entries: usize) -> Self {
        Self { left: entries }
    }

    /// Spends what a tree of so many entries costs; `false` once there is nothing left.
    pub(super) fn spend(&mut self, entries: usize) -> bool {
        match self.left.checked_sub(entries + Self::TREE) {
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
