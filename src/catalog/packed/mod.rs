//! Entities as they are held: each in a few hundred bytes, unfolded for whoever asks.

mod body;
mod file;
mod name;
mod shape;
mod table;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use arcstr::ArcStr;

#[cfg(test)]
use crate::model::EntityKey;
use crate::model::{Entity, FilePath, Identifier, Pointer, RelationValue};

use super::Located;
use body::{Extension, Home, Reader, Standing};
pub use file::{PackedEntity, PackedFile, Packing};
pub(super) use name::EntityName;
use shape::{Shape, Shapes};
pub use table::{EntityTable, Moved};

/// An entity but for its name.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Packed {
    /// Its file, or the directory of a file that is called by its identifier.
    home: ArcStr,
    shape: Arc<Shape>,
    body: ArcStr,
}

impl Packed {
    /// Its file.
    fn file(&self, name: &EntityName) -> FilePath {
        match Reader::new(&self.body).1 {
            Home::Path => FilePath::new(&self.home),
            Home::Directory(extension) => FilePath::new(&conventional(&self.home, name.identifier(), extension)),
        }
    }

    /// Whether this path is that of its file; where it is called by its identifier, that alone is looked at.
    fn is_at_home(&self, directory: &str, extension: Extension) -> bool {
        self.extension() == Some(extension) && *self.home == *directory
    }

    /// That of its file, where it is called by its identifier.
    fn extension(&self) -> Option<Extension> {
        match Reader::new(&self.body).1 {
            Home::Path => None,
            Home::Directory(extension) => Some(extension),
        }
    }

    fn unfold(&self, name: &EntityName) -> Located<Entity> {
        let (mut reader, _) = Reader::new(&self.body);
        let pointer = reader.pointer();
        let team = reader.team();
        let relations = self.shape.relations.iter().map(|relation| (relation.clone(), reader.relation())).collect();
        let (title, icon) = (reader.title(), reader.icon());
        let properties = self.shape.properties.iter().map(|property| (property.clone(), reader.value())).collect();
        let value = Entity { key: name.key(), title, icon, team, properties, relations };
        Located { file: self.file(name), pointer, value }
    }

    /// The owners that it names itself.
    pub(super) fn team(&self) -> Option<Vec<Identifier>> {
        self.owners().team()
    }

    /// Each owner that it names itself, as often as it does.
    pub(super) fn teams(&self, tell: impl FnMut(&str)) {
        self.owners().teams(tell);
    }

    /// What one relation holds; `None` where it is not set.
    fn relation(&self, wanted: &str) -> Option<RelationValue> {
        let at = self.shape.relations.binary_search_by(|name| (**name).cmp(wanted)).ok()?;
        let mut reader = self.owners();
        reader.teams(|_| {});
        (0..at).for_each(|_| reader.targets(|_| {}));
        Some(reader.relation())
    }

    /// Each relation that is set, with each of its targets.
    pub(super) fn targets(&self, mut tell: impl FnMut(&str, &str)) {
        self.targets_by_place(|at, target| {
            if let Some(relation) = self.shape.relations.get(at) {
                tell(relation, target);
            }
        });
    }

    /// The same, with the place of the relation among [`Self::relations`].
    pub(super) fn targets_by_place(&self, mut tell: impl FnMut(usize, &str)) {
        let mut reader = self.owners();
        reader.teams(|_| {});
        for at in 0..self.shape.relations.len() {
            reader.targets(|target| tell(at, target));
        }
    }

    /// The relations that are set.
    pub(super) fn relations(&self) -> impl Iterator<Item = &str> {
        self.shape.relations.iter().map(|name| &**name)
    }

    /// Those that are held with the same shape set the same.
    pub(super) fn shape_address(&self) -> usize {
        Arc::as_ptr(&self.shape).addr()
    }

    fn owners(&self) -> Reader<'_> {
        let (mut reader, _) = Reader::new(&self.body);
        reader.pointer();
        reader
    }
}

fn conventional(directory: &str, identifier: &str, extension: Extension) -> String {
    [directory, "/", identifier, extension.as_str()].concat()
}

/// What a path would declare if it were that of one entity by convention: its directory, extension and name.
fn by_convention(path: &str) -> Option<(&str, Extension, EntityName)> {
    let (directory, file) = path.rsplit_once('/')?;
    let blueprint = directory.strip_prefix("entities/")?.split('/').next()?;
    let (identifier, extension) =
        Extension::ALL.into_iter().find_map(|extension| Some((file.strip_suffix(extension.as_str())?, extension)))?;
    Some((directory, extension, EntityName::new(blueprint, identifier)))
}

/// Whether one entity at the root of its file is where its name says.
fn is_by_convention(entity: &Located<Entity>) -> Option<(&str, Extension)> {
    let (directory, extension, name) = by_convention(entity.file.as_str())?;
    let Entity { key, .. } = &entity.value;
    let called = name.blueprint() == key.blueprint.as_str() && name.identifier() == key.identifier.as_str();
    (called && entity.pointer == Pointer::root()).then_some((directory, extension))
}
