//! An entity that a run writes or removes.

use crate::catalog::node::NodeKind;
use crate::model::{EntityMapping, EntityTemplate, JsonTemplate, Template};

use super::super::cursor::{Cursor, Decoder};
use super::template;

const OF_THE_ENTITY: &str = "{{ .entity.identifier }}";

/// Reads `UPSERT_ENTITY`.
pub(super) fn upsert(d: &mut Decoder<'_>, at: Cursor<'_, '_>) -> Option<EntityMapping> {
    d.fields(at, &["type", "blueprintIdentifier", "mapping", "deadline"]);
    let blueprint = d.required(&at, "blueprintIdentifier", "<Blueprint>").and_then(|blueprint| d.identifier(blueprint));
    let mapping = d.required(&at, "mapping", "{ identifier: \"{{ .inputs.name }}\" }")?;
    d.fields(mapping, &["identifier", "title", "icon", "team", "properties", "relations"]);
    let identifier = d.required(&mapping, "identifier", OF_THE_ENTITY).and_then(|given| identifier(d, given));
    let fields = ["title", "icon", "team"].into_iter().filter_map(|key| {
        let read = template::json(d, mapping.given(key)?)?;
        Some((key.into(), read))
    });
    let fields = fields.collect();
    let document = EntityTemplate {
        fields,
        properties: family(d, mapping.given("properties")),
        relations: family(d, mapping.given("relations")),
    };
    Some(EntityMapping { blueprint: blueprint?, identifier: identifier?, document: Some(document) })
}

/// Reads `DELETE_ENTITY`.
pub(super) fn delete(d: &mut Decoder<'_>, at: Cursor<'_, '_>) -> Option<EntityMapping> {
    d.fields(at, &["type", "blueprintIdentifier", "mapping", "deadline"]);
    let blueprint = d.required(&at, "blueprintIdentifier", "<Blueprint>").and_then(|blueprint| d.identifier(blueprint));
    let identifier = match at.given("mapping") {
        Some(mapping) => {
            d.fields(mapping, &["identifier"]);
            d.required(&mapping, "identifier", OF_THE_ENTITY).and_then(|given| identifier(d, given))
        }
        None => Template::read(OF_THE_ENTITY).ok(),
    };
    Some(EntityMapping { blueprint: blueprint?, identifier: identifier?, document: None })
}

/// An identifier, written out or filled in.
fn identifier(d: &mut Decoder<'_>, at: Cursor<'_, '_>) -> Option<Template> {
    let text = d.text(at)?;
    let template = template::text(d, at, text, false)?;
    if template.paths().next().is_none() {
        d.identifier(at)?;
    }
    Some(template)
}

fn family(d: &mut Decoder<'_>, at: Option<Cursor<'_, '_>>) -> Vec<(Box<str>, JsonTemplate)> {
    let Some(at) = at else { return Vec::new() };
    match at.node.kind {
        NodeKind::Map(_) => template::entries(d, at),
        _ => {
            d.mapping(at);
            Vec::new()
        }
    }
}
