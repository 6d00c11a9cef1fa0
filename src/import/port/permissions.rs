//! Permissions of blueprints and of actions, put together into one document for each blueprint.

use std::collections::BTreeMap;

use crate::import::draft::{Draft, Fields, entries, text_at};
use crate::import::{Missing, Notes};
use crate::model::{Identifier, Subject, Value};

use super::catalog::Known;
use super::{Found, Pile, Roster};

#[derive(Default)]
struct Rules {
    entities: Option<Value>,
    actions: Fields,
    source: String,
}

/// The permissions of each blueprint, its actions' among them.
pub(super) fn permissions(pile: &Pile, known: &Known, roster: &Roster, missing: &Missing, notes: &mut Notes) -> Vec<Draft> {
    let mut all: BTreeMap<Identifier, Rules> = BTreeMap::new();
    for found in &pile.permissions {
        let Some(blueprint) = blueprint(found, known, missing, notes) else { continue };
        let subject = Subject::Permissions(blueprint.clone()).to_string();
        let rules = all.entry(blueprint).or_default();
        if let Some(written) = found.value.get("entities") {
            let written = tidied(written, roster);
            match &rules.entities {
                Some(first) if *first != written => {
                    rules.entities = Some(merged(first, &written, &subject, notes));
                }
                _ => rules.entities = Some(written),
            }
        }
        for (action, of_action) in found.value.get("actions").map(entries).unwrap_or_default() {
            add_action(rules, action, &tidied(of_action, roster), &subject, notes);
        }
        rules.source.clone_from(&found.source);
        for (key, _) in
            entries(&found.value).iter().filter(|(key, _)| !matches!(&**key, "entities" | "actions" | "blueprint" | "ok"))
        {
            notes.left_out(subject.as_str(), format!("`{key}` is left out: permissions have `entities` and `actions`"), "");
        }
    }
    for found in &pile.action_permissions {
        let Some((action, blueprint)) = action(found, known, missing, notes) else { continue };
        let subject = Subject::Permissions(blueprint.clone()).to_string();
        let rules = all.entry(blueprint).or_default();
        add_action(rules, &action, &tidied(&found.value, roster), &subject, notes);
        rules.source.clone_from(&found.source);
    }
    let draft = |(blueprint, rules): (Identifier, Rules)| {
        let mut fields = Fields::default();
        fields.set("blueprint", Value::from(blueprint.as_str()));
        fields.set_some("entities", rules.entities);
        fields.set_some("actions", Some(rules.actions.done()));
        Draft { subject: Subject::Permissions(blueprint), value: fields.done(), source: rules.source }
    };
    all.into_iter().map(draft).collect()
}

/// Two fragments of one blueprint's permissions complete each other; where they say different things, neither is guessed.
fn merged(first: &Value, second: &Value, subject: &str, notes: &mut Notes) -> Value {
    let mut out = Fields::of(first);
    for (key, value) in entries(second) {
        match out.get(key).cloned() {
            None => out.set(key, value.clone()),
            Some(there) if there == *value => {}
            Some(there) if key.ends_with("Properties") || key.ends_with("Relations") => {
                out.set(key, merged(&there, value, subject, notes))
            }
            Some(_) => {
                let why = format!("`{key}` is ruled twice, and differently; the first stands");
                notes.kept_out(subject, why, "import the rule that holds, without the other");
            }
        }
    }
    out.done()
}

fn add_action(rules: &mut Rules, action: &str, value: &Value, subject: &str, notes: &mut Notes) {
    let value = match rules.actions.get(action).cloned() {
        Some(there) => merged(&there, value, subject, notes),
        None => value.clone(),
    };
    rules.actions.set(action, value);
}

/// Rules without what is not set, and with teams by identifier. What a rule says is never thinned out: less said may be more granted.
fn tidied(value: &Value, roster: &Roster) -> Value {
    match value {
        Value::Map(pairs) => Value::from_pairs(pairs.iter().filter(|(_, inner)| !inner.is_null()).map(|(key, inner)| {
            let inner = match (&**key, inner) {
                ("policy", written) => written.clone(),
                ("teams", Value::List(teams)) => teams
                    .iter()
                    .map(|team| team.as_str().map_or_else(|| team.clone(), |name| Value::from(roster.team(name).as_str())))
                    .collect::<Vec<_>>()
                    .into_boxed_slice()
                    .into(),
                (_, inner) => tidied(inner, roster),
            };
            (key.clone(), inner)
        })),
        other => other.clone(),
    }
}

impl From<Box<[Value]>> for Value {
    fn from(items: Box<[Value]>) -> Self {
        Self::List(items)
    }
}

fn stem(file: &str) -> &str {
    let name = file.rsplit(['/', '\\']).next().unwrap_or_default();
    name.split('.').next().unwrap_or_default()
}

/// Whose they are: by what they say, the key they stand under, the command line, or the name of their file.
fn blueprint(found: &Found, known: &Known, missing: &Missing, notes: &mut Notes) -> Option<Identifier> {
    let said = text_at(&found.value, "blueprint").or(found.named.as_deref());
    let by_file = || Some(stem(&found.file)).filter(|stem| known.blueprints.contains_key(*stem));
    let name = said.or(missing.blueprint.as_ref().map(Identifier::as_str)).or_else(by_file);
    let id = name.and_then(|name| Identifier::new(name).ok());
    if id.is_none() {
        let help = "import them alone with --blueprint <Blueprint>, or name the file after the blueprint";
        notes.kept_out(&found.source, "the permissions do not say whose they are, as Port's answer never does", help);
    }
    id
}

/// The action, and the blueprint it belongs to.
fn action(found: &Found, known: &Known, missing: &Missing, notes: &mut Notes) -> Option<(String, Identifier)> {
    let by_file = || Some(stem(&found.file)).filter(|stem| known.actions.contains_key(*stem));
    let name = found.named.as_deref().or(missing.action.as_ref().map(Identifier::as_str)).or_else(by_file);
    let Some(name) = name else {
        let help = "import them alone with --action <action>, or name the file after the action";
        notes.kept_out(&found.source, "the permissions do not say of which action they are, as Port's answer never does", help);
        return None;
    };
    let blueprint = known.actions.get(name).map(String::as_str).or(missing.blueprint.as_ref().map(Identifier::as_str));
    match blueprint.and_then(|blueprint| Identifier::new(blueprint).ok()) {
        Some(blueprint) => Some((name.to_owned(), blueprint)),
        None => {
            let why =
                format!("there is no action `{name}`, neither in what is imported nor in the repository ({})", found.source);
            notes.kept_out(format!("permissions of {name}"), why, "import the action too");
            None
        }
    }
}
