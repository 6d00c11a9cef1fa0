//! The difference of two catalogs by meaning: comments, order, quoting and file names change nothing (spec 4).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use imbl::ordmap::DiffItem;

use crate::model::{Entity, EntityKey, Identifier, Place, RelationValue, Subject, Value};

use super::{Catalog, Declared, Located, Meaning, Owner, Table, cascade};

/// What is done to a subject.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Operation {
    /// An entity appears; also each property, relation, `$title`, `$icon` and `$team` that it sets.
    Register,
    /// An entity goes.
    Unregister,
    /// A field of an entity, or a document of another kind, gets another meaning.
    Update,
    /// A document other than an entity or a run appears.
    Create,
    /// A document other than an entity goes.
    Delete,
    /// A run appears: it asks for its action to be executed.
    Execute,
}

impl Operation {
    /// As the JSON contract writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::Unregister => "unregister",
            Self::Update => "update",
            Self::Create => "create",
            Self::Delete => "delete",
            Self::Execute => "execute",
        }
    }
}

/// The part of an entity that a change is about.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Field {
    /// A property, by name.
    Property(Box<str>),
    /// A relation, by name.
    Relation(Box<str>),
    /// `$title`
    Title,
    /// `$icon`
    Icon,
    /// `$team`: the entity's own `team`.
    Team,
    /// `$team` again: the effective owner moved, though the entity's own `team` did not (the cascade of spec 4).
    Owner,
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Property(name) | Self::Relation(name) => f.write_str(name),
            Self::Title => f.write_str("$title"),
            Self::Icon => f.write_str("$icon"),
            Self::Team | Self::Owner => f.write_str("$team"),
        }
    }
}

/// One change.
#[derive(Clone, PartialEq, Debug)]
pub struct Change {
    /// What is changed.
    pub subject: Subject,
    /// How.
    pub operation: Operation,
    /// Which part of an entity; `None` for the entity, or another document, as a whole.
    pub field: Option<Field>,
    /// What it meant before; `None` where it was absent.
    pub before: Option<Value>,
    /// What it means after; `None` where it is absent.
    pub after: Option<Value>,
    /// Where it stands after the change, or stood before a removal.
    pub place: Place,
}

/// Every change between two catalogs, in order of subject and field.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ChangeSet(pub Vec<Change>);

/// Compares two catalogs by meaning; the cost is in proportion to what they do not share, and to what that moves.
///
/// Teams are compared as a set: their order means nothing.
pub fn diff(before: &Catalog, after: &Catalog) -> ChangeSet {
    let mut out = Vec::new();
    documents(&mut out, before.policies(), after.policies(), Operation::Create, |()| Subject::Policy);
    documents(&mut out, before.blueprints(), after.blueprints(), Operation::Create, |id| Subject::Blueprint(id.clone()));
    documents(&mut out, before.permissions(), after.permissions(), Operation::Create, |id| Subject::Permissions(id.clone()));
    documents(&mut out, before.actions(), after.actions(), Operation::Create, |id| Subject::Action(id.clone()));
    documents(&mut out, before.runs(), after.runs(), Operation::Execute, |id| Subject::Run(id.clone()));
    documents(&mut out, before.users(), after.users(), Operation::Create, |id| Subject::User(id.clone()));
    documents(&mut out, before.teams(), after.teams(), Operation::Create, |id| Subject::Team(id.clone()));
    let blueprints_changed = out.iter().any(|c| matches!(c.subject, Subject::Blueprint(_)));
    let seeds = entities(&mut out, before, after);
    rivals(&mut out, before.entities(), after.entities(), |key| Subject::Entity(key.clone()));
    let owned: BTreeSet<EntityKey> = out.iter().filter(|c| c.field == Some(Field::Team)).filter_map(key_of).collect();
    for moved in cascade::moved(before, after, &seeds, blueprints_changed) {
        if owned.contains(&moved.key) {
            continue;
        }
        let Some(entity) = after.entities().get(&moved.key) else { continue };
        out.push(Change {
            subject: Subject::Entity(moved.key),
            operation: Operation::Update,
            field: Some(Field::Owner),
            before: Some(teams(&moved.before)),
            after: Some(teams(&moved.after)),
            place: entity.place(),
        });
    }
    out.sort_by(|a, b| (&a.subject, &a.field, a.operation).cmp(&(&b.subject, &b.field, b.operation)));
    ChangeSet(out)
}

fn key_of(change: &Change) -> Option<EntityKey> {
    match &change.subject {
        Subject::Entity(key) => Some(key.clone()),
        _ => None,
    }
}

/// Documents that are compared as a whole.
fn documents<K: Ord + Clone, T: Clone + PartialEq + Meaning>(
    out: &mut Vec<Change>,
    before: &Table<K, T>,
    after: &Table<K, T>,
    appears: Operation,
    subject: impl Fn(&K) -> Subject,
) {
    for item in before.map().diff(after.map()) {
        let (key, operation, old, new) = match item {
            DiffItem::Add(key, new) => (key, appears, None, Some(new)),
            DiffItem::Remove(key, old) => (key, Operation::Delete, Some(old), None),
            DiffItem::Update { old: (key, old), new: (_, new) } if old.value != new.value => {
                (key, Operation::Update, Some(old), Some(new))
            }
            DiffItem::Update { .. } => continue, // moved to another file, and nothing else
        };
        let Some(stands) = new.or(old) else { continue };
        out.push(Change {
            subject: subject(key),
            operation,
            field: None,
            before: old.map(|d| d.value.meaning()),
            after: new.map(|d| d.value.meaning()),
            place: stands.place(),
        });
    }
    rivals(out, before, after, subject);
}

