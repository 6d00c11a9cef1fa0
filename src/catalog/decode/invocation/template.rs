//! Texts and JSON values with places to be filled in: what may be asked for, and where nothing may stand.

use crate::catalog::node::NodeKind;
use crate::catalog::shown::shown;
use crate::model::{JsonTemplate, Template, TemplateError, TemplatePath};

use super::super::cursor::{Cursor, Decoder};
use super::TEMPLATE;

/// What a template may ask for, and what that has; nothing where anything goes.
const ROOTS: &[(&str, &[&str])] = &[
    ("inputs", &[]),
    ("entity", &["identifier", "title", "icon", "blueprint", "team", "properties", "relations"]),
    ("action", &["identifier", "title", "blueprint"]),
    ("run", &["id", "identifier", "url"]),
    ("requester", &["identifier", "email", "name"]),
];

const SECRETS: &str = "secrets";

/// A text, with places to be filled in or without.
pub(super) fn text(d: &mut Decoder<'_>, at: Cursor<'_, '_>, text: &str, with_secrets: bool) -> Option<Template> {
    match Template::read(text) {
        Ok(template) => {
            let good = template.paths().all(|path| known(d, at, path, with_secrets));
            good.then_some(template)
        }
        Err(error) => {
            let help = match error {
                TemplateError::Open => "close it: `{{ .inputs.name }}`",
                _ if text.contains('|') || text.contains('(') => {
                    "write a path such as `{{ .inputs.name }}`; what has to be computed is computed by whatever is called, or by a calculation property"
                }
                _ => "write a path such as `{{ .inputs.name }}`",
            };
            d.error(TEMPLATE, at, shown(&error.to_string()), help);
            None
        }
    }
}

fn known(d: &mut Decoder<'_>, at: Cursor<'_, '_>, path: &TemplatePath, with_secrets: bool) -> bool {
    let written = shown(&path.to_string());
    if path.first() == SECRETS {
        if !with_secrets {
            let help = "a secret goes into a header: `headers: { Authorization: \"Bearer {{ .secrets.name }}\" }`";
            d.error(TEMPLATE, at, "secrets may stand in values of headers alone", help);
        } else if path.key(1).is_none() || path.steps().len() != 2 {
            d.error(TEMPLATE, at, format!("`{written}` names no secret"), "write `{{ .secrets.<name> }}`");
        } else {
            return true;
        }
        return false;
    }
    let Some((_, keys)) = ROOTS.iter().find(|(root, _)| *root == path.first()) else {
        let help = match path.first() {
            "trigger" | "user" => "whoever asks is `.requester.identifier`, `.requester.email`, `.requester.name`".to_owned(),
            "payload" | "context" | "form" => "inputs are `.inputs.<name>`, and the entity is `.entity`".to_owned(),
            other => d.choices(other, ROOTS.iter().map(|(root, _)| *root)),
        };
        d.error(TEMPLATE, at, format!("`{written}` is not known here"), help);
        return false;
    };
    let second = path.key(1);
    if path.steps().len() > 1 && !keys.is_empty() && !second.is_some_and(|key| keys.contains(&key)) {
        let help = d.choices(second.unwrap_or_default(), keys.iter().copied());
        d.error(TEMPLATE, at, format!("`.{}` has no `{}`", path.first(), shown(second.unwrap_or("[]"))), help);
        return false;
    }
    true
}

/// A JSON value; nothing is filled in within a key.
pub(super) fn json(d: &mut Decoder<'_>, at: Cursor<'_, '_>) -> Option<JsonTemplate> {
    match &at.node.kind {
        NodeKind::Text(written) => {
            let template = text(d, at, written, false)?;
            let plain = template.paths().next().is_none();
            Some(if plain { JsonTemplate::Plain(at.node.to_value()) } else { JsonTemplate::Text(template) })
        }
        NodeKind::List(items) => {
            let read: Vec<_> = at.items().filter_map(|item| json(d, item)).collect();
            (read.len() == items.len()).then_some(JsonTemplate::List(read))
        }
        NodeKind::Map(pairs) => {
            let read = entries(d, at);
            (read.len() == pairs.len()).then_some(JsonTemplate::Map(read))
        }
        NodeKind::Broken => None,
        _ => Some(JsonTemplate::Plain(at.node.to_value())),
    }
}

/// The entries of a mapping, in order of their keys, since their order means nothing; those that cannot be read are told of and left out.
pub(super) fn entries(d: &mut Decoder<'_>, at: Cursor<'_, '_>) -> Vec<(Box<str>, JsonTemplate)> {
    let mut read: Vec<(Box<str>, JsonTemplate)> = at
        .pairs()
        .filter_map(|pair| {
            let good = fixed(d, pair, pair.name(), true);
            let value = json(d, pair);
            value.filter(|_| good).map(|value| (pair.name().into(), value))
        })
        .collect();
    read.sort_by(|(a, _), (b, _)| a.cmp(b));
    read
}

/// Demands that nothing is to be filled in here.
pub(super) fn fixed(d: &mut Decoder<'_>, at: Cursor<'_, '_>, text: &str, on_key: bool) -> bool {
    let good = !text.contains("{{");
    let message = format!("`{}` holds a template, and none may stand here", shown(text));
    let help = "write it out: who is spoken to, and by what name, is the action's to say, and never a run's";
    match (good, on_key) {
        (true, _) => {}
        (false, true) => d.key_error(TEMPLATE, at, message, help),
        (false, false) => d.error(TEMPLATE, at, message, help),
    }
    good
}
