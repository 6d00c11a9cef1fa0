//! All documents of one revision, and the indexes that make a later revision cost what it changes.

use std::sync::Arc;

use imbl::OrdMap;

use crate::model::{
    Action, Blueprint, CatalogPolicy, EntityKey, FilePath, Finding, Identifier, Kind, Permissions, RunRequest, Team, User,
};

use super::expressions::Evaluator;
use super::index::{Claims, EntityLookAlikes, LookAlikes, Pointing};
use super::mention::{Mentions, Named};
use super::outside::OutsideMembers;
use super::packed::{EntityName, EntityTable, Packed, PackedEntity, PackedFile, Packing};
use super::{Claim, Document, Namespace, SchemaSlot, Table};
pub use delta::FileDelta;

mod delta;
mod first;
mod indexing;
mod layers;

/// One revision of the catalog. Cloning costs nothing; clones share what they do not change.
#[derive(Clone, Default, Debug)]
pub struct Catalog {
    policy: Table<(), CatalogPolicy>,
    blueprints: Table<Identifier, Blueprint>,
    entities: EntityTable,
    permissions: Table<Identifier, Permissions>,
    actions: Table<Identifier, Action>,
    runs: Table<Identifier, RunRequest>,
    users: Table<Identifier, User>,
    teams: Table<Identifier, Team>,
    /// Who points at an entity, whether or not it exists.
    referrers: Pointing<EntityName>,
    /// The entities that name a team as their own, whether or not the team exists.
    owned: Pointing<Identifier>,
    /// Where the properties of each blueprint name users and teams.
    mentions: OrdMap<Identifier, Arc<Mentions>>,
    /// The entities whose properties name a user or a team, whether or not it exists.
    mentioned: Pointing<(Named, Identifier)>,
    /// Names that look alike, but for those of entities.
    look_alikes: LookAlikes,
    /// Entities whose names look alike.
    entity_look_alikes: EntityLookAlikes,
    /// Addresses, keys and accounts of users.
    claims: Claims,
    /// The compiled schema of each blueprint: made when first asked for, and shared by every clone that has the blueprint.
    schemas: OrdMap<Identifier, SchemaSlot>,
    /// What each file declared, so that it can be taken out again; but for those that hold one entity and are called by it.
    files: OrdMap<FilePath, Arc<FileRecord>>,
    /// How many those are.
    conventional: usize,
    /// The files in which something is wrong by themselves.
    broken: OrdMap<FilePath, Arc<Vec<Finding>>>,
    /// What tells their contents apart, where it is known.
    broken_content: OrdMap<FilePath, Arc<[u8]>>,
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

    /// The name it brings into a namespace; permissions go by the name of their blueprint and bring none, and entities have an index of their own.
    fn name(&self) -> Option<(Namespace, &Identifier)> {
        match self {
            Self::Policy | Self::Permissions(_) | Self::Entity(_) => None,
            Self::Blueprint(id) => Some((Namespace::Kind(Kind::Blueprint), id)),
            Self::Action(id) => Some((Namespace::Kind(Kind::Action), id)),
            Self::Run(id) => Some((Namespace::Kind(Kind::Run), id)),
            Self::User(id) => Some((Namespace::Kind(Kind::User), id)),
            Self::Team(id) => Some((Namespace::Kind(Kind::Team), id)),
        }
    }
}

impl Catalog {
    /// This catalog with some files put or removed; the order of the deltas means nothing as long as no path repeats.
    #[must_use]
    pub fn apply(&self, deltas: impl IntoIterator<Item = FileDelta>) -> Self {
        let (mut packing, mut next) = (Packing::default(), self.settled());
        let deltas: Vec<FileDelta> = deltas.into_iter().collect();
        if next.file_count() == 0 && deltas.len() >= first::WORTH_SORTING {
            next.fill(deltas);
            return next;
        }
        for delta in deltas {
            let delta = match delta {
                FileDelta::Put(file) => packing.pack(*file),
                other => other,
            };
            let Some(delta) = next.replaced(delta) else { continue };
            next.remove_file(&delta.path());
            next.put_packed(delta);
        }
        next.compact()
    }

    /// Puts what is packed already.
    fn put_packed(&mut self, delta: FileDelta) {
        match delta {
            FileDelta::Entity(PackedEntity { name, packed }) => {
                self.put_entity(name, packed);
                self.conventional += 1;
            }
            FileDelta::Packed(file) => self.put_file(*file),
            FileDelta::Put(_) | FileDelta::Remove(_) => {}
        }
    }

