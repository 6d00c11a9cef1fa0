//! What a change asks for: which rules, of base alone, must grant it (spec 4).

use std::sync::Arc;

use crate::catalog::{
    About, AboutRun, Catalog, Change, Field, Located, Operation, Owner, Owners, WrittenPermissions, execute_rule, permissions_of,
};
use crate::model::{Action, Entity, EntityKey, EntityPermissions, Identifier, Place, Role, Rule, RunRequest, Subject, Value};

use super::Base;
use super::inputs::as_written;
use super::invocations::writes_elsewhere;

/// One rule that must grant whoever makes a change.
#[derive(Clone, PartialEq, Debug)]
pub struct Requirement {
    /// The right it decides, in the words of the permissions document: `register`, `updateProperties.slackChannelUrl`.
    pub right: String,
    /// The rule of base; one that grants nobody where base cannot tell.
    pub rule: Rule,
    /// The effective owner that `ownedByTeam` asks about.
    pub owner: Owner,
    /// The entity that a policy asks about: in base; as it would be, where it is registered.
    pub entity: Option<Arc<Located<Entity>>>,
    /// The run that a policy asks about.
    pub run: Option<AboutRun>,
    /// Where the rule is written in base; `None` for a default.
    pub place: Option<Place>,
    /// Why the rule is what it is, where that is not plain.
    pub why: Option<String>,
}

impl Requirement {
    /// What its rule is asked about.
    pub fn about(&self) -> About<'_> {
        About { owner: Some(&self.owner), entity: self.entity.as_deref().map(|entity| &entity.value), run: self.run.as_ref() }
    }

    fn fixed(right: impl Into<String>, rule: Rule) -> Self {
        Self { right: right.into(), rule, owner: Owner::new(), entity: None, run: None, place: None, why: None }
    }

    fn admin(right: impl Into<String>) -> Self {
        Self::fixed(right, Rule { roles: vec![Role::Admin], ..Rule::default() })
    }

    fn nobody(right: impl Into<String>, why: impl Into<String>) -> Self {
        Self { why: Some(why.into()), ..Self::fixed(right, Rule::default()) }
    }
}

/// The rule id that decides a change, and every requirement of it: each must be met.
///
/// Operations are taken relative to base: what base does not hold is registered, whatever sequence of commits made it.
/// No requirement at all means that nothing beyond being of the roster is asked.
pub fn requirements(base: &Base<Catalog>, after: &Catalog, change: &Change) -> (&'static str, Vec<Requirement>) {
    requirements_by(base, &mut Owners::new(&base.0), after, change)
}

/// The same for many changes, where the owners of base are read through one reader.
pub(super) fn requirements_by(
    base: &Base<Catalog>,
    owners: &mut Owners<'_>,
    after: &Catalog,
    change: &Change,
) -> (&'static str, Vec<Requirement>) {
    let base = &base.0;
    match &change.subject {
        Subject::Policy => ("permission/policy", vec![Requirement::admin("catalog.yaml")]),
        Subject::User(_) | Subject::Team(_) => ("permission/roster", vec![Requirement::admin("users and teams")]),
        Subject::Blueprint(id) => ("permission/blueprint", vec![governs(base, id)]),
        Subject::Permissions(id) => ("permission/permissions", vec![governs(base, id)]),
        Subject::Action(id) => ("permission/action", of_action(base, after, id, change)),
        Subject::Run(id) => of_run(base, after, id, change),
        Subject::Entity(key) => of_entity(base, owners, after, key, change),
    }
}

/// Who changes a blueprint, its permissions and its actions: Admin, and the moderator where base has the blueprint.
fn governs(base: &Catalog, blueprint: &Identifier) -> Requirement {
    if base.blueprints().contains(blueprint) {
        return Requirement::fixed(format!("blueprint {blueprint}"), Rule::default_for(blueprint));
    }
    Requirement {
        why: Some(format!("blueprint `{blueprint}` is not in base")),
        ..Requirement::admin(format!("blueprint {blueprint}"))
    }
}

