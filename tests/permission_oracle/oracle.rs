//! What the specification says about a change, told to Cedar: an own reading of the files, none of the engine's code.
//!
//! Cedar holds the roster as entities (a user is in roles, teams and the roster), what is asked about as resources with an
//! owner, and every rule as a policy. Whether a right is written, and whether the global `update` stands above it, are
//! conditions of the policies.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityUid, PolicySet, Request, RestrictedExpression as Value,
};
use serde_json::Value as Json;

use crate::owners::{Key, Owners, owners};
use crate::random::Files;

/// A change: its subject, as a finding names it, and the field of an entity, or nothing.
pub(crate) type Change = (String, String);

/// One thing that must be permitted.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Ask {
    /// `register`, `property p`, `execute grow`; `govern` for what a blueprint's moderator may, `administer` for what Admin alone may.
    action: String,
    resource: String,
}

/// All changes between two catalogs, what each asks for, and who is granted it.
pub(crate) struct Oracle {
    pub(crate) asks: BTreeMap<Change, Vec<Ask>>,
    policies: PolicySet,
    entities: Entities,
}

impl Oracle {
    pub(crate) fn new(before: &Files, after: &Files) -> Self {
        Self::with(rules(before), before, after)
    }

    /// The same, where the rules of base are known.
    pub(crate) fn with(policies: PolicySet, before: &Files, after: &Files) -> Self {
        let (base, head) = (World::of(before), World::of(after));
        let asks = base.asks(&head);
        let entities = base.entities(&head, &asks);
        Self { asks, policies, entities }
    }

    /// Whether every question of a change is answered with yes.
    pub(crate) fn allows(&self, actor: &str, change: &Change) -> bool {
        let permits = |ask: &Ask| {
            let (action, thing) = (uid("Action", &ask.action), uid("Thing", &ask.resource));
            let request = Request::new(uid("User", actor), action, thing, Context::empty(), None);
            let response = Authorizer::new().is_authorized(&request.unwrap(), &self.policies, &self.entities);
            let errors: Vec<String> = response.diagnostics().errors().map(ToString::to_string).collect();
            assert!(errors.is_empty(), "{errors:?}");
            response.decision() == Decision::Allow
        };
        self.asks[change].iter().all(permits)
    }
}

/// The rules of base as Cedar's policies.
pub(crate) fn rules(base: &Files) -> PolicySet {
    let policies = World::of(base).policies();
    policies.parse().unwrap_or_else(|error| panic!("{error}:\n{policies}"))
}

fn uid(kind: &str, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.parse().unwrap(), cedar_policy::EntityId::new(id))
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"") // the names of these worlds need no escapes
}

/// The documents of a catalog by what they are about; several where one is declared twice.
struct World<'a> {
    documents: BTreeMap<&'static str, BTreeMap<String, Vec<&'a Json>>>,
    entities: BTreeMap<Key, &'a Json>,
    broken: Vec<&'a str>,
    owners: Owners,
}

fn texts(list: &Json) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(Json::as_str).collect()
}

fn blueprint_of(action: &Json) -> &str {
    action["trigger"]["blueprintIdentifier"].as_str().unwrap()
}

impl<'a> World<'a> {
    fn of(files: &'a Files) -> Self {
        let mut documents: BTreeMap<&'static str, BTreeMap<String, Vec<&Json>>> = BTreeMap::new();
        let (mut entities, mut broken) = (BTreeMap::new(), Vec::new());
        for (path, document) in files {
            let id = |key: &str| document[key].as_str().unwrap_or_default().to_owned();
            let (kind, name) = match path.split('/').next().unwrap() {
                "entities" => {
                    entities.insert((id("blueprint"), id("identifier")), document);
                    continue;
                }
                "permissions" if !document.is_object() => {
                    broken.push(path.rsplit('/').next().unwrap().strip_suffix(".json").unwrap());
                    continue;
                }
                "permissions" => ("permissions", id("blueprint")),
                "blueprints" => ("blueprints", id("identifier")),
                "actions" => ("actions", id("identifier")),
                "runs" => ("runs", id("identifier")),
                "users" => ("users", id("identifier")),
                "teams" => ("teams", id("identifier")),
                _ => ("catalog.yaml", String::new()),
            };
            documents.entry(kind).or_default().entry(name).or_default().push(document);
        }
        let mut world = Self { documents, entities, broken, owners: Owners::new() };
        let blueprints = world.kind("blueprints").map(|(id, all)| (id.as_str(), all[0])).collect();
        world.owners = owners(&blueprints, &world.entities);
        world
    }

