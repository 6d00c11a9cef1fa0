//! Computes values on demand, each once, within bounds.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use crate::catalog::{Catalog, Located, Owners};
use crate::model::{Blueprint, Entity, EntityKey, Identifier, MetaProperty, Recipe, RelationValue, Timestamp, Value};

use super::calculation::{Wanted, calculation};
use super::route::{Route, RouteFault, routes};
use super::{Derived, Provenance, Sight, aggregation, formula, targets};

/// How deep derived properties may rest on each other. A valid catalog has no circles, so this is for one that is not, and
/// for towers that nobody could follow.
const DEPTH: usize = 48;
/// How many steps over relations one derivation takes in all.
const STEPS: usize = 5_000_000;
/// How many programs one derivation runs in all.
const EVALUATIONS: usize = 10_000;

type Slot = (EntityKey, Box<str>);
/// A derived property of a blueprint.
type Place = (Identifier, Box<str>);

/// The ways that an aggregation goes, or why there is none that is meant.
type FoundRoutes = Result<Vec<Route>, RouteFault>;

/// The values of one catalog as one reader sees them. Each is computed once; whoever asks about many entities asks one
/// derivation.
pub struct Derivation<'a> {
    catalog: &'a Catalog,
    sight: &'a dyn Sight,
    provenance: &'a dyn Provenance,
    now: Option<Timestamp>,
    /// `None` while it is being computed: whoever comes by again has run in a circle.
    memo: RefCell<HashMap<Slot, Option<Derived>>>,
    owners: RefCell<Owners<'a>>,
    routes: RefCell<BTreeMap<Place, Rc<FoundRoutes>>>,
    wanted: RefCell<BTreeMap<Place, Rc<Wanted>>>,
    steps: Cell<usize>,
    evaluations: Cell<usize>,
}

impl<'a> Derivation<'a> {
    /// Over a catalog, for a reader, with what history tells.
    pub fn new(catalog: &'a Catalog, sight: &'a dyn Sight, provenance: &'a dyn Provenance) -> Self {
        Self {
            catalog,
            sight,
            provenance,
            now: None,
            memo: RefCell::default(),
            owners: RefCell::new(Owners::new(catalog)),
            routes: RefCell::default(),
            wanted: RefCell::default(),
            steps: Cell::new(STEPS),
            evaluations: Cell::new(EVALUATIONS),
        }
    }

    /// At this moment: averages over time end here, instead of at the latest moment that is measured.
    #[must_use]
    pub fn at(mut self, now: Timestamp) -> Self {
        self.now = Some(now);
        self
    }

    /// What the reader gets of a property, a derived one, or a meta-property (`$title`) of an entity.
    ///
    /// Total: whatever the catalog holds, there is an answer, within bounds of time and memory.
    pub fn value(&self, key: &EntityKey, name: &str) -> Derived {
        self.read(key, name, 0)
    }

    /// Whether the reader sees the entity, and it is there.
    pub fn sees(&self, key: &EntityKey) -> bool {
        self.catalog.entities().contains(key) && self.sight.entity(key)
    }

    /// The entity's relations, as far as the reader sees them and what they point at.
    pub fn relations(&self, key: &EntityKey, blueprint: &Blueprint) -> Vec<(Box<str>, Value)> {
        let Some(entity) = self.visible(key) else { return Vec::new() };
        let mut out = Vec::new();
        for (name, held) in &entity.value.relations {
            let Some(relation) = blueprint.relations.get(name).filter(|_| self.sight.relation(key, name)) else { continue };
            let seen = |id: &&Identifier| {
                self.sight.entity(&EntityKey { blueprint: relation.target.clone(), identifier: (*id).clone() })
            };
            // A relation that holds nothing is not told: whether it is unset, or holds what is hidden, nobody shall know.
            let shown = match held {
                RelationValue::Null => continue,
                RelationValue::One(one) => match Some(one).filter(seen) {
                    Some(one) => RelationValue::One(one.clone()),
                    None => continue,
                },
                RelationValue::Many(many) => RelationValue::Many(many.iter().filter(seen).cloned().collect()),
            };
            if shown.targets().is_empty() {
                continue;
            }
            out.push((name.clone(), shown.to_value()));
        }
        out
    }

