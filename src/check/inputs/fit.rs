//! Whether what is given fits the form: by JSON Schema, by what it names, and by what is offered.

use std::collections::BTreeSet;

use jsonschema::error::ValidationErrorKind;
use jsonschema::paths::{Location, LocationSegment};
use jsonschema::{Draft, PatternOptions, ValidationError, ValidationOptions};

use crate::catalog::{Catalog, Located};
use crate::model::{Action, EntityKey, Finding, Identifier, Place, Pointer, RunRequest, Subject, Value};

use super::context::Context;
use super::definition::{Reference, is_computed, pairs, reference, without};
use super::form::Form;
use super::{INVALID, MISSING, NOT_JUDGED, NOT_OFFERED, UNKNOWN, available, did_you_mean};

/// Keys of `userInputs` that arrange the form and demand nothing.
const OF_THE_FORM: [&str; 6] = ["order", "steps", "titles", "condition", "$schema", "$id"];

/// One request, and what is found wrong with it.
pub(super) struct Fit<'a> {
    pub(super) base: &'a Catalog,
    pub(super) action: &'a Action,
    pub(super) run: &'a Located<RunRequest>,
    pub(super) context: &'a Context<'a>,
    pub(super) findings: &'a mut Vec<Finding>,
}

impl Fit<'_> {
    pub(super) fn judge(&mut self, form: &Form) {
        let asked = &self.action.trigger.user_inputs;
        for unknown in &form.unknown {
            let pointer = Pointer::root().key("inputs");
            let pointer = unknown.input.iter().fold(pointer, |pointer, name| pointer.key(name));
            let message =
                format!("nobody can tell {}, which action `{}` computes: {}", unknown.what, self.action.identifier, unknown.why);
            self.error(NOT_JUDGED, self.under(pointer), message, "have the action mended on the watched branch first");
        }
        let closed = self.not_offered(form);
        match options().build(&schema(asked, form)) {
            Ok(validator) => {
                for error in validator.iter_errors(&form.filled.to_json()) {
                    self.word(&error, asked);
                }
            }
            Err(error) => {
                let message = format!("the `userInputs` of action `{}` cannot be judged by: {error}", self.action.identifier);
                self.error(NOT_JUDGED, self.place(&Location::new()), message, "mend the action on the watched branch first");
                return;
            }
        }
        for (name, definition) in pairs(asked.get("properties")).filter(|(name, _)| !closed.contains(name)) {
            if let Some(value) = form.filled.get(name) {
                self.judge_references(&Location::new().join(name), definition, value, form);
            }
        }
    }

    /// Refuses what is given although the form does not offer it; a value that would have stood there anyway is no other.
    fn not_offered<'f>(&mut self, form: &'f Form) -> BTreeSet<&'f str> {
        let mut closed = BTreeSet::new();
        for (name, field) in &form.fields {
            let (Some(why), Some(given)) = (field.closed, self.run.value.inputs.get(name)) else { continue };
            if field.default.as_ref() == Some(given) {
                continue;
            }
            closed.insert(&**name);
            let message = format!("the input `{name}` may not be given: {why}");
            let help = match &field.default {
                Some(_) => "take it out: its default stands",
                None => "take it out, or change what decides whether it is offered",
            };
            let place = Place { on_key: true, ..self.place(&Location::new().join(&**name)) };
            self.error(NOT_OFFERED, place, message, help);
        }
        closed
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

    /// What names something in the catalog: it must be there, on the watched branch, and among what the form offers.
    fn judge_references(&mut self, path: &Location, definition: &Value, value: &Value, form: &Form) {
        if let Value::List(items) = value {
            let of_items = definition.get("items").unwrap_or(definition);
            // `dataset` may stand beside `items` too.
            let of_items = match (of_items.get("dataset"), definition.get("dataset")) {
                (None, Some(dataset)) => {
                    let pairs = pairs(Some(of_items)).map(|(key, value)| (key.into(), value.clone()));
                    &Value::from_pairs(pairs.chain([("dataset".into(), dataset.clone())]).collect::<Vec<_>>())
                }
                _ => of_items,
            };
            for (index, item) in items.iter().enumerate() {
                self.judge_references(&path.join(index), of_items, item, form);
            }
            return;
        }
        if let Value::Map(_) = value {
            for (name, inner) in pairs(Some(value)) {
                if let Some(of_field) = definition.get("properties").and_then(|fields| fields.get(name)) {
                    self.judge_references(&path.join(name), of_field, inner, form);
                }
            }
            return;
        }
        let (Some(reference), Some(text)) = (reference(definition), value.as_str()) else { return };
        let identifier = Identifier::new(text).ok();
        let (exists, what) = match &reference {
            Reference::User => (identifier.is_some_and(|id| self.base.users().contains(&id)), "user".to_owned()),
            Reference::Team => (identifier.is_some_and(|id| self.base.teams().contains(&id)), "team".to_owned()),
            Reference::Entity(blueprint) => {
                let key = identifier.map(|identifier| EntityKey { blueprint: blueprint.clone(), identifier });
                let there = key.as_ref().is_some_and(|key| self.base.entities().contains(key));
                if let (Some(key), Some(dataset), true) = (&key, definition.get("dataset"), there) {
                    self.judge_offer(path, dataset, key, form);
                }
                (there, blueprint.to_string())
            }
        };
        if !exists {
            let name = path.as_str().trim_start_matches('/');
            let message = format!("the input `{name}` names a {what} that the watched branch does not have");
            self.error(INVALID, self.place(path), message, &format!("name a {what} that exists, or add it first"));
        }
    }

    /// Whether an entity is among those that a `dataset` leaves over.
    fn judge_offer(&mut self, path: &Location, dataset: &Value, key: &EntityKey, form: &Form) {
        let name = path.as_str().trim_start_matches('/');
        match available::admits(self, dataset, key, &form.filled) {
            Ok(true) => {}
            Ok(false) => {
                let message = format!("the input `{name}` names an entity that the form does not offer");
                let help = format!("name one that the input's `dataset` in action `{}` lets through", self.action.identifier);
                self.error(INVALID, self.place(path), message, &help);
            }
            Err(why) => {
                let message = format!("nobody can tell whether `{name}` may be what it is, by the input's `dataset`: {why}");
                self.error(NOT_JUDGED, self.place(path), message, "have the action mended on the watched branch first");
            }
        }
    }

    pub(super) fn error(&mut self, rule: &'static str, place: Place, message: String, help: &str) {
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
    pub(super) fn under(&self, pointer: Pointer) -> Place {
        Place::value(&self.run.file, pointer)
    }
}

