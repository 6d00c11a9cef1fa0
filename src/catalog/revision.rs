//! All documents of one revision, and the indexes that make a later revision cost what it changes.

use std::sync::Arc;

use imbl::{OrdMap, OrdSet};

use crate::model::{
    Action, Blueprint, CatalogPolicy, Entity, EntityKey, FilePath, Finding, Identifier, Kind, Permissions, RunRequest, Team, User,
};

use super::expressions::Evaluator;
use super::index::{Claims, LookAlikes, Pointing};
use super::mention::{Mentions, Named};
use super::outside::OutsideMembers;
use super::{Claim, Document, Located, Namespace, ParsedFile, SchemaSlot, Table};

mod indexing;

/// One revision of the catalog. Cloning costs nothing; clones share what they do not change.
#[derive(Clone, Default, Debug)]
pub struct Catalog {
    policy: Table<(), CatalogPolicy>,
    blueprints: Table<Identifier, Blueprint>,
    entities: Table<EntityKey, Entity>,
    permissions: Table<Identifier, Permissions>,
    actions: Table<Identifier, Action>,
    runs: Table<Identifier, RunRequest>,
    users: Table<Identifier, User>,
    teams: Table<Identifier, Team>,
    /// Who points at an entity, whether or not it exists: `(target, source)`, so that a range scan finds the sources.
    referrers: OrdSet<(EntityKey, EntityKey)>,
    /// The entities that name a team as their own, whether or not the team exists.
    owned: Pointing<Identifier>,
    /// Where the properties of each blueprint name users and teams.
    mentions: OrdMap<Identifier, Arc<Mentions>>,
    /// The entities whose properties name a user or a team, whether or not it exists.
    mentioned: Pointing<(Named, Identifier)>,
    /// Names that look alike.
    look_alikes: LookAlikes,
    /// Addresses, keys and accounts of users.
    claims: Claims,
    /// The compiled schema of each blueprint: made when first asked for, and shared by every clone that has the blueprint.
    schemas: OrdMap<Identifier, SchemaSlot>,
    /// What each file declared, so that it can be taken out again.
    files: OrdMap<FilePath, Arc<FileRecord>>,
    /// The files in which something is wrong by themselves.
    broken: OrdMap<FilePath, Arc<Vec<Finding>>>,
    pub(super) evaluator: Evaluator,
    /// What the forge's teams add to those of the roster.
    pub(super) outside: OutsideMembers,
}

#[derive(Debug, Default)]
struct FileRecord {
    keys: Vec<DocumentKey>,
}

#[derive(Debug, Clone, PartialEq)]
enum DocumentKey {
    Policy,
    Blueprint(Identifier),
    Entity(EntityKey),
    Permissions(Identifier),
    Action(Identifier),
    Run(Identifier),
    User(Identifier),
    Team(Identifier),
}

impl DocumentKey {
    fn of(document: &Document) -> Self {
        match document {
            Document::Policy(_) => Self::Policy,
            Document::Blueprint(d) => Self::Blueprint(d.value.identifier.clone()),
            Document::Entity(d) => Self::Entity(d.value.key.clone()),
            Document::Permissions(d) => Self::Permissions(d.value.blueprint.clone()),
            Document::Action(d) => Self::Action(d.value.identifier.clone()),
            Document::Run(d) => Self::Run(d.value.identifier.clone()),
            Document::User(d) => Self::User(d.value.identifier.clone()),
            Document::Team(d) => Self::Team(d.value.identifier.clone()),
        }
    }

    /// The name it brings into a namespace; permissions go by the name of their blueprint and bring none.
    fn name(&self) -> Option<(Namespace, &Identifier)> {
        match self {
            Self::Policy | Self::Permissions(_) => None,
            Self::Blueprint(id) => Some((Namespace::Kind(Kind::Blueprint), id)),
            Self::Entity(key) => Some((Namespace::Entities(key.blueprint.clone()), &key.identifier)),
            Self::Action(id) => Some((Namespace::Kind(Kind::Action), id)),
            Self::Run(id) => Some((Namespace::Kind(Kind::Run), id)),
            Self::User(id) => Some((Namespace::Kind(Kind::User), id)),
            Self::Team(id) => Some((Namespace::Kind(Kind::Team), id)),
        }
    }
}

