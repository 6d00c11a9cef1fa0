//! What `can` asks, and what the permissions of one revision say to it.

use clap::ValueEnum;

use crate::catalog::{
    AboutRun, Catalog, Change, Field, Operation, Owner, WrittenPermissions, approve_rule, execute_rule, permissions_of, user_of,
};
use crate::check::Base;
use crate::check::permissions::{Requirement, decide_by, policy_troubles, requirements, who_meets};
use crate::model::{Action, Actor, EntityKey, FilePath, Identifier, Kind, Place, Rule, Subject};

use super::CommandError;

/// What a review comes to whose giver may not approve.
const APPROVE: &str = "approval/not-counted";

/// How many people who could are named.
const NAMED: usize = 10;

/// What can be asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(super) enum Asked {
    /// See it.
    Read,
    /// Create an entity.
    Register,
    /// Delete an entity.
    Unregister,
    /// Change it.
    Update,
    /// Ask for an action to be run.
    Execute,
    /// Approve runs of an action.
    Approve,
    /// Create a document other than an entity.
    Create,
    /// Delete a document other than an entity.
    Delete,
}

/// A question.
#[derive(Clone, Debug)]
pub(super) struct Question {
    pub(super) user: Identifier,
    pub(super) asked: Asked,
    pub(super) subject: Subject,
    pub(super) field: Option<Field>,
    pub(super) entity: Option<Identifier>,
}

/// One right that is needed, decided.
#[derive(Clone, Debug)]
pub(super) struct Right {
    pub(super) field: Option<Field>,
    pub(super) rule: &'static str,
    pub(super) allowed: bool,
    pub(super) reason: String,
    pub(super) place: Option<Place>,
    pub(super) who_could: Vec<Identifier>,
}

/// Every right that is needed, each decided by `base` alone.
pub(super) fn answer(base: &Base<Catalog>, question: &Question) -> Result<Vec<Right>, CommandError> {
    let catalog = &base.0;
    let asked = match (question.asked, question.subject.kind()) {
        (Asked::Create, Kind::Entity) => Asked::Register,
        (Asked::Delete, Kind::Entity) => Asked::Unregister,
        (Asked::Register, kind) if kind != Kind::Entity => Asked::Create,
        (Asked::Unregister, kind) if kind != Kind::Entity => Asked::Delete,
        (asked, _) => asked,
    };
    match (asked, &question.subject) {
        (Asked::Execute | Asked::Approve, Subject::Action(id)) => {
            let action = catalog.actions().get(id).ok_or_else(|| absent(&question.subject))?;
            let (rule, need) = of_action(catalog, &action.value, asked == Asked::Approve, question.entity.as_ref());
            Ok(vec![decide(base, question, None, rule, need)])
        }
        (Asked::Execute | Asked::Approve, subject) => {
            Err(CommandError::usage(format!("{subject} is no action")).hint("name one: `actions/delete_env --entity prod`"))
        }
        (Asked::Create, Subject::Run(_)) => Err(CommandError::usage("who may ask for a run depends on its action")
            .hint("ask about that one: `execute actions/delete_env --entity prod`")),
        (Asked::Read, Subject::Entity(key)) => Ok(vec![read(base, question, key)?]),
        (Asked::Read, _) => Err(CommandError::usage("only reading entities is a right of its own")
            .hint("everything else is seen by everyone who can read the repository")),
        (Asked::Update, Subject::Entity(key)) if !catalog.entities().contains(key) => {
            Err(absent(&question.subject).hint(format!("ask `register {key}` for an entity that is new")))
        }
        (Asked::Unregister, Subject::Entity(key)) if !catalog.entities().contains(key) => Err(absent(&question.subject)),
        (Asked::Register, Subject::Entity(key)) if catalog.entities().contains(key) => {
            Err(CommandError::usage(format!("{key} is registered already")).hint(format!("ask `update {key}`")))
        }
        (asked, subject) => {
            let operation = operation(asked);
            let mut rights = Vec::new();
            for field in fields(catalog, asked, subject, question.field.as_ref()) {
                let change = Change {
                    subject: subject.clone(),
                    operation,
                    field: field.clone(),
                    before: None,
                    after: None,
                    place: Place::file(&FilePath::new("")),
                };
                let (rule, needs) = requirements(base, catalog, &change);
                rights.extend(needs.into_iter().map(|need| decide(base, question, field.clone(), rule, need)));
            }
            Ok(rights)
        }
    }
}

