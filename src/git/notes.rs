//! Reads notes: text that a ref keeps beside commits, in a tree whose paths spell the commits' ids.

use std::collections::BTreeMap;

use super::budget::Budget;
use super::tree::{Entry, Shape, entries_of};
use super::{Blob, GitError, ObjectId, Range, Repository};
use crate::model::CommitId;

/// The greatest note that is read, in bytes.
pub(super) const MAX_NOTE: usize = 8 << 20;

/// What happens to the notes of one commit between two trees of a notes ref.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NoteChange {
    /// The commit that is noted on; it need not exist.
    pub target: CommitId,
    /// Its notes before; usually one, or none.
    pub before: Vec<ObjectId>,
    /// Its notes after.
    pub after: Vec<ObjectId>,
}

/// An entry of a notes tree: a note, a directory of notes, or something that is none of notes' business.
pub(super) enum Slot {
    Note(CommitId),
    Directory(String),
    Foreign,
}

/// What an entry is, below the hexadecimal digits that its directories spell.
pub(super) fn slot(prefix: &str, entry: &Entry<'_>) -> Slot {
    let hexadecimal = entry.name.iter().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let Some(name) = std::str::from_utf8(entry.name).ok().filter(|_| hexadecimal) else { return Slot::Foreign };
    let path = format!("{prefix}{name}");
    match entry.shape() {
        Shape::Directory if name.len() == 2 && path.len() < 40 => Slot::Directory(path),
        Shape::Regular | Shape::Executable | Shape::OddFile => CommitId::from_hex(&path).map_or(Slot::Foreign, Slot::Note),
        _ => Slot::Foreign,
    }
}

type Found = BTreeMap<CommitId, (Vec<ObjectId>, Vec<ObjectId>)>;

impl Repository {
    /// All notes of a ref: the commit and the blob, in order of commit. A ref that does not exist has none. Where a tree
    /// spells one commit in two ways, both notes are listed, as `git notes show` prints both.
    ///
    /// # Errors
    /// [`GitError::TooLarge`] for trees no honest writer makes; else as [`Repository::tree_of`].
    pub fn notes(&self, notes_ref: &str) -> Result<Vec<(CommitId, ObjectId)>, GitError> {
        let Some(tip) = self.reference(notes_ref)? else { return Ok(Vec::new()) };
        let changes = self.notes_between(None, Some(self.tree_of(tip)?))?;
        Ok(changes.into_iter().flat_map(|c| c.after.into_iter().map(move |blob| (c.target, blob))).collect())
    }

    /// The text of the notes on one commit; `None` where there is none.
    ///
    /// # Errors
    /// [`GitError::TooLarge`] beyond 8 MiB; else as [`Repository::tree_of`].
    pub fn note(&self, notes_ref: &str, target: CommitId) -> Result<Option<Vec<u8>>, GitError> {
        match self.reference(notes_ref)? {
            Some(tip) => self.note_in(self.tree_of(tip)?, target),
            None => Ok(None),
        }
    }

    /// As [`Repository::note`], in one tree of a notes ref.
    ///
    /// # Errors
    /// As [`Repository::note`].
    pub fn note_in(&self, tree: ObjectId, target: CommitId) -> Result<Option<Vec<u8>>, GitError> {
        let mut text: Option<Vec<u8>> = None;
        for blob in self.note_blobs(tree, target)? {
            let more = self.note_text(blob)?;
            match &mut text {
                None => text = Some(more),
                Some(text) => {
                    text.push(b'\n');
                    text.extend(more);
                }
            }
        }
        Ok(text)
    }

    /// The bytes of one note.
    ///
    /// # Errors
    /// As [`Repository::note`].
    pub fn note_text(&self, blob: ObjectId) -> Result<Vec<u8>, GitError> {
        match self.blob(blob, MAX_NOTE)? {
            Blob::Content(bytes) => Ok(bytes),
            Blob::TooLarge(size) => Err(GitError::TooLarge { what: format!("note {blob}"), size, limit: MAX_NOTE }),
        }
    }

    /// The commits of a notes ref, parents first: who wrote what, and when. Empty where the ref does not exist.
    ///
    /// # Errors
    /// As [`Repository::range`].
    pub fn notes_history(&self, notes_ref: &str, limit: usize) -> Result<Range, GitError> {
        match self.reference(notes_ref)? {
            Some(tip) => self.range_of(&[], tip, limit),
            None => Ok(Range::default()),
        }
    }

    /// The notes that differ between two trees of a notes ref, in order of commit. A note that only moved to another
    /// spelling of its path does not differ.
    ///
    /// # Errors
    /// As [`Repository::notes`].
    pub fn notes_between(&self, before: Option<ObjectId>, after: Option<ObjectId>) -> Result<Vec<NoteChange>, GitError> {
        let mut found = Found::new();
        let mut budget = Budget::new(Budget::CHANGE);
        self.compare_notes(before, after, "", &mut budget, &mut found)?;
        let mut changes = Vec::new();
        for (target, (mut before, mut after)) in found {
            before.sort();
            after.sort();
            if before != after {
                changes.push(NoteChange { target, before, after });
            }
        }
        Ok(changes)
    }

    fn compare_notes(
        &self,
        before: Option<ObjectId>,
        after: Option<ObjectId>,
        prefix: &str,
        budget: &mut Budget,
        found: &mut Found,
    ) -> Result<(), GitError> {
        if before == after {
            return Ok(());
        }
        let mut directories: BTreeMap<String, [Option<ObjectId>; 2]> = BTreeMap::new();
        for (side, tree) in [before, after].into_iter().enumerate() {
            let Some(tree) = tree else { continue };
            let raw = self.raw_tree(tree)?;
            let entries = entries_of(tree, &raw)?;
            if !budget.spend(entries.len()) {
                return Err(GitError::TooLarge { what: "the notes tree".to_owned(), size: usize::MAX, limit: Budget::CHANGE });
            }
            for entry in entries {
                match slot(prefix, &entry) {
                    Slot::Foreign => {}
                    Slot::Directory(path) => {
                        if let Some(place) = directories.entry(path).or_default().get_mut(side) {
                            *place = Some(entry.id);
                        }
                    }
                    Slot::Note(target) => {
                        let (before, after) = found.entry(target).or_default();
                        if side == 0 { before.push(entry.id) } else { after.push(entry.id) }
                    }
                }
            }
        }
        for (path, [before, after]) in directories {
            self.compare_notes(before, after, &path, budget, found)?;
        }
        Ok(())
    }

    /// The blobs noted on one commit, whichever way its path is spelled.
    pub(super) fn note_blobs(&self, tree: ObjectId, target: CommitId) -> Result<Vec<ObjectId>, GitError> {
        let hex = target.to_string();
        let mut blobs = Vec::new();
        let mut at = vec![(tree, String::new())];
        while let Some((tree, prefix)) = at.pop() {
            let raw = self.raw_tree(tree)?;
            let mut below = None;
            for entry in entries_of(tree, &raw)? {
                match slot(&prefix, &entry) {
                    Slot::Note(found) if found == target => blobs.push(entry.id),
                    // The first of two directories of one name, as git reads them.
                    Slot::Directory(path) if hex.starts_with(&path) => below = below.or(Some((entry.id, path))),
                    _ => {}
                }
            }
            at.extend(below);
        }
        Ok(blobs)
    }
}
