//! Reads raw tree objects entry by entry, with the modes as they are written.

use super::{GitError, ObjectId};

/// What a mode stands for. Git itself writes five modes; the odd ones are old, or somebody's trick.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Shape {
    /// 100644
    Regular,
    /// 100755
    Executable,
    /// Any other mode of a regular file, 100664 and 100600 among them.
    OddFile,
    /// 120000
    Symlink,
    /// 160000
    Gitlink,
    /// 40000
    Directory,
    /// Anything else.
    Other,
}

/// One entry of a tree.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Entry<'a> {
    pub(super) mode: u32,
    pub(super) name: &'a [u8],
    pub(super) id: ObjectId,
}

impl Entry<'_> {
    pub(super) fn shape(&self) -> Shape {
        match (self.mode & 0o170_000, self.mode) {
            (_, 0o100_644) => Shape::Regular,
            (_, 0o100_755) => Shape::Executable,
            (0o100_000, _) => Shape::OddFile,
            (_, 0o120_000) => Shape::Symlink,
            (_, 0o160_000) => Shape::Gitlink,
            (_, 0o40_000) => Shape::Directory,
            _ => Shape::Other,
        }
    }

    pub(super) fn is_directory(&self) -> bool {
        self.shape() == Shape::Directory
    }

    /// Whether both are the same thing under the same name.
    pub(super) fn same(&self, other: &Entry<'_>) -> bool {
        self.mode == other.mode && self.id == other.id
    }

    /// Git's order: a directory sorts as if its name ended in `/`.
    pub(super) fn order(&self, other: &Entry<'_>) -> std::cmp::Ordering {
        let key = |e: &Self| e.is_directory().then_some(b'/');
        let common = self.name.len().min(other.name.len());
        let (a, a_rest) = self.name.split_at_checked(common).unwrap_or((self.name, &[]));
        let (b, b_rest) = other.name.split_at_checked(common).unwrap_or((other.name, &[]));
        a.cmp(b).then_with(|| {
            let mine = a_rest.first().copied().or_else(|| key(self));
            let theirs = b_rest.first().copied().or_else(|| other.is_directory().then_some(b'/'));
            mine.cmp(&theirs)
        })
    }
}

/// The entries of a raw tree, in the order in which they stand.
pub(super) struct Entries<'a> {
    rest: &'a [u8],
}

impl<'a> Entries<'a> {
    pub(super) fn of(raw: &'a [u8]) -> Self {
        Self { rest: raw }
    }

    /// How many bytes were not read yet.
    pub(super) fn left(&self) -> usize {
        self.rest.len()
    }

    fn take(&mut self) -> Option<Entry<'a>> {
        let digits = self.rest.iter().take(8).take_while(|b| (b'0'..=b'7').contains(b)).count();
        let (digits, after) = self.rest.split_at_checked(digits)?;
        let mode = digits.iter().fold(0, |mode, digit| mode << 3 | u32::from(digit & 7));
        let after = after.strip_prefix(b" ").filter(|_| (1..8).contains(&digits.len()))?;
        let nul = after.iter().position(|b| *b == 0)?;
        let (name, after) = after.split_at_checked(nul)?;
        let (id, rest) = after.strip_prefix(b"\0")?.split_first_chunk::<20>()?;
        self.rest = rest;
        Some(Entry { mode, name, id: ObjectId(*id) })
    }
}

impl<'a> Iterator for Entries<'a> {
    /// `Err` once, where the rest is no tree.
    type Item = Result<Entry<'a>, &'static str>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let entry = self.take();
        if entry.is_none() {
            self.rest = &[];
        }
        Some(entry.ok_or("its entries cannot be read"))
    }
}

/// All entries of a tree, or the error that names it.
pub(super) fn entries_of(id: ObjectId, raw: &[u8]) -> Result<Vec<Entry<'_>>, GitError> {
    let mut entries = Vec::with_capacity(raw.len() / 34);
    for entry in Entries::of(raw) {
        entries.push(entry.map_err(|why| GitError::malformed(id, why))?);
    }
    Ok(entries)
}

/// The bytes of the tree with these entries, which are put in git's order.
pub(super) fn write_tree(mut entries: Vec<Entry<'_>>) -> Vec<u8> {
    entries.sort_by(Entry::order);
    let mut out = Vec::with_capacity(entries.len() * 40);
    for entry in entries {
        out.extend_from_slice(format!("{:o} ", entry.mode).as_bytes());
        out.extend_from_slice(entry.name);
        out.push(0);
        out.extend_from_slice(&entry.id.0);
    }
    out
}
