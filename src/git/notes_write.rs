//! Writes notes without ever losing anybody's: the ref moves only if it still is what was read, or everything is done anew.

use std::collections::BTreeSet;
use std::time::Duration;

use git2::{ErrorCode, ObjectType};

use super::notes::{MAX_NOTE, Slot, slot};
use super::tree::{Entry, entries_of, write_tree};
use super::{GitError, Ident, ObjectId, Repository};
use crate::model::CommitId;

/// How a compare-and-swap ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Swapped {
    /// The ref names this commit now.
    Done(CommitId),
    /// Somebody else moved the ref, or holds its lock; read it again and try again.
    Conflict,
}

/// How an append ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Appended {
    /// The lines stand in this commit of the notes ref.
    Written(CommitId),
    /// Every line was there already; nothing was written.
    Unchanged,
}

/// How often a ref that keeps moving is tried.
const ATTEMPTS: u32 = 200;
/// From how many notes in one directory on new ones go into directories of their own.
const CROWDED: usize = 256;

impl Repository {
    /// Adds lines to the note on `target`, each only if it is not there yet. Other notes, and other lines of this one, stay
    /// as they are, whoever writes at the same time. Blocks while others hold the ref.
    ///
    /// # Errors
    /// [`GitError::Contended`] where the ref never stood still; [`GitError::Refused`] for a line with a line break in it.
    pub fn append_note_lines(
        &self,
        notes_ref: &str,
        target: CommitId,
        lines: &[String],
        author: &Ident,
    ) -> Result<Appended, GitError> {
        self.append_notes(notes_ref, &[(target, lines.to_vec())], author)
    }

    /// As [`Repository::append_note_lines`], for several commits in one step.
    ///
    /// # Errors
    /// As [`Repository::append_note_lines`].
    pub fn append_notes(&self, notes_ref: &str, notes: &[(CommitId, Vec<String>)], author: &Ident) -> Result<Appended, GitError> {
        if let Some(line) = notes.iter().flat_map(|(_, lines)| lines).find(|l| l.contains(['\n', '\r', '\0'])) {
            return Err(GitError::Refused(format!("`{}` is more than one line", line.escape_debug())));
        }
        let writer = self.writer()?;
        for attempt in 1..=ATTEMPTS {
            let expected = self.reference(notes_ref)?;
            let before = expected.map(|id| self.tree_of(id)).transpose()?;
            let mut tree = before;
            for (target, lines) in notes {
                let old = tree.map(|t| self.note_blobs(t, *target)).transpose()?.unwrap_or_default();
                let old = old.into_iter().map(|blob| self.note_text(blob)).collect::<Result<Vec<_>, _>>()?;
                if let Some(text) = extended(&old, lines) {
                    tree = Some(writer.with_note(tree, *target, &text)?);
                }
            }
            let Some(tree) = tree.filter(|t| Some(*t) != before) else { return Ok(Appended::Unchanged) };
            match writer.swap(notes_ref, expected, tree, author)? {
                Swapped::Done(commit) => return Ok(Appended::Written(commit)),
                // Two writers that wait alike meet again.
                Swapped::Conflict => std::thread::sleep(Duration::from_micros(fastrand::u64(..500 * u64::from(attempt.min(20))))),
            }
        }
        Err(GitError::Contended { name: notes_ref.to_owned(), attempts: ATTEMPTS, why: "others kept writing to it".to_owned() })
    }

    /// Sets the text of the note on `target`, if the ref still names `expected` (`None`: does not exist). Other notes stay.
    ///
    /// # Errors
    /// [`GitError::Refused`] for an author without a time; else as [`Repository::tree_of`].
    pub fn write_note(
        &self,
        notes_ref: &str,
        expected: Option<CommitId>,
        target: CommitId,
        text: &[u8],
        author: &Ident,
    ) -> Result<Swapped, GitError> {
        let writer = self.writer()?;
        let before = expected.map(|id| self.tree_of(id)).transpose()?;
        let tree = writer.with_note(before, target, text)?;
        writer.swap(notes_ref, expected, tree, author)
    }

    /// A second handle on the repository, one that does write to the disk.
    fn writer(&self) -> Result<Writer<'_>, GitError> {
        let repo = git2::Repository::open(self.common_path())?;
        Ok(Writer { reader: self, repo })
    }
}

/// The note's text with the lines that are new; `None` where none is.
fn extended(old: &[Vec<u8>], lines: &[String]) -> Option<Vec<u8>> {
    let mut seen: BTreeSet<&[u8]> = old.iter().flat_map(|t| t.split(|b| *b == b'\n')).collect();
    let mut text = old.first().cloned().unwrap_or_default();
    let mut grown = false;
    for line in lines.iter().filter(|l| !l.trim().is_empty()) {
        if seen.insert(line.as_bytes()) {
            if !text.is_empty() && !text.ends_with(b"\n") {
                text.push(b'\n');
            }
            text.extend_from_slice(line.as_bytes());
            text.push(b'\n');
            grown = true;
        }
    }
    grown.then_some(text)
}

