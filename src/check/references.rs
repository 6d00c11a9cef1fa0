//! Everything that is named exists: blueprints, related entities, teams, members (spec 2).

use std::collections::BTreeSet;

use crate::catalog::{Catalog, Claim, Located, Mention, Named, kind_of, nearest};
use crate::model::{
    Blueprint, Entity, EntityKey, Finding, Identifier, Kind, Part, Place, Relation, RelationValue, RuleDoc, Subject, Team,
};

use super::entities;
use super::scope::Scope;
use super::validate::{Cause, Fault};

/// The rules of this family.
pub(super) const RULES: &[RuleDoc] = &[
    RuleDoc {
        id: "reference/unknown-blueprint",
        summary: "The blueprint that an entity, an action or permissions belong to exists.",
        remedy: "Mend the name, or add the blueprint.",
    },
    RuleDoc {
        id: "reference/unknown-target",
        summary: "The blueprint that a relation targets exists.",
        remedy: "Mend `target`, or add the blueprint.",
    },
    RuleDoc {
        id: "reference/unknown-relation",
        summary: "An entity sets only relations that its blueprint defines.",
        remedy: "Mend the name, or define the relation in the blueprint.",
    },
    RuleDoc {
        id: "reference/missing-entity",
        summary: "The entity that a relation names exists in the relation's target blueprint.",
        remedy: "Mend the identifier, or add the entity.",
    },
    RuleDoc {
        id: "reference/shape",
        summary: "A relation with `many` holds a list, any other a single identifier.",
        remedy: "Write a list for `many`, one identifier otherwise.",
    },
    RuleDoc { id: "reference/required", summary: "An entity sets every required relation.", remedy: "Add the relation." },
    RuleDoc {
        id: "reference/unknown-team",
        summary: "The teams that own an entity, or that its properties of `format: team` name, exist.",
        remedy: "Mend the name, or add the team under `teams/`.",
    },
    RuleDoc {
        id: "reference/unknown-user",
        summary: "The users that an entity's properties of `format: user` name exist.",
        remedy: "Write a user's identifier, or add the user under `users/`.",
    },
    RuleDoc {
        id: "reference/unknown-member",
        summary: "The members of a team are users of the roster.",
        remedy: "Mend the name, or add the user under `users/`.",
    },
    RuleDoc {
        id: "reference/still-needed",
        summary: "Nothing is deleted that something else needs.",
        remedy: "Change or delete what needs it first, or in the same change.",
    },
];

pub(super) fn check(scope: &Scope<'_>, out: &mut Vec<Fault>) {
    let catalog = scope.catalog;
    let first = out.len();
    // Of a whole catalog one walk tells, instead of a search for each that is named.
    let all_there = scope.is_whole() && catalog.has_all_that_is_named();
    scope.each_entity(
        out,
        || None,
        |known, entity, out| {
            entities::check(catalog, known, entity, out);
            judge_entity(catalog, entity, all_there, out);
        },
    );
    scope.blueprints().for_each(|blueprint| judge_blueprint(catalog, blueprint, out));
    for action in scope.actions() {
        let subject = Subject::Action(action.value.identifier.clone());
        belongs(catalog, subject, &action.value.blueprint, action.value_at(&["blueprint"]), out);
    }
    for permissions in scope.permissions() {
        let id = &permissions.value.blueprint;
        belongs(catalog, Subject::Permissions(id.clone()), id, permissions.value_at(&["blueprint"]), out);
    }
    scope.teams().for_each(|team| judge_team(catalog, team, out));
    drop_consequences(catalog, first, out);
}

/// What is missing because its own file cannot be read is not said a second time by all that name it.
fn drop_consequences(catalog: &Catalog, first: usize, out: &mut Vec<Fault>) {
    if out.len() == first || catalog.broken_files().is_empty() {
        return;
    }
    let unreadable: BTreeSet<(Kind, &str)> = catalog
        .broken_files()
        .iter()
        .filter(|(_, findings)| findings.iter().any(Finding::is_error))
        .filter_map(|(file, _)| Some((kind_of(file)?, file.stem())))
        .collect();
    let consequence = |fault: &Fault| match &fault.cause {
        Cause::Missing(Subject::Entity(key)) => unreadable.contains(&(Kind::Entity, key.identifier.as_str())),
        Cause::Missing(Subject::Blueprint(id)) => unreadable.contains(&(Kind::Blueprint, id.as_str())),
        Cause::Missing(Subject::Team(id)) => unreadable.contains(&(Kind::Team, id.as_str())),
        Cause::Missing(Subject::User(id)) => unreadable.contains(&(Kind::User, id.as_str())),
        _ => false,
    };
    let mut at = 0;
    out.retain(|fault| {
        at += 1;
        at <= first || !consequence(fault)
    });
}

