//! What an expression of a form may ask about: Port's `.form`, `.entity` and `.user`, all as base has them.

use std::cell::Cell;

use crate::catalog::derive::{Derivation, Derived, NoProvenance, SeesAll};
use crate::catalog::{Catalog, is_member};
use crate::model::{Actor, EntityKey, ExpressionError, Identifier, Value};

use super::definition::{Reference, pairs, reference};

/// Somebody who asks for a run, and the entity that it works on.
pub(super) struct Context<'a> {
    base: &'a Catalog,
    /// `.user`
    user: Value,
    /// `.entity`; null for an action that makes one.
    entity: Value,
    /// Properties of the entity that could not be computed: an expression that names one has no answer.
    unknown: Vec<Box<str>>,
    /// How many expressions may still be asked.
    left: Cell<u32>,
}

/// How many expressions one form may hold.
const EXPRESSIONS: u32 = 500;

impl<'a> Context<'a> {
    pub(super) fn new(base: &'a Catalog, asker: Option<&'a Actor>, target: Option<&EntityKey>) -> Self {
        let asker = asker.and_then(Actor::user);
        let user = asker.map_or(Value::Null, |asker| user(base, asker));
        let (entity, unknown) = target.map_or((Value::Null, Vec::new()), |target| entity(base, target));
        Self { base, user, entity, unknown, left: Cell::new(EXPRESSIONS) }
    }

    /// The one value that `program` yields over a form.
    ///
    /// # Errors
    /// Why there is none: it fails, yields nothing or several values, or asks for what is not known.
    pub(super) fn ask(&self, program: &str, asked: &Value, form: &Value) -> Result<Value, String> {
        if let Some(unknown) = self.unknown.iter().find(|name| program.contains(&***name)) {
            return Err(format!("`{unknown}` of the entity could not be computed"));
        }
        let Some(left) = self.left.get().checked_sub(1) else { return Err("the form takes too long to compute".into()) };
        self.left.set(left);
        let root = self.root(asked, form);
        let answer = self.base.expressions().evaluate(program, &root);
        if matches!(answer, Err(ExpressionError::TimedOut | ExpressionError::Crashed)) {
            self.left.set(0); // one of this kind is enough: the run is refused in any case
        }
        let mut outputs = answer.map_err(told)?.into_iter();
        match (outputs.next(), outputs.len()) {
            (Some(value), 0) => Ok(value),
            (None, _) => Err("it yields nothing".into()),
            (Some(_), more) => Err(format!("it yields {} values, where one is wanted", more.saturating_add(1))),
        }
    }

    /// `{form, entity, user}`. An input that names an entity stands there as that entity, as in Port.
    pub(super) fn root(&self, asked: &Value, form: &Value) -> Value {
        let shown = pairs(Some(form)).map(|(name, value)| {
            let definition = asked.get("properties").and_then(|properties| properties.get(name));
            (name.into(), definition.map_or_else(|| value.clone(), |definition| self.shown(definition, value)))
        });
        Value::from_pairs([
            ("form".into(), Value::from_pairs(shown)),
            ("entity".into(), self.entity.clone()),
            ("user".into(), self.user.clone()),
        ])
    }

    fn shown(&self, definition: &Value, value: &Value) -> Value {
        match (value, reference(definition)) {
            (Value::List(items), _) => {
                let of_items = definition.get("items").unwrap_or(definition);
                Value::List(items.iter().map(|item| self.shown(of_items, item)).collect())
            }
            (Value::String(text), Some(Reference::Entity(blueprint))) => {
                let key = Identifier::new(text).ok().map(|identifier| EntityKey { blueprint, identifier });
                key.filter(|key| self.base.entities().contains(key)).map_or(value.clone(), |key| entity(self.base, &key).0)
            }
            _ => value.clone(),
        }
    }
}

/// What is said of an expression without an answer. Not what it failed with: jq puts values into its errors, and whoever reads
/// this may not be one who may see them.
fn told(error: ExpressionError) -> String {
    match error {
        ExpressionError::Failed(_) => "it fails".into(),
        other => other.to_string(),
    }
}

/// Port's user: `{userId, identifier, email, name, mainRole, roles: [{name}], teams: [{name}], teamsIdentifiers}`.
fn user(base: &Catalog, identifier: &Identifier) -> Value {
    let text = |text: &str| Value::from(text);
    let named = |name: &str| Value::from_pairs([("name".into(), Value::from(name))]);
    let found = base.users().get(identifier).map(|user| &user.value);
    let roles: Vec<String> = found.map(|user| user.roles.iter().map(ToString::to_string).collect()).unwrap_or_default();
    let teams: Vec<&Identifier> =
        base.teams().iter().map(|(team, _)| team).filter(|team| is_member(base, team, identifier)).collect();
    let name = found.and_then(|user| user.name.as_deref()).map_or(Value::Null, Value::from);
    Value::from_pairs([
        ("userId".into(), text(identifier.as_str())),
        ("identifier".into(), text(identifier.as_str())),
        ("email".into(), text(identifier.as_str())),
        ("name".into(), name),
        ("mainRole".into(), roles.first().map_or(Value::Null, |role| text(role))),
        ("roles".into(), Value::List(roles.iter().map(|role| named(role)).collect())),
        ("teams".into(), Value::List(teams.iter().map(|team| named(team.as_str())).collect())),
        ("teamsIdentifiers".into(), Value::List(teams.iter().map(|team| text(team.as_str())).collect())),
    ])
}

/// Port's entity: `{identifier, title, icon, blueprint, team, properties, relations}`, and the properties that have no value
/// because they could not be computed.
pub(in crate::check) fn entity(base: &Catalog, key: &EntityKey) -> (Value, Vec<Box<str>>) {
    let (Some(found), Some(blueprint)) = (base.entities().get(key), base.blueprints().get(&key.blueprint)) else {
        return (Value::Null, Vec::new());
    };
    let derivation = Derivation::new(base, &SeesAll, &NoProvenance);
    let (mut properties, mut unknown) = (Vec::new(), Vec::new());
    let names = blueprint.value.properties.keys().cloned();
    for name in names.chain(blueprint.value.derived.keys().map(|name| Box::from(&**name))) {
        match derivation.value(key, &name) {
            Derived::Value(value) => properties.push((name, value)),
            Derived::Absent => {}
            Derived::Error(_) => unknown.push(name),
        }
    }
    let relations = derivation.relations(key, &blueprint.value);
    let text = |text: Option<&str>| text.map_or(Value::Null, Value::from);
    let team = base.owner_of(key).iter().map(|team| Value::from(team.as_str())).collect();
    let shown = Value::from_pairs([
        ("identifier".into(), Value::from(key.identifier.as_str())),
        ("title".into(), text(found.value.title.as_deref().or(Some(key.identifier.as_str())))),
        ("icon".into(), text(found.value.icon.as_deref())),
        ("blueprint".into(), Value::from(key.blueprint.as_str())),
        ("team".into(), Value::List(team)),
        ("properties".into(), Value::from_pairs(properties)),
        ("relations".into(), Value::from_pairs(relations)),
    ]);
    (shown, unknown)
}