/// What happens to one file between two revisions.
#[derive(Clone, Debug)]
pub enum FileDelta {
    /// The file is new, or has new content.
    Put(ParsedFile),
    /// The file is gone.
    Remove(FilePath),
}

impl Catalog {
    /// This catalog with some files put or removed; the order of the deltas means nothing as long as no path repeats.
    #[must_use]
    pub fn apply(&self, deltas: impl IntoIterator<Item = FileDelta>) -> Self {
        let mut next = self.clone();
        for delta in deltas {
            match delta {
                FileDelta::Remove(path) => next.remove_file(&path),
                FileDelta::Put(file) => {
                    next.remove_file(&file.path);
                    next.put_file(file);
                }
            }
        }
        next
    }

    fn put_file(&mut self, file: ParsedFile) {
        let mut record = FileRecord::default();
        for document in file.documents {
            let key = DocumentKey::of(&document);
            self.changing(&key, |c| c.insert(document));
            record.keys.push(key);
        }
        if !file.findings.is_empty() {
            self.broken.insert(file.path.clone(), Arc::new(file.findings));
        }
        self.files.insert(file.path, Arc::new(record));
    }

    fn remove_file(&mut self, path: &FilePath) {
        self.broken.remove(path);
        let Some(record) = self.files.remove(path) else { return };
        for key in &record.keys {
            self.changing(key, |c| c.take_out(key, path));
        }
    }

    /// Changes what stands under `key`, and keeps the indexes of names, claims and schemas in step with it.
    fn changing(&mut self, key: &DocumentKey, change: impl FnOnce(&mut Self)) {
        let claimed = |c: &Self| match key {
            DocumentKey::User(id) => c.users.get(id).cloned(),
            _ => None,
        };
        if let Some(user) = claimed(self) {
            self.claims.remove(&user.value);
        }
        let stood = self.stands(key);
        change(self);
        if let Some(user) = claimed(self) {
            self.claims.insert(&user.value);
        }
        let stands = self.stands(key);
        if let (Some((space, name)), true) = (key.name(), stood != stands) {
            if stands {
                self.look_alikes.insert(&space, name);
            } else {
                self.look_alikes.remove(&space, name);
            }
        }
        if let DocumentKey::Blueprint(id) = key {
            match self.blueprints.get(id) {
                Some(_) => self.schemas.insert(id.clone(), SchemaSlot::default()),
                None => self.schemas.remove(id),
            };
        }
    }

    fn stands(&self, key: &DocumentKey) -> bool {
        match key {
            DocumentKey::Policy => self.policy.contains(&()),
            DocumentKey::Blueprint(id) => self.blueprints.contains(id),
            DocumentKey::Entity(key) => self.entities.contains(key),
            DocumentKey::Permissions(id) => self.permissions.contains(id),
            DocumentKey::Action(id) => self.actions.contains(id),
            DocumentKey::Run(id) => self.runs.contains(id),
            DocumentKey::User(id) => self.users.contains(id),
            DocumentKey::Team(id) => self.teams.contains(id),
        }
    }

    fn insert(&mut self, document: Document) {
        match document {
            Document::Policy(d) => self.policy.insert((), Arc::new(d)),
            Document::Blueprint(d) => {
                let id = d.value.identifier.clone();
                // A new target of a relation moves the entity that is pointed at, so sources are indexed anew.
                self.reindexing(&id, |c| c.blueprints.insert(id.clone(), Arc::new(d)));
            }
            Document::Entity(d) => {
                let key = d.value.key.clone();
                self.unindex(&key);
                self.entities.insert(key.clone(), Arc::new(d));
                self.index(&key);
            }
            Document::Permissions(d) => self.permissions.insert(d.value.blueprint.clone(), Arc::new(d)),
            Document::Action(d) => self.actions.insert(d.value.identifier.clone(), Arc::new(d)),
            Document::Run(d) => self.runs.insert(d.value.identifier.clone(), Arc::new(d)),
            Document::User(d) => self.users.insert(d.value.identifier.clone(), Arc::new(d)),
            Document::Team(d) => self.teams.insert(d.value.identifier.clone(), Arc::new(d)),
        }
    }