fn judge_team(catalog: &Catalog, team: &Located<Team>, out: &mut Vec<Fault>) {
    for member in team.value.members.iter().filter(|member| !catalog.users().contains(*member)) {
        let help = did_you_mean(catalog.users().iter().map(|(id, _)| id.as_str()), member, "add the user under `users/`");
        let finding = Finding::error("reference/unknown-member", format!("member `{member}` is not a user of the roster"))
            .at(team.value_at(&["members", member.as_str()]))
            .help(help);
        out.push(Fault::missing(Subject::Team(team.value.identifier.clone()), Subject::User(member.clone()), finding));
    }
}

fn belongs(catalog: &Catalog, subject: Subject, blueprint: &Identifier, place: Place, out: &mut Vec<Fault>) {
    if catalog.blueprints().contains(blueprint) {
        return;
    }
    let help = did_you_mean(blueprints(catalog), blueprint, "add it under `blueprints/`");
    let finding =
        Finding::error("reference/unknown-blueprint", format!("blueprint `{blueprint}` does not exist")).at(place).help(help);
    out.push(Fault::missing(subject, Subject::Blueprint(blueprint.clone()), finding));
}

fn judge_blueprint(catalog: &Catalog, blueprint: &Located<Blueprint>, out: &mut Vec<Fault>) {
    for (name, relation) in &blueprint.value.relations {
        let target = &relation.target;
        if catalog.blueprints().contains(target) {
            continue;
        }
        let message = format!("relation `{name}` targets blueprint `{target}`, which does not exist");
        let help = did_you_mean(blueprints(catalog), target, "add it under `blueprints/`");
        let finding =
            Finding::error("reference/unknown-target", message).at(blueprint.value_at(&["relations", name, "target"])).help(help);
        let subject = Subject::Blueprint(blueprint.value.identifier.clone());
        out.push(Fault::missing(subject, Subject::Blueprint(target.clone()), finding));
    }
}

fn judge_entity(catalog: &Catalog, entity: &Located<Entity>, all_there: bool, out: &mut Vec<Fault>) {
    let key = &entity.value.key;
    judge_teams(catalog, entity, out);
    judge_mentions(catalog, entity, out);
    let Some(blueprint) = catalog.blueprints().get(&key.blueprint) else {
        return belongs(catalog, Subject::Entity(key.clone()), &key.blueprint, entity.value_at(&["blueprint"]), out);
    };
    for (name, value) in &entity.value.relations {
        match blueprint.value.relations.get(name) {
            Some(relation) => judge_relation(catalog, entity, (name, relation), value, all_there, out),
            None => out.push(Fault::by_blueprint(key, unknown_relation(entity, &blueprint.value, name))),
        }
    }
    for (name, relation) in blueprint.value.relations.iter().filter(|(_, relation)| relation.required) {
        let set = entity.value.relations.get(name).is_some_and(|value| !matches!(value, RelationValue::Null));
        if !set {
            let message = format!("relation `{name}` is required by blueprint `{}` and missing", key.blueprint);
            let finding = Finding::error("reference/required", message)
                .at(entity.key_at(&["relations", name]))
                .help(format!("add `{name}`, the identifier of a `{}`, under `relations`", relation.target));
            out.push(Fault::by_blueprint(key, finding));
        }
    }
}

fn judge_teams(catalog: &Catalog, entity: &Located<Entity>, out: &mut Vec<Fault>) {
    let teams = entity.value.team.as_deref().unwrap_or_default();
    for team in teams.iter().filter(|team| !catalog.teams().contains(*team)) {
        let help = did_you_mean(catalog.teams().iter().map(|(id, _)| id.as_str()), team, "add the team under `teams/`");
        let finding = Finding::error("reference/unknown-team", format!("team `{team}` does not exist"))
            .at(entity.value_at(&["team", team.as_str()]))
            .help(help);
        out.push(Fault::missing(Subject::Entity(entity.value.key.clone()), Subject::Team(team.clone()), finding));
    }
}

