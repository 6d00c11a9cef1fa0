//! An entity, as Port exports it.

use std::collections::BTreeMap;

use crate::catalog::node::NodeKind;
use crate::model::{Entity, EntityKey, Identifier, RelationValue, RuleDoc, Subject};

use super::cursor::{Cursor, Decoder};
use super::look;

pub(super) const RULES: &[RuleDoc] = &[RuleDoc {
    id: "document/missing-blueprint",
    summary: "An entity says its blueprint, by `blueprint` or by lying under `entities/<Blueprint>/`.",
    remedy: "Add `blueprint: <Blueprint>`, or move the file to `entities/<Blueprint>/`.",
}];

const KEYS: &[&str] = &["identifier", "title", "icon", "blueprint", "team", "properties", "relations"];

/// Keys of Port's exports that nobody writes.
const COMPUTED: &[&str] =
    &["createdAt", "updatedAt", "createdBy", "updatedBy", "scorecards", "resolvedRelations", "id", "entityId"];

/// Advice on keys that Port computes and we derive.
pub(super) fn computed(key: &str) -> Option<(&'static str, String)> {
    let known = COMPUTED.contains(&key) || key.starts_with('$');
    known.then(|| ("document/unknown-key", "remove it: it is computed, from git's history and the catalog itself".to_owned()))
}

/// Reads an entity.
pub(in crate::catalog) fn entity(d: &mut Decoder<'_>, at: Cursor<'_, '_>) -> Option<Entity> {
    if !d.fields_except(at, KEYS, computed) {
        return None;
    }
    let identifier = d.required(&at, "identifier", "<name>").and_then(|id| d.identifier(id));
    let blueprint = blueprint_of(d, at);
    if let (Some(identifier), Some(blueprint)) = (&identifier, &blueprint) {
        let key = EntityKey { blueprint: blueprint.clone(), identifier: identifier.clone() };
        d.subject = Some(Subject::Entity(key));
    }
    let title = d.optional_text(&at, "title");
    let icon = look::icon(d, &at);
    let team = at.given("team").map(|team| teams(d, team));
    let mut properties = BTreeMap::new();
    if let Some(written) = at.given("properties").filter(|p| d.mapping(*p)) {
        for property in written.pairs() {
            properties.insert(Box::from(property.name()), property.node.to_value());
        }
    }
    let mut relations = BTreeMap::new();
    if let Some(written) = at.given("relations").filter(|r| d.mapping(*r)) {
        for relation in written.pairs() {
            if let Some(value) = relation_value(d, relation) {
                relations.insert(Box::from(relation.name()), value);
            }
        }
    }
    Some(Entity { key: EntityKey { blueprint: blueprint?, identifier: identifier? }, title, icon, team, properties, relations })
}

/// `blueprint`, or the directory right below `entities/`.
fn blueprint_of(d: &mut Decoder<'_>, at: Cursor<'_, '_>) -> Option<Identifier> {
    if let Some(written) = at.given("blueprint") {
        return d.identifier(written);
    }
    let mut parts = d.file.as_str().split('/').skip(1);
    let directory = parts.next().filter(|_| parts.next().is_some());
    match directory.map(Identifier::new) {
        Some(Ok(blueprint)) => Some(blueprint),
        Some(Err(_)) => {
            let help = "add `blueprint: <Blueprint>`: the directory's name cannot be one";
            d.error("document/missing-blueprint", at, "the entity does not say its blueprint", help);
            None
        }
        None => {
            let help = "add `blueprint: <Blueprint>`, or move the file to entities/<Blueprint>/";
            d.error("document/missing-blueprint", at, "the entity does not say its blueprint", help);
            None
        }
    }
}

/// `team`: one or a list.
fn teams(d: &mut Decoder<'_>, at: Cursor<'_, '_>) -> Vec<Identifier> {
    match &at.node.kind {
        NodeKind::Text(_) => d.identifier(at).into_iter().collect(),
        _ => d.identifiers(at),
    }
}

fn relation_value(d: &mut Decoder<'_>, at: Cursor<'_, '_>) -> Option<RelationValue> {
    match &at.node.kind {
        NodeKind::Null => Some(RelationValue::Null),
        NodeKind::List(_) => Some(RelationValue::Many(at.items().filter_map(|item| d.identifier(item)).collect())),
        NodeKind::Map(_) => {
            let help = "write the identifier of the entity; Port's search queries are not looked up here";
            d.error("document/wrong-type", at, "a relation wants an identifier, a list of them, or null, not a mapping", help);
            None
        }
        _ => d.identifier(at).map(RelationValue::One),
    }
}
