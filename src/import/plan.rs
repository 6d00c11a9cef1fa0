//! What an import comes to, before anybody writes it.

use crate::model::{FilePath, Subject};

use super::{Note, Weight};

/// Why a file is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reason {
    /// It is new.
    New,
    /// It holds the document already, with another meaning.
    Changed,
    /// Something else stands there, and the person insists.
    Forced,
}

/// A file that is to be written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PlannedFile {
    /// Where, from the root of the catalog.
    pub path: FilePath,
    /// What it is to hold.
    pub text: String,
    /// Why.
    pub reason: Reason,
    /// The documents in it that change.
    pub subjects: Vec<Subject>,
}

/// What importing would write, and what is told of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plan {
    /// The files, in order of path; those that say the same already are not among them.
    pub files: Vec<PlannedFile>,
    /// How many documents stand in the repository as they are imported.
    pub unchanged: usize,
    /// What is told.
    pub notes: Vec<Note>,
}

impl Plan {
    /// Whether a document was kept out.
    pub fn is_partial(&self) -> bool {
        self.notes.iter().any(|note| note.weight == Weight::KeptOut)
    }
}
