//! What each thing in an input is: an answer that holds others, or a document, told by its shape.

use crate::import::Notes;
use crate::import::draft::{entries, items, text_at};
use crate::model::Value;

use super::{Found, Pile};

/// Keys under which Port's answers and exports hold lists of documents, or one.
const HOLDERS: &[&str] = &[
    "blueprints",
    "blueprint",
    "entities",
    "entity",
    "actions",
    "action",
    "users",
    "user",
    "teams",
    "team",
    "permissions",
    "blueprint_permissions",
    "action_permissions",
];

/// What Port holds besides, and what it is called.
const ELSEWHERE: &[(&str, &str)] = &[
    ("scorecards", "scorecard"),
    ("scorecard", "scorecard"),
    ("pages", "page"),
    ("page", "page"),
    ("_folders", "folder"),
    ("folders", "folder"),
    ("folder", "folder"),
    ("integrations", "integration"),
    ("integration", "integration"),
    ("automations", "automation"),
    ("webhooks", "webhook"),
    ("workflows", "workflow"),
    ("runs", "run"),
    ("migrations", "migration"),
    ("page_permissions", "permissions of a page"),
];

const NOT_HERE: &str = "there is nothing like it in this catalog";

/// How deeply answers hold answers.
const DEEPEST: usize = 6;

/// Puts everything in `found` onto the pile.
pub(super) fn sort(pile: &mut Pile, found: Found, notes: &mut Notes) {
    place(pile, found, None, notes, 0);
}

fn place(pile: &mut Pile, found: Found, under: Option<&str>, notes: &mut Notes, depth: usize) {
    if depth > DEEPEST {
        return notes.kept_out(
            found.source,
            "lists and answers are nested too deeply to be documents",
            "give the documents alone",
        );
    }
    if let Value::List(list) = &found.value {
        for (at, value) in list.iter().enumerate() {
            let source = format!("{}[{at}]", found.source);
            place(pile, Found { source, value: value.clone(), ..found.clone() }, under, notes, depth + 1);
        }
        return;
    }
    let Value::Map(_) = &found.value else {
        return notes.kept_out(found.source, "it is no document: a mapping was expected", "give Port's JSON as it comes");
    };
    if found.value.get("ok") == Some(&Value::Bool(false)) {
        let said = text_at(&found.value, "message").or(text_at(&found.value, "error")).unwrap_or("no reason given");
        return notes.kept_out(
            found.source,
            format!("Port answered with an error: {said}"),
            "ask Port again, and import its answer",
        );
    }
    if let Some(pile) = target(pile, under.unwrap_or_else(|| shape(&found.value))) {
        return pile.push(found);
    }
    match shape(&found.value) {
        "holder" => hold(pile, &found, notes, depth),
        "rules" => {
            for (name, value) in entries(&found.value) {
                let source = format!("{}: {name}", found.source);
                let inner = Found { source, value: value.clone(), named: Some(name.to_string()), file: found.file.clone() };
                place(pile, inner, None, notes, depth + 1);
            }
        }
        "unknown" => notes.kept_out(
            found.source,
            "it is none of the documents of Port that are known here",
            "blueprints, entities, actions, permissions, users and teams are",
        ),
        other => notes.kept_out(name_of(&found, other), format!("it is a {other} ({}): {NOT_HERE}", found.source), ""),
    }
}

fn hold(pile: &mut Pile, found: &Found, notes: &mut Notes, depth: usize) {
    for (key, value) in entries(&found.value) {
        let source = format!("{}: {key}", found.source);
        let inner = Found { source, value: value.clone(), file: found.file.clone(), named: found.named.clone() };
        if let Some((_, word)) = ELSEWHERE.iter().find(|(known, _)| **known == **key) {
            elsewhere(&inner, word, notes);
            continue;
        }
        let under = match &**key {
            "blueprints" | "blueprint" => Some("blueprint"),
            "entities" | "entity" => Some("entity"),
            "users" | "user" => Some("user"),
            "teams" | "team" => Some("team"),
            // An automation stands among actions; permissions tell by themselves whose they are.
            "actions" | "action" => Some("action"),
            "permissions" | "blueprint_permissions" | "action_permissions" => None,
            _ => continue, // `ok`, numbers of pages, what was searched for
        };
        if !matches!(value, Value::Null) && !super::super::draft::is_nothing(value) {
            place(pile, inner, under, notes, depth + 1);
        }
    }
}

