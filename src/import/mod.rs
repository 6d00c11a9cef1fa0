//! Documents of Port and of Backstage, made into a repository: what is read, what becomes of it, and what is told of the rest.

mod backstage;
mod draft;
mod existing;
mod layout;
mod note;
mod path;
mod plan;
mod port;
mod prune;
mod single;
#[cfg(test)]
mod tests;
mod yaml;

pub use existing::Existing;
pub use note::{Note, Notes, Weight};
pub use plan::{Plan, PlannedFile, Reason};
pub use single::{Rewritten, new_file, rewrite, written};

use crate::model::Identifier;

/// A file that is imported.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Input {
    /// What it is called, for whoever reads the notes; its directories and its stem may supply a name that it leaves out.
    pub name: String,
    /// What it holds.
    pub bytes: Vec<u8>,
}

/// Whose documents they are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Origin {
    /// JSON of Port: its exports, its API's answers, what its documentation prints.
    Port,
    /// `catalog-info.yaml` of Backstage.
    Backstage,
}

/// What documents do not say themselves.
#[derive(Clone, Default, Debug)]
pub struct Missing {
    /// The blueprint of entities, permissions and actions that name none.
    pub blueprint: Option<Identifier>,
    /// The action of permissions that name none.
    pub action: Option<Identifier>,
    /// Whether a file that holds no document of the same key may be written over.
    pub force: bool,
}

/// An identifier as the name of a file, without its extension: safe on every file system.
pub fn file_name(identifier: &str) -> String {
    path::safe(identifier)
}

/// What importing would write, and what is to be told of it. The same inputs over their own result write nothing.
pub fn translate(origin: Origin, inputs: &[Input], existing: &Existing, missing: &Missing) -> Plan {
    let mut notes = Notes::default();
    let drafts = match origin {
        Origin::Port => port::drafts(inputs, existing, missing, &mut notes),
        Origin::Backstage => backstage::drafts(inputs, existing, &mut notes),
    };
    let drafts = draft::settle(drafts, &mut notes);
    layout::lay(drafts, existing, missing.force, notes)
}