    /// The ordinary edit: one entity for another of the same name, in a file that is called by it. Gives back whatever is anything else.
    fn replaced(&mut self, delta: FileDelta) -> Option<FileDelta> {
        let FileDelta::Entity(entity) = &delta else { return Some(delta) };
        let path = delta.path();
        let apart = self.files.contains_key(&path) || self.broken.contains_key(&path);
        if apart || !self.entities.has_alone(entity) {
            return Some(delta);
        }
        let key = entity.name.key();
        self.repointing(&key, |c| c.entities.replace(entity));
        None
    }

    fn put_entity(&mut self, name: EntityName, packed: Packed) -> DocumentKey {
        let key = DocumentKey::Entity(name.key());
        self.changing(&key, |c| {
            let DocumentKey::Entity(key) = &key else { return };
            c.unindex(key);
            c.entities.insert(name, packed);
            c.index(key);
        });
        key
    }

    fn put_file(&mut self, file: PackedFile) {
        let mut record = FileRecord::default();
        for PackedEntity { name, packed } in file.entities {
            record.keys.push(self.put_entity(name, packed));
        }
        for document in file.others {
            let key = DocumentKey::of(&document);
            self.changing(&key, |c| c.insert(document));
            record.keys.push(key);
        }
        if !file.findings.is_empty() {
            self.broken.insert(file.path.clone(), Arc::new(file.findings));
            if let Some(content) = file.content {
                self.broken_content.insert(file.path.clone(), content);
            }
        }
        self.files.insert(file.path, Arc::new(record));
    }

    fn remove_file(&mut self, path: &FilePath) {
        self.broken.remove(path);
        self.broken_content.remove(path);
        if let Some(record) = self.files.remove(path) {
            for key in &record.keys {
                self.changing(key, |c| c.take_out(key, path));
            }
        } else if let Some(key) = self.entities.declared_by(path) {
            self.conventional = self.conventional.saturating_sub(1);
            let key = DocumentKey::Entity(key);
            self.changing(&key, |c| c.take_out(&key, path));
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
        if let (DocumentKey::Entity(key), true) = (key, stood != stands) {
            match self.entities.packed(key) {
                Some((name, _)) => self.entity_look_alikes.insert(&name.clone()),
                None => self.entity_look_alikes.remove(&EntityName::of(key)),
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
            Document::Entity(_) => {} // packed by itself
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
        match space {
            Namespace::Entities(blueprint) => self.entity_look_alikes.of(blueprint, name),
            Namespace::Kind(_) => self.look_alikes.of(space, name),
        }
    }

    /// Every name that may look like another of its namespace; [`Self::look_alikes_of`] tells which do.
    pub fn look_alike_suspects(&self) -> Vec<(Namespace, Identifier)> {
        let mut suspects = self.look_alikes.suspects();
        suspects.extend(self.entity_look_alikes.suspects());
        suspects
    }

    /// The compiled schema of a blueprint that exists.
    pub fn schema_of(&self, blueprint: &Identifier) -> Option<Arc<super::EntitySchema>> {
        let found = self.blueprints.get(blueprint)?;
        Some(self.schemas.get(blueprint)?.get(&found.value))
    }

    /// Whether two catalogs are the same memory: a quick yes; a no means nothing.
    pub fn shares_all_with(&self, other: &Self) -> bool {
        self.files.ptr_eq(&other.files) && self.broken.ptr_eq(&other.broken) && self.entities.ptr_eq(&other.entities)
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
    pub fn entities(&self) -> &EntityTable {
        &self.entities
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

    /// Whether a file has the same wrong in it in both, and the same content. Where nobody knows, it has not.
    pub fn is_broken_alike(&self, other: &Self, path: &FilePath) -> bool {
        let (Some(mine), Some(theirs)) = (self.broken.get(path), other.broken.get(path)) else { return false };
        let content = self.broken_content.get(path);
        Arc::ptr_eq(mine, theirs) || mine == theirs && content.is_some() && content == other.broken_content.get(path)
    }

    /// Whether a file is part of this catalog.
    pub fn has_file(&self, path: &FilePath) -> bool {
        self.files.contains_key(path) || self.entities.declared_by(path).is_some()
    }

    /// How many files there are.
    pub fn file_count(&self) -> usize {
        self.files.len() + self.conventional
    }
}
