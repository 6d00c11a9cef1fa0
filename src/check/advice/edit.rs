//! One edit of a catalog that widens somebody's rights, and the catalog as it would be.

use crate::catalog::{Catalog, Document, FileDelta, Located, ParsedFile, WrittenPermissions, permissions_of, user_of};
use crate::model::{ActionPermissions, EntityPermissions, FilePath, Identifier, Permissions, Place, Pointer, Role, Rule, User};

/// Which rule of a permissions document.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Slot {
    Entity(Box<str>),
    /// One of `updateProperties` and its like, by name.
    Named(Box<str>, Box<str>),
    Action(Identifier, Box<str>),
}

impl Slot {
    /// As a requirement names its right; `None` for what no document grants.
    pub(super) fn of(right: &str) -> Option<Self> {
        if let Some(rest) = right.strip_prefix("actions.") {
            let (action, word) = rest.rsplit_once('.')?;
            return Some(Self::Action(Identifier::new(action).ok()?, word.into()));
        }
        let named = ["updateProperties", "updateRelations", "readProperties", "readRelations"];
        match right.split_once('.') {
            Some((group, name)) if named.contains(&group) => Some(Self::Named(group.into(), name.into())),
            _ if ["read", "register", "unregister", "update"].contains(&right) => Some(Self::Entity(right.into())),
            _ => None,
        }
    }

    /// The keys that lead to it.
    fn way(&self) -> Vec<&str> {
        match self {
            Self::Entity(word) => vec!["entities", word],
            Self::Named(group, name) => vec!["entities", group, name],
            Self::Action(action, word) => vec!["actions", action.as_str(), word],
        }
    }

    fn rule<'a>(&self, permissions: &'a mut Permissions) -> Option<&'a mut Option<Rule>> {
        let Permissions { entities, actions, .. } = permissions;
        Some(match self {
            Self::Entity(word) => match &**word {
                "read" => &mut entities.read,
                "register" => &mut entities.register,
                "unregister" => &mut entities.unregister,
                "update" => &mut entities.update,
                _ => return None,
            },
            Self::Action(action, word) => {
                let rules: &mut ActionPermissions = actions.entry(action.clone()).or_default();
                if &**word == "approve" { &mut rules.approve } else { &mut rules.execute }
            }
            Self::Named(..) => return None,
        })
    }

    /// Puts a rule in its place.
    fn set(&self, permissions: &mut Permissions, rule: Rule) -> Option<()> {
        if let Self::Named(group, name) = self {
            let entities: &mut EntityPermissions = &mut permissions.entities;
            let rules = match &**group {
                "updateProperties" => &mut entities.update_properties,
                "updateRelations" => &mut entities.update_relations,
                "readProperties" => &mut entities.read_properties,
                _ => &mut entities.read_relations,
            };
            rules.insert(name.clone(), rule);
            return Some(());
        }
        *self.rule(permissions)? = Some(rule);
        Some(())
    }
}

/// What is added to a rule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Addition {
    User(Identifier),
    Role(Role),
}

/// One edit of one file.
#[derive(Clone, PartialEq, Debug)]
pub struct Edit {
    kind: EditKind,
    /// What to do, in words.
    pub text: String,
    /// Where: a place in a file that stands, or a file that is to be written.
    pub place: Place,
    /// Whether the file is yet to be written.
    pub new_file: bool,
}

#[derive(Clone, PartialEq, Debug)]
enum EditKind {
    Enrol(Box<User>),
    Role { user: Identifier, role: Role },
    Person { user: Identifier },
    Member { team: Identifier, user: Identifier },
    Permissions(Box<Permissions>),
}

impl Edit {
    /// Gives a user a role.
    pub(super) fn role(catalog: &Catalog, user: &Identifier, role: &Role) -> Option<Self> {
        let found = catalog.users().get(user).filter(|_| user_of(catalog, user).is_some())?;
        let kind = EditKind::Role { user: user.clone(), role: role.clone() };
        let text = format!("give {user} the role {role}");
        Some(Self { kind, text, place: found.value_at(&["roles"]), new_file: false })
    }

    /// Makes somebody a user, with or without a role.
    pub(super) fn enrol(catalog: &Catalog, user: &Identifier, role: Option<&Role>) -> Option<Self> {
        if catalog.users().contains(user) {
            return None;
        }
        let file = free_file(catalog, "users", user)?;
        let roles: Vec<Role> = role.cloned().into_iter().collect();
        let text = match role {
            Some(role) => format!("add {user} to the roster with `roles: [{role}]`"),
            None => format!("add {user} to the roster"),
        };
        let new = User {
            identifier: user.clone(),
            name: None,
            roles,
            emails: Vec::new(),
            github_id: None,
            github_login: None,
            signing_keys: Vec::new(),
            bot: false,
        };
        Some(Self { kind: EditKind::Enrol(Box::new(new)), text, place: Place::file(&file), new_file: true })
    }

    /// Adds somebody to a team.
    pub(super) fn member(catalog: &Catalog, user: &Identifier, team: &Identifier) -> Option<Self> {
        let found = catalog.teams().get(team)?;
        let kind = EditKind::Member { team: team.clone(), user: user.clone() };
        let text = format!("add {user} to `members` of team {team}");
        Some(Self { kind, text, place: found.value_at(&["members"]), new_file: false })
    }

