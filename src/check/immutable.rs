//! What a blueprint may not change while entities use it: the type of a property, and what a relation points at.

use std::collections::BTreeSet;

use crate::catalog::{Catalog, ChangeSet, Field};
use crate::model::{Blueprint, EntityKey, Finding, Identifier, Part, Place, RuleDoc, Subject, Value};

use super::validate::Fault;

/// The rules of this family.
pub(super) const RULES: &[RuleDoc] = &[
    RuleDoc {
        id: "blueprint/type-in-use",
        summary: "The `type` of a property stays as it is while entities set the property.",
        remedy: "Define a property of another name with the new type and move the values there, or unset it everywhere first.",
    },
    RuleDoc {
        id: "blueprint/relation-in-use",
        summary: "The `target` of a relation, and whether it is `many`, stay as they are while entities set the relation.",
        remedy: "Define a relation of another name and move the values there, or unset it everywhere first.",
    },
];

const SHOWN: usize = 3;

/// A property or a relation that a change may not have altered so.
struct Frozen {
    blueprint: Identifier,
    /// `properties` or `relations`, and the name in it.
    way: [Box<str>; 2],
}

/// Says what a change alters in use; what follows from that in entities which the change does not touch is then taken out of
/// `faults`, for it is said.
pub(super) fn check(before: &Catalog, after: &Catalog, changes: &ChangeSet, faults: &mut Vec<Fault>) {
    let mut found = Vec::new();
    let mut frozen = Vec::new();
    for change in &changes.0 {
        let Subject::Blueprint(id) = &change.subject else { continue };
        let (Some(old), Some(new)) = (before.blueprints().get(id), after.blueprints().get(id)) else { continue };
        let mut refuse = |way: [&str; 2], rule: &'static str, what: String, place: Place| {
            let users = users(after, id, way);
            if users.is_empty() {
                return;
            }
            let subject = Subject::Blueprint(id.clone());
            found.push(Fault::itself(subject, worded(rule, &what, way, &users).at(place)));
            frozen.push(Frozen { blueprint: id.clone(), way: way.map(Box::from) });
        };
        for (name, (was, is)) in retyped(&old.value, &new.value) {
            let what = format!("the type of `{name}` changes from `{was}` to `{is}`");
            let place = new.value_at(&["schema", "properties", name, "type"]);
            refuse(["properties", name], "blueprint/type-in-use", what, place);
        }
        for (name, relation) in &new.value.relations {
            let Some(was) = old.value.relations.get(name) else { continue };
            let (what, key) = if was.target != relation.target {
                (format!("the target of relation `{name}` changes from `{}` to `{}`", was.target, relation.target), "target")
            } else if was.many != relation.many {
                let (from, to) = if was.many { ("a list", "one identifier") } else { ("one identifier", "a list") };
                (format!("relation `{name}` changes from {from} to {to}"), "many")
            } else {
                continue;
            };
            refuse(["relations", name], "blueprint/relation-in-use", what, new.value_at(&["relations", name, key]));
        }
    }
    if found.is_empty() {
        return;
    }
    let touched: BTreeSet<&Subject> = changes.0.iter().filter(|c| c.field != Some(Field::Owner)).map(|c| &c.subject).collect();
    faults.retain(|fault| touched.contains(&fault.found_in) || !frozen.iter().any(|frozen| frozen.explains(after, fault)));
    faults.extend(found);
}

/// The properties whose type is another one, with both types.
fn retyped<'a>(old: &'a Blueprint, new: &'a Blueprint) -> impl Iterator<Item = (&'a str, (&'a str, &'a str))> {
    new.properties.iter().filter_map(|(name, is)| {
        let types = (old.properties.get(name)?.type_name()?, is.type_name()?);
        (types.0 != types.1).then_some((&**name, types))
    })
}

/// The entities that set a property or a relation to anything but `null`.
fn users(catalog: &Catalog, blueprint: &Identifier, [kind, name]: [&str; 2]) -> Vec<EntityKey> {
    let sets = |entity: &crate::model::Entity| match kind {
        "properties" => entity.properties.get(name).is_some_and(|value| *value != Value::Null),
        _ => entity.relations.get(name).is_some_and(|value| !value.targets().is_empty()),
    };
    catalog.entities().of(blueprint).filter(|entity| sets(&entity.value)).map(|entity| entity.value.key.clone()).collect()
}

fn worded(rule: &'static str, what: &str, [kind, name]: [&str; 2], users: &[EntityKey]) -> Finding {
    let shown: Vec<String> = users.iter().take(SHOWN).map(|key| format!("`{key}`")).collect();
    let more = match users.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let set = if users.len() == 1 { "entity sets" } else { "entities set" };
    let noun = if kind == "properties" { "property" } else { "relation" };
    Finding::error(rule, format!("{what} while {} {set} it: {}{more}", users.len(), shown.join(", ")))
        .help(format!("define a {noun} of another name and move the values there, or unset `{name}` in these entities first"))
}

impl Frozen {
    /// Whether a fault is only that an entity holds what this would change.
    fn explains(&self, catalog: &Catalog, fault: &Fault) -> bool {
        let Subject::Entity(key) = &fault.found_in else { return false };
        if key.blueprint != self.blueprint {
            return false;
        }
        let (Some(entity), Some(place)) = (catalog.entities().get(key), &fault.finding.place) else { return false };
        let [kind, name] = &self.way;
        let own: &[Part] = entity.pointer.parts();
        let way = [Part::Key(kind.clone()), Part::Key(name.clone())];
        place.file == entity.file && place.pointer.parts().strip_prefix(own).is_some_and(|rest| rest.starts_with(&way))
    }
}
