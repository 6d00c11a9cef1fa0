//! Decides whether the inputs of a run fit what its action asks for (spec 6, `trigger.userInputs`).

use jsonschema::error::ValidationErrorKind;
use jsonschema::paths::{Location, LocationSegment};
use jsonschema::{Draft, PatternOptions, ValidationError};

use crate::catalog::{Catalog, Located};
use crate::model::{Action, EntityKey, Finding, Identifier, Place, Pointer, RuleDoc, RunRequest, Subject, Value};
use crate::run::{Requirement, action_of, requirement};

const UNKNOWN: &str = "run/unknown-input";
const MISSING: &str = "run/missing-input";
const INVALID: &str = "run/invalid-input";
const NOT_JUDGED: &str = "run/inputs-not-judged";

/// The rules of inputs.
pub(super) const RULES: &[RuleDoc] = &[
    RuleDoc {
        id: UNKNOWN,
        summary: "A run gives only inputs that its action asks for.",
        remedy: "Take the input out, or spell it as the action's `userInputs` do.",
    },
    RuleDoc {
        id: MISSING,
        summary: "A run gives every required input that has no default.",
        remedy: "Add the input under `inputs`.",
    },
    RuleDoc {
        id: INVALID,
        summary: "An input satisfies its definition in the action's `userInputs` on the watched branch.",
        remedy: "Give a value that the definition allows.",
    },
    RuleDoc {
        id: NOT_JUDGED,
        summary: "What an input must be is written down, not computed: `jqQuery` is not evaluated, and what cannot be judged is refused.",
        remedy: "Write the action's `required`, `default`, `enum` and other demands as plain values.",
    },
];

/// Keys of `userInputs` that arrange the form and demand nothing.
const OF_THE_FORM: [&str; 6] = ["order", "steps", "titles", "condition", "$schema", "$id"];
/// Keys of one input that arrange the form and demand nothing, so that they may hold a `jqQuery`.
const OF_THE_FIELD: [&str; 9] =
    ["title", "icon", "description", "visible", "disabled", "dependsOn", "sort", "dataset", "tooltip"];

/// Inputs, judged.
pub(super) struct Judged {
    /// With the defaults of the action filled in, at every depth.
    pub(super) filled: Value,
    /// What does not fit.
    pub(super) findings: Vec<Finding>,
}

/// Judges the inputs of `run` by the definition that `base` has of its action.
pub(super) fn judge_inputs(base: &Catalog, action: &Action, run: &Located<RunRequest>) -> Judged {
    let asked = &action.trigger.user_inputs;
    let filled = fill(asked, &run.value.inputs);
    let mut form = Form { base, action, run, findings: Vec::new() };
    form.judge(asked, &filled);
    Judged { filled, findings: form.findings }
}

struct Form<'a> {
    base: &'a Catalog,
    action: &'a Action,
    run: &'a Located<RunRequest>,
    findings: Vec<Finding>,
}

