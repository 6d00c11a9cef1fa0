//! The entity that a run writes or removes.

use serde_json::{Map, Value as Json};

use crate::model::{Action, EntityKey, EntityMapping, EntityTemplate, Identifier, JsonTemplate, Value};

use super::EntityCall;
use super::fill::{CallError, Filling, at};

pub(super) fn fill(mapping: &EntityMapping, action: &Action, filling: &mut Filling) -> Result<EntityCall, CallError> {
    let unfit = |why| CallError::Unfit { place: "mapping.identifier".into(), what: "identifier", why };
    let identifier = mapping.identifier.text(&filling.root, &mut filling.allowance, str::to_owned);
    let identifier = identifier.map_err(at("mapping.identifier"))?;
    let identifier = Identifier::new(&identifier).map_err(|_| unfit("it holds what no identifier may"))?;
    let key = EntityKey { blueprint: mapping.blueprint.clone(), identifier };
    let document = mapping.document.as_ref().map(|template| document(template, &key, filling)).transpose()?;
    Ok(EntityCall { key, document, action: action.identifier.clone() })
}

fn document(template: &EntityTemplate, key: &EntityKey, filling: &mut Filling) -> Result<Json, CallError> {
    let mut out = Map::new();
    out.insert("identifier".into(), key.identifier.as_str().into());
    out.insert("blueprint".into(), key.blueprint.as_str().into());
    out.extend(set(&template.fields, "", filling)?);
    for (name, family) in [("properties", &template.properties), ("relations", &template.relations)] {
        let set: Map<String, Json> = set(family, &format!("{name}."), filling)?.into_iter().collect();
        if !set.is_empty() {
            out.insert(name.into(), set.into());
        }
    }
    Ok(Json::Object(out))
}

/// What is filled in; a place with nothing there sets nothing.
fn set(templates: &[(Box<str>, JsonTemplate)], way: &str, filling: &mut Filling) -> Result<Vec<(String, Json)>, CallError> {
    let mut out = Vec::new();
    for (name, template) in templates {
        let value = template.fill(&filling.root, &mut filling.allowance).map_err(at(format!("mapping.{way}{name}")))?;
        if !(matches!(template, JsonTemplate::Text(_)) && value == Value::Null) {
            out.push((name.to_string(), value.to_json()));
        }
    }
    Ok(out)
}

impl EntityCall {
    /// What is to stand in the catalog afterwards, where `before` stands there now; `None` where nothing is to.
    ///
    /// Both are documents of entities. What the call does not set stays: every key, every property and every relation by itself.
    pub fn onto(&self, before: Option<&Json>) -> Option<Json> {
        let set = self.document.as_ref()?.as_object()?;
        let mut out = before.and_then(Json::as_object).cloned().unwrap_or_default();
        for (key, value) in set {
            match (value, out.get_mut(key)) {
                (Json::Object(entries), Some(Json::Object(there))) if matches!(&**key, "properties" | "relations") => {
                    there.extend(entries.clone());
                }
                _ => {
                    out.insert(key.clone(), value.clone());
                }
            }
        }
        Some(Json::Object(out))
    }
}
