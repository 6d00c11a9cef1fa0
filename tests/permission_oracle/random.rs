//! Random catalogs and random edits of them, as files of JSON: small worlds in which names meet often.

use std::collections::BTreeMap;

use fastrand::Rng;
use serde_json::{Map, Value as Json, json};

/// A catalog: its files by path, one document each.
pub(crate) type Files = BTreeMap<String, Json>;

const BLUEPRINTS: &[&str] = &["A", "B", "C", "D"];
const ENTITIES: &[&str] = &["x", "y", "z"];
const USERS: &[&str] = &["ann@a.dev", "ben@a.dev", "cat@a.dev", "dan@a.dev", "eve@a.dev"];
const TEAMS: &[&str] = &["red", "green", "blue"];
const PROPERTIES: &[&str] = &["p", "q", "s"];
const RELATIONS: &[&str] = &["r", "t"];
const ACTIONS: &[&str] = &["grow", "shrink", "stop"];
/// Written again under another path, a document is declared twice.
const TWIN: &str = "twin";

/// Everyone who is asked about: the roster, somebody who is in no roster, and a stranger (without an `@`).
pub(crate) const ACTORS: &[&str] = &["ann@a.dev", "ben@a.dev", "cat@a.dev", "dan@a.dev", "eve@a.dev", "zoe@a.dev", "stranger"];

fn one<'a>(r: &mut Rng, from: &[&'a str]) -> &'a str {
    from[r.usize(..from.len())]
}

fn likely(r: &mut Rng, percent: u32) -> bool {
    r.u32(..100) < percent
}

/// Some of `from`, each once, in any order.
fn some<'a>(r: &mut Rng, from: &[&'a str], percent: u32) -> Vec<&'a str> {
    let mut all: Vec<&str> = from.iter().copied().filter(|_| likely(r, percent)).collect();
    r.shuffle(&mut all);
    all
}

fn role(r: &mut Rng) -> String {
    match r.u32(..6) {
        0 => "Admin".into(),
        1 | 2 => "Member".into(),
        _ => format!("{}-moderator", one(r, BLUEPRINTS)),
    }
}

fn roles(r: &mut Rng) -> Vec<String> {
    let mut all: Vec<String> = (0..r.usize(..3)).map(|_| role(r)).collect();
    all.sort();
    all.dedup();
    all
}

fn value(r: &mut Rng) -> Json {
    [json!(1), json!("1"), json!("red"), json!(true), json!(null), json!([1]), json!({"a": 1})][r.usize(..7)].clone()
}

fn rule(r: &mut Rng) -> Json {
    let mut rule = Map::new();
    if likely(r, 45) {
        rule.insert("roles".into(), json!(roles(r)));
    }
    if likely(r, 25) {
        rule.insert("users".into(), json!(some(r, USERS, 30)));
    }
    if likely(r, 25) {
        rule.insert("teams".into(), json!(some(r, TEAMS, 40)));
    }
    if likely(r, 45) {
        rule.insert("ownedByTeam".into(), json!(likely(r, 85)));
    }
    if likely(r, 12) {
        let equal = |r: &mut Rng| json!({"property": "s", "operator": "=", "value": one(r, &["red", "tan"])});
        let rules: Vec<Json> = (0..r.usize(1..3)).map(|_| equal(r)).collect();
        rule.insert("policy".into(), json!({"combinator": one(r, &["and", "or"]), "rules": rules}));
    }
    Json::Object(rule)
}

fn rules(r: &mut Rng, names: &[&str]) -> Json {
    Json::Object(some(r, names, 35).into_iter().map(|name| (name.to_owned(), rule(r))).collect())
}

fn blueprint(r: &mut Rng, id: &str) -> Json {
    let mut relations = Map::new();
    for name in RELATIONS.iter().copied().filter(|_| likely(r, 85)).collect::<Vec<_>>() {
        relations.insert(name.into(), json!({"target": one(r, BLUEPRINTS), "many": likely(r, 8)}));
    }
    let mut all = json!({
        "identifier": id,
        "schema": {"properties": {"p": {"type": "string"}, "q": {"type": "string"}, "s": {"type": "string"}}},
        "relations": relations,
    });
    if likely(r, 60) {
        let path: Vec<&str> = (0..r.usize(1..4)).map(|_| one(r, RELATIONS)).collect();
        let (key, told) = match likely(r, 50) {
            true => ("teamInheritance", json!({"path": path.join(".")})),
            false => ("ownership", json!({"type": "Inherited", "path": path.join(".")})),
        };
        all[key] = told;
    } else if likely(r, 30) {
        all["ownership"] = json!({"type": "Direct"});
    }
    all
}

