//! What becomes of one document that is no person and no group.

use std::collections::{BTreeMap, BTreeSet};

use crate::import::draft::{Draft, Fields, entries, is_nothing, items, text_at};
use crate::import::{Notes, Weight};
use crate::model::{EntityKey, Identifier, Limits, Subject, Value};

use super::people::People;
use super::read::Descriptor;
use super::reference::{Index, Reference, blueprint};

/// Relations by the field they stand in: the kind that is meant where none is said, and whether there may be several.
const RELATIONS: &[(&str, &str, bool)] = &[
    ("system", "system", false),
    ("domain", "domain", false),
    ("subcomponentOf", "component", false),
    ("subdomainOf", "domain", false),
    ("providesApis", "api", true),
    ("consumesApis", "api", true),
];

/// Relations of each blueprint that the generated blueprints have.
fn has_relation(kind: &str, relation: &str) -> bool {
    match relation {
        "system" => matches!(kind, "component" | "api" | "resource"),
        "domain" => kind == "system",
        "subdomainOf" => kind == "domain",
        "subcomponentOf" | "providesApis" | "consumesApis" => kind == "component",
        _ => matches!(kind, "component" | "resource"),
    }
}

type Many = BTreeMap<&'static str, BTreeSet<String>>;

/// The entities; who owns them may have to be made known to the roster.
pub(super) fn entities(descriptors: &[Descriptor], index: &Index<'_>, people: &mut People, notes: &mut Notes) -> Vec<Draft> {
    let mut dependencies = dependencies(descriptors, index, notes);
    let entities = descriptors.iter().filter(|descriptor| blueprint(&descriptor.kind).is_some());
    entities
        .filter_map(|descriptor| {
            let depends_on = dependencies.remove(&Reference::of(descriptor)).unwrap_or_default();
            entity(descriptor, depends_on, index, people, notes)
        })
        .collect()
}

/// `dependsOn`, and `dependencyOf` from its other end.
fn dependencies(descriptors: &[Descriptor], index: &Index<'_>, notes: &mut Notes) -> BTreeMap<Reference, Many> {
    let mut out: BTreeMap<Reference, Many> = BTreeMap::new();
    let mut add = |from: Reference, to: &Reference, identifier: String, told: &str, notes: &mut Notes| {
        let relation = match to.kind.as_str() {
            "component" => "dependsOnComponents",
            "resource" => "dependsOnResources",
            other => {
                notes.left_out(
                    told,
                    format!("a dependency on the {other} `{identifier}` is left out: components and resources have them"),
                    "",
                );
                return;
            }
        };
        if has_relation(&from.kind, relation) {
            out.entry(from).or_default().entry(relation).or_default().insert(identifier);
        } else {
            notes.left_out(
                told,
                format!("the {} has no dependencies here, so that on `{identifier}` is left out", from.kind),
                "",
            );
        }
    };
    for descriptor in descriptors {
        let (own, told) = (Reference::of(descriptor), subject_of(descriptor));
        for text in descriptor.spec.get("dependsOn").map(items).unwrap_or_default().iter().filter_map(Value::as_str) {
            let to = Reference::read(text, "component", &descriptor.namespace);
            match index.entity(&to) {
                Some(identifier) => add(own.clone(), &to, identifier, &told, notes),
                None => unresolved(&told, "dependsOn", text, notes),
            }
        }
        for text in descriptor.spec.get("dependencyOf").map(items).unwrap_or_default().iter().filter_map(Value::as_str) {
            let from = Reference::read(text, "component", &descriptor.namespace);
            let imported = descriptors.iter().any(|other| Reference::of(other) == from);
            if imported {
                add(from, &own, descriptor.identifier(), &told, notes);
            } else {
                unresolved(&told, "dependencyOf", text, notes);
            }
        }
    }
    out
}

fn subject_of(descriptor: &Descriptor) -> String {
    format!("{}/{}", blueprint(&descriptor.kind).unwrap_or(&descriptor.kind), descriptor.identifier())
}

fn unresolved(told: &str, field: &str, text: &str, notes: &mut Notes) {
    let why = format!("`{field}: {text}` is left out: nothing of that name is imported, nor in the repository");
    notes.left_out(told, why, "import its file too, then this one again");
}

