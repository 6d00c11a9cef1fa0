//! Who sees an entity, or one of its fields: as written, or else everyone in the roster.

use crate::catalog::{Catalog, Field, WrittenPermissions, permissions_of};
use crate::check::permissions::Requirement;
use crate::model::{EntityKey, Identifier, Rule};

use super::question::Need;

/// The id that answers about reading bear; no finding is ever about it.
pub(super) const READ: &str = "permission/read";

/// What must be met to see it. A field of what may not be seen is not seen either, so both rules must grant.
pub(super) fn need(catalog: &Catalog, key: &EntityKey, field: Option<&Field>) -> Need {
    Need { field: field.cloned(), rule: READ, requirements: requirements(catalog, key, field) }
}

fn requirements(catalog: &Catalog, key: &EntityKey, field: Option<&Field>) -> Vec<Requirement> {
    let document = catalog.permissions().get(&key.blueprint);
    let one = |right: String, rule: &Rule, way: &[&str]| Requirement {
        right,
        rule: rule.clone(),
        owner: catalog.owner_of(key),
        entity: catalog.entities().get(key),
        run: None,
        place: document.map(|d| d.value_at(way)),
        why: None,
    };
    let written = match permissions_of(catalog, &key.blueprint) {
        WrittenPermissions::Absent => return Vec::new(),
        WrittenPermissions::Unknown => {
            let nobody = one("read".to_owned(), &Rule::default(), &[]);
            return vec![Requirement { why: unreadable(catalog, &key.blueprint), ..nobody }];
        }
        WrittenPermissions::Document(document) => &document.entities,
    };
    let whole = written.read.as_ref().map(|rule| one("read".to_owned(), rule, &["entities", "read"]));
    let granular = match field {
        Some(Field::Property(name)) => written.read_properties.get(name).map(|rule| ("readProperties", name, rule)),
        Some(Field::Relation(name)) => written.read_relations.get(name).map(|rule| ("readRelations", name, rule)),
        _ => None,
    };
    let granular = granular.map(|(group, name, rule)| one(format!("{group}.{name}"), rule, &["entities", group, name]));
    whole.into_iter().chain(granular).collect()
}

/// Why nothing is granted by permissions that are there and cannot be read.
pub(super) fn unreadable(catalog: &Catalog, blueprint: &Identifier) -> Option<String> {
    (permissions_of(catalog, blueprint) == WrittenPermissions::Unknown).then(|| {
        format!(
            "the permissions of `{blueprint}` cannot be read, or are declared twice, so they grant nobody until that is mended"
        )
    })
}