fn operation(asked: Asked) -> Operation {
    match asked {
        Asked::Register => Operation::Register,
        Asked::Unregister => Operation::Unregister,
        Asked::Create => Operation::Create,
        Asked::Delete => Operation::Delete,
        Asked::Execute => Operation::Execute,
        Asked::Read | Asked::Approve | Asked::Update => Operation::Update,
    }
}

/// The fields whose rights are asked for: the one that was named; else for `update` all, and for `register` the entity
/// itself and what it cannot be without.
fn fields(catalog: &Catalog, asked: Asked, subject: &Subject, named: Option<&Field>) -> Vec<Option<Field>> {
    let Subject::Entity(key) = subject else { return vec![None] };
    let blueprint = catalog.blueprints().get(&key.blueprint).map(|b| &b.value);
    let properties = |all: bool| {
        let of = move |b: &crate::model::Blueprint| -> Vec<Option<Field>> {
            let named = b.properties.keys().filter(|name| all || b.required.contains(*name));
            named.map(|name| Some(Field::Property(name.clone()))).collect()
        };
        blueprint.map(of).unwrap_or_default()
    };
    let relations = |all: bool| {
        let of = move |b: &crate::model::Blueprint| -> Vec<Option<Field>> {
            let named = b.relations.iter().filter(|(_, relation)| all || relation.required);
            named.map(|(name, _)| Some(Field::Relation(name.clone()))).collect()
        };
        blueprint.map(of).unwrap_or_default()
    };
    match (asked, named) {
        (Asked::Register, named) => {
            let mut all: Vec<_> = [vec![None], properties(false), relations(false)].concat();
            if let Some(field) = named.cloned().map(Some).filter(|field| !all.contains(field)) {
                all.push(field);
            }
            all
        }
        (Asked::Update, Some(field)) => vec![Some(field.clone())],
        (Asked::Update, None) => {
            let meta = vec![Some(Field::Title), Some(Field::Icon), Some(Field::Team)];
            [meta, properties(true), relations(true)].concat()
        }
        _ => vec![None],
    }
}

fn of_action(catalog: &Catalog, action: &Action, approve: bool, entity: Option<&Identifier>) -> (&'static str, Requirement) {
    let word = if approve { "approve" } else { "execute" };
    let written = match permissions_of(catalog, &action.blueprint) {
        WrittenPermissions::Document(permissions) => permissions
            .actions
            .get(&action.identifier)
            .is_some_and(|rules| if approve { rules.approve.is_some() } else { rules.execute.is_some() }),
        WrittenPermissions::Absent | WrittenPermissions::Unknown => false,
    };
    let document = catalog.permissions().get(&action.blueprint).filter(|_| written);
    let key = entity.map(|identifier| EntityKey { blueprint: action.blueprint.clone(), identifier: identifier.clone() });
    let owner = key.as_ref().map_or_else(Owner::new, |key| catalog.owner_of(key));
    let need = Requirement {
        right: format!("actions.{}.{word}", action.identifier),
        rule: if approve { approve_rule(catalog, action) } else { execute_rule(catalog, action) },
        owner,
        entity: key.and_then(|key| catalog.entities().get(&key).cloned()),
        // No run in particular is meant: what depends on inputs, or on who asked for a run, has no answer.
        run: Some(AboutRun {
            action: action.identifier.clone(),
            inputs: None,
            requesters: approve.then(std::collections::BTreeSet::new),
        }),
        place: document.map(|d| d.value_at(&["actions", action.identifier.as_str(), word])),
        why: None,
    };
    (if approve { APPROVE } else { "permission/execute" }, need)
}

