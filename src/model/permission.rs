//! Who may do what: rules, roles and the permissions of one blueprint (spec 4).

use std::collections::BTreeMap;
use std::fmt;

use super::{Identifier, Search, Value};

/// A role. None is implicit.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Role {
    /// `Admin`
    Admin,
    /// `Member`
    Member,
    /// `<Blueprint>-moderator`
    Moderator(Identifier),
}

impl Role {
    /// Reads a role; anything else is unknown, and grants nothing.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "Admin" => Some(Self::Admin),
            "Member" => Some(Self::Member),
            _ => text.strip_suffix("-moderator").and_then(|b| Identifier::new(b).ok()).map(Self::Moderator),
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Admin => f.write_str("Admin"),
            Self::Member => f.write_str("Member"),
            Self::Moderator(blueprint) => write!(f, "{blueprint}-moderator"),
        }
    }
}

/// Any one part that holds grants; nothing denies; an empty rule grants nobody.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Rule {
    /// `roles`
    pub roles: Vec<Role>,
    /// `users`, by identifier.
    pub users: Vec<Identifier>,
    /// `teams`, by identifier.
    pub teams: Vec<Identifier>,
    /// `ownedByTeam`: the actor shares a team with the effective owner.
    pub owned_by_team: bool,
    /// `policy`: what must hold of the catalog.
    pub policy: Option<Policy>,
}

/// Port's dynamic permissions: rights that follow from what the catalog holds.
#[derive(Clone, PartialEq, Debug)]
pub struct Policy {
    /// As written: what digests and differences take in.
    pub written: Value,
    /// What must hold.
    pub test: PolicyTest,
}

/// The two shapes of a policy.
#[derive(Clone, PartialEq, Debug)]
pub enum PolicyTest {
    /// `{combinator, rules}`: the entity that the rule is about is meant by this search.
    Entity(Search),
    /// `{queries, conditions}`: every condition holds of what the queries find.
    Catalog {
        /// `queries`, by name.
        queries: BTreeMap<Box<str>, Search>,
        /// `conditions`: jq, at least one.
        conditions: Vec<Box<str>>,
    },
}

impl Rule {
    /// The rule that stands where none is written: Admin and the blueprint's moderator.
    pub fn default_for(blueprint: &Identifier) -> Self {
        Self { roles: vec![Role::Admin, Role::Moderator(blueprint.clone())], ..Self::default() }
    }

    /// Whether nobody can ever satisfy it.
    pub fn grants_nobody(&self) -> bool {
        self.roles.is_empty() && self.users.is_empty() && self.teams.is_empty() && !self.owned_by_team && self.policy.is_none()
    }
}

/// `entities:` of a permissions document; `None` and missing names fall back to the defaults of spec 4.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct EntityPermissions {
    /// `read`
    pub read: Option<Rule>,
    /// `register`
    pub register: Option<Rule>,
    /// `unregister`
    pub unregister: Option<Rule>,
    /// `update`: where set, it alone decides every property, relation, `$title`, `$icon` and `$team`.
    pub update: Option<Rule>,
    /// `updateProperties`, by property, `$title`, `$icon`, `$team`.
    pub update_properties: BTreeMap<Box<str>, Rule>,
    /// `updateRelations`
    pub update_relations: BTreeMap<Box<str>, Rule>,
    /// `readProperties`
    pub read_properties: BTreeMap<Box<str>, Rule>,
    /// `readRelations`
    pub read_relations: BTreeMap<Box<str>, Rule>,
}

/// One action's entry under `actions:`.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ActionPermissions {
    /// `execute`
    pub execute: Option<Rule>,
    /// `approve`
    pub approve: Option<Rule>,
}

/// The permissions of one blueprint and its actions.
#[derive(Clone, PartialEq, Debug)]
pub struct Permissions {
    /// `blueprint`, or the file's stem.
    pub blueprint: Identifier,
    /// `entities`
    pub entities: EntityPermissions,
    /// `actions`, by the action's identifier.
    pub actions: BTreeMap<Identifier, ActionPermissions>,
}