/// How inputs are judged: formats asserted, patterns in linear time, nothing fetched.
fn options<'a>() -> ValidationOptions<'a> {
    jsonschema::options()
        .with_draft(Draft::Draft202012)
        .with_pattern_options(PatternOptions::regex())
        .should_validate_formats(true)
        .should_ignore_unknown_formats(true)
        .with_format("url", is_url)
}

/// Why a default is none by its own definition, as far as that is written and not computed.
pub(in crate::check) fn unfit(definition: &Value, default: &Value) -> Option<String> {
    let written = without(definition, |key, value| {
        is_computed(value) || key == "default" || (key == "required" && matches!(value, Value::Bool(_)))
    });
    // A definition that is no schema is told of elsewhere.
    let validator = options().build(&written.to_json()).ok()?;
    let json = default.to_json();
    let error = validator.iter_errors(&json).next()?;
    Some(error.masked_with("the value").to_string())
}

/// The schema of the inputs: what the form demands, without what only arranges it, and closed.
fn schema(asked: &Value, form: &Form) -> serde_json::Value {
    let properties = form.fields.iter().map(|(name, field)| {
        // What could not be told is refused elsewhere.
        (name.clone(), field.definition.clone().unwrap_or(Value::Bool(true)))
    });
    let rest = without(asked, |key, _| OF_THE_FORM.contains(&key) || matches!(key, "required" | "properties"));
    let closed = [
        ("type".into(), "object".into()),
        ("additionalProperties".into(), false.into()),
        ("properties".into(), Value::from_pairs(properties)),
        ("required".into(), Value::List(form.required.iter().map(|name| Value::from(&**name)).collect())),
    ];
    Value::from_pairs(pairs(Some(&rest)).map(|(key, value)| (key.into(), value.clone())).chain(closed)).to_json()
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