    fn take_out(&mut self, key: &DocumentKey, file: &FilePath) {
        match key {
            DocumentKey::Policy => self.policy.remove(&(), file),
            DocumentKey::Blueprint(id) => self.reindexing(id, |c| c.blueprints.remove(id, file)),
            DocumentKey::Entity(entity) => {
                self.unindex(entity);
                self.entities.remove(entity, file);
                self.index(entity);
            }
            DocumentKey::Permissions(id) => self.permissions.remove(id, file),
            DocumentKey::Action(id) => self.actions.remove(id, file),
            DocumentKey::Run(id) => self.runs.remove(id, file),
            DocumentKey::User(id) => self.users.remove(id, file),
            DocumentKey::Team(id) => self.teams.remove(id, file),
        }
    }

    /// The users that claim an address, a key or an account, in order; more than one is an error, and then it is nobody's.
    pub fn claimants<'a>(&'a self, claim: &Claim) -> impl Iterator<Item = &'a Identifier> {
        self.claims.of(claim)
    }

    /// The other names of a namespace that look like `name`, sorted.
    pub fn look_alikes_of(&self, space: &Namespace, name: &Identifier) -> Vec<Identifier> {
        self.look_alikes.of(space, name)
    }

    /// Every name that may look like another of its namespace; [`Self::look_alikes_of`] tells which do.
    pub fn look_alike_suspects(&self) -> Vec<(Namespace, Identifier)> {
        self.look_alikes.suspects()
    }

    /// The compiled schema of a blueprint that exists.
    pub fn schema_of(&self, blueprint: &Identifier) -> Option<Arc<super::EntitySchema>> {
        let found = self.blueprints.get(blueprint)?;
        Some(self.schemas.get(blueprint)?.get(&found.value))
    }

    /// Whether two catalogs are the same memory: a quick yes; a no means nothing.
    pub fn shares_all_with(&self, other: &Self) -> bool {
        self.files.ptr_eq(&other.files) && self.broken.ptr_eq(&other.broken)
    }

    /// The policy, or the defaults where there is none.
    pub fn policy(&self) -> CatalogPolicy {
        self.policy.get(&()).map(|p| p.value.clone()).unwrap_or_default()
    }

    /// The policy documents.
    pub fn policies(&self) -> &Table<(), CatalogPolicy> {
        &self.policy
    }

    /// The blueprints.
    pub fn blueprints(&self) -> &Table<Identifier, Blueprint> {
        &self.blueprints
    }

    /// The entities.
    pub fn entities(&self) -> &Table<EntityKey, Entity> {
        &self.entities
    }

    /// The entities of one blueprint, in order.
    pub fn entities_of<'a>(&'a self, blueprint: &'a Identifier) -> impl Iterator<Item = &'a Arc<Located<Entity>>> {
        use std::ops::Bound;
        self.entities
            .map()
            .range((
                Bound::Included(EntityKey { blueprint: blueprint.clone(), identifier: Identifier::least() }),
                Bound::Unbounded,
            ))
            .map(|(_, e)| e)
            .take_while(move |e| e.value.key.blueprint == *blueprint)
    }

    /// The permissions, by blueprint.
    pub fn permissions(&self) -> &Table<Identifier, Permissions> {
        &self.permissions
    }

    /// The actions.
    pub fn actions(&self) -> &Table<Identifier, Action> {
        &self.actions
    }

    /// The runs.
    pub fn runs(&self) -> &Table<Identifier, RunRequest> {
        &self.runs
    }

    /// The users.
    pub fn users(&self) -> &Table<Identifier, User> {
        &self.users
    }

    /// The teams.
    pub fn teams(&self) -> &Table<Identifier, Team> {
        &self.teams
    }

    /// The files with something wrong in them, and what.
    pub fn broken_files(&self) -> &OrdMap<FilePath, Arc<Vec<Finding>>> {
        &self.broken
    }

    /// Whether a file is part of this catalog.
    pub fn has_file(&self, path: &FilePath) -> bool {
        self.files.contains_key(path)
    }

    /// How many files there are.
    pub fn file_count(&self) -> usize {
        self.files.len()
    }
}
