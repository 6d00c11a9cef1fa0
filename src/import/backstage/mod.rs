//! Backstage's `catalog-info.yaml`: components, APIs, resources, systems and domains as entities of generated blueprints, groups as
//! teams, users as users.

mod blueprints;
mod entity;
mod people;
mod read;
mod reference;

use super::draft::{Draft, items, text_at};
use super::{Existing, Input, Notes, Weight};

use read::Descriptor;
use reference::Index;

/// Every document of the inputs, and the blueprints they need.
pub(super) fn drafts(inputs: &[Input], existing: &Existing, notes: &mut Notes) -> Vec<Draft> {
    let mut descriptors: Vec<Descriptor> = inputs.iter().flat_map(|input| read::read(input, notes)).collect();
    descriptors.retain(|descriptor| is_taken(descriptor, notes));
    if descriptors.is_empty() {
        return Vec::new();
    }
    let index = Index::of(&descriptors, existing);
    let mut people = people::People::of(&descriptors, notes);
    let mut out = blueprints::blueprints(existing);
    out.extend(entity::entities(&descriptors, &index, &mut people, notes));
    out.extend(people.drafts(existing, notes));
    out
}

/// Whether a document is of a kind that has its place here; a note where it is not.
fn is_taken(descriptor: &Descriptor, notes: &mut Notes) -> bool {
    match descriptor.kind.as_str() {
        "component" | "api" | "resource" | "system" | "domain" | "group" | "user" => true,
        "location" => {
            let spec = &descriptor.spec;
            let targets = spec.get("targets").map(items).unwrap_or_default().iter().filter_map(|target| target.as_str());
            let targets: Vec<&str> = text_at(spec, "target").into_iter().chain(targets).collect();
            let why = format!("only says where other files are; import those too: {}", targets.join(", "));
            notes.told(format!("location {}", descriptor.name), why);
            false
        }
        "template" => {
            notes.count(
                Weight::Told,
                "templates of the scaffolder are no part of the catalog, and are left out",
                descriptor.name.as_str(),
            );
            false
        }
        other => {
            let why = format!("there is nothing like the kind `{other}` in this catalog ({})", descriptor.source);
            let help = "Component, API, Resource, System, Domain, Group and User are imported";
            notes.kept_out(format!("{other} {}", descriptor.name), why, help);
            false
        }
    }
}
