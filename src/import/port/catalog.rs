//! Blueprints, entities and actions of Port, without what only Port computes.

use std::collections::{BTreeMap, BTreeSet};

use crate::import::draft::{Draft, Fields, entries, is_nothing, items, text_at};
use crate::import::{Existing, Missing, Notes, Weight};
use crate::model::{EntityKey, Identifier, Subject, Value};

use super::{Found, Pile, Roster};

/// The families of properties that are computed.
const FAMILIES: &[&str] = &["mirrorProperties", "formulaProperties", "calculationProperties", "aggregationProperties"];

/// What is known of a blueprint, wherever it is written.
#[derive(Debug, Default)]
pub(super) struct Sketch {
    properties: BTreeSet<String>,
    required: BTreeSet<String>,
    relations: BTreeSet<String>,
    derived: BTreeSet<String>,
}

/// The blueprints and actions of the inputs and of the repository.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) blueprints: BTreeMap<String, Sketch>,
    /// The blueprint of each action.
    pub(super) actions: BTreeMap<String, String>,
}

impl Known {
    pub(super) fn of(pile: &Pile, existing: &Existing) -> Self {
        let mut out = Self::default();
        for (id, blueprint) in existing.catalog.blueprints().iter() {
            let blueprint = &blueprint.value;
            let sketch = Sketch {
                properties: blueprint.properties.keys().map(ToString::to_string).collect(),
                required: blueprint.required.iter().map(ToString::to_string).collect(),
                relations: blueprint.relations.keys().map(ToString::to_string).collect(),
                derived: blueprint.derived.keys().map(ToString::to_string).collect(),
            };
            out.blueprints.insert(id.to_string(), sketch);
        }
        for (id, action) in existing.catalog.actions().iter() {
            out.actions.insert(id.to_string(), action.value.blueprint.to_string());
        }
        for found in &pile.blueprints {
            if let Some(id) = text_at(&found.value, "identifier") {
                out.blueprints.insert(id.to_owned(), sketch(&found.value));
            }
        }
        for found in &pile.actions {
            if let (Some(id), Some(blueprint)) = (text_at(&found.value, "identifier"), blueprint_of_action(&found.value)) {
                out.actions.insert(id.to_owned(), blueprint.to_owned());
            }
        }
        out
    }
}

fn sketch(blueprint: &Value) -> Sketch {
    let names = |value: Option<&Value>| -> BTreeSet<String> {
        value.map(entries).unwrap_or_default().iter().map(|(name, _)| name.to_string()).collect()
    };
    let schema = blueprint.get("schema");
    let required = schema.and_then(|schema| schema.get("required")).map(items).unwrap_or_default();
    let with_default = |name: &str| {
        let property = schema.and_then(|schema| schema.get("properties")).and_then(|all| all.get(name));
        property.and_then(|property| property.get("default")).is_some()
    };
    let mut required: BTreeSet<String> =
        required.iter().filter_map(Value::as_str).filter(|name| !with_default(name)).map(str::to_owned).collect();
    let relations = blueprint.get("relations").map(entries).unwrap_or_default();
    let must = relations.iter().filter(|(_, relation)| relation.get("required") == Some(&Value::Bool(true)));
    required.extend(must.map(|(name, _)| name.to_string()));
    Sketch {
        properties: names(schema.and_then(|schema| schema.get("properties"))),
        required,
        relations: relations.iter().map(|(name, _)| name.to_string()).collect(),
        derived: FAMILIES.iter().flat_map(|family| names(blueprint.get(family))).collect(),
    }
}

impl Sketch {
    /// Whether an entity could be one of these: it sets nothing else, and what must be set.
    fn fits(&self, entity: &Value) -> bool {
        let names = |key: &str| entity.get(key).map(entries).unwrap_or_default().iter().map(|(name, _)| name.to_string());
        let set: BTreeSet<String> = names("properties").chain(names("relations")).collect();
        names("properties").all(|name| self.properties.contains(&name) || self.derived.contains(&name))
            && names("relations").all(|name| self.relations.contains(&name))
            && self.required.is_subset(&set)
    }
}

