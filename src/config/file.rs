//! Reads `portcullis.yaml` into texts by option, and says what in it is not an option.

use std::collections::BTreeMap;

use serde_yaml::{Mapping, Value};

use super::options::{Form, OPTIONS, Scope};
use super::section::{self, Entry, SECTIONS};
use super::{ConfigError, Texts};

/// What the file says.
#[derive(Debug, Default)]
pub(super) struct FileTexts {
    /// Its options at the top.
    pub(super) daemon: Texts,
    /// The entries of `repositories`, each with its place for messages.
    pub(super) repositories: Vec<(String, Texts)>,
    /// What `discovered` says of all repositories that are found on GitHub.
    pub(super) discovered: Option<Texts>,
    /// The entries of the sections that people name, by the section's key.
    pub(super) sections: BTreeMap<&'static str, Vec<Entry>>,
}

impl FileTexts {
    /// The entries of a section.
    pub(super) fn section(&self, key: &str) -> &[Entry] {
        self.sections.get(key).map_or(&[], Vec::as_slice)
    }
}

/// Takes the file apart; everything wrong with its shape lands in `errors`.
pub(super) fn read(name: &str, text: &str, errors: &mut Vec<ConfigError>) -> FileTexts {
    let mut out = FileTexts::default();
    let top = match serde_yaml::from_str::<Value>(text) {
        Ok(Value::Mapping(top)) => top,
        Ok(Value::Null) => return out,
        Ok(_) => {
            errors.push(ConfigError::new(name, "the file should hold options: `pollInterval: 15s`, one a line"));
            return out;
        }
        Err(error) => {
            errors.push(ConfigError::new(name, format!("not readable as YAML: {error}")));
            return out;
        }
    };
    let reader = Reader { name, text };
    for (key, value) in &top {
        if key.as_str() == Some("repositories") {
            match value {
                Value::Sequence(entries) => {
                    for (index, entry) in entries.iter().enumerate() {
                        let place = format!("{name}, repositories[{index}]");
                        match entry {
                            Value::Mapping(map) => {
                                let texts = reader.texts(map, Scope::Repository, &place, errors);
                                out.repositories.push((place, texts));
                            }
                            _ => {
                                errors.push(ConfigError::new(&place, "each repository is a mapping: `- path: /srv/catalog.git`"))
                            }
                        }
                    }
                }
                _ => errors.push(ConfigError::new(name, "`repositories` is a list: `- path: /srv/catalog.git`, one a line")),
            }
        }
    }
    if let Some(value) = top.get("discovered") {
        let place = format!("{name}, discovered");
        match value {
            Value::Mapping(map) => {
                let texts = reader.texts(map, Scope::Repository, &place, errors);
                for key in texts.keys().filter(|key| !super::github::DESCRIBES_DISCOVERED.contains(key)) {
                    errors
                        .push(ConfigError::new(&place, format!("`{key}` cannot be the same for every repository that is found")));
                }
                out.discovered = Some(texts);
            }
            _ => errors.push(ConfigError::new(&place, "`discovered` is a mapping: `discovered: { merge: squash }`")),
        }
    }
    for section in &SECTIONS {
        if let Some(value) = top.get(section.key) {
            out.sections.insert(section.key, section::read(section, name, value, errors));
        }
    }
    let own = |key: &Value| key.as_str().is_some_and(|key| sections().any(|own| own == key));
    let rest: Mapping = top.into_iter().filter(|(key, _)| !own(key)).collect();
    out.daemon = reader.texts(&rest, Scope::Daemon, name, errors);
    out
}

/// The keys at the top that are no options.
fn sections() -> impl Iterator<Item = &'static str> {
    ["repositories", "discovered"].into_iter().chain(SECTIONS.iter().map(|section| section.key))
}

struct Reader<'a> {
    name: &'a str,
    text: &'a str,
}

impl Reader<'_> {
    fn texts(&self, map: &Mapping, scope: Scope, place: &str, errors: &mut Vec<ConfigError>) -> Texts {
        let mut out = BTreeMap::new();
        for (key, value) in map {
            let Some(key) = key.as_str() else {
                errors.push(ConfigError::new(place, "a key that is not a text"));
                continue;
            };
            let Some(option) = OPTIONS.iter().find(|option| option.scope == scope && option.key == key) else {
                errors.push(ConfigError::new(&self.line_of(key), unknown(key, scope)));
                continue;
            };
            let text = match value {
                Value::String(text) => text.clone(),
                Value::Number(number) => number.to_string(),
                Value::Bool(bool) => bool.to_string(),
                Value::Sequence(_) if option.form == Form::List => match section::scalars(value) {
                    Some(texts) => texts.join(","),
                    None => {
                        errors.push(ConfigError::new(&self.line_of(key), format!("`{key}` is a list of texts")));
                        continue;
                    }
                },
                _ => {
                    errors.push(ConfigError::new(&self.line_of(key), format!("`{key}` takes one {}", option.value)));
                    continue;
                }
            };
            out.insert(option.key, (format!("{place}, `{key}`"), text));
        }
        out
    }

    /// The file and, as the parser forgets it, the first line that begins with this key.
    fn line_of(&self, key: &str) -> String {
        let begins = |line: &str| line.trim_start_matches([' ', '-']).strip_prefix(key).is_some_and(|rest| rest.starts_with(':'));
        match self.text.lines().position(begins) {
            Some(index) => format!("{}:{}", self.name, index + 1),
            None => self.name.to_owned(),
        }
    }
}

fn unknown(key: &str, scope: Scope) -> String {
    if let Some(elsewhere) = OPTIONS.iter().find(|option| option.key == key) {
        return match elsewhere.scope {
            Scope::Repository => format!("`{key}` belongs to an entry of `repositories`"),
            Scope::Daemon => format!("`{key}` belongs to the top of the file"),
            Scope::CommandLine => format!("`{key}` is given by --{} or {}", elsewhere.flag, elsewhere.env),
        };
    }
    let known = OPTIONS.iter().filter(|option| option.scope == scope).map(|option| option.key);
    let known = known.chain(sections().filter(|_| scope == Scope::Daemon));
    match closest(key, known) {
        Some(k) => format!("`{key}` is not an option; did you mean `{k}`?"),
        None => format!("`{key}` is not an option; docs/configuration.md lists them all"),
    }
}

/// The known key that is probably meant.
pub(super) fn closest(key: &str, known: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    let key = key.to_lowercase().replace(['_', '-'], "");
    let by_distance = known.map(|k| (strsim::damerau_levenshtein(&k.to_lowercase(), &key), k));
    by_distance.min().filter(|(distance, k)| *distance <= 2.max(k.len() / 4)).map(|(_, k)| k)
}