/// The blueprint it leaves and the one it comes to, each by its own moderator.
fn of_action(base: &Catalog, after: &Catalog, id: &Identifier, change: &Change) -> Vec<Requirement> {
    let written = |value: &Option<Value>| {
        value.as_ref().and_then(|v| v.get("blueprint")).and_then(Value::as_str).and_then(|text| Identifier::new(text).ok())
    };
    let mut blueprints: Vec<Identifier> = base.actions().get(id).map(|a| a.value.blueprint.clone()).into_iter().collect();
    blueprints.extend(after.actions().get(id).map(|a| a.value.blueprint.clone()));
    // Duplicates stand in no order that a right could hang on: every blueprint that claims the action has a say.
    let rivals = base.actions().duplicates_of(id).iter().chain(after.actions().duplicates_of(id));
    blueprints.extend(rivals.clone().map(|a| a.value.blueprint.clone()));
    // Runs of an action write entities by the controller's hand, so whoever says which has to govern those as well.
    let standing = base.actions().get(id).into_iter().chain(after.actions().get(id)).map(|a| &a.value);
    blueprints.extend(standing.chain(rivals.map(|a| &a.value)).filter_map(writes_elsewhere).cloned());
    blueprints.extend(written(&change.before));
    blueprints.extend(written(&change.after));
    blueprints.sort();
    blueprints.dedup();
    if blueprints.is_empty() {
        return vec![Requirement::admin(format!("action {id}"))];
    }
    blueprints.iter().map(|blueprint| governs(base, blueprint)).collect()
}

fn of_run(base: &Catalog, after: &Catalog, id: &Identifier, change: &Change) -> (&'static str, Vec<Requirement>) {
    if base.runs().contains(id) {
        // Editing one is an error of its own (`run/immutable`), whoever does it.
        return ("permission/run", vec![Requirement::admin("runs that are history")]);
    }
    let written = |key: &str| {
        change.before.as_ref().and_then(|v| v.get(key)).and_then(Value::as_str).and_then(|text| Identifier::new(text).ok())
    };
    // A run withdrawn before it reached base asks for what asking for it did.
    let (action, entity, inputs) = match after.runs().get(id) {
        Some(run) => (Some(run.value.action.clone()), run.value.entity.clone(), Some(run.value.inputs.clone())),
        None => (written("action"), written("entity"), change.before.as_ref().and_then(|v| v.get("inputs")).cloned()),
    };
    ("permission/execute", vec![execute(base, action.as_ref(), entity, inputs)])
}

/// The right that whoever asks for this run needs, wherever the run stands.
pub(super) fn to_execute(base: &Base<Catalog>, run: &RunRequest) -> Requirement {
    execute(&base.0, Some(&run.action), run.entity.clone(), Some(run.inputs.clone()))
}

fn execute(base: &Catalog, action: Option<&Identifier>, entity: Option<Identifier>, inputs: Option<Value>) -> Requirement {
    let Some(id) = action else { return Requirement::admin("execute") };
    let right = format!("actions.{id}.execute");
    let Some(action) = base.actions().get(id).filter(|_| base.actions().duplicates_of(id).is_empty()) else {
        return Requirement::nobody(right, format!("action `{id}` is not in base, so nobody may run it yet"));
    };
    let Action { blueprint, .. } = &action.value;
    let key = entity.map(|identifier| EntityKey { blueprint: blueprint.clone(), identifier });
    let owner = key.as_ref().map_or_else(Owner::new, |key| base.owner_of(key));
    let written = match permissions_of(base, blueprint) {
        WrittenPermissions::Document(p) => p.actions.get(id).is_some_and(|rules| rules.execute.is_some()),
        WrittenPermissions::Absent | WrittenPermissions::Unknown => false,
    };
    let document = base.permissions().get(blueprint).filter(|_| written);
    Requirement {
        right,
        rule: execute_rule(base, &action.value),
        owner,
        entity: key.and_then(|key| base.entities().get(&key)),
        run: Some(AboutRun {
            action: id.clone(),
            inputs: inputs.and_then(|given| as_written(&action.value, &given)),
            requesters: None,
        }),
        place: document.map(|d| d.value_at(&["actions", id.as_str(), "execute"])),
        why: unreadable(base, blueprint),
    }
}

fn unreadable(base: &Catalog, blueprint: &Identifier) -> Option<String> {
    (permissions_of(base, blueprint) == WrittenPermissions::Unknown).then(|| {
        format!("the permissions of `{blueprint}` in base cannot be read, or are declared twice, so they grant nobody until that is mended")
    })
}