impl Form<'_> {
    fn judge(&mut self, asked: &Value, filled: &Value) {
        let schema = self.schema(asked, filled);
        let validator = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .with_pattern_options(PatternOptions::regex())
            .should_validate_formats(true)
            .should_ignore_unknown_formats(true)
            .with_format("url", is_url)
            .build(&schema);
        let validator = match validator {
            Ok(validator) => validator,
            Err(error) => {
                let message = format!("the `userInputs` of action `{}` cannot be judged by: {error}", self.action.identifier);
                self.error(NOT_JUDGED, self.place(&Location::new()), message, "mend the action on the watched branch first");
                return;
            }
        };
        for error in validator.iter_errors(&filled.to_json()) {
            self.word(&error, asked);
        }
        for (name, definition) in pairs(asked.get("properties")) {
            if let Some(value) = filled.get(name) {
                self.judge_references(&Location::new().join(name), definition, value);
            }
        }
    }

    /// The schema of the inputs: what the action demands, without what only arranges the form, and closed.
    fn schema(&mut self, asked: &Value, filled: &Value) -> serde_json::Value {
        let mut required: Vec<Value> = Vec::new();
        match asked.get("required") {
            Some(Value::List(names)) => required.extend(names.iter().cloned()),
            Some(Value::Map(_)) => self.computed("which inputs are required", Pointer::root().key("inputs")),
            _ => {}
        }
        let mut properties = Vec::new();
        for (name, definition) in pairs(asked.get("properties")) {
            let place = Pointer::root().key("inputs").key(name);
            if definition.get("required") == Some(&Value::Bool(true)) {
                required.push(name.into());
            }
            let given = self.run.value.inputs.get(name).is_some();
            if !given && definition.get("default").is_some_and(is_computed) {
                self.computed(&format!("the default of `{name}`"), place);
                continue;
            }
            let demands = without(definition, |key, value| {
                OF_THE_FIELD.contains(&key) || key == "default" || (key == "required" && matches!(value, Value::Bool(_)))
            });
            if !is_computed(&demands) {
                properties.push((name.into(), demands));
                continue;
            }
            properties.push((name.into(), Value::Bool(true)));
            if filled.get(name).is_some() {
                self.computed(&format!("what `{name}` may be"), place);
            }
        }
        let form = without(asked, |key, _| OF_THE_FORM.contains(&key) || matches!(key, "required" | "properties"));
        let closed = [
            ("type".into(), "object".into()),
            ("additionalProperties".into(), false.into()),
            ("properties".into(), Value::from_pairs(properties)),
            ("required".into(), Value::List(required.into())),
        ];
        Value::from_pairs(pairs(Some(&form)).map(|(key, value)| (key.into(), value.clone())).chain(closed)).to_json()
    }

    fn word(&mut self, error: &ValidationError<'_>, asked: &Value) {
        let path = error.instance_path();
        match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected } => {
                for name in unexpected {
                    let known = pairs(asked.get("properties")).map(|(known, _)| known);
                    let known: Vec<&str> = if path.is_empty() { known.collect() } else { Vec::new() };
                    let help = did_you_mean(name, known.iter().copied()).unwrap_or_else(|| match known.as_slice() {
                        [] => "take it out".into(),
                        _ => format!("take it out; the action asks for: {}", known.join(", ")),
                    });
                    let place = Place { on_key: true, ..self.place(&path.join(name.as_str())) };
                    self.error(UNKNOWN, place, format!("action `{}` asks for no input `{name}`", self.action.identifier), &help);
                }
            }
            ValidationErrorKind::Required { property } => {
                let name = property.as_str().unwrap_or_default();
                let message = format!("the input `{name}`, which action `{}` requires, is missing", self.action.identifier);
                self.error(MISSING, self.place(path), message, &format!("add `{name}` under `inputs`"));
            }
            kind => {
                let help = match kind {
                    ValidationErrorKind::Enum { options } => {
                        let options = options.as_array().map(Vec::as_slice).unwrap_or_default();
                        let word = error.instance().as_str().unwrap_or_default();
                        did_you_mean(word, options.iter().filter_map(serde_json::Value::as_str))
                    }
                    _ => None,
                };
                let help = help.unwrap_or_else(|| format!("see `userInputs` of action `{}`", self.action.identifier));
                let name = path.as_str().trim_start_matches('/');
                // Without the value: it may be a secret, and the caret shows it to who may see the file.
                let message = format!("the input `{name}` does not fit: {}", error.masked_with("the value"));
                self.error(INVALID, self.place(path), message, &help);
            }
        }
    }

    /// Formats that name something in the catalog: it must be there, on the watched branch.
    fn judge_references(&mut self, path: &Location, definition: &Value, value: &Value) {
        if let Value::List(items) = value {
            let of_items = definition.get("items").unwrap_or(definition);
            for (index, item) in items.iter().enumerate() {
                self.judge_references(&path.join(index), of_items, item);
            }
            return;
        }
        let (Some(format), Some(text)) = (definition.get("format").and_then(Value::as_str), value.as_str()) else { return };
        let identifier = Identifier::new(text).ok();
        let (exists, what) = match format {
            "user" => (identifier.is_some_and(|id| self.base.users().contains(&id)), "user".to_owned()),
            "team" => (identifier.is_some_and(|id| self.base.teams().contains(&id)), "team".to_owned()),
            "entity" => match definition.get("blueprint").and_then(Value::as_str).map(Identifier::new) {
                Some(Ok(blueprint)) => {
                    let key = identifier.map(|identifier| EntityKey { blueprint: blueprint.clone(), identifier });
                    (key.is_some_and(|key| self.base.entities().contains(&key)), format!("{blueprint}"))
                }
                _ => return,
            },
            _ => return,
        };
        if !exists {
            let name = path.as_str().trim_start_matches('/');
            let message = format!("the input `{name}` names a {what} that the watched branch does not have");
            self.error(INVALID, self.place(path), message, &format!("name a {what} that exists, or add it first"));
        }
    }

    fn computed(&mut self, what: &str, pointer: Pointer) {
        let message = format!("action `{}` computes {what} by a `jqQuery`, which is not evaluated here", self.action.identifier);
        let place = self.under(pointer);
        self.error(NOT_JUDGED, place, message, "write it as plain values in the action, on the watched branch, first");
    }

    fn error(&mut self, rule: &'static str, place: Place, message: String, help: &str) {
        let subject = Subject::Run(self.run.value.identifier.clone());
        self.findings.push(Finding::error(rule, message).help(help).at(place).about(subject));
    }

    fn place(&self, path: &Location) -> Place {
        let pointer = path.segments().fold(Pointer::root().key("inputs"), |pointer, segment| match segment {
            LocationSegment::Property(key) => pointer.key(&key),
            LocationSegment::Index(index) => pointer.index(index),
        });
        self.under(pointer)
    }

    /// A run is a file's whole document, so the way in the document is the way in the file.
    fn under(&self, pointer: Pointer) -> Place {
        Place::value(&self.run.file, pointer)
    }
}