fn entity(descriptor: &Descriptor, depends_on: Many, index: &Index<'_>, people: &mut People, notes: &mut Notes) -> Option<Draft> {
    let told = subject_of(descriptor);
    let blueprint = Identifier::new(blueprint(&descriptor.kind)?).ok()?;
    let identifier = Identifier::new(&descriptor.identifier())
        .map_err(|error| notes.kept_out(&descriptor.source, error.to_string(), "rename it in Backstage"))
        .ok()?;
    let mut properties = properties(descriptor, &told, notes);
    let mut relations = Fields::default();
    for (field, kind, many) in RELATIONS {
        let Some(written) = descriptor.spec.get(field).filter(|value| !is_nothing(value)) else { continue };
        if !has_relation(&descriptor.kind, field) {
            notes.left_out(&*told, format!("`spec.{field}` is left out: a {} has no such relation here", descriptor.kind), "");
            continue;
        }
        let texts: Vec<&str> =
            written.as_str().map_or_else(|| items(written).iter().filter_map(Value::as_str).collect(), |one| vec![one]);
        let mut found = Vec::new();
        for text in texts {
            let reference = Reference::read(text, kind, &descriptor.namespace);
            match index.entity(&reference).filter(|_| reference.kind == *kind) {
                Some(identifier) => found.push(identifier),
                None => unresolved(&told, field, text, notes),
            }
        }
        match (many, found.first()) {
            (_, None) => {}
            (true, Some(_)) => relations.set(field, Value::List(found.iter().map(|id| Value::from(id.as_str())).collect())),
            (false, Some(first)) => relations.set(field, Value::from(first.as_str())),
        }
    }
    for (relation, targets) in depends_on {
        relations.set(relation, Value::List(targets.iter().map(|id| Value::from(id.as_str())).collect()));
    }
    let mut fields = Fields::default();
    fields.set("identifier", Value::from(identifier.as_str()));
    fields.set("blueprint", Value::from(blueprint.as_str()));
    fields.set_some("title", text_at(&descriptor.metadata, "title").map(Value::from));
    if let Some(owner) = text_at(&descriptor.spec, "owner") {
        match people.owner(&Reference::read(owner, "group", &descriptor.namespace)) {
            Some(super::people::Owner::Team(team)) => fields.set("team", Value::from(team.as_str())),
            Some(super::people::Owner::User(user)) => properties.set("owningUser", Value::from(user.as_str())),
            None => unresolved(&told, "owner", owner, notes),
        }
    }
    fields.set_some("properties", Some(properties.done()));
    fields.set_some("relations", Some(relations.done()));
    let subject = Subject::Entity(EntityKey { blueprint, identifier });
    Some(Draft { subject, value: fields.done(), source: descriptor.source.clone() })
}

fn properties(descriptor: &Descriptor, told: &str, notes: &mut Notes) -> Fields {
    let mut out = Fields::default();
    for key in ["description", "tags", "labels", "annotations", "links"] {
        out.set_some(key, descriptor.metadata.get(key).cloned());
    }
    out.set_some("type", descriptor.spec.get("type").cloned());
    if matches!(descriptor.kind.as_str(), "component" | "api" | "resource") {
        out.set_some("lifecycle", descriptor.spec.get("lifecycle").cloned());
    }
    if !descriptor.namespace.eq_ignore_ascii_case("default") {
        out.set("namespace", Value::from(descriptor.namespace.as_str()));
    }
    if descriptor.kind == "api" {
        definition(&mut out, descriptor, told, notes);
    }
    const METADATA: &[&str] =
        &["name", "namespace", "title", "description", "tags", "labels", "annotations", "links", "uid", "etag", "generation"];
    for (key, _) in entries(&descriptor.metadata).iter().filter(|(key, _)| !METADATA.contains(&&**key)) {
        notes.count(Weight::LeftOut, "keys of `metadata` that Backstage does not describe are left out", key.to_string());
    }
    const SPEC: &[&str] = &["type", "lifecycle", "owner", "definition", "dependsOn", "dependencyOf"];
    let related = |key: &str| RELATIONS.iter().any(|(field, ..)| *field == key);
    for (key, _) in entries(&descriptor.spec).iter().filter(|(key, _)| !SPEC.contains(&&**key) && !related(key)) {
        notes.count(
            Weight::LeftOut,
            "keys of `spec` that Backstage does not describe are left out",
            format!("{}.{key}", descriptor.kind),
        );
    }
    out
}

/// The text of an API's definition; or, where it is a placeholder (`$text: ./openapi.yaml`), what that points at.
fn definition(out: &mut Fields, descriptor: &Descriptor, told: &str, notes: &mut Notes) {
    match descriptor.spec.get("definition") {
        Some(Value::String(text)) => {
            let most = Limits::default().scalar_bytes;
            if text.len() > most {
                let why =
                    format!("`definition` has {} bytes, more than the {most} that a text may have, and is left out", text.len());
                notes.left_out(told, why, "keep it in a file of its own and name that in `definitionSource`");
            } else {
                out.set_some("definition", Some(Value::String(text.clone())));
            }
        }
        Some(Value::Map(pairs)) => match pairs.first() {
            Some((key, Value::String(place))) if pairs.len() == 1 && key.starts_with('$') => {
                out.set("definitionSource", Value::String(place.clone()));
            }
            _ => notes.left_out(told, "`definition` is neither a text nor a placeholder, and is left out", ""),
        },
        _ => {}
    }
}