fn blueprint_of_action(action: &Value) -> Option<&str> {
    action.get("trigger").and_then(|trigger| text_at(trigger, "blueprintIdentifier")).or_else(|| text_at(action, "blueprint"))
}

/// The identifier of a document; a note where it has none that would do.
pub(super) fn identifier(found: &Found, key: &str, notes: &mut Notes) -> Option<Identifier> {
    let Some(written) = text_at(&found.value, key) else {
        notes.kept_out(&found.source, format!("it has no `{key}`"), format!("add `\"{key}\": \"<name>\"`"));
        return None;
    };
    Identifier::new(written)
        .map_err(|error| notes.kept_out(&found.source, error.to_string(), "rename it in Port, or in its export"))
        .ok()
}

/// The fields of a document, without null and without what is empty.
fn fields(value: &Value) -> Fields {
    let mut fields = Fields::of(value);
    fields.retain(|_, inner| !is_nothing(inner));
    fields
}

pub(super) fn blueprints(found: &[Found], notes: &mut Notes) -> Vec<Draft> {
    found.iter().filter_map(|found| blueprint(found, notes)).collect()
}

fn blueprint(found: &Found, notes: &mut Notes) -> Option<Draft> {
    let id = identifier(found, "identifier", notes)?;
    let mut fields = fields(&found.value);
    if let Some(schema) = fields.remove("schema") {
        let mut schema = Fields::of(&schema);
        schema.retain(|_, inner| !is_nothing(inner));
        fields.set_some("schema", Some(schema.done()));
    }
    let inherited = |fields: &Fields, key: &str| fields.get(key).and_then(|value| text_at(value, "path")).map(str::to_owned);
    // Port answers with both spellings.
    if inherited(&fields, "ownership").is_some() && inherited(&fields, "ownership") == inherited(&fields, "teamInheritance") {
        fields.remove("teamInheritance");
    }
    Some(Draft { subject: Subject::Blueprint(id), value: fields.done(), source: found.source.clone() })
}

pub(super) fn entities(found: &[Found], known: &Known, roster: &Roster, missing: &Missing, notes: &mut Notes) -> Vec<Draft> {
    found.iter().filter_map(|found| entity(found, known, roster, missing, notes)).collect()
}

fn entity(found: &Found, known: &Known, roster: &Roster, missing: &Missing, notes: &mut Notes) -> Option<Draft> {
    let id = identifier(found, "identifier", notes)?;
    let blueprint = blueprint_of_entity(found, &id, known, missing, notes)?;
    let mut fields = fields(&found.value);
    fields.set("blueprint", Value::from(blueprint.as_str()));
    let derived = known.blueprints.get(blueprint.as_str()).map(|sketch| &sketch.derived);
    if let Some(properties) = fields.remove("properties") {
        let mut properties = Fields::of(&properties);
        properties.retain(|name, value| {
            let computed = derived.is_some_and(|derived| derived.contains(&**name));
            if computed {
                notes.count(Weight::Told, "computed properties are computed again, and left out", format!("{blueprint}.{name}"));
            } else if value.is_null() {
                notes.count(
                    Weight::Told,
                    "properties that are null, which is how Port says unset, are left out",
                    format!("{blueprint}.{name}"),
                );
            }
            !computed && !value.is_null()
        });
        fields.set_some("properties", Some(properties.done()));
    }
    if let Some(relations) = fields.remove("relations") {
        let mut relations = Fields::of(&relations);
        relations.retain(|_, value| {
            *value = related(value);
            !value.is_null()
        });
        fields.set_some("relations", Some(relations.done()));
    }
    if let Some(team) = fields.remove("team") {
        fields.set_some("team", Some(teams(&team, roster)));
    }
    let subject = Subject::Entity(EntityKey { blueprint, identifier: id });
    Some(Draft { subject, value: fields.done(), source: found.source.clone() })
}

/// `team` by identifier, one or several.
fn teams(team: &Value, roster: &Roster) -> Value {
    match team {
        Value::String(name) => Value::from(roster.team(name).as_str()),
        Value::List(list) => {
            match list.iter().filter_map(Value::as_str).map(|name| roster.team(name)).collect::<Vec<_>>().as_slice() {
                [only] => Value::from(only.as_str()),
                several => Value::List(several.iter().map(|name| Value::from(name.as_str())).collect()),
            }
        }
        other => other.clone(),
    }
}