/// Names each thing of a sort that is not kept here.
fn elsewhere(found: &Found, word: &str, notes: &mut Notes) {
    let single = |value: &Value, name: Option<&str>| {
        let inner = Found { value: value.clone(), named: name.map(str::to_owned), ..found.clone() };
        (name_of(&inner, word), format!("it is a {word} ({}): {NOT_HERE}", found.source))
    };
    let all: Vec<(String, String)> = match &found.value {
        Value::List(list) => list.iter().map(|value| single(value, None)).collect(),
        Value::Map(_) if word.starts_with("permissions") => {
            entries(&found.value).iter().map(|(name, value)| single(value, Some(name))).collect()
        }
        Value::Map(_) => vec![single(&found.value, None)],
        _ => Vec::new(),
    };
    for (what, why) in all {
        notes.kept_out(what, why, "");
    }
}

fn name_of(found: &Found, word: &str) -> String {
    let value = &found.value;
    let name = found
        .named
        .as_deref()
        .or_else(|| ["identifier", "title", "name", "installationId"].iter().find_map(|key| text_at(value, key)));
    name.map_or_else(|| found.source.clone(), |name| format!("{word} {name}"))
}

fn target<'p>(pile: &'p mut Pile, what: &str) -> Option<&'p mut Vec<Found>> {
    Some(match what {
        "blueprint" => &mut pile.blueprints,
        "entity" => &mut pile.entities,
        "action" => &mut pile.actions,
        "permissions" => &mut pile.permissions,
        "action permissions" => &mut pile.action_permissions,
        "user" => &mut pile.users,
        "team" => &mut pile.teams,
        _ => return None,
    })
}

/// What a mapping is, by its keys.
fn shape(value: &Value) -> &'static str {
    let has = |keys: &[&str]| keys.iter().any(|key| value.get(key).is_some_and(|inner| !inner.is_null()));
    let is_map = |key: &str| matches!(value.get(key), Some(Value::Map(_)));
    let is_list = |key: &str| matches!(value.get(key), Some(Value::List(_)));
    let texts = |key: &str| text_at(value, key).is_some();
    if !texts("identifier") && !texts("email") && !texts("name") && !texts("blueprint") {
        let rules = |inner: &Value| inner.get("entities").or(inner.get("execute")).or(inner.get("approve")).is_some_and(is_a_map);
        let known = |key: &str| HOLDERS.contains(&key) || ELSEWHERE.iter().any(|(known, _)| *known == key);
        if is_map("execute") || is_map("approve") {
            return "action permissions";
        }
        if (is_map("entities") || is_map("actions")) && !is_list("entities") && !is_list("actions") && !is_list("blueprints") {
            return "permissions";
        }
        if entries(value).iter().any(|(key, inner)| known(key) && matches!(inner, Value::List(_) | Value::Map(_))) {
            return "holder";
        }
        if !entries(value).is_empty() && entries(value).iter().all(|(_, inner)| rules(inner)) {
            return "rules";
        }
    }
    if has(&["invocationMethod"]) || (has(&["trigger"]) && texts("identifier")) {
        return "action";
    }
    if (is_map("entities") || is_map("actions")) && !texts("identifier") {
        return "permissions";
    }
    if has(&["execute", "approve"]) {
        return "action permissions";
    }
    if texts("identifier")
        && has(&["rules"])
        && items(value.get("rules").unwrap_or(&Value::Null)).iter().any(|rule| rule.get("level").is_some())
    {
        return "scorecard";
    }
    if has(&["widgets", "sidebarType", "requiredQueryParams"]) {
        return "page";
    }
    if has(&["installationId", "integrationType", "webhookKey", "mappings"]) {
        return "integration";
    }
    const BLUEPRINT: &[&str] = &[
        "schema",
        "mirrorProperties",
        "formulaProperties",
        "calculationProperties",
        "aggregationProperties",
        "teamInheritance",
        "ownership",
    ];
    if texts("identifier") && has(BLUEPRINT) {
        return "blueprint";
    }
    if texts("identifier") && has(&["properties", "relations", "blueprint"]) {
        return "entity";
    }
    if texts("email") {
        return "user";
    }
    if (texts("name") || texts("identifier")) && (is_list("users") || has(&["provider"])) {
        return "team";
    }
    "unknown"
}

fn is_a_map(value: &Value) -> bool {
    matches!(value, Value::Map(_))
}
