//! How runs are performed, held against the rest of the catalog: templates ask for what is there, and entities are written that may be.

use crate::catalog::Located;
use crate::model::{
    Action, ActionOperation, Blueprint, EntityMapping, Finding, Identifier, Invocation, Part, Place, Pointer, RuleDoc, Subject,
    Template, TemplatePath, Value,
};
use crate::run::call::secret_inputs;

use super::inputs::{did_you_mean, is_computed, pairs};
use super::scope::Scope;
use super::validate::Fault;

const PATH: &str = "action/unknown-path";
const MAPPING: &str = "action/mapping";
const ABSENT: &str = "lint/may-be-absent";
const SECRET: &str = "lint/secret-input";

/// The rules of this family.
pub(super) const RULES: &[RuleDoc] = &[
    RuleDoc {
        id: PATH,
        summary: "A template asks for inputs that the action defines, and for properties and relations that the entity's blueprint does.",
        remedy: "Correct the name, or define it.",
    },
    RuleDoc {
        id: MAPPING,
        summary: "An entity that a run writes is of a blueprint that exists, and only properties and relations are set that people may set.",
        remedy: "Correct the name, or define it in the blueprint.",
    },
    RuleDoc {
        id: ABSENT,
        summary: "What may be left out does not stand within a text, where nothing could take its place.",
        remedy: "Make the input required, give it a default, or let the template stand alone, where it becomes `null`.",
    },
    RuleDoc {
        id: SECRET,
        summary: "An input is no secret: runs lie in git, in plain text, for everybody who reads the repository.",
        remedy: "Ask for where the secret lies in a vault, and let whatever is called fetch it.",
    },
];

pub(super) fn check(scope: &Scope<'_>, out: &mut Vec<Fault>) {
    for action in scope.actions() {
        let mut check = Check { scope, action, findings: Vec::new() };
        let root = action.descend(&["invocationMethod"]);
        if let Some(written) = action.value.definition.get("invocationMethod") {
            check.texts(written, &root);
        }
        if let Invocation::Entity(mapping) = &action.value.invocation.way {
            check.mapping(mapping);
        }
        let subject = || Subject::Action(action.value.identifier.clone());
        out.extend(check.findings.into_iter().map(|finding| Fault::itself(subject(), finding)));
    }
}

/// What may be written that is worth a warning.
pub(super) fn lint(scope: &Scope<'_>, out: &mut Vec<Fault>) {
    for action in scope.actions() {
        let subject = || Subject::Action(action.value.identifier.clone());
        for name in secret_inputs(&action.value) {
            let message =
                format!("`{name}` is meant to be secret, and a run of this action would lie in git for everybody to read");
            let finding = Finding::warning(SECRET, message)
                .at(action.value_at(&["trigger", "userInputs", "properties", &name]))
                .help("ask for where it lies in a vault; the controller hides it in what it says, and can do no more");
            out.push(Fault::itself(subject(), finding));
        }
        let root = action.descend(&["invocationMethod"]);
        let Some(written) = action.value.definition.get("invocationMethod") else { continue };
        each_template(written, &root, &mut |template, at| {
            if template.lone().is_some() && !wants_text(at) {
                return;
            }
            for path in template.paths().filter(|path| may_be_absent(scope, &action.value, path)) {
                let message = format!("`{path}` may be left out, and a run without it could not be performed");
                let finding = Finding::warning(ABSENT, message)
                    .at(Place::value(&action.file, at.clone()))
                    .help("make it required, give it a default, or let the template stand alone");
                out.push(Fault::itself(subject(), finding));
            }
        });
    }
}

struct Check<'a> {
    scope: &'a Scope<'a>,
    action: &'a Located<Action>,
    findings: Vec<Finding>,
}

impl Check<'_> {
    fn texts(&mut self, written: &Value, root: &Pointer) {
        let mut found = Vec::new();
        each_template(written, root, &mut |template, at| {
            found.extend(template.paths().filter_map(|path| self.wrong(path)).map(|wrong| (wrong, at.clone())));
        });
        for ((message, help), at) in found {
            self.findings.push(Finding::error(PATH, message).at(Place::value(&self.action.file, at)).help(help));
        }
    }

    /// What is wrong with a path, and what to write instead.
    fn wrong(&self, path: &TemplatePath) -> Option<(String, String)> {
        let action = &self.action.value;
        match (path.first(), path.key(1), path.key(2)) {
            ("inputs", Some(name), _) => {
                let properties = action.trigger.user_inputs.get("properties");
                if properties.is_some_and(|inputs| inputs.get(name).is_some()) {
                    return None;
                }
                let near = did_you_mean(name, pairs(properties).map(|(known, _)| known));
                let help = near.unwrap_or_else(|| "define it below `trigger.userInputs.properties`".into());
                Some((format!("the action has no input `{name}`"), help))
            }
            ("entity", ..) if action.trigger.operation == ActionOperation::Create => {
                let help = "take what the run gives: `.inputs.<name>`".to_owned();
                Some(("an action that makes an entity has none to ask about".to_owned(), help))
            }
            ("entity", Some(family @ ("properties" | "relations")), Some(name)) => {
                let blueprint = &self.scope.catalog.blueprints().get(&action.blueprint)?.value;
                let known = names(blueprint, family);
                if known.contains(&name) {
                    return None;
                }
                let help = did_you_mean(name, known).unwrap_or_else(|| format!("define it in blueprint `{}`", action.blueprint));
                Some((format!("blueprint `{}` has no `{name}` among its {family}", action.blueprint), help))
            }
            _ => None,
        }
    }

    fn mapping(&mut self, mapping: &EntityMapping) {
        let at = |keys: &[&str]| {
            let way: Vec<&str> = std::iter::once("invocationMethod").chain(keys.iter().copied()).collect();
            self.action.value_at(&way)
        };
        let mut found = Vec::new();
        let default_of_none = self.action.value.trigger.operation == ActionOperation::Create
            && self.action.value.invocation.definition.get("mapping").is_none();
        if default_of_none {
            let message = "an action that makes an entity has none to remove".to_owned();
            found.push((message, "write `mapping: { identifier: … }`".to_owned(), at(&[])));
        }
        match self.scope.catalog.blueprints().get(&mapping.blueprint) {
            None => {
                let known = self.scope.catalog.blueprints().iter().map(|(id, _)| id.as_str());
                let near = did_you_mean(mapping.blueprint.as_str(), known);
                let help = near.unwrap_or_else(|| "name a blueprint that exists, or add it".into());
                found.push((format!("there is no blueprint `{}`", mapping.blueprint), help, at(&["blueprintIdentifier"])));
            }
            Some(blueprint) => {
                let document = mapping.document.as_ref();
                let properties = document.map(|document| &*document.properties).unwrap_or_default();
                let relations = document.map(|document| &*document.relations).unwrap_or_default();
                for (family, set) in [("properties", properties), ("relations", relations)] {
                    for (name, _) in set {
                        found.extend(
                            unsettable(&blueprint.value, family, name)
                                .map(|(message, help)| (message, help, at(&["mapping", family, name]))),
                        );
                    }
                }
            }
        }
        for (message, help, place) in found {
            self.findings.push(Finding::error(MAPPING, message).at(place).help(help));
        }
    }
}