    fn kind(&self, kind: &str) -> impl Iterator<Item = (&String, &Vec<&'a Json>)> {
        self.documents.get(kind).into_iter().flatten()
    }

    fn all(&self, kind: &str, id: &str) -> &[&'a Json] {
        self.documents.get(kind).and_then(|all| all.get(id)).map_or(&[], Vec::as_slice)
    }

    /// The only document of this name.
    fn only(&self, kind: &str, id: &str) -> Option<&'a Json> {
        match self.all(kind, id) {
            [one] => Some(one),
            _ => None,
        }
    }

    /// What is broken, or said twice, grants nothing; the default does not stand in for it.
    fn readable(&self, blueprint: &str) -> bool {
        match self.all("permissions", blueprint).len() {
            0 => self.broken.is_empty(),
            1 => !self.broken.contains(&blueprint),
            _ => false,
        }
    }

    /// The rights of a blueprint that are written, but for the global one, with their rules.
    fn written(&self, blueprint: &str) -> Vec<(String, &'a Json)> {
        let Some(document) = self.only("permissions", blueprint) else { return Vec::new() };
        let within = |at: &'a Json| at.as_object().into_iter().flatten();
        let entities = &document["entities"];
        let mut out: Vec<(String, &Json)> = Vec::new();
        out.extend(
            within(entities).filter(|(key, _)| matches!(key.as_str(), "register" | "unregister")).map(|(k, v)| (k.clone(), v)),
        );
        out.extend(within(&entities["updateProperties"]).map(|(name, rule)| (format!("property {name}"), rule)));
        out.extend(within(&entities["updateRelations"]).map(|(name, rule)| (format!("relation {name}"), rule)));
        let execute = |(id, rules): (&String, &'a Json)| Some((format!("execute {id}"), rules.get("execute")?));
        out.extend(within(&document["actions"]).filter_map(execute));
        out
    }

    fn update(&self, blueprint: &str) -> Option<&'a Json> {
        self.only("permissions", blueprint)?["entities"].get("update")
    }

    /// Every blueprint that anything is about.
    fn blueprints(&self, head: &Self) -> BTreeSet<String> {
        let mut out = BTreeSet::new();
        for world in [self, head] {
            out.extend(world.kind("blueprints").chain(world.kind("permissions")).map(|(id, _)| id.clone()));
            out.extend(world.entities.keys().map(|(blueprint, _)| blueprint.clone()));
            out.extend(world.kind("actions").flat_map(|(_, all)| all.iter().map(|action| blueprint_of(action).to_owned())));
        }
        out
    }

    fn policies(&self) -> String {
        let mut out = String::from(concat!(
            "forbid(principal, action, resource) unless { principal in Roster::\"base\" };\n",
            "permit(principal in Role::\"Admin\", action in [Action::\"administer\", Action::\"govern\"], resource);\n",
            "permit(principal, action == Action::\"govern\", resource)\n",
            "  when { resource.blueprint.known && principal in resource.blueprint.moderators };\n",
            "permit(principal, action in Action::\"act\", resource) when {\n",
            "  resource.blueprint.readable && !resource.blueprint.written.contains(action) &&\n",
            "  !(action in Action::\"field\" && resource.blueprint.global) &&\n",
            "  (principal in Role::\"Admin\" || principal in resource.blueprint.moderators)\n};\n",
        ));
        for (blueprint, _) in self.kind("permissions") {
            let mut policy = |actions: &str, unless: &str, rule: &Json| {
                let head = format!("permit(principal, action {actions}, resource in Blueprint::{})", quoted(blueprint));
                out += &format!("{head} when {{\n  resource.blueprint.readable{unless} && ({})\n}};\n", condition(rule));
            };
            for (right, rule) in self.written(blueprint) {
                let unless = " && !(action in Action::\"field\" && resource.blueprint.global)";
                policy(&format!("== Action::{}", quoted(&right)), unless, rule);
            }
            if let Some(rule) = self.update(blueprint) {
                policy("in Action::\"field\"", "", rule);
            }
        }
        out
    }

    /// The roster of base, and what may be asked about: entities with their owners in base, and in head where they are new.
    fn entities(&self, head: &Self, asks: &BTreeMap<Change, Vec<Ask>>) -> Entities {
        let mut out: Vec<Entity> = Vec::new();
        for (id, _) in self.kind("users") {
            let Some(user) = self.only("users", id) else { continue };
            let mut parents = HashSet::from([uid("Roster", "base")]);
            parents.extend(texts(&user["roles"]).into_iter().map(|role| uid("Role", role)));
            let teams = self
                .kind("teams")
                .filter(|(_, all)| matches!(&all[..], [team] if texts(&team["members"]).contains(&id.as_str())));
            parents.extend(teams.map(|(team, _)| uid("Team", team)));
            out.push(Entity::new_no_attrs(uid("User", id), parents));
        }
        let set = |items: Vec<Value>| Value::new_set(items);
        for blueprint in self.blueprints(head) {
            let written =
                self.written(&blueprint).into_iter().map(|(right, _)| Value::new_entity_uid(uid("Action", &right))).collect();
            let attributes = [
                ("known", Value::new_bool(!self.all("blueprints", &blueprint).is_empty())),
                ("readable", Value::new_bool(self.readable(&blueprint))),
                ("global", Value::new_bool(self.update(&blueprint).is_some())),
                ("written", set(written)),
                ("moderators", Value::new_entity_uid(uid("Role", &format!("{blueprint}-moderator")))),
            ];
            out.push(entity(uid("Blueprint", &blueprint), attributes, None));
            // What a run without a target, or what is about the blueprint itself, asks about.
            let none = [("blueprint", Value::new_entity_uid(uid("Blueprint", &blueprint))), ("owners", set(Vec::new()))];
            out.push(entity(uid("Thing", &format!("{blueprint}/")), none, Some(uid("Blueprint", &blueprint))));
        }
        let news = head.entities.iter().filter(|(key, _)| !self.entities.contains_key(*key)).map(|new| (new, &head.owners));
        for ((key, document), owners) in self.entities.iter().map(|old| (old, &self.owners)).chain(news) {
            let teams = owners[key].iter().map(|team| Value::new_entity_uid(uid("Team", team))).collect();
            let mut attributes = vec![("blueprint", Value::new_entity_uid(uid("Blueprint", &key.0))), ("owners", set(teams))];
            if let Some(text) = document["properties"]["s"].as_str() {
                attributes.push(("s", Value::new_string(text.to_owned())));
            }
            out.push(entity(uid("Thing", &format!("{}/{}", key.0, key.1)), attributes, Some(uid("Blueprint", &key.0))));
        }
        let asked: BTreeSet<&str> = asks.values().flatten().map(|ask| ask.action.as_str()).collect();
        for action in asked.into_iter().filter(|action| !matches!(*action, "govern" | "administer" | "nothing")) {
            let field = action.starts_with("property ") || action.starts_with("relation ");
            let kinds = ["act", "field"].into_iter().take(1 + usize::from(field)).map(|kind| uid("Action", kind)).collect();
            out.push(Entity::new_no_attrs(uid("Action", action), kinds));
        }
        Entities::from_entities(out, None).unwrap()
    }

    /// What changes, and what each change asks for.
    fn asks(&self, head: &Self) -> BTreeMap<Change, Vec<Ask>> {
        let mut out = BTreeMap::new();
        let govern = |blueprint: &str| Ask { action: "govern".into(), resource: format!("{blueprint}/") };
        let administer = || vec![Ask { action: "administer".into(), resource: "-".into() }];
        for kind in ["catalog.yaml", "blueprints", "permissions", "actions", "runs", "users", "teams"] {
            let ids: BTreeSet<&String> = self.kind(kind).chain(head.kind(kind)).map(|(id, _)| id).collect();
            let meanings =
                |world: &Self, id: &str| world.all(kind, id).iter().map(|document| meaning(document)).collect::<Vec<_>>();
            for id in ids.into_iter().filter(|id| meanings(self, id) != meanings(head, id)) {
                let asks = match kind {
                    "blueprints" | "permissions" => vec![govern(id)],
                    "actions" => {
                        let both = self.all(kind, id).iter().chain(head.all(kind, id));
                        both.map(|action| blueprint_of(action)).collect::<BTreeSet<_>>().into_iter().map(govern).collect()
                    }
                    "runs" if self.all(kind, id).is_empty() => vec![self.execute(head.all(kind, id)[0])],
                    _ => administer(),
                };
                let subject = if kind == "catalog.yaml" { kind.to_owned() } else { format!("{kind}/{id}") };
                out.insert((subject, String::new()), asks);
            }
        }
        let keys: BTreeSet<&Key> = self.entities.keys().chain(head.entities.keys()).collect();
        for key in keys {
            let subject = format!("{}/{}", key.0, key.1);
            let act = |action: String| vec![Ask { action, resource: subject.clone() }];
            let mut put = |field: &str, right: String| out.insert((subject.clone(), field.to_owned()), act(right));
            let (old, new) = (self.entities.get(key), head.entities.get(key));
            match (old, new) {
                (Some(_), None) => drop(put("", "unregister".into())),
                (None, Some(_)) => drop(put("", "register".into())),
                _ => {}
            }
            let Some(new) = new else { continue };
            for (right, field) in changed(old.unwrap_or(&&Json::Null), new) {
                put(&field, format!("{right} {field}"));
            }
            // Whoever moves an owner needs `$team` of what moves, wherever the change was made.
            if old.is_some() && self.owners[key] != head.owners[key] {
                put("$team", "property $team".into());
            }
        }
        out
    }

    /// Base alone tells what an action is, who may run it, and who owns what it is run on.
    fn execute(&self, run: &Json) -> Ask {
        let id = run["action"].as_str().unwrap();
        let Some(action) = self.only("actions", id) else {
            return Ask { action: "nothing".into(), resource: "-".into() };
        };
        let key = (blueprint_of(action).to_owned(), run["entity"].as_str().unwrap_or_default().to_owned());
        let target = if self.entities.contains_key(&key) { key.1.as_str() } else { "" };
        Ask { action: format!("execute {id}"), resource: format!("{}/{target}", key.0) }
    }
}

