//! A question about one right or several, and what the permissions of one revision say to it.

use crate::catalog::{
    AboutRun, Catalog, Change, Field, Operation, Owner, WrittenPermissions, approve_rule, execute_rule, permissions_of, user_of,
};
use crate::check::Base;
use crate::check::permissions::{Requirement, decide_by, policy_troubles, requirements};
use crate::model::{Action, ActionOperation, Actor, Blueprint, EntityKey, FilePath, Identifier, Kind, Place, Subject};

use super::reading;
use super::who::{WhoCould, who_meets_all};

/// What a review comes to whose giver may not approve.
pub(super) const APPROVE: &str = "approval/not-counted";

/// What can be asked.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Asked {
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

impl Asked {
    /// Each of them.
    pub const ALL: [Self; 8] =
        [Self::Read, Self::Register, Self::Unregister, Self::Update, Self::Execute, Self::Approve, Self::Create, Self::Delete];

    /// As the command line writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Register => "register",
            Self::Unregister => "unregister",
            Self::Update => "update",
            Self::Execute => "execute",
            Self::Approve => "approve",
            Self::Create => "create",
            Self::Delete => "delete",
        }
    }

    fn operation(self) -> Operation {
        match self {
            Self::Register => Operation::Register,
            Self::Unregister => Operation::Unregister,
            Self::Create => Operation::Create,
            Self::Delete => Operation::Delete,
            Self::Execute => Operation::Execute,
            Self::Read | Self::Approve | Self::Update => Operation::Update,
        }
    }
}

/// A question.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Question {
    /// Who would do it; need not be in the roster.
    pub user: Identifier,
    /// What they would do.
    pub asked: Asked,
    /// To what.
    pub subject: Subject,
    /// To which part of it.
    pub field: Option<Field>,
    /// For `execute` and `approve`: the entity that the action is to act on.
    pub entity: Option<Identifier>,
}

/// One right that is needed, decided.
#[derive(Clone, PartialEq, Debug)]
pub struct Right {
    /// The part it is about; `None` for the subject as a whole.
    pub field: Option<Field>,
    /// The id of the rule that a refusal names.
    pub rule: &'static str,
    /// Whether it is granted.
    pub allowed: bool,
    /// By what, or why not.
    pub reason: String,
    /// Where the deciding rule is written; `None` for a default.
    pub place: Option<Place>,
    /// Who could.
    pub who: WhoCould,
    /// What must be met. Empty: being in the roster is enough.
    pub needs: Vec<Requirement>,
}

/// Why a question has no answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unanswerable {
    /// Why.
    pub message: String,
    /// What to ask instead.
    pub hint: Option<String>,
    /// Whether it would make sense of another revision: what it is about is not there.
    pub absent: bool,
}

impl Unanswerable {
    fn senseless(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: Some(hint.into()), absent: false }
    }

    pub(super) fn absent(subject: &Subject) -> Self {
        Self { message: format!("{subject} is not in the catalog at this revision"), hint: None, absent: true }
    }
}

/// What must be met for one right.
pub(super) struct Need {
    pub(super) field: Option<Field>,
    pub(super) rule: &'static str,
    pub(super) requirements: Vec<Requirement>,
}

/// Every right that is needed, each decided by `base` alone.
///
/// # Errors
/// Where the question makes no sense, or what it is about is not there.
pub fn answer(base: &Base<Catalog>, question: &Question) -> Result<Vec<Right>, Unanswerable> {
    Ok(needs(base, question)?.into_iter().map(|need| decide(base, &question.user, need)).collect())
}

/// Whether all of it is allowed; without anybody being named who could.
pub(super) fn is_allowed(base: &Base<Catalog>, question: &Question) -> bool {
    needs(base, question).is_ok_and(|needs| !needs.is_empty() && needs.iter().all(|need| may(base, &question.user, need)))
}