/// Where several documents claim one key, those that do not stand are part of what the catalog means all the same: while
/// they are there, the key grants nothing. So that nobody gives or takes it unasked, a change among them is one of the whole.
fn rivals<K: Ord + Clone, T: Clone + PartialEq + Meaning>(
    out: &mut Vec<Change>,
    before: &impl Declared<K, T>,
    after: &impl Declared<K, T>,
    subject: impl Fn(&K) -> Subject,
) {
    for item in before.rivals().diff(after.rivals()) {
        let key = match item {
            DiffItem::Add(key, _) | DiffItem::Remove(key, _) | DiffItem::Update { new: (key, _), .. } => key,
        };
        fn claims<K: Ord, T: Meaning>(table: &impl Declared<K, T>, key: &K) -> Value {
            let others = table.rivals().get(key).into_iter().flatten().cloned();
            Value::List(table.standing(key).into_iter().chain(others).map(|document| document.value.meaning()).collect())
        }
        let (old, new, subject) = (claims(before, key), claims(after, key), subject(key));
        let Some(stands) = after.standing(key).or_else(|| before.standing(key)) else { continue };
        if old != new && !out.iter().any(|change| change.subject == subject) {
            let place = stands.place();
            out.push(Change { subject, operation: Operation::Update, field: None, before: Some(old), after: Some(new), place });
        }
    }
}

/// Entities are compared field by field. Returns those from which ownership may have moved elsewhere.
fn entities(out: &mut Vec<Change>, before: &Catalog, after: &Catalog) -> BTreeSet<EntityKey> {
    let mut seeds = BTreeSet::new();
    for moved in before.entities().diff(after.entities()) {
        let key = moved.key;
        let first = out.len();
        match (&moved.before, &moved.after) {
            (None, Some(new)) => {
                out.push(whole(new, Operation::Register, None, Some(new.value.meaning())));
                fields(out, None, new);
                seeds.insert(key.clone());
            }
            (Some(old), None) => {
                out.push(whole(old, Operation::Unregister, Some(old.value.meaning()), None));
                seeds.insert(key);
                continue;
            }
            (Some(old), Some(new)) => fields(out, Some(&old.value), new),
            (None, None) => continue,
        }
        let passes_on = |c: &Change| matches!(c.field, Some(Field::Relation(_) | Field::Team));
        if out.iter().skip(first).any(passes_on) {
            seeds.insert(key);
        }
    }
    seeds
}

fn whole(entity: &Located<Entity>, operation: Operation, before: Option<Value>, after: Option<Value>) -> Change {
    Change { subject: Subject::Entity(entity.value.key.clone()), operation, field: None, before, after, place: entity.place() }
}

fn fields(out: &mut Vec<Change>, old: Option<&Entity>, new: &Located<Entity>) {
    let operation = if old.is_some() { Operation::Update } else { Operation::Register };
    let mut field = |field: Field, before: Option<Value>, after: Option<Value>, way: &[&str]| {
        if before != after {
            let place = new.value_at(way);
            let subject = Subject::Entity(new.value.key.clone());
            out.push(Change { subject, operation, field: Some(field), before, after, place });
        }
    };
    let text = |text: &Option<String>| text.as_deref().map(Value::from);
    field(Field::Title, old.and_then(|e| text(&e.title)), text(&new.value.title), &["title"]);
    field(Field::Icon, old.and_then(|e| text(&e.icon)), text(&new.value.icon), &["icon"]);
    let owners = |team: &Option<Vec<Identifier>>| team.as_ref().map(|list| teams(&list.iter().cloned().collect()));
    field(Field::Team, old.and_then(|e| owners(&e.team)), owners(&new.value.team), &["team"]);
    let none = BTreeMap::new();
    for name in names(old.map_or(&none, |e| &e.properties), &new.value.properties) {
        let before = old.and_then(|e| e.properties.get(name)).cloned();
        let after = new.value.properties.get(name).cloned();
        field(Field::Property(name.into()), before, after, &["properties", name]);
    }
    let none = BTreeMap::new();
    for name in names(old.map_or(&none, |e| &e.relations), &new.value.relations) {
        let before = old.and_then(|e| e.relations.get(name)).map(RelationValue::to_value);
        let after = new.value.relations.get(name).map(RelationValue::to_value);
        field(Field::Relation(name.into()), before, after, &["relations", name]);
    }
}

fn names<'a, V>(old: &'a BTreeMap<Box<str>, V>, new: &'a BTreeMap<Box<str>, V>) -> BTreeSet<&'a str> {
    old.keys().chain(new.keys()).map(|name| &**name).collect()
}

fn teams(owner: &Owner) -> Value {
    Value::List(owner.iter().map(|team| Value::from(team.as_str())).collect())
}
