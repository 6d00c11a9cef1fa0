//! A blueprint, as Port exports it.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::node::NodeKind;
use crate::catalog::shown::shown;
use crate::model::{Blueprint, Ownership, Property, Relation, RelationPath, RuleDoc, Subject};

use super::cursor::{Cursor, Decoder};
use super::derived::derived;
use super::entity::computed;
use super::look;
use super::schema::{self, Use};

pub(super) const RULES: &[RuleDoc] = &[
    RuleDoc {
        id: "blueprint/required-many",
        summary: "A relation is not both `required` and `many`.",
        remedy: "Set one of the two to false: an empty list would satisfy it anyway.",
    },
    RuleDoc {
        id: "blueprint/member-name",
        summary: "The name of a property or relation is an identifier without a dot, as dots part the steps of a path.",
        remedy: "Rename it; any text can stand in its `title`.",
    },
    RuleDoc {
        id: "blueprint/path",
        summary: "A path is names of relations with dots between them.",
        remedy: "Write it as `service.system`.",
    },
    RuleDoc {
        id: "blueprint/two-ownerships",
        summary: "Inheritance of owners is written once: as `teamInheritance` or as `ownership`.",
        remedy: "Keep one of the two.",
    },
    RuleDoc {
        id: "blueprint/unsupported",
        summary: "A blueprint asks for nothing that would silently not be done.",
        remedy: "Remove the key; notifications stand in catalog.yaml.",
    },
];

const KEYS: &[&str] = &[
    "identifier",
    "title",
    "icon",
    "description",
    "schema",
    "relations",
    "mirrorProperties",
    "formulaProperties",
    "calculationProperties",
    "aggregationProperties",
    "teamInheritance",
    "ownership",
    "includeInGlobalSearch", // about Port's search box alone: taken and not looked at
];

/// Reads a blueprint.
pub(in crate::catalog) fn blueprint(d: &mut Decoder<'_>, at: Cursor<'_, '_>) -> Option<Blueprint> {
    let advice = |key: &str| match key {
        "changelogDestination" => {
            Some(("blueprint/unsupported", "remove it: changes are told by `notifications` in catalog.yaml".to_owned()))
        }
        "properties" | "required" => Some(("document/unknown-key", format!("move it below `schema`: `schema: {{ {key}: … }}`"))),
        _ => computed(key),
    };
    if !d.fields_except(at, KEYS, advice) {
        return None;
    }
    let identifier = d.required(&at, "identifier", "<Name>").and_then(|id| d.identifier(id));
    d.subject = identifier.clone().map(Subject::Blueprint);
    let title = d.optional_text(&at, "title");
    let icon = look::icon(d, &at);
    let description = d.optional_text(&at, "description");
    let (properties, required) = at.given("schema").map(|schema| properties(d, schema)).unwrap_or_default();
    let mut relations = BTreeMap::new();
    if let Some(written) = at.given("relations").filter(|r| d.mapping(*r)) {
        for pair in written.pairs() {
            member_name(d, pair);
            if let Some(relation) = relation(d, pair) {
                relations.insert(Box::from(pair.name()), relation);
            }
        }
    }
    let derived = derived(d, &at, &properties);
    let ownership = ownership(d, at);
    Some(Blueprint { identifier: identifier?, title, icon, description, properties, required, relations, derived, ownership })
}

type Properties = (BTreeMap<Box<str>, Property>, Vec<Box<str>>);

fn properties(d: &mut Decoder<'_>, at: Cursor<'_, '_>) -> Properties {
    let mut all = BTreeMap::new();
    if !d.fields(at, &["properties", "required"]) {
        return (all, Vec::new());
    }
    let mut defined = BTreeSet::new();
    let written = at.given("properties").filter(|p| d.mapping(*p));
    if let Some(written) = &written {
        for pair in written.pairs() {
            member_name(d, pair);
            schema::definition(d, pair, Use::Property);
            defined.insert(pair.name());
            all.insert(Box::from(pair.name()), Property { definition: pair.node.to_value() });
        }
    }
    let required = at.given("required").map(|required| schema::required_names(d, required, &defined)).unwrap_or_default();
    (all, required)
}

