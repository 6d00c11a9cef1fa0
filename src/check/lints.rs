//! What is allowed and yet hardly meant: rules that nothing obeys, names that nothing bears (spec 4, warnings).

use std::collections::BTreeSet;

use crate::catalog::{About, Catalog, Located, Owner, grants, nearest};
use crate::model::{Blueprint, Finding, Identifier, IdentityMode, Permissions, Place, Role, Rule, RuleDoc, Subject, Team, User};

use super::scope::Scope;
use super::validate::Fault;
use super::{policies, routes};

/// The rules of this family.
pub(super) const RULES: &[RuleDoc] = &[
    RuleDoc {
        id: "lint/shadowed",
        summary: "A granular rule means nothing beside a global `update`.",
        remedy: "Remove the granular rule, or the global one.",
    },
    RuleDoc {
        id: "lint/unsatisfiable-register",
        summary: "Somebody who may register may also set every required property and relation.",
        remedy: "Grant the required field to those who may register, or give it a default.",
    },
    RuleDoc { id: "lint/unknown-user", summary: "A rule names users of the roster.", remedy: "Mend the name, or add the user." },
    RuleDoc { id: "lint/unknown-team", summary: "A rule names teams of the roster.", remedy: "Mend the name, or add the team." },
    RuleDoc {
        id: "lint/unknown-role",
        summary: "A moderator's role names a blueprint that exists.",
        remedy: "Mend the blueprint's name in the role.",
    },
    RuleDoc {
        id: "lint/unknown-property",
        summary: "Permissions name properties that the blueprint defines.",
        remedy: "Mend the name, or define the property.",
    },
    RuleDoc {
        id: "lint/unknown-relation",
        summary: "Permissions name relations that the blueprint defines.",
        remedy: "Mend the name, or define the relation.",
    },
    RuleDoc {
        id: "lint/unknown-action",
        summary: "Permissions name actions of their blueprint.",
        remedy: "Mend the name, or add the action.",
    },
    RuleDoc {
        id: "lint/grants-nobody",
        summary: "A rule grants somebody.",
        remedy: "Name a role, a user or a team that somebody has; or leave it, where nobody is what you mean.",
    },
    RuleDoc {
        id: "lint/no-signing-key",
        summary: "Where commits must be signed, every user has a key.",
        remedy: "Add the user's public key under `signingKeys`.",
    },
];

pub(super) fn check(scope: &Scope<'_>, out: &mut Vec<Fault>) {
    let catalog = scope.catalog;
    let mut known: Option<Roster<'_>> = None;
    for document in scope.permissions() {
        let subject = Subject::Permissions(document.value.blueprint.clone());
        let mut warn = |finding: Finding| out.push(Fault::itself(subject.clone(), finding));
        let roster = known.get_or_insert_with(|| Roster::of(catalog));
        for (way, rule) in rules_of(&document.value) {
            judge_rule(scope, roster, document, &way, rule, &mut warn);
        }
        shadowed(document, &mut warn);
        let Some(blueprint) = catalog.blueprints().get(&document.value.blueprint) else { continue };
        unknown_fields(document, &blueprint.value, &mut warn);
        unknown_actions(catalog, document, &mut warn);
        unsatisfiable(catalog, document, &blueprint.value, &roster.admins_first, &mut warn);
    }
    routes::check(catalog, out);
    // A policy that cannot be read asks for nothing: that it is broken has been said.
    let policy_is_read = catalog.broken_files().keys().all(|file| file.as_str() != "catalog.yaml");
    let signed = policy_is_read && catalog.policy().identity == IdentityMode::Signature;
    for user in scope.users() {
        judge_user(catalog, user, signed, out);
    }
}

/// What is asked of the roster for every rule.
struct Roster<'a> {
    roles: BTreeSet<&'a Role>,
    /// Whoever may do most comes first, so that the search for somebody who may ends early.
    admins_first: Vec<&'a User>,
}

impl<'a> Roster<'a> {
    fn of(catalog: &'a Catalog) -> Self {
        let mut admins_first: Vec<&User> = catalog.users().iter().map(|(_, user)| &user.value).collect();
        admins_first.sort_by_key(|user| !user.roles.contains(&Role::Admin));
        Self { roles: admins_first.iter().flat_map(|user| &user.roles).collect(), admins_first }
    }
}

/// Every rule of a document, with the way to it.
pub(super) fn rules_of(permissions: &Permissions) -> Vec<(Vec<&str>, &Rule)> {
    let e = &permissions.entities;
    let mut out: Vec<(Vec<&str>, &Rule)> = Vec::new();
    for (name, rule) in [("read", &e.read), ("register", &e.register), ("unregister", &e.unregister), ("update", &e.update)] {
        out.extend(rule.as_ref().map(|rule| (vec!["entities", name], rule)));
    }
    for (family, rules) in [
        ("updateProperties", &e.update_properties),
        ("updateRelations", &e.update_relations),
        ("readProperties", &e.read_properties),
        ("readRelations", &e.read_relations),
    ] {
        out.extend(rules.iter().map(|(name, rule)| (vec!["entities", family, &**name], rule)));
    }
    for (action, rules) in &permissions.actions {
        for (name, rule) in [("execute", &rules.execute), ("approve", &rules.approve)] {
            out.extend(rule.as_ref().map(|rule| (vec!["actions", action.as_str(), name], rule)));
        }
    }
    out
}

