//! The files of schemas for a catalog, and which documents each is for.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::catalog::Catalog;
use crate::model::{Blueprint, Kind};

use super::key::Keywords;
use super::known::{Known, References};
use super::table::document;
use super::write::Writer;
use super::{entity, run};

/// How a file of schemas says where it comes from; only files that say so are ever written over or removed.
pub const MARK: &str = "Written by `portcullis schema`; do not edit.";

/// One file of schemas.
#[derive(Clone, PartialEq, Debug)]
pub struct SchemaFile {
    /// Its name, in the directory of schemas.
    pub name: String,
    /// What it says.
    pub schema: Value,
    /// The documents it is for; none for what an editor needs no wiring to.
    pub covers: Vec<Cover>,
}

/// Documents of the catalog, by where they lie.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Cover {
    /// One file, from the root of the catalog, with its extension.
    File(String),
    /// Files below a directory, by their name without its extension.
    Stem(String, String),
    /// Everything below a directory, except files of these names without extension.
    Below(String, Vec<String>),
    /// What lies in a directory itself; and the files that do so now, as far as somebody would list them.
    Directly(String, Vec<String>),
}

/// The text of a schema: sorted keys, two spaces, a line break at the end.
pub fn text(schema: &Value) -> String {
    let mut out = serde_json::to_string_pretty(&sorted(schema)).unwrap_or_default();
    out.push('\n');
    out
}

/// With every key in its place, whatever map serde_json was built with.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let ordered: std::collections::BTreeMap<&String, Value> =
                map.iter().map(|(key, value)| (key, sorted(value))).collect();
            Value::Object(ordered.into_iter().map(|(key, value)| (key.clone(), value)).collect())
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        scalar => scalar.clone(),
    }
}

/// Every schema for this catalog, by name.
pub fn schemas(catalog: &Catalog, references: References) -> Vec<SchemaFile> {
    let known = Known { catalog, references };
    let plain = Writer { known: &known, about: None };
    let mut files = Vec::new();
    let mut taken = BTreeSet::new();
    let mut put = |mut name: String, title: String, mut schema: Map<String, Value>, covers: Vec<Cover>| {
        // Case is one on some systems, and an identifier may look like another's name of a file.
        while !taken.insert(name.to_lowercase()) {
            name = format!("{}.2.json", name.trim_end_matches(".json"));
        }
        schema.insert("$schema".to_owned(), json!("http://json-schema.org/draft-07/schema#"));
        schema.insert("$comment".to_owned(), json!(MARK));
        schema.entry("title".to_owned()).or_insert_with(|| json!(title));
        files.push(SchemaFile { name, schema: Value::Object(schema), covers });
    };
    for kind in [Kind::Blueprint, Kind::Action, Kind::User, Kind::Team, Kind::Policy] {
        let Some(section) = document(kind) else { continue };
        let mut schema = plain.section(section);
        let purposes: &[Keywords] = match kind {
            Kind::Blueprint => &[Keywords::Property],
            Kind::Action => &[Keywords::Input, Keywords::Condition],
            _ => &[],
        };
        if !purposes.is_empty() {
            let mut definitions = plain.definitions(purposes);
            definitions.extend(plain.searches());
            schema.insert("definitions".to_owned(), Value::Object(definitions));
        }
        let directory = kind.directory().to_owned();
        let cover = if kind == Kind::Policy { Cover::File(directory) } else { Cover::Below(directory, Vec::new()) };
        put(format!("{}.json", slug(kind)), section.title.to_owned(), schema, vec![cover]);
    }
    let blueprints: Vec<&Blueprint> = catalog.blueprints().iter().map(|(_, blueprint)| &blueprint.value).collect();
    for blueprint in &blueprints {
        let id = blueprint.identifier.as_str();
        let name = format!("entity.{}.json", file_name(id));
        let covers = if in_a_path(id) { vec![Cover::Below(format!("entities/{id}"), Vec::new())] } else { Vec::new() };
        put(name, format!("{id} entity"), entity::in_folder(&known, blueprint), covers);
        if let Some(section) = document(Kind::Permissions) {
            let writer = Writer { known: &known, about: Some(blueprint) };
            let mut schema = writer.section(section);
            schema.insert("definitions".to_owned(), Value::Object(writer.searches()));
            let covers = if in_a_path(id) {
                vec![Cover::Stem(Kind::Permissions.directory().to_owned(), id.to_owned())]
            } else {
                Vec::new()
            };
            put(format!("permissions.{}.json", file_name(id)), format!("Permissions of {id}"), schema, covers);
        }
    }
    let named: Vec<String> =
        blueprints.iter().map(|blueprint| blueprint.identifier.to_string()).filter(|id| in_a_path(id)).collect();
    put("entity.json".to_owned(), "Entity".to_owned(), entity::anywhere(&known), elsewhere(catalog, &named));
    if let Some(section) = document(Kind::Permissions) {
        let covers = vec![Cover::Below(Kind::Permissions.directory().to_owned(), named)];
        let mut schema = plain.section(section);
        schema.insert("definitions".to_owned(), Value::Object(plain.searches()));
        put("permissions.json".to_owned(), "Permissions".to_owned(), schema, covers);
    }
    for (id, action) in catalog.actions().iter() {
        let schema = run::of_action(&known, &action.value);
        put(format!("run.{}.json", file_name(id.as_str())), format!("Run of {id}"), schema, Vec::new());
    }
    let covers = vec![Cover::Below(Kind::Run.directory().to_owned(), Vec::new())];
    put("run.json".to_owned(), "Run".to_owned(), run::anywhere(&known), covers);
    files.sort_by(|a, b| a.name.cmp(&b.name));
    files
}

/// Where entities lie that have to say their blueprint: in `entities/` itself, and below directories that no blueprint has.
fn elsewhere(catalog: &Catalog, named: &[String]) -> Vec<Cover> {
    const LISTED: usize = 200;
    let files = catalog.entities().files().filter(|file| file.as_str().matches('/').count() == 1);
    let files: BTreeSet<String> = files.map(|file| file.as_str().to_owned()).take(LISTED).collect();
    let mut covers = vec![Cover::Directly(Kind::Entity.directory().to_owned(), files.into_iter().collect())];
    let mut directories = BTreeSet::new();
    for file in catalog.entities().files() {
        let Some((directory, _)) = file.as_str().strip_prefix("entities/").and_then(|rest| rest.split_once('/')) else {
            continue;
        };
        if !directories.contains(directory) && !named.iter().any(|id| id == directory) {
            directories.insert(directory.to_owned());
        }
    }
    covers.extend(directories.into_iter().map(|directory| Cover::Below(format!("entities/{directory}"), Vec::new())));
    covers
}

fn slug(kind: Kind) -> &'static str {
    match kind {
        Kind::Policy => "catalog",
        Kind::Blueprint => "blueprint",
        Kind::Entity => "entity",
        Kind::Permissions => "permissions",
        Kind::Action => "action",
        Kind::Run => "run",
        Kind::User => "user",
        Kind::Team => "team",
    }
}

/// Whether an identifier can be the name of one directory, and means itself in a glob.
fn in_a_path(identifier: &str) -> bool {
    identifier.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '@' | '_' | '.' | '=' | '-'))
}

/// An identifier as part of the name of a file, on every system and in every URI.
fn file_name(identifier: &str) -> String {
    let mut out = String::new();
    for c in identifier.chars() {
        // The language server takes a path for one only where it is made of these.
        if c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-') {
            out.push(c);
        } else {
            out.push_str(&format!(".x{:02X}.", u32::from(c)));
        }
    }
    out
}
