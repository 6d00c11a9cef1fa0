//! The blueprints that Backstage's kinds become.

use serde_json::{Value as Json, json};

use crate::import::Existing;
use crate::import::draft::Draft;
use crate::model::{Identifier, Subject, Value};

/// One for each kind, always all of them: what entities of one kind may point at is there, and an import of more changes none.
///
/// One that the repository has already is left to those who have made it their own.
pub(super) fn blueprints(existing: &Existing) -> Vec<Draft> {
    [component(), api(), resource(), system(), domain()]
        .into_iter()
        .filter_map(|json| {
            let value = Value::from_json(&json);
            let id = Identifier::new(value.get("identifier")?.as_str()?).ok()?;
            let there = existing.catalog.blueprints().get(&id).is_some();
            (!there).then(|| Draft { subject: Subject::Blueprint(id), value, source: "the blueprints for Backstage".to_owned() })
        })
        .collect()
}

/// What every kind has, and what some have besides.
fn properties(more: Json) -> Json {
    let mut all = json!({
        "description": { "type": "string", "title": "Description" },
        "type": { "type": "string", "title": "Type" },
        "namespace": { "type": "string", "title": "Namespace in Backstage" },
        "tags": { "type": "array", "title": "Tags", "items": { "type": "string" } },
        "labels": { "type": "object", "title": "Labels" },
        "annotations": { "type": "object", "title": "Annotations" },
        "links": {
            "type": "array",
            "title": "Links",
            "items": {
                "type": "object",
                "properties": {
                    "url": { "type": "string" },
                    "title": { "type": "string" },
                    "icon": { "type": "string" },
                    "type": { "type": "string" }
                },
                "required": ["url"]
            }
        },
        "owningUser": { "type": "string", "title": "Owner, where it is a user", "format": "user" }
    });
    if let (Json::Object(all), Json::Object(more)) = (&mut all, more) {
        all.extend(more);
    }
    all
}

fn lifecycle() -> Json {
    json!({ "type": "string", "title": "Lifecycle" })
}

fn many(title: &str, target: &str) -> Json {
    json!({ "title": title, "target": target, "required": false, "many": true })
}

fn single(title: &str, target: &str) -> Json {
    json!({ "title": title, "target": target, "required": false, "many": false })
}

fn blueprint(identifier: &str, icon: &str, description: &str, more: Json, relations: Json) -> Json {
    json!({
        "identifier": identifier,
        "title": identifier,
        "icon": icon,
        "description": description,
        "schema": { "properties": properties(more) },
        "relations": relations
    })
}

fn component() -> Json {
    let relations = json!({
        "system": single("System", "System"),
        "subcomponentOf": single("Part of", "Component"),
        "providesApis": many("Provides APIs", "API"),
        "consumesApis": many("Consumes APIs", "API"),
        "dependsOnComponents": many("Depends on components", "Component"),
        "dependsOnResources": many("Depends on resources", "Resource")
    });
    blueprint(
        "Component",
        "Cloud",
        "A piece of software: a service, a website, a library",
        json!({ "lifecycle": lifecycle() }),
        relations,
    )
}

fn api() -> Json {
    let more = json!({
        "lifecycle": lifecycle(),
        "definition": { "type": "string", "title": "Definition" },
        "definitionSource": { "type": "string", "title": "Where the definition is" }
    });
    blueprint(
        "API",
        "Link",
        "An interface that components provide and consume",
        more,
        json!({ "system": single("System", "System") }),
    )
}

fn resource() -> Json {
    let relations = json!({
        "system": single("System", "System"),
        "dependsOnComponents": many("Depends on components", "Component"),
        "dependsOnResources": many("Depends on resources", "Resource")
    });
    blueprint(
        "Resource",
        "DevopsTool",
        "What components need to run: a database, a queue, a bucket",
        json!({ "lifecycle": lifecycle() }),
        relations,
    )
}

fn system() -> Json {
    blueprint(
        "System",
        "DevopsTool",
        "Components, resources and APIs that belong together",
        json!({}),
        json!({ "domain": single("Domain", "Domain") }),
    )
}

fn domain() -> Json {
    blueprint(
        "Domain",
        "Server",
        "Systems of one field of business",
        json!({}),
        json!({ "subdomainOf": single("Part of", "Domain") }),
    )
}
