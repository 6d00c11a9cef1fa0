//! What one user sees of a catalog: the only way to read it on somebody's behalf (spec 4, `read*`).
//!
//! Whatever is hidden counts as not being there, for every question: values, mirrors and calculations, relations, filters,
//! sorting, counts and errors. So two catalogs that differ only in what a user may not see answer that user alike.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};

use crate::catalog::derive::{Derivation, Derived, Provenance, Sight};
use crate::catalog::search::{Prepared, SearchContext, SearchFault};
use crate::catalog::{
    About, Catalog, WrittenPermissions, grants, is_member, permissions_of, team_value_as_seen, user_of, user_value_as_seen,
};
use crate::model::{EntityKey, Identifier, Permissions, Rule, Search, User, Value};

/// What one user may see, by the permissions of the catalog they look at.
///
/// Everyone in the roster sees what no rule says anything about. Permissions that cannot be read show nothing.
#[derive(Debug)]
pub struct Eyes<'a> {
    catalog: &'a Catalog,
    user: Option<&'a User>,
    entities: RefCell<HashMap<EntityKey, bool>>,
    fields: RefCell<HashMap<(EntityKey, Field), bool>>,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Field {
    Property(Box<str>),
    Relation(Box<str>),
}

impl<'a> Eyes<'a> {
    /// Of a user; one who is not in the roster, or is declared twice, sees nothing.
    pub fn of(catalog: &'a Catalog, user: &Identifier) -> Self {
        Self { catalog, user: user_of(catalog, user), entities: RefCell::default(), fields: RefCell::default() }
    }

    fn written(&self, blueprint: &Identifier) -> Written<'a> {
        match permissions_of(self.catalog, blueprint) {
            WrittenPermissions::Document(permissions) => Written::Some(permissions),
            WrittenPermissions::Absent => Written::None,
            WrittenPermissions::Unknown => Written::Unknown,
        }
    }

    fn granted(&self, rule: &Rule, key: &EntityKey) -> bool {
        let Some(user) = self.user else { return false };
        let owner = self.catalog.owner_of(key);
        let found = self.catalog.entities().get(key);
        let entity = found.as_ref().map(|found| &found.value);
        grants(self.catalog, rule, user, &About { owner: Some(&owner), entity, run: None }).is_some()
    }

    fn sees_entity(&self, key: &EntityKey) -> bool {
        let table = self.catalog.entities();
        if self.user.is_none() || !table.contains(key) || !table.duplicates_of(key).is_empty() {
            return false;
        }
        match self.written(&key.blueprint) {
            Written::Unknown => false,
            Written::None => true,
            Written::Some(permissions) => permissions.entities.read.as_ref().is_none_or(|rule| self.granted(rule, key)),
        }
    }

    fn sees_field(&self, key: &EntityKey, field: &Field) -> bool {
        let entities = match self.written(&key.blueprint) {
            Written::Unknown => return false,
            Written::None => return true,
            Written::Some(permissions) => &permissions.entities,
        };
        match field {
            Field::Relation(name) => entities.read_relations.get(name).is_none_or(|rule| self.granted(rule, key)),
            Field::Property(name) => match entities.read_properties.get(name) {
                Some(rule) => self.granted(rule, key),
                // When something changed last tells of what changed: it is for those who see everything of the entity.
                None if matches!(&**name, "$updatedAt" | "$updatedBy") => {
                    entities.read_properties.values().chain(entities.read_relations.values()).all(|rule| self.granted(rule, key))
                }
                None => true,
            },
        }
    }

    fn field(&self, key: &EntityKey, field: Field) -> bool {
        if !self.entity(key) {
            return false;
        }
        let slot = (key.clone(), field);
        if let Some(known) = self.fields.borrow().get(&slot) {
            return *known;
        }
        let sees = self.sees_field(key, &slot.1);
        self.fields.borrow_mut().insert(slot, sees);
        sees
    }
}

enum Written<'a> {
    None,
    Some(&'a Permissions),
    Unknown,
}

impl Sight for Eyes<'_> {
    fn entity(&self, key: &EntityKey) -> bool {
        if let Some(known) = self.entities.borrow().get(key) {
            return *known;
        }
        let sees = self.sees_entity(key);
        self.entities.borrow_mut().insert(key.clone(), sees);
        sees
    }

    fn property(&self, key: &EntityKey, name: &str) -> bool {
        self.field(key, Field::Property(name.into()))
    }

    fn relation(&self, key: &EntityKey, name: &str) -> bool {
        self.field(key, Field::Relation(name.into()))
    }
}

/// An entity as somebody sees it.
#[derive(Clone, PartialEq, Debug)]
pub struct SeenEntity {
    /// Blueprint and identifier.
    pub key: EntityKey,
    /// `$title`
    pub title: Option<Value>,
    /// `$icon`
    pub icon: Option<Value>,
    /// `$team`: the effective owner as far as it is seen.
    pub team: Option<Value>,
    /// Written and derived properties, defaults filled in; what is absent or hidden is not among them.
    pub properties: BTreeMap<Box<str>, Result<Value, String>>,
    /// Relations, without the targets that are hidden.
    pub relations: BTreeMap<Box<str>, Value>,
}