fn decide(base: &Base<Catalog>, question: &Question, field: Option<Field>, rule: &'static str, need: Requirement) -> Right {
    let actor = Actor::User(question.user.clone());
    let decision = decide_by(base, rule, std::slice::from_ref(&need), &actor);
    let user = user_of(&base.0, &question.user);
    let bot = rule == APPROVE && user.is_some_and(|user| user.bot);
    let allowed = decision.allowed && !bot;
    let right = format!("`{}`{}", need.right, if need.place.is_none() && need.why.is_none() { " (the default)" } else { "" });
    let reason = match (decision.granted.first(), user) {
        (Some(_), _) if bot => "a bot never approves".to_owned(),
        (Some(granted), _) => format!("{right} grants it: {}", granted.by),
        (None, None) => format!("{} is not in the roster", question.user),
        (None, Some(_)) => match &need.why {
            Some(why) => why.clone(),
            None if need.rule.grants_nobody() => format!("{right} grants nobody"),
            None => match policy_troubles(base, &actor, std::slice::from_ref(&need)).pop() {
                Some(trouble) => trouble,
                None => format!("{right} does not grant it"),
            },
        },
    };
    let mut who_could = who_meets(base, std::slice::from_ref(&need), NAMED);
    who_could.retain(|id| rule != APPROVE || user_of(&base.0, id).is_some_and(|user| !user.bot));
    Right { field, rule, allowed, reason, place: need.place, who_could }
}

/// Who sees an entity, or one of its fields: as written, or else everyone in the roster.
fn read(base: &Base<Catalog>, question: &Question, key: &EntityKey) -> Result<Right, CommandError> {
    let catalog = &base.0;
    if !catalog.entities().contains(key) {
        return Err(absent(&question.subject));
    }
    let everyone = |place: Option<Place>| {
        let allowed = user_of(catalog, &question.user).is_some();
        let reason =
            if allowed { "everyone in the roster sees it".to_owned() } else { format!("{} is not in the roster", question.user) };
        let who_could = catalog.users().iter().map(|(id, _)| id.clone()).take(NAMED).collect();
        Right { field: question.field.clone(), rule: "permission/read", allowed, reason, place, who_could }
    };
    let need = |right: String, rule: Rule, way: &[&str]| Requirement {
        right,
        rule,
        owner: catalog.owner_of(key),
        entity: catalog.entities().get(key).cloned(),
        run: None,
        place: catalog.permissions().get(&key.blueprint).map(|d| d.value_at(way)),
        why: None,
    };
    let document = match permissions_of(catalog, &key.blueprint) {
        WrittenPermissions::Absent => return Ok(everyone(None)),
        WrittenPermissions::Unknown => {
            let mut need = need("read".to_owned(), Rule::default(), &[]);
            need.why = Some(format!("the permissions of `{}` cannot be read, or are declared twice", key.blueprint));
            return Ok(decide(base, question, question.field.clone(), "permission/read", need));
        }
        WrittenPermissions::Document(document) => &document.entities,
    };
    let whole = match &document.read {
        None => everyone(None),
        Some(rule) => {
            decide(base, question, None, "permission/read", need("read".to_owned(), rule.clone(), &["entities", "read"]))
        }
    };
    // A field of what may not be seen is not seen either.
    let granular = match &question.field {
        _ if !whole.allowed => None,
        Some(Field::Property(name)) => document.read_properties.get(name).map(|rule| ("readProperties", name, rule)),
        Some(Field::Relation(name)) => document.read_relations.get(name).map(|rule| ("readRelations", name, rule)),
        _ => None,
    };
    Ok(match granular {
        None => Right { field: question.field.clone(), ..whole },
        Some((group, name, rule)) => {
            let need = need(format!("{group}.{name}"), rule.clone(), &["entities", group, name]);
            decide(base, question, question.field.clone(), "permission/read", need)
        }
    })
}

fn absent(subject: &Subject) -> CommandError {
    CommandError::could_not_judge(format!("{subject} is not in the catalog at this revision"))
}