    /// Says of a bot that it is a person.
    pub(super) fn person(catalog: &Catalog, user: &Identifier) -> Option<Self> {
        let found = catalog.users().get(user).filter(|found| found.value.bot)?;
        let kind = EditKind::Person { user: user.clone() };
        let text = format!("take `bot: true` from {user}, if a person stands behind that name");
        Some(Self { kind, text, place: found.value_at(&["bot"]), new_file: false })
    }

    /// Adds to a rule of a blueprint's permissions; one that is a default is written out, so that it goes on granting
    /// whom it granted. `rule` is the one that stands.
    pub(super) fn grant(catalog: &Catalog, blueprint: &Identifier, slot: &Slot, rule: &Rule, add: &Addition) -> Option<Self> {
        let mut wider = rule.clone();
        let (list, what) = match add {
            Addition::User(user) => {
                wider.users.push(user.clone());
                ("users", user.to_string())
            }
            Addition::Role(role) => {
                wider.roles.push(role.clone());
                ("roles", role.to_string())
            }
        };
        let (mut permissions, place, new_file) = match permissions_of(catalog, blueprint) {
            WrittenPermissions::Unknown => return None,
            WrittenPermissions::Document(document) => {
                (document.clone(), catalog.permissions().get(blueprint)?.value_at(&slot.way()), false)
            }
            WrittenPermissions::Absent => {
                let empty = Permissions {
                    blueprint: blueprint.clone(),
                    entities: EntityPermissions::default(),
                    actions: std::collections::BTreeMap::new(),
                };
                (empty, Place::file(&free_file(catalog, "permissions", blueprint)?), true)
            }
        };
        let before = permissions.clone();
        slot.set(&mut permissions, rule.clone())?;
        let way = slot.way().join(".");
        let text = match before == permissions {
            true => format!("add {what} to `{way}.{list}`"),
            false => format!("write `{way}: {}`", in_words(&wider)),
        };
        slot.set(&mut permissions, wider)?;
        Some(Self { kind: EditKind::Permissions(Box::new(permissions)), text, place, new_file })
    }

    /// The catalog as it would be. What else is wrong with the file stays wrong.
    pub(super) fn apply(&self, catalog: &Catalog) -> Catalog {
        let file = self.place.file.clone();
        let pointer = Pointer::root();
        let user = |id: &Identifier| catalog.users().get(id).map(|found| found.value.clone());
        let document = match &self.kind {
            EditKind::Enrol(user) => Some(Document::User(Located { file, pointer, value: (**user).clone() })),
            EditKind::Role { user: id, role } => user(id).map(|mut value| {
                value.roles.push(role.clone());
                Document::User(Located { file, pointer, value })
            }),
            EditKind::Person { user: id } => {
                user(id).map(|value| Document::User(Located { file, pointer, value: User { bot: false, ..value } }))
            }
            EditKind::Permissions(permissions) => {
                Some(Document::Permissions(Located { file, pointer, value: (**permissions).clone() }))
            }
            EditKind::Member { team, user } => catalog.teams().get(team).map(|found| {
                let mut value = found.value.clone();
                value.members.insert(user.clone());
                Document::Team(Located { file, pointer, value })
            }),
        };
        let Some(document) = document else { return catalog.clone() };
        let path = self.place.file.clone();
        let findings = catalog.broken_files().get(&path).map(|findings| findings.to_vec()).unwrap_or_default();
        catalog.apply([FileDelta::put(ParsedFile { content: None, path, documents: vec![document], findings })])
    }
}

/// A rule as one line of YAML.
fn in_words(rule: &Rule) -> String {
    let list = |name: &str, items: Vec<String>| (!items.is_empty()).then(|| format!("{name}: [{}]", items.join(", ")));
    let parts = [
        list("roles", rule.roles.iter().map(ToString::to_string).collect()),
        list("users", rule.users.iter().map(ToString::to_string).collect()),
        list("teams", rule.teams.iter().map(ToString::to_string).collect()),
        rule.owned_by_team.then(|| "ownedByTeam: true".to_owned()),
        // Only a rule that is written has one, and what is written is added to and not written out.
        rule.policy.as_ref().map(|_| "policy: …".to_owned()),
    ];
    format!("{{ {} }}", parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
}

/// A file that is not there yet, named after what it is to hold.
fn free_file(catalog: &Catalog, directory: &str, identifier: &Identifier) -> Option<FilePath> {
    let name = identifier.as_str();
    // An address is filed under what stands before the `@`; what would be a path of its own is not offered.
    let short = name.split('@').next().filter(|short| !short.is_empty()).unwrap_or(name);
    let usable = |name: &&str| !name.contains(['/', '\\', ':']) && !name.starts_with(['.', '-']);
    let files = [short, name].into_iter().filter(usable).map(|name| FilePath::new(&format!("{directory}/{name}.yaml")));
    files.into_iter().find(|file| !catalog.has_file(file) && !catalog.broken_files().contains_key(file))
}
