//! The golden rule for schemas: a blueprint that a change alters does not judge that change (spec 4).

use std::collections::BTreeSet;

use crate::catalog::{Catalog, ChangeSet, Field, Located};
use crate::model::{Blueprint, Entity, EntityKey, Finding, RuleDoc, Subject};

use super::entities;

/// The rule's id.
const NOT_ON_BASE: &str = "schema/not-on-base";

/// The rules of this family.
pub(super) const RULES: &[RuleDoc] = &[RuleDoc {
    id: NOT_ON_BASE,
    summary: "An entity that a change writes is valid by its blueprint on the watched branch, and by that of the change too.",
    remedy: "Let the change of the blueprint be merged first, then the entities that need it.",
}];

/// What is wrong with the entities that are written when their blueprint, as base has it, judges them. Where base has no such
/// blueprint there is nothing to loosen, and the result's own schema alone decides.
pub(super) fn check(base: &Catalog, after: &Catalog, changes: &ChangeSet) -> Vec<Finding> {
    let altered = |key: &EntityKey| -> Option<(&Blueprint, &Blueprint)> {
        let old = &base.blueprints().get(&key.blueprint)?.value;
        let new = &after.blueprints().get(&key.blueprint)?.value;
        (old != new).then_some((old, new))
    };
    let mut written: BTreeSet<&EntityKey> = BTreeSet::new();
    let mut out = Vec::new();
    for change in &changes.0 {
        let Subject::Entity(key) = &change.subject else { continue };
        let (Some((old, new)), Some(entity)) = (altered(key), after.entities().get(key)) else { continue };
        written.insert(key);
        if let (Some(Field::Relation(name)), Some(_)) = (&change.field, &change.after)
            && old.relations.get(name) != new.relations.get(name)
        {
            out.push(worded(&entity, &format!("relation `{name}` is not so")).at(change.place.clone()));
        }
    }
    for key in written {
        let (Some((old, _)), Some(entity)) = (altered(key), after.entities().get(key)) else { continue };
        let Some(schema) = base.schema_of(&key.blueprint) else { continue };
        let mut faults = Vec::new();
        entities::judge(&entity, old, &schema, &mut faults);
        out.extend(faults.into_iter().map(|fault| {
            let worded = worded(&entity, &fault.finding.message);
            match fault.finding.place {
                Some(place) => worded.at(place),
                None => worded,
            }
        }));
    }
    out
}

fn worded(entity: &Located<Entity>, what: &str) -> Finding {
    let key = &entity.value.key;
    Finding::error(NOT_ON_BASE, format!("by `{}` as it stands on the watched branch, {what}", key.blueprint))
        .about(Subject::Entity(key.clone()))
        .at(entity.place())
        .help("a change is never judged by the schema it brings: let the blueprint's change be merged first")
}