fn team_of(r: &mut Rng) -> Json {
    match likely(r, 40) {
        true => json!(one(r, TEAMS)),
        false => json!(some(r, TEAMS, 45)),
    }
}

fn relation(r: &mut Rng) -> Json {
    match r.u32(..12) {
        0 => Json::Null,
        1 => json!(some(r, ENTITIES, 50)),
        _ => json!(one(r, ENTITIES)),
    }
}

fn entity(r: &mut Rng, blueprint: &str, id: &str) -> Json {
    let mut all = json!({"identifier": id, "blueprint": blueprint});
    if likely(r, 40) {
        all["team"] = team_of(r);
    }
    if likely(r, 30) {
        all["title"] = json!(one(r, &["one", "two"]));
    }
    if likely(r, 20) {
        all["icon"] = json!(one(r, &["Service", "Cluster"]));
    }
    let properties: Map<String, Json> = some(r, &["p", "q"], 40).into_iter().map(|name| (name.into(), value(r))).collect();
    all["properties"] = Json::Object(properties);
    if likely(r, 60) {
        all["properties"]["s"] = json!(one(r, &["red", "tan"]));
    }
    all["relations"] = Json::Object(some(r, RELATIONS, 75).into_iter().map(|name| (name.into(), relation(r))).collect());
    all
}

fn permissions(r: &mut Rng, blueprint: &str) -> Json {
    let mut entities = Map::new();
    for (key, percent) in [("register", 50), ("unregister", 50), ("update", 30)] {
        if likely(r, percent) {
            entities.insert(key.into(), rule(r));
        }
    }
    entities.insert("updateProperties".into(), rules(r, &["p", "q", "s", "$team", "$title", "$icon"]));
    entities.insert("updateRelations".into(), rules(r, RELATIONS));
    let mut actions = Map::new();
    for action in some(r, ACTIONS, 50) {
        let execute = likely(r, 80).then(|| ("execute".to_owned(), rule(r)));
        let approve = likely(r, 40).then(|| ("approve".to_owned(), rule(r)));
        actions.insert(action.into(), Json::Object(execute.into_iter().chain(approve).collect()));
    }
    json!({"blueprint": blueprint, "entities": entities, "actions": actions})
}

fn action(r: &mut Rng, id: &str) -> Json {
    let operation = one(r, &["CREATE", "DAY-2", "DELETE"]);
    json!({
        "identifier": id,
        "trigger": {
            "type": "self-service", "operation": operation, "blueprintIdentifier": one(r, BLUEPRINTS),
            "userInputs": {"properties": {}, "required": []},
        },
        "invocationMethod": {"type": "WEBHOOK", "url": format!("https://a.example/{}", r.u32(..2))},
    })
}

fn run(r: &mut Rng, id: &str) -> Json {
    let mut all = json!({"identifier": id, "action": one(r, &["grow", "shrink", "stop", "leap"])});
    if likely(r, 80) {
        all["entity"] = json!(one(r, ENTITIES));
    }
    if likely(r, 30) {
        all["reason"] = json!(one(r, &["why not", "because"]));
    }
    all
}

/// One document of any kind, and its path; sometimes a path of its twin.
fn document(r: &mut Rng, twins: u32) -> (String, Json) {
    let (directory, name, document) = match r.u32(..20) {
        0..=2 => {
            let id = one(r, BLUEPRINTS);
            ("blueprints", id.to_owned(), blueprint(r, id))
        }
        3..=9 => {
            let (b, id) = (one(r, BLUEPRINTS), one(r, ENTITIES));
            return (format!("entities/{b}/{id}.json"), entity(r, b, id)); // twins of entities are told elsewhere
        }
        10 | 11 => {
            let id = one(r, BLUEPRINTS);
            ("permissions", id.to_owned(), permissions(r, id))
        }
        12 | 13 => {
            let id = one(r, ACTIONS);
            ("actions", id.to_owned(), action(r, id))
        }
        14 | 15 => {
            let id = format!("run-{}", r.u32(..4));
            ("runs", id.clone(), run(r, &id))
        }
        16 | 17 => {
            let id = one(r, USERS);
            ("users", id.to_owned(), json!({"identifier": id, "roles": roles(r)}))
        }
        18 => {
            let id = one(r, TEAMS);
            ("teams", id.to_owned(), json!({"identifier": id, "members": some(r, USERS, 40)}))
        }
        _ => return ("catalog.yaml".into(), json!({"expiry": one(r, &["1h", "2d"])})),
    };
    let twin = if directory != "blueprints" && likely(r, twins) { TWIN } else { "one" };
    (format!("{directory}/{twin}/{name}.json"), document)
}

