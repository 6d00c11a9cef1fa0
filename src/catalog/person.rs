//! Entities, users and teams as values: what policies, templates and jq read of them.

use crate::model::{Entity, EntityKey, Identifier, Role, User, Value};

use super::{Catalog, Owner, SeesAll, Sight, is_member, user_of};

/// The blueprint under which users are known to searches.
pub(crate) const USER: &str = "_user";

/// The blueprint under which teams are known to searches.
pub(crate) const TEAM: &str = "_team";

/// An entity as Port's API gives it, with the defaults of its blueprint filled in; derived properties are not in it.
pub fn entity_value(catalog: &Catalog, entity: &Entity, owner: &Owner) -> Value {
    let key = &entity.key;
    let mut properties: Vec<(Box<str>, Value)> = Vec::new();
    if let Some(blueprint) = catalog.blueprints().get(&key.blueprint) {
        let defaults = blueprint.value.properties.iter();
        properties.extend(defaults.filter_map(|(name, property)| Some((name.clone(), property.default()?.clone()))));
    }
    properties.extend(entity.properties.iter().map(|(name, value)| (name.clone(), value.clone())));
    let relations = entity.relations.iter().map(|(name, value)| (name.clone(), value.to_value()));
    map([
        ("identifier", text(key.identifier.as_str())),
        ("blueprint", text(key.blueprint.as_str())),
        ("title", entity.title.as_deref().map_or(Value::Null, Value::from)),
        ("icon", entity.icon.as_deref().map_or(Value::Null, Value::from)),
        ("team", texts(owner.iter().map(Identifier::as_str))),
        ("properties", Value::from_pairs(properties)),
        ("relations", Value::from_pairs(relations)),
    ])
}

/// A user of the roster as an entity of `_user`, with what the catalog's own entity of that name adds.
///
/// The roster decides what they have in common: nobody becomes an Admin by a property.
pub fn user_value(catalog: &Catalog, user: &User) -> Value {
    user_value_as_seen(catalog, user, &SeesAll)
}

/// The same, as far as somebody sees what the catalog's own entity adds.
pub fn user_value_as_seen(catalog: &Catalog, user: &User, sight: &dyn Sight) -> Value {
    let teams: Vec<&str> = catalog
        .teams()
        .iter()
        .map(|(id, _)| id)
        .filter(|team| is_member(catalog, team, &user.identifier))
        .map(Identifier::as_str)
        .collect();
    let email =
        user.identifier.as_str().contains('@').then_some(user.identifier.as_str()).or(user.emails.first().map(String::as_str));
    let email = text(email.unwrap_or(user.identifier.as_str()));
    let moderated = user.roles.iter().filter_map(|role| match role {
        Role::Moderator(blueprint) => Some(blueprint.as_str()),
        _ => None,
    });
    let moderated: Vec<&str> = moderated.collect();
    let role = match () {
        () if user.roles.contains(&Role::Admin) => text("Admin"),
        () if !moderated.is_empty() => text("Moderator"),
        () if user.roles.contains(&Role::Member) => text("Member"),
        () => Value::Null,
    };
    let roles: Vec<String> = user.roles.iter().map(ToString::to_string).collect();
    let roles = texts(roles.iter().map(String::as_str));
    let (properties, relations) = added(catalog, USER, &user.identifier, sight);
    let known = [
        ("email", email.clone()),
        ("roles", roles.clone()),
        ("port_role", role),
        ("moderated_blueprints", texts(moderated)),
        ("bot", user.bot.into()),
    ];
    map([
        ("identifier", text(user.identifier.as_str())),
        ("blueprint", text(USER)),
        ("title", user.name.as_deref().map_or(Value::Null, Value::from)),
        ("name", user.name.as_deref().map_or(Value::Null, Value::from)),
        ("email", email),
        ("roles", roles),
        ("team", texts(teams.iter().copied())),
        ("teams", texts(teams.iter().copied())),
        ("properties", Value::from_pairs(properties.into_iter().chain(known.map(|(key, value)| (key.into(), value))))),
        ("relations", relations),
    ])
}

/// A team of the roster as an entity of `_team`, with what the catalog's own entity of that name adds.
pub fn team_value(catalog: &Catalog, team: &Identifier) -> Option<Value> {
    team_value_as_seen(catalog, team, &SeesAll)
}

/// The same, as far as somebody sees what the catalog's own entity adds.
pub fn team_value_as_seen(catalog: &Catalog, team: &Identifier, sight: &dyn Sight) -> Option<Value> {
    let found = catalog.teams().get(team).filter(|_| catalog.teams().duplicates_of(team).is_empty())?;
    let (properties, relations) = added(catalog, TEAM, team, sight);
    let members = ("members".into(), texts(catalog.members_of(&found.value).into_iter().map(Identifier::as_str)));
    Some(map([
        ("identifier", text(team.as_str())),
        ("blueprint", text(TEAM)),
        ("title", found.value.title.as_deref().map_or(Value::Null, Value::from)),
        ("team", texts([team.as_str()])),
        ("properties", Value::from_pairs(properties.into_iter().chain([members]))),
        ("relations", relations),
    ]))
}

/// Whom or what `_user/…` and `_team/…` name in the roster.
pub(super) fn of_roster(catalog: &Catalog, key: &EntityKey) -> Option<Value> {
    match key.blueprint.as_str() {
        USER => user_of(catalog, &key.identifier).map(|user| user_value(catalog, user)),
        TEAM => team_value(catalog, &key.identifier),
        _ => None,
    }
}

/// Properties and relations of the catalog's own entity; of one that is declared twice nothing is known.
fn added(catalog: &Catalog, blueprint: &str, identifier: &Identifier, sight: &dyn Sight) -> (Vec<(Box<str>, Value)>, Value) {
    let nothing = || (Vec::new(), map([]));
    let Ok(blueprint) = Identifier::new(blueprint) else { return nothing() };
    let key = EntityKey { blueprint, identifier: identifier.clone() };
    let known = |key: &EntityKey| catalog.entities().duplicates_of(key).is_empty() && sight.entity(key);
    let Some(found) = catalog.entities().get(&key).filter(|_| known(&key)) else { return nothing() };
    let whole = entity_value(catalog, &found.value, &Owner::new());
    let seen = |part: &str, sees: &dyn Fn(&str) -> bool| -> Vec<(Box<str>, Value)> {
        let Some(Value::Map(pairs)) = whole.get(part) else { return Vec::new() };
        pairs.iter().filter(|(name, _)| sees(name)).cloned().collect()
    };
    let properties = seen("properties", &|name| sight.property(&key, name));
    (properties, Value::from_pairs(seen("relations", &|name| sight.relation(&key, name))))
}

fn text(text: &str) -> Value {
    Value::from(text)
}

fn texts<'a>(items: impl IntoIterator<Item = &'a str>) -> Value {
    Value::List(items.into_iter().map(Value::from).collect())
}

fn map<const N: usize>(pairs: [(&str, Value); N]) -> Value {
    Value::from_pairs(pairs.into_iter().map(|(key, value)| (key.into(), value)))
}
