//! Decides whether a rule grants somebody, and which rule stands for an action (spec 4).

use std::fmt;

use crate::model::{Action, FilePath, Identifier, Kind, Permissions, Role, Rule, User};

use super::{About, Catalog, policy_grants};

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
    /// `policy`: what it asks for holds of the catalog.
    Policy,
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Role(role) => write!(f, "role {role}"),
            Self::User => f.write_str("named in users"),
            Self::Team(team) => write!(f, "member of team {team}"),
            Self::OwnedByTeam(team) => write!(f, "member of the owning team {team}"),
            Self::Policy => f.write_str("its policy holds"),
        }
    }
}

/// Whether `rule` grants `user`, and by which part: the first that holds, in the order roles, users, teams, owner, policy.
///
/// Roles, memberships and whatever a policy reads are those of `catalog`, which must be base: of `user` only the identifier
/// is believed, so a user taken from a proposed change brings no role along. Who or what is declared twice grants nobody.
/// Without an owner (an empty one is none) `ownedByTeam` grants nobody, and neither does a policy that has no answer.
pub fn grants(catalog: &Catalog, rule: &Rule, user: &User, about: &About<'_>) -> Option<Grant> {
    let user = user_of(catalog, &user.identifier)?;
    if let Some(grant) = grants_statically(catalog, rule, user, about) {
        return Some(grant);
    }
    let policy = rule.policy.as_ref()?;
    policy_grants(catalog, policy, user, about).unwrap_or(false).then_some(Grant::Policy)
}

/// The same without the policy: costs next to nothing.
pub fn grants_statically(catalog: &Catalog, rule: &Rule, user: &User, about: &About<'_>) -> Option<Grant> {
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
    let owner = about.owner.filter(|_| rule.owned_by_team)?;
    owner.iter().find(|team| is_member(catalog, team, &user.identifier)).cloned().map(Grant::OwnedByTeam)
}

/// The user of this identifier; one who is declared twice is nobody.
pub fn user_of<'a>(catalog: &'a Catalog, identifier: &Identifier) -> Option<&'a User> {
    catalog.users().get(identifier).filter(|_| catalog.users().duplicates_of(identifier).is_empty()).map(|found| &found.value)
}

