//! Decides whether a policy grants somebody: by base alone, and by "no" wherever something fails (spec 4).

use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::model::{
    Entity, EntityKey, ExpressionError, FilePath, Identifier, Kind, Pointer, Policy, PolicyTest, Search, Touch, User, Value,
};

use super::derive::{Derivation, Derived, Provenance};
use super::person::{entity_value, of_roster, team_value, user_value};
use super::search::{Prepared, SearchContext, SearchFault, field_of};
use super::{Catalog, Document, FileDelta, Located, Owner, ParsedFile, SeesAll, is_member, user_of};

/// What a rule is asked about, beside who asks.
#[derive(Clone, Copy, Debug, Default)]
pub struct About<'a> {
    /// The effective owner that `ownedByTeam` asks about.
    pub owner: Option<&'a Owner>,
    /// The entity: as it stands in base, or, where it is registered, as it would be.
    pub entity: Option<&'a Entity>,
    /// The run, where the rule is one of an action.
    pub run: Option<&'a AboutRun>,
}

impl<'a> About<'a> {
    /// Nothing but an owner.
    pub fn owned(owner: &'a Owner) -> Self {
        Self { owner: Some(owner), ..Self::default() }
    }
}

/// The run that is asked for, or to be approved.
#[derive(Clone, PartialEq, Debug)]
pub struct AboutRun {
    /// The action.
    pub action: Identifier,
    /// `inputs` with defaults filled in; `None` where no run in particular is meant, or where a default is not known.
    pub inputs: Option<Value>,
    /// Whom an approver approves the run of; `None` where somebody asks for a run of their own.
    pub requesters: Option<BTreeSet<Identifier>>,
}

/// Why a policy has no answer; it then grants nobody.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PolicyFault {
    /// The rules are about an entity, and there is none.
    #[error("its rules are about an entity, and there is none")]
    NoEntity,
    /// A search has no answer.
    #[error("{name}: {fault}", name = .query.as_deref().map_or_else(|| "its rules".to_owned(), |name| format!("query `{name}`")))]
    Search {
        /// The query; `None` where the policy is one search.
        query: Option<Box<str>>,
        /// Why.
        fault: SearchFault,
    },
    /// A condition has no answer.
    #[error("condition {number}: {error}")]
    Condition {
        /// Counted from 1.
        number: usize,
        /// Why.
        error: ExpressionError,
    },
    /// A condition yields something that is no answer.
    #[error("condition {number} yields {found}, which is no answer")]
    Odd {
        /// Counted from 1.
        number: usize,
        /// What it yields, in words.
        found: &'static str,
    },
    /// The inputs of the run decide, and are not known.
    #[error("it asks about the inputs of the run, which are not known")]
    NoInputs,
    /// Who asked for the run decides, and is not known, or not in the roster.
    #[error("it asks about who asked for the run, which is not known")]
    NoRequester,
    /// Part of base cannot be read, so nobody knows what a query would find.
    #[error("`{0}` cannot be read, so what the catalog holds is not known")]
    Unreadable(FilePath),
}

