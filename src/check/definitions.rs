//! Blueprints by themselves, and the forms of actions: their definitions are sound JSON Schemas that bound their own cost.

use crate::catalog::{DefinitionFault, Located, check_definition, nearest};
use crate::model::{Blueprint, Finding, Part, Place, RuleDoc, Subject, Value};

use super::scope::Scope;
use super::validate::Fault;

/// The rules of this family that blueprints and actions can break.
pub(super) const RULES: &[RuleDoc] = &[
    RuleDoc {
        id: "schema/definition",
        summary: "A property's definition is a JSON Schema.",
        remedy: "Mend the keyword the finding points at.",
    },
    RuleDoc {
        id: "schema/pattern",
        summary: "A pattern runs in linear time: no look-around, no back-references, bounded in size.",
        remedy: "Write the pattern without `(?=`, `(?!`, `(?<` look-around and `\\1`.",
    },
    RuleDoc {
        id: "schema/format",
        summary: "A format is one that is known.",
        remedy: "Use one of the formats the finding lists.",
    },
    RuleDoc {
        id: "schema/ref",
        summary: "A `$ref` points inside its own document, at something that is there, and never back to itself.",
        remedy: "Point at `#/properties/…`, or write the schema out.",
    },
    RuleDoc {
        id: "schema/keyword",
        summary: "A definition does not rename itself or its dialect.",
        remedy: "Remove `$id`, `$schema`, `$anchor` and dynamic references.",
    },
    RuleDoc {
        id: "schema/default",
        summary: "A default is valid by its own definition.",
        remedy: "Change the default or the definition.",
    },
    RuleDoc {
        id: "schema/required-unknown",
        summary: "What `required` names is a property of the blueprint.",
        remedy: "Define the property, or take its name out of `required`.",
    },
];

pub(super) fn check(scope: &Scope<'_>, out: &mut Vec<Fault>) {
    for blueprint in scope.blueprints() {
        required(blueprint, out);
        let subject = || Subject::Blueprint(blueprint.value.identifier.clone());
        let Some(schema) = scope.catalog.schema_of(&blueprint.value.identifier) else { continue };
        for (name, fault) in &schema.faults {
            out.push(Fault::itself(subject(), finding(blueprint, &["schema", "properties", name], name, fault)));
        }
        for (name, violation) in &schema.bad_defaults {
            let message = format!("the default of `{name}` is not valid: {}", violation.message);
            let mut found =
                Finding::error("schema/default", message).at(blueprint.value_at(&["schema", "properties", name, "default"]));
            found.help = violation.help.clone();
            out.push(Fault::itself(subject(), found));
        }
    }
    for action in scope.actions() {
        let inputs = &action.value.trigger.user_inputs;
        let Some(Value::Map(properties)) = inputs.get("properties") else { continue };
        for (name, definition) in properties {
            for fault in check_definition(inputs, definition) {
                let way = ["trigger", "userInputs", "properties", name];
                out.push(Fault::itself(Subject::Action(action.value.identifier.clone()), finding(action, &way, name, &fault)));
            }
        }
    }
}

fn required(blueprint: &Located<Blueprint>, out: &mut Vec<Fault>) {
    for (i, name) in blueprint.value.required.iter().enumerate() {
        if blueprint.value.properties.contains_key(name) {
            continue;
        }
        let help = match nearest(name, blueprint.value.properties.keys().map(|known| &**known)) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => "define the property under `schema.properties`, or take its name out of `required`".to_owned(),
        };
        let place = Place::value(&blueprint.file, blueprint.descend(&["schema", "required"]).index(i));
        let message = format!("`required` names `{name}`, which is not a property of `{}`", blueprint.value.identifier);
        let found = Finding::error("schema/required-unknown", message).at(place).help(help);
        out.push(Fault::itself(Subject::Blueprint(blueprint.value.identifier.clone()), found));
    }
}

fn finding<T>(document: &Located<T>, way: &[&str], name: &str, fault: &DefinitionFault) -> Finding {
    let pointer = fault.way.iter().fold(document.descend(way), |pointer, part| match part {
        Part::Key(key) => pointer.key(key),
        Part::Index(index) => pointer.index(*index),
    });
    let mut found = Finding::error(fault.rule, format!("`{name}`: {}", fault.message)).at(Place::value(&document.file, pointer));
    found.help = fault.help.clone();
    found
}