/// Whether the team has this member, written or known from outside; a team that is declared twice has none.
pub fn is_member(catalog: &Catalog, team: &Identifier, user: &Identifier) -> bool {
    catalog.teams().duplicates_of(team).is_empty()
        && catalog.teams().get(team).is_some_and(|t| t.value.members.contains(user) || catalog.has_outside_member(&t.value, user))
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
    // A fault of the directory itself, or of the whole tree, leaves open what else stood there.
    let whole = [Kind::Permissions.directory(), ""];
    if whole.iter().any(|path| catalog.broken_files().contains_key(&FilePath::new(path))) {
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::catalog::{Document, FileDelta, Located, Owner, ParsedFile};
    use crate::model::{ActionPermissions, EntityPermissions, FilePath, Finding, Pointer, Team};

    fn id(text: &str) -> Identifier {
        Identifier::new(text).unwrap()
    }

    fn put(path: &str, document: impl FnOnce(FilePath) -> Document) -> FileDelta {
        let path = FilePath::new(path);
        FileDelta::put(ParsedFile { content: None, path: path.clone(), documents: vec![document(path)], findings: Vec::new() })
    }

    fn located<T>(file: FilePath, value: T) -> Located<T> {
        Located { file, pointer: Pointer::root(), value }
    }

    fn user(name: &str, roles: &[Role]) -> User {
        User {
            identifier: id(name),
            name: None,
            roles: roles.to_vec(),
            emails: Vec::new(),
            github_id: None,
            github_login: None,
            signing_keys: Vec::new(),
            bot: false,
        }
    }

    fn put_user(path: &str, user: User) -> FileDelta {
        put(path, |f| Document::User(located(f, user)))
    }

    fn put_team(path: &str, members: &[&str]) -> FileDelta {
        let members = members.iter().map(|m| id(m)).collect();
        let team = Team { identifier: id("platform"), title: None, members, github: None };
        put(path, |f| Document::Team(located(f, team)))
    }

    fn put_permissions(path: &str, blueprint: &str, execute: Rule) -> FileDelta {
        let entry = ActionPermissions { execute: Some(execute), approve: None };
        let permissions = Permissions {
            blueprint: id(blueprint),
            entities: EntityPermissions::default(),
            actions: BTreeMap::from([(id("deploy"), entry)]),
        };
        put(path, |f| Document::Permissions(located(f, permissions)))
    }

    fn broken(path: &str) -> FileDelta {
        let findings = vec![Finding::error("yaml/syntax", "cannot be read")];
        FileDelta::put(ParsedFile { content: None, path: FilePath::new(path), documents: Vec::new(), findings })
    }

    fn roster() -> Catalog {
        Catalog::default().apply([
            put_user("users/alice.yaml", user("alice", &[Role::Member])),
            put_user("users/bob.yaml", user("bob", &[])),
            put_team("teams/platform.yaml", &["bob"]),
        ])
    }

    #[test]
    fn any_part_grants_and_an_empty_rule_grants_nobody() {
        let base = roster();
        let owner = Owner::from([id("platform")]);
        let grant = |rule: Rule, name: &str| grants(&base, &rule, &user(name, &[]), &About::owned(&owner));
        assert_eq!(grant(Rule::default(), "alice"), None);
        assert_eq!(grant(Rule { roles: vec![Role::Member], ..Rule::default() }, "alice"), Some(Grant::Role(Role::Member)));
        assert_eq!(grant(Rule { users: vec![id("bob")], ..Rule::default() }, "bob"), Some(Grant::User));
        assert_eq!(grant(Rule { teams: vec![id("platform")], ..Rule::default() }, "bob"), Some(Grant::Team(id("platform"))));
        let owned = Rule { owned_by_team: true, ..Rule::default() };
        assert_eq!(grant(owned.clone(), "bob"), Some(Grant::OwnedByTeam(id("platform"))));
        assert_eq!(grant(owned.clone(), "alice"), None);
        assert_eq!(grants(&base, &owned, &user("bob", &[]), &About::default()), None);
        assert_eq!(grants(&base, &owned, &user("bob", &[]), &About::owned(&Owner::new())), None);
    }

    #[test]
    fn a_user_of_the_change_brings_no_role_along() {
        let rule = Rule { roles: vec![Role::Admin], users: vec![id("mallory")], ..Rule::default() };
        assert_eq!(grants(&roster(), &rule, &user("alice", &[Role::Admin]), &About::default()), None);
        assert_eq!(
            grants(&roster(), &rule, &user("mallory", &[Role::Admin]), &About::default()),
            None,
            "named, yet not in the roster"
        );
    }

    #[test]
    fn what_is_declared_twice_grants_nobody() {
        let rule = Rule { roles: vec![Role::Member], teams: vec![id("platform")], ..Rule::default() };
        let twice =
            roster().apply([put_user("users/zz.yaml", user("alice", &[Role::Admin])), put_team("teams/zz.yaml", &["bob"])]);
        assert_eq!(grants(&twice, &rule, &user("alice", &[]), &About::default()), None);
        assert_eq!(grants(&twice, &rule, &user("bob", &[]), &About::default()), None);
    }

    #[test]
    fn permissions_that_cannot_be_known_never_fall_back_to_the_default() {
        let lax = || Rule { roles: vec![Role::Member], ..Rule::default() };
        let one = Catalog::default().apply([put_permissions("permissions/a.yaml", "Env", lax())]);
        assert!(matches!(permissions_of(&one, &id("Env")), WrittenPermissions::Document(_)));
        assert_eq!(permissions_of(&one, &id("Service")), WrittenPermissions::Absent);
        let unknown = |catalog: &Catalog, blueprint| permissions_of(catalog, &id(blueprint)) == WrittenPermissions::Unknown;
        assert!(unknown(&one.apply([put_permissions("permissions/b.yaml", "Env", lax())]), "Env"), "written twice");
        let unreadable = one.apply([broken("permissions/other.yaml")]);
        assert!(!unknown(&unreadable, "Env"), "its own document is readable");
        assert!(unknown(&unreadable, "Service"), "the broken file may speak of it");
        assert!(unknown(&one.apply([broken("permissions/nested/Env.json")]), "Env"), "the broken file bears its name");
        assert!(!unknown(&one.apply([broken("entities/Service.yaml")]), "Service"), "a broken file of another kind says nothing");
    }
}
