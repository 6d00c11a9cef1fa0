//! The repository that is imported into, as it stands.

use std::collections::BTreeMap;

use crate::catalog::{Catalog, Document, FileDelta, Located, Meaning, parse_file, parse_value};
use crate::model::{EntityKey, FilePath, Limits, Pointer, Subject, Value};

/// A document that is there.
#[derive(Clone, Debug)]
pub(super) struct There {
    /// Its file.
    pub(super) file: FilePath,
    /// Its node in the file.
    pub(super) pointer: Pointer,
    /// What it comes to.
    pub(super) meaning: Value,
}

/// The files of a catalog, read.
#[derive(Clone, Default, Debug)]
pub struct Existing {
    pub(super) files: BTreeMap<FilePath, Vec<u8>>,
    pub(super) documents: BTreeMap<Subject, There>,
    /// How many documents each file holds.
    pub(super) holds: BTreeMap<FilePath, usize>,
    /// All of it.
    pub(super) catalog: Catalog,
}

impl Existing {
    /// Reads the files of the directories that a catalog has, by their path from its root.
    pub fn read(files: impl IntoIterator<Item = (FilePath, Vec<u8>)>) -> Self {
        let mut out = Self::default();
        let mut deltas = Vec::new();
        for (path, bytes) in files {
            let parsed = parse_file(&path, &bytes, &Limits::MOST);
            out.holds.insert(path.clone(), parsed.documents.len());
            for document in &parsed.documents {
                let (subject, there) = there(document);
                out.documents.entry(subject).or_insert(there);
            }
            deltas.push(FileDelta::put(parsed));
            out.files.insert(path, bytes);
        }
        out.catalog = Catalog::default().apply(deltas);
        out
    }

    /// What a document says as it is written.
    pub(super) fn written(&self, there: &There) -> Option<Value> {
        let whole = self.value(&there.file)?;
        match there.pointer.parts() {
            [] => Some(whole),
            [crate::model::Part::Index(index)] => super::draft::items(&whole).get(*index).cloned(),
            _ => None,
        }
    }

    /// What a file says.
    pub(super) fn value(&self, file: &FilePath) -> Option<Value> {
        parse_value(file, self.files.get(file)?, &Limits::MOST).ok()
    }

    /// Whether there is such an entity.
    pub(super) fn has(&self, key: &EntityKey) -> bool {
        self.catalog.entities().contains(key)
    }
}

fn at<T>(located: &Located<T>, meaning: Value) -> There {
    There { file: located.file.clone(), pointer: located.pointer.clone(), meaning }
}

/// What a document is, where it stands, and what it comes to.
pub(super) fn there(document: &Document) -> (Subject, There) {
    match document {
        Document::Policy(d) => (Subject::Policy, at(d, d.value.meaning())),
        Document::Blueprint(d) => (Subject::Blueprint(d.value.identifier.clone()), at(d, d.value.meaning())),
        Document::Entity(d) => (Subject::Entity(d.value.key.clone()), at(d, d.value.meaning())),
        Document::Permissions(d) => (Subject::Permissions(d.value.blueprint.clone()), at(d, d.value.meaning())),
        Document::Action(d) => (Subject::Action(d.value.identifier.clone()), at(d, d.value.meaning())),
        Document::Run(d) => (Subject::Run(d.value.identifier.clone()), at(d, d.value.meaning())),
        Document::User(d) => (Subject::User(d.value.identifier.clone()), at(d, d.value.meaning())),
        Document::Team(d) => (Subject::Team(d.value.identifier.clone()), at(d, d.value.meaning())),
    }
}
