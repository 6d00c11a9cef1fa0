//! One directory's entries in order of name, and what is odd about the list itself.

use super::name::dangerous_name;
use super::tree::Entry;

/// Whether an entry of this name may be followed, if its list has it once.
pub(super) fn is_usable(name: &[u8]) -> bool {
    dangerous_name(name).is_none() && std::str::from_utf8(name).is_ok()
}

/// The entries of a directory.
pub(super) struct Listing<'e> {
    /// In order of name; those of one name as they stood.
    pub(super) entries: Vec<Entry<'e>>,
    /// Names that stand there more than once, in order.
    pub(super) twice: Vec<&'e [u8]>,
    /// Whether they stood in git's order.
    pub(super) in_order: bool,
}

impl<'e> Listing<'e> {
    /// Takes the entries as they stand in the tree.
    pub(super) fn of(mut entries: Vec<Entry<'e>>) -> Self {
        let in_order = entries.windows(2).all(|w| matches!(w, [a, b] if a.order(b).is_le()));
        // Git's order is nearly the order of names, which this sort makes use of.
        entries.sort_by(|a, b| a.name.cmp(b.name));
        let mut twice: Vec<&[u8]> = Vec::new();
        for pair in entries.windows(2) {
            if let [a, b] = pair
                && a.name == b.name
                && twice.last() != Some(&a.name)
            {
                twice.push(a.name);
            }
        }
        Self { entries, twice, in_order }
    }

    /// The entries that may be followed: those whose name is safe and stands there once.
    pub(super) fn usable(self) -> Vec<Entry<'e>> {
        let Self { mut entries, twice, .. } = self;
        let usable = |e: &Entry<'_>| is_usable(e.name) && twice.binary_search(&e.name).is_err();
        if !entries.iter().all(usable) {
            entries.retain(usable);
        }
        entries
    }

    /// The entries whose name `before` does not have.
    pub(super) fn new_since<'a>(&'a self, before: &'a Listing<'_>) -> Vec<&'a Entry<'e>> {
        let mut old = before.entries.iter().peekable();
        let mut new = Vec::new();
        for entry in &self.entries {
            while old.next_if(|o| o.name < entry.name).is_some() {}
            if old.peek().is_none_or(|o| o.name != entry.name) {
                new.push(entry);
            }
        }
        new
    }
}