/// A right over entities of one blueprint.
enum Right<'a> {
    Register,
    Unregister,
    Property(&'a str),
    Relation(&'a str),
}

fn of_entity(
    base: &Catalog,
    owners: &mut Owners<'_>,
    after: &Catalog,
    key: &EntityKey,
    change: &Change,
) -> (&'static str, Vec<Requirement>) {
    let stood = base.entities().contains(key);
    let (right, granular) = match &change.field {
        // Whoever brought a new entity answers for the owner it has; an inherited one that moves later is not set by anybody.
        Some(Field::Owner) if !stood => return ("permission/update-team", Vec::new()),
        Some(Field::Owner | Field::Team) => (Right::Property("$team"), "permission/update-team"),
        Some(Field::Title) => (Right::Property("$title"), "permission/update-property"),
        Some(Field::Icon) => (Right::Property("$icon"), "permission/update-property"),
        Some(Field::Property(name)) => (Right::Property(name), "permission/update-property"),
        Some(Field::Relation(name)) => (Right::Relation(name), "permission/update-relation"),
        None if stood && change.operation == Operation::Unregister => (Right::Unregister, "permission/unregister"),
        // Also the deletion of what never reached base: it takes back a registration.
        None => (Right::Register, "permission/register"),
    };
    let owner = if stood { owners.owner(key) } else { owner_outside_base(after, key, change) };
    let (mut requirement, global) = rule_for(base, &key.blueprint, &right, owner);
    requirement.entity = if stood { base.entities().get(key) } else { after.entities().get(key) };
    (if global { "permission/update" } else { granular }, vec![requirement])
}

/// The owner of an entity that base does not hold: in head; and of one deleted again, the teams it named itself.
fn owner_outside_base(after: &Catalog, key: &EntityKey, change: &Change) -> Owner {
    if after.entities().contains(key) {
        return after.owner_of(key);
    }
    match change.before.as_ref().and_then(|v| v.get("team")) {
        Some(Value::List(teams)) => {
            teams.iter().filter_map(Value::as_str).filter_map(|team| Identifier::new(team).ok()).collect()
        }
        Some(Value::String(team)) => Identifier::new(team).into_iter().collect(),
        _ => Owner::new(),
    }
}

/// The rule of base, and whether the global `update` is what decides.
fn rule_for(base: &Catalog, blueprint: &Identifier, right: &Right<'_>, owner: Owner) -> (Requirement, bool) {
    let name = match right {
        Right::Register => "register".to_owned(),
        Right::Unregister => "unregister".to_owned(),
        Right::Property(name) => format!("updateProperties.{name}"),
        Right::Relation(name) => format!("updateRelations.{name}"),
    };
    match permissions_of(base, blueprint) {
        WrittenPermissions::Unknown => {
            let why = unreadable(base, blueprint).unwrap_or_default();
            (Requirement::nobody(name, why), false)
        }
        WrittenPermissions::Absent => (Requirement { owner, ..Requirement::fixed(name, Rule::default_for(blueprint)) }, false),
        WrittenPermissions::Document(document) => {
            let (written, way, global) = pick(&document.entities, right);
            let place = base.permissions().get(blueprint).filter(|_| written.is_some());
            let requirement = Requirement {
                right: if global { "update".to_owned() } else { name },
                rule: written.cloned().unwrap_or_else(|| Rule::default_for(blueprint)),
                owner,
                entity: None,
                run: None,
                place: place.map(|document| document.value_at(&way)),
                why: None,
            };
            (requirement, global)
        }
    }
}

/// Global over granular: where `update` is written it alone decides every field.
fn pick<'a>(entities: &'a EntityPermissions, right: &Right<'a>) -> (Option<&'a Rule>, Vec<&'a str>, bool) {
    match (right, &entities.update) {
        (Right::Register, _) => (entities.register.as_ref(), vec!["entities", "register"], false),
        (Right::Unregister, _) => (entities.unregister.as_ref(), vec!["entities", "unregister"], false),
        (_, Some(update)) => (Some(update), vec!["entities", "update"], true),
        (Right::Property(name), None) => {
            (entities.update_properties.get(*name), vec!["entities", "updateProperties", name], false)
        }
        (Right::Relation(name), None) => (entities.update_relations.get(*name), vec!["entities", "updateRelations", name], false),
    }
}
