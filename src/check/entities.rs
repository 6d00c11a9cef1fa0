//! Entities by their blueprint's schema: known names, required ones, values, and nothing written that is derived (spec 2).

use std::sync::Arc;

use crate::catalog::{Catalog, EntitySchema, Located, Violation, nearest, shorten};
use crate::model::{Blueprint, Entity, Finding, Part, Place, RuleDoc, Subject, Value};

use super::validate::Fault;

/// The rules of this family that entities can break, and a blueprint by breaking its entities.
pub(super) const RULES: &[RuleDoc] = &[
    RuleDoc {
        id: "schema/unknown-property",
        summary: "An entity sets only properties that its blueprint defines.",
        remedy: "Mend the name, or define the property in the blueprint.",
    },
    RuleDoc {
        id: "schema/derived-property",
        summary: "Mirror, formula, calculation and aggregation properties are computed; nobody writes them.",
        remedy: "Remove the property; change what it is computed from.",
    },
    RuleDoc {
        id: "schema/required",
        summary: "An entity sets every required property that has no default.",
        remedy: "Add the property.",
    },
    RuleDoc {
        id: "schema/type",
        summary: "A value has the type its definition asks for.",
        remedy: "Write a value of that type.",
    },
    RuleDoc {
        id: "schema/enum",
        summary: "A value is one of those its definition lists.",
        remedy: "Write one of the listed values.",
    },
    RuleDoc {
        id: "schema/format-mismatch",
        summary: "A text has the format its definition asks for.",
        remedy: "Write it in that format.",
    },
    RuleDoc {
        id: "schema/pattern-mismatch",
        summary: "A text matches its definition's pattern.",
        remedy: "Write a text that matches.",
    },
    RuleDoc {
        id: "schema/limit",
        summary: "A value keeps within its definition's bounds.",
        remedy: "Write a value within the bounds.",
    },
    RuleDoc {
        id: "schema/mismatch",
        summary: "A value satisfies its definition as a whole.",
        remedy: "Write a value that its definition allows.",
    },
    RuleDoc {
        id: "schema/breaks-entities",
        summary: "A blueprint's change leaves existing entities valid.",
        remedy: "Make the blueprint's change milder, with a default, or take it in steps: let the property be optional, fill it in, then require it.",
    },
];

/// A blueprint with its compiled schema, kept from one entity to the next: they come in order of their blueprints.
pub(super) type Known = Option<(Arc<Located<Blueprint>>, Arc<EntitySchema>)>;

pub(super) fn check(catalog: &Catalog, known: &mut Known, entity: &Located<Entity>, out: &mut Vec<Fault>) {
    let id = &entity.value.key.blueprint;
    if known.as_ref().is_none_or(|(blueprint, _)| blueprint.value.identifier != *id) {
        *known = catalog.blueprints().get(id).cloned().zip(catalog.schema_of(id));
    }
    // An unknown blueprint is a broken reference, and is judged with those.
    if let Some((blueprint, schema)) = known {
        judge(entity, &blueprint.value, schema, out);
    }
}

/// What is wrong with one entity by this blueprint.
pub(super) fn judge(entity: &Located<Entity>, blueprint: &Blueprint, schema: &EntitySchema, out: &mut Vec<Fault>) {
    let mut fault = |finding: Finding| out.push(Fault::by_blueprint(&entity.value.key, finding));
    let mut values: Vec<(&str, &Value)> = Vec::with_capacity(entity.value.properties.len());
    for (name, value) in &entity.value.properties {
        let required = blueprint.required.contains(name);
        if blueprint.properties.contains_key(name) {
            // Port exports what is unset as `null`; where a value is not required that means nothing.
            if required || !value.is_null() {
                values.push((name, value));
            }
        } else {
            fault(unknown(entity, blueprint, name));
        }
    }
    for name in &blueprint.required {
        let Some(property) = blueprint.properties.get(name) else { continue };
        if !entity.value.properties.contains_key(name) && property.default().is_none() {
            let message = format!("`{name}` is required by blueprint `{}` and missing", blueprint.identifier);
            let kind = property.type_name().map(|kind| format!(", a {kind}")).unwrap_or_default();
            fault(
                Finding::error("schema/required", message)
                    .at(entity.key_at(&["properties", name]))
                    .help(format!("add `{name}`{kind}, under `properties`")),
            );
        }
    }
    for violation in schema.violations(values) {
        fault(finding(entity, violation));
    }
}

fn unknown(entity: &Located<Entity>, blueprint: &Blueprint, name: &str) -> Finding {
    let place = entity.key_at(&["properties", name]);
    if let Some(derived) = blueprint.derived.get(name) {
        let message =
            format!("`{name}` is computed ({} of blueprint `{}`) and cannot be written", derived.family(), blueprint.identifier);
        let help = format!("remove it, and change what it is computed from: `{}`", shorten(derived.source()));
        return Finding::error("schema/derived-property", message).at(place).help(help);
    }
    let names = || blueprint.properties.keys().map(|known| &**known);
    let help = match nearest(name, names()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None if blueprint.relations.contains_key(name) => format!("`{name}` is a relation: write it under `relations`"),
        None if blueprint.properties.is_empty() => format!("blueprint `{}` has no properties", blueprint.identifier),
        None => format!("its properties are {}", names().take(20).collect::<Vec<_>>().join(", ")),
    };
    let message = format!("`{name}` is not a property of blueprint `{}`", blueprint.identifier);
    Finding::error("schema/unknown-property", message).at(place).help(help)
}

fn finding(entity: &Located<Entity>, violation: Violation) -> Finding {
    let name = match violation.way.first() {
        Some(Part::Key(name)) => name.clone(),
        _ => "properties".into(),
    };
    let pointer = violation.way.iter().fold(entity.descend(&["properties"]), |pointer, part| match part {
        Part::Key(key) => pointer.key(key),
        Part::Index(index) => pointer.index(*index),
    });
    let place = if violation.on_key { Place::key(&entity.file, pointer) } else { Place::value(&entity.file, pointer) };
    let mut found = Finding::error(violation.rule, format!("`{name}`: {}", violation.message)).at(place);
    found.help = violation.help;
    found.subject = Some(Subject::Entity(entity.value.key.clone()));
    found
}
