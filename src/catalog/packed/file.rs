//! A file, read and packed.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arcstr::ArcStr;

use crate::catalog::{Document, FileDelta, Located, ParsedFile};
use crate::model::{Entity, FilePath, Finding};

use super::{EntityName, Home, Packed, Shapes, Standing, body, is_by_convention};

/// A file whose entities are packed.
#[derive(Clone, Debug)]
pub struct PackedFile {
    /// Its path.
    pub(in crate::catalog) path: FilePath,
    pub(in crate::catalog) entities: Vec<PackedEntity>,
    /// Its documents of other kinds.
    pub(in crate::catalog) others: Vec<Document>,
    pub(in crate::catalog) findings: Vec<Finding>,
    /// Where something is wrong: what tells its content from any other.
    pub(in crate::catalog) content: Option<Arc<[u8]>>,
}

/// A packed entity, with its name.
#[derive(Clone, Debug)]
pub struct PackedEntity {
    pub(in crate::catalog) name: EntityName,
    pub(in crate::catalog) packed: Packed,
}

impl PackedEntity {
    /// Its file.
    pub(in crate::catalog) fn file(&self) -> FilePath {
        self.packed.file(&self.name)
    }
}

/// Directories that many files share, each held once.
#[derive(Default)]
pub(in crate::catalog) struct Directories {
    known: HashSet<ArcStr>,
    /// Those that another reader made, by their addresses, which stay theirs as long as they are held; each with the one that is shared.
    met: HashMap<usize, (ArcStr, ArcStr)>,
}

impl Directories {
    fn of(&mut self, directory: &str) -> ArcStr {
        if let Some(known) = self.known.get(directory) {
            return known.clone();
        }
        let new = ArcStr::from(directory);
        self.known.insert(new.clone());
        new
    }

    /// The one memory of what another reader made.
    fn shared(&mut self, directory: &ArcStr) -> ArcStr {
        let address = directory.as_str().as_ptr().addr();
        if let Some((_, shared)) = self.met.get(&address) {
            return shared.clone();
        }
        let shared = self.of(directory);
        self.met.insert(address, (directory.clone(), shared.clone()));
        shared
    }
}

/// Packs many files, so that what they have in common is held once.
#[derive(Default)]
pub struct Packing {
    shapes: Shapes,
    directories: Directories,
    scratch: String,
}

impl Packing {
    /// Packs one. What holds one entity, is called by it, and has nothing wrong with it need not be remembered by itself.
    pub fn pack(&mut self, file: ParsedFile) -> FileDelta {
        let ParsedFile { path, documents, findings, content } = file;
        if let ([Document::Entity(entity)], []) = (documents.as_slice(), findings.as_slice()) {
            let (name, packed, conventional) = self.entity(entity);
            let entity = PackedEntity { name, packed };
            if conventional {
                return FileDelta::Entity(entity);
            }
            let entities = vec![entity];
            return FileDelta::Packed(Box::new(PackedFile { path, entities, others: Vec::new(), findings, content }));
        }
        let mut packed = PackedFile { path, entities: Vec::new(), others: Vec::new(), findings, content };
        for document in documents {
            match document {
                Document::Entity(entity) => {
                    let (name, body, _) = self.entity(&entity);
                    packed.entities.push(PackedEntity { name, packed: body });
                }
                other => packed.others.push(other),
            }
        }
        FileDelta::Packed(Box::new(packed))
    }

    pub(super) fn entity(&mut self, entity: &Located<Entity>) -> (EntityName, Packed, bool) {
        let by_convention = is_by_convention(entity);
        let (home, kind) = match by_convention {
            Some((directory, extension)) => (self.directories.of(directory), Home::Directory(extension)),
            None => (ArcStr::from(entity.file.as_str()), Home::Path),
        };
        let standing = Standing { home: kind, pointer: entity.pointer.clone() };
        let shape = self.shapes.of(&entity.value);
        let body = body::write(&entity.value, &standing, &mut self.scratch);
        (EntityName::of(&entity.value.key), Packed { home, shape, body }, by_convention.is_some())
    }

    /// What another has packed shares memory with what this one has.
    pub(in crate::catalog) fn adopt(&mut self, packed: &mut Packed) {
        packed.shape = self.shapes.shared(&packed.shape);
        if matches!(body::Reader::new(&packed.body).1, Home::Directory(_)) {
            packed.home = self.directories.shared(&packed.home);
        }
    }
}