fn entity<'k>(uid: EntityUid, attributes: impl IntoIterator<Item = (&'k str, Value)>, within: Option<EntityUid>) -> Entity {
    let attributes: HashMap<String, Value> = attributes.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    Entity::new(uid, attributes, within.into_iter().collect()).unwrap()
}

/// A document without what means nothing: the order of sets, a flag that is not set, and which spelling of ownership it is.
fn meaning(document: &Json) -> Json {
    let Some(map) = document.as_object() else { return document.clone() };
    let mut out = serde_json::Map::new();
    for (key, value) in map {
        let value = meaning(value);
        match key.as_str() {
            "ownedByTeam" | "many" if value == false => {}
            "ownership" if value["type"] == "Direct" => {}
            "ownership" => drop(out.insert("teamInheritance".into(), serde_json::json!({"path": value["path"]}))),
            "roles" | "users" | "teams" | "members" if texts(&value).is_empty() => {}
            "roles" | "users" | "teams" | "members" => {
                let set: BTreeSet<&str> = texts(&value).into_iter().collect();
                out.insert(key.clone(), set.into_iter().collect::<Vec<_>>().into());
            }
            "updateProperties" | "updateRelations" if value.as_object().is_some_and(serde_json::Map::is_empty) => {}
            _ => drop(out.insert(key.clone(), value)),
        }
    }
    out.into()
}