/// Whether the policy grants `user`, who is of the roster of `catalog`, which must be base.
///
/// # Errors
/// Why nobody can tell; then it does not.
pub fn policy_grants(catalog: &Catalog, policy: &Policy, user: &User, about: &About<'_>) -> Result<bool, PolicyFault> {
    if let Some(file) = unreadable(catalog) {
        return Err(PolicyFault::Unreadable(file));
    }
    if about.run.is_some_and(|run| run.inputs.is_none()) && names(policy, "inputs") {
        return Err(PolicyFault::NoInputs);
    }
    let base = catalog;
    let would;
    let catalog = match about.entity {
        Some(entity) if !catalog.entities().contains(&entity.key) => {
            would = as_it_would_be(catalog, entity);
            &would
        }
        _ => catalog,
    };
    let history = NoHistory::default();
    let derivation = Derivation::new(catalog, &SeesAll, &history);
    let asking = |trigger| Asking { base, catalog, user, about, trigger, policy, derivation: &derivation, history: &history };
    let Some(run) = about.run else { return asking(None).holds() };
    let triggers: Vec<Option<&User>> = match &run.requesters {
        None => vec![Some(user)],
        Some(requesters) if requesters.is_empty() => vec![None],
        Some(requesters) => requesters.iter().map(|id| user_of(catalog, id)).collect(),
    };
    for trigger in triggers {
        if trigger.is_none() && names(policy, "trigger") {
            return Err(PolicyFault::NoRequester);
        }
        // A run that several people may have asked for is approved by whoever may approve it for each of them.
        if !asking(trigger).holds()? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether a word stands anywhere in a policy, so that what it names can make a difference.
fn names(policy: &Policy, word: &str) -> bool {
    fn within(value: &Value, word: &str) -> bool {
        match value {
            Value::String(text) => text.contains(word),
            Value::List(items) => items.iter().any(|item| within(item, word)),
            Value::Map(pairs) => pairs.iter().any(|(_, value)| within(value, word)),
            _ => false,
        }
    }
    within(&policy.written, word)
}

/// A file of base that leaves open what the catalog holds.
fn unreadable(catalog: &Catalog) -> Option<FilePath> {
    let told = [Kind::Blueprint, Kind::Entity, Kind::User, Kind::Team].map(Kind::directory);
    let matters = |path: &str| path.is_empty() || told.iter().any(|directory| path.starts_with(directory));
    let broken = catalog.broken_files().iter();
    broken
        .filter(|(path, findings)| matters(path.as_str()) && findings.iter().any(|f| f.is_error()))
        .map(|(path, _)| path.clone())
        .next()
}

/// A catalog in which an entity stands that base does not hold: the one thing that a policy reads from a change.
fn as_it_would_be(base: &Catalog, entity: &Entity) -> Catalog {
    // No file of a repository has this path, so that nothing of base is replaced.
    let path = FilePath::new("(as it would be)");
    let located = Located { file: path.clone(), pointer: Pointer::root(), value: entity.clone() };
    let documents = vec![Document::Entity(located)];
    base.apply([FileDelta::put(ParsedFile { content: None, path, documents, findings: Vec::new() })])
}

/// What history would tell is not known to a policy: a verdict follows from what is written.
#[derive(Default)]
struct NoHistory {
    asked: Cell<bool>,
}

impl Provenance for NoHistory {
    fn created(&self, _: &EntityKey) -> Option<Touch> {
        self.asked.set(true);
        None
    }

    fn updated(&self, key: &EntityKey) -> Option<Touch> {
        self.created(key)
    }
}

/// One person, asking about one thing.
struct Asking<'a> {
    /// Decides who people are: what a change would make of somebody is not what they are yet.
    base: &'a Catalog,
    /// Base, and in it the entity that would be registered.
    catalog: &'a Catalog,
    user: &'a User,
    about: &'a About<'a>,
    trigger: Option<&'a User>,
    policy: &'a Policy,
    derivation: &'a Derivation<'a>,
    history: &'a NoHistory,
}

impl Asking<'_> {
    fn holds(&self) -> Result<bool, PolicyFault> {
        let context = self.context()?;
        match &self.policy.test {
            PolicyTest::Entity(search) => {
                let key = &self.about.entity.ok_or(PolicyFault::NoEntity)?.key;
                let fault = |fault| PolicyFault::Search { query: None, fault };
                self.searching(search, &context, |prepared| prepared.matches(key)).map_err(fault)
            }
            PolicyTest::Catalog { queries, conditions } => {
                let mut results = Vec::new();
                for (name, search) in queries {
                    let fault = |fault| PolicyFault::Search { query: Some(name.clone()), fault };
                    let found = self.searching(search, &context, |prepared| prepared.select()).map_err(fault)?;
                    let entities: Result<Vec<Value>, SearchFault> = found.iter().map(|key| self.whole(key)).collect();
                    let entities = Value::List(entities.map_err(fault)?.into());
                    results.push((name.clone(), Value::from_pairs([("entities".into(), entities)])));
                }
                let input = with(context.root, "results", Value::from_pairs(results));
                for (index, condition) in conditions.iter().enumerate() {
                    if !self.condition(index + 1, condition, &input)? {
                        return Ok(false);
                    }
                }
                Ok(!conditions.is_empty())
            }
        }
    }

    fn searching<T>(
        &self,
        search: &Search,
        context: &SearchContext<'_>,
        ask: impl FnOnce(&Prepared<'_>) -> Result<T, SearchFault>,
    ) -> Result<T, SearchFault> {
        let read = |key: &EntityKey, name: &str| self.read(key, name);
        ask(&Prepared::new(self.catalog, search, context, &read))
    }

    /// What one condition says: a plain yes or no, and for an approval also the list of who may.
    fn condition(&self, number: usize, program: &str, input: &Value) -> Result<bool, PolicyFault> {
        let outputs =
            self.catalog.expressions().evaluate(program, input).map_err(|error| PolicyFault::Condition { number, error })?;
        let odd = |found| Err(PolicyFault::Odd { number, found });
        let approves = self.about.run.is_some_and(|run| run.requesters.is_some());
        match outputs.as_slice() {
            [Value::Bool(answer)] => Ok(*answer),
            [Value::List(people)] if approves => {
                let names: Option<Vec<&str>> = people.iter().map(Value::as_str).collect();
                names.map_or_else(|| odd("a list with something else than texts in it"), |names| Ok(self.is_named(&names)))
            }
            [Value::List(_)] => odd("a list"),
            [Value::Null] => odd("null"),
            [_] => odd("neither true nor false"),
            [] => odd("nothing"),
            _ => odd("more than one value"),
        }
    }

    /// By identifier, or by an address that nobody else claims.
    fn is_named(&self, names: &[&str]) -> bool {
        let own = |name: &str| {
            let claim = super::Claim::Address(name.to_lowercase());
            let mut claimants = self.catalog.claimants(&claim);
            claimants.next() == Some(&self.user.identifier) && claimants.next().is_none()
        };
        names.iter().any(|name| *name == self.user.identifier.as_str() || own(name))
    }

    fn context(&self) -> Result<SearchContext<'_>, PolicyFault> {
        let base = self.base;
        let teams = base.teams().iter().map(|(id, _)| id).filter(|team| is_member(base, team, &self.user.identifier));
        let user = user_value(base, self.user);
        let entity = self.about.entity;
        let run = self.about.run;
        let action = run.and_then(|run| self.catalog.actions().get(&run.action));
        let blueprint = entity.map(|entity| &entity.key.blueprint).or(action.map(|action| &action.value.blueprint));
        let named = |id: &Identifier| Value::from_pairs([("identifier".into(), Value::from(id.as_str()))]);
        let trigger = self.trigger.map_or(Value::Null, |trigger| user_value(base, trigger));
        let whole = match entity {
            Some(entity) => self.whole(&entity.key).map_err(|fault| PolicyFault::Search { query: None, fault })?,
            None => Value::Null,
        };
        let root = Value::from_pairs([
            ("user".into(), user.clone()),
            ("inputs".into(), run.and_then(|run| run.inputs.clone()).unwrap_or(Value::Null)),
            ("entity".into(), whole),
            ("action".into(), action.map_or(Value::Null, |action| action.value.definition.clone())),
            ("blueprint".into(), blueprint.map_or(Value::Null, named)),
            ("trigger".into(), Value::from_pairs([("user".into(), trigger)])),
        ]);
        Ok(SearchContext {
            user: Some(user),
            teams: teams.filter_map(|team| team_value(base, team)).collect(),
            root,
            roster: true,
            ..SearchContext::default()
        })
    }

    /// Of the entity that the rule is about, what it is asked with; of any other, what base says.
    fn owner_of(&self, key: &EntityKey) -> Owner {
        match (self.about.entity, self.about.owner) {
            (Some(entity), Some(owner)) if entity.key == *key => owner.clone(),
            _ => self.catalog.owner_of(key),
        }
    }

    /// Whom or what a key names in the roster: only the entity that the rule is about counts as it would be.
    fn person(&self, key: &EntityKey) -> Option<Value> {
        let asked = self.about.entity.is_some_and(|entity| entity.key == *key);
        of_roster(if asked { self.catalog } else { self.base }, key)
    }

    fn entity(&self, key: &EntityKey) -> Result<Option<Arc<Located<Entity>>>, SearchFault> {
        if !self.catalog.entities().duplicates_of(key).is_empty() {
            return Err(SearchFault::Unknown(format!("{key} is declared twice, so nobody knows what it is")));
        }
        Ok(self.catalog.entities().get(key))
    }

    fn read(&self, key: &EntityKey, name: &str) -> Result<Option<Value>, SearchFault> {
        if let Some(person) = self.person(key) {
            return Ok(field_of(&person, name).cloned());
        }
        match self.entity(key)? {
            None => Ok(None),
            Some(_) if name == "$team" => Ok(Some(teams(&self.owner_of(key)))),
            Some(_) => self.value(key, name),
        }
    }

    /// A property, written or derived; one that follows from history, or cannot be computed, is not known.
    fn value(&self, key: &EntityKey, name: &str) -> Result<Option<Value>, SearchFault> {
        let found = self.derivation.value(key, name);
        if self.history.asked.get() {
            return Err(SearchFault::Unknown(format!("`{name}` follows from history, and a policy reads what is written")));
        }
        match found {
            Derived::Value(value) => Ok(Some(value)),
            Derived::Absent => Ok(None),
            Derived::Error(why) => Err(SearchFault::Unknown(format!("`{name}` of {key} cannot be computed: {why}"))),
        }
    }

    /// The entity as Port's API gives it, with what is derived and named anywhere in the policy: one that nobody asks about
    /// keeps nobody from an answer when it fails.
    fn whole(&self, key: &EntityKey) -> Result<Value, SearchFault> {
        if let Some(person) = self.person(key) {
            return Ok(person);
        }
        let gone = || SearchFault::Unknown(format!("{key} is not in the catalog"));
        let written = entity_value(self.catalog, &self.entity(key)?.ok_or_else(gone)?.value, &self.owner_of(key));
        let blueprint = self.catalog.blueprints().get(&key.blueprint).map(|found| &found.value);
        let asked = blueprint.into_iter().flat_map(|blueprint| blueprint.derived.keys()).filter(|name| names(self.policy, name));
        let mut derived = Vec::new();
        for name in asked {
            derived.extend(self.value(key, name)?.map(|value| (name.clone(), value)));
        }
        let properties = match written.get("properties") {
            Some(Value::Map(pairs)) => pairs.iter().cloned().chain(derived).collect(),
            _ => derived,
        };
        Ok(with(written, "properties", Value::from_pairs(properties)))
    }
}

fn teams(owner: &Owner) -> Value {
    Value::List(owner.iter().map(|team| Value::from(team.as_str())).collect())
}

fn with(root: Value, key: &str, value: Value) -> Value {
    match root {
        Value::Map(pairs) => Value::from_pairs(pairs.into_iter().chain([(key.into(), value)])),
        other => other,
    }
}