/// Everything that must be met.
pub(super) fn needs(base: &Base<Catalog>, question: &Question) -> Result<Vec<Need>, Unanswerable> {
    let catalog = &base.0;
    let Question { subject, field, entity, .. } = question;
    let asked = match (question.asked, subject.kind()) {
        (Asked::Create, Kind::Entity) => Asked::Register,
        (Asked::Delete, Kind::Entity) => Asked::Unregister,
        (Asked::Register, kind) if kind != Kind::Entity => Asked::Create,
        (Asked::Unregister, kind) if kind != Kind::Entity => Asked::Delete,
        (asked, _) => asked,
    };
    match (asked, subject) {
        (Asked::Execute | Asked::Approve, Subject::Action(id)) => {
            let action = catalog.actions().get(id).ok_or_else(|| Unanswerable::absent(subject))?;
            Ok(vec![of_action(catalog, &action.value, asked == Asked::Approve, entity.as_ref())])
        }
        (Asked::Execute | Asked::Approve, _) => {
            Err(Unanswerable::senseless(format!("{subject} is no action"), "name one: `actions/delete_env --entity prod`"))
        }
        (Asked::Create, Subject::Run(_)) => Err(Unanswerable::senseless(
            "who may ask for a run depends on its action",
            "ask about that one: `execute actions/delete_env --entity prod`",
        )),
        (Asked::Read, Subject::Entity(key)) => match catalog.entities().contains(key) {
            true => Ok(vec![reading::need(catalog, key, field.as_ref())]),
            false => Err(Unanswerable::absent(subject)),
        },
        (Asked::Read, _) => Err(Unanswerable::senseless(
            "only reading entities is a right of its own",
            "everything else is seen by everyone who can read the repository",
        )),
        (Asked::Update, Subject::Entity(key)) if !catalog.entities().contains(key) => Err(Unanswerable {
            hint: Some(format!("ask `register {key}` for an entity that is new")),
            ..Unanswerable::absent(subject)
        }),
        (Asked::Unregister, Subject::Entity(key)) if !catalog.entities().contains(key) => Err(Unanswerable::absent(subject)),
        (Asked::Register, Subject::Entity(key)) if catalog.entities().contains(key) => {
            Err(Unanswerable::senseless(format!("{key} is registered already"), format!("ask `update {key}`")))
        }
        (asked, subject) => {
            let fields = fields(catalog, asked, subject, field.as_ref());
            Ok(fields.into_iter().flat_map(|field| of_change(base, asked, subject, field)).collect())
        }
    }
}

/// What a change asks for: one need for each rule that must grant it.
pub(super) fn of_change(base: &Base<Catalog>, asked: Asked, subject: &Subject, field: Option<Field>) -> Vec<Need> {
    let change = Change {
        subject: subject.clone(),
        operation: asked.operation(),
        field: field.clone(),
        before: None,
        after: None,
        place: Place::file(&FilePath::new("")),
    };
    let (rule, all) = requirements(base, &base.0, &change);
    all.into_iter().map(|one| Need { field: field.clone(), rule, requirements: vec![one] }).collect()
}

/// The fields whose rights are asked for: the one that was named; else for `update` all, and for `register` the entity
/// itself and what it cannot be without.
fn fields(catalog: &Catalog, asked: Asked, subject: &Subject, named: Option<&Field>) -> Vec<Option<Field>> {
    let Subject::Entity(key) = subject else { return vec![None] };
    let blueprint = catalog.blueprints().get(&key.blueprint).map(|b| &b.value);
    match (asked, named) {
        (Asked::Register, named) => {
            let required = blueprint.map(|b| fields_of(b, |name| b.required.contains(name), |relation| relation.required));
            let mut all: Vec<_> = [None].into_iter().chain(required.into_iter().flatten().map(Some)).collect();
            if let Some(field) = named.cloned().map(Some).filter(|field| !all.contains(field)) {
                all.push(field);
            }
            all
        }
        (Asked::Update, Some(field)) => vec![Some(field.clone())],
        (Asked::Update, None) => all_fields(blueprint).into_iter().map(Some).collect(),
        _ => vec![None],
    }
}

/// Every field that an entity of this blueprint may have.
pub(super) fn all_fields(blueprint: Option<&Blueprint>) -> Vec<Field> {
    let meta = [Field::Title, Field::Icon, Field::Team];
    meta.into_iter().chain(blueprint.into_iter().flat_map(|b| fields_of(b, |_| true, |_| true))).collect()
}

fn fields_of(
    blueprint: &Blueprint,
    property: impl Fn(&Box<str>) -> bool,
    relation: impl Fn(&crate::model::Relation) -> bool,
) -> Vec<Field> {
    let properties = blueprint.properties.keys().filter(|name| property(name)).cloned().map(Field::Property);
    let relations = blueprint.relations.iter().filter(|(_, one)| relation(one)).map(|(name, _)| Field::Relation(name.clone()));
    properties.chain(relations).collect()
}

