//! Reads the sections of the file whose entries are named by people: secrets, channels, credentials.

use std::collections::BTreeMap;

use serde_yaml::{Mapping, Value};

use super::ConfigError;

/// A section, and the keys that an entry of it may have.
pub(super) struct Section {
    /// Its key at the top of the file.
    pub(super) key: &'static str,
    /// The keys of an entry.
    keys: &'static [&'static str],
    /// Keys that somebody would write to put a secret into the file, with what to write instead.
    inline: &'static [(&'static str, &'static str)],
    /// Whether entries are named by a mapping's keys rather than listed.
    named: bool,
}

/// The sections there are.
pub(super) const SECTIONS: [Section; 3] = [
    Section {
        key: "secrets",
        keys: &["file", "env"],
        inline: &[("value", "file"), ("secret", "file"), ("text", "file"), ("token", "file"), ("password", "file")],
        named: true,
    },
    Section {
        key: "channels",
        keys: &[
            "type",
            "url",
            "urlFile",
            "urlEnv",
            "secretFile",
            "secretEnv",
            "smtp",
            "from",
            "tls",
            "username",
            "passwordFile",
            "passwordEnv",
        ],
        inline: &[("secret", "secretFile"), ("password", "passwordFile")],
        named: true,
    },
    Section {
        key: "credentials",
        keys: &["clientId", "clientSecretFile", "clientSecretEnv", "repositories", "actions"],
        inline: &[("clientSecret", "clientSecretFile"), ("secret", "clientSecretFile")],
        named: false,
    },
];

/// What an entry says, by its keys, each with where.
pub(super) type Said = BTreeMap<&'static str, (String, Vec<String>)>;

/// One entry.
#[derive(Debug)]
pub(super) struct Entry {
    /// Its name; its number in a list.
    pub(super) name: String,
    /// Where it stands, for messages.
    pub(super) place: String,
    /// What it says.
    pub(super) said: Said,
}

impl Entry {
    /// The one text under a key.
    pub(super) fn text(&self, key: &str) -> Option<(&str, &str)> {
        let (place, texts) = self.said.get(key)?;
        Some((place, texts.first()?))
    }
}

/// Reads one section of `file`; everything wrong with its shape lands in `errors`, and nothing of its values with it.
pub(super) fn read(section: &Section, file: &str, value: &Value, errors: &mut Vec<ConfigError>) -> Vec<Entry> {
    let mut out = Vec::new();
    let key = section.key;
    match (section.named, value) {
        (true, Value::Mapping(entries)) => {
            for (name, value) in entries {
                let Some(name) = name.as_str() else {
                    errors.push(ConfigError::new(&format!("{file}, `{key}`"), "a name that is not a text"));
                    continue;
                };
                out.extend(entry(section, name.to_owned(), format!("{file}, {key}.{name}"), value, errors));
            }
        }
        (false, Value::Sequence(entries)) => {
            for (index, value) in entries.iter().enumerate() {
                out.extend(entry(section, index.to_string(), format!("{file}, {key}[{index}]"), value, errors));
            }
        }
        (true, _) => {
            errors.push(ConfigError::new(file, format!("`{key}` is a mapping of names: docs/configuration.md shows it")))
        }
        (false, _) => errors.push(ConfigError::new(file, format!("`{key}` is a list: docs/configuration.md shows it"))),
    }
    out
}

fn entry(section: &Section, name: String, place: String, value: &Value, errors: &mut Vec<ConfigError>) -> Option<Entry> {
    let Value::Mapping(map) = value else {
        let example = match section.key {
            "secrets" => "a secret does not stand in this file: write `{ file: /etc/portcullis/NAME }` or `{ env: VARIABLE }`",
            _ => "each of these is a mapping: docs/configuration.md shows it",
        };
        errors.push(ConfigError::new(&place, example));
        return None;
    };
    let before = errors.len();
    let said = texts(section, map, &place, errors);
    (errors.len() == before).then_some(Entry { name, place, said })
}

fn texts(section: &Section, map: &Mapping, place: &str, errors: &mut Vec<ConfigError>) -> Said {
    let mut out = Said::new();
    for (key, value) in map {
        let Some(key) = key.as_str() else {
            errors.push(ConfigError::new(place, "a key that is not a text"));
            continue;
        };
        let at = format!("{place}, `{key}`");
        if let Some((_, instead)) = section.inline.iter().find(|(inline, _)| *inline == key) {
            let variable = instead.strip_suffix("File").map_or_else(|| "env".to_owned(), |stem| format!("{stem}Env"));
            let message = format!(
                "a secret does not stand in this file: name a file of its own with `{instead}`, or a variable with `{variable}`"
            );
            errors.push(ConfigError::new(&at, message));
            continue;
        }
        let Some(known) = section.keys.iter().copied().find(|known| *known == key) else {
            errors.push(ConfigError::new(place, unknown(key, section.keys)));
            continue;
        };
        match scalars(value) {
            Some(texts) if !texts.is_empty() => {
                out.insert(known, (at, texts));
            }
            Some(_) => errors.push(ConfigError::new(&at, "names nothing: leave it out, or say what it means")),
            None => errors.push(ConfigError::new(&at, "takes one text, or a list of them where there are several")),
        }
    }
    out
}

/// The texts of a scalar, or of a list of scalars.
pub(super) fn scalars(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(text) => Some(vec![text.clone()]),
        Value::Number(number) => Some(vec![number.to_string()]),
        Value::Bool(bool) => Some(vec![bool.to_string()]),
        Value::Sequence(values) => {
            let mut out = Vec::new();
            for value in values {
                match value {
                    Value::String(text) => out.push(text.clone()),
                    Value::Number(number) => out.push(number.to_string()),
                    _ => return None,
                }
            }
            Some(out)
        }
        _ => None,
    }
}

fn unknown(key: &str, known: &[&'static str]) -> String {
    match super::file::closest(key, known.iter().copied()) {
        Some(known) => format!("`{key}` is not a key here; did you mean `{known}`?"),
        None => format!("`{key}` is not a key here; there are {}", known.join(", ")),
    }
}
