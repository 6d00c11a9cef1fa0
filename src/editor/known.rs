//! What a catalog holds that a value may name: the words that an editor offers.

use serde_json::{Map, Value, json};

use crate::catalog::Catalog;
use crate::model::Identifier;

use super::key::Names;

/// How many names of one sort are offered. Beyond it any identifier is taken, as no person reads such a list.
const OFFERED: usize = 5_000;

/// The characters of an identifier; that `.` and `..` are none is left to `check`.
pub(super) const IDENTIFIER: &str = r"^[A-Za-z0-9@_.+:\\/=-]{1,100}$";

/// Whether names that are not known are shown as wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum References {
    /// A name that the catalog does not have is wrong, as it is to `check`.
    Known,
    /// Known names are offered, and any identifier is taken.
    Any,
}

/// The names of one catalog.
pub(super) struct Known<'c> {
    pub(super) catalog: &'c Catalog,
    pub(super) references: References,
}

impl Known<'_> {
    /// A schema that takes, and offers, the names of this sort.
    pub(super) fn of(&self, names: Names) -> Map<String, Value> {
        let catalog = self.catalog;
        let titled = |id: &Identifier, title: Option<&String>| (id.to_string(), title.cloned().unwrap_or_default());
        match names {
            Names::Blueprint => {
                self.choice(catalog.blueprints().iter().map(|(id, b)| titled(id, b.value.title.as_ref())), true, "blueprint")
            }
            Names::User => self.choice(catalog.users().iter().map(|(id, u)| titled(id, u.value.name.as_ref())), true, "user"),
            Names::AnyUser => self.choice(catalog.users().iter().map(|(id, u)| titled(id, u.value.name.as_ref())), false, "user"),
            Names::Team => self.choice(catalog.teams().iter().map(|(id, t)| titled(id, t.value.title.as_ref())), true, "team"),
            Names::AnyTeam => {
                self.choice(catalog.teams().iter().map(|(id, t)| titled(id, t.value.title.as_ref())), false, "team")
            }
            Names::Action => {
                self.choice(catalog.actions().iter().map(|(id, a)| titled(id, a.value.title.as_ref())), true, "action")
            }
            Names::Role => {
                let fixed = [("Admin", "May do whatever a rule grants to Admins"), ("Member", "A user of the roster")];
                let moderators = catalog.blueprints().iter().map(|(id, b)| {
                    let called = b.value.title.clone().unwrap_or_else(|| id.to_string());
                    (format!("{id}-moderator"), format!("Looks after: {called}"))
                });
                let fixed = fixed.map(|(role, meaning)| (role.to_owned(), meaning.to_owned())).into_iter();
                let (words, described): (Vec<_>, Vec<_>) = fixed.chain(moderators).take(OFFERED).unzip();
                object(json!({
                    "anyOf": [
                        { "type": "string", "enum": words, "enumDescriptions": described },
                        { "type": "string", "pattern": r"^[A-Za-z0-9@_.+:\\/=-]{1,100}-moderator$" },
                    ]
                }))
            }
        }
    }

    /// The entities of a blueprint.
    pub(super) fn entities(&self, blueprint: &Identifier) -> Map<String, Value> {
        let all = self.catalog.entities().of(blueprint);
        let all = all.map(|entity| (entity.value.key.identifier.to_string(), entity.value.title.clone().unwrap_or_default()));
        self.choice(all, true, blueprint.as_str())
    }

    fn choice(&self, all: impl Iterator<Item = (String, String)>, known_only: bool, what: &str) -> Map<String, Value> {
        let (words, titles): (Vec<String>, Vec<String>) = all.take(OFFERED + 1).unzip();
        if words.is_empty() || words.len() > OFFERED {
            return object(json!({ "type": "string", "pattern": IDENTIFIER }));
        }
        let titles: Vec<String> =
            titles.into_iter().map(|title| if title.is_empty() { format!("a {what}") } else { title }).collect();
        let choice = json!({ "type": "string", "enum": words, "enumDescriptions": titles });
        if known_only && self.references == References::Known {
            return object(choice);
        }
        object(json!({ "anyOf": [choice, { "type": "string", "pattern": IDENTIFIER }] }))
    }
}

/// The pairs of an object.
pub(super) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