/// Who may run an action, or approve its runs. One that makes its entity acts on none.
pub(super) fn of_action(catalog: &Catalog, action: &Action, approve: bool, entity: Option<&Identifier>) -> Need {
    let word = if approve { "approve" } else { "execute" };
    let written = match permissions_of(catalog, &action.blueprint) {
        WrittenPermissions::Document(permissions) => permissions
            .actions
            .get(&action.identifier)
            .is_some_and(|rules| if approve { rules.approve.is_some() } else { rules.execute.is_some() }),
        WrittenPermissions::Absent | WrittenPermissions::Unknown => false,
    };
    let document = catalog.permissions().get(&action.blueprint).filter(|_| written);
    let entity = entity.filter(|_| action.trigger.operation != ActionOperation::Create);
    let key = entity.map(|identifier| EntityKey { blueprint: action.blueprint.clone(), identifier: identifier.clone() });
    let owner = key.as_ref().map_or_else(Owner::new, |key| catalog.owner_of(key));
    let requirement = Requirement {
        right: format!("actions.{}.{word}", action.identifier),
        rule: if approve { approve_rule(catalog, action) } else { execute_rule(catalog, action) },
        owner,
        entity: key.and_then(|key| catalog.entities().get(&key)),
        // No run in particular is meant: what depends on inputs, or on who asked for a run, has no answer.
        run: Some(AboutRun {
            action: action.identifier.clone(),
            inputs: None,
            requesters: approve.then(std::collections::BTreeSet::new),
        }),
        place: document.map(|d| d.value_at(&["actions", action.identifier.as_str(), word])),
        why: reading::unreadable(catalog, &action.blueprint),
    };
    Need { field: None, rule: if approve { APPROVE } else { "permission/execute" }, requirements: vec![requirement] }
}

/// Whether a need is met, by the same function that judges changes. A bot never approves.
pub(super) fn may(base: &Base<Catalog>, user: &Identifier, need: &Need) -> bool {
    decide_by(base, need.rule, &need.requirements, &Actor::User(user.clone())).allowed && !is_barred(base, user, need.rule)
}

/// Whether who they are, and no rule, keeps them from it.
pub(super) fn is_barred(base: &Base<Catalog>, user: &Identifier, rule: &str) -> bool {
    rule == APPROVE && user_of(&base.0, user).is_some_and(|user| user.bot)
}

fn decide(base: &Base<Catalog>, asking: &Identifier, need: Need) -> Right {
    let decision = decide_by(base, need.rule, &need.requirements, &Actor::User(asking.clone()));
    let known = user_of(&base.0, asking).is_some();
    let barred = is_barred(base, asking, need.rule);
    let decisive = decision.refused.first().or_else(|| need.requirements.last());
    let reason = match (known, decisive, decision.granted.last()) {
        (false, ..) => format!("{asking} is not in the roster"),
        (true, _, _) if barred && decision.allowed => "a bot never approves".to_owned(),
        (true, None, _) => "everyone in the roster sees it".to_owned(),
        (true, Some(one), granted) => match granted.filter(|_| decision.allowed) {
            Some(granted) => format!("{} grants it: {}", named(one), granted.by),
            None => one.why.clone().unwrap_or_else(|| {
                let trouble = || policy_troubles(base, &Actor::User(asking.clone()), std::slice::from_ref(one)).pop();
                match one.rule.grants_nobody() {
                    true => format!("{} grants nobody", named(one)),
                    false => trouble().unwrap_or_else(|| format!("{} does not grant it", named(one))),
                }
            }),
        },
    };
    let who = WhoCould::of(base, &need.requirements, who_meets_all(base, &need));
    let place = decisive.and_then(|one| one.place.clone());
    Right {
        field: need.field,
        rule: need.rule,
        allowed: decision.allowed && !barred,
        reason,
        place,
        who,
        needs: need.requirements,
    }
}

/// The rule by its name, or as the default that it is: many fields share that one.
fn named(one: &Requirement) -> String {
    if one.place.is_some() || one.rule.roles.is_empty() {
        return format!("`{}`", one.right);
    }
    let roles: Vec<String> = one.rule.roles.iter().map(ToString::to_string).collect();
    format!("the default ({})", roles.join(", "))
}
