//! What a validation looks at: the whole catalog, or what a change can have made wrong.

use std::collections::BTreeSet;
use std::sync::Arc;

use imbl::ordmap::DiffItem;

use crate::catalog::{Catalog, ChangeSet, Claim, Field, Located, Named, Namespace, Operation, Table};
use crate::model::{Action, Blueprint, Entity, EntityKey, FilePath, Finding, Identifier, Kind, Permissions, Subject, Team, User};

use super::programs::Programs;
use super::validate::Fault;

/// A catalog, and the part of it to look at.
pub(super) struct Scope<'a> {
    pub(super) catalog: &'a Catalog,
    /// What may still be compiled.
    pub(super) programs: Programs,
    part: Option<Arc<Part>>,
}

#[derive(Default)]
struct Part {
    entities: BTreeSet<EntityKey>,
    blueprints: BTreeSet<Identifier>,
    permissions: BTreeSet<Identifier>,
    actions: BTreeSet<Identifier>,
    users: BTreeSet<Identifier>,
    teams: BTreeSet<Identifier>,
    names: BTreeSet<(Namespace, Identifier)>,
    claims: BTreeSet<Claim>,
    files: BTreeSet<FilePath>,
}

type Documents<'a, T> = Box<dyn Iterator<Item = &'a Arc<Located<T>>> + 'a>;

impl<'a> Scope<'a> {
    /// Everything.
    pub(super) fn whole(catalog: &'a Catalog, programs: &Programs) -> Self {
        Self { catalog, programs: programs.clone(), part: None }
    }

    /// The same part of another catalog.
    pub(super) fn on<'b>(&self, catalog: &'b Catalog) -> Scope<'b> {
        Scope { catalog, programs: self.programs.clone(), part: self.part.clone() }
    }

    /// What can be wrong in `after` where nothing was wrong in `before`.
    pub(super) fn changed(before: &Catalog, after: &'a Catalog, changes: &ChangeSet, programs: &Programs) -> Self {
        let mut part = Part::default();
        part.add_entities(after, changes);
        part.add_documents(before, after);
        part.add_files(before, after);
        Self { catalog: after, programs: programs.clone(), part: Some(Arc::new(part)) }
    }

    /// Whether everything is looked at.
    pub(super) fn is_whole(&self) -> bool {
        self.part.is_none()
    }

    /// Judges each entity, in order, on all cores where there are many; `known` is what one core keeps from one to the next.
    pub(super) fn each_entity<S>(
        &self,
        out: &mut Vec<Fault>,
        known: impl Fn() -> S + Sync,
        judge: impl Fn(&mut S, &Located<Entity>, &mut Vec<Fault>) + Sync,
    ) {
        let of = |entities: &mut dyn Iterator<Item = Located<Entity>>| {
            let (mut known, mut out) = (known(), Vec::new());
            entities.for_each(|entity| judge(&mut known, &entity, &mut out));
            out
        };
        match &self.part {
            None => out.extend(self.catalog.entities().in_parts(of).into_iter().flatten()),
            Some(part) => {
                let some = part.entities.iter().filter_map(|key| self.catalog.entities().get(key));
                out.extend(of(&mut some.map(|entity| (*entity).clone())));
            }
        }
    }

    pub(super) fn blueprints(&self) -> Documents<'_, Blueprint> {
        chosen(self.catalog.blueprints(), self.part.as_ref().map(|p| &p.blueprints))
    }

    pub(super) fn permissions(&self) -> Documents<'_, Permissions> {
        chosen(self.catalog.permissions(), self.part.as_ref().map(|p| &p.permissions))
    }

    pub(super) fn actions(&self) -> Documents<'_, Action> {
        chosen(self.catalog.actions(), self.part.as_ref().map(|p| &p.actions))
    }

    pub(super) fn users(&self) -> Documents<'_, User> {
        chosen(self.catalog.users(), self.part.as_ref().map(|p| &p.users))
    }

    pub(super) fn teams(&self) -> Documents<'_, Team> {
        chosen(self.catalog.teams(), self.part.as_ref().map(|p| &p.teams))
    }

    /// The names that may look like others.
    pub(super) fn names(&self) -> Vec<(Namespace, Identifier)> {
        match &self.part {
            None => self.catalog.look_alike_suspects(),
            Some(part) => part.names.iter().cloned().collect(),
        }
    }

    /// The claims that several users may make.
    pub(super) fn claims(&self) -> BTreeSet<Claim> {
        match &self.part {
            None => self.catalog.users().iter().flat_map(|(_, user)| Claim::all_of(&user.value)).collect(),
            Some(part) => part.claims.clone(),
        }
    }

    /// What is wrong in files by themselves.
    pub(super) fn broken(&self) -> Box<dyn Iterator<Item = &Finding> + '_> {
        let files = self.catalog.broken_files();
        match &self.part {
            None => Box::new(files.iter().flat_map(|(_, findings)| findings.iter())),
            Some(part) => Box::new(part.files.iter().filter_map(|file| files.get(file)).flat_map(|findings| findings.iter())),
        }
    }
}

