//! The permissions of one blueprint and its actions.

use std::collections::BTreeMap;

use crate::catalog::shown::shown;
use crate::model::{ActionPermissions, EntityPermissions, Permissions, Role, Rule, RuleDoc, Subject};

use super::cursor::{Cursor, Decoder};
use super::policy_rule::policy;
use super::run::identifier_or_stem;
use super::suggest;

pub(super) const RULES: &[RuleDoc] = &[RuleDoc {
    id: "document/unknown-role",
    summary: "A role is `Admin`, `Member` or `<Blueprint>-moderator`.",
    remedy: "Write one of these; any other word would grant nothing.",
}];

/// Reads a permissions document.
pub(in crate::catalog) fn permissions(d: &mut Decoder<'_>, at: Cursor<'_, '_>) -> Option<Permissions> {
    if !d.fields(at, &["blueprint", "entities", "actions"]) {
        return None;
    }
    let blueprint = identifier_or_stem(d, at, "blueprint");
    d.subject = blueprint.clone().map(Subject::Permissions);
    let entities = at.given("entities").map(|entities| entity_permissions(d, entities)).unwrap_or_default();
    let mut actions = BTreeMap::new();
    if let Some(written) = at.given("actions").filter(|a| d.mapping(*a)) {
        for action in written.pairs() {
            let identifier = d.key_identifier(action);
            let permissions = action_permissions(d, action);
            if let Some(identifier) = identifier {
                actions.insert(identifier, permissions);
            }
        }
    }
    Some(Permissions { blueprint: blueprint?, entities, actions })
}

fn entity_permissions(d: &mut Decoder<'_>, at: Cursor<'_, '_>) -> EntityPermissions {
    const KEYS: &[&str] =
        &["read", "register", "unregister", "update", "updateProperties", "updateRelations", "readProperties", "readRelations"];
    if !d.fields(at, KEYS) {
        return EntityPermissions::default();
    }
    EntityPermissions {
        read: optional_rule(d, at, "read"),
        register: optional_rule(d, at, "register"),
        unregister: optional_rule(d, at, "unregister"),
        update: optional_rule(d, at, "update"),
        update_properties: rules_by_name(d, at, "updateProperties"),
        update_relations: rules_by_name(d, at, "updateRelations"),
        read_properties: rules_by_name(d, at, "readProperties"),
        read_relations: rules_by_name(d, at, "readRelations"),
    }
}

fn action_permissions(d: &mut Decoder<'_>, at: Cursor<'_, '_>) -> ActionPermissions {
    if !d.fields(at, &["execute", "approve"]) {
        return ActionPermissions::default();
    }
    ActionPermissions { execute: optional_rule(d, at, "execute"), approve: optional_rule(d, at, "approve") }
}

fn rules_by_name(d: &mut Decoder<'_>, at: Cursor<'_, '_>, key: &str) -> BTreeMap<Box<str>, Rule> {
    let Some(written) = at.given(key).filter(|rules| d.mapping(*rules)) else { return BTreeMap::new() };
    written.pairs().map(|pair| (Box::from(pair.name()), rule(d, pair))).collect()
}

/// A rule that is written as null is no rule left out: the laxer default must not stand in for it, so it is an error.
fn optional_rule(d: &mut Decoder<'_>, at: Cursor<'_, '_>, key: &str) -> Option<Rule> {
    at.get(key).map(|written| rule(d, written))
}

fn rule(d: &mut Decoder<'_>, at: Cursor<'_, '_>) -> Rule {
    if !d.fields(at, &["roles", "users", "teams", "ownedByTeam", "policy"]) {
        return Rule::default();
    }
    Rule {
        roles: at.given("roles").map(|roles_at| roles(d, roles_at)).unwrap_or_default(),
        users: at.given("users").map(|users| d.identifiers(users)).unwrap_or_default(),
        teams: at.given("teams").map(|teams| d.identifiers(teams)).unwrap_or_default(),
        owned_by_team: d.flag(&at, "ownedByTeam"),
        policy: at.given("policy").and_then(|written| policy(d, written)),
    }
}

/// A list of roles; sorted, each once, as their order means nothing.
pub(super) fn roles(d: &mut Decoder<'_>, at: Cursor<'_, '_>) -> Vec<Role> {
    if !d.list(at) {
        return Vec::new();
    }
    let mut all: Vec<_> = at.items().filter_map(|item| role(d, item)).collect();
    all.sort();
    all.dedup();
    all
}

fn role(d: &mut Decoder<'_>, at: Cursor<'_, '_>) -> Option<Role> {
    let text = d.text(at)?;
    let role = Role::parse(text);
    if role.is_none() {
        let moderator = text.rsplit_once('-').map(|(blueprint, _)| format!("{blueprint}-moderator"));
        let known = ["Admin", "Member", "<Blueprint>-moderator"];
        let help = match moderator.as_deref().and_then(|moderator| suggest::nearest(text, [moderator])) {
            Some(moderator) => format!("did you mean `{}`? (known here: {})", shown(moderator), known.join(", ")),
            None => suggest::choices(text, known),
        };
        d.error("document/unknown-role", at, format!("`{}` is no role, and would grant nothing", shown(text)), help);
    }
    role
}
