//! The forms of actions by themselves: expressions compile, filters are search rules, what inputs name is there, and a default
//! satisfies its own definition.

use crate::catalog::{Located, search_of};
use crate::model::{Action, Finding, Identifier, Place, Pointer, RuleDoc, Subject, Value};

use super::inputs::{is_computed, pairs, program, stand_in, unfit};
use super::scope::Scope;
use super::validate::Fault;

const EXPRESSION: &str = "action/expression";
const FILTER: &str = "action/filter";
const BLUEPRINT: &str = "action/unknown-blueprint";
const DEFAULT: &str = "action/default";

/// The rules of this family.
pub(super) const RULES: &[RuleDoc] = &[
    RuleDoc {
        id: EXPRESSION,
        summary: "Every `jqQuery` of a form compiles.",
        remedy: "Mend the program; its input is `.form.<input>`, `.entity.properties.<name>`, `.user.email`.",
    },
    RuleDoc {
        id: FILTER,
        summary: "`condition` and `dataset` are search rules: `{combinator, rules}`.",
        remedy: "Write them as docs/catalog.md shows.",
    },
    RuleDoc {
        id: BLUEPRINT,
        summary: "An input of `format: entity` names a blueprint that exists.",
        remedy: "Correct `blueprint`, or add the blueprint.",
    },
    RuleDoc {
        id: DEFAULT,
        summary: "The default of an input satisfies its own definition.",
        remedy: "Change the default or the definition.",
    },
];

/// How many expressions one action may hold: each is compiled.
const EXPRESSIONS: usize = 500;

pub(super) fn check(scope: &Scope<'_>, out: &mut Vec<Fault>) {
    for action in scope.actions() {
        let mut check = Check { scope, action, findings: Vec::new(), expressions: 0 };
        check.action();
        let subject = || Subject::Action(action.value.identifier.clone());
        out.extend(check.findings.into_iter().map(|finding| Fault::itself(subject(), finding)));
    }
}

struct Check<'a> {
    scope: &'a Scope<'a>,
    action: &'a Located<Action>,
    findings: Vec<Finding>,
    expressions: usize,
}

impl Check<'_> {
    fn action(&mut self) {
        let inputs = &self.action.value.trigger.user_inputs;
        let form = self.action.descend(&["trigger", "userInputs"]);
        self.expressions(inputs, &form);
        let condition = self.action.value.definition.get("trigger").and_then(|trigger| trigger.get("condition"));
        if let Some(condition) = condition.filter(|condition| !condition.is_null()) {
            let at = self.action.descend(&["trigger", "condition"]);
            self.expressions(condition, &at);
            self.filter(condition, at, "`condition`");
        }
        for (name, definition) in pairs(inputs.get("properties")) {
            let at = form.clone().key("properties").key(name);
            self.input(name, definition, &at);
            if let Some(items) = definition.get("items") {
                self.input(name, items, &at.clone().key("items"));
            }
            self.default(name, definition, at);
        }
    }

    fn input(&mut self, name: &str, definition: &Value, at: &Pointer) {
        if let Some(dataset) = definition.get("dataset") {
            self.filter(dataset, at.clone().key("dataset"), &format!("the `dataset` of `{name}`"));
        }
        if definition.get("format").and_then(Value::as_str) != Some("entity") {
            return;
        }
        let blueprint = definition.get("blueprint").and_then(Value::as_str);
        let known = blueprint.and_then(|name| Identifier::new(name).ok());
        match (blueprint, known) {
            (None, _) => self.error(
                BLUEPRINT,
                at.clone(),
                format!("`{name}` does not say the blueprint of its entities"),
                "add `blueprint: <Blueprint>`",
            ),
            (Some(_), Some(known)) if self.scope.catalog.blueprints().contains(&known) => {}
            (Some(written), _) => {
                let near =
                    super::inputs::did_you_mean(written, self.scope.catalog.blueprints().iter().map(|(known, _)| known.as_str()));
                let help = near.unwrap_or_else(|| "name a blueprint that exists, or add it".into());
                self.error(BLUEPRINT, at.clone().key("blueprint"), format!("there is no blueprint `{written}`"), &help);
            }
        }
    }

    fn default(&mut self, name: &str, definition: &Value, at: Pointer) {
        let Some(default) = definition.get("default").filter(|default| !is_computed(default) && !default.is_null()) else {
            return;
        };
        if let Some(unfit) = unfit(definition, default) {
            self.error(
                DEFAULT,
                at.key("default"),
                format!("the default of `{name}` is not valid: {unfit}"),
                "change it, or the definition",
            );
        }
    }

    /// Search rules, as far as they are known: what is computed in them counts as a text.
    fn filter(&mut self, rules: &Value, at: Pointer, what: &str) {
        if let Err(why) = search_of(&stand_in(rules)) {
            let help = "write `{ combinator: and, rules: [{ property: <name>, operator: \"=\", value: <value> }] }`";
            self.error(FILTER, at, format!("{what} cannot be used: {why}"), help);
        }
    }

    /// Every expression in a value, at any depth that a parsed file can have.
    fn expressions(&mut self, value: &Value, at: &Pointer) {
        match value {
            Value::Map(_) if program(value).is_some() => {
                let Some(program) = program(value) else { return };
                self.expressions += 1;
                let answer = match self.expressions {
                    0..=EXPRESSIONS => self.scope.programs.check(self.scope.catalog, program).map_err(|error| error.to_string()),
                    _ => Err(format!("an action may hold {EXPRESSIONS} expressions, and it is one more")),
                };
                if let Err(why) = answer {
                    let help = "mend it; its input is `.form.<input>`, `.entity.properties.<name>`, `.user.email`";
                    self.error(EXPRESSION, at.clone().key("jqQuery"), format!("this expression cannot be used: {why}"), help);
                }
            }
            Value::Map(pairs) => pairs.iter().for_each(|(key, value)| self.expressions(value, &at.clone().key(key))),
            Value::List(items) => {
                items.iter().enumerate().for_each(|(index, item)| self.expressions(item, &at.clone().index(index)));
            }
            _ => {}
        }
    }

    fn error(&mut self, rule: &'static str, at: Pointer, message: String, help: &str) {
        self.findings.push(Finding::error(rule, message).at(Place::value(&self.action.file, at)).help(help));
    }
}
