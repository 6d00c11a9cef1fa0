//! Which properties and relations an entity sets: few kinds of it, each held once.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::Entity;

/// The names that an entity sets, in order; their values stand in its body in the same order.
#[derive(PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Shape {
    pub(super) properties: Box<[Box<str>]>,
    pub(super) relations: Box<[Box<str>]>,
}

impl Shape {
    fn of(entity: &Entity) -> Self {
        Self { properties: entity.properties.keys().cloned().collect(), relations: entity.relations.keys().cloned().collect() }
    }

    fn fits(&self, entity: &Entity) -> bool {
        self.properties.iter().eq(entity.properties.keys()) && self.relations.iter().eq(entity.relations.keys())
    }
}

/// Gives equal shapes one memory, for as long as many entities are read.
#[derive(Default)]
pub(super) struct Shapes {
    last: Option<Arc<Shape>>,
    known: HashMap<Arc<Shape>, ()>,
    /// Those that another reader made, by their addresses, which stay theirs as long as they are held; each with the one that is shared.
    met: HashMap<usize, (Arc<Shape>, Arc<Shape>)>,
}

impl Shapes {
    pub(super) fn of(&mut self, entity: &Entity) -> Arc<Shape> {
        if let Some(last) = self.last.as_ref().filter(|last| last.fits(entity)) {
            return last.clone();
        }
        let shape = Shape::of(entity);
        let shared = match self.known.get_key_value(&shape) {
            Some((known, ())) => known.clone(),
            None => {
                let shape = Arc::new(shape);
                self.known.insert(shape.clone(), ());
                shape
            }
        };
        self.last = Some(shared.clone());
        shared
    }

    /// The one memory of a shape that another reader made.
    pub(super) fn shared(&mut self, shape: &Arc<Shape>) -> Arc<Shape> {
        let address = Arc::as_ptr(shape).addr();
        if let Some((_, shared)) = self.met.get(&address) {
            return shared.clone();
        }
        let shared = match self.known.get_key_value(shape) {
            Some((known, ())) => known.clone(),
            None => {
                self.known.insert(shape.clone(), ());
                shape.clone()
            }
        };
        self.met.insert(address, (shape.clone(), shared.clone()));
        shared
    }
}
