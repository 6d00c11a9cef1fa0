//! References as Backstage writes them, `[kind:][namespace/]name`, and what they lead to.

use std::collections::BTreeMap;

use crate::import::Existing;
use crate::model::{EntityKey, Identifier};

use super::read::Descriptor;

/// A reference with everything filled in, in small letters: Backstage compares without case.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Reference {
    pub(super) kind: String,
    pub(super) namespace: String,
    pub(super) name: String,
}

impl Reference {
    /// Reads a reference; what it leaves out is the kind that its field means, and the namespace of whoever refers.
    pub(super) fn read(text: &str, kind: &str, namespace: &str) -> Self {
        let (kind, rest) = text.split_once(':').unwrap_or((kind, text));
        let (namespace, name) = rest.split_once('/').unwrap_or((namespace, rest));
        Self { kind: kind.to_lowercase(), namespace: namespace.to_lowercase(), name: name.to_lowercase() }
    }

    pub(super) fn of(descriptor: &Descriptor) -> Self {
        Self {
            kind: descriptor.kind.clone(),
            namespace: descriptor.namespace.to_lowercase(),
            name: descriptor.name.to_lowercase(),
        }
    }

    /// What it would be called here, were nothing known of it.
    pub(super) fn identifier(&self) -> String {
        if self.namespace == "default" { self.name.clone() } else { format!("{}/{}", self.namespace, self.name) }
    }
}

/// The blueprint for a kind.
pub(super) fn blueprint(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "component" => "Component",
        "api" => "API",
        "resource" => "Resource",
        "system" => "System",
        "domain" => "Domain",
        _ => return None,
    })
}

/// What can be referred to.
pub(super) struct Index<'a> {
    known: BTreeMap<Reference, String>,
    existing: &'a Existing,
}

impl<'a> Index<'a> {
    pub(super) fn of(descriptors: &[Descriptor], existing: &'a Existing) -> Self {
        let mut known = BTreeMap::new();
        for descriptor in descriptors {
            known.entry(Reference::of(descriptor)).or_insert_with(|| descriptor.identifier());
        }
        Self { known, existing }
    }

    /// The identifier of the entity that is meant, where there is one: among what is imported, or in the repository.
    pub(super) fn entity(&self, reference: &Reference) -> Option<String> {
        if let Some(identifier) = self.known.get(reference) {
            return Some(identifier.clone());
        }
        let identifier = reference.identifier();
        let key = EntityKey {
            blueprint: Identifier::new(blueprint(&reference.kind)?).ok()?,
            identifier: Identifier::new(&identifier).ok()?,
        };
        self.existing.has(&key).then_some(identifier)
    }
}