/// The name of a property or relation, which stands as a key.
pub(super) fn member_name(d: &mut Decoder<'_>, at: Cursor<'_, '_>) {
    if d.key_identifier(at).is_some() && at.name().contains('.') {
        let message = format!("the name `{}` has a dot in it", at.name());
        d.key_error("blueprint/member-name", at, message, "rename it: dots part the steps of a path");
    }
}

fn relation(d: &mut Decoder<'_>, at: Cursor<'_, '_>) -> Option<Relation> {
    if !d.fields(at, &["title", "description", "icon", "target", "required", "many"]) {
        return None;
    }
    let target = d.required(&at, "target", "<Blueprint>").and_then(|target| d.identifier(target));
    let title = d.optional_text(&at, "title");
    let description = d.optional_text(&at, "description");
    look::icon(d, &at);
    let required = d.flag(&at, "required");
    let many = d.flag(&at, "many");
    if required && many {
        let message = format!("the relation `{}` is both `required` and `many`", shown(at.name()));
        let place = at.get("many").unwrap_or(at);
        d.error("blueprint/required-many", place, message, "set one of the two to false: an empty list would satisfy it anyway");
    }
    Some(Relation { title, description, target: target?, required, many })
}

/// A path over relations; in mirror properties its last step is a property, `$team` or the like.
pub(super) fn path(d: &mut Decoder<'_>, at: Cursor<'_, '_>, to_property: bool) -> Option<RelationPath> {
    let text = d.text(at)?;
    let steps: Vec<Box<str>> = text.split('.').map(Box::from).collect();
    let good = steps.iter().enumerate().all(|(i, step)| {
        let name = if to_property && i + 1 == steps.len() { step.strip_prefix('$').unwrap_or(step) } else { step };
        crate::model::Identifier::new(name).is_ok()
    });
    if !good || (to_property && steps.len() < 2) {
        let help = if to_property {
            "write relations and at the end a property: `system.domain.$title`"
        } else {
            "write relations with dots between them: `service.system`"
        };
        d.error("blueprint/path", at, format!("`{}` is not a path", shown(text)), help);
        return None;
    }
    Some(RelationPath(steps))
}

/// `teamInheritance: {path}`, or `ownership: {type, path}`.
fn ownership(d: &mut Decoder<'_>, at: Cursor<'_, '_>) -> Ownership {
    let (inheritance, ownership) = (at.given("teamInheritance"), at.given("ownership"));
    if let (Some(_), Some(second)) = (inheritance, ownership) {
        let message = "`teamInheritance` and `ownership` say the same thing twice";
        d.key_error("blueprint/two-ownerships", second, message, "keep one of the two");
    }
    if let Some(inheritance) = inheritance {
        if !d.fields(inheritance, &["path"]) {
            return Ownership::Direct;
        }
        let written = d.required(&inheritance, "path", "<relation>.<relation>");
        return written.and_then(|written| path(d, written, false)).map_or(Ownership::Direct, Ownership::Inherited);
    }
    // `title` names the field in Port's forms, and is taken and not looked at.
    let Some(ownership) = ownership.filter(|o| d.fields(*o, &["type", "path", "title"])) else { return Ownership::Direct };
    let kind = d.required(&ownership, "type", "Direct").and_then(|kind| d.choice(kind, &["Direct", "Inherited"]));
    match kind {
        Some("Inherited") => {
            let written = d.required(&ownership, "path", "<relation>.<relation>");
            written.and_then(|written| path(d, written, false)).map_or(Ownership::Direct, Ownership::Inherited)
        }
        Some(_) => {
            if let Some(path) = ownership.get("path").filter(|path| !matches!(path.node.kind, NodeKind::Null)) {
                d.key_error(
                    "document/unknown-key",
                    path,
                    "`path` means nothing where `type` is Direct",
                    "remove it, or write `type: Inherited`",
                );
            }
            Ownership::Direct
        }
        None => Ownership::Direct,
    }
}