/// The fields in which two entities differ; teams as a set, whichever way they are written.
fn changed(old: &Json, new: &Json) -> Vec<(&'static str, String)> {
    let mut out = Vec::new();
    let mut compare = |right, name: &str, old: Option<&Json>, new: Option<&Json>| {
        if old != new {
            out.push((right, name.to_owned()));
        }
    };
    compare("property", "$title", old.get("title"), new.get("title"));
    compare("property", "$icon", old.get("icon"), new.get("icon"));
    let set = |team: &Json| match team {
        Json::String(one) => Json::from(vec![one.as_str()]),
        list => Json::from(texts(list).into_iter().collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>()),
    };
    compare("property", "$team", old.get("team").map(set).as_ref(), new.get("team").map(set).as_ref());
    for (right, part) in [("property", "properties"), ("relation", "relations")] {
        let within = |at: &'_ Json| at[part].as_object().cloned().unwrap_or_default();
        let (old, new) = (within(old), within(new));
        for name in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
            compare(right, name, old.get(name), new.get(name));
        }
    }
    out
}

/// A rule as a condition: any part that holds grants; nothing in it grants nobody.
fn condition(rule: &Json) -> String {
    let mut any: Vec<String> = vec!["false".into()];
    for (part, kind) in [("roles", "Role"), ("teams", "Team")] {
        any.extend(texts(&rule[part]).into_iter().map(|id| format!("principal in {kind}::{}", quoted(id))));
    }
    any.extend(texts(&rule["users"]).into_iter().map(|id| format!("principal == User::{}", quoted(id))));
    if rule["ownedByTeam"] == Json::Bool(true) {
        any.push("principal in resource.owners".into());
    }
    if let Some(rules) = rule["policy"]["rules"].as_array() {
        let equal = |rule: &Json| format!("(resource has s && resource.s == {})", quoted(rule["value"].as_str().unwrap()));
        let glue = if rule["policy"]["combinator"] == "and" { " && " } else { " || " };
        any.push(format!("({})", rules.iter().map(equal).collect::<Vec<_>>().join(glue)));
    }
    any.join(" || ")
}
