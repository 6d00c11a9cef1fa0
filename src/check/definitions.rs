//! Blueprints by themselves, and the forms of actions: their definitions are sound JSON Schemas that bound their own cost.

use crate::catalog::{DefinitionFault, Located, check_definition};
use crate::model::{Finding, Part, Place, RequiredApproval, RuleDoc, Subject, Value};

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
        id: "schema/ref",
        summary: "A `$ref` points inside its own document, at something that is there, and never back to itself.",
        remedy: "Point at `#/properties/…`, or write the schema out.",
    },
    RuleDoc {
        id: "schema/conditional-name",
        summary: "`format: user` and `format: team` stand where they hold whatever the rest of a value is.",
        remedy: "Name users and teams under `properties`, `items` or `allOf`, without `anyOf`, `oneOf`, `not`, `if`, `contains` and the like.",
    },
    RuleDoc {
        id: "schema/default",
        summary: "A default is valid by its own definition.",
        remedy: "Change the default or the definition.",
    },
];

pub(super) fn check(scope: &Scope<'_>, out: &mut Vec<Fault>) {
    for blueprint in scope.blueprints() {
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
        let mut judge = |root: &Value, definition: &Value, way: &[&str], name: &str| {
            for fault in check_definition(root, definition) {
                out.push(Fault::itself(Subject::Action(action.value.identifier.clone()), finding(action, way, name, &fault)));
            }
        };
        let inputs = &action.value.trigger.user_inputs;
        if let Some(Value::Map(properties)) = inputs.get("properties") {
            for (name, definition) in properties {
                judge(inputs, definition, &["trigger", "userInputs", "properties", name], name);
            }
        }
        if let RequiredApproval::When { schema, .. } = &action.value.required_approval {
            judge(schema, schema, &["requiredApproval", "when"], "when");
        }
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
