//! Who may report about runs through the API, and about which.

use std::collections::BTreeSet;

use crate::forge::github::Secret;

use super::ConfigError;
use super::secret::{self, Trouble};
use super::section::Entry;

/// A client of the API.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Credential {
    /// `clientId`
    pub client_id: String,
    /// Its secret: 16 bytes at least.
    pub secret: Secret,
    /// `repositories`, by the names that the configuration gives them, or that they are found by.
    pub repositories: Names,
    /// `actions`, by their identifiers.
    pub actions: Names,
}

/// Some names, or all there are.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Names {
    /// `"*"`
    All,
    /// These alone.
    These(BTreeSet<String>),
}

impl Names {
    /// Whether `name` is among them.
    pub fn hold(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::These(names) => names.contains(name),
        }
    }
}

/// Reads the credentials; empty where secrets were not wanted.
pub(super) fn credentials(entries: &[Entry], trouble: &mut Trouble<'_>, errors: &mut Vec<ConfigError>) -> Vec<Credential> {
    let mut out = Vec::new();
    let mut known = BTreeSet::new();
    for entry in entries {
        let mut wrong = |place: &str, message: &str| errors.push(ConfigError::new(place, message));
        let client_id = match entry.text("clientId") {
            None => {
                wrong(&entry.place, "say what the client is called: `clientId: deployer`");
                None
            }
            Some((at, text)) if text.is_empty() || text.len() > 100 || !text.chars().all(|c| c.is_ascii_graphic()) => {
                wrong(at, "a client's id is one word of at most 100 letters");
                None
            }
            Some((at, text)) => {
                if !known.insert(text.to_owned()) {
                    wrong(at, "two credentials have this id: give each client one of its own");
                }
                Some(text.to_owned())
            }
        };
        let repositories = names(entry, "repositories", &mut wrong);
        let actions = names(entry, "actions", &mut wrong);
        let which = ("clientSecretFile", "clientSecretEnv");
        let secret = secret::of_entry(entry, which, "the client's secret:", secret::shared, trouble, errors);
        if let (Some(client_id), Some(repositories), Some(actions), Some(secret)) = (client_id, repositories, actions, secret) {
            out.push(Credential { client_id, secret, repositories, actions });
        }
    }
    out
}

/// Names under a key. Who says nothing would mean everything, so nothing is refused.
fn names(entry: &Entry, key: &str, wrong: &mut impl FnMut(&str, &str)) -> Option<Names> {
    let Some((_, texts)) = entry.said.get(key) else {
        wrong(&entry.place, &format!("say which {key} it may report about: `{key}: [NAME]`, or `{key}: \"*\"` for all of them"));
        return None;
    };
    match texts.iter().any(|text| text == "*") {
        true => Some(Names::All),
        false => Some(Names::These(texts.iter().cloned().collect())),
    }
}