struct Writer<'r> {
    reader: &'r Repository,
    repo: git2::Repository,
}

impl Writer<'_> {
    /// The tree with the note on `target` set; its path is spelled as it is already, or as its neighbours' are.
    fn with_note(&self, tree: Option<ObjectId>, target: CommitId, text: &[u8]) -> Result<ObjectId, GitError> {
        if text.len() > MAX_NOTE {
            return Err(GitError::TooLarge { what: format!("the note on {target}"), size: text.len(), limit: MAX_NOTE });
        }
        let blob = self.store(ObjectType::Blob, text)?;
        self.place(tree, "", &target.to_string(), blob)
    }

    /// Puts the note into this directory, whose path spells `prefix`.
    fn place(&self, tree: Option<ObjectId>, prefix: &str, hex: &str, blob: ObjectId) -> Result<ObjectId, GitError> {
        let raw = tree.map(|id| self.reader.raw_tree(id).map(|raw| (id, raw))).transpose()?;
        let mut listed = match &raw {
            Some((id, raw)) => entries_of(*id, raw)?,
            None => Vec::new(),
        };
        let rest = hex.strip_prefix(prefix).unwrap_or_default();
        let (digits, _) = rest.split_at_checked(2).unwrap_or((rest, ""));
        let here = listed.iter().position(|e| e.name == rest.as_bytes() && matches!(slot(prefix, e), Slot::Note(_)));
        let below = listed.iter().position(|e| e.name == digits.as_bytes() && matches!(slot(prefix, e), Slot::Directory(_)));
        let fans_out = listed.iter().any(|e| matches!(slot(prefix, e), Slot::Directory(_))) || listed.len() >= CROWDED;
        match (here, below) {
            (Some(i), _) => replace(&mut listed, i, blob),
            (None, Some(i)) => {
                let directory = listed.get(i).map(|e| e.id);
                let new = self.place(directory, &format!("{prefix}{digits}"), hex, blob)?;
                replace(&mut listed, i, new);
            }
            (None, None) if fans_out && rest.len() > 2 => {
                let new = self.place(None, &format!("{prefix}{digits}"), hex, blob)?;
                listed.push(Entry { mode: 0o40_000, name: digits.as_bytes(), id: new });
            }
            (None, None) => listed.push(Entry { mode: 0o100_644, name: rest.as_bytes(), id: blob }),
        }
        self.store(ObjectType::Tree, &write_tree(listed))
    }

    fn store(&self, kind: ObjectType, bytes: &[u8]) -> Result<ObjectId, GitError> {
        self.repo.odb()?.write(kind, bytes)?.try_into()
    }

    /// Commits the tree, and moves the ref if it still names `expected`.
    fn swap(&self, notes_ref: &str, expected: Option<CommitId>, tree: ObjectId, author: &Ident) -> Result<Swapped, GitError> {
        let line = line(author)?;
        let parent = expected.map(|id| format!("parent {id}\n")).unwrap_or_default();
        let commit = format!("tree {tree}\n{parent}author {line}\ncommitter {line}\n\nNotes added by portcullis\n");
        let commit = self.store(ObjectType::Commit, commit.as_bytes())?;
        let current = expected.map_or(Ok(git2::Oid::ZERO_SHA1), |id| ObjectId::from(id).oid())?;
        match self.repo.reference_matching(notes_ref, commit.oid()?, true, current, "notes: append") {
            Ok(_) => Ok(Swapped::Done(CommitId(commit.0))),
            Err(e) if matches!(e.code(), ErrorCode::Modified | ErrorCode::Locked | ErrorCode::NotFound | ErrorCode::Exists) => {
                Ok(Swapped::Conflict)
            }
            Err(e) => Err(e.into()),
        }
    }
}

/// Gives the entry at `index` another object.
fn replace(entries: &mut [Entry<'_>], index: usize, id: ObjectId) {
    if let Some(entry) = entries.get_mut(index) {
        entry.id = id;
    }
}

/// The author as a header line.
fn line(author: &Ident) -> Result<String, GitError> {
    let when = author.when.ok_or_else(|| GitError::Refused("a note needs a time".to_owned()))?;
    let (sign, minutes) = (if author.offset < 0 { '-' } else { '+' }, author.offset.unsigned_abs());
    let zone = format!("{sign}{:02}{:02}", minutes / 60, minutes % 60);
    Ok(format!("{} <{}> {} {zone}", clean(&author.name), clean(&author.email), when.as_second()))
}

/// A name or an address as it may stand in a header line; never empty.
fn clean(text: &str) -> String {
    let kept: String = text.chars().filter(|c| !c.is_control() && !matches!(c, '<' | '>')).collect();
    let kept = kept.trim();
    if kept.is_empty() { "portcullis".to_owned() } else { kept.to_owned() }
}