/// What a run that stands on a revision needed there; `None` where its action is not known any more.
pub fn requirement_of(base: &Catalog, run: &RunRequest) -> Option<Requirement> {
    let action = action_of(base, &run.action)?;
    Some(requirement(action, &fill(&action.trigger.user_inputs, &run.inputs)))
}

/// The inputs with the defaults of `definition` filled in, also inside objects that are there.
fn fill(definition: &Value, inputs: &Value) -> Value {
    let Value::Map(given) = inputs else { return inputs.clone() };
    let mut filled: Vec<(Box<str>, Value)> = Vec::new();
    for (name, of_input) in pairs(definition.get("properties")) {
        match (inputs.get(name), of_input.get("default")) {
            (None, Some(default)) if !is_computed(default) => filled.push((name.into(), fill(of_input, default))),
            (Some(value), _) => filled.push((name.into(), fill(of_input, value))),
            (None, _) => {}
        }
    }
    Value::from_pairs(given.iter().cloned().chain(filled))
}

fn pairs(map: Option<&Value>) -> impl Iterator<Item = (&str, &Value)> {
    let pairs = match map {
        Some(Value::Map(pairs)) => &**pairs,
        _ => &[],
    };
    pairs.iter().map(|(key, value)| (&**key, value))
}

fn without(map: &Value, drop: impl Fn(&str, &Value) -> bool) -> Value {
    match map {
        Value::Map(_) => {
            Value::from_pairs(pairs(Some(map)).filter(|(k, v)| !drop(k, v)).map(|(key, value)| (key.into(), value.clone())))
        }
        other => other.clone(),
    }
}

/// Whether a `jqQuery` stands in it, at any depth that a parsed file can have.
fn is_computed(value: &Value) -> bool {
    match value {
        Value::Map(pairs) => pairs.iter().any(|(key, value)| &**key == "jqQuery" || is_computed(value)),
        Value::List(items) => items.iter().any(is_computed),
        _ => false,
    }
}

/// Port's `url`: a scheme, `://`, and a host, without white space.
fn is_url(text: &str) -> bool {
    text.split_once("://").is_some_and(|(scheme, rest)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
            && !rest.is_empty()
            && !rest.starts_with('/')
            && !rest.contains(char::is_whitespace)
    })
}

/// `did you mean …?`, where one of the candidates is near.
pub(super) fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    const LONGEST: usize = 200; // comparing costs length times length, and nobody mistypes more than this
    let reach = 1 + word.len() / 4;
    let near = |candidate: &&str| candidate.len() <= LONGEST && candidate.len().abs_diff(word.len()) <= reach;
    let word = (word.len() <= LONGEST).then(|| word.to_lowercase())?;
    let (far, nearest) = candidates
        .into_iter()
        .filter(near)
        .map(|candidate| (strsim::damerau_levenshtein(&word, &candidate.to_lowercase()), candidate))
        .min()?;
    (far <= reach).then(|| format!("did you mean `{nearest}`?"))
}