/// Why a property or relation cannot be set, and what to do.
fn unsettable(blueprint: &Blueprint, family: &str, name: &str) -> Option<(String, String)> {
    let id = &blueprint.identifier;
    if family == "properties" && blueprint.derived.keys().any(|derived| **derived == *name) {
        return Some((format!("`{name}` of blueprint `{id}` is computed"), "set what it is computed from".into()));
    }
    let settable: Vec<&str> = match family {
        "properties" => blueprint.properties.keys().map(|name| &**name).collect(),
        _ => blueprint.relations.keys().map(|name| &**name).collect(),
    };
    if settable.contains(&name) {
        return None;
    }
    let help = did_you_mean(name, settable).unwrap_or_else(|| format!("define it in blueprint `{id}`"));
    Some((format!("blueprint `{id}` has no `{name}` among its {family}"), help))
}

fn names<'b>(blueprint: &'b Blueprint, family: &str) -> Vec<&'b str> {
    match family {
        "properties" => blueprint.properties.keys().map(|n| &**n).chain(blueprint.derived.keys().map(|n| &**n)).collect(),
        _ => blueprint.relations.keys().map(|name| &**name).collect(),
    }
}

/// Whether a run may stand without what a path asks for.
fn may_be_absent(scope: &Scope<'_>, action: &Action, path: &TemplatePath) -> bool {
    match (path.first(), path.key(1), path.key(2)) {
        ("inputs", Some(name), _) => {
            let inputs = &action.trigger.user_inputs;
            let default = inputs.get("properties").and_then(|p| p.get(name)).and_then(|input| input.get("default"));
            let required = match inputs.get("required") {
                Some(Value::List(names)) => names.iter().any(|required| required.as_str() == Some(name)),
                _ => false,
            };
            !required && default.is_none_or(is_computed)
        }
        ("entity", Some("properties"), Some(name)) => {
            let blueprint = scope.catalog.blueprints().get(&action.blueprint);
            blueprint.is_some_and(|blueprint| {
                let given = blueprint.value.required.iter().any(|required| **required == *name);
                let definition = blueprint.value.properties.get(name).map(|property| &property.definition);
                !given && definition.is_none_or(|definition| definition.get("default").is_none())
            })
        }
        ("entity", Some("relations"), Some(name)) => {
            let blueprint = scope.catalog.blueprints().get(&action.blueprint);
            blueprint.is_some_and(|blueprint| blueprint.value.relations.get(name).is_none_or(|relation| !relation.required))
        }
        ("entity", Some("icon"), _) | ("run", Some("url"), _) | ("requester", Some("name"), _) => true,
        ("action", Some("title"), _) => action.title.is_none(),
        _ => false,
    }
}

/// Whether even a lone template becomes text where it stands.
fn wants_text(at: &Pointer) -> bool {
    let keys: Vec<&str> = at
        .parts()
        .iter()
        .filter_map(|part| match part {
            Part::Key(key) => Some(&**key),
            Part::Index(_) => None,
        })
        .collect();
    matches!(keys.as_slice(), [.., "invocationMethod", "headers", _] | [.., "invocationMethod", "mapping", "identifier"])
}

/// Every template in the texts of a value.
pub(super) fn each_template(value: &Value, at: &Pointer, see: &mut dyn FnMut(&Template, &Pointer)) {
    match value {
        Value::String(text) if text.contains("{{") => {
            if let Ok(Some(template)) = Template::parse(text) {
                see(&template, at);
            }
        }
        Value::Map(pairs) => pairs.iter().for_each(|(key, value)| each_template(value, &at.clone().key(key), see)),
        Value::List(items) => {
            items.iter().enumerate().for_each(|(index, item)| each_template(item, &at.clone().index(index), see));
        }
        _ => {}
    }
}

/// The blueprint whose entities an action's runs write, where that is another than its own.
pub(super) fn writes_elsewhere(action: &Action) -> Option<&Identifier> {
    match &action.invocation.way {
        Invocation::Entity(mapping) => Some(&mapping.blueprint).filter(|blueprint| **blueprint != action.blueprint),
        Invocation::Webhook(_) | Invocation::Workflow(_) => None,
    }
}