/// A catalog: a roster, four blueprints, their entities, and documents of every other kind.
pub(crate) fn catalog(r: &mut Rng) -> Files {
    let mut files = Files::new();
    for id in BLUEPRINTS.iter().filter(|_| !likely(r, 6)).copied().collect::<Vec<_>>() {
        files.insert(format!("blueprints/one/{id}.json"), blueprint(r, id));
        for name in ENTITIES.iter().filter(|_| !likely(r, 15)).copied().collect::<Vec<_>>() {
            files.insert(format!("entities/{id}/{name}.json"), entity(r, id, name));
        }
        if likely(r, 75) {
            files.insert(format!("permissions/one/{id}.json"), permissions(r, id));
        }
    }
    for user in USERS.iter().copied().filter(|_| !likely(r, 8)).collect::<Vec<_>>() {
        files.insert(format!("users/one/{user}.json"), json!({"identifier": user, "roles": roles(r)}));
    }
    for team in TEAMS.iter().copied().filter(|_| !likely(r, 8)).collect::<Vec<_>>() {
        files.insert(format!("teams/one/{team}.json"), json!({"identifier": team, "members": some(r, USERS, 40)}));
    }
    files.extend(
        ACTIONS
            .iter()
            .copied()
            .filter(|_| !likely(r, 10))
            .collect::<Vec<_>>()
            .into_iter()
            .map(|id| (format!("actions/one/{id}.json"), action(r, id))),
    );
    files.extend((0..6).map(|_| document(r, 15)).collect::<Vec<_>>());
    if likely(r, 4) {
        // No permissions document: nobody can tell what stood there.
        files.insert(format!("permissions/broken/{}.json", one(r, &["A", "B", "other"])), json!(7));
    }
    // Without a single user nothing is judged at all.
    files.entry("users/one/ann@a.dev.json".into()).or_insert_with(|| json!({"identifier": "ann@a.dev", "roles": ["Member"]}));
    files
}

/// The same catalog after some edits; what cannot be read stays as it is.
pub(crate) fn edited(r: &mut Rng, before: &Files) -> Files {
    let mut after = before.clone();
    for _ in 0..r.usize(1..6) {
        let paths: Vec<String> = after.keys().filter(|path| !path.contains("/broken/")).cloned().collect();
        match r.u32(..10) {
            0..=1 => drop(after.remove(&paths[r.usize(..paths.len())])),
            // Part of an entity: the change that is made most.
            2..=5 => {
                let entities: Vec<&String> = paths.iter().filter(|path| path.starts_with("entities/")).collect();
                if let Some(path) = (!entities.is_empty()).then(|| entities[r.usize(..entities.len())].clone()) {
                    part(r, after.get_mut(&path).unwrap());
                }
            }
            _ => drop({
                let (path, document) = document(r, 12);
                after.insert(path, document)
            }),
        }
    }
    after
}

fn part(r: &mut Rng, entity: &mut Json) {
    let set = |object: &mut Json, key: &str, new: Option<Json>| match new {
        Some(new) => object[key] = new,
        None => drop(object.as_object_mut().unwrap().remove(key)),
    };
    let keep = !likely(r, 20);
    match r.u32(..6) {
        0 | 1 => {
            let team = team_of(r);
            set(entity, "team", keep.then_some(team));
        }
        2 => set(entity, "title", keep.then(|| json!(one(r, &["one", "two", "three"])))),
        3 => {
            let (name, value) = (one(r, &PROPERTIES[..2]), value(r));
            set(&mut entity["properties"], name, keep.then_some(value));
        }
        _ => {
            let (name, value) = (one(r, RELATIONS), relation(r));
            set(&mut entity["relations"], name, keep.then_some(value));
        }
    }
}