    pub(super) fn catalog(&self) -> &'a Catalog {
        self.catalog
    }

    pub(super) fn sight(&self) -> &'a dyn Sight {
        self.sight
    }

    pub(super) fn now(&self) -> Option<Timestamp> {
        self.now
    }

    /// Takes a step; `false` where there have been too many.
    pub(super) fn step(&self, count: usize) -> bool {
        let left = self.steps.get().checked_sub(count);
        self.steps.set(left.unwrap_or(0));
        left.is_some()
    }

    pub(super) fn may_evaluate(&self) -> bool {
        let left = self.evaluations.get().checked_sub(1);
        self.evaluations.set(left.unwrap_or(0));
        left.is_some()
    }

    pub(super) fn visible(&self, key: &EntityKey) -> Option<Arc<Located<Entity>>> {
        self.catalog.entities().get(key).filter(|_| self.sight.entity(key))
    }

    /// The entities that a relation of a visible entity leads to, as far as the reader sees it and them.
    pub(super) fn onward(&self, key: &EntityKey, relation: &str) -> Vec<EntityKey> {
        let Some(entity) = self.visible(key).filter(|_| self.sight.relation(key, relation)) else { return Vec::new() };
        let blueprint = self.catalog.blueprints().get(&key.blueprint);
        let Some(target) = blueprint.and_then(|b| b.value.relations.get(relation)).map(|r| &r.target) else { return Vec::new() };
        let ends = targets(&entity.value, relation).iter();
        let ends = ends.map(|id| EntityKey { blueprint: target.clone(), identifier: id.clone() });
        ends.filter(|end| self.sees(end)).collect()
    }

    /// As [`Self::value`], for a property that this many derived ones rest on. An error says where it comes from.
    pub(super) fn read(&self, key: &EntityKey, name: &str, depth: usize) -> Derived {
        match self.look_up(key, name, depth) {
            // The reader sees the name and the entity: what they do not see is absent, and never an error.
            Derived::Error(text) if depth > 0 && !text.starts_with('`') => Derived::Error(format!("`{name}` of `{key}`: {text}")),
            other => other,
        }
    }

    fn look_up(&self, key: &EntityKey, name: &str, depth: usize) -> Derived {
        let Some(entity) = self.visible(key).filter(|_| self.sight.property(key, name)) else { return Derived::Absent };
        if let Some(meta) = MetaProperty::parse(name) {
            return self.meta(&entity.value, meta).into();
        }
        let Some(blueprint) = self.catalog.blueprints().get(&key.blueprint) else { return Derived::Absent };
        if let Some(property) = blueprint.value.properties.get(name) {
            return entity.value.properties.get(name).or_else(|| property.default()).cloned().into();
        }
        let Some(derived) = blueprint.value.derived.get(name) else { return Derived::Absent };
        let slot = (key.clone(), Box::from(name));
        match self.memo.borrow().get(&slot) {
            Some(Some(known)) => return known.clone(),
            Some(None) => return Derived::Error("it is computed from itself".to_owned()),
            None => {}
        }
        if depth >= DEPTH {
            return Derived::Error(format!("it rests on more than {DEPTH} other derived properties"));
        }
        self.memo.borrow_mut().insert(slot.clone(), None);
        let found = self.compute(key, &blueprint.value, name, &derived.recipe, depth + 1);
        self.memo.borrow_mut().insert(slot, Some(found.clone()));
        found
    }

    fn compute(&self, key: &EntityKey, blueprint: &Blueprint, name: &str, recipe: &Recipe, depth: usize) -> Derived {
        match recipe {
            Recipe::Mirror { path, end } => {
                let mut here = key.clone();
                for relation in path {
                    // Where a list stands in place of one identifier nobody can tell which is meant.
                    let mut next = self.onward(&here, relation).into_iter();
                    match (next.next(), next.next()) {
                        (Some(one), None) => here = one,
                        _ => return Derived::Absent,
                    }
                }
                self.read(&here, end.as_str(), depth)
            }
            Recipe::Formula(parts) => formula::formula(self, key, parts, depth),
            Recipe::Calculation(program) => calculation(self, key, blueprint, name, program, depth),
            Recipe::Aggregation(spec) => {
                let slot = (blueprint.identifier.clone(), Box::from(name));
                let known = self.routes.borrow().get(&slot).cloned();
                let routes = known.unwrap_or_else(|| {
                    let found = Rc::new(routes(self.catalog, blueprint, spec));
                    self.routes.borrow_mut().insert(slot, found.clone());
                    found
                });
                match &*routes {
                    Ok(routes) => aggregation::aggregation(self, key, spec, routes, depth),
                    Err(_) => Derived::Error("its entities cannot be told: see what `check` says of the blueprint".to_owned()),
                }
            }
        }
    }

    /// What is wrong with the result of a calculation, by its definition.
    pub(super) fn wrong(&self, blueprint: &Blueprint, name: &str, value: &Value) -> Option<String> {
        let slot = (blueprint.identifier.clone(), Box::from(name));
        let known = self.wanted.borrow().get(&slot).cloned();
        let wanted = match known {
            Some(known) => known,
            None => {
                let wanted = Rc::new(Wanted::of(&blueprint.derived.get(name)?.definition));
                self.wanted.borrow_mut().insert(slot, wanted.clone());
                wanted
            }
        };
        wanted.wrong(value)
    }

    fn meta(&self, entity: &Entity, meta: MetaProperty) -> Option<Value> {
        let text = |text: &str| Some(Value::from(text));
        let key = &entity.key;
        match meta {
            MetaProperty::Identifier => text(key.identifier.as_str()),
            MetaProperty::Blueprint => text(key.blueprint.as_str()),
            MetaProperty::Title => entity.title.as_deref().and_then(text),
            MetaProperty::Icon => entity.icon.as_deref().and_then(text),
            MetaProperty::Team => Some(self.team(entity)),
            MetaProperty::CreatedAt => text(&self.provenance.created(key)?.at?.to_string()),
            MetaProperty::UpdatedAt => text(&self.provenance.updated(key)?.at?.to_string()),
            MetaProperty::CreatedBy => text(self.provenance.created(key)?.by?.as_str()),
            MetaProperty::UpdatedBy => text(self.provenance.updated(key)?.by?.as_str()),
        }
    }

    /// The effective owner as the reader may know it: inherited only over entities and relations, and from a `$team`, that
    /// they see. Rights are never decided by this one, but by [`Catalog::owner_of`].
    fn team(&self, entity: &Entity) -> Value {
        let mut here = entity.key.clone();
        let mut passed = 0usize;
        while let Some(found) = self.visible(&here).filter(|_| self.sight.property(&here, "$team")) {
            if let Some(team) = found.value.team.as_ref().filter(|team| !team.is_empty()) {
                return Value::List(team.iter().map(|team| Value::from(team.as_str())).collect());
            }
            let Some(path) = self.owners.borrow_mut().path(&here.blueprint) else { break };
            let start = here.clone();
            let mut whole = true;
            for hop in path.iter() {
                let mut next = self.onward(&here, &hop.relation).into_iter();
                match (next.next(), next.next()) {
                    (Some(one), None) => here = one,
                    _ => {
                        whole = false;
                        break;
                    }
                }
            }
            passed += 1;
            // Owners::path yields nothing where inheritance runs in circles; the bound is for what nobody thought of.
            if !whole || here == start || passed > DEPTH {
                break;
            }
        }
        Value::List(Box::default())
    }
}
