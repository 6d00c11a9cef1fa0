//! Random small catalogs, made of nouns, and random edits of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proptest::collection::{btree_map, btree_set, vec};
use proptest::prelude::*;

use crate::catalog::{Catalog, Document, FileDelta, Located, ParsedFile};
use crate::check::validate;
use crate::model::*;

/// Files by path, one document each.
pub(super) type Files = BTreeMap<String, Document>;

pub(super) fn ident(text: &str) -> Identifier {
    Identifier::new(text).unwrap()
}

fn pick(names: &'static [&'static str]) -> impl Strategy<Value = Identifier> {
    proptest::sample::select(names).prop_map(ident)
}

pub(super) const BLUEPRINTS: &[&str] = &["A", "B", "C"];
const ENTITIES: &[&str] = &["x1", "xl", "y", "z", "Z"];
pub(super) const TEAMS: &[&str] = &["red", "blue"];
pub(super) const USERS: &[&str] = &["ann@a.dev", "ben@a.dev", "cat@a.dev", "Ben@a.dev"];
const PROPERTIES: &[&str] = &["p", "q"];
const RELATIONS: &[&str] = &["r", "s"];

pub(super) fn file(path: &str, document: &Document) -> ParsedFile {
    let path = FilePath::new(path);
    let at = |pointer: Pointer| (path.clone(), pointer);
    macro_rules! place {
        ($($kind:ident),*) => { match document {
            $(Document::$kind(d) => { let (file, pointer) = at(Pointer::root()); Document::$kind(Located { file, pointer, value: d.value.clone() }) })*
        } };
    }
    let document = place!(Policy, Blueprint, Entity, Permissions, Action, Run, User, Team);
    ParsedFile { content: None, path: path.clone(), documents: vec![document], findings: Vec::new() }
}

pub(super) fn build(files: &Files) -> Catalog {
    Catalog::default().apply(files.iter().map(|(path, document)| FileDelta::put(file(path, document))))
}

fn lone<T>(value: T) -> Located<T> {
    Located { file: FilePath::new("x"), pointer: Pointer::root(), value }
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        Just(Value::Int(1)),
        Just(Value::Int(2)),
        Just(Value::from("1")),
        Just(Value::from("one")),
        Just(Value::from("red")),
        Just(Value::from("ann@a.dev")),
        Just(Value::Bool(true))
    ]
}