/// Users and teams that properties name.
fn judge_mentions(catalog: &Catalog, entity: &Located<Entity>, out: &mut Vec<Fault>) {
    const ADVISED: usize = 20; // seeking what was meant costs a walk through the roster
    let mut advised = 0;
    for Mention { named, identifier: id, way } in catalog.mentions_of(&entity.value.key) {
        let exists = match named {
            Named::User => catalog.users().contains(&id),
            Named::Team => catalog.teams().contains(&id),
        };
        if exists {
            continue;
        }
        advised += 1;
        let among = if advised <= ADVISED { usize::MAX } else { 0 };
        let (rule, word, missing, help) = match named {
            Named::User => {
                let otherwise = match catalog.claimants(&Claim::Address(id.as_str().to_lowercase())).next() {
                    Some(owner) => format!("write `{owner}`, whose address that is"),
                    None => "add the user under `users/`".to_owned(),
                };
                let names = catalog.users().iter().map(|(id, _)| id.as_str()).take(among);
                ("reference/unknown-user", "user", Subject::User(id.clone()), did_you_mean(names, &id, &otherwise))
            }
            Named::Team => {
                let names = catalog.teams().iter().map(|(id, _)| id.as_str()).take(among);
                let help = did_you_mean(names, &id, "add the team under `teams/`");
                ("reference/unknown-team", "team", Subject::Team(id.clone()), help)
            }
        };
        let property = match way.first() {
            Some(Part::Key(name)) => name.clone(),
            _ => "properties".into(),
        };
        let pointer = way.iter().fold(entity.descend(&["properties"]), |pointer, part| match part {
            Part::Key(key) => pointer.key(key),
            Part::Index(index) => pointer.index(*index),
        });
        let finding = Finding::error(rule, format!("`{property}` names the {word} `{id}`, which the roster does not have"))
            .at(Place::value(&entity.file, pointer))
            .help(help);
        out.push(Fault::missing(Subject::Entity(entity.value.key.clone()), missing, finding));
    }
}

fn judge_relation(
    catalog: &Catalog,
    entity: &Located<Entity>,
    (name, relation): (&str, &Relation),
    value: &RelationValue,
    all_there: bool,
    out: &mut Vec<Fault>,
) {
    let place = || entity.value_at(&["relations", name]);
    let wrong = match (relation.many, value) {
        (true, RelationValue::One(one)) => {
            Some((format!("relation `{name}` holds a list, found one identifier"), format!("write a list: `[{one}]`")))
        }
        (false, RelationValue::Many(_)) => Some((
            format!("relation `{name}` holds one identifier, found a list"),
            "write the one identifier, without a list".to_owned(),
        )),
        _ => None,
    };
    if let Some((message, help)) = wrong {
        out.push(Fault::by_blueprint(&entity.value.key, Finding::error("reference/shape", message).at(place()).help(help)));
    }
    if all_there {
        return;
    }
    for (i, target) in value.targets().iter().enumerate() {
        let target = EntityKey { blueprint: relation.target.clone(), identifier: target.clone() };
        if catalog.entities().contains(&target) {
            continue;
        }
        let place = match value {
            RelationValue::Many(_) => Place::value(&entity.file, entity.descend(&["relations", name]).index(i)),
            _ => place(),
        };
        let none = format!("add `{target}` under `entities/`");
        let help = did_you_mean(neighbours(catalog, &target).iter().map(|id| id.as_str()), &target.identifier, &none);
        let message = format!("relation `{name}` names `{target}`, which does not exist");
        let finding = Finding::error("reference/missing-entity", message).at(place).help(help);
        out.push(Fault::missing(Subject::Entity(entity.value.key.clone()), Subject::Entity(target), finding));
    }
}

fn unknown_relation(entity: &Located<Entity>, blueprint: &Blueprint, name: &str) -> Finding {
    let names = || blueprint.relations.keys().map(|known| &**known);
    let help = match nearest(name, names()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None if blueprint.properties.contains_key(name) => format!("`{name}` is a property: write it under `properties`"),
        None if blueprint.relations.is_empty() => format!("blueprint `{}` has no relations", blueprint.identifier),
        None => format!("its relations are {}", names().take(20).collect::<Vec<_>>().join(", ")),
    };
    let message = format!("`{name}` is not a relation of blueprint `{}`", blueprint.identifier);
    Finding::error("reference/unknown-relation", message).at(entity.key_at(&["relations", name])).help(help)
}

fn blueprints(catalog: &Catalog) -> impl Iterator<Item = &str> {
    catalog.blueprints().iter().map(|(id, _)| id.as_str())
}

/// Names to suggest for a missing entity: those around where it would stand, so that one mistake in a large catalog does
/// not cost a walk through all of it.
fn neighbours(catalog: &Catalog, missing: &EntityKey) -> Vec<Identifier> {
    const EACH_WAY: usize = 500;
    catalog.entities().around(missing, EACH_WAY).map(|key| key.identifier).collect()
}

fn did_you_mean<'a>(names: impl Iterator<Item = &'a str>, missing: &Identifier, otherwise: &str) -> String {
    match nearest(missing.as_str(), names) {
        Some(meant) => format!("did you mean `{meant}`? Otherwise {otherwise}"),
        None => otherwise.to_owned(),
    }
}
