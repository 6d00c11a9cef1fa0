//! Names of files for identifiers: safe on every file system, and no two that differ only by case.

use std::collections::BTreeMap;

use crate::model::{FilePath, Kind, Subject};

/// The names that are taken, without case, and what stands there.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// From a directory and a folded name in it to the name as it is spelled.
    taken: BTreeMap<(String, String), String>,
}

impl Names {
    /// Notes a file that is there already.
    pub(super) fn take(&mut self, path: &FilePath) {
        let mut directory = String::new();
        for part in path.as_str().split('/') {
            self.taken.entry((directory.clone(), part.to_lowercase())).or_insert_with(|| part.to_owned());
            if !directory.is_empty() {
                directory.push('/');
            }
            directory.push_str(part);
        }
    }

    /// A file for a new document, and notes it.
    pub(super) fn for_document(&mut self, subject: &Subject) -> FilePath {
        let mut directory = subject.kind().directory().to_owned();
        if let Subject::Entity(key) = subject {
            let blueprint = self.component(&directory, &safe(key.blueprint.as_str()), "", true);
            directory = format!("{directory}/{blueprint}");
        }
        let stem = match subject {
            Subject::Entity(key) => safe(key.identifier.as_str()),
            Subject::Policy => return FilePath::new(Kind::Policy.directory()),
            Subject::Blueprint(id)
            | Subject::Permissions(id)
            | Subject::Action(id)
            | Subject::Run(id)
            | Subject::User(id)
            | Subject::Team(id) => safe(id.as_str()),
        };
        let name = self.component(&directory, &stem, ".yaml", false);
        FilePath::new(&format!("{directory}/{name}"))
    }

    /// The name, or the first of `name~2`, `name~3`, … that nothing else goes by. A directory may be shared under its own spelling.
    fn component(&mut self, directory: &str, stem: &str, extension: &str, shared: bool) -> String {
        let mut number = 1;
        loop {
            let name = if number == 1 { format!("{stem}{extension}") } else { format!("{stem}~{number}{extension}") };
            let key = (directory.to_owned(), name.to_lowercase());
            match self.taken.get(&key) {
                None => {
                    self.taken.insert(key, name.clone());
                    return name;
                }
                Some(there) if shared && *there == name => return name,
                Some(_) => number += 1,
            }
        }
    }
}

/// An identifier as the name of a file: what some file system takes for something else is written `%2F`, as in addresses.
pub(super) fn safe(identifier: &str) -> String {
    const DEVICES: &[&str] = &["con", "prn", "aux", "nul"];
    let first_word = identifier.split('.').next().unwrap_or_default().to_lowercase();
    let numbered = first_word.strip_prefix("com").or(first_word.strip_prefix("lpt")).is_some_and(|n| n.len() == 1);
    let device = DEVICES.contains(&first_word.as_str()) || numbered;
    let last = identifier.chars().count().saturating_sub(1);
    identifier
        .chars()
        .enumerate()
        .map(|(at, c)| match c {
            '/' | ':' | '\\' => escaped(c),
            '.' if at == 0 || at == last => escaped(c),
            '-' if at == 0 => escaped(c),
            c if at == 0 && device => escaped(c),
            c => c.to_string(),
        })
        .collect()
}

fn escaped(c: char) -> String {
    format!("%{:02X}", u32::from(c))
}