fn judge_rule(
    scope: &Scope<'_>,
    roster: &Roster<'_>,
    document: &Located<Permissions>,
    way: &[&str],
    rule: &Rule,
    warn: &mut impl FnMut(Finding),
) {
    let catalog = scope.catalog;
    let name = way.iter().skip(1).copied().collect::<Vec<_>>().join(".");
    let at = |key: &str, item: &str| Place::value(&document.file, document.descend(way).key(key).key(item));
    for user in rule.users.iter().filter(|user| !catalog.users().contains(*user)) {
        let help = meant(user, catalog.users().iter().map(|(id, _)| id), "add the user under `users/`");
        warn(
            Finding::warning("lint/unknown-user", format!("`{name}` names user `{user}`, who is not in the roster"))
                .at(at("users", user.as_str()))
                .help(help),
        );
    }
    for team in rule.teams.iter().filter(|team| !catalog.teams().contains(*team)) {
        let help = meant(team, catalog.teams().iter().map(|(id, _)| id), "add the team under `teams/`");
        warn(
            Finding::warning("lint/unknown-team", format!("`{name}` names team `{team}`, which does not exist"))
                .at(at("teams", team.as_str()))
                .help(help),
        );
    }
    for role in &rule.roles {
        if let Some(finding) = unknown_role(catalog, role) {
            warn(finding.at(at("roles", &role.to_string())));
        }
    }
    for finding in policies::judge(scope, document, way, rule) {
        warn(finding);
    }
    if rule.policy.is_none() && grants_nobody(catalog, roster, rule) {
        let help = "where nobody is what you mean, leave it; otherwise name a role, a user or a team that somebody has";
        warn(Finding::warning("lint/grants-nobody", format!("`{name}` grants nobody")).at(document.key_at(way)).help(help));
    }
}

fn unknown_role(catalog: &Catalog, role: &Role) -> Option<Finding> {
    let Role::Moderator(blueprint) = role else { return None };
    if catalog.blueprints().contains(blueprint) {
        return None;
    }
    let help = meant(
        blueprint,
        catalog.blueprints().iter().map(|(id, _)| id),
        "the part before `-moderator` is a blueprint's identifier",
    );
    Some(
        Finding::warning("lint/unknown-role", format!("role `{role}` is for blueprint `{blueprint}`, which does not exist"))
            .help(help),
    )
}

/// Roles are granted by users who have them, teams by members who exist; an owner may always come to be.
fn grants_nobody(catalog: &Catalog, roster: &Roster<'_>, rule: &Rule) -> bool {
    let has_member = |team: &Identifier| {
        let known = |team: &Team| team.github.is_some() || team.members.iter().any(|user| catalog.users().contains(user));
        catalog.teams().get(team).is_some_and(|team| known(&team.value))
    };
    !rule.owned_by_team
        && !rule.users.iter().any(|user| catalog.users().contains(user))
        && !rule.teams.iter().any(has_member)
        && !rule.roles.iter().any(|role| roster.roles.contains(role))
}

fn shadowed(document: &Located<Permissions>, warn: &mut impl FnMut(Finding)) {
    let entities = &document.value.entities;
    if entities.update.is_none() {
        return;
    }
    for (family, rules) in [("updateProperties", &entities.update_properties), ("updateRelations", &entities.update_relations)] {
        for name in rules.keys() {
            let message = format!("`{family}.{name}` is ignored, because `update` is set and decides alone");
            warn(
                Finding::warning("lint/shadowed", message)
                    .at(document.key_at(&["entities", family, name]))
                    .help("remove this rule, or remove `update` to let each be decided by its own rule"),
            );
        }
    }
}

fn unknown_fields(document: &Located<Permissions>, blueprint: &Blueprint, warn: &mut impl FnMut(Finding)) {
    let e = &document.value.entities;
    let properties = |family: &'static str, names: Vec<&str>, derived: bool, warn: &mut dyn FnMut(Finding)| {
        for name in names {
            let known = blueprint.properties.contains_key(name)
                || (derived && blueprint.derived.contains_key(name))
                || matches!(name, "$title" | "$icon" | "$team");
            if !known {
                let place = document.key_at(&["entities", family, name]);
                let help = near(name, blueprint.properties.keys().map(|known| &**known).chain(["$title", "$icon", "$team"]));
                let message = match blueprint.derived.contains_key(name) {
                    true => format!("`{family}` names `{name}`, which is computed and which nobody writes"),
                    false => format!("`{family}` names `{name}`, which is not a property of `{}`", blueprint.identifier),
                };
                warn(Finding::warning("lint/unknown-property", message).at(place).help(help));
            }
        }
    };
    properties("updateProperties", e.update_properties.keys().map(|n| &**n).collect(), false, warn);
    properties("readProperties", e.read_properties.keys().map(|n| &**n).collect(), true, warn);
    for (family, rules) in [("updateRelations", &e.update_relations), ("readRelations", &e.read_relations)] {
        for name in rules.keys().filter(|name| !blueprint.relations.contains_key(*name)) {
            let message = format!("`{family}` names `{name}`, which is not a relation of `{}`", blueprint.identifier);
            let help = near(name, blueprint.relations.keys().map(|known| &**known));
            warn(Finding::warning("lint/unknown-relation", message).at(document.key_at(&["entities", family, name])).help(help));
        }
    }
}