fn chosen<'a, T: Clone>(table: &'a Table<Identifier, T>, part: Option<&'a BTreeSet<Identifier>>) -> Documents<'a, T> {
    match part {
        None => Box::new(table.iter().map(|(_, document)| document)),
        Some(part) => Box::new(part.iter().filter_map(|id| table.get(id))),
    }
}

impl Part {
    /// Entities that changed, that point at what went, and all of a blueprint whose demands changed.
    fn add_entities(&mut self, after: &Catalog, changes: &ChangeSet) {
        for change in &changes.0 {
            match &change.subject {
                Subject::Entity(key) if change.field != Some(Field::Owner) => {
                    match change.operation {
                        Operation::Unregister => self.entities.extend(after.referrers_of(key)),
                        Operation::Register => self.add_name(after, Namespace::Entities(key.blueprint.clone()), &key.identifier),
                        _ => {}
                    }
                    self.entities.insert(key.clone());
                }
                Subject::Blueprint(id) => self.entities.extend(after.entities().keys_of(id)),
                Subject::Team(id) if change.operation == Operation::Delete => {
                    self.entities.extend(after.owned_by(id));
                    self.entities.extend(after.mentioned_by(Named::Team, id));
                }
                Subject::User(id) if change.operation == Operation::Delete => {
                    self.entities.extend(after.mentioned_by(Named::User, id));
                }
                _ => {}
            }
        }
    }

    /// Documents that changed or moved, and those of other kinds that may name them; there are few of each.
    fn add_documents(&mut self, before: &Catalog, after: &Catalog) {
        let blueprints = self.add_changed(after, before.blueprints(), after.blueprints(), Kind::Blueprint);
        let permissions = changed(before.permissions(), after.permissions());
        let actions = self.add_changed(after, before.actions(), after.actions(), Kind::Action);
        self.add_changed(after, before.runs(), after.runs(), Kind::Run);
        let users = self.add_changed(after, before.users(), after.users(), Kind::User);
        let teams = self.add_changed(after, before.teams(), after.teams(), Kind::Team);
        let policy = before.policies().map().diff(after.policies().map()).next().is_some();
        let all = |some: bool, changed: &BTreeSet<Identifier>, keys: &mut dyn Iterator<Item = &Identifier>| {
            if some { keys.cloned().collect() } else { changed.clone() }
        };
        let claimed = users.iter().filter_map(|id| after.users().get(id));
        self.claims = claimed.flat_map(|user| Claim::all_of(&user.value)).collect();
        let no = |set: &BTreeSet<Identifier>| set.is_empty();
        self.permissions = all(
            !(no(&blueprints) && no(&actions) && no(&users) && no(&teams)),
            &permissions,
            &mut after.permissions().iter().map(|(id, _)| id),
        );
        self.actions = all(!no(&blueprints), &actions, &mut after.actions().iter().map(|(id, _)| id));
        self.users = all(policy || !no(&blueprints), &users, &mut after.users().iter().map(|(id, _)| id));
        self.teams = all(!no(&users), &teams, &mut after.teams().iter().map(|(id, _)| id));
        self.blueprints = all(!no(&blueprints), &blueprints, &mut after.blueprints().iter().map(|(id, _)| id));
    }

    fn add_changed<T: Clone + PartialEq>(
        &mut self,
        after: &Catalog,
        old: &Table<Identifier, T>,
        new: &Table<Identifier, T>,
        kind: Kind,
    ) -> BTreeSet<Identifier> {
        let changed = changed(old, new);
        for id in changed.iter().filter(|id| new.contains(*id)) {
            self.add_name(after, Namespace::Kind(kind), id);
        }
        changed
    }

    fn add_name(&mut self, after: &Catalog, space: Namespace, name: &Identifier) {
        for alike in after.look_alikes_of(&space, name) {
            self.names.insert((space.clone(), alike));
            self.names.insert((space.clone(), name.clone()));
        }
    }

    fn add_files(&mut self, before: &Catalog, after: &Catalog) {
        for item in before.broken_files().diff(after.broken_files()) {
            match item {
                DiffItem::Add(file, _) | DiffItem::Update { new: (file, _), .. } => {
                    self.files.insert(file.clone());
                }
                DiffItem::Remove(..) => {}
            }
        }
    }
}

fn changed<T: Clone + PartialEq>(old: &Table<Identifier, T>, new: &Table<Identifier, T>) -> BTreeSet<Identifier> {
    old.map()
        .diff(new.map())
        .map(|item| match item {
            DiffItem::Add(id, _) | DiffItem::Remove(id, _) | DiffItem::Update { new: (id, _), .. } => id.clone(),
        })
        .collect()
}