/// A catalog as one user sees it.
pub struct View<'a> {
    eyes: &'a Eyes<'a>,
    derivation: Derivation<'a>,
}

impl<'a> View<'a> {
    /// Through somebody's eyes, with what history tells.
    pub fn new(eyes: &'a Eyes<'a>, provenance: &'a dyn Provenance) -> Self {
        Self { eyes, derivation: Derivation::new(eyes.catalog, eyes, provenance) }
    }

    /// The entity; `None` where it is not there, or hidden: nobody can tell which.
    pub fn entity(&self, key: &EntityKey) -> Option<SeenEntity> {
        let eyes = self.eyes;
        if !eyes.entity(key) {
            return None;
        }
        let blueprint = eyes.catalog.blueprints().get(&key.blueprint).map(|found| &found.value);
        let names = blueprint.into_iter().flat_map(|blueprint| blueprint.properties.keys().chain(blueprint.derived.keys()));
        let properties = names.filter_map(|name| match self.derivation.value(key, name) {
            Derived::Value(value) => Some((name.clone(), Ok(value))),
            Derived::Error(why) => Some((name.clone(), Err(why))),
            Derived::Absent => None,
        });
        Some(SeenEntity {
            key: key.clone(),
            title: self.value(key, "$title"),
            icon: self.value(key, "$icon"),
            team: self.value(key, "$team"),
            properties: properties.collect(),
            relations: blueprint
                .map(|blueprint| self.derivation.relations(key, blueprint))
                .unwrap_or_default()
                .into_iter()
                .collect(),
        })
    }

    /// Every entity of a blueprint that is seen, in the order of their identifiers.
    pub fn entities_of(&self, blueprint: &Identifier) -> Vec<SeenEntity> {
        self.eyes.catalog.entities().keys_of(blueprint).filter_map(|key| self.entity(&key)).collect()
    }

    /// What is seen of a property, derived or not, or of a meta-property.
    pub fn value(&self, key: &EntityKey, name: &str) -> Option<Value> {
        self.derivation.value(key, name).into_value()
    }

    /// The entities that a search means, in order. A rule about what is hidden finds it absent.
    ///
    /// # Errors
    /// Why nobody can tell.
    pub fn search(&self, search: &Search) -> Result<Vec<EntityKey>, SearchFault> {
        let Some(user) = self.eyes.user else { return Ok(Vec::new()) };
        let catalog = self.eyes.catalog;
        let own = catalog.teams().iter().map(|(id, _)| id).filter(|team| is_member(catalog, team, &user.identifier));
        let asks = user_value_as_seen(catalog, user, self.eyes);
        let context = SearchContext {
            user: Some(asks.clone()),
            teams: own.filter_map(|team| team_value_as_seen(catalog, team, self.eyes)).collect(),
            root: Value::from_pairs([("user".into(), asks)]),
            sight: self.eyes,
            ..SearchContext::default()
        };
        let read = |key: &EntityKey, name: &str| match self.derivation.value(key, name) {
            Derived::Value(value) => Ok(Some(value)),
            Derived::Absent => Ok(None),
            Derived::Error(why) => Err(SearchFault::Unknown(format!("`{name}` of {key} cannot be computed: {why}"))),
        };
        Prepared::new(catalog, search, &context, &read).select()
    }

    /// How many entities a search means.
    ///
    /// # Errors
    /// Why nobody can tell.
    pub fn count(&self, search: &Search) -> Result<usize, SearchFault> {
        self.search(search).map(|found| found.len())
    }

    /// The same entities by a property: those that have it first, by its value, then the others; equal ones by identifier.
    pub fn sort(&self, mut keys: Vec<EntityKey>, by: &str) -> Vec<EntityKey> {
        let values: HashMap<EntityKey, Value> = keys.iter().filter_map(|key| Some((key.clone(), self.value(key, by)?))).collect();
        keys.sort_by(|a, b| {
            let by_value = match (values.get(a), values.get(b)) {
                (Some(a), Some(b)) => order(a, b),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => Ordering::Equal,
            };
            by_value.then_with(|| a.cmp(b))
        });
        keys
    }
}

/// Numbers by size, anything else by its text; numbers first.
fn order(a: &Value, b: &Value) -> Ordering {
    #[allow(clippy::cast_precision_loss)] // only which of two nearly equal numbers stands first
    let number = |value: &Value| match value {
        Value::Int(whole) => Some(*whole as f64),
        Value::Float(number) => Some(*number),
        _ => None,
    };
    match (number(a), number(b)) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => match (a.as_str(), b.as_str()) {
            (Some(a), Some(b)) => a.cmp(b),
            _ => a.canonical().cmp(&b.canonical()),
        },
    }
}
