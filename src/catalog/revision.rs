//! All documents of one revision, and the indexes that make a later revision cost what it changes.

use std::sync::Arc;

use imbl::{OrdMap, OrdSet};

use crate::model::{
    Action, Blueprint, CatalogPolicy, Entity, EntityKey, FilePath, Finding, Identifier, Permissions, RunRequest, Team, User,
};

use super::{Document, Located, ParsedFile, Table};

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
    /// What each file declared, so that it can be taken out again.
    files: OrdMap<FilePath, Arc<FileRecord>>,
    /// The files in which something is wrong by themselves.
    broken: OrdMap<FilePath, Arc<Vec<Finding>>>,
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
            record.keys.push(self.insert(document));
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
            self.take_out(key, path);
        }
    }

    fn insert(&mut self, document: Document) -> DocumentKey {
        match document {
            Document::Policy(d) => {
                self.policy.insert((), Arc::new(d));
                DocumentKey::Policy
            }
            Document::Blueprint(d) => {
                let id = d.value.identifier.clone();
                // A new target of a relation moves the entity that is pointed at, so sources are indexed anew.
                self.reindexing(&id, |c| c.blueprints.insert(id.clone(), Arc::new(d)));
                DocumentKey::Blueprint(id)
            }
            Document::Entity(d) => {
                let key = d.value.key.clone();
                self.unindex(&key);
                self.entities.insert(key.clone(), Arc::new(d));
                self.index(&key);
                DocumentKey::Entity(key)
            }
            Document::Permissions(d) => {
                let id = d.value.blueprint.clone();
                self.permissions.insert(id.clone(), Arc::new(d));
                DocumentKey::Permissions(id)
            }
            Document::Action(d) => {
                let id = d.value.identifier.clone();
                self.actions.insert(id.clone(), Arc::new(d));
                DocumentKey::Action(id)
            }
            Document::Run(d) => {
                let id = d.value.identifier.clone();
                self.runs.insert(id.clone(), Arc::new(d));
                DocumentKey::Run(id)
            }
            Document::User(d) => {
                let id = d.value.identifier.clone();
                self.users.insert(id.clone(), Arc::new(d));
                DocumentKey::User(id)
            }
            Document::Team(d) => {
                let id = d.value.identifier.clone();
                self.teams.insert(id.clone(), Arc::new(d));
                DocumentKey::Team(id)
            }
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

    /// Changes a blueprint, and indexes its entities anew if the change moves what their relations point at.
    fn reindexing(&mut self, blueprint: &Identifier, change: impl FnOnce(&mut Self)) {
        let targets = |c: &Self| {
            c.blueprints
                .get(blueprint)
                .map(|b| b.value.relations.iter().map(|(n, r)| (n.clone(), r.target.clone())).collect::<Vec<_>>())
        };
        let before = targets(self);
        let mut probe = self.clone();
        change(&mut probe);
        if before != targets(&probe) {
            let keys: Vec<EntityKey> = self.entities_of(blueprint).map(|e| e.value.key.clone()).collect();
            keys.iter().for_each(|key| self.unindex(key));
            self.blueprints = probe.blueprints;
            keys.iter().for_each(|key| self.index(key));
        } else {
            self.blueprints = probe.blueprints;
        }
    }

    fn index(&mut self, key: &EntityKey) {
        for target in self.targets_of(key) {
            self.referrers.insert((target, key.clone()));
        }
    }

    fn unindex(&mut self, key: &EntityKey) {
        for target in self.targets_of(key) {
            self.referrers.remove(&(target, key.clone()));
        }
    }

    /// Every entity that the relations of `key` name, in the blueprint each relation targets; they need not exist.
    pub fn targets_of(&self, key: &EntityKey) -> Vec<EntityKey> {
        let Some(entity) = self.entities.get(key) else { return Vec::new() };
        let Some(blueprint) = self.blueprints.get(&key.blueprint) else { return Vec::new() };
        let mut out = Vec::new();
        for (name, value) in &entity.value.relations {
            if let Some(relation) = blueprint.value.relations.get(name) {
                out.extend(
                    value.targets().iter().map(|t| EntityKey { blueprint: relation.target.clone(), identifier: t.clone() }),
                );
            }
        }
        out
    }

    /// The entities whose relations name `target`, in order.
    pub fn referrers_of(&self, target: &EntityKey) -> impl Iterator<Item = &EntityKey> {
        let least = EntityKey { blueprint: Identifier::least(), identifier: Identifier::least() };
        let target = target.clone();
        self.referrers.range((target.clone(), least)..).take_while(move |(t, _)| *t == target).map(|(_, source)| source)
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
