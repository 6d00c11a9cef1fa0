//! Who may do what with one subject: every operation there is on it, for everybody in the roster.

use std::collections::BTreeMap;

use crate::catalog::{Catalog, Field, user_of};
use crate::check::Base;
use crate::model::{ActionOperation, EntityKey, Identifier, Place, Subject};

use super::question::{Asked, Need, Unanswerable, all_fields, may, needs, of_action, of_change};
use super::{Question, reading};

/// One operation.
#[derive(Clone, PartialEq, Debug)]
pub struct Operation {
    /// What is done.
    pub asked: Asked,
    /// To which part.
    pub field: Option<Field>,
    /// By which action, for `execute` and `approve`.
    pub action: Option<Identifier>,
    /// The id of the rule that a refusal would name.
    pub rule: &'static str,
    /// Where the rules that decide are written; empty for a default.
    pub places: Vec<Place>,
}

/// Users who may do the same.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Group {
    /// Who, in order.
    pub users: Vec<Identifier>,
    /// Whether each operation is allowed to them, in the order of the operations.
    pub allowed: Vec<bool>,
}

/// Operations and users.
#[derive(Clone, PartialEq, Debug)]
pub struct Matrix {
    /// What it is about.
    pub subject: Subject,
    /// The operations.
    pub operations: Vec<Operation>,
    /// The users, those with equal rights together; who may most comes first.
    pub groups: Vec<Group>,
}

/// The matrix of a subject that is there.
///
/// # Errors
/// Where it is not.
pub fn matrix(base: &Base<Catalog>, subject: &Subject) -> Result<Matrix, Unanswerable> {
    let rows = rows(base, subject)?;
    let mut groups: BTreeMap<Vec<bool>, Vec<Identifier>> = BTreeMap::new();
    // Most fields ask the same, and asking once for all of them is what makes a wide roster bearable.
    let mut distinct: Vec<&[Need]> = Vec::new();
    let mut which = Vec::with_capacity(rows.len());
    for (_, needs) in &rows {
        let same = |known: &&[Need]| {
            known.len() == needs.len()
                && known.iter().zip(needs).all(|(a, b)| a.rule == b.rule && a.requirements == b.requirements)
        };
        which.push(distinct.iter().position(same).unwrap_or_else(|| {
            distinct.push(needs);
            distinct.len() - 1
        }));
    }
    for (id, _) in base.0.users().iter().filter(|(id, _)| user_of(&base.0, id).is_some()) {
        let answers: Vec<bool> = distinct.iter().map(|needs| is_met(base, id, needs)).collect();
        let allowed = which.iter().map(|at| answers.get(*at).copied().unwrap_or(false)).collect();
        groups.entry(allowed).or_default().push(id.clone());
    }
    let mut groups: Vec<Group> = groups.into_iter().map(|(allowed, users)| Group { users, allowed }).collect();
    let power = |group: &Group| group.allowed.iter().filter(|allowed| **allowed).count();
    groups.sort_by(|a, b| power(b).cmp(&power(a)).then_with(|| a.users.cmp(&b.users)));
    let operations = rows.into_iter().map(|(operation, _)| operation).collect();
    Ok(Matrix { subject: subject.clone(), operations, groups })
}

/// Whether all is met. Nothing asked is nothing granted.
fn is_met(base: &Base<Catalog>, user: &Identifier, needs: &[Need]) -> bool {
    !needs.is_empty() && needs.iter().all(|need| may(base, user, need))
}

type Row = (Operation, Vec<Need>);

fn row(asked: Asked, field: Option<Field>, action: Option<Identifier>, needs: Vec<Need>) -> Row {
    let places = needs.iter().flat_map(|need| need.requirements.iter().filter_map(|one| one.place.clone())).collect();
    let rule = needs.first().map_or("", |need| need.rule);
    (Operation { asked, field, action, rule, places }, needs)
}

fn rows(base: &Base<Catalog>, subject: &Subject) -> Result<Vec<Row>, Unanswerable> {
    let catalog = &base.0;
    let whole = |asked| row(asked, None, None, of_change(base, asked, subject, None));
    let found = match subject {
        Subject::Entity(key) if catalog.entities().contains(key) => return Ok(of_entity(base, subject, key)),
        Subject::Entity(_) => false,
        Subject::Blueprint(id) if catalog.blueprints().contains(id) => {
            let mut rows = vec![whole(Asked::Update), whole(Asked::Delete)];
            rows.extend(of_actions(catalog, id, None));
            return Ok(rows);
        }
        Subject::Blueprint(_) => false,
        Subject::Action(id) => match catalog.actions().get(id) {
            Some(action) => {
                let of =
                    |asked, approve| row(asked, None, Some(id.clone()), vec![of_action(catalog, &action.value, approve, None)]);
                return Ok(vec![of(Asked::Execute, false), of(Asked::Approve, true), whole(Asked::Update), whole(Asked::Delete)]);
            }
            None => false,
        },
        Subject::Policy => catalog.policies().contains(&()),
        Subject::Permissions(id) => catalog.permissions().contains(id),
        Subject::User(id) => catalog.users().contains(id),
        Subject::Team(id) => catalog.teams().contains(id),
        Subject::Run(id) => catalog.runs().contains(id),
    };
    match found {
        true => Ok(vec![whole(Asked::Update), whole(Asked::Delete)]),
        false => Err(Unanswerable::absent(subject)),
    }
}

/// What the matrix of an entity asks: seeing it, what is hidden in it, registering its like, and every change of it.
fn of_entity(base: &Base<Catalog>, subject: &Subject, key: &EntityKey) -> Vec<Row> {
    let catalog = &base.0;
    let fields = all_fields(catalog.blueprints().get(&key.blueprint).map(|found| &found.value));
    let whole = reading::need(catalog, key, None);
    let as_the_whole = whole.requirements.clone();
    let mut rows = vec![row(Asked::Read, None, None, vec![whole])];
    for field in &fields {
        let need = reading::need(catalog, key, Some(field));
        if need.requirements != as_the_whole {
            rows.push(row(Asked::Read, Some(field.clone()), None, vec![need]));
        }
    }
    for asked in [Asked::Register, Asked::Unregister] {
        rows.push(row(asked, None, None, of_change(base, asked, subject, None)));
    }
    for field in fields {
        let question = Question {
            user: key.identifier.clone(),
            asked: Asked::Update,
            subject: subject.clone(),
            field: Some(field.clone()),
            entity: None,
        };
        rows.push(row(Asked::Update, Some(field), None, needs(base, &question).unwrap_or_default()));
    }
    rows.extend(of_actions(catalog, &key.blueprint, Some(&key.identifier)));
    rows
}

/// The actions of a blueprint. On an entity those that make one are left out: they make another.
fn of_actions(catalog: &Catalog, blueprint: &Identifier, entity: Option<&Identifier>) -> Vec<Row> {
    let of_blueprint = catalog.actions().iter().filter(|(_, action)| action.value.blueprint == *blueprint);
    let on_it = of_blueprint.filter(|(_, a)| entity.is_none() || a.value.trigger.operation != ActionOperation::Create);
    let both = on_it.flat_map(|(id, action)| {
        [(Asked::Execute, false), (Asked::Approve, true)]
            .map(|(asked, approve)| row(asked, None, Some(id.clone()), vec![of_action(catalog, &action.value, approve, entity)]))
    });
    both.collect()
}
