//! Decides whether a rule grants somebody, and which rule stands for an action (spec 4).

use std::fmt;

use crate::model::{Action, Identifier, Kind, Permissions, Role, Rule, User};

use super::{Catalog, Owner};

/// The part of a rule that granted.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Grant {
    /// `roles`: the user has this one.
    Role(Role),
    /// `users`: the user is named.
    User,
    /// `teams`: the user is a member of this one.
    Team(Identifier),
    /// `ownedByTeam`: the user is a member of this team, which owns the entity.
    OwnedByTeam(Identifier),
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Role(role) => write!(f, "role {role}"),
            Self::User => f.write_str("named in users"),
            Self::Team(team) => write!(f, "member of team {team}"),
            Self::OwnedByTeam(team) => write!(f, "member of the owning team {team}"),
        }
    }
}

/// Whether `rule` grants `user`, and by which part: the first that holds, in the order roles, users, teams, owner.
///
/// Roles and memberships are those of `catalog`, which must be base: of `user` only the identifier is believed, so a
/// user taken from a proposed change brings no role along. Who or what is declared twice grants nobody. Without an
/// `owner` (an empty one is none) `ownedByTeam` grants nobody, and neither does `policy` until policies are evaluated.
pub fn grants(catalog: &Catalog, rule: &Rule, user: &User, owner: Option<&Owner>) -> Option<Grant> {
    let user = user_of(catalog, &user.identifier)?;
    if let Some(role) = rule.roles.iter().find(|role| user.roles.contains(role)) {
        return Some(Grant::Role(role.clone()));
    }
    if rule.users.contains(&user.identifier) {
        return Some(Grant::User);
    }
    if let Some(team) = rule.teams.iter().find(|team| is_member(catalog, team, &user.identifier)) {
        return Some(Grant::Team(team.clone()));
    }
    if !rule.owned_by_team {
        return None;
    }
    owner?.iter().find(|team| is_member(catalog, team, &user.identifier)).cloned().map(Grant::OwnedByTeam)
}

/// The user of this identifier; one who is declared twice is nobody.
pub fn user_of<'a>(catalog: &'a Catalog, identifier: &Identifier) -> Option<&'a User> {
    catalog.users().get(identifier).filter(|_| catalog.users().duplicates_of(identifier).is_empty()).map(|found| &found.value)
}

/// Whether the team has this member; a team that is declared twice has none.
pub fn is_member(catalog: &Catalog, team: &Identifier, user: &Identifier) -> bool {
    catalog.teams().duplicates_of(team).is_empty() && catalog.teams().get(team).is_some_and(|t| t.value.members.contains(user))
}

/// What is written about a blueprint's permissions.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum WrittenPermissions<'a> {
    /// One readable document.
    Document(&'a Permissions),
    /// Nothing: the defaults stand.
    Absent,
    /// Something that cannot be read, or that two documents claim: nobody has any right by it.
    Unknown,
}

/// The permissions written for a blueprint; what is broken or said twice never falls back to the laxer defaults.
///
/// A file that could not be read might speak of any blueprint, so beside the one its name tells, every blueprint
/// without a document of its own is unknown until the file is mended.
pub fn permissions_of<'a>(catalog: &'a Catalog, blueprint: &Identifier) -> WrittenPermissions<'a> {
    let table = catalog.permissions();
    if !table.duplicates_of(blueprint).is_empty() {
        return WrittenPermissions::Unknown;
    }
    let document = table.get(blueprint);
    let directory = format!("{}/", Kind::Permissions.directory());
    let mut broken = catalog
        .broken_files()
        .iter()
        .filter(|(file, findings)| file.as_str().starts_with(&directory) && findings.iter().any(|f| f.is_error()))
        .map(|(file, _)| file);
    match document {
        Some(document) if broken.any(|file| *file == document.file || blueprint == file.stem()) => WrittenPermissions::Unknown,
        Some(document) => WrittenPermissions::Document(&document.value),
        None if broken.next().is_some() => WrittenPermissions::Unknown,
        None => WrittenPermissions::Absent,
    }
}

/// The rule that decides who may run `action`: the one written, or else the default; a rule that grants nobody where
/// the permissions cannot be known (spec 4, `permission/execute`).
pub fn execute_rule(catalog: &Catalog, action: &Action) -> Rule {
    action_rule(catalog, action, |permissions| permissions.execute.clone())
}

/// The rule that decides who may approve runs of `action`, found as [`execute_rule`] finds its own.
pub fn approve_rule(catalog: &Catalog, action: &Action) -> Rule {
    action_rule(catalog, action, |permissions| permissions.approve.clone())
}

fn action_rule(catalog: &Catalog, action: &Action, pick: impl Fn(&crate::model::ActionPermissions) -> Option<Rule>) -> Rule {
    match permissions_of(catalog, &action.blueprint) {
        WrittenPermissions::Document(permissions) => {
            permissions.actions.get(&action.identifier).and_then(pick).unwrap_or_else(|| Rule::default_for(&action.blueprint))
        }
        WrittenPermissions::Absent => Rule::default_for(&action.blueprint),
        WrittenPermissions::Unknown => Rule::default(),
    }
}