/// A relation by identifiers, where Port has put titles beside them.
fn related(value: &Value) -> Value {
    match value {
        Value::Map(_) => text_at(value, "identifier").map_or_else(|| value.clone(), Value::from),
        Value::List(list) => Value::List(list.iter().map(related).collect()),
        other => other.clone(),
    }
}

/// What the entity says, or the command line, or the directory it lies in; otherwise the blueprints that it could be one of are named.
fn blueprint_of_entity(
    found: &Found,
    id: &Identifier,
    known: &Known,
    missing: &Missing,
    notes: &mut Notes,
) -> Option<Identifier> {
    if let Some(written) = text_at(&found.value, "blueprint") {
        let wrong = |error: crate::model::IdentifierError| {
            notes.kept_out(&found.source, error.to_string(), "rename it in Port, or in its export")
        };
        return Identifier::new(written).map_err(wrong).ok();
    }
    if let Some(said) = &missing.blueprint {
        return Some(said.clone());
    }
    let directory = found.file.rsplit(['/', '\\']).nth(1).unwrap_or_default();
    if let (true, Ok(directory)) = (known.blueprints.contains_key(directory), Identifier::new(directory)) {
        return Some(directory);
    }
    let fitting: Vec<&str> =
        known.blueprints.iter().filter(|(_, sketch)| sketch.fits(&found.value)).map(|(name, _)| name.as_str()).collect();
    let help = match fitting.as_slice() {
        [] => "add `\"blueprint\": \"<Blueprint>\"`, or import it with --blueprint <Blueprint>".to_owned(),
        some => format!("import it with --blueprint {}: it could be one of {}", some.first().unwrap_or(&""), some.join(", ")),
    };
    notes.kept_out(id.to_string(), format!("the entity does not say its blueprint ({})", found.source), help);
    None
}

pub(super) fn actions(found: &[Found], missing: &Missing, notes: &mut Notes) -> Vec<Draft> {
    found.iter().filter_map(|found| action(found, missing, notes)).collect()
}

fn action(found: &Found, missing: &Missing, notes: &mut Notes) -> Option<Draft> {
    let id = identifier(found, "identifier", notes)?;
    let mut fields = fields(&found.value);
    // An action without inputs is one.
    for key in ["trigger", "invocationMethod", "userInputs"] {
        if let (None, Some(value)) = (fields.get(key), found.value.get(key).filter(|value| !value.is_null())) {
            fields.set(key, value.clone());
        }
    }
    let first_version = fields.get("trigger").and_then(Value::as_str).is_some();
    if let (None, Some(blueprint)) = (blueprint_of_action(&found.value), &missing.blueprint) {
        if first_version {
            fields.set("blueprint", Value::from(blueprint.as_str()));
        } else if let Some(trigger) = fields.remove("trigger") {
            let mut trigger = Fields::of(&trigger);
            trigger.set("blueprintIdentifier", Value::from(blueprint.as_str()));
            fields.set("trigger", trigger.done());
        }
    }
    if let Some(method) = fields.remove("invocationMethod") {
        fields.set("invocationMethod", dispatched(&id, &method, notes));
    }
    Some(Draft { subject: Subject::Action(id), value: fields.done(), source: found.source.clone() })
}

/// Port's newer spelling of a workflow of GitHub, in the older one that is taken here.
fn dispatched(id: &Identifier, method: &Value, notes: &mut Notes) -> Value {
    let is = |key: &str, wanted: &str| text_at(method, key) == Some(wanted);
    let Some(execution) = method.get("integrationActionExecutionProperties") else { return method.clone() };
    if !is("type", "INTEGRATION_ACTION") || !is("integrationActionType", "dispatch_workflow") {
        return method.clone();
    }
    let mut out = Fields::of(execution);
    out.set("type", Value::from("GITHUB"));
    notes.told(
        Subject::Action(id.clone()).to_string(),
        "INTEGRATION_ACTION with dispatch_workflow is written as GITHUB, which is the same",
    );
    out.done()
}