fn blueprint() -> impl Strategy<Value = Document> {
    let property = prop_oneof![
        Just(r#"{"type":"string"}"#),
        Just(r#"{"type":"number"}"#),
        Just(r#"{"type":"string","enum":["one","two"]}"#),
        Just(r#"{"type":"number","default":1}"#),
        Just(r#"{"type":"string","format":"user"}"#),
        Just(r#"{"type":"string","format":"team"}"#),
        Just(r##"{"type":"string","allOf":[{"$ref":"#/properties/p"}]}"##)
    ];
    let property = property.prop_map(|text| Property { definition: Value::from_json(&serde_json::from_str(text).unwrap()) });
    let names = proptest::sample::select(PROPERTIES).prop_map(Box::<str>::from);
    let relation = (pick(BLUEPRINTS), any::<bool>(), any::<bool>()).prop_map(|(target, required, many)| Relation {
        title: None,
        description: None,
        target,
        required: required && !many,
        many,
    });
    let relations = btree_map(proptest::sample::select(RELATIONS).prop_map(Box::<str>::from), relation, 0..3);
    let path = prop_oneof![
        2 => Just(None),
        3 => vec(proptest::sample::select(RELATIONS).prop_map(Box::<str>::from), 1..3).prop_map(Some)
    ];
    (pick(BLUEPRINTS), btree_map(names, property, 0..3), any::<u8>(), relations, path).prop_map(
        |(identifier, properties, required, relations, path)| {
            let required = if required % 4 == 0 { properties.keys().take(1).cloned().collect() } else { Vec::new() };
            Document::Blueprint(lone(Blueprint {
                identifier,
                title: None,
                icon: None,
                description: None,
                properties,
                required,
                relations,
                derived: BTreeMap::new(),
                ownership: path.map_or(Ownership::Direct, |path| Ownership::Inherited(RelationPath(path))),
            }))
        },
    )
}

pub(super) fn entity() -> impl Strategy<Value = Document> {
    let relation = prop_oneof![
        1 => Just(RelationValue::Null),
        6 => pick(ENTITIES).prop_map(RelationValue::One),
        1 => vec(pick(ENTITIES), 0..3).prop_map(RelationValue::Many)
    ];
    let team = proptest::option::weighted(0.4, btree_set(pick(TEAMS), 0..3).prop_map(|teams| teams.into_iter().collect()));
    (
        pick(BLUEPRINTS),
        pick(ENTITIES),
        proptest::option::of(Just("title".to_owned())),
        team,
        btree_map(proptest::sample::select(PROPERTIES).prop_map(Box::<str>::from), value(), 0..2),
        btree_map(proptest::sample::select(RELATIONS).prop_map(Box::<str>::from), relation, 0..3),
    )
        .prop_map(|(blueprint, identifier, title, team, properties, relations)| {
            let key = EntityKey { blueprint, identifier };
            Document::Entity(lone(Entity { key, title, icon: None, team, properties, relations }))
        })
}

fn role() -> impl Strategy<Value = Role> {
    prop_oneof![2 => Just(Role::Member), 1 => Just(Role::Admin), 2 => pick(BLUEPRINTS).prop_map(Role::Moderator)]
}

/// As documents are read: sorted, each once.
fn set<T: Ord>(items: Vec<T>) -> Vec<T> {
    items.into_iter().collect::<BTreeSet<T>>().into_iter().collect()
}

fn rule() -> impl Strategy<Value = Rule> {
    (vec(role(), 0..2), vec(pick(USERS), 0..2), vec(pick(TEAMS), 0..2), any::<bool>()).prop_map(
        |(roles, users, teams, owned_by_team)| Rule {
            roles: set(roles),
            users: set(users),
            teams: set(teams),
            owned_by_team,
            policy: None,
        },
    )
}

fn rules(names: &'static [&'static str]) -> impl Strategy<Value = BTreeMap<Box<str>, Rule>> {
    btree_map(proptest::sample::select(names).prop_map(Box::<str>::from), rule(), 0..2)
}

fn permissions() -> impl Strategy<Value = Document> {
    let some = || proptest::option::weighted(0.4, rule());
    (pick(BLUEPRINTS), some(), some(), some(), rules(&["p", "q", "$team", "$title"]), rules(RELATIONS)).prop_map(
        |(blueprint, register, unregister, update, update_properties, update_relations)| {
            let entities = EntityPermissions {
                register,
                unregister,
                update,
                update_properties,
                update_relations,
                ..EntityPermissions::default()
            };
            Document::Permissions(lone(Permissions { blueprint, entities, actions: BTreeMap::new() }))
        },
    )
}

fn user() -> impl Strategy<Value = Document> {
    (pick(USERS), vec(role(), 0..3), proptest::option::weighted(0.2, 1u64..3)).prop_map(|(identifier, roles, github_id)| {
        Document::User(lone(User {
            identifier,
            name: None,
            roles: set(roles),
            emails: Vec::new(),
            github_id,
            github_login: None,
            signing_keys: Vec::new(),
            bot: false,
        }))
    })
}

fn team() -> impl Strategy<Value = Document> {
    (pick(TEAMS), btree_set(pick(USERS), 0..3))
        .prop_map(|(identifier, members)| Document::Team(lone(Team { identifier, title: None, members, github: None })))
}

fn document() -> impl Strategy<Value = Document> {
    prop_oneof![3 => blueprint(), 8 => entity(), 2 => permissions(), 2 => user(), 1 => team()]
}

/// The path by which a document goes, so that an edit often meets a document that is there.
pub(super) fn path_of(document: &Document) -> String {
    match document {
        Document::Policy(_) => "catalog.yaml".to_owned(),
        Document::Blueprint(d) => format!("blueprints/{}.json", d.value.identifier),
        Document::Entity(d) => format!("entities/{}.json", d.value.key),
        Document::Permissions(d) => format!("permissions/{}.json", d.value.blueprint),
        Document::Action(d) => format!("actions/{}.json", d.value.identifier),
        Document::Run(d) => format!("runs/{}.json", d.value.identifier),
        Document::User(d) => format!("users/{}.json", d.value.identifier),
        Document::Team(d) => format!("teams/{}.json", d.value.identifier),
    }
}

/// A catalog in which no key is claimed twice.
pub(super) fn files() -> impl Strategy<Value = Files> {
    (vec(blueprint(), 0..6), vec(document(), 0..30))
        .prop_map(|(first, rest)| first.into_iter().chain(rest).map(|d| (path_of(&d), d)).collect())
}

#[derive(Clone, Debug)]
pub(super) enum Edit {
    Put(Document),
    /// A second claim, or a document of a name of its own.
    PutAt(u8, Document),
    Remove(proptest::sample::Index),
    Rename(proptest::sample::Index, u8),
}

pub(super) fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let edit = prop_oneof![
        6 => document().prop_map(Edit::Put),
        1 => (any::<u8>(), document()).prop_map(|(n, d)| Edit::PutAt(n % 3, d)),
        4 => any::<proptest::sample::Index>().prop_map(Edit::Remove),
        1 => (any::<proptest::sample::Index>(), any::<u8>()).prop_map(|(i, n)| Edit::Rename(i, n % 4))
    ];
    vec(edit, 1..5)
}

fn elsewhere(path: &str, number: u8) -> String {
    let (directory, name) = path.split_once('/').unwrap();
    format!("{directory}/moved{number}/{}", name.replace('/', "-"))
}

/// The files after some edits, and the catalog made from `before` by the same, sharing what it can.
pub(super) fn edited(files: &Files, before: &Catalog, edits: &[Edit]) -> (Files, Catalog) {
    let mut after = files.clone();
    for edit in edits {
        let at = |index: &proptest::sample::Index, files: &Files| {
            (!files.is_empty()).then(|| files.keys().nth(index.index(files.len())).unwrap().clone())
        };
        match edit {
            Edit::Put(document) => drop(after.insert(path_of(document), document.clone())),
            Edit::PutAt(number, document) => drop(after.insert(elsewhere(&path_of(document), *number), document.clone())),
            Edit::Remove(index) => drop(at(index, &after).map(|path| after.remove(&path))),
            Edit::Rename(index, number) => {
                if let Some(path) = at(index, &after) {
                    let document = after.remove(&path).unwrap();
                    after.insert(elsewhere(&path_of(&document), *number), document);
                }
            }
        }
    }
    let mut deltas: Vec<FileDelta> =
        files.keys().filter(|path| !after.contains_key(*path)).map(|path| FileDelta::Remove(FilePath::new(path))).collect();
    deltas.extend(after.iter().filter(|(path, d)| files.get(*path) != Some(d)).map(|(path, d)| FileDelta::put(file(path, d))));
    (after.clone(), before.apply(deltas))
}

/// What is left when every file with an error is taken out, again and again: a valid catalog.
pub(super) fn mended(mut files: Files) -> (Files, Catalog) {
    loop {
        let catalog = build(&files);
        let bad: BTreeSet<String> = validate(&catalog)
            .iter()
            .filter(|f| f.is_error())
            .filter_map(|f| f.place.as_ref())
            .map(|place| place.file.as_str().to_owned())
            .collect();
        if bad.is_empty() {
            return (files, catalog);
        }
        files.retain(|path, _| !bad.contains(path));
    }
}

/// The nouns of a catalog, without where they stand.
pub(super) fn nouns(catalog: &Catalog) -> BTreeMap<String, Document> {
    let mut out = BTreeMap::new();
    macro_rules! add {
        ($($table:ident: $kind:ident),*) => {$(
            for (_, located) in catalog.$table().iter() {
                let document = Document::$kind(lone(Arc::clone(located).value.clone()));
                out.insert(path_of(&document), document);
            }
        )*};
    }
    for located in catalog.entities().iter() {
        let document = Document::Entity(lone(located.value.clone()));
        out.insert(path_of(&document), document);
    }
    add!(policies: Policy, blueprints: Blueprint, permissions: Permissions, actions: Action, runs: Run, users: User, teams: Team);
    out
}