fn unknown_actions(catalog: &Catalog, document: &Located<Permissions>, warn: &mut impl FnMut(Finding)) {
    let blueprint = &document.value.blueprint;
    let own = |action: &Identifier| catalog.actions().get(action).is_some_and(|a| a.value.blueprint == *blueprint);
    for action in document.value.actions.keys().filter(|action| !own(action)) {
        let names = catalog.actions().iter().filter(|(_, a)| a.value.blueprint == *blueprint).map(|(id, _)| id);
        let help = meant(action, names, "add the action under `actions/`");
        let message = format!("`{action}` is not an action of blueprint `{blueprint}`");
        warn(Finding::warning("lint/unknown-action", message).at(document.key_at(&["actions", action.as_str()])).help(help));
    }
}

/// Whether somebody may register and set all that is required; a member of some team might own what he registers.
fn unsatisfiable(
    catalog: &Catalog,
    document: &Located<Permissions>,
    blueprint: &Blueprint,
    users: &[&User],
    warn: &mut impl FnMut(Finding),
) {
    let e = &document.value.entities;
    let default = Rule::default_for(&blueprint.identifier);
    let register = e.register.as_ref().unwrap_or(&default);
    let properties =
        blueprint.required.iter().filter(|name| blueprint.properties.get(*name).is_some_and(|p| p.default().is_none()));
    let fields: Vec<(&str, &Rule)> = properties
        .map(|name| (&**name, e.update_properties.get(name)))
        .chain(blueprint.relations.iter().filter(|(_, r)| r.required).map(|(name, _)| (&**name, e.update_relations.get(name))))
        .map(|(name, granular)| (name, e.update.as_ref().or(granular).unwrap_or(&default)))
        .collect();
    if fields.is_empty() {
        return;
    }
    let any: Owner = catalog.teams().iter().map(|(id, _)| id.clone()).collect();
    let may = |rule: &Rule, user: &User| rule.policy.is_some() || grants(catalog, rule, user, &About::owned(&any)).is_some();
    let mut registrars = users.iter().filter(|user| may(register, user)).peekable();
    if registrars.peek().is_none() {
        return; // its own lint says so
    }
    let mut stops = None;
    for user in registrars {
        match fields.iter().find(|(_, rule)| !may(rule, user)) {
            None => return,
            Some((name, _)) => stops = stops.or(Some(*name)),
        }
    }
    let Some(name) = stops else { return };
    let place = match e.register {
        Some(_) => document.key_at(&["entities", "register"]),
        None => document.key_at(&["entities"]),
    };
    warn(
        Finding::warning("lint/unsatisfiable-register", format!("nobody who may register may set `{name}`, which is required"))
            .at(place)
            .help(format!("grant `{name}` to those who may register, or give it a default")),
    );
}

fn judge_user(catalog: &Catalog, user: &Located<User>, signed: bool, out: &mut Vec<Fault>) {
    let mut warn = |finding: Finding| out.push(Fault::itself(Subject::User(user.value.identifier.clone()), finding));
    for role in &user.value.roles {
        if let Some(finding) = unknown_role(catalog, role) {
            warn(finding.at(Place::value(&user.file, user.descend(&["roles", &role.to_string()]))));
        }
    }
    if signed && user.value.signing_keys.is_empty() {
        let message = format!("`{}` has no signing key, and commits must be signed here", user.value.identifier);
        warn(
            Finding::warning("lint/no-signing-key", message)
                .at(user.key_at(&["signingKeys"]))
                .help("add the public key under `signingKeys`; until then nothing can be attributed to this user"),
        );
    }
}

fn meant<'a>(word: &Identifier, names: impl Iterator<Item = &'a Identifier>, otherwise: &str) -> String {
    match nearest(word.as_str(), names.map(Identifier::as_str)) {
        Some(meant) => format!("did you mean `{meant}`? Otherwise {otherwise}"),
        None => otherwise.to_owned(),
    }
}

fn near<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> String {
    nearest(word, names)
        .map_or_else(|| "mend the name, or define it in the blueprint".to_owned(), |meant| format!("did you mean `{meant}`?"))
}
